// Owns the property test of back-filled bars: a stretch of trades is lost and comes later, and every bar is as if it had
// never been away. The reference is the same stream without a loss.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Completeness, EmptyBars, Side, TradeFlag } from '../../schemas/ids.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import {
  allBars,
  type BarText,
  makeCounters,
  planOf,
  Records,
  SLOT,
  type TradeInput,
} from '../unit/workers/bars/records.ts';
import '../support/seed.ts';

const START_US = 1_786_000_000_000_000;
const KINDS = ['300ms', '1s', '5s', '1m'];

type Step = { readonly forwardUs: number; readonly price: bigint; readonly quantity: bigint; readonly side: number };

/** Shorter than the stretch of empty bars that is made at once (EMPTY_BARS_MAX). No two trades on both sides of an end of the loss share an instant: their order could not be told from their times. */
const steps = fc.array(
  fc.record({
    forwardUs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 900_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000_000 }) },
    ),
    price: fc.bigInt({ min: 9_700_000n, max: 9_700_300n }).map((cents) => cents * 10n ** 16n),
    quantity: fc.bigInt({ min: 1n, max: 10n ** 9n }).map((units) => units * 10n ** 10n),
    side: fc.constantFrom(Side.unknown, Side.buy, Side.sell),
  }),
  { minLength: 3, maxLength: 120 },
);

function tradesOf(list: readonly Step[], from: number, to: number): TradeInput[] {
  let timeUs = START_US + 123_457;
  return list.map(({ forwardUs, ...trade }, index) => {
    timeUs += index === from || index === to ? forwardUs + 1 : forwardUs;
    return { ...trade, timeUs, id: 1000 + index, receiveNs: 0 };
  });
}

class Subject {
  readonly bars: MarketBars;
  private readonly filter: TradeFilter;
  private readonly records = new Records();
  private readonly span = new Float64Array(2);

  constructor(venue: string, emptyBars: EmptyBars) {
    const counters = makeCounters();
    this.bars = new MarketBars(planOf(KINDS, { emptyBars, keepAll: true }), counters);
    this.filter = new TradeFilter(venueRule(venue), counters);
  }

  trade(input: TradeInput): void {
    const { u8, u32, f64 } = this.records;
    this.records.writeTrade(input);
    const verdict = this.filter.accept(u8, u32, f64, SLOT);
    assert.notEqual(verdict, TradeVerdict.leftOut, `trade ${input.id}`);
    if (verdict === TradeVerdict.acceptedAfterGap) this.bars.noteGap();
    this.bars.trade(u8, u32, f64, SLOT, 0);
  }

  /** The clock stands at what was traded last, and somewhat later. */
  clock(timeUs: number): void {
    this.records.writeClock(Math.floor(timeUs / 100_000) * 100_000);
    this.bars.clock(this.records.f64, SLOT, 0);
  }

  lose(sinceUs: number): void {
    this.span[0] = sinceUs;
    this.bars.noteGapSince(this.span, 0);
  }

  backfill(fromUs: number, toUs: number, trades: readonly TradeInput[]): void {
    this.span.set([fromUs, toUs]);
    this.bars.beginBackfill(this.span, 0);
    for (const input of trades) this.trade({ ...input, flags: TradeFlag.history });
    this.bars.endBackfill(this.span, 0, 1, true);
  }

  texts(): BarText[][] {
    return KINDS.map((_, kind) => allBars(this.bars, kind));
  }
}

/** What a loss that was made good may not change. */
const lasting = ({ revision: _, completeness: __, ...rest }: BarText): Partial<BarText> => rest;

for (const venue of ['binance', 'coinbase']) {
  for (const emptyBars of [EmptyBars.skip, EmptyBars.flat]) {
    test(`bars whose lost trades come later equal those of a whole stream (${venue}, empty bars ${emptyBars})`, () => {
      fc.assert(
        fc.property(steps, fc.nat(), fc.nat(), fc.array(fc.nat()), (list, first, length, clocks) => {
          const from = 1 + (first % (list.length - 1));
          const to = Math.min(from + 1 + (length % 15), list.length);
          const trades = tradesOf(list, from, to);
          const whole = new Subject(venue, emptyBars);
          const mended = new Subject(venue, emptyBars);
          const isClock = (index: number): boolean => clocks.some((at) => at % trades.length === index);
          for (const [index, trade] of trades.entries()) {
            whole.trade(trade);
            if (index < from || index >= to) mended.trade(trade);
            if (isClock(index)) for (const subject of [whole, mended]) subject.clock(trade.timeUs);
            if (index === to - 1) mended.lose(trades[from - 1].timeUs);
          }
          const [before, after] = [trades[from - 1].timeUs, trades[trades.length - 1].timeUs];
          mended.backfill(before, after, trades.slice(from, to));
          const texts = mended.texts();
          for (const [kind, expected] of whole.texts().entries()) {
            assert.deepEqual(texts[kind].map(lasting), expected.map(lasting), KINDS[kind]);
            assert.equal(texts[kind].filter((bar) => bar.completeness === Completeness.gap).length, 0);
          }
          const isMended = texts.every((bars) => bars.some((bar) => bar.completeness === Completeness.backfilled));
          assert.ok(isMended, 'each kind says which bars were mended');
        }),
        { numRuns: 300 },
      );
    });
  }
}

test('a back-fill that is not whole leaves its bars as they are: with what came, and saying that more is missing', () => {
  const subject = new Subject('binance', EmptyBars.skip);
  const [first, second, third] = tradesOf(
    [0, 1, 2].map(() => ({ forwardUs: 200_000, price: 10n ** 18n, quantity: 10n ** 18n, side: Side.buy })),
    1,
    2,
  );
  subject.trade(first);
  subject.trade(third);
  const span = Float64Array.of(first.timeUs, third.timeUs);
  subject.bars.beginBackfill(span, 0);
  subject.trade({ ...second, flags: TradeFlag.history });
  subject.bars.endBackfill(span, 0, 1, false);
  const minute = subject.texts()[3][0];
  assert.deepEqual([minute.volume, minute.trades, minute.completeness], ['3', 3, Completeness.gap]);
});
