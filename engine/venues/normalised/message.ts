// What every normalised message has, whatever its type: the market's two names and the venue's time. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { integerNumber, keyBytes, matches, QUOTE, skipValue, stringEnd, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { isoTime, toMicroseconds } from '../../decode/time.ts';
import { namedMarket } from './names.ts';

const KEY_TYPE = keyBytes('type');
const KEY_EXCHANGE = keyBytes('exchange');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_TIMESTAMP = keyBytes('timestamp');

/** Bits of `seen`; the kinds go on from OWN_FIELDS. */
export const HAS_TYPE = 1;
export const HAS_EXCHANGE = 2;
export const HAS_SYMBOL = 4;
export const HAS_TIME = 8;
export const HAS_MARKET = HAS_EXCHANGE | HAS_SYMBOL;
export const OWN_FIELDS = 16;

/** The fields all kinds share. One object per kind of message, reused for each. */
export class MessageFields {
  /** [0] is the venue time in µs, 0 where there is none. */
  readonly time = new Float64Array(1);
  seen = 0;
  private venueFrom = 0;
  private venueTo = 0;
  private symbolFrom = 0;
  private symbolTo = 0;

  begin(): void {
    this.seen = 0;
    this.time[0] = 0;
  }

  /** Notes a field; false where the message had it before. */
  once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  has(bits: number): boolean {
    return (this.seen & bits) === bits;
  }

  /** Takes a member that is not the kind's own: a shared field, or one to pass over. Returns the offset after it. */
  take(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.name(bytes, at, end, HAS_SYMBOL);
    if (matches(bytes, from, to, KEY_EXCHANGE)) return this.name(bytes, at, end, HAS_EXCHANGE);
    if (matches(bytes, from, to, KEY_TIMESTAMP)) return this.timestamp(bytes, at, end);
    if (matches(bytes, from, to, KEY_TYPE) && !this.once(HAS_TYPE)) return FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  /** The market the message names, or a negative FrameResult. */
  market(sink: RecordSink, bytes: Uint8Array): number {
    return namedMarket(sink, bytes, this.venueFrom, this.venueTo, this.symbolFrom, this.symbolTo);
  }

  private name(bytes: Uint8Array, at: number, end: number, bit: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
    const close = stringEnd(bytes, at + 1, end);
    if (close < 0) return close;
    if (bit === HAS_SYMBOL) {
      this.symbolFrom = at + 1;
      this.symbolTo = close;
    } else {
      this.venueFrom = at + 1;
      this.venueTo = close;
    }
    return close + 1;
  }

  /** RFC 3339 text, or an integer of milli- or microseconds. */
  private timestamp(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_TIME)) return FrameResult.shape;
    if (at < end && bytes[at] === QUOTE) return isoTime(bytes, at, end, this.time, 0);
    const after = integerNumber(bytes, at, end, this.time, 0);
    if (after < 0) return after;
    const fits = toMicroseconds(this.time, 0);
    return fits < 0 ? fits : after;
  }
}
