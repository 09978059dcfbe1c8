// Shows the latest values of a shard's markets in shared memory, those that changed in a batch. Hot path.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { LatestWriter, PRESENT_ASK, PRESENT_BID, PRESENT_LAST } from '../engine/memory/latest-values.ts';
import { latest } from '../schemas/shared-state.ts';
import { type Market, Unshown } from './market.ts';

export class LatestValues {
  private readonly writer: LatestWriter;
  private readonly dirty: Market[] = [];
  /** What is shown is newer than what the markets have come to: the shard applies what its forerunner has applied. */
  isBehind = false;

  constructor(memory: EngineMemory) {
    this.writer = new LatestWriter(memory);
  }

  /** The shard began anew: a row that its forerunner left open is closed. */
  repair(market: number): void {
    this.writer.repair(market);
  }

  /** The market changed and waits to be shown. */
  touch(market: Market): void {
    if (market.unshown === Unshown.nothing) this.dirty.push(market);
    market.unshown = Unshown.all;
  }

  /** The market took trades, none of which told of a loss, and nothing else since it was shown or touched. */
  touchTrades(market: Market): void {
    if (market.unshown !== Unshown.nothing) return;
    market.unshown = Unshown.trades;
    this.dirty.push(market);
  }

  /**
   * As touchTrades(), but shows them at once where nothing else waits: what they changed is still in the processor's cache,
   * and is no more when thousands of other markets have had their turn.
   */
  showTrades(market: Market): void {
    if (market.unshown !== Unshown.nothing) return;
    if (this.isBehind) this.touchTrades(market);
    else this.writeTrades(market);
  }

  /** Not inside a change. */
  show(): void {
    if (this.isBehind) return;
    for (let i = 0; i < this.dirty.length; i++) {
      const market = this.dirty[i];
      const isAll = market.unshown === Unshown.all;
      market.unshown = Unshown.nothing;
      if (isAll) this.write(market);
      else this.writeTrades(market);
    }
    this.dirty.length = 0;
  }

  /** The words that trades change; a market that has taken some has been shown whole before. */
  private writeTrades(market: Market): void {
    const { f64, i32 } = this.writer;
    const at = this.writer.begin(market.id);
    i32[at * 2 + latest.at.activity] = market.quality.activity;
    i32[at * 2 + latest.at.present] |= PRESENT_LAST;
    f64[at + latest.at.receiveTimeNs] = market.times[0];
    f64[at + latest.at.exchangeTimeUs] = market.times[1];
    this.writeLastTrade(market, at);
    this.writer.end(market.id);
  }

  private writeLastTrade(market: Market, at: number): void {
    const { f64 } = this.writer;
    market.trades.writeLastPrice(f64, at + latest.at.lastPriceMilli);
    market.filter.writeLastId(f64, at + latest.at.lastTradeId);
    market.bars.writeNewestTime(f64, at + latest.at.lastTradeTimeUs);
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
