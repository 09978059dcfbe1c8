// Reads RFC 3339 times in words, as engine/decode/time.ts does in bytes: those of one minute differ in their end alone. Hot path.
//
//   2026-08-09T21:05:49.169531441Z"
//   └── remembered ──┘

import { isoTime, TIME_US_MAX } from './time.ts';
import { fourDigits } from './words.ts';

const ZERO = 0x30;
const QUOTE = 0x22;
const SECONDS_AT = 16;
const FRACTION_AT = 20;
const MICRO_DIGITS = 6;
const FRACTION_DIGITS_MAX = 9;
const MINUTE_US = 60e6;
const SECONDS_MAX = 59;
/** `:` and `.` with the two digits between them left out. */
const SECONDS_MASK = 0xff0000ff | 0;
const SECONDS_MARKS = 0x2e00003a;
/** `Z"` as getUint16() reads it. */
const END = 0x225a;

const POWERS = Int32Array.from({ length: MICRO_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

export class IsoMinute {
  /** The first 16 bytes of the minute met last, and its beginning. */
  private readonly words = new Int32Array(4);
  private readonly startUs = new Float64Array(1);

  /**
   * The text from behind its opening quote into out[index] in µs, finer digits cut: a fraction of four to nine digits, UTC.
   * Returns the offset after the closing quote, or 0.
   */
  read(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
    if (at === 0 || at + FRACTION_AT > last) return 0;
    const { words } = this;
    if (
      view.getInt32(at + 8, true) !== words[2] ||
      view.getInt32(at + 12, true) !== words[3] ||
      view.getInt32(at + 4, true) !== words[1] ||
      view.getInt32(at, true) !== words[0]
    ) {
      if (!this.remember(view, at, last)) return 0;
    }
    return this.readEnd(view, at, last, out, index);
  }

  private readEnd(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
    const word = view.getInt32(at + SECONDS_AT, true);
    const tens = ((word >>> 8) & 0xff) - ZERO;
    const ones = ((word >>> 16) & 0xff) - ZERO;
    const seconds = tens * 10 + ones;
    const isSeconds = (word & SECONDS_MASK) === SECONDS_MARKS && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
    if (!isSeconds || seconds > SECONDS_MAX) return 0;
    const four = fourDigits(view.getInt32(at + FRACTION_AT, true));
    if (four < 0) return 0;
    let micros = four;
    let digits = 4;
    let position = at + FRACTION_AT + 4;
    for (; position <= last + 2; position++) {
      const digit = view.getUint8(position) - ZERO;
      if (digit < 0 || digit > 9) break;
      if (digits < MICRO_DIGITS) micros = micros * 10 + digit;
      digits++;
    }
    if (digits > FRACTION_DIGITS_MAX || position > last + 2 || view.getUint16(position, true) !== END) return 0;
    micros *= POWERS[MICRO_DIGITS - Math.min(digits, MICRO_DIGITS)];
    out[index] = this.startUs[0] + seconds * 1e6 + micros;
    return out[index] <= TIME_US_MAX ? position + 2 : 0;
  }

  /** Reads the text as any JSON; false where it is no time in UTC. Once a minute, so it may allocate. */
  private remember(view: DataView, at: number, last: number): boolean {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, last + 4 - at);
    const to = bytes.indexOf(QUOTE);
    if (to < 0) return false;
    const text = new Uint8Array(to + 2);
    text[0] = QUOTE;
    text.set(bytes.subarray(0, to + 1), 1);
    const after = isoTime(text, 0, text.length, this.startUs, 0);
    const isLeap = text[18] === ZERO + 6;
    if (after < 0 || isLeap || (text[to] & 0xff) !== (END & 0xff)) {
      this.words.fill(0);
      return false;
    }
    this.startUs[0] = Math.floor(this.startUs[0] / MINUTE_US) * MINUTE_US;
    for (let i = 0; i < this.words.length; i++) this.words[i] = view.getInt32(at + 4 * i, true);
    return true;
  }
}
