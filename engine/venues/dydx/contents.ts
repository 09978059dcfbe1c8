// Walks the contents of one channel: one object, or with batched messages a list of them. Hot path.

import { ObjectReader } from '../../decode/object-reader.ts';
import { CLOSE_ARRAY, next, OPEN_ARRAY, OPEN_OBJECT, skipSpace, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

/** What the message says of its contents. */
export abstract class Contents extends ObjectReader {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected market = 0;
  /** The state on subscribing, or trades asked for again. */
  protected isInitial = false;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** The message's number lies in values[field.messageId]. */
  prepare(market: number, isInitial: boolean, values: Float64Array): void {
    this.market = market;
    this.isInitial = isInitial;
    this.values[field.messageId] = values[field.messageId];
  }

  /** Decodes one object of contents; returns the offset after it, or a negative FrameResult. */
  abstract one(bytes: Uint8Array, at: number, end: number): number;

  /** The list of a batched message. */
  batch(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.one(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }
}
