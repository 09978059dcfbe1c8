// Reads the `updates` of one level2 event straight into level records. Hot path: a snapshot has 46,000 of them.

import { FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalString,
  keyBytes,
  lastDecimals,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { keyFrom, keyTo, member, startsWith } from '../../decode/walk.ts';

const KEY_SIDE = keyBytes('side');
const KEY_EVENT_TIME = keyBytes('event_time');
const KEY_PRICE = keyBytes('price_level');
const KEY_QUANTITY = keyBytes('new_quantity');
const BID = keyBytes('"bid"');
const OFFER = keyBytes('"offer"');

/** Members as Coinbase writes them, up to the quote of the value: compared before the general way is tried. */
const SIDE_MEMBER = keyBytes('"side":"');
const EVENT_TIME_MEMBER = keyBytes('"event_time":"');
const PRICE_MEMBER = keyBytes('"price_level":"');
const QUANTITY_MEMBER = keyBytes('"new_quantity":"');

const HAS_SIDE = 1;
const HAS_TIME = 2;
const HAS_PRICE = 4;
const HAS_QUANTITY = 8;
const NEEDS = HAS_SIDE | HAS_PRICE | HAS_QUANTITY;

/** Indexes of `times`. */
export const LATEST = 0;
const PARSED = 1;

export class LevelList {
  /** Levels written since begin(). */
  count = 0;
  /** times[LATEST]: latest `event_time` since begin(), µs; 0 where none came. */
  readonly times = new Float64Array(2);
  private readonly sink: RecordSink;
  private seen = 0;
  private f64Base = 0;
  private u8Base = 0;
  /** The text of the last event_time, quotes included; levels of one event mostly repeat it. */
  private timeFrom = 0;
  private timeLength = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  begin(): void {
    this.count = 0;
    this.timeLength = 0;
    this.times[LATEST] = 0;
  }

  /** Writes one record for each entry of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const slot = this.sink.claim(market, RecordType.level);
      if (slot < 0) return slot;
      const after = this.level(bytes, position, end, slot);
      if (after < 0) return after;
      this.count++;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private level(bytes: Uint8Array, at: number, end: number, slot: number): number {
    this.seen = 0;
    this.f64Base = slot * SLOT_F64;
    this.u8Base = slot * SLOT_BYTES;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const after = this.usualMember(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return (this.seen & NEEDS) === NEEDS ? position + 1 : FrameResult.missingField;
  }

  private usualMember(bytes: Uint8Array, at: number, end: number): number {
    if (startsWith(bytes, at, end, PRICE_MEMBER)) return this.price(bytes, at + PRICE_MEMBER.length - 1, end);
    if (startsWith(bytes, at, end, QUANTITY_MEMBER)) return this.quantity(bytes, at + QUANTITY_MEMBER.length - 1, end);
    if (startsWith(bytes, at, end, EVENT_TIME_MEMBER)) return this.time(bytes, at + EVENT_TIME_MEMBER.length - 1, end);
    if (startsWith(bytes, at, end, SIDE_MEMBER)) return this.side(bytes, at + SIDE_MEMBER.length - 1, end);
    return this.anyMember(bytes, at, end);
  }

  /** Unknown names, and the known ones with white space around them. */
  private anyMember(bytes: Uint8Array, at: number, end: number): number {
    const value = member(bytes, at, end);
    return value < 0 ? value : this.member(bytes, keyFrom, keyTo, value, end);
  }

  private member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    // The four names differ in length.
    switch (to - from) {
      case KEY_SIDE.length:
        return matches(bytes, from, to, KEY_SIDE) ? this.side(bytes, at, end) : skipValue(bytes, at, end);
      case KEY_EVENT_TIME.length:
        return matches(bytes, from, to, KEY_EVENT_TIME) ? this.time(bytes, at, end) : skipValue(bytes, at, end);
      case KEY_PRICE.length:
        return matches(bytes, from, to, KEY_PRICE) ? this.price(bytes, at, end) : skipValue(bytes, at, end);
      case KEY_QUANTITY.length:
        return matches(bytes, from, to, KEY_QUANTITY) ? this.quantity(bytes, at, end) : skipValue(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private side(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_SIDE) !== 0) return FrameResult.shape;
    this.seen |= HAS_SIDE;
    if (startsWith(bytes, at, end, BID)) return at + BID.length;
    if (!startsWith(bytes, at, end, OFFER)) return wrongType(bytes, at, end);
    this.sink.u8[this.u8Base + level.at.flags] = LevelFlag.ask;
    return at + OFFER.length;
  }

  private price(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_PRICE) !== 0) return FrameResult.shape;
    this.seen |= HAS_PRICE;
    const f64 = this.sink.f64;
    const index = this.f64Base + level.at.priceMilli;
    const after = decimalString(bytes, at, end, f64, index);
    if (after < 0) return after;
    this.sink.u8[this.u8Base + level.at.priceDecimals] = lastDecimals;
    return f64[index] === 0 && f64[index + 1] === 0 ? FrameResult.range : after;
  }

  private quantity(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_QUANTITY) !== 0) return FrameResult.shape;
    this.seen |= HAS_QUANTITY;
    const after = decimalString(bytes, at, end, this.sink.f64, this.f64Base + level.at.quantityMilli);
    this.sink.u8[this.u8Base + level.at.quantityDecimals] = lastDecimals;
    return after;
  }

  private time(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_TIME) !== 0) return FrameResult.shape;
    this.seen |= HAS_TIME;
    if (this.isLastTime(bytes, at, end)) return at + this.timeLength;
    const after = isoTime(bytes, at, end, this.times, PARSED);
    if (after < 0) return after;
    this.timeFrom = at;
    this.timeLength = after - at;
    if (this.times[PARSED] > this.times[LATEST]) this.times[LATEST] = this.times[PARSED];
    return after;
  }

  /** True where the same text as last time stands at `at`. From the end: the text differs there first, if at all. */
  private isLastTime(bytes: Uint8Array, at: number, end: number): boolean {
    const length = this.timeLength;
    if (length === 0 || at + length > end) return false;
    const from = this.timeFrom;
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== bytes[from + i]) return false;
    return true;
  }
}
