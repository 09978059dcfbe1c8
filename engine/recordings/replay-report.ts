// Turns what shards dump at the end of a replay into the markets of `replay --json` (INTERFACES, replay).

import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { BAR_SLOTS } from '../../schemas/derived.ts';
import type { MarketDump } from '../../schemas/shard-task.ts';
import { EngineClock } from '../base/clock.ts';
import { formatDecimal } from '../base/decimal.ts';
import { type MarketPlans, planFor } from '../base/market-plans.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { MarketNames } from '../memory/market-names.ts';
import { itemJson } from '../publish/encode-json.ts';
import { addressOf, LEVEL_NUMBERS, type Levels } from '../publish/messages.ts';
import { OutputRecords } from '../publish/output-records.ts';
import { type RingMemory, RingReader } from '../ring/spsc-ring.ts';

export type SignalReport = {
  readonly value: number | null;
  readonly isWarm: boolean;
  /** All outputs, where there are more than one. */
  readonly values?: Readonly<Record<string, number | null>>;
};

export type MarketReport = {
  readonly state: string;
  readonly reason: string | null;
  readonly seq: number;
  readonly venueSequence: number | string | null;
  readonly gaps: number;
  readonly resyncs: number;
  readonly checksums: { readonly ok: number; readonly bad: number };
  readonly levels: { readonly bids: number; readonly asks: number };
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
  readonly trades: number;
  readonly bars: Readonly<Record<string, readonly TradeBar[]>>;
  readonly signals: Readonly<Record<string, SignalReport>>;
};

/** A bar as the stream sends it; only what the printed summary reads is named. Prices are null in an empty interval told so. */
export type TradeBar = {
  readonly startTimestamp: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string | null;
  readonly volume: string;
  readonly isFinal: boolean;
};

function pairs(levels: Levels): [string, string][] {
  const texts: [string, string][] = [];
  for (let at = 0; at < levels.length; at += LEVEL_NUMBERS) {
    texts.push([formatDecimal(levels[at], levels[at + 1]), formatDecimal(levels[at + 2], levels[at + 3])]);
  }
  return texts;
}

export class ReplayReports {
  private readonly names: MarketNames;
  private readonly counters: Float64Array;
  private readonly clock: EngineClock;
  private readonly plans: MarketPlans;

  constructor(memory: EngineMemory, plans: MarketPlans) {
    this.names = new MarketNames(memory);
    this.counters = new Float64Array(memory.marketCounters);
    this.clock = new EngineClock(memory.anchor);
    this.plans = plans;
  }

  /** Name and report of one market; its dump holds the answers for book, signals and each kind of bar, in this order. */
  of(dump: MarketDump<RingMemory>): readonly [string, MarketReport] {
    const name = this.names.of(dump.market);
    const { plans } = this;
    const records = new OutputRecords(new RingReader(dump.ring), this.clock, plans);
    const { bars: kinds, visibleBars } = planFor(plans, name.name) ?? plans.plans[0];
    const { jsonMarket } = addressOf('', name);
    const book = records.book(1);
    let at = 2 + records.count(1);
    const signals: Record<string, SignalReport> = {};
    const signalCount = records.count(at);
    for (let i = 1; i <= signalCount; i++) {
      const signal = records.signal(at + i);
      const { name: signalName, value, isWarm, values } = signal;
      signals[signalName] = { value, isWarm, ...(values === null ? {} : { values }) };
    }
    at += 1 + signalCount;
    const bars: Record<string, TradeBar[]> = {};
    for (const { name: kind } of kinds.slice(0, visibleBars).map((number) => plans.barKinds[number])) {
      const count = records.count(at);
      bars[kind] = Array.from(
        { length: count },
        (_, i) => JSON.parse(itemJson(records.bar(at + 1 + i * BAR_SLOTS), jsonMarket)) as TradeBar,
      );
      at += 1 + count * BAR_SLOTS;
    }
    const row = dump.market * MARKET_COUNTER_COLUMNS;
    return [
      name.name,
      {
        state: book.state,
        reason: book.reason,
        seq: book.bookSequence,
        venueSequence: book.venueSequence < 0 ? null : book.venueSequence,
        gaps: this.counters[row + marketCounter.gaps],
        resyncs: this.counters[row + marketCounter.resyncs],
        checksums: {
          ok: this.counters[row + marketCounter.checksumsOk],
          bad: this.counters[row + marketCounter.checksumsBad],
        },
        levels: { bids: book.levelsBid, asks: book.levelsAsk },
        bids: pairs(book.bids),
        asks: pairs(book.asks),
        trades: this.counters[row + marketCounter.trades],
        bars,
        signals,
      },
    ];
  }
}
