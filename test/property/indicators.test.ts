// Owns the property tests of bar signals: revisions leave no trace, and any run of bars equals the plain computation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SignalEvent } from '../../schemas/ids.ts';
import { SIGNAL_CATALOGUE, type SignalParameter } from '../../schemas/signals.ts';
import { BAR_SIGNALS } from '../../workers/signals/bars/registry.ts';
import type { BarSignal, BarView } from '../../workers/signals/signal.ts';
import { barView, barWithoutPrices, type Outputs, outputsOf } from '../support/bar-views.ts';
import { PLAIN_INDICATORS, shareApart, WARM_UP_BARS } from '../support/plain-indicators.ts';
import '../support/seed.ts';

const ENTRIES = SIGNAL_CATALOGUE.filter(({ input }) => input === 'bar');
/** As a share of the value, or of the greatest price for values that come near 0. */
const TOLERANCE = 1e-10;
const PRICE_MAX = 200;

/** Few prices, so that equal ones and ties of highs and lows are common; a volume of 0 too. */
const pricedBar: fc.Arbitrary<BarView> = fc
  .tuple(
    fc.array(fc.integer({ min: 19_990, max: PRICE_MAX * 100 }), { minLength: 4, maxLength: 4 }),
    fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.double({ min: 1e-3, max: 1e3, noNaN: true })),
  )
  .map(([cents, volume]) => {
    const prices = cents.map((value) => value / 100);
    return barView(prices[0], Math.max(...prices), Math.min(...prices), prices[1], volume);
  });
const bar = fc.oneof({ weight: 9, arbitrary: pricedBar }, { weight: 1, arbitrary: fc.constant(barWithoutPrices()) });

/** Each bar as the versions it is told in, the last one final. */
const histories = fc.array(fc.array(bar, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 60 });

/** Windows of a few bars, so that rings turn over many times in a short run. */
function parameter({ least, most, isWhole }: SignalParameter): fc.Arbitrary<number> {
  if (isWhole) return fc.integer({ min: least, max: Math.min(most, 7) });
  return fc.double({ min: least, max: Math.min(most, 4), noNaN: true });
}

const parametersOf = (all: readonly SignalParameter[]): fc.Arbitrary<number[]> => fc.tuple(...all.map(parameter));

function giveAll(signal: BarSignal, versions: readonly BarView[]): void {
  for (const [at, view] of versions.entries()) signal.bar(view, at > 0);
}

const isPriced = ({ close }: BarView): boolean => !Number.isNaN(close);

/** Ratios of what rounding left of a value near 0 mean nothing; plain and incremental then differ as they may. */
function assertNear(actual: Outputs, expected: Outputs, label: string): void {
  for (const [output, value] of expected.entries()) {
    const apart = shareApart(actual[output], value, PRICE_MAX);
    assert.ok(apart <= TOLERANCE, `${label} output ${output}: ${actual}, expected ${expected}`);
  }
}

describe('every bar signal', () => {
  for (const { name, parameters: all } of ENTRIES) {
    it(`${name}: after revisions equals one that has only seen the final versions, to the last bit`, () => {
      fc.assert(
        fc.property(parametersOf(all), histories, (parameters, history) => {
          const revised = BAR_SIGNALS[name](parameters);
          const unrevised = BAR_SIGNALS[name](parameters);
          for (const versions of history) {
            giveAll(revised, versions);
            unrevised.bar(versions[versions.length - 1], false);
            assert.deepEqual(outputsOf(revised), outputsOf(unrevised));
            assert.equal(revised.isWarm, unrevised.isWarm);
          }
        }),
      );
    });

    it(`${name}: equals the plain computation over the bars that have prices`, () => {
      fc.assert(
        fc.property(parametersOf(all), histories, (parameters, history) => {
          const subject = BAR_SIGNALS[name](parameters);
          const finals = history.map((versions) => versions[versions.length - 1]).filter(isPriced);
          const plain = PLAIN_INDICATORS[name](finals, parameters);
          let seen = 0;
          for (const versions of history) {
            giveAll(subject, versions);
            if (isPriced(versions[versions.length - 1])) seen += 1;
            const expected: Outputs = seen === 0 ? [Number.NaN, Number.NaN, Number.NaN] : plain[seen - 1];
            assertNear(outputsOf(subject), expected, `(${parameters}) after ${seen}`);
            assert.equal(subject.isWarm, seen >= WARM_UP_BARS[name](parameters));
          }
        }),
        { numRuns: 50 },
      );
    });
  }
});

describe('events of crosses', () => {
  const watched: Readonly<Record<string, (signal: BarSignal) => number>> = {
    macd: ({ third }) => third,
    'ema-cross': ({ value }) => value,
    'sma-cross': ({ value }) => value,
    'price-cross': ({ value }) => value,
  };
  for (const { name, parameters: all } of ENTRIES.filter(({ name }) => name in watched)) {
    it(`${name}: are a function of the value told before and the one told now, revisions among them`, () => {
      fc.assert(
        fc.property(parametersOf(all), histories, (parameters, history) => {
          const signal = BAR_SIGNALS[name](parameters);
          for (const versions of history) {
            for (const [at, view] of versions.entries()) {
              const before = watched[name](signal);
              signal.bar(view, at > 0);
              assert.equal(signal.event, crossOf(before, watched[name](signal)));
            }
          }
        }),
      );
    });
  }
});

function crossOf(before: number, now: number): number {
  if (before <= 0 && now > 0) return SignalEvent.crossUp;
  return before >= 0 && now < 0 ? SignalEvent.crossDown : SignalEvent.none;
}

describe('events of one bar', () => {
  for (const name of ['donchian', 'volume-spike']) {
    it(`${name}: the last one told of a bar is that of its last version that had any`, () => {
      const all = ENTRIES.find((entry) => entry.name === name)?.parameters ?? [];
      fc.assert(
        fc.property(parametersOf(all), histories, (parameters, history) => {
          const revised = BAR_SIGNALS[name](parameters);
          const finals: BarView[] = [];
          for (const versions of history) {
            let told: number = SignalEvent.none;
            let expected: number = SignalEvent.none;
            for (const [at, view] of versions.entries()) {
              revised.bar(view, at > 0);
              if (revised.event !== SignalEvent.none) assert.notEqual(revised.event, told);
              told = revised.event || told;
              expected = eventOfLast(name, parameters, [...finals, view]) || expected;
              assert.equal(told, expected);
            }
            finals.push(versions[versions.length - 1]);
          }
        }),
        { numRuns: 30 },
      );
    });
  }
});

function eventOfLast(name: string, parameters: readonly number[], bars: readonly BarView[]): number {
  const signal = BAR_SIGNALS[name](parameters);
  for (const view of bars) signal.bar(view, false);
  return signal.event;
}
