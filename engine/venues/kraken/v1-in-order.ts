// Decodes v1 book updates written as Kraken writes them, four bytes at a time: members in order, no blanks. Hot path.
//
//   [992,{"b":[["353.73000000","0.00000000","1618678133.478962"[,"r"]],…],"c":"1453093704"},"book-1000","XMR/USD"]
//   [992,{"a":[…]},{"b":[…],"c":"…"},"book-1000","XMR/USD"]
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { decimalAt, decimalsRead, fourDigits, integerAt, wordOf } from '../../decode/words.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { writeHead } from './records.ts';
import { V1Tails } from './v1-tails.ts';

const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;

const ASKS = wordOf('{"a"');
const BIDS = wordOf('{"b"');
const ROWS = 0x5b3a; // :[
const ROWS_BYTES = 6;
const ROW_OPEN = 0x225b; // ["
const ROW_NEXT = 0x2c5d; // ],
const ROW_LAST = 0x5d5d; // ]]
const NEXT_TEXT = 0x222c; // ,"
const REPUBLISHED = wordOf(',"r"');
const CHECKSUM = wordOf(',"c"');
const CHECKSUM_TEXT = 0x223a; // :"
const CHECKSUM_BYTES = 6;
const NEXT_PAYLOAD = 0x2c7d; // },

const SECONDS_DIGITS_MAX = 10;
const TIME_US_MAX = 9e15;
const CHECKSUM_DIGITS_MAX = 10;
const FRAME_BYTES_MIN = 64;

export class V1InOrder {
  private readonly sink: RecordSink;
  private readonly tails: V1Tails;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private levels = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
    this.tails = new V1Tails(sink);
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN || view.getUint8(from) !== OPEN_ARRAY) return 0;
    const at = integerAt(view, from + 1, last, this.values, field.id);
    if (at === 0 || at > last || view.getUint8(at) !== COMMA) return 0;
    if (!this.tails.find(view, end)) return 0;
    this.market = this.tails.market;
    return this.change(view, at + 1, last, end - this.tails.sizeBytes);
  }

  /** Payloads from `at` on, which must end at `close`. */
  private change(view: DataView, at: number, last: number, close: number): number {
    const { values } = this;
    const head = this.sink.claim(this.market, RecordType.bookChange);
    if (head < 0) return head;
    this.levels = 0;
    values[field.timeUs] = 0;
    const after = this.payloads(view, at, last);
    if (after <= 0) return after;
    const end = this.checksum(view, after, last);
    if (end === 0 || end !== close) return 0;
    writeHead(this.sink, head, ChangeFlag.hasChecksum, this.levels, this.tails.depth, values);
    this.tails.keep();
    return FrameResult.applied;
  }

  /** One side, or asks and then bids; returns the offset after the last list, 0 or a negative FrameResult. */
  private payloads(view: DataView, at: number, last: number): number {
    const after = this.side(view, at, last);
    if (after <= 0 || after + 2 > last || view.getUint16(after, true) !== NEXT_PAYLOAD) return after;
    const isAsk = view.getInt32(at, true) === ASKS;
    return isAsk && view.getInt32(after + 2, true) === BIDS ? this.side(view, after + 2, last) : 0;
  }

  private side(view: DataView, at: number, last: number): number {
    if (at + ROWS_BYTES > last || view.getUint16(at + 4, true) !== ROWS) return 0;
    const name = view.getInt32(at, true);
    if (name === ASKS) return this.rows(view, at + ROWS_BYTES, last, LevelFlag.ask);
    return name === BIDS ? this.rows(view, at + ROWS_BYTES, last, 0) : 0;
  }

  /** The rows of a list from behind its `[`; returns the offset after its `]`, 0, or a negative FrameResult. */
  private rows(view: DataView, at: number, last: number, flags: number): number {
    let position = at;
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

  /** Price, volume, time and perhaps a mark, from behind the row's `["`; returns the offset of its `]`. */
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
    if (quantity === 0 || quantity > last || view.getUint16(quantity, true) !== NEXT_TEXT) return 0;
    const after = this.time(view, quantity + 2, last);
    return after !== 0 && after <= last && view.getInt32(after, true) === REPUBLISHED ? after + 4 : after;
  }

  /** Seconds with six decimals, up to their quote; the latest one is kept. Returns the offset after the quote. */
  private time(view: DataView, at: number, last: number): number {
    const { values } = this;
    const point = integerAt(view, at, last, values, field.spare);
    const isSeconds = point !== 0 && point - at <= SECONDS_DIGITS_MAX && point + 7 <= last;
    if (!isSeconds || view.getUint8(point) !== POINT) return 0;
    const high = fourDigits(view.getInt32(point + 1, true));
    const tens = view.getUint8(point + 5) - ZERO;
    const ones = view.getUint8(point + 6) - ZERO;
    if (high < 0 || tens < 0 || tens > 9 || ones < 0 || ones > 9 || view.getUint8(point + 7) !== QUOTE) return 0;
    const timeUs = values[field.spare] * 1e6 + (high * 100 + tens * 10 + ones);
    if (timeUs > TIME_US_MAX) return 0;
    if (timeUs > values[field.timeUs]) values[field.timeUs] = timeUs;
    return point + 8;
  }

  /** `,"c":"1453093704"}`; returns the offset behind it. */
  private checksum(view: DataView, at: number, last: number): number {
    if (at + CHECKSUM_BYTES > last || view.getInt32(at, true) !== CHECKSUM) return 0;
    if (view.getUint16(at + 4, true) !== CHECKSUM_TEXT) return 0;
    const from = at + CHECKSUM_BYTES;
    const to = integerAt(view, from, last, this.values, field.checksum);
    if (to === 0 || to > last || to - from > CHECKSUM_DIGITS_MAX || view.getUint8(to) !== QUOTE) return 0;
    return view.getUint8(to + 1) === CLOSE_OBJECT ? to + 2 : 0;
  }
}
