// Owns the property tests of time bars: random trades, clocks, losses and spreads against a referee that adds every trade
// to every kind on its own, every field compared.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scaledText } from '../../engine/publish/wide-decimal.ts';
import { BAR_HISTORY } from '../../schemas/config.ts';
import { BOOK_STATE_NAMES, COMPLETENESS_NAMES, EMPTY_BARS_NAMES, Side, TradeFlag } from '../../schemas/ids.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { BAR_CHANGE_WORDS, BarChange, barChangeEntry } from '../../workers/bars/bar-changes.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { type Bar, TimeBars as RefereeBars } from '../support/reference/bars.ts';
import {
  allBars,
  type BarText,
  barText,
  countersOf,
  makeCounters,
  planOf,
  Records,
  SLOT,
  type TradeInput,
} from '../unit/workers/bars/records.ts';
import '../support/seed.ts';

const START_US = 1_786_000_000_000_000;
const ATTO = 10n ** 15n;
const text = (units: bigint): string => scaledText(units, 18);

type Trade = Required<Omit<TradeInput, 'text'>>;
type Settings = { readonly kinds: readonly string[]; readonly latenessMs: number; readonly emptyBars: 0 | 1 | 2 };

// ---- the referee of one market: which trades count, and each kind built from them alone

class Reference {
  readonly kinds: RefereeBars[];
  trades = 0;
  duplicates = 0;
  others = 0;
  late = 0;
  private clockUs: number | null = null;
  private newestTradeUs = -Infinity;
  private readonly isRising: boolean;
  private readonly ids = new Set<number>();
  private channel: number | null = null;
  private lastId = -Infinity;
  private seenId = -Infinity;

  constructor({ kinds, latenessMs, emptyBars }: Settings, isRising: boolean) {
    const rules = { latenessMs, empties: EMPTY_BARS_NAMES[emptyBars] };
    this.kinds = kinds.map((kind) => new RefereeBars(kind, rules));
    this.isRising = isRising;
  }

  clock(clockUs: number, state: number): void {
    this.clockUs = clockUs;
    for (const kind of this.kinds) kind.clock(clockUs, BOOK_STATE_NAMES[state]);
  }

  gap(): void {
    for (const kind of this.kinds) kind.markLoss();
  }

  spread(spread: bigint | null): void {
    for (const kind of this.kinds) kind.noteSpread(spread);
  }

  trade(trade: Trade, state: number): void {
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
    if (this.isRising && Number.isFinite(this.seenId) && trade.id > this.seenId + 1) this.gap();
    this.ids.add(trade.id);
    this.lastId = trade.id;
    this.seenId = Math.max(this.seenId, trade.id);
    this.trades += trade.matches;
    this.newestTradeUs = Math.max(this.newestTradeUs, trade.timeUs);
    if (this.addToKinds(trade, state).includes(false)) this.late += 1;
  }

  private addToKinds({ price, quantity, side, timeUs, matches, receiveNs }: Trade, state: number): boolean[] {
    const sideName = (['unknown', 'buy', 'sell'] as const)[side];
    const trade = { id: null, channel: '', price, quantity, side: sideName, exchangeTimeUs: timeUs, matches };
    const stateName = BOOK_STATE_NAMES[state];
    return this.kinds.map((kind) => kind.add(trade, receiveNs, this.clockUs, this.newestTradeUs, stateName));
  }

  bars(index: number): BarText[] {
    return this.kinds[index].bars.map((bar) => this.text(index, bar));
  }

  private text(index: number, bar: Bar): BarText {
    const hasPrices = this.kinds[index].hasPrices(bar);
    const price = (units: bigint): string => text(hasPrices ? units : 0n);
    return {
      startUs: bar.startUs,
      openUs: bar.open.exchangeTimeUs,
      closeUs: bar.close.exchangeTimeUs,
      receiveNs: bar.localUs,
      kind: index,
      open: price(bar.open.price),
      high: price(bar.high),
      low: price(bar.low),
      close: price(bar.close.price),
      volume: text(bar.volume),
      buy: text(bar.buyVolume),
      sell: text(bar.sellVolume),
      notional: scaledText(bar.notional, 36),
      trades: bar.trades,
      revision: bar.revision,
      isFinal: bar.isFinal,
      completeness: COMPLETENESS_NAMES.indexOf(bar.completeness),
      state: BOOK_STATE_NAMES.indexOf(bar.state as 'live'),
      hasPrices,
      spreadHigh: bar.spreadHigh === null ? null : text(bar.spreadHigh),
      spreadLow: bar.spreadLow === null ? null : text(bar.spreadLow),
    };
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
      receiveNs: number;
      trade: Omit<Trade, 'timeUs' | 'id' | 'receiveNs'>;
    }
  | { do: 'clock'; aheadUs: number }
  | { do: 'gap' }
  | { do: 'spread'; spread: bigint | null }
  | { do: 'state'; state: number };

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
          { weight: 8, arbitrary: fc.constant(0) },
          { weight: 12, arbitrary: fc.integer({ min: 0, max: 900_000 }) },
          { weight: 5, arbitrary: fc.integer({ min: 0, max: 40_000_000 }) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 40_000_000_000 }) },
        ),
        backUs: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 0, max: 3_000_000 }),
          fc.integer({ min: 0, max: 30_000_000 }),
        ),
        isOnEdge: fc.boolean(),
        receiveNs: fc.integer({ min: 0, max: 50_000 }),
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
    { weight: 1, arbitrary: fc.constant({ do: 'gap' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('spread' as const), spread: fc.option(price, { nil: null }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('state' as const), state: fc.integer({ min: 0, max: 4 }) }),
    },
  );
  return fc.array(step, { maxLength: 150, size: 'max' });
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
    receiveNs: random(50_000),
    idStep: 1,
    trade: { price: BigInt(random(1000)), quantity: BigInt(random(1000)), side: random(3), matches: 1, flags: 0 },
  }));
}

type Player = {
  trade(trade: Trade, state: number): void;
  clock(clockUs: number, state: number): void;
  gap(): void;
  spread(spread: bigint | null): void;
};

function play(list: readonly Step[], ...players: Player[]): void {
  let nowUs = START_US + 123_457;
  let clockUs = -Infinity;
  let id = 1000;
  let state = 0;
  for (const [index, step] of list.entries()) {
    if (step.do === 'gap') for (const player of players) player.gap();
    else if (step.do === 'state') state = step.state;
    else if (step.do === 'spread') for (const player of players) player.spread(step.spread);
    else if (step.do === 'clock') {
      const next = Math.floor((nowUs + step.aheadUs) / 100_000) * 100_000;
      if (next <= clockUs) continue;
      clockUs = next;
      for (const player of players) player.clock(clockUs, state);
    } else {
      nowUs += step.forwardUs;
      const timeUs = nowUs - step.backUs;
      id += step.idStep;
      const edgeUs = timeUs - (timeUs % 1_000_000);
      // Receive times mostly rise, but history that a venue sends on subscribing may come with older ones.
      const receiveNs = index * 1000 + step.receiveNs;
      const trade = { ...step.trade, id, receiveNs, timeUs: step.isOnEdge ? edgeUs : timeUs };
      for (const player of players) player.trade(trade, state);
    }
  }
}

const KIND_NAMES = [
  '100ms',
  '300ms',
  '500ms',
  '1s',
  '2s',
  '5s',
  '7s',
  '15s',
  '1m',
  '5m',
  '1h',
  '6h',
  '1d',
  '84h',
  '1w',
];
const settings: fc.Arbitrary<Settings> = fc.record({
  kinds: fc
    .subarray(KIND_NAMES, { minLength: 1, maxLength: 6 })
    .chain((kinds) => fc.shuffledSubarray(kinds, { minLength: kinds.length })),
  latenessMs: fc.constantFrom(0, 700, 10_000, 60_000),
  emptyBars: fc.constantFrom(0, 1, 2),
});

class Subject {
  readonly counters = makeCounters();
  readonly bars: MarketBars;
  /** Closes of final bars by kind, as a signal takes them from the changes. */
  readonly closes: { startUs: number; close: string }[][];
  private readonly filter: TradeFilter;
  private readonly records = new Records();

  constructor({ kinds, latenessMs, emptyBars }: Settings, keepAll: boolean, venue: string) {
    this.bars = new MarketBars(planOf(kinds, { latenessMs, emptyBars, keepAll }), this.counters);
    this.closes = kinds.map(() => []);
    this.filter = new TradeFilter(venueRule(venue), this.counters);
  }

  trade(trade: Trade, state: number): void {
    const { u8, u32, f64 } = this.records;
    this.records.writeTrade(trade);
    const verdict = this.filter.accept(u8, u32, f64, SLOT);
    if (verdict === TradeVerdict.leftOut) return;
    if (verdict === TradeVerdict.acceptedAfterGap) this.bars.noteGap();
    this.check(this.bars.trade(u8, u32, f64, SLOT, state));
  }

  clock(clockUs: number, state: number): void {
    this.records.writeClock(clockUs);
    this.check(this.bars.clock(this.records.f64, SLOT, state));
  }

  gap(): void {
    this.bars.noteGap();
  }

  spread(spread: bigint | null): void {
    if (spread === null) this.bars.noteSpread(-1, 0);
    else this.bars.noteSpread(Number(spread / ATTO), Number(spread % ATTO));
  }

  /** What the call says changed must be so. */
  private check(bits: number): void {
    const { bars } = this;
    let union = 0;
    for (let entry = 0; entry < bars.changes.count; entry++) {
      const at = entry * BAR_CHANGE_WORDS;
      const kind = bars.changes.words[at + barChangeEntry.kind];
      const row = bars.changes.words[at + barChangeEntry.row];
      const change = bars.changes.words[at + barChangeEntry.change];
      union |= change;
      assert.equal(bars.isFinal(kind, row), change !== BarChange.updated && change !== BarChange.opened);
      if (bars.isFinal(kind, row)) this.takeClose(kind, barText(bars, kind, row));
      else assert.equal(row, bars.openRow(kind));
    }
    assert.equal(bits & ~BarChange.late, union);
  }

  private takeClose(kind: number, { startUs, close, hasPrices }: BarText): void {
    const closes = this.closes[kind];
    const last = closes.at(-1);
    if (!hasPrices || startUs < (last?.startUs ?? 0)) return;
    if (startUs === last?.startUs) last.close = close;
    else closes.push({ startUs, close });
  }
}

function compare(subject: Subject, reference: Reference): void {
  for (const [kind, referee] of reference.kinds.entries()) {
    assert.deepEqual(allBars(subject.bars, kind), reference.bars(kind), `kind ${referee.kind}`);
    const closes = referee.closes.map(({ startUs, close }) => ({ startUs, close: text(close) }));
    assert.deepEqual(subject.closes[kind], closes, `closes of kind ${referee.kind}`);
  }
}

describe('bars of any set of time kinds', () => {
  for (const venue of ['coinbase', 'binance']) {
    it(`equal those built from trades in every field (ids as at ${venue})`, () => {
      fc.assert(
        fc.property(settings, steps(true), (chosen, list) => {
          const subject = new Subject(chosen, true, venue);
          const reference = new Reference(chosen, venue === 'binance');
          play(list, subject, reference);
          compare(subject, reference);
          const revised = reference.kinds.reduce((sum, kind) => sum + kind.revised, 0);
          assert.deepEqual(countersOf(subject.counters, 'trades', 'duplicates', 'otherTrades', 'late', 'revised'), [
            reference.trades,
            reference.duplicates,
            reference.others,
            reference.late,
            revised,
          ]);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('equal those built from trades at every moment, the forming ones included', () => {
    fc.assert(
      fc.property(settings, steps(false), (chosen, list) => {
        const subject = new Subject(chosen, true, 'coinbase');
        const reference = new Reference(chosen, false);
        const check = (): void => compare(subject, reference);
        play(list.slice(0, 40), subject, reference, { trade: check, clock: check, gap: check, spread: check });
      }),
      { numRuns: 40 },
    );
  });

  it('are the newest of all where their number is bounded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 2 }), fc.constantFrom(0, 1, 2), (listSeed, emptyBars) => {
        const list = manyTrades(listSeed);
        const chosen: Settings = { kinds: ['1s', '100ms', '5s', '1h'], latenessMs: 10_000, emptyBars };
        const bounded = new Subject(chosen, false, 'coinbase');
        const unbounded = new Subject(chosen, true, 'coinbase');
        play(list, bounded, unbounded);
        for (const kind of chosen.kinds.keys()) {
          const held = allBars(bounded.bars, kind);
          const all = allBars(unbounded.bars, kind);
          assert.equal(held.length, Math.min(all.length, BAR_HISTORY));
          assert.deepEqual(held, all.slice(-BAR_HISTORY));
        }
        assert.deepEqual(bounded.counters, unbounded.counters);
      }),
      { numRuns: 6 },
    );
  });
});
