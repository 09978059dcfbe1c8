// Reads one side of a v1 book, `[["price","volume","time"],…]`, and the latest time of its levels. Hot path.

import { LevelRows } from '../../decode/level-rows.ts';
import { CLOSE_ARRAY, next } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { secondsTime } from './numbers.ts';

/** Rows of price, volume, and where they stand a time and the mark `"r"` (republished), which changes nothing. */
export class V1Levels extends LevelRows {
  private readonly values: Float64Array;

  /** `values[field.timeUs]` is raised to the latest time of a level. */
  constructor(sink: RecordSink, values: Float64Array) {
    super(sink);
    this.values = values;
  }

  protected override rest(bytes: Uint8Array, at: number, end: number): number {
    const { values } = this;
    const position = secondsTime(bytes, at, end, values, field.spare);
    if (position < 0) return position;
    if (values[field.spare] > values[field.timeUs]) values[field.timeUs] = values[field.spare];
    return passElements(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
  }
}
