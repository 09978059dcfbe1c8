// Owns the property tests of bars that trades bound: random trades of every size against BigInts, every field compared.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SPLIT_BARS_MAX } from '../../schemas/config.ts';
import { BarChange } from '../../workers/bars/bar-changes.ts';
import { BarsSubject } from '../support/information-bars.ts';
import { formatDecimal } from '../support/reference/decimal.ts';
import {
  type InformationBar,
  InformationBarsReference,
  type Print,
  type Rule,
  type Taker,
} from '../support/reference/information-bars.ts';
import '../support/seed.ts';

const ONE = 10n ** 18n;
/** The largest decimal, and the first that is too large for a threshold. */
const DECIMAL_MAX = 9_000_000_000_000n * ONE + ONE - 1n;
const THRESHOLD_END = 10n ** 12n * ONE;

type Kind = { readonly unit: string; readonly counts: Rule['counts']; readonly isImbalance: boolean };
const KINDS: readonly Kind[] = [
  { unit: 't', counts: 'trades', isImbalance: false },
  { unit: 'v', counts: 'quantity', isImbalance: false },
  { unit: 'n', counts: 'notional', isImbalance: false },
  { unit: 'r', counts: 'range', isImbalance: false },
  { unit: 'ti', counts: 'trades', isImbalance: true },
  { unit: 'vi', counts: 'quantity', isImbalance: true },
  { unit: 'ni', counts: 'notional', isImbalance: true },
];

type Step =
  | { readonly do: 'trade'; readonly print: Print; readonly state: number }
  | { readonly do: 'loss' }
  | { readonly do: 'see'; readonly spread: bigint | null };

const clamp = (value: bigint, low: bigint, high: bigint): bigint => (value < low ? low : value > high ? high : value);

/** Numbers of 1 to `digits` digits, each length as likely; half of them round, like those of venues. */
const anySize = (digits: number): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.integer({ min: 1, max: digits }), fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.nat({ max: 60 }))
    .map(([length, seed, zeros]) => {
      const value = 10n ** BigInt(length - 1) + (seed % (9n * 10n ** BigInt(length - 1)));
      const step = 10n ** BigInt(zeros > 30 ? 0 : Math.min(zeros, length - 1));
      return (value / step) * step;
    });

/** Hundredths of a threshold: mostly part of one, some exactly whole ones, some many. */
const hundredths = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 120 }) },
  { weight: 2, arbitrary: fc.nat({ max: 12 }).map((count) => count * 100) },
  { weight: 1, arbitrary: fc.nat({ max: 2500 }) },
);

/** Below, at or above a round amount by one step. */
const step = fc.integer({ min: -1, max: 1 }).map(BigInt);

function thresholdOf({ counts }: Kind): fc.Arbitrary<bigint> {
  if (counts === 'trades') return fc.integer({ min: 1, max: 9 }).map((count) => BigInt(count) * ONE);
  return anySize(30).map((value) => clamp(value, 1n, THRESHOLD_END - 1n));
}

/** Quantities that go round the threshold at this price, and some of any size. */
function quantityOf({ counts }: Kind, threshold: bigint, price: bigint): fc.Arbitrary<bigint> {
  const whole = counts === 'notional' && price > 0n ? (threshold * ONE) / price : threshold;
  const near = fc.tuple(hundredths, step).map(([part, off]) => (whole * BigInt(part)) / 100n + off);
  const any = fc.oneof({ weight: 9, arbitrary: near }, { weight: 1, arbitrary: anySize(31) });
  return any.map((value) => clamp(value, 0n, DECIMAL_MAX));
}

/** Prices around one of any size: by shares of the threshold for ranges, else by shares of the price. */
function priceOf({ counts }: Kind, threshold: bigint, middle: bigint): fc.Arbitrary<bigint> {
  const scale = counts === 'range' ? threshold : middle;
  const near = fc.tuple(fc.integer({ min: -80, max: 80 }), step).map(([part, off]) => {
    const whole = part % 7 === 0 ? 0n : (scale * BigInt(part)) / (counts === 'range' ? 80n : 1000n);
    return middle + whole + off;
  });
  return near.map((value) => clamp(value, 0n, DECIMAL_MAX));
}

const takers = fc.constantFrom<Taker>('unknown', 'buy', 'buy', 'sell');

function printOf(kind: Kind, threshold: bigint, middle: bigint): fc.Arbitrary<Print> {
  return priceOf(kind, threshold, middle).chain((price) =>
    fc.record({
      timeUs: fc.integer({ min: 1_786_000_000_000_000, max: 1_786_000_000_900_000 }),
      receiveNs: fc.nat(),
      price: fc.constant(price),
      quantity: quantityOf(kind, threshold, price),
      taker: takers,
      matches: fc.integer({ min: 1, max: 50 }),
    }),
  );
}

function stepOf(kind: Kind, threshold: bigint, middle: bigint): fc.Arbitrary<Step> {
  const print = printOf(kind, threshold, middle);
  return fc.oneof(
    { weight: 20, arbitrary: fc.record({ do: fc.constant('trade' as const), print, state: fc.nat({ max: 4 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'loss' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('see' as const), spread: fc.option(anySize(31), { freq: 4 }) }),
    },
  );
}

type Run = { readonly threshold: bigint; readonly steps: readonly Step[] };

const runOf = (kind: Kind): fc.Arbitrary<Run> =>
  fc.tuple(thresholdOf(kind), anySize(31)).chain(([threshold, middle]) =>
    fc.record({
      threshold: fc.constant(threshold),
      steps: fc.array(stepOf(kind, threshold, middle), { maxLength: 40, size: 'max' }),
    }),
  );

const nameOf = ({ unit }: Kind, threshold: bigint): string => `${formatDecimal(threshold)}${unit}`;

class Pair {
  readonly subject: BarsSubject;
  readonly reference: InformationBarsReference;

  constructor(kind: Kind, threshold: bigint) {
    this.subject = new BarsSubject(nameOf(kind, threshold));
    this.reference = new InformationBarsReference({ ...kind, threshold }, SPLIT_BARS_MAX);
  }

  take(step: Step): void {
    const { subject, reference } = this;
    if (step.do === 'loss') {
      subject.bars.noteGap();
      reference.loss();
    } else if (step.do === 'see') {
      subject.see(step.spread);
      reference.see(step.spread);
    } else this.trade(step.print, step.state);
  }

  /** What is noted must be the bars touched, each once and in order. All bars are kept, so a row is an index. */
  private trade(print: Print, state: number): void {
    const { bits, notes } = this.subject.add(print, state);
    const touched = this.reference.add(print, state).map(([index, isOpened, isClosed]) => {
      const isTaken = (this.reference.bars[index].parts.at(-1) as { print: Print }).print === print;
      const taken = isOpened ? BarChange.opened : isTaken ? BarChange.updated : BarChange.none;
      return [index, taken | (isClosed ? BarChange.closed : BarChange.none)];
    });
    assert.deepEqual(notes, touched);
    assert.equal(
      bits,
      notes.reduce((all, [, change]) => all | change, 0),
    );
  }
}

const volume = ({ sides }: InformationBar): bigint => sides[0] + sides[1] + sides[2];
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const printsOf = ({ steps }: Run): Print[] => steps.flatMap((step) => (step.do === 'trade' ? [step.print] : []));

/** What each kind promises of a final bar that no trade was too large for. */
function checkFinal(kind: Kind, threshold: bigint, bar: InformationBar, highest: bigint): void {
  const size = bar.prices[1] - bar.prices[2];
  if (kind.counts === 'range') assert.ok(size <= threshold, `range ${size}`);
  if (kind.isImbalance) return;
  if (kind.counts === 'quantity') assert.equal(volume(bar), threshold);
  if (kind.counts === 'notional') {
    assert.ok(bar.notional >= threshold * ONE && bar.notional < threshold * ONE + highest, `notional ${bar.notional}`);
  }
}

/** θ of every bar but the unsplit ones: at least N where final and less than a step of 10^-18 more, else under N. */
function checkThetas({ reference }: Pair, kind: Kind): void {
  const threshold = reference.threshold();
  for (const bar of reference.bars) {
    const theta = reference.theta(bar);
    const size = theta < 0n ? -theta : theta;
    const last = bar.parts[bar.parts.length - 1].print.price;
    const slack = kind.counts === 'notional' ? last : 1n;
    assert.ok(bar.isFinal ? size >= threshold && size < threshold + slack : size < threshold, `theta ${theta}`);
  }
}

for (const kind of KINDS) {
  describe(`bars of kind N${kind.unit}`, () => {
    it('equal the reference in every field and note, whatever the decimals, sides and losses', () => {
      fc.assert(
        fc.property(runOf(kind), (run) => {
          const pair = new Pair(kind, run.threshold);
          for (const step of run.steps) pair.take(step);
          assert.deepEqual(pair.subject.all(), pair.reference.all());
          assert.equal(pair.subject.unsplit, pair.reference.unsplit);
        }),
        { numRuns: 250 },
      );
    });

    it('lose and add nothing: sums of parts are those of the trades, and bars keep their bounds', () => {
      fc.assert(
        fc.property(runOf(kind), (run) => {
          const pair = new Pair(kind, run.threshold);
          for (const step of run.steps) pair.take(step);
          const bars = pair.subject.all();
          const prints = printsOf(run);
          assert.equal(sum(bars.map(volume)), sum(prints.map(({ quantity }) => quantity)));
          assert.equal(sum(bars.map((bar) => bar.notional)), sum(prints.map((print) => print.price * print.quantity)));
          assert.equal(
            bars.reduce((all, { trades }) => all + trades, 0),
            prints.reduce((all, { matches }) => all + matches, 0),
          );
          if (pair.subject.unsplit > 0) return;
          for (const bar of bars.filter(({ isFinal }) => isFinal)) {
            checkFinal(kind, run.threshold, bar, bar.prices[3] > 0n ? bar.prices[3] : 1n);
          }
          if (kind.counts !== 'range') checkThetas(pair, kind);
        }),
        { numRuns: 150 },
      );
    });

    it('are the same whether their trades come alone or between those of another market', () => {
      fc.assert(
        fc.property(runOf(kind), runOf(kind), (run, other) => {
          const alone = new Pair(kind, run.threshold);
          for (const step of run.steps) alone.take(step);
          const [mixed, second] = [new Pair(kind, run.threshold), new Pair(kind, other.threshold)];
          for (const [index, step] of run.steps.entries()) {
            mixed.take(step);
            if (index < other.steps.length) second.take(other.steps[index]);
          }
          assert.deepEqual(mixed.subject.all(), alone.subject.all());
        }),
        { numRuns: 30 },
      );
    });
  });
}
