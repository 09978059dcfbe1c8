// Reads one side of a v2 book, `[{"price":0.5657,"qty":1098.39},…]`, straight into level records. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalNumber,
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
import { keyFrom, keyTo, member, startsWith } from '../../decode/walk.ts';

const KEY_PRICE = keyBytes('price');
const KEY_QUANTITY = keyBytes('qty');

/** Members as Kraken writes them, up to the value: compared before the general way is tried. */
const PRICE_MEMBER = keyBytes('"price":');
const QUANTITY_MEMBER = keyBytes('"qty":');

const SPACE = 0x20;

const HAS_PRICE = 1;
const HAS_QUANTITY = 2;
const NEEDS = HAS_PRICE | HAS_QUANTITY;

export class V2Levels {
  /** Levels written by the last call of decode(). */
  count = 0;
  private readonly sink: RecordSink;
  private seen = 0;
  /** Fewer digits than these are taken as if zeros followed, as the venue's checksum has them. */
  private priceDigits = 0;
  private quantityDigits = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Digits after the point that prices and quantities have at least, 0 where none are known. */
  prepare(priceDigits: number, quantityDigits: number): void {
    this.priceDigits = priceDigits;
    this.quantityDigits = quantityDigits;
  }

  /** Writes one record for each entry of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    this.count = 0;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const slot = this.sink.claim(market, RecordType.level);
      if (slot < 0) return slot;
      this.sink.u8[slot * SLOT_BYTES + level.at.flags] = flags;
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
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const after = this.usualMember(bytes, position, end, slot);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const price = slot * SLOT_F64 + level.at.priceMilli;
    return this.sink.f64[price] === 0 && this.sink.f64[price + 1] === 0 ? FrameResult.range : position + 1;
  }

  private usualMember(bytes: Uint8Array, at: number, end: number, slot: number): number {
    const price = at + PRICE_MEMBER.length;
    if (startsWith(bytes, at, end, PRICE_MEMBER) && bytes[price] > SPACE) return this.price(bytes, price, end, slot);
    const quantity = at + QUANTITY_MEMBER.length;
    if (startsWith(bytes, at, end, QUANTITY_MEMBER) && bytes[quantity] > SPACE)
      return this.quantity(bytes, quantity, end, slot);
    return this.anyMember(bytes, at, end, slot);
  }

  /** Unknown names, and the known ones with white space around them. */
  private anyMember(bytes: Uint8Array, at: number, end: number, slot: number): number {
    const value = member(bytes, at, end);
    if (value < 0) return value;
    if (matches(bytes, keyFrom, keyTo, KEY_PRICE)) return this.price(bytes, value, end, slot);
    if (matches(bytes, keyFrom, keyTo, KEY_QUANTITY)) return this.quantity(bytes, value, end, slot);
    return skipValue(bytes, value, end);
  }

  private price(bytes: Uint8Array, at: number, end: number, slot: number): number {
    if ((this.seen & HAS_PRICE) !== 0) return FrameResult.shape;
    this.seen |= HAS_PRICE;
    const after = decimalNumber(bytes, at, end, this.sink.f64, slot * SLOT_F64 + level.at.priceMilli);
    this.sink.u8[slot * SLOT_BYTES + level.at.priceDecimals] = Math.max(lastDecimals, this.priceDigits);
    return after;
  }

  private quantity(bytes: Uint8Array, at: number, end: number, slot: number): number {
    if ((this.seen & HAS_QUANTITY) !== 0) return FrameResult.shape;
    this.seen |= HAS_QUANTITY;
    const after = decimalNumber(bytes, at, end, this.sink.f64, slot * SLOT_F64 + level.at.quantityMilli);
    this.sink.u8[slot * SLOT_BYTES + level.at.quantityDecimals] = Math.max(lastDecimals, this.quantityDigits);
    return after;
  }
}
