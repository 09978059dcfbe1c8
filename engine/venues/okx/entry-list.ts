// Walks the `data` list of a message and hands each entry on; reads what entries of all channels have. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalString,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { timeText } from './numbers.ts';

const KEY_TIME = keyBytes('ts');
const KEY_INSTRUMENT = keyBytes('instId');

/** Bits of the fields every entry may have; a channel's own bits begin at 4. */
export const HAS_TIME = 1;
const HAS_INSTRUMENT = 2;

export abstract class EntryList {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected seen = 0;
  protected market = 0;
  /** The message's own instrument, which those of the entries must repeat. */
  private instrumentFrom = 0;
  private instrumentTo = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Forgets the entry before; returns 0 or a negative FrameResult. */
  protected beginEntry(): number {
    this.seen = 0;
    return 0;
  }

  /** Decodes one member of an entry; returns the offset after its value, or a negative FrameResult. */
  protected abstract member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number;

  /** Writes the entry read; returns 1 or a negative FrameResult. */
  protected abstract endEntry(): number;

  /** Decodes the list at `at` of the market named by bytes[from..to); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, from: number, to: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    this.market = market;
    this.instrumentFrom = from;
    this.instrumentTo = to;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.entry(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private entry(bytes: Uint8Array, at: number, end: number): number {
    const begun = this.beginEntry();
    if (begun < 0) return begun;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.endEntry();
    return written < 0 ? written : position + 1;
  }

  /** Notes a field; false where the entry had it before. */
  protected once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  /** A decimal text into values[index]. */
  protected decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  /** Time and instrument; any other member is passed over. */
  protected otherMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? timeText(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (!matches(bytes, from, to, KEY_INSTRUMENT)) return skipValue(bytes, at, end);
    return this.once(HAS_INSTRUMENT) ? this.instrument(bytes, at, end) : FrameResult.shape;
  }

  private instrument(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const length = this.instrumentTo - this.instrumentFrom;
    if (close - at - 1 !== length) return FrameResult.shape;
    for (let i = 0; i < length; i++) {
      if (bytes[at + 1 + i] !== bytes[this.instrumentFrom + i]) return FrameResult.shape;
    }
    return close + 1;
  }
}
