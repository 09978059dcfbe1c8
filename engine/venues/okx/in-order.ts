// Decodes book changes written as OKX writes them, four bytes at a time: members in order, no blanks. Hot path.
//
//   {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["p","q","0","3"],…],"bids":[…],
//    "ts":"…","checksum":0[,"seqId":…,"prevSeqId":…]}]}
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';
import { Literal } from '../../decode/literal.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { decimalAt, decimalsRead, integerAt, textEndAt, wordOf } from '../../decode/words.ts';

const CHANNEL = new Literal('{"arg":{"channel":"books');
const INSTRUMENT = new Literal('","instId":"');
const TICK = new Literal('-l2-tbt","instId":"');
const TICK_50 = new Literal('50-l2-tbt","instId":"');
const UPDATE = new Literal('"},"action":"update","data":[{"asks":[');
const SNAPSHOT = new Literal('"},"action":"snapshot","data":[{"asks":[');
const BIDS = new Literal(',"bids":[');
const TIME = new Literal(',"ts":"');
const CHECKSUM = new Literal('","checksum":');
const SEQUENCE = new Literal(',"seqId":');
const PREVIOUS = new Literal(',"prevSeqId":');
/** `}]` and `}` end the frame. */
const DATA_END = 0x5d7d;
const CLOSE_OBJECT = 0x7d;

const NEXT_TEXT = 0x222c; // ,"
const ROW_OPEN = 0x225b; // ["
const ROW_NEXT = 0x2c5d; // ],
const ROW_LAST = 0x5d5d; // ]]
/** What follows a quantity: a field that is always zero, and the beginning of the number of orders. */
const UNUSED = wordOf(',"0"');
const CLOSE_ARRAY = 0x5d;
const MINUS = 0x2d;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const FRAME_BYTES_MIN = 64;
const DEPTH = 400;
const DEPTH_50 = 50;
const INT32_MAX = 0x7fffffff;
/** Milliseconds of the year 2255, as far as times go (engine/decode/time.ts); microseconds are left to the other way. */
const TIME_MS_MAX = 9e12;

/** Scratch numbers. */
const value = { timeMs: 0, checksum: 1, sequence: 2, previous: 3 } as const;
const VALUES = 4;

export class InOrderBooks {
  private readonly sink: RecordSink;
  private readonly symbols: SymbolMarkets;
  private readonly values = new Float64Array(VALUES);
  private market = 0;
  private depth = 0;
  private levels = 0;
  private flags = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
    this.symbols = new SymbolMarkets(sink);
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN) return 0;
    const symbol = this.channel(view, CHANNEL.first(view, from, last), last);
    const symbolTo = symbol === 0 ? 0 : textEndAt(view, symbol, last);
    if (symbolTo === 0 || !SymbolMarkets.fits(symbol, symbolTo, last)) return 0;
    let rows = UPDATE.behind(view, symbolTo, last);
    this.flags = rows === 0 ? ChangeFlag.snapshot : 0;
    if (rows === 0) rows = SNAPSHOT.behind(view, symbolTo, last);
    if (rows === 0) return 0;
    this.market = this.symbols.find(view, symbol, symbolTo);
    return this.market < 0 ? 0 : this.book(view, rows, last);
  }

  /** The rest of the channel's name, and how deep its books are; returns where the instrument begins. */
  private channel(view: DataView, at: number, last: number): number {
    this.depth = DEPTH;
    const plain = INSTRUMENT.behind(view, at, last);
    if (plain !== 0) return plain;
    const tick = TICK.behind(view, at, last);
    if (tick !== 0) return tick;
    this.depth = DEPTH_50;
    return TICK_50.behind(view, at, last);
  }

  private book(view: DataView, at: number, last: number): number {
    const head = this.sink.claim(this.market, RecordType.bookChange);
    if (head < 0) return head;
    this.levels = 0;
    let position = this.side(view, at, last, LevelFlag.ask);
    if (position > 0) position = BIDS.behind(view, position, last);
    if (position > 0) position = this.side(view, position, last, 0);
    if (position <= 0) return position;
    if (!this.tail(view, position, last)) return 0;
    this.writeHead(head);
    this.symbols.keep();
    return FrameResult.applied;
  }

  /** The rows of a list from behind its `[`; returns the offset after its `]`, 0, or a negative FrameResult. */
  private side(view: DataView, at: number, last: number, flags: number): number {
    let position = at;
    if (position > last) return 0;
    if (view.getUint8(position) === CLOSE_ARRAY) return position + 1;
    for (;;) {
      if (position > last || view.getUint16(position, true) !== ROW_OPEN) return 0;
      const slot = this.sink.claim(this.market, RecordType.level);
      if (slot < 0) return slot;
      this.levels++;
      position = this.row(view, position + 2, last, slot, flags);
      if (position === 0 || position > last) return 0;
      const pair = view.getUint16(position, true);
      position += 2;
      if (pair === ROW_LAST) return position;
      if (pair !== ROW_NEXT) return 0;
    }
  }

  /** Price, quantity and what is not kept, from behind the row's `["`; returns the offset of its `]`. */
  private row(view: DataView, at: number, last: number, slot: number, flags: number): number {
    const { f64, u8 } = this.sink;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    const byteBase = slot * SLOT_BYTES;
    const price = decimalAt(view, at, last, f64, base);
    if (price === 0 || price > last || view.getUint16(price, true) !== NEXT_TEXT) return 0;
    if (f64[base] === 0 && f64[base + 1] === 0) return 0;
    u8[byteBase + level.at.flags] = flags;
    u8[byteBase + level.at.priceDecimals] = decimalsRead;
    const quantity = decimalAt(view, price + 2, last, f64, base + 2);
    u8[byteBase + level.at.quantityDecimals] = decimalsRead;
    if (quantity === 0 || quantity > last || view.getInt32(quantity, true) !== UNUSED) return 0;
    return digitsEnd(view, quantity + 4, last);
  }

  /** The numbers behind the rows, and the end of the frame. */
  private tail(view: DataView, at: number, last: number): boolean {
    const { values } = this;
    let position = TIME.behind(view, at, last);
    if (position !== 0) position = integerAt(view, position, last, values, value.timeMs);
    position = CHECKSUM.behind(view, position, last);
    if (position !== 0) position = this.checksum(view, position, last);
    const sequence = SEQUENCE.behind(view, position, last);
    values[value.sequence] = 0;
    values[value.previous] = 0;
    if (sequence !== 0) position = this.sequences(view, sequence, last);
    if (position !== last + 1 || view.getUint16(position, true) !== DATA_END) return false;
    return view.getUint8(position + 2) === CLOSE_OBJECT && values[value.timeMs] <= TIME_MS_MAX;
  }

  /** A signed number of 32 bits, kept as the unsigned one of the same bits; 0 stands for none. */
  private checksum(view: DataView, at: number, last: number): number {
    const { values } = this;
    if (at > last) return 0;
    const isNegative = view.getUint8(at) === MINUS;
    const after = integerAt(view, isNegative ? at + 1 : at, last, values, value.checksum);
    if (after === 0 || values[value.checksum] > INT32_MAX) return 0;
    if (isNegative) values[value.checksum] = -values[value.checksum] >>> 0;
    if (values[value.checksum] !== 0) this.flags |= ChangeFlag.hasChecksum;
    return after;
  }

  /** `12,"prevSeqId":11`, the second -1 where nothing came before. */
  private sequences(view: DataView, at: number, last: number): number {
    const { values } = this;
    this.flags |= ChangeFlag.hasSequence;
    const previous = PREVIOUS.behind(view, integerAt(view, at, last, values, value.sequence), last);
    if (previous === 0 || previous > last) return 0;
    if (view.getUint8(previous) === MINUS) {
      return view.getUint8(previous + 1) === ZERO + 1 ? previous + 2 : 0;
    }
    this.flags |= ChangeFlag.hasPrevious;
    return integerAt(view, previous, last, values, value.previous);
  }

  private writeHead(slot: number): void {
    const { sink, values } = this;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] = this.flags;
    sink.u32[slot * SLOT_U32 + bookChange.at.count] = this.levels;
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[value.timeMs] * 1000;
    f64[base + bookChange.at.firstSequence] = values[value.sequence];
    f64[base + bookChange.at.lastSequence] = values[value.sequence];
    f64[base + bookChange.at.previousSequence] = values[value.previous];
    f64[base + bookChange.at.checksum] = values[value.checksum];
    f64[base + bookChange.at.depth] = this.depth;
  }
}

/** Offset behind `,"12"`. */
function digitsEnd(view: DataView, at: number, last: number): number {
  if (at > last || view.getUint16(at, true) !== NEXT_TEXT) return 0;
  for (let position = at + 2; position <= last; position++) {
    const byte = view.getUint8(position);
    if (byte === QUOTE) return position + 1;
    if (byte < ZERO || byte > NINE) return 0;
  }
  return 0;
}
