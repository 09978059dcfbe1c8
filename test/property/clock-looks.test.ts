// Owns the property test of clock records that visit only the markets with something due: all comes out as if each were visited.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { RATE_WARM_GAPS } from '../../schemas/config.ts';
import { ChangeFlag, Interest, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { bookChange, clock, gap, level, trade } from '../../schemas/market-data.ts';
import { latest } from '../../schemas/shared-state.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { UserSignals } from '../../workers/user-signals.ts';
import '../support/seed.ts';

const MARKETS = ['binance:A', 'kraken:B'];
const OUTPUT_SLOTS = 1 << 14;
const START_US = 1_700_000_000_000_000;
const TICK_US = 100_000;
const LISTENS = Interest.bar | Interest.bbo | Interest.status | Interest.signal;

const PLANS = [
  {},
  { bars: ['1s', '5s'], emptyBars: 'flat', staleAfterMs: 200 },
  { bars: ['100ms', '200ms', '300ms', '1m'], emptyBars: 'null', latenessMs: 2000, signals: ['sma@100ms', 'cvd'] },
  { bars: ['10t'], staleAfterMs: 0 },
] as const;

const step = fc.record({
  kind: fc.constantFrom('trade', 'trade', 'book', 'books', 'clock', 'clock', 'clock', 'loss', 'listen'),
  market: fc.nat(MARKETS.length - 1),
  /** Passes before the step; a clock record comes for the last multiple of 100 ms, those between are left out. */
  passUs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 400_000 }) },
    { weight: 2, arbitrary: fc.constantFrom(1_000_000, 5_000_000, 61_000_000) },
    { weight: 1, arbitrary: fc.constantFrom(-300_000, -10_000_000) },
  ),
  /** How far the record's own times lie from now. */
  receiveUs: fc.constantFrom(0, 0, 0, -50_000, -7_000_000, Number.NaN),
  venueUs: fc.constantFrom(0, 0, -30_000, -1_500_000, 400_000),
  /** Of a book change: a snapshot or not; whether its levels are still to come at the next clock record. */
  isSnapshot: fc.boolean(),
  isSplit: fc.boolean(),
  price: fc.integer({ min: 90, max: 110 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Shard {
  private readonly memory = createEngineMemory(
    { shards: 1, marketsMax: 8, inputSlots: 64, outputSlots: OUTPUT_SLOTS },
    { hrtimeNs: 0, wallUs: START_US },
  );
  private readonly input = new RingReader(this.memory.shards[0].input);
  private readonly output = new RingReader(this.memory.shards[0].output);
  private readonly interest = new Int32Array(this.memory.interest);
  private readonly sequences = MARKETS.map(() => 0);
  private readonly dispatch: Dispatch;
  private readonly visitsAll: boolean;
  private readonly told: string[] = [];
  private nowUs = START_US;

  constructor(plan: (typeof PLANS)[number], visitsAll: boolean) {
    this.visitsAll = visitsAll;
    const directory = new MarketDirectory(this.memory);
    for (const name of MARKETS) {
      const bytes = Buffer.from(name);
      const colon = name.indexOf(':');
      directory.find(bytes, 0, colon, bytes, colon + 1, bytes.length);
    }
    directory.confirm();
    new Int32Array(this.memory.signalInterest).fill(-1);
    const words = new Int32Array(this.memory.shards[0].words);
    const users = new UserSignals([], new Int32Array(this.memory.signalsOff), words, () => undefined);
    const plans = marketPlansOf({ usual: plan });
    this.dispatch = new Dispatch(this.memory, 0, { plans, users, keepAll: false, tell: () => undefined });
  }

  take(given: Step): void {
    this.nowUs += given.passUs;
    if (given.kind === 'listen') this.interest[given.market] ^= LISTENS;
    else if (given.kind === 'clock') this.clock();
    else if (given.kind === 'trade') this.trade(given);
    else if (given.kind === 'book') this.book(given);
    else if (given.kind === 'books') this.books(given);
    else this.loss(given);
    if (!this.dispatch.isInChange) this.dispatch.showLatest();
  }

  private head(type: number, given: Step, flags = 0, count = 1): number {
    const { u32, f64 } = this.input;
    u32[0] = type | (flags << 8) | (given.market << 16);
    u32[1] = count;
    f64[trade.at.receiveTimeNs] = (this.nowUs + given.receiveUs - START_US) * 1000;
    f64[trade.at.exchangeTimeUs] = this.nowUs + given.venueUs;
    return ++this.sequences[given.market];
  }

  private clock(): void {
    if (this.visitsAll) this.dispatch.nextLookUs.fill(Number.NEGATIVE_INFINITY);
    this.input.u32[0] = RecordType.clock;
    this.input.f64[clock.at.timeUs] = Math.floor(this.nowUs / TICK_US) * TICK_US;
    this.dispatch.record(RecordType.clock, 0);
  }

  private trade(given: Step): void {
    const { f64 } = this.input;
    const id = this.head(RecordType.trade, given);
    f64[trade.at.priceMilli] = given.price * 1000;
    f64[trade.at.priceAtto] = 0;
    f64[trade.at.quantityMilli] = 1000;
    f64[trade.at.quantityAtto] = 0;
    f64[trade.at.id] = id;
    if (this.dispatch.take(RecordType.trade, 0, 1) !== 1) throw new Error('expected one record to be taken');
  }

  /** As many as make the market's rate known. */
  private books(given: Step): void {
    for (let count = 0; count < RATE_WARM_GAPS + 2; count++) {
      this.nowUs += 20_000;
      this.book({ ...given, isSnapshot: true, isSplit: false, receiveUs: 0 });
    }
  }

  /** One level a side, in the second and third slot. */
  private book(given: Step): void {
    const { u32, f64 } = this.input;
    const sequence = this.head(RecordType.bookChange, given, given.isSnapshot ? ChangeFlag.snapshot : 0, 2);
    f64.fill(0, bookChange.at.firstSequence, SLOT_F64);
    f64[bookChange.at.firstSequence] = sequence;
    f64[bookChange.at.lastSequence] = sequence;
    f64[bookChange.at.previousSequence] = sequence - 1;
    this.dispatch.record(RecordType.bookChange, 0);
    for (const side of [0, 1]) {
      if (given.isSplit) this.clock();
      const at = side + 1;
      u32[at * SLOT_U32] = RecordType.level | (side << 8) | (given.market << 16);
      u32[at * SLOT_U32 + 1] = 0;
      f64.fill(0, at * SLOT_F64 + 1, (at + 1) * SLOT_F64);
      f64[at * SLOT_F64 + level.at.priceMilli] = (given.price + (side === 0 ? -1 : 1)) * 1000;
      f64[at * SLOT_F64 + level.at.quantityMilli] = 1000;
      this.dispatch.record(RecordType.level, at);
    }
  }

  private loss(given: Step): void {
    this.head(RecordType.gap, given);
    this.input.f64[gap.at.lost] = 1;
    this.dispatch.record(RecordType.gap, 0);
  }

  /** What it shows now, and all it has told. */
  outcome(): unknown {
    this.dispatch.output.commit(new Float64Array(2), 0, 1);
    const { u8 } = this.output;
    for (let offset = 0; offset < this.output.available(); offset++) {
      const from = this.output.slotAt(offset) * SLOT_BYTES;
      this.told.push(Buffer.from(u8.subarray(from, from + SLOT_BYTES)).toString('hex'));
    }
    this.output.release(this.output.available());
    const shown = MARKETS.map((_, id) => {
      const words = new Int32Array(this.memory.latest, id * latest.sizeBytes, latest.sizeBytes / 4);
      return [...words.subarray(latest.at.version + 1)];
    });
    return { told: this.told, shown, counters: [...new Float64Array(this.memory.marketCounters)] };
  }
}

test('a clock record that visits only markets with something due comes to what it comes to when it visits all', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PLANS), fc.array(step, { minLength: 1, maxLength: 120 }), (plan, steps) => {
      const due = new Shard(plan, false);
      const all = new Shard(plan, true);
      for (const each of steps) {
        due.take(each);
        all.take(each);
        assert.deepEqual(due.outcome(), all.outcome());
      }
    }),
    { numRuns: 500 },
  );
});
