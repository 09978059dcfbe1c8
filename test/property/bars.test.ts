// Owns the property tests of bars: random trades, clocks and losses against a Map of buckets, every field compared.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scaledText } from '../../engine/publish/wide-decimal.ts';
import { ALLOWED_LATENESS_MS, BAR_HISTORY } from '../../schemas/config.ts';
import { Completeness, Side, TradeFlag } from '../../schemas/ids.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { BAR_CHANGE_WORDS, barChangeEntry, MarketBars } from '../../workers/bars/market-bars.ts';
import { BAR_WORDS, barRow } from '../../workers/bars/ohlcv.ts';
import { BarChange } from '../../workers/bars/time-bars.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { EmaCross } from '../../workers/signals/ema-cross.ts';
import { TimeBars as RefereeBars } from '../support/reference/bars.ts';
import { emaCross } from '../support/reference/signals.ts';
import {
  allBars,
  type BarText,
  countersOf,
  makeCounters,
  Records,
  SLOT,
  type TradeInput,
} from '../unit/workers/bars/records.ts';
import '../support/seed.ts';

const START_US = 1_786_000_000_000_000;
const LATENESS_US = ALLOWED_LATENESS_MS * 1000;
const text = (units: bigint): string => scaledText(units, 18);

type Trade = Required<Omit<TradeInput, 'text'>>;

// ---- the reference: every trade of a bucket is kept, and a bar is worked out from them when it is asked for

type Bucket = { trades: Trade[]; revision: number; isFinal: boolean; completeness: number };

class ReferenceKind {
  readonly buckets = new Map<number, Bucket>();
  revised = 0;
  private readonly intervalMs: number;
  private openUs: number | null = null;
  private newestUs = -Infinity;
  private isGapPending = false;

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
  }

  clock(clockUs: number): void {
    if (this.openUs !== null && this.openUs + this.intervalMs * 1000 <= clockUs) this.close();
  }

  noteGap(): void {
    const open = this.openUs === null ? undefined : this.buckets.get(this.openUs);
    if (open !== undefined) open.completeness = Completeness.gap;
    this.isGapPending = true;
  }

  /** False where the trade is late. */
  add(trade: Trade, clockUs: number, newestTradeUs: number): boolean {
    const width = BigInt(this.intervalMs) * 1000n;
    const startUs = Number((BigInt(trade.timeUs) / width) * width);
    const endUs = startUs + this.intervalMs * 1000;
    const isClosed = clockUs >= endUs || startUs < this.newestUs;
    this.newestUs = Math.max(this.newestUs, startUs);
    if (this.openUs !== null && this.openUs < this.newestUs) this.close();
    if (isClosed && Math.max(clockUs, newestTradeUs) > endUs + LATENESS_US) return false;
    const held = this.buckets.get(startUs);
    if (held === undefined) {
      this.buckets.set(startUs, {
        trades: [trade],
        revision: 0,
        isFinal: isClosed,
        completeness: this.begin(trade, startUs),
      });
      if (!isClosed) this.openUs = startUs;
      return true;
    }
    held.trades.push(trade);
    if (isClosed) {
      held.revision += 1;
      this.revised += 1;
    }
    return true;
  }

  bars(): BarText[] {
    const starts = [...this.buckets.keys()].sort((a, b) => a - b);
    return starts.map((startUs) => this.bar(startUs, this.buckets.get(startUs) as Bucket));
  }

  private begin(trade: Trade, startUs: number): number {
    const isGap = this.isGapPending;
    this.isGapPending = false;
    if (isGap) return Completeness.gap;
    return this.buckets.size > 0 || trade.timeUs === startUs ? Completeness.complete : Completeness.partial;
  }

  private close(): void {
    (this.buckets.get(this.openUs as number) as Bucket).isFinal = true;
    this.openUs = null;
  }

  private bar(startUs: number, { trades, revision, isFinal, completeness }: Bucket): BarText {
    const byTime = trades.toSorted((a, b) => a.timeUs - b.timeUs);
    const byPrice = trades.map((trade) => trade.price).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const quantity = (...sides: number[]): string =>
      text(trades.reduce((sum, trade) => (sides.includes(trade.side) ? sum + trade.quantity : sum), 0n));
    return {
      startUs,
      openUs: byTime[0].timeUs,
      closeUs: byTime[byTime.length - 1].timeUs,
      receiveNs: trades[trades.length - 1].receiveNs,
      intervalMs: this.intervalMs,
      open: text(byTime[0].price),
      high: text(byPrice[byPrice.length - 1]),
      low: text(byPrice[0]),
      close: text(byTime[byTime.length - 1].price),
      volume: quantity(Side.unknown, Side.buy, Side.sell),
      buy: quantity(Side.buy),
      sell: quantity(Side.sell),
      notional: scaledText(
        trades.reduce((sum, trade) => sum + trade.price * trade.quantity, 0n),
        36,
      ),
      trades: trades.reduce((sum, trade) => sum + trade.matches, 0),
      revision,
      isFinal,
      completeness,
    };
  }
}

class Reference {
  readonly kinds: ReferenceKind[];
  trades = 0;
  duplicates = 0;
  others = 0;
  late = 0;
  clockUs = -Infinity;
  private newestTradeUs = -Infinity;
  private readonly isRising: boolean;
  private readonly ids = new Set<number>();
  private channel: number | null = null;
  private lastId = -Infinity;
  private seenId = -Infinity;

  constructor(intervalsMs: readonly number[], isRising: boolean) {
    this.kinds = intervalsMs.map((intervalMs) => new ReferenceKind(intervalMs));
    this.isRising = isRising;
  }

  clock(clockUs: number): void {
    this.clockUs = clockUs;
    for (const kind of this.kinds) kind.clock(clockUs);
  }

  noteGap(): void {
    for (const kind of this.kinds) kind.noteGap();
  }

  trade(trade: Trade): void {
    this.channel ??= trade.flags & TradeFlag.aggregate;
    const isOther = (trade.flags & TradeFlag.aggregate) !== this.channel;
    if (isOther || (trade.flags & TradeFlag.offMarket) !== 0) {
      this.others += 1;
      if (!isOther && this.isRising) this.seenId = Math.max(this.seenId, trade.id);
      return;
    }
    if (this.isRising ? trade.id <= this.lastId : this.ids.has(trade.id)) {
      this.duplicates += 1;
      return;
    }
    if (this.isRising && Number.isFinite(this.seenId) && trade.id > this.seenId + 1) this.noteGap();
    this.ids.add(trade.id);
    this.lastId = trade.id;
    this.seenId = Math.max(this.seenId, trade.id);
    this.trades += trade.matches;
    this.newestTradeUs = Math.max(this.newestTradeUs, trade.timeUs);
    const taken = this.kinds.map((kind) => kind.add(trade, this.clockUs, this.newestTradeUs));
    if (taken.includes(false)) this.late += 1;
  }
}

// ---- random inputs: time wanders forward, trades come early, late, on bucket edges, twice

type Step =
  | {
      do: 'trade';
      forwardUs: number;
      backUs: number;
      isOnEdge: boolean;
      idStep: number;
      trade: Omit<Trade, 'timeUs' | 'id' | 'receiveNs'>;
    }
  | { do: 'clock'; aheadUs: number }
  | { do: 'gap' };

const price = fc.oneof(
  fc.bigInt({ min: 9_700_000n, max: 9_700_300n }).map((cents) => cents * 10n ** 16n),
  fc.bigInt({ min: 1n, max: 9n * 10n ** 30n }),
);
const quantity = fc.oneof(
  fc.bigInt({ min: 1n, max: 10n ** 9n }).map((units) => units * 10n ** 10n),
  fc.bigInt({ min: 0n, max: 9n * 10n ** 30n }),
);
const flags = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  fc.constantFrom(TradeFlag.aggregate, TradeFlag.offMarket),
);

function steps(exotic: boolean): fc.Arbitrary<Step[]> {
  const step = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('trade' as const),
        forwardUs: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 0, max: 900_000 }),
          fc.integer({ min: 0, max: 40_000_000 }),
        ),
        backUs: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 0, max: 3_000_000 }),
          fc.integer({ min: 0, max: 30_000_000 }),
        ),
        isOnEdge: fc.boolean(),
        idStep: exotic ? fc.constantFrom(1, 1, 1, 1, 1, 0, -2, 3) : fc.constant(1),
        trade: fc.record({
          price,
          quantity,
          side: fc.constantFrom(Side.unknown, Side.buy, Side.sell),
          matches: fc.integer({ min: 1, max: 9 }),
          flags: exotic ? flags : fc.constant(0),
        }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('clock' as const),
        aheadUs: fc.integer({ min: -2_000_000, max: 12_000_000 }),
      }),
    },
    { weight: exotic ? 1 : 0, arbitrary: fc.constant({ do: 'gap' as const }) },
  );
  return fc.array(step, { maxLength: 250, size: 'max' });
}

/** More seconds of trades than a history holds, some of them late. */
function manyTrades(listSeed: number): Step[] {
  let state = listSeed;
  // Park and Miller's generator: the list is told by its seed alone.
  const random = (below: number): number => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return state % below;
  };
  return Array.from({ length: 1500 }, () => ({
    do: 'trade' as const,
    forwardUs: random(3_000_000),
    backUs: random(3) === 0 ? random(11_000_000) : 0,
    isOnEdge: random(2) === 0,
    idStep: 1,
    trade: { price: BigInt(random(1000)), quantity: BigInt(random(1000)), side: random(3), matches: 1, flags: 0 },
  }));
}

type Player = { trade(trade: Trade): void; clock(clockUs: number): void; gap(): void };

function play(list: readonly Step[], player: Player): void {
  let nowUs = START_US + 123_457;
  let clockUs = -Infinity;
  let id = 1000;
  for (const [index, step] of list.entries()) {
    if (step.do === 'gap') player.gap();
    else if (step.do === 'clock') {
      const next = Math.floor((nowUs + step.aheadUs) / 100_000) * 100_000;
      if (next <= clockUs) continue;
      clockUs = next;
      player.clock(clockUs);
    } else {
      nowUs += step.forwardUs;
      const timeUs = nowUs - step.backUs;
      id += step.idStep;
      const edgeUs = timeUs - (timeUs % 1_000_000);
      player.trade({ ...step.trade, id, receiveNs: index * 1000 + 7, timeUs: step.isOnEdge ? edgeUs : timeUs });
    }
  }
}

const INTERVALS_MS = [1000, 5000, 86_400_000];

class Subject {
  readonly counters = makeCounters();
  readonly bars: MarketBars;
  readonly filter: TradeFilter;
  readonly ema = new EmaCross();
  private readonly records = new Records();

  constructor(intervalsMs: readonly number[], keepAll: boolean, venue: string) {
    this.bars = new MarketBars(intervalsMs, keepAll, this.counters);
    this.filter = new TradeFilter(venueRule(venue), this.counters);
  }

  trade(trade: Trade): void {
    const { u8, u32, f64 } = this.records;
    this.records.writeTrade(trade);
    const verdict = this.filter.accept(u8, u32, f64, SLOT);
    if (verdict === TradeVerdict.leftOut) return;
    if (verdict === TradeVerdict.acceptedAfterGap) this.bars.noteGap();
    this.check(this.bars.trade(u8, u32, f64, SLOT));
  }

  clock(clockUs: number): void {
    this.records.writeClock(clockUs);
    this.check(this.bars.clock(this.records.f64, SLOT));
  }

  gap(): void {
    this.bars.noteGap();
  }

  /** What the call says changed must be so; closed minutes go on to the EMA as dispatch does it. */
  private check(bits: number): void {
    const { bars } = this;
    let union = 0;
    for (let entry = 0; entry < bars.changeCount; entry++) {
      const [kind, row, change] = bars.changes.subarray(entry * BAR_CHANGE_WORDS);
      union |= change;
      assert.equal(barChangeEntry.change, 2);
      assert.equal(bars.isFinal(kind, row), change !== BarChange.updated && change !== BarChange.opened);
      if (!bars.isFinal(kind, row)) assert.equal(row, bars.openRow(kind));
      if (change === BarChange.closed) assert.equal(row, bars.lastClosedRow(kind));
      if (kind !== bars.signalKind || !bars.isFinal(kind, row)) continue;
      const at = row * BAR_WORDS;
      this.ema.add(bars.rows(kind), at + barRow.at.startTimeUs, at + barRow.at.closeMilli);
    }
    assert.equal(bits & ~BarChange.late, union);
  }
}

function compare(subject: Subject, reference: Reference): void {
  for (const [kind, expected] of reference.kinds.entries()) {
    assert.deepEqual(allBars(subject.bars, kind), expected.bars(), `kind ${kind}`);
  }
}

describe('bars', () => {
  for (const venue of ['coinbase', 'binance']) {
    it(`equal a reference in every field after any trades, clocks and losses (ids as at ${venue})`, () => {
      fc.assert(
        fc.property(steps(true), (list) => {
          const subject = new Subject(INTERVALS_MS, true, venue);
          const reference = new Reference([...INTERVALS_MS, 60_000], venue === 'binance');
          play(list, subject);
          play(list, {
            trade: (trade) => reference.trade(trade),
            clock: (clockUs) => reference.clock(clockUs),
            gap: () => reference.noteGap(),
          });
          compare(subject, reference);
          // The hidden minutes lie further back than a second's, so they never alone make a trade late.
          const revised = reference.kinds.slice(0, INTERVALS_MS.length).reduce((sum, kind) => sum + kind.revised, 0);
          assert.deepEqual(countersOf(subject.counters, 'trades', 'duplicates', 'otherTrades', 'late', 'revised'), [
            reference.trades,
            reference.duplicates,
            reference.others,
            reference.late,
            revised,
          ]);
        }),
        { numRuns: 400 },
      );
    });
  }

  it('bounded in number are the newest of all bars', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 2 }), (listSeed) => {
        const list = manyTrades(listSeed);
        const bounded = new Subject([1000], false, 'coinbase');
        const unbounded = new Subject([1000], true, 'coinbase');
        play(list, bounded);
        play(list, unbounded);
        const held = allBars(bounded.bars, 0);
        assert.equal(held.length, BAR_HISTORY);
        assert.deepEqual(held, allBars(unbounded.bars, 0).slice(-BAR_HISTORY));
        assert.deepEqual(bounded.counters, unbounded.counters);
      }),
      { numRuns: 15 },
    );
  });

  it('and their EMA equal the referee’s where nothing was lost', () => {
    fc.assert(
      fc.property(steps(false), (list) => {
        const subject = new Subject([1000, 60_000], true, 'coinbase');
        const referees = ['1s', '1m'].map((kind) => new RefereeBars(kind));
        let clockUs: number | null = null;
        let newestTradeUs = -Infinity;
        // Twenty-six minutes must close for a value: the days are shortened by stretching the time between trades.
        const stretched = list.map((step) => (step.do === 'trade' ? { ...step, forwardUs: step.forwardUs * 3 } : step));
        play(stretched, subject);
        play(stretched, {
          trade: ({ price, quantity, side, timeUs, matches, receiveNs }) => {
            newestTradeUs = Math.max(newestTradeUs, timeUs);
            const trade = {
              id: null,
              channel: '',
              price,
              quantity,
              side: (['unknown', 'buy', 'sell'] as const)[side],
              exchangeTimeUs: timeUs,
              matches,
            };
            for (const bars of referees) bars.add(trade, receiveNs, clockUs, newestTradeUs);
          },
          clock: (nowUs) => {
            clockUs = nowUs;
            for (const bars of referees) bars.clock(nowUs);
          },
          gap: () => {},
        });
        for (const [kind, bars] of referees.entries()) {
          const expected = bars.bars.map((bar) => [
            bar.startUs,
            bar.localUs,
            text(bar.close.price),
            scaledText(bar.notional, 36),
            bar.revision,
            bar.isFinal,
            bar.completeness,
          ]);
          const names = ['complete', 'partial', 'gap'];
          assert.deepEqual(
            allBars(subject.bars, kind).map((bar) => [
              bar.startUs,
              bar.receiveNs,
              bar.close,
              bar.notional,
              bar.revision,
              bar.isFinal,
              names[bar.completeness],
            ]),
            expected,
          );
        }
        const closes = referees[1].closes.map(({ close }) => Number(text(close)));
        const { value } = emaCross(closes);
        const out = new Float64Array(2);
        const isWarm = subject.ema.write(out, 0, 1);
        assert.deepEqual([isWarm === 1, out[1]], [value !== null, closes.length]);
        if (value === null) assert.ok(Number.isNaN(out[0]));
        else assert.ok(Math.abs(out[0] - value) <= 1e-12 * Math.max(...closes), `expected ${value}, was ${out[0]}`);
      }),
      { numRuns: 300 },
    );
  });
});
