// Holds the trades of one message until all are read, then gives them in ascending order of id. Hot path.

import { FRAME_RECORDS_MAX } from '../../schemas/config.ts';

/** Rows to begin with: the snapshot after subscribing has 100 trades. */
const ROWS_START = 256;

/** Numbers of a row: id, time, price (milli, atto), quantity (milli, atto). */
export const row = Object.freeze({ id: 0, timeUs: 1, price: 2, quantity: 4 });
export const ROW_NUMBERS = 6;

/** Words of a row: where the product's text lies in the message, and the flags. */
export const word = Object.freeze({ productFrom: 0, productTo: 1, flags: 2 });
export const ROW_WORDS = 3;

export class TradeRows {
  count = 0;
  numbers = new Float64Array(ROWS_START * ROW_NUMBERS);
  words = new Int32Array(ROWS_START * ROW_WORDS);
  /** Rows in the order of their ids, after sort(). */
  order = new Int32Array(ROWS_START);
  private spare = new Int32Array(ROWS_START);

  /** Index of a new row, or -1 where the message holds more trades than a frame may have records. */
  add(): number {
    if (this.count === FRAME_RECORDS_MAX) return -1;
    if (this.count === this.order.length) this.grow();
    return this.count++;
  }

  /** Stable. Coinbase lists the newest first, so a falling list is only turned round. */
  sort(): void {
    const last = this.count - 1;
    let rises = 0;
    let falls = 0;
    for (let i = 0; i < last; i++) {
      if (this.id(i) > this.id(i + 1)) falls++;
      else rises++;
    }
    const isFalling = rises === 0;
    for (let i = 0; i <= last; i++) this.order[i] = isFalling ? last - i : i;
    if (rises > 0 && falls > 0) this.mergeSort();
  }

  private id(index: number): number {
    return this.numbers[index * ROW_NUMBERS + row.id];
  }

  /** Bottom-up, between `order` and `spare`: n log n whatever a message holds. */
  private mergeSort(): void {
    for (let width = 1; width < this.count; width *= 2) {
      for (let from = 0; from < this.count; from += 2 * width) this.merge(from, from + width, from + 2 * width);
      const merged = this.spare;
      this.spare = this.order;
      this.order = merged;
    }
  }

  /** Merges order[from..middle) and order[middle..to) into spare; ends beyond the rows are cut. */
  private merge(from: number, middle: number, to: number): void {
    const leftEnd = Math.min(middle, this.count);
    const rightEnd = Math.min(to, this.count);
    let left = from;
    let right = leftEnd;
    for (let i = from; i < rightEnd; i++) {
      const takesLeft =
        left < leftEnd && (right >= rightEnd || this.id(this.order[left]) <= this.id(this.order[right]));
      this.spare[i] = takesLeft ? this.order[left++] : this.order[right++];
    }
  }

  private grow(): void {
    const rows = 2 * this.order.length;
    const numbers = new Float64Array(rows * ROW_NUMBERS);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const words = new Int32Array(rows * ROW_WORDS);
    words.set(this.words);
    this.words = words;
    this.order = new Int32Array(rows);
    this.spare = new Int32Array(rows);
  }
}
