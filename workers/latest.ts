// Shows the latest values of a shard's markets in shared memory, those that changed in a batch. Hot path.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { LatestWriter, PRESENT_ASK, PRESENT_BID, PRESENT_LAST } from '../engine/memory/latest-values.ts';
import { latest } from '../schemas/shared-state.ts';
import type { Market } from './market.ts';

export class LatestValues {
  private readonly writer: LatestWriter;
  private readonly dirty: Market[] = [];

  constructor(memory: EngineMemory) {
    this.writer = new LatestWriter(memory);
  }

  /** The shard began anew: a row that its forerunner left open is closed. */
  repair(market: number): void {
    this.writer.repair(market);
  }

  /** The market changed and waits to be shown. */
  touch(market: Market): void {
    if (market.isDirty) return;
    market.isDirty = true;
    this.dirty.push(market);
  }

  /** Not inside a change. */
  show(): void {
    for (let i = 0; i < this.dirty.length; i++) {
      this.dirty[i].isDirty = false;
      this.write(this.dirty[i]);
    }
    this.dirty.length = 0;
  }

  private write(market: Market): void {
    const { book } = market;
    const { f64, i32 } = this.writer;
    const at = this.writer.begin(market.id);
    const words = at * 2;
    const hasLast = market.trades.count > 0;
    i32[words + latest.at.state] = book.state;
    i32[words + latest.at.reason] = book.reason;
    i32[words + latest.at.activity] = market.quality.activity;
    i32[words + latest.at.present] =
      (book.bids.count > 0 ? PRESENT_BID : 0) | (book.asks.count > 0 ? PRESENT_ASK : 0) | (hasLast ? PRESENT_LAST : 0);
    f64[at + latest.at.receiveTimeNs] = market.times[0];
    f64[at + latest.at.exchangeTimeUs] = market.times[1];
    f64[at + latest.at.sinceNs] = book.sinceNs;
    f64[at + latest.at.bookSequence] = book.bookSequence;
    const bid = book.bids.count === 0 ? -1 : book.bids.offsetOf(0);
    const ask = book.asks.count === 0 ? -1 : book.asks.offsetOf(0);
    for (let i = 0; i < 4; i++) {
      f64[at + latest.at.bidPriceMilli + i] = bid < 0 ? 0 : book.bids.values[bid + i];
      f64[at + latest.at.askPriceMilli + i] = ask < 0 ? 0 : book.asks.values[ask + i];
    }
    if (hasLast) market.trades.writeLastPrice(f64, at + latest.at.lastPriceMilli);
    i32[words + latest.at.openLosses] = market.openLosses;
    f64[at + latest.at.lossFromId] = market.lossFrom[0];
    f64[at + latest.at.lossFromTimeUs] = market.lossFrom[1];
    market.filter.writeLastId(f64, at + latest.at.lastTradeId);
    market.bars.writeNewestTime(f64, at + latest.at.lastTradeTimeUs);
    this.writer.end(market.id);
  }
}
