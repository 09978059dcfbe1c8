// Reads what stands behind a payload: the number of the frame, and its time, each where its flag was asked for. Hot path.
//
// Source: Bitfinex docs, "WS General", flags SEQ_ALL 65536 and TIMESTAMP 32768 (2026-07). The number comes first.

import { parseInteger } from '../../decode/integer.ts';
import { CLOSE_ARRAY, COMMA, next, skipValue } from '../../decode/scan.ts';
import { toMicroseconds } from '../../decode/time.ts';
import { FRAME_FIELDS, frameField } from './fields.ts';

/** Flags of `conf`: what it adds to frames, and how book changes come. */
export const ConfFlag = { timestamp: 32_768, sequence: 65_536, checksum: 131_072, bulkBook: 536_870_912 } as const;
/** No `conf` was seen: the frame itself must tell. All bits are set, so each flag may be. */
export const FLAGS_UNKNOWN = -1;

/** Frames of one connection never reach this number; as ms it is a day of 2001. */
const TIME_FROM = 1e12;
const number = new Float64Array(1);
const ZERO = 0x30;
const NINE = 0x39;

export class Tail {
  /** Row of frameField: number and time of the frame. */
  readonly values = new Float64Array(FRAME_FIELDS);
  hasSequence = false;

  /** Looks behind the payload at `at` before it is read; returns 1 or a negative FrameResult. */
  read(bytes: Uint8Array, at: number, end: number, flags: number): number {
    this.hasSequence = false;
    this.values[frameField.timeUs] = 0;
    if ((flags & (ConfFlag.sequence | ConfFlag.timestamp)) === 0) return 1;
    if (this.readLast(bytes, at, end)) return 1;
    const after = skipValue(bytes, at, end);
    return after < 0 ? after : this.readBehind(bytes, after, end, flags);
  }

  /** The plain case `…],123]`, from its end: one number behind an array. */
  private readLast(bytes: Uint8Array, at: number, end: number): boolean {
    const close = end - 1;
    if (bytes[close] !== CLOSE_ARRAY) return false;
    let from = close;
    while (from > at && bytes[from - 1] >= ZERO && bytes[from - 1] <= NINE) from--;
    if (from === close || from - 2 <= at || bytes[from - 1] !== COMMA || bytes[from - 2] !== CLOSE_ARRAY) return false;
    const after = parseInteger(bytes, from, end, this.values, frameField.sequence);
    this.hasSequence = after === close && this.values[frameField.sequence] < TIME_FROM;
    return this.hasSequence;
  }

  /** Whole numbers among the elements from behind the payload on: the first small one and the first large one. */
  private readBehind(bytes: Uint8Array, at: number, end: number, flags: number): number {
    let position = next(bytes, at, end, CLOSE_ARRAY);
    while (position >= 0 && bytes[position] !== CLOSE_ARRAY) {
      this.take(bytes, position, end, flags);
      position = skipValue(bytes, position, end);
      if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
    }
    return position < 0 ? position : 1;
  }

  private take(bytes: Uint8Array, at: number, end: number, flags: number): void {
    if (bytes[at] < ZERO || bytes[at] > NINE) return;
    const after = parseInteger(bytes, at, end, number, 0);
    if (after < 0) return;
    // With no flag known, -1 has all bits set.
    if (number[0] < TIME_FROM) {
      if (this.hasSequence || (flags & ConfFlag.sequence) === 0) return;
      this.hasSequence = true;
      this.values[frameField.sequence] = number[0];
    } else if (this.values[frameField.timeUs] === 0 && (flags & ConfFlag.timestamp) !== 0) {
      if (toMicroseconds(number, 0) > 0) this.values[frameField.timeUs] = number[0];
    }
  }
}
