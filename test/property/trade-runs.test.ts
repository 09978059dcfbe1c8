// Owns the property test of trades applied together: whatever waits for what, a market comes to the same as one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { MARKET_COUNTER_COLUMNS } from '../../schemas/counters.ts';
import { Interest, RecordType, TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { clock, gap, trade } from '../../schemas/market-data.ts';
import { latest } from '../../schemas/shared-state.ts';
import { BAR_WORDS } from '../../workers/bars/ohlcv.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import type { Market } from '../../workers/market.ts';
import { UserSignals } from '../../workers/user-signals.ts';
import '../support/seed.ts';

const MARKETS = ['binance:A', 'binance:B', 'kraken:C', 'dydx:D'];
const SLOTS = 512;
const START_US = 1_700_000_000_000_000;
const RUNS = 200;

/** Those with and without a part of their own for many trades; chains of time bars, several at the bottom, and other kinds. */
const PLANS = [
  {},
  { bars: ['1s'], signals: [] },
  { bars: ['100ms', '1s', '1m'], signals: ['cvd', 'sweep', 'vwap', 'trade-size', 'trade-burst', 'price-trend-count'] },
  { bars: ['2s', '3s', '1m'], signals: ['cvd', 'sma@2s'] },
  { bars: ['1s', '10t', '5v'], signals: ['sweep', 'vwap-count'] },
  { bars: ['10t'], signals: ['volume-trend'] },
] as const;

type Step = {
  readonly market: number;
  /** Records in a row. */
  readonly count: number;
  readonly kind: 'trades' | 'clock' | 'loss' | 'settle' | 'listen';
  readonly stepUs: number;
  readonly receiveUs: number;
  readonly idStep: number;
  /** Sides follow one another from here on. */
  readonly side: number;
  readonly flags: number;
  readonly priceStep: number;
  readonly price: number;
  readonly atto: number;
  readonly quantity: readonly [number, number];
  readonly matches: number;
};

const amount = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.constantFrom(0, 1e10, 1e14, 99e13)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom(1, 1e12, 9e15, 9_000_000_000_000_999),
      fc.constantFrom(0, 1, 999_999_999_999_999),
    ),
  },
);

const step: fc.Arbitrary<Step> = fc.record({
  market: fc.nat(MARKETS.length - 1),
  count: fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 40 })),
  kind: fc.oneof(
    { weight: 16, arbitrary: fc.constant('trades' as const) },
    fc.constantFrom('clock' as const, 'loss' as const, 'settle' as const, 'listen' as const),
  ),
  stepUs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -3_000_000, max: 3_000_000 }) },
  ),
  receiveUs: fc.constantFrom(0, 0, 10, 70_000),
  side: fc.nat(4),
  idStep: fc.oneof({ weight: 12, arbitrary: fc.constant(1) }, fc.integer({ min: -3, max: 3 })),
  flags: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    fc.constantFrom(TradeFlag.aggregate, TradeFlag.offMarket, TradeFlag.noId, TradeFlag.history),
  ),
  priceStep: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }) },
    fc.integer({ min: -9_000, max: 9_000 }),
  ),
  price: fc.oneof({ weight: 6, arbitrary: fc.constant(60_000_000) }, fc.constantFrom(1, 60_400_000, 8e15)),
  atto: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constantFrom(1, 5e14)),
  quantity: amount,
  matches: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constantFrom(0, 3, 0xffff_ffff)),
});

/** One shard that is fed records by hand. */
class Shard {
  readonly dispatch: Dispatch;
  private readonly memory: EngineMemory;
  private readonly input: RingReader;
  private readonly interest: Int32Array;
  private readonly isTogether: boolean;
  private readonly ids = MARKETS.map(() => 0);
  private timeUs = START_US;
  private receiveUs = 0;

  constructor(plan: (typeof PLANS)[number], isTogether: boolean) {
    this.isTogether = isTogether;
    this.memory = createEngineMemory(
      { shards: 1, marketsMax: 8, inputSlots: SLOTS, outputSlots: 4096 },
      { hrtimeNs: 0, wallUs: START_US },
    );
    const directory = new MarketDirectory(this.memory);
    for (const name of MARKETS) {
      const bytes = Buffer.from(name);
      const colon = name.indexOf(':');
      directory.find(bytes, 0, colon, bytes, colon + 1, bytes.length);
    }
    directory.confirm();
    this.input = new RingReader(this.memory.shards[0].input);
    this.interest = new Int32Array(this.memory.interest);
    const words = new Int32Array(this.memory.shards[0].words);
    const users = new UserSignals([], new Int32Array(this.memory.signalsOff), words, () => undefined);
    const plans = marketPlansOf({ usual: plan });
    this.dispatch = new Dispatch(this.memory, 0, { plans, users, keepAll: false, tell: () => undefined });
  }

  take(given: Step): void {
    if (given.kind === 'listen') this.interest[given.market] ^= Interest.bar;
    else if (given.kind === 'settle') this.dispatch.trades.settleAll();
    else this.apply(given.kind === 'trades' ? this.writeTrades(given) : this.writeOther(given));
  }

  private apply(count: number): void {
    for (let slot = 0; slot < count; ) {
      const type = this.input.u8[slot * SLOT_BYTES];
      const isRun = this.isTogether && type === RecordType.trade;
      const taken = isRun ? this.dispatch.trades.takeRun(slot, count - slot) : 0;
      if (taken === 0) this.dispatch.record(type, slot);
      slot += Math.max(taken, 1);
    }
    this.dispatch.showLatest();
  }

  private writeTrades(given: Step): number {
    const { u32, f64 } = this.input;
    this.receiveUs += given.receiveUs;
    for (let slot = 0; slot < given.count; slot++) {
      const at = slot * SLOT_F64;
      this.timeUs += Math.abs(given.stepUs) > 1e6 && slot > 0 ? 1 : given.stepUs;
      this.ids[given.market] += slot === given.count - 1 ? given.idStep : 1;
      // A row of one kind with one odd record in it.
      const flags = slot === given.count >> 1 ? given.flags : 0;
      u32[slot * SLOT_U32] =
        RecordType.trade | (((((given.side + slot * 7) % 5) % 3) | flags) << 8) | (given.market << 16);
      u32[slot * SLOT_U32 + 1] = given.matches;
      f64[at + trade.at.receiveTimeNs] = slot === 3 && given.atto === 1 ? Number.NaN : this.receiveUs * 1000;
      f64[at + trade.at.exchangeTimeUs] = this.timeUs;
      f64[at + trade.at.priceMilli] = Math.max(1, given.price + given.priceStep * slot);
      f64[at + trade.at.priceAtto] = given.atto;
      f64[at + trade.at.quantityMilli] = given.quantity[0];
      f64[at + trade.at.quantityAtto] = given.quantity[1];
      f64[at + trade.at.id] = this.ids[given.market];
    }
    return given.count;
  }

  private writeOther(given: Step): number {
    const { u32, f64 } = this.input;
    if (given.kind === 'clock') {
      u32[0] = RecordType.clock;
      f64[clock.at.timeUs] = this.timeUs + given.receiveUs;
    } else {
      u32[0] = RecordType.gap | (given.market << 16);
      f64[gap.at.receiveTimeNs] = this.receiveUs * 1000;
      f64[gap.at.lost] = 1;
    }
    return 1;
  }

  /** All that a market is asked for and shows. */
  outcome(): unknown[] {
    this.dispatch.trades.settleAll();
    this.dispatch.showLatest();
    return [...this.dispatch.markets].sort((a, b) => a.id - b.id).map((market) => this.outcomeOf(market));
  }

  private outcomeOf(market: Market): unknown {
    const row = new Float64Array(BAR_WORDS);
    const bars = market.plan.bars.map((_, kind) =>
      Array.from({ length: market.bars.barCount(kind) }, (_, bar) => {
        const at = market.bars.rowAt(kind, bar);
        market.bars.copyRow(kind, at, row, 0);
        const told = new Float64Array(6 * SLOT_F64);
        market.bars.writeBar(kind, at, told, 0, 1, 2, 3, 4, 5);
        return [market.bars.flags(kind, at), ...told];
      }),
    );
    const signals = market.signals.numbers.map((number) => {
      const placed = market.signal(number);
      const signal = placed?.signal;
      return [placed?.inputs, signal?.value, signal?.second, signal?.third, signal?.event, signal?.isWarm];
    });
    const { trades } = market;
    const held = Array.from({ length: trades.count }, (_, index) => {
      const at = trades.slotAt(index) * SLOT_U32;
      return [...trades.slots.subarray(at, at + SLOT_U32)];
    });
    const from = market.id * MARKET_COUNTER_COLUMNS;
    const counters = [...new Float64Array(this.memory.marketCounters).subarray(from, from + MARKET_COUNTER_COLUMNS)];
    // The version says how often it was written.
    const words = new Int32Array(this.memory.latest, market.id * latest.sizeBytes, latest.sizeBytes / 4);
    return { id: market.id, bars, signals, held, counters, latest: [...words.subarray(latest.at.version + 1)] };
  }
}

test('trades that wait for others of their market, or come in rows, come to what they come to one by one', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PLANS), fc.array(step, { minLength: 1, maxLength: 40 }), (plan, steps) => {
      const together = new Shard(plan, true);
      const single = new Shard(plan, false);
      for (const each of steps) {
        together.take(each);
        single.take(each);
      }
      assert.deepEqual(together.outcome(), single.outcome());
    }),
    { numRuns: RUNS },
  );
});
