// Puts the indexer's list of past trades, newest first as it comes, into the order of time before they are read.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { CLOSE_ARRAY, next, OPEN_ARRAY, OPEN_OBJECT, skipSpace, skipValue, wrongType } from '../../decode/scan.ts';
import { NameTable } from './names.ts';
import { timeAny } from './numbers.ts';
import { TradeForm, type TradeObjects } from './trades.ts';

const EXECUTED_AT = new NameTable(['executedAt']);
/** Records in one answer; the indexer gives at most 100 (API docs, "TradesV2", `limit`). */
const TRADES_MAX = 4096;

export class TradeHistory extends ObjectReader {
  private readonly trades: TradeObjects;
  private readonly starts = new Int32Array(TRADES_MAX);
  private readonly times = new Float64Array(TRADES_MAX);
  private readonly order = new Int32Array(TRADES_MAX);
  private readonly time = new Float64Array(1);
  private count = 0;

  constructor(trades: TradeObjects) {
    super();
    this.trades = trades;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    const after = this.collect(bytes, at, end);
    if (after < 0) return after;
    this.sort();
    for (let i = 0; i < this.count; i++) {
      const read = this.trades.one(bytes, this.starts[this.order[i]], end, TradeForm.history);
      if (read < 0) return read;
    }
    return after;
  }

  /** Notes where each trade of the list lies, and its time. */
  private collect(bytes: Uint8Array, at: number, end: number): number {
    this.count = 0;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      if (this.count === TRADES_MAX) return FrameResult.tooLarge;
      this.time[0] = 0;
      const after = this.members(bytes, position, end);
      if (after < 0) return after;
      this.starts[this.count] = position;
      this.times[this.count++] = this.time[0];
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    return EXECUTED_AT.find(bytes, from, to) === 0 ? timeAny(bytes, at, end, this.time, 0) : skipValue(bytes, at, end);
  }

  /** By time; those of one time stay as they came. */
  private sort(): void {
    const { order, times, count } = this;
    for (let i = 0; i < count; i++) {
      let at = i;
      while (at > 0 && times[order[at - 1]] > times[i]) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = i;
    }
  }
}
