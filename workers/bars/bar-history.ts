// The bars of one kind in time order: rows of 288 bytes in a circle that doubles up to its limit.

import { BAR_HISTORY } from '../../schemas/config.ts';
import { BAR_WORDS } from './ohlcv.ts';

/** Rows made with the first bar: 2,304 bytes, since most markets of a large set are quiet. A full circle has 144,000. */
const ROWS_START = 8;

/** Shared by all histories without a bar. */
const NO_ROWS = new Float64Array(0);

/** No replay reaches this; a typed array ends before. */
const KEEP_ALL_ROWS_MAX = 2 ** 30;

/**
 * A row number is a place in `rows` and stays valid while bars are only appended; insertAt() moves the newer ones. An
 * index counts from the oldest bar kept. A circle turns only at its full size, so growing leaves row numbers alone.
 */
export class BarHistory {
  rows = NO_ROWS;
  count = 0;
  private head = 0;
  private capacity = 0;
  private readonly rowsMax: number;

  constructor(keepAll: boolean) {
    this.rowsMax = keepAll ? KEEP_ALL_ROWS_MAX : BAR_HISTORY;
  }

  /** Row of the bar with this index. */
  rowAt(index: number): number {
    const row = this.head + index;
    return row < this.capacity ? row : row - this.capacity;
  }

  /** A row behind the newest, leaving out the oldest where the circle is full. Its words are those of an older bar. */
  append(): number {
    if (this.count === this.capacity && this.capacity < this.rowsMax) this.grow();
    if (this.count < this.capacity) this.count++;
    else this.head = this.head + 1 < this.capacity ? this.head + 1 : 0;
    return this.rowAt(this.count - 1);
  }

  /** A row with `newer` bars behind it. Returns its row number, or -1 where the circle does not reach so far back. */
  insertBefore(newer: number): number {
    if (newer === this.count && this.count >= this.rowsMax) return -1;
    let to = this.append();
    for (let moved = 0; moved < newer; moved++) {
      const from = this.rowAt(this.count - 2 - moved);
      this.rows.copyWithin(to * BAR_WORDS, from * BAR_WORDS, (from + 1) * BAR_WORDS);
      to = from;
    }
    return to;
  }

  private grow(): void {
    this.capacity = Math.min(Math.max(this.capacity * 2, ROWS_START), this.rowsMax);
    const rows = new Float64Array(this.capacity * BAR_WORDS);
    rows.set(this.rows);
    this.rows = rows;
  }
}
