// Decodes trades, aggregates and depth changes written as Binance writes them: members in order, no blanks. Hot path.
//
//   [{"stream":"…","data":]{"e":"trade","E":…[,"T":…],"s":"…","t":…,"p":"…","q":"…"[,"T":…][,"X":"MARKET"],"m":…[,"M":…]}[}]
//   [{"stream":"…","data":]{"e":"aggTrade","E":…[,"a":…],"s":"…"[,"a":…],"p":"…","q":"…","f":…,"l":…,"T":…,"m":…[,"M":…]}[}]
//   [{"stream":"…","data":]{"e":"depthUpdate","E":…[,"T":…],"s":"…"[,"ps":"…"],"U":…,"u":…[,"pu":…],"b":[…],"a":[…]}[}]
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, trade } from '../../../schemas/market-data.ts';
import { levelsAt, levelsRead } from '../../decode/level-words.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { decimalAt, integerAt, textEndAt, wordOf } from '../../decode/words.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const STREAM = Int32Array.of(wordOf('{"st'), wordOf('ream'), wordOf('m":"'));
const STREAM_BYTES = 11;
const DATA = Int32Array.of(wordOf('","d'), wordOf('ata"'), wordOf(':{"e'), wordOf('e":"'));
const DATA_BYTES = 15;
const BARE = Int32Array.of(wordOf('{"e"'), wordOf('e":"'));
const BARE_BYTES = 6;
const TRADE = Int32Array.of(wordOf('trad'), wordOf('e","'), wordOf('"E":'));
const TRADE_BYTES = 11;
const AGGREGATE = Int32Array.of(wordOf('aggT'), wordOf('rade'), wordOf('","E'), wordOf('"E":'));
const AGGREGATE_BYTES = 14;
const DEPTH = Int32Array.of(wordOf('dept'), wordOf('hUpd'), wordOf('ate"'), wordOf('","E'), wordOf('"E":'));
const DEPTH_BYTES = 17;
const SYMBOL = Int32Array.of(wordOf(',"s"'), wordOf('s":"'));
const PRICE = Int32Array.of(wordOf(',"p"'), wordOf('p":"'));
const QUANTITY = Int32Array.of(wordOf(',"q"'), wordOf('q":"'));
const PAIR = Int32Array.of(wordOf(',"ps'), wordOf('s":"'));
const PAIR_BYTES = 7;
const PREVIOUS = Int32Array.of(wordOf(',"pu'), wordOf('pu":'));
const BIDS = Int32Array.of(wordOf(',"b"'), wordOf('b":['));
const ASKS = Int32Array.of(wordOf(',"a"'), wordOf('a":['));
const EXECUTION = Int32Array.of(wordOf(',"X"'), wordOf(':"MA'), wordOf('RKET'));
const EXECUTION_BYTES = 13;
const TEXT_KEY_BYTES = 6;
const KEY_BYTES = 5;
const KEY_ID = wordOf(',"t"');
const KEY_AGGREGATE_ID = wordOf(',"a"');
const KEY_FIRST = wordOf(',"f"');
const KEY_LAST = wordOf(',"l"');
const KEY_TIME = wordOf(',"T"');
const KEY_MAKER = wordOf(',"m"');
const KEY_IGNORED = wordOf(',"M"');
const KEY_FIRST_SEQUENCE = wordOf(',"U"');
const KEY_LAST_SEQUENCE = wordOf(',"u"');
const TRUE = wordOf('true');
const FALSE = wordOf('fals');
const LETTER_E = 0x65;
const COLON = 0x3a;
const QUOTE = 0x22;
const CLOSE_OBJECT = 0x7d;
/** How the name of a depth stream goes on after its symbol, and the bytes of `@depth`. */
const NAME_DEPTH = wordOf('@dep');
const NAME_DEPTH_BYTES = 6;
/** Milliseconds of the year 2255, as far as times go (engine/decode/time.ts); microseconds are left to the other way. */
const TIME_MS_MAX = 9e12;
const FRAME_BYTES_MIN = 64;

/** `,"x":` at `at`, where the word is `,"x"`. */
function isKey(view: DataView, at: number, word: number): boolean {
  return view.getInt32(at, true) === word && view.getUint8(at + 4) === COLON;
}

/** `,"x":"` or alike at `at`: two words, the second two bytes on. */
function isTextKey(view: DataView, at: number, words: Int32Array): boolean {
  return view.getInt32(at, true) === words[0] && view.getInt32(at + 2, true) === words[1];
}

export class InOrderFrames {
  private readonly sink: RecordSink;
  private readonly symbols: SymbolMarkets;
  private readonly hasPrevious: boolean;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private levels = 0;
  /** Where the name of the stream begins, in a frame that tells it. */
  private nameAt = 0;
  private symbolBytes = 0;

  constructor(sink: RecordSink, isFutures: boolean) {
    this.sink = sink;
    this.symbols = new SymbolMarkets(sink);
    this.hasPrevious = isFutures;
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN) return 0;
    if (isTextKey(view, from, BARE)) return this.event(view, from + BARE_BYTES, last, 0);
    if (view.getInt32(from, true) !== STREAM[0] || view.getInt32(from + 4, true) !== STREAM[1]) return 0;
    if (view.getInt32(from + 7, true) !== STREAM[2]) return 0;
    const at = textEndAt(view, from + STREAM_BYTES, last);
    if (at === 0 || at + FRAME_BYTES_MIN > end) return 0;
    if (view.getInt32(at, true) !== DATA[0] || view.getInt32(at + 4, true) !== DATA[1]) return 0;
    if (view.getInt32(at + 8, true) !== DATA[2] || view.getInt32(at + 11, true) !== DATA[3]) return 0;
    this.nameAt = from + STREAM_BYTES;
    return this.event(view, at + DATA_BYTES, last, 1);
  }

  /** `wraps` closing brackets follow the payload's own. */
  private event(view: DataView, at: number, last: number, wraps: number): number {
    const word = view.getInt32(at, true);
    if (word === TRADE[0]) {
      if (view.getInt32(at + 4, true) !== TRADE[1] || view.getInt32(at + 7, true) !== TRADE[2]) return 0;
      return this.trade(view, at + TRADE_BYTES, last, 0, wraps);
    }
    if (word === DEPTH[0]) {
      if (view.getInt32(at + 4, true) !== DEPTH[1] || view.getInt32(at + 8, true) !== DEPTH[2]) return 0;
      if (view.getInt32(at + 11, true) !== DEPTH[3] || view.getInt32(at + 13, true) !== DEPTH[4]) return 0;
      return this.depth(view, at + DEPTH_BYTES, last, wraps);
    }
    if (word !== AGGREGATE[0] || view.getInt32(at + 4, true) !== AGGREGATE[1]) return 0;
    if (view.getInt32(at + 8, true) !== AGGREGATE[2] || view.getInt32(at + 10, true) !== AGGREGATE[3]) return 0;
    return this.trade(view, at + AGGREGATE_BYTES, last, TradeFlag.aggregate, wraps);
  }

  /** Reads a time in ms into values[index] as µs. */
  private time(view: DataView, at: number, last: number, index: number): number {
    const after = integerAt(view, at, last, this.values, index);
    if (after === 0 || this.values[index] > TIME_MS_MAX) return 0;
    this.values[index] *= 1000;
    return after;
  }

  /** Offset after `,"s":"SYMBOL"`; sets this.market, which may be a negative FrameResult. */
  private symbol(view: DataView, at: number, last: number): number {
    if (at === 0 || at + TEXT_KEY_BYTES > last || !isTextKey(view, at, SYMBOL)) return 0;
    const from = at + TEXT_KEY_BYTES;
    const to = textEndAt(view, from, last);
    if (to === 0 || !SymbolMarkets.fits(from, to, last)) return 0;
    this.market = this.symbols.find(view, from, to);
    this.symbolBytes = to - from;
    return to + 1;
  }

  private trade(view: DataView, at: number, last: number, flags: number, wraps: number): number {
    const { values } = this;
    const idKey = flags === 0 ? KEY_ID : KEY_AGGREGATE_ID;
    let hasTime = false;
    let hasId = false;
    let position = this.time(view, at, last, field.eventTime);
    if (position === 0 || position > last - KEY_BYTES) return 0;
    if (isKey(view, position, KEY_TIME)) {
      position = this.time(view, position + KEY_BYTES, last, field.tradeTime);
      hasTime = true;
    } else if (isKey(view, position, idKey)) {
      position = integerAt(view, position + KEY_BYTES, last, values, field.id);
      hasId = true;
    }
    position = this.symbol(view, position, last);
    if (position === 0 || position > last - KEY_BYTES) return 0;
    if (!hasId) {
      if (!isKey(view, position, idKey)) return 0;
      position = integerAt(view, position + KEY_BYTES, last, values, field.id);
    }
    position = this.decimal(view, position, last, PRICE, field.price);
    position = this.decimal(view, position, last, QUANTITY, field.quantity);
    if (flags !== 0) {
      position = this.integer(view, position, last, KEY_FIRST, field.firstId);
      position = this.integer(view, position, last, KEY_LAST, field.lastId);
    }
    if (position === 0 || position > last - KEY_BYTES) return 0;
    if (!hasTime) {
      if (!isKey(view, position, KEY_TIME)) return 0;
      position = this.time(view, position + KEY_BYTES, last, field.tradeTime);
    }
    return position === 0 ? 0 : this.tradeTail(view, position, last, flags, wraps);
  }

  /** What follows the last number of a trade: execution, maker, ignored, the end. */
  private tradeTail(view: DataView, at: number, last: number, flags: number, wraps: number): number {
    let position = at;
    if (position + EXECUTION_BYTES < last && view.getInt32(position, true) === EXECUTION[0]) {
      if (view.getInt32(position + 4, true) !== EXECUTION[1] || view.getInt32(position + 8, true) !== EXECUTION[2]) {
        return 0;
      }
      if (view.getUint8(position + EXECUTION_BYTES - 1) !== QUOTE) return 0;
      position += EXECUTION_BYTES;
    }
    if (position > last - KEY_BYTES || !isKey(view, position, KEY_MAKER)) return 0;
    const isMaker = view.getInt32(position + KEY_BYTES, true) === TRUE;
    position = booleanAt(view, position + KEY_BYTES, last);
    if (position !== 0 && position <= last - KEY_BYTES && isKey(view, position, KEY_IGNORED)) {
      position = booleanAt(view, position + KEY_BYTES, last);
    }
    if (position === 0 || !endsAt(view, position, last, wraps)) return 0;
    return this.writeTrade(flags | (isMaker ? Side.sell : Side.buy));
  }

  private writeTrade(flags: number): number {
    const { values, sink, market } = this;
    if (values[field.price] === 0 && values[field.price + 1] === 0) return 0;
    if (values[field.quantity] === 0 && values[field.quantity + 1] === 0) return 0;
    let matches = 1;
    if ((flags & TradeFlag.aggregate) !== 0) {
      matches = values[field.lastId] - values[field.firstId] + 1;
      if (matches < 1 || matches > 0x7fffffff) return 0;
    }
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = flags;
    sink.u32[slot * SLOT_U32 + trade.at.count] = matches;
    f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = values[field.tradeTime];
    f64[base + trade.at.priceMilli] = values[field.price];
    f64[base + trade.at.priceAtto] = values[field.price + 1];
    f64[base + trade.at.quantityMilli] = values[field.quantity];
    f64[base + trade.at.quantityAtto] = values[field.quantity + 1];
    f64[base + trade.at.id] = values[field.id];
    this.symbols.keep();
    return FrameResult.applied;
  }

  /** Reads `,"x":"decimal"` into values[index]. */
  private decimal(view: DataView, at: number, last: number, key: Int32Array, index: number): number {
    if (at === 0 || at + TEXT_KEY_BYTES > last || !isTextKey(view, at, key)) return 0;
    return decimalAt(view, at + TEXT_KEY_BYTES, last, this.values, index);
  }

  /** Reads `,"x":digits` into values[index]. */
  private integer(view: DataView, at: number, last: number, key: number, index: number): number {
    if (at === 0 || at > last - KEY_BYTES || !isKey(view, at, key)) return 0;
    return integerAt(view, at + KEY_BYTES, last, this.values, index);
  }

  private depth(view: DataView, at: number, last: number, wraps: number): number {
    let position = this.time(view, at, last, field.eventTime);
    if (position === 0 || position > last - KEY_BYTES) return 0;
    if (isKey(view, position, KEY_TIME)) position = this.time(view, position + KEY_BYTES, last, field.tradeTime);
    position = this.symbol(view, position, last);
    if (this.hasPrevious) position = afterPair(view, position, last);
    position = this.integer(view, position, last, KEY_FIRST_SEQUENCE, field.firstSequence);
    position = this.integer(view, position, last, KEY_LAST_SEQUENCE, field.lastSequence);
    if (this.hasPrevious) {
      if (position === 0 || position + TEXT_KEY_BYTES > last || !isTextKey(view, position, PREVIOUS)) return 0;
      position = integerAt(view, position + TEXT_KEY_BYTES, last, this.values, field.previousSequence);
    }
    if (position === 0 || this.values[field.firstSequence] > this.values[field.lastSequence]) return 0;
    if (wraps === 1 && isPartial(view, this.nameAt + this.symbolBytes)) return 0;
    if (this.market < 0) return this.market;
    const head = this.sink.claim(this.market, RecordType.bookChange);
    if (head < 0) return head;
    this.levels = 0;
    position = this.side(view, position, last, BIDS, 0);
    if (position > 0) position = this.side(view, position, last, ASKS, LevelFlag.ask);
    if (position <= 0) return position;
    if (!endsAt(view, position, last, wraps)) return 0;
    this.writeHead(head);
    this.symbols.keep();
    return FrameResult.applied;
  }

  private writeHead(slot: number): void {
    const { values, sink } = this;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    const flags = ChangeFlag.hasSequence | (this.hasPrevious ? ChangeFlag.hasPrevious : 0);
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] = flags;
    sink.u32[slot * SLOT_U32 + bookChange.at.count] = this.levels;
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[field.eventTime];
    f64[base + bookChange.at.firstSequence] = values[field.firstSequence];
    f64[base + bookChange.at.lastSequence] = values[field.lastSequence];
    f64[base + bookChange.at.previousSequence] = this.hasPrevious ? values[field.previousSequence] : 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }

  /** One side's list after its key; returns the offset after its `]`, 0, or a negative FrameResult of a claim. */
  private side(view: DataView, at: number, last: number, key: Int32Array, flags: number): number {
    if (at + TEXT_KEY_BYTES > last + 3 || !isTextKey(view, at, key)) return 0;
    const after = levelsAt(view, at + TEXT_KEY_BYTES, last, this.sink, this.market, flags);
    this.levels += levelsRead;
    return after;
  }
}

/** Offset after `true` or `false`. */
function booleanAt(view: DataView, at: number, last: number): number {
  if (at > last) return 0;
  const word = view.getInt32(at, true);
  if (word === TRUE) return at + 4;
  return word === FALSE && at < last && view.getUint8(at + 4) === LETTER_E ? at + 5 : 0;
}

/** Offset after `,"ps":"PAIR"`, which COIN-M has behind the symbol; `at` where it is not there. */
function afterPair(view: DataView, at: number, last: number): number {
  if (at === 0 || at + PAIR_BYTES > last || view.getInt32(at, true) !== PAIR[0]) return at;
  if (view.getInt32(at + 3, true) !== PAIR[1]) return 0;
  const to = textEndAt(view, at + PAIR_BYTES, last);
  return to === 0 ? 0 : to + 1;
}

/** True where the name of a stream goes on as that of a partial book: `@depth` and a digit. The frame reaches far beyond. */
function isPartial(view: DataView, at: number): boolean {
  const byte = view.getUint8(at + NAME_DEPTH_BYTES);
  return byte >= 0x30 && byte <= 0x39 && view.getInt32(at, true) === NAME_DEPTH;
}

/** True where `}` and `wraps` more of them are the last bytes of the frame. */
function endsAt(view: DataView, at: number, last: number, wraps: number): boolean {
  if (at + 1 + wraps !== last + 4 || view.getUint8(at) !== CLOSE_OBJECT) return false;
  return wraps === 0 || view.getUint8(at + 1) === CLOSE_OBJECT;
}
