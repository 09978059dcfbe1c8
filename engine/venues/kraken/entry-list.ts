// Walks the `data` list of a v2 message and hands each entry on. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { CLOSE_ARRAY, CLOSE_OBJECT, next, OPEN_ARRAY, OPEN_OBJECT, skipSpace, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

/** Bit of the field every entry has; a channel's own bits begin at 2. */
export const HAS_SYMBOL = 1;

export abstract class EntryList {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected seen = 0;
  protected symbolFrom = 0;
  protected symbolTo = 0;
  /** The message's `type` is `snapshot`. */
  protected isSnapshot = false;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Forgets the entry before. */
  protected beginEntry(): void {
    this.seen = 0;
    this.values[field.timeUs] = 0;
  }

  /** Decodes one member of an entry; returns the offset after its value, or a negative FrameResult. */
  protected abstract member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number;

  /** Writes the entry read; returns 1 or a negative FrameResult. */
  protected abstract endEntry(bytes: Uint8Array, end: number): number;

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, isSnapshot: boolean): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    this.isSnapshot = isSnapshot;
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
    this.beginEntry();
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.endEntry(bytes, end);
    return written < 0 ? written : position + 1;
  }

  /** Notes a field; false where the entry had it before. */
  protected once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  protected symbol(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_SYMBOL)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.symbolFrom = at + 1;
    this.symbolTo = close;
    return close + 1;
  }
}
