// Comparing runs: a regression is found, noise is not, and runs of different work are refused.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../engine/base/errors.ts';
import { type Comparison, compare, type Side } from '../../../engine/report/compare.ts';
import { comparisonText } from '../../../engine/report/compare-text.ts';
import { buildReport } from '../../../engine/report/load-report.ts';
import { changeOf } from '../../../engine/report/noise.ts';
import { median, rankTest } from '../../../engine/report/rank-test.ts';
import { DEFAULT_THRESHOLDS } from '../../../engine/report/threshold.ts';
import { type LoadRunWishes, loadRunOf, normal, randomOf } from '../../support/load-run.ts';
import { SEED } from '../../support/seed.ts';

/** Runs that differ by seed, each slower or faster than the side by a few percent. */
function side(seed: number, runs: number, wishes: LoadRunWishes = {}): Side {
  const random = randomOf(seed);
  const reports = Array.from({ length: runs }, (_, at) => {
    const slowness = (wishes.slowness ?? 1) * (1 + 0.02 * normal(random));
    return buildReport(
      loadRunOf({ spans: 2, ratePerS: 600, ...wishes, seed: seed * 100 + at, slowness }),
      DEFAULT_THRESHOLDS,
    );
  });
  return { folders: reports.map((_, at) => `run-${seed}-${at}`), reports };
}

const outcomes = (comparison: Comparison, outcome: string): string[] =>
  comparison.rows.filter((row) => row.outcome === outcome).map(({ name }) => name);

describe('two sides of four runs', () => {
  const base = side(1, 4);

  test('that are alike show no difference', () => {
    const comparison = compare(base, side(2, 4), false);
    assert.deepEqual([comparison.verdict, outcomes(comparison, 'worse')], ['same', []]);
    assert.match(comparisonText(comparison), /^NO DIFFERENCE beyond the noise\n/);
  });

  test('of which the later is a third slower show a regression, with the stages that have it', () => {
    const comparison = compare(base, side(3, 4, { slowness: 1.33 }), false);
    assert.equal(comparison.verdict, 'worse');
    for (const name of ['end-to-end p50', 'engine p50', 'decode p50', 'processor time'])
      assert.ok(outcomes(comparison, 'worse').includes(name), name);
    assert.deepEqual(outcomes(comparison, 'better'), []);
    assert.match(comparisonText(comparison), /^REGRESSION: [\s\S]*end-to-end p50 .*\+\d\d\.\d %.*SLOWER/);
  });

  test('of which the later is a third faster show an improvement', () => {
    const comparison = compare(base, side(4, 4, { slowness: 0.7 }), false);
    assert.equal(comparison.verdict, 'better');
    assert.match(comparisonText(comparison), /^IMPROVEMENT: [\s\S]*end-to-end p50 .*-\d\d\.\d %.*faster/);
  });

  test('of which the later loses and drops updates show a regression', () => {
    const comparison = compare(base, side(5, 4, { lost: 3, dropped: 2 }), false);
    assert.deepEqual(outcomes(comparison, 'worse'), ['lost', 'dropped']);
    assert.ok(comparison.notes.some((note) => note.includes('4 of the 8 runs failed a threshold')));
  });

  test('of which the later grows by 60 MB show a regression of memory', () => {
    const comparison = compare(base, side(6, 4, { rssGrowthBytes: 62e6 }), false);
    assert.deepEqual(outcomes(comparison, 'worse'), ['memory growth', 'memory at most']);
  });

  test('leave out what no run of a side could measure', () => {
    const alike = compare(base, side(2, 4), false);
    assert.ok(outcomes(alike, 'unknown').includes('engine p99.9'));
    assert.doesNotMatch(alike.notes.join(' '), /on one side alone/);
  });

  test('of which only one has a figure say so', () => {
    const { folders, reports } = side(2, 4);
    const blind = reports.map((each) => ({
      ...each,
      stages: { ...each.stages, engine: { ...each.stages.engine, p99: null } },
    }));
    const comparison = compare(base, { folders, reports: blind }, false);
    assert.match(comparisonText(comparison), /Note: measured on one side alone, and so not judged: engine p99\./);
  });
});

test('with one run a side it says that the noise cannot be known, and takes 10 %', () => {
  const comparison = compare(side(1, 1), side(7, 1, { slowness: 1.5 }), false);
  assert.equal(comparison.verdict, 'worse');
  assert.equal(comparison.rows[0].band, 0.1);
  assert.match(comparisonText(comparison), /its noise cannot be known/);
});

describe('runs of different work', () => {
  const base = side(1, 1);
  const other = side(8, 1, { run: { markets: 200, profile: 'burst' } });
  test('are refused with what differs', () => {
    assert.throws(
      () => compare(base, other, false),
      (error: unknown) =>
        error instanceof UsageError && /markets 50 and 200, profile steady and burst/.test(error.message),
    );
  });
  test('are compared when that is wanted, and it is noted', () => {
    assert.ok(compare(base, other, true).notes.some((note) => note.includes('markets 50 and 200')));
  });
  test('are refused within one side too', () => {
    const mixed = { folders: ['a', 'b'], reports: [...base.reports, ...other.reports] };
    assert.throws(() => compare(mixed, base, false), UsageError);
  });
  test('are those of counts that differ by one in a hundred', () => {
    const [some, more] = [{ markets: 1_000 }, { markets: 1_009 }].map((run) => side(7, 1, { run }));
    assert.throws(() => compare(some, more, false), /markets 1000 and 1009/);
  });

  test('are not those that another machine did or whose rate missed by a hair', () => {
    const elsewhere = side(9, 1, { run: { cpu: 'Other CPU', offeredRate: 600.4 } });
    const { notes } = compare(base, elsewhere, false);
    assert.ok(notes.some((note) => note.includes('cpu Example CPU 3.0 GHz and Other CPU')));
  });
});

describe('the rank test', () => {
  test('is exact: 2 of 70 orders of four and four are wholly apart', () => {
    assert.equal(rankTest([1, 2, 3, 4], [5, 6, 7, 8]), 2 / 70);
    assert.equal(rankTest([5, 6, 7, 8], [1, 2, 3, 4]), 2 / 70);
    assert.equal(rankTest([3, 3, 3, 3], [3, 3, 3, 3]), 1);
  });

  test('equals the count of all ways to part the values, with ties', () => {
    const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, values, (before, after) => {
        assert.ok(Math.abs(rankTest(before, after) - countedChance(before, after)) < 1e-12);
      }),
      { numRuns: 60 },
    );
  });
});

/** Every way to choose as many values as `before` has, with the mean ranks of ties. */
function countedChance(before: readonly number[], after: readonly number[]): number {
  const all = [...before, ...after];
  const ranks = all.map((value) => {
    const places = all.toSorted((a, b) => a - b).flatMap((other, at) => (other === value ? [at + 1] : []));
    return places.reduce((sum, place) => sum + place, 0) / places.length;
  });
  const middle = (before.length * (all.length + 1)) / 2;
  const apart = (mask: number): number =>
    Math.abs(ranks.reduce((sum, rank, at) => sum + ((mask >> at) & 1) * rank, 0) - middle);
  const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
  const ways = Array.from({ length: 2 ** all.length }, (_, mask) => mask).filter(
    (mask) => bits(mask) === before.length,
  );
  const seen = apart(2 ** before.length - 1);
  return ways.filter((mask) => apart(mask) >= seen - 1e-9).length / ways.length;
}

test('the median lies in the middle', () => {
  assert.deepEqual([median([3]), median([1, 9]), median([9, 1, 5]), median([4, 1, 3, 2])], [3, 5, 5, 2.5]);
});

describe('a change of a figure', () => {
  const ratio = { isLowerBetter: true, least: 0, isAbsolute: false };

  test('within the noise of either side is none, however far the medians are apart', () => {
    assert.equal(changeOf([100, 140, 60], [110, 150, 120], ratio).outcome, 'same');
    assert.equal(changeOf([100, 101, 102], [103, 104, 104.5], ratio).outcome, 'same');
    assert.equal(changeOf([100, 101, 102], [110, 111, 112], ratio).outcome, 'worse');
    assert.equal(changeOf([100, 101, 102], [110, 111, 112], { ...ratio, isLowerBetter: false }).outcome, 'better');
  });

  test('that is many times the figure before does not hide in the noise that grew with it', () => {
    assert.equal(changeOf([10, 10, 11, 11], [100, 200, 400, 800], ratio).outcome, 'worse');
    assert.equal(changeOf([0, 0, 0, 0], [10, 500, 2_000, 9_000], { ...ratio, isAbsolute: true }).outcome, 'worse');
    assert.equal(changeOf([0, 0, 0, 0], [0, 0, 2_000, 9_000], { ...ratio, isAbsolute: true }).outcome, 'same');
  });

  test('that one stray run makes is none', () => {
    assert.equal(changeOf([100, 100, 100, 100], [100, 100, 100, 900], ratio).outcome, 'same');
  });

  test('from nothing is told as a difference', () => {
    const { change, outcome } = changeOf([0, 0, 0], [4, 5, 6], { ...ratio, isAbsolute: true });
    assert.deepEqual([change, outcome], [5, 'worse']);
  });

  test('is seldom found between sides that are alike: rarely with three runs a side and hardly ever with more', (t) => {
    const random = randomOf(SEED);
    for (const [runs, noise, most] of [
      [3, 0.05, 0.03],
      [3, 0.3, 0.03],
      [4, 0.05, 0.01],
      [4, 0.3, 0.01],
      [6, 0.05, 0.005],
      [6, 0.3, 0.005],
    ] as const) {
      const draw = (): number[] => Array.from({ length: runs }, () => 1000 * Math.exp(noise * normal(random)));
      const trials = 2000;
      let worse = 0;
      for (let i = 0; i < trials; i++) if (changeOf(draw(), draw(), ratio).outcome === 'worse') worse++;
      t.diagnostic(
        `${runs} runs a side, deviation ${noise * 100} %: ${((worse / trials) * 100).toFixed(2)} % found worse`,
      );
      assert.ok(worse / trials < most, `${runs} runs, ${noise}: ${worse} of ${trials}`);
    }
  });
});
