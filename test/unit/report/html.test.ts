// report.html as text: all of it escaped, nothing fetched, small for long runs, and whole where figures are missing.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { linearScale, logScale, percentileScale, timeScale } from '../../../engine/report/axis.ts';
import { reportHtml } from '../../../engine/report/html.ts';
import { buildReport, type LoadReport } from '../../../engine/report/load-report.ts';
import { REPORT_STAGES } from '../../../engine/report/load-run.ts';
import { escaped, markup } from '../../../engine/report/markup.ts';
import { valuesAtOdds } from '../../../engine/report/percentile-plot.ts';
import { DEFAULT_THRESHOLDS } from '../../../engine/report/threshold.ts';
import { groupsOf } from '../../../engine/report/time-plots.ts';
import { countsOfValues, loadRunOf } from '../../support/load-run.ts';

const report = buildReport(loadRunOf({ spans: 6, ratePerS: 300, lost: 2 }), DEFAULT_THRESHOLDS);

/** Tags that are opened and never closed, or closed and never opened; void elements aside. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  for (const [, slash, name, rest] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>/g)) {
    if (['meta', 'link', 'input'].includes(name) || rest.endsWith('/')) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [name];
  }
  return open;
}

test('every tag is closed, and no text of the run becomes markup', () => {
  const evil = '</code><script>alert(1)</script><img src=x onerror=alert(1)> & "quotes"';
  const hostile: LoadReport = {
    ...report,
    run: { ...report.run, command: evil, cpu: evil, target: evil, startedAt: evil, commit: evil },
    notes: [evil],
    generator: { ...report.generator, rejected: { [evil]: 3 } },
    process: { ...report.process, gcPauses: [{ thread: evil, count: 1, totalMs: 1, maxMs: 1 }] },
    thresholds: [{ ...report.thresholds[0], name: evil, value: null, reason: evil }],
    search: [{ ratePerS: 1, achievedRate: 1, p99Ns: null, lost: 0, isSustained: false, reason: evil }],
  };
  for (const html of [reportHtml(report), reportHtml(hostile)]) {
    assert.deepEqual(unbalanced(html), []);
    assert.doesNotMatch(html, /<script|<img/);
  }
  assert.ok(reportHtml(hostile).split(escaped(evil)).length > 8);
});

test('what is put into markup is escaped unless it is markup, and lists are joined', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(markup`<b>${text}</b>`.text, `<b>${escaped(text)}</b>`);
      assert.doesNotMatch(escaped(text), /[<>"']/);
    }),
  );
  assert.equal(markup`${[markup`<i>${'<'}</i>`, 1, ['&']]}`.text, '<i>&lt;</i>1&amp;');
});

test('nothing is fetched and nothing is run', () => {
  const html = reportHtml(report);
  assert.doesNotMatch(html, /https?:|url\(|@import|<script|\bon[a-z]+=|src=/);
  assert.deepEqual(
    [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]),
    ['data:,'],
  );
});

test('ten minutes of spans of a second make less than 500 kB', () => {
  const minute = buildReport(loadRunOf({ spans: 60, ratePerS: 200 }), DEFAULT_THRESHOLDS);
  const overTime = Array.from({ length: 600 }, (_, at) => ({ ...minute.overTime[at % 60], atS: at }));
  const size = Buffer.byteLength(reportHtml({ ...minute, overTime }));
  assert.ok(size < 500_000, `expected less than 500 kB, was ${size}`);
});

describe('a report of a run', () => {
  test('that has no spans, nothing measured and nothing known is still a page', () => {
    const none = countsOfValues([]);
    const run = loadRunOf({ spans: 2, ratePerS: 50 });
    const empty = buildReport(
      {
        ...run,
        intervals: [],
        stages: Object.fromEntries(REPORT_STAGES.map((stage) => [stage, none])) as typeof run.stages,
        generator: { ...run.generator, lateness: none },
        process: {
          ...{ rssStart: null, rssEnd: null, rssMax: null, cpuSeconds: null },
          gcPauses: [],
          eventLoopDelay: null,
        },
      },
      DEFAULT_THRESHOLDS,
    );
    const html = reportHtml(empty);
    assert.deepEqual(unbalanced(html), []);
    assert.match(html, /No latency was measured/);
    assert.doesNotMatch(html, /NaN|Infinity|undefined/);
  });

  test('of few samples has no figure that is no number', () => {
    const html = reportHtml(buildReport(loadRunOf({ spans: 1, ratePerS: 1 }), DEFAULT_THRESHOLDS));
    assert.doesNotMatch(html, /NaN|Infinity|undefined/);
  });

  test('shows every threshold, stage, loss and the command', () => {
    const html = reportHtml(report);
    for (const { name } of report.thresholds) assert.ok(html.includes(escaped(name)), name);
    for (const stage of REPORT_STAGES) assert.ok(html.includes(`<th scope="row">${stage}</th>`), stage);
    assert.ok(html.includes(escaped(report.run.command)));
    assert.match(html, /✕ FAIL[\s\S]*2 lost/);
  });
});

describe('axes', () => {
  const positive = fc.integer({ min: 1, max: 3_000_000_000 });
  test('keep order and stay between 0 and 1, ticks too', () => {
    fc.assert(
      fc.property(positive, positive, positive, (one, other, value) => {
        const [least, most] = [Math.min(one, other), Math.max(one, other)];
        for (const scale of [
          logScale(least, most),
          linearScale(most, String),
          timeScale(most),
          percentileScale(most),
        ]) {
          assert.ok(scale.at(least) <= scale.at(most));
          for (const at of [scale.at(value), ...scale.ticks.map((tick) => tick.at)]) assert.ok(at >= 0 && at <= 1);
          assert.ok(scale.ticks.length < 40);
        }
      }),
    );
  });

  test('name round values', () => {
    assert.deepEqual(
      logScale(1000, 1e6).ticks.map(({ label }) => label),
      ['1 µs', '10 µs', '100 µs', '1 ms'],
    );
    assert.deepEqual(
      percentileScale(1e4).ticks.map(({ label }) => label),
      ['0 %', '50 %', '90 %', '99 %', '99.9 %', '99.99 %'],
    );
    assert.deepEqual(
      timeScale(60).ticks.map(({ label }) => label),
      ['0:00', '0:10', '0:20', '0:30', '0:40', '0:50', '1:00'],
    );
  });
});

test('the curve of percentiles goes through the percentiles of the table', () => {
  const { histograms, stages } = report;
  for (const stage of REPORT_STAGES) {
    const [p50, p90, p95, p99] = valuesAtOdds(histograms[stage], [2, 10, 20, 100]);
    assert.deepEqual(
      [p50, p90, p95, p99],
      [stages[stage].p50, stages[stage].p90, stages[stage].p95, stages[stage].p99],
    );
  }
});

test('grouped spans hold every span once, in as many groups as were asked for at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 1, max: 120 }), (length, most) => {
      const spans = Array.from({ length }, (_, atS) => ({ ...report.overTime[0], atS }));
      const groups = groupsOf(spans, most);
      assert.ok(groups.length <= most);
      assert.deepEqual(
        groups.flatMap((group) => group.spans),
        spans,
      );
    }),
    { numRuns: 50 },
  );
});
