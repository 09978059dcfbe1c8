// Thresholds: what can be written, what it means, and how a report is judged by it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { buildReport } from '../../../engine/report/load-report.ts';
import { DEFAULT_THRESHOLDS, parseThreshold } from '../../../engine/report/threshold.ts';
import { countsOfValues, loadRunOf } from '../../support/load-run.ts';

const run = loadRunOf({ spans: 2, ratePerS: 500, lost: 5, dropped: 3 });

function judged(text: string, of = run) {
  return buildReport(of, [parseThreshold(text)]).thresholds[0];
}

describe('a limit is in the unit of its figure:', () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ['end-to-end.p99<50ms', 50e6, 'ns'],
    ['decode.p99.9 <= 1.5us', 1500, 'ns'],
    ['decode.p999<=3µs', 3000, 'ns'],
    ['engine.p9999<2s', 2e9, 'ns'],
    ['ring-wait.p99.99<10ns', 10, 'ns'],
    ['apply.count>=10', 10, ''],
    ['counts.lost==0', 0, ''],
    ['counts.lost<0.1%', 0.1, '%'],
    ['process.rssGrowth<100MB', 100e6, 'bytes'],
    ['process.rssEnd<1GiB', 1024 ** 3, 'bytes'],
    ['process.rssStart>64KiB', 65_536, 'bytes'],
    ['process.gcPauseMax<5ms', 5e6, 'ns'],
    ['process.eventLoopDelay.p99<20ms', 20e6, 'ns'],
    ['generator.lateness.p99<1ms', 1e6, 'ns'],
    ['run.achievedRate>=990/s', 990, '/s'],
    ['run.achievedRate>=99%', 99, '%'],
    ['process.rssGrowth<-1kB', -1000, 'bytes'],
  ];
  for (const [text, limit, unit] of cases) {
    test(text, () => {
      const result = judged(text);
      assert.deepEqual([result.limit, result.unit], [limit, unit]);
      assert.equal(result.name, text.replaceAll(' ', ''));
    });
  }
});

describe('what is no threshold is refused, and the sentence says what there is:', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /such as end-to-end\.p99<50ms/],
    ['end-to-end.p99', /< > *|<= >= == < >/],
    ['end-to-end.p99=5ms', /<= >= == < >/],
    ['end-to-end.p98<5ms', /p50, p90, p95, p99, p99\.9, p99\.99, mean, min, max, count/],
    ['end-to-end.<5ms', /p50, p90/],
    ['nowhere.p99<5ms', /decode, ring-wait, apply, output-wait, publish, engine, end-to-end/],
    ['counts.luck==0', /counts\.lost/],
    ['toString<1', /counts\.lost/],
    ['end-to-end.p99<50', /in ns, us, µs, ms, s/],
    ['end-to-end.p99<50MB', /in ns, us, µs, ms, s/],
    ['counts.lost<5ms', /a plain number for counts\.lost/],
    ['process.rssGrowth<5ms', /in B, kB, MB/],
    ['end-to-end.p99<5%', /no share of anything/],
    ['end-to-end.p99<5ms,counts.lost==0', /such as/],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => {
      assert.throws(
        () => parseThreshold(text),
        (error: unknown) =>
          error instanceof UsageError && expected.test(error.message) && error.message.includes(JSON.stringify(text)),
      );
    });
  }
});

describe('a figure is judged by its operator:', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['counts.lost<5', false],
    ['counts.lost<=5', true],
    ['counts.lost==5', true],
    ['counts.lost==4', false],
    ['counts.lost>=5', true],
    ['counts.lost>5', false],
    ['counts.lost<0.6%', true],
    ['counts.lost<0.4%', false],
    ['generator.rejected==3', true],
    ['run.achievedRate>=99%', true],
    ['run.achievedRate>=100%', false],
    ['process.gcPauseMax<3ms', true],
    ['process.gcPauseMax<2.6ms', false],
    ['end-to-end.max<1us', false],
    ['engine.count==1000', true],
  ];
  for (const [text, expected] of cases) test(text, () => assert.equal(judged(text).pass, expected));
});

test('a figure that cannot be had fails every limit, with the reason', () => {
  for (const operator of ['<', '>', '<=', '>=', '==']) {
    const result = judged(`engine.p999${operator}50ms`);
    assert.deepEqual([result.pass, result.value], [false, null]);
    assert.match(result.reason, /1000 samples: fewer than 10/);
  }
  const silent = { ...run, process: { ...run.process, rssEnd: null, eventLoopDelay: null, gcPauses: [] } };
  for (const text of ['process.rssGrowth<100MB', 'process.eventLoopDelay.p50<1s', 'process.gcPauseMax<1s']) {
    assert.deepEqual([judged(text, silent).pass, judged(text, silent).reason], [false, 'the run does not know it']);
  }
  assert.deepEqual(judged('search.highestRate>0').reason, 'there was no search');
  const unseen = { ...run, stages: { ...run.stages, 'end-to-end': countsOfValues([]) } };
  assert.match(judged('end-to-end.p50<1s', unseen).reason, /never measured/);
});

test('percentiles are of what was due: what never came has waited longer than any limit', () => {
  const losing = loadRunOf({ spans: 2, ratePerS: 5_000, lost: 101 });
  for (const text of ['end-to-end.p99<1h', 'end-to-end.p999<1h', 'end-to-end.max<1h'].map((each) =>
    each.replace('1h', '3600s'),
  )) {
    const { pass, value, reason } = judged(text, losing);
    assert.deepEqual([pass, value], [false, null], text);
    assert.equal(reason, '101 updates never came, and have no latency');
  }
  assert.equal(judged('end-to-end.p95<1s', losing).pass, true);
  assert.equal(judged('engine.p99<1s', losing).pass, true, "the engine's own stages know of no losses");
  const leftOut = {
    ...losing,
    counts: { ...losing.counts, lost: 0 },
    generator: { ...losing.generator, leftOut: 600 },
  };
  assert.deepEqual(
    [judged('end-to-end.p95<1s', leftOut).pass, judged('end-to-end.p90<1s', leftOut).pass],
    [false, true],
  );
});

test('a search is judged by the rate that its last run held', () => {
  const step = { ratePerS: 2_000, achievedRate: 2_000, p99Ns: 1e6, lost: 0, isSustained: true, reason: '' };
  const found = { ...run, search: [{ ...step, isSustained: false }, step] };
  assert.equal(judged('search.highestRate>=2000/s', found).pass, true);
  const none = { ...run, search: [step, { ...step, isSustained: false, reason: '3 left out' }] };
  const { pass, reason } = judged('search.highestRate>0', none);
  assert.deepEqual([pass, reason], [false, 'no rate was sustained for the whole duration']);
});

test('the verdict passes only where every threshold does', () => {
  const clean = loadRunOf({ spans: 2, ratePerS: 600 });
  assert.equal(buildReport(clean, DEFAULT_THRESHOLDS).verdict, 'pass');
  assert.equal(buildReport(run, DEFAULT_THRESHOLDS).verdict, 'fail');
  assert.equal(buildReport(clean, [...DEFAULT_THRESHOLDS, parseThreshold('end-to-end.p50<1ns')]).verdict, 'fail');
  assert.equal(buildReport(run, []).verdict, 'pass');
});

test('what holds by default is 50 ms, no loss and 100 MB', () => {
  assert.deepEqual(
    DEFAULT_THRESHOLDS.map(({ name }) => name),
    ['end-to-end.p99<50ms', 'counts.lost==0', 'process.rssGrowth<100MB'],
  );
});
