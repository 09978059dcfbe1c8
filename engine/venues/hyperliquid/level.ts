// Reads one level, `{"px":"63460.0","sz":"0.02666","n":2}`: price and quantity; the count of orders is passed over. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_OBJECT,
  decimalString,
  keyBytes,
  lastDecimals,
  matches,
  next,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { keyFrom, keyTo, member, startsWith } from '../../decode/walk.ts';
import { shortDecimal, shortDecimals } from './short-decimal.ts';

const KEY_PRICE = keyBytes('px');
const KEY_QUANTITY = keyBytes('sz');

/** Members as the venue writes them, up to the value: compared before the general way is tried. */
const PRICE_MEMBER = keyBytes('"px":');
const QUANTITY_MEMBER = keyBytes('"sz":');

const SPACE = 0x20;

const HAS_PRICE = 1;
const HAS_QUANTITY = 2;
const NEEDS = HAS_PRICE | HAS_QUANTITY;

/** Bytes of `{"px":"`, `","sz":"`, `","n":`, and of the shortest level. */
const PRICE_BYTES = 7;
const QUANTITY_BYTES = 8;
const COUNT_BYTES = 6;
const WRITTEN_BYTES_MIN = 25;
const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;

/** True where `{"px":"` stands at `at`. */
function isPriceMember(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 2] === 0x70 &&
    bytes[at + 3] === 0x78 &&
    bytes[at] === OPEN_OBJECT &&
    bytes[at + 1] === QUOTE &&
    bytes[at + 4] === QUOTE &&
    bytes[at + 5] === COLON &&
    bytes[at + 6] === QUOTE
  );
}

/** True where `","sz":"` stands at `at`. */
function isQuantityMember(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === QUOTE &&
    bytes[at + 1] === COMMA &&
    bytes[at + 2] === QUOTE &&
    bytes[at + 3] === 0x73 &&
    bytes[at + 4] === 0x7a &&
    bytes[at + 5] === QUOTE &&
    bytes[at + 6] === COLON &&
    bytes[at + 7] === QUOTE
  );
}

/** True where `","n":` stands at `at`. */
function isCountMember(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === QUOTE &&
    bytes[at + 1] === COMMA &&
    bytes[at + 2] === QUOTE &&
    bytes[at + 3] === 0x6e &&
    bytes[at + 4] === QUOTE &&
    bytes[at + 5] === COLON
  );
}

/** Offset after the digits at `at`, 0 where they are no whole number of JSON or the frame ends with them. */
function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && bytes[position] >= ZERO && bytes[position] <= ZERO + 9) position++;
  if (position === at || position === end || (bytes[at] === ZERO && position > at + 1)) return 0;
  return position;
}

/** A decimal of few digits in quotes: the offset after it, or 0. */
function shortText(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const close = at < end && bytes[at] === QUOTE ? shortDecimal(bytes, at + 1, end, out, index) : 0;
  return close === 0 ? 0 : close + 1;
}

export class LevelObject {
  /** Digits after the point of the level read last, as sent. */
  priceDecimals = 0;
  quantityDecimals = 0;
  private seen = 0;

  /** Reads the object at `at` into out[index..]: price and quantity, milli and atto each. Returns the offset after it. */
  read(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    const written = this.asWritten(bytes, at, end, out, index);
    if (written > 0) return written;
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const after = this.usualMember(bytes, position, end, out, index);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    if (this.seen !== NEEDS) return FrameResult.missingField;
    return out[index] === 0 && out[index + 1] === 0 ? FrameResult.range : position + 1;
  }

  /** The level in the venue's own writing: the offset after it, or 0 where it is another or has anything wrong. */
  private asWritten(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    if (at + WRITTEN_BYTES_MIN > end || !isPriceMember(bytes, at)) return 0;
    const middle = shortDecimal(bytes, at + PRICE_BYTES, end, out, index);
    this.priceDecimals = shortDecimals;
    if (middle === 0 || middle + QUANTITY_BYTES >= end || !isQuantityMember(bytes, middle)) return 0;
    const after = shortDecimal(bytes, middle + QUANTITY_BYTES, end, out, index + 2);
    this.quantityDecimals = shortDecimals;
    if (after === 0 || after + COUNT_BYTES >= end || !isCountMember(bytes, after)) return 0;
    const close = digitsEnd(bytes, after + COUNT_BYTES, end);
    if (close === 0 || bytes[close] !== CLOSE_OBJECT) return 0;
    return out[index] === 0 && out[index + 1] === 0 ? 0 : close + 1;
  }

  private usualMember(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    const value = at + PRICE_MEMBER.length;
    if (startsWith(bytes, at, end, PRICE_MEMBER) && bytes[value] > SPACE)
      return this.price(bytes, value, end, out, index);
    if (startsWith(bytes, at, end, QUANTITY_MEMBER) && bytes[value] > SPACE)
      return this.quantity(bytes, value, end, out, index);
    return this.anyMember(bytes, at, end, out, index);
  }

  /** Unknown names, and the known ones with white space around them. */
  private anyMember(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    const value = member(bytes, at, end);
    if (value < 0) return value;
    if (matches(bytes, keyFrom, keyTo, KEY_PRICE)) return this.price(bytes, value, end, out, index);
    if (matches(bytes, keyFrom, keyTo, KEY_QUANTITY)) return this.quantity(bytes, value, end, out, index);
    return skipValue(bytes, value, end);
  }

  private price(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    if ((this.seen & HAS_PRICE) !== 0) return FrameResult.shape;
    this.seen |= HAS_PRICE;
    const short = shortText(bytes, at, end, out, index);
    const after = short > 0 ? short : decimalString(bytes, at, end, out, index);
    this.priceDecimals = short > 0 ? shortDecimals : lastDecimals;
    return after;
  }

  private quantity(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    if ((this.seen & HAS_QUANTITY) !== 0) return FrameResult.shape;
    this.seen |= HAS_QUANTITY;
    const short = shortText(bytes, at, end, out, index + 2);
    const after = short > 0 ? short : decimalString(bytes, at, end, out, index + 2);
    this.quantityDecimals = short > 0 ? shortDecimals : lastDecimals;
    return after;
  }
}
