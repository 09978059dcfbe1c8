// Walks the `data` list of a v2 message and hands each entry on. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

/** Bit of the field every entry has; a channel's own bits begin at 2. */
export const HAS_SYMBOL = 1;

export abstract class EntryList extends ObjectList {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected symbolFrom = 0;
  protected symbolTo = 0;
  /** The message's `type` is `snapshot`. */
  protected isSnapshot = false;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  protected override beginEntry(): number {
    this.values[field.timeUs] = 0;
    return super.beginEntry();
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, isSnapshot: boolean): number {
    this.isSnapshot = isSnapshot;
    return this.entries(bytes, at, end);
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
