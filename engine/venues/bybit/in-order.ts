// Decodes book changes written as Bybit writes them: members in order, no blanks. Hot path.
//
//   {"topic":"orderbook.200.SYM","type":"delta","ts":…,"data":{"s":"SYM","b":[…],"a":[…],"u":…,"seq":…},"cts":…}
//   {"topic":"orderbook.200.SYM","ts":…,"type":"delta","data":… (spot)
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { levelsAt, levelsRead } from '../../decode/level-words.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { integerAt, textEndAt, wordOf } from '../../decode/words.ts';
import type { BookDepths } from './depths.ts';
import { isDeep } from './topics.ts';

/** A text of four bytes or more as words, the last one ending with it. */
function wordsOf(text: string): Int32Array {
  const count = Math.ceil(text.length / 4);
  return Int32Array.from({ length: count }, (_, index) => {
    const at = Math.min(4 * index, text.length - 4);
    return wordOf(text.slice(at, at + 4));
  });
}

/** A frame may begin at 0, which behind() takes for nothing: its first word is looked at alone. */
const OPEN = wordOf('{"to');
const TOPIC = 'pic":"orderbook.';
const TOPIC_WORDS = wordsOf(TOPIC);
const TYPE_DELTA = ',"type":"delta"';
const TYPE_DELTA_WORDS = wordsOf(TYPE_DELTA);
const TYPE_SNAPSHOT = ',"type":"snapshot"';
const TYPE_SNAPSHOT_WORDS = wordsOf(TYPE_SNAPSHOT);
const TIME = ',"ts":';
const TIME_WORDS = wordsOf(TIME);
const DATA = ',"data":{"s":"';
const DATA_WORDS = wordsOf(DATA);
const BIDS = '","b":[';
const BIDS_WORDS = wordsOf(BIDS);
const ASKS = ',"a":[';
const ASKS_WORDS = wordsOf(ASKS);
const SEQUENCE = ',"u":';
const SEQUENCE_WORDS = wordsOf(SEQUENCE);
const CROSS = ',"seq":';
const CROSS_WORDS = wordsOf(CROSS);
const MATCH_TIME = '},"cts":';
const MATCH_TIME_WORDS = wordsOf(MATCH_TIME);

const ZERO = 0x30;
const POINT = 0x2e;
const CLOSE_OBJECT = 0x7d;
const FRAME_BYTES_MIN = 64;
/** Milliseconds of the year 2255, as far as times go (engine/decode/time.ts); microseconds are left to the other way. */
const TIME_MS_MAX = 9e12;
/** The update id that the venue begins anew with. */
const SEQUENCE_ANEW = 1;

/** Scratch numbers. */
const value = { depth: 0, timeMs: 1, sequence: 2, cross: 3, matchTimeMs: 4 } as const;
const VALUES = 5;

/** Offset behind the text where it stands at `at`, else 0. */
function behind(view: DataView, at: number, last: number, text: string, words: Int32Array): number {
  const count = words.length - 1;
  const tail = at + text.length - 4;
  if (at === 0 || tail > last || view.getInt32(tail, true) !== words[count]) return 0;
  for (let i = 0; i < count; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return 0;
  return tail + 4;
}

export class InOrderBooks {
  private readonly sink: RecordSink;
  private readonly depths: BookDepths;
  private readonly symbols: SymbolMarkets;
  private readonly values = new Float64Array(VALUES);
  private isSnapshot = false;

  constructor(sink: RecordSink, depths: BookDepths) {
    this.sink = sink;
    this.depths = depths;
    this.symbols = new SymbolMarkets(sink);
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN) return 0;
    if (view.getInt32(from, true) !== OPEN) return 0;
    let at = behind(view, from + 4, last, TOPIC, TOPIC_WORDS);
    if (at !== 0) at = integerAt(view, at, last, this.values, value.depth);
    if (at === 0 || at > last || view.getUint8(at) !== POINT || !isDeep(this.values[value.depth])) return 0;
    const symbolTo = textEndAt(view, at + 1, last);
    if (symbolTo === 0 || !SymbolMarkets.fits(at + 1, symbolTo, last)) return 0;
    const market = this.symbols.find(view, at + 1, symbolTo);
    const data = this.head(view, symbolTo + 1, last);
    const rows = data === 0 ? 0 : this.repeated(view, data, last, at + 1, symbolTo);
    if (rows === 0 || rows > last) return 0;
    if (market < 0) return market;
    if (!this.depths.admits(market, this.values[value.depth])) return 0;
    return this.book(view, rows, last, market);
  }

  /** Type and time, in either order, up to the symbol inside the data. */
  private head(view: DataView, at: number, last: number): number {
    const timed = this.number(view, behind(view, at, last, TIME, TIME_WORDS), last, value.timeMs);
    let position = this.type(view, timed === 0 ? at : timed, last);
    if (timed === 0) position = this.number(view, behind(view, position, last, TIME, TIME_WORDS), last, value.timeMs);
    return behind(view, position, last, DATA, DATA_WORDS);
  }

  private type(view: DataView, at: number, last: number): number {
    const delta = behind(view, at, last, TYPE_DELTA, TYPE_DELTA_WORDS);
    this.isSnapshot = delta === 0;
    return delta === 0 ? behind(view, at, last, TYPE_SNAPSHOT, TYPE_SNAPSHOT_WORDS) : delta;
  }

  /** The symbol of the topic once more, up to the rows of the bids. */
  private repeated(view: DataView, at: number, last: number, from: number, to: number): number {
    const length = to - from;
    if (at + length > last) return 0;
    for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== view.getUint8(from + i)) return 0;
    return behind(view, at + length, last, BIDS, BIDS_WORDS);
  }

  private number(view: DataView, at: number, last: number, index: number): number {
    return at === 0 ? 0 : integerAt(view, at, last, this.values, index);
  }

  private book(view: DataView, at: number, last: number, market: number): number {
    const { sink } = this;
    const head = sink.claim(market, RecordType.bookChange);
    if (head < 0) return head;
    let position = levelsAt(view, at, last, sink, market, 0);
    if (position < 0) return position;
    const bids = levelsRead;
    position = behind(view, position, last, ASKS, ASKS_WORDS);
    if (position === 0 || position > last) return 0;
    position = levelsAt(view, position, last, sink, market, LevelFlag.ask);
    if (position <= 0) return position;
    if (!this.tail(view, position, last)) return 0;
    this.writeHead(head, bids + levelsRead);
    this.symbols.keep();
    this.depths.hold(market, this.values[value.depth]);
    return FrameResult.applied;
  }

  /** The numbers behind the rows, and the end of the frame. */
  private tail(view: DataView, at: number, last: number): boolean {
    let position = this.number(view, behind(view, at, last, SEQUENCE, SEQUENCE_WORDS), last, value.sequence);
    position = this.number(view, behind(view, position, last, CROSS, CROSS_WORDS), last, value.cross);
    position = this.number(view, behind(view, position, last, MATCH_TIME, MATCH_TIME_WORDS), last, value.matchTimeMs);
    if (position !== 0) position = this.lastDigits(view, position, last);
    if (position !== last + 3 || view.getUint8(position) !== CLOSE_OBJECT) return false;
    return this.values[value.timeMs] <= TIME_MS_MAX && this.values[value.matchTimeMs] <= TIME_MS_MAX;
  }

  /** Digits of the matching engine's time where words cannot be read any more, in the last bytes of the frame. */
  private lastDigits(view: DataView, at: number, last: number): number {
    let position = at;
    for (; position < last + 3; position++) {
      const digit = view.getUint8(position) - ZERO;
      if (digit < 0 || digit > 9) return 0;
      this.values[value.matchTimeMs] = this.values[value.matchTimeMs] * 10 + digit;
    }
    return position;
  }

  private writeHead(slot: number, levels: number): void {
    const { sink, values } = this;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    const isWhole = this.isSnapshot || values[value.sequence] === SEQUENCE_ANEW;
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] = ChangeFlag.hasSequence | (isWhole ? ChangeFlag.snapshot : 0);
    sink.u32[slot * SLOT_U32 + bookChange.at.count] = levels;
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[value.matchTimeMs] * 1000;
    f64[base + bookChange.at.firstSequence] = values[value.sequence];
    f64[base + bookChange.at.lastSequence] = values[value.sequence];
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = values[value.depth];
  }
}
