// Owns the checks of a market whose lost trades come later: none twice, the last price stands, and no bar says that it is
// whole while another loss is open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marketPlansOf } from '../../../engine/base/market-plans.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { MISSING_RANGES_MAX, TRADE_ID_WINDOW } from '../../../schemas/config.ts';
import { Completeness, TradeFlag } from '../../../schemas/ids.ts';
import { SnapshotStage } from '../../../workers/book/snapshot-stage.ts';
import { Market } from '../../../workers/market.ts';
import { UserSignals } from '../../../workers/user-signals.ts';
import { allBars, countersOf, makeCounters, Records, SLOT, unitsOf } from './bars/records.ts';

const START_US = 1_786_000_020_000_000;
const SECOND_US = 1_000_000;

class Subject {
  readonly market: Market;
  private readonly counters = makeCounters();
  private readonly records = new Records();

  constructor(venue: string) {
    const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 64, outputSlots: 64 });
    const words = new Int32Array(memory.shards[0].words);
    const users = new UserSignals([], new Int32Array(memory.signalsOff), words, () => undefined);
    const plans = marketPlansOf();
    const parts = { plans, users, keepAll: false, stage: new SnapshotStage(), anchorWallUs: START_US };
    this.market = new Market(0, { name: `${venue}:A`, venue, symbol: 'A' }, plans.plans[0], this.counters, parts);
  }

  /** Trades with the ids [first, last], one each `everyUs` from the first's own time on, each at its id as price. */
  trades(first: number, last: number, everyUs: number, flags = 0): void {
    for (let id = first; id <= last; id++) {
      const timeUs = START_US + id * everyUs;
      const receiveNs = id * everyUs * 1000;
      const price = unitsOf(String(id));
      this.records.writeTrade({ timeUs, receiveNs, price, quantity: unitsOf('1'), id, flags });
      const { u8, u32, f64 } = this.records;
      this.market.noteTimes(f64, SLOT);
      this.market.applyTrade(u8, u32, f64, SLOT);
    }
  }

  /** A loss that shows so many seconds after the start. */
  lose(seconds: number): void {
    this.market.loseTrades(0, seconds * SECOND_US * 1000);
  }

  /** Of trades by their times alone. */
  begin(fromSeconds: number, toSeconds: number): void {
    this.market.beginBackfill(Float64Array.of(...this.span(fromSeconds, toSeconds), Number.NaN), 0, 1, 2);
  }

  end(fromSeconds: number, toSeconds: number, isWhole = true): void {
    this.market.endBackfill(this.span(fromSeconds, toSeconds), 0, 1, isWhole);
  }

  get accepted(): number {
    return countersOf(this.counters, 'trades')[0];
  }

  /** Start in seconds, trades and completeness of the bars of one second. */
  seconds(): number[][] {
    return allBars(this.market.bars, 0).map((bar) => [
      (bar.startUs - START_US) / SECOND_US,
      bar.trades,
      bar.completeness,
    ]);
  }

  get lastPrice(): number {
    const out = new Float64Array(2);
    this.market.trades.writeLastPrice(out, 0);
    return out[0] / 1000;
  }

  private span(fromSeconds: number, toSeconds: number): Float64Array {
    return Float64Array.of(START_US + fromSeconds * SECOND_US, START_US + toSeconds * SECOND_US);
  }
}

test('a back-fill of more trades than ids are remembered doubles none of those that came since', () => {
  const subject = new Subject('coinbase');
  const lost = 2 * TRADE_ID_WINDOW;
  subject.trades(1, 100, 1000);
  subject.lose(1);
  subject.trades(101 + lost, 150 + lost, 1000);
  subject.begin(0.1, 60);
  // It fails half-way and begins again; at its end come those that came live.
  subject.trades(101, 100 + lost / 2, 1000, TradeFlag.history);
  subject.trades(101, 150 + lost, 1000, TradeFlag.history);
  subject.end(0.1, 60);
  assert.equal(subject.accepted, 150 + lost);
});

test('the last price is that of the newest trade, not of the last one fetched', () => {
  const subject = new Subject('binance');
  subject.trades(1, 2, SECOND_US);
  subject.trades(5, 6, SECOND_US);
  subject.begin(2, 10);
  subject.trades(3, 4, SECOND_US, TradeFlag.history);
  subject.end(2, 10);
  assert.equal(subject.accepted, 6);
  assert.equal(subject.lastPrice, 6);
});

test('bars of a loss that shows while an older one is filled say that they lack trades until theirs have come', () => {
  const subject = new Subject('binance');
  const { gap, backfilled, complete } = Completeness;
  subject.trades(1, 2, SECOND_US);
  subject.trades(4, 6, SECOND_US);
  subject.begin(2, 5);
  subject.trades(8, 9, SECOND_US);
  subject.trades(3, 3, SECOND_US, TradeFlag.history);
  subject.end(2, 12);
  const before = new Map(subject.seconds().map(([start, , completeness]) => [start, completeness]));
  assert.equal(before.get(3), backfilled);
  assert.equal(before.get(8), gap, 'the trade before it is missing still');
  subject.begin(6, 13);
  subject.trades(7, 7, SECOND_US, TradeFlag.history);
  subject.end(6, 13);
  const after = subject.seconds();
  assert.deepEqual(
    after.map(([start, trades]) => [start, trades]),
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((start) => [start, 1]),
  );
  assert.ok(after.every(([, , completeness]) => completeness === complete || completeness === backfilled));
});

test('where more ids are missing than are remembered, no bar says that all have come', () => {
  const subject = new Subject('binance');
  const last = 2 * (MISSING_RANGES_MAX + 10) + 1;
  for (let id = 1; id <= last; id += 2) subject.trades(id, id, SECOND_US);
  subject.begin(1, last + 10);
  for (let id = 2; id < last; id += 2) subject.trades(id, id, SECOND_US, TradeFlag.history);
  subject.end(1, last + 10);
  assert.ok(subject.accepted < last, 'some are taken for repeats');
  const lacking = subject.seconds().filter(([, , completeness]) => completeness === Completeness.gap);
  assert.ok(lacking.length > 0);
});
