// report.json: its fields, its way to the disk and back, its text, and the refusal of what is no report.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../engine/base/errors.ts';
import { countsFromJson } from '../../../engine/observe/latency-counts.ts';
import { buildReport, heatIndexOf, heatValueAt, type LoadReport } from '../../../engine/report/load-report.ts';
import { REPORT_STAGES } from '../../../engine/report/load-run.ts';
import { summaryOf } from '../../../engine/report/percentiles.ts';
import { parseReport, readReport } from '../../../engine/report/reader.ts';
import { reportText } from '../../../engine/report/text.ts';
import { DEFAULT_THRESHOLDS, parseThreshold } from '../../../engine/report/threshold.ts';
import { reportJson, writeReport } from '../../../engine/report/writer.ts';
import { loadRunOf } from '../../support/load-run.ts';

const run = loadRunOf({ spans: 5, ratePerS: 400, lost: 7, dropped: 9 });
const report = buildReport(run, DEFAULT_THRESHOLDS);
const dir = mkdtempSync(join(tmpdir(), 'millrace-report-'));
after(() => rmSync(dir, { recursive: true, force: true }));

test('a report has the fields of the contract', () => {
  assert.deepEqual(Object.keys(report.thresholds[0]).slice(0, 4), ['name', 'limit', 'value', 'pass']);
  for (const key of [
    'commit',
    'node',
    'cpu',
    'cores',
    'seed',
    'offeredRate',
    'achievedRate',
    'durationS',
    'warmupS',
    'markets',
    'format',
  ])
    assert.ok(key in report.run, key);
  for (const key of ['sent', 'processed', 'published', 'received', 'lost', 'dropped', 'duplicates'])
    assert.ok(key in report.counts, key);
  assert.deepEqual(Object.keys(report.stages), REPORT_STAGES);
  for (const key of ['unit', 'count', 'min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999', 'max'])
    assert.ok(key in report.stages['end-to-end'], key);
  for (const key of ['rssStart', 'rssEnd', 'gcPauses', 'eventLoopDelay']) assert.ok(key in report.process, key);
  assert.ok('lateness' in report.generator);
  assert.equal(report.process.rssGrowth, (run.process.rssEnd ?? 0) - (run.process.rssStart ?? 0));
});

test('each span keeps every sample of the heat map, in the bucket that holds it', () => {
  for (const span of report.overTime) {
    for (const stage of REPORT_STAGES) {
      const heat = span.stages[stage]?.heat ?? [];
      assert.equal(
        heat.reduce((sum, [, count]) => sum + count, 0),
        span.stages[stage]?.count,
      );
    }
  }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3.6e12 }), (ns) => {
      const index = heatIndexOf(ns);
      assert.ok(heatValueAt(index) <= ns * 1.0001 && ns < heatValueAt(index + 1), `${ns} in ${index}`);
    }),
  );
});

test('what is written is read as it was, and gives the same text', async () => {
  const folder = join(dir, 'deep', 'run');
  await writeReport(report, run, folder);
  assert.deepEqual(
    readdirSync(folder).toSorted(),
    [
      ...REPORT_STAGES.map((stage) => `${stage}.hgrm`).toSorted(),
      ...['report.html', 'report.json', 'report.txt'],
    ].toSorted(),
  );
  const read = readReport(folder);
  assert.deepEqual(read, JSON.parse(JSON.stringify(report)));
  assert.equal(reportText(read), readFileSync(join(folder, 'report.txt'), 'utf8'));
  for (const stage of REPORT_STAGES)
    assert.deepEqual(summaryOf(countsFromJson(read.histograms[stage])), report.stages[stage]);
});

test('an .hgrm ends in the whole count, its rows ascend, and all else is a comment', async () => {
  await writeReport(report, run, dir);
  const lines = readFileSync(join(dir, 'engine.hgrm'), 'utf8').trimEnd().split('\n');
  const rows = lines.slice(2).filter((line) => !line.startsWith('#'));
  assert.match(lines[0], /^ +Value +Percentile TotalCount 1\/\(1-Percentile\)$/);
  const numbers = rows.map((row) => row.trim().split(/ +/).map(Number));
  assert.ok(numbers.slice(0, -1).every((row) => row.length === 4));
  assert.equal(numbers.at(-1)?.[2], report.stages.engine.count);
  assert.ok(numbers.every((row, at) => at === 0 || row[0] >= numbers[at - 1][0]));
  assert.match(lines.at(-1) ?? '', /ns.*engine/);
});

describe('what is no report is refused with one sentence:', () => {
  const damaged = (change: (value: Record<string, unknown>) => void): string => {
    const value = JSON.parse(JSON.stringify(report)) as Record<string, unknown>;
    change(value);
    return JSON.stringify(value);
  };
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{"schema":', /no whole JSON/],
    ['another JSON', '{"a":1}', /schema "millrace-load-report\/1", was without one/],
    ['a list', '[]', /was without one/],
    [
      'a later version',
      damaged((value) => {
        value['schema'] = 'millrace-load-report/9';
      }),
      /report\/9/,
    ],
    [
      'a missing part',
      damaged((value) => {
        delete value['counts'];
      }),
      /counts: expected an object, was missing/,
    ],
    [
      'a wrong type',
      damaged((value) => {
        (value['run'] as Record<string, unknown>)['markets'] = 'many';
      }),
      /run\.markets: expected a whole number from 0, was "many"/,
    ],
    [
      'a broken bucket',
      damaged((value) => {
        (value['histograms'] as Record<string, { buckets: unknown }>)['engine'].buckets = [[1]];
      }),
      /histograms\.engine\.buckets\[0\]: expected a list of 2/,
    ],
    [
      'a broken span',
      damaged((value) => {
        (value['overTime'] as { sent: unknown }[])[2].sent = null;
      }),
      /overTime\[2\]\.sent: expected a number, was null/,
    ],
  ];
  for (const [name, json, expected] of cases) {
    test(name, () => {
      assert.throws(
        () => parseReport(json, 'x/report.json'),
        (error: unknown) =>
          error instanceof UsageError && error.message.startsWith('x/report.json: ') && expected.test(error.message),
      );
    });
  }
  test('a field that is not known is let be', () => {
    assert.doesNotThrow(() =>
      parseReport(
        damaged((value) => {
          value['more'] = 1;
        }),
        'x',
      ),
    );
  });
});

describe('the text', () => {
  const text = reportText(report);
  test('begins with the verdict, the p99, the rate and the loss', () => {
    assert.match(text, /^FAIL: end-to-end p99 [\d.]+ [µm]s at 400\/s for 5 s, 7 lost; 1 of 3 thresholds failed\n/);
    const clean = reportText(buildReport(loadRunOf({ spans: 3, ratePerS: 400 }), DEFAULT_THRESHOLDS));
    assert.match(clean, /^PASS: .* nothing lost; all 3 thresholds hold\n/);
  });

  test('has no line wider than 120 columns, with large figures and long notes too', () => {
    const large: LoadReport = {
      ...report,
      counts: { ...report.counts, sent: 987_654_321_012, received: 987_654_321_005 },
      stages: { ...report.stages, engine: { ...report.stages.engine, count: 987_654_321_012, max: 3.5e12 } },
      notes: ['a note that goes on and on, '.repeat(20)],
      run: { ...report.run, command: `millrace load ${'--threshold end-to-end.p99<50ms '.repeat(12)}` },
    };
    for (const line of [text, reportText(large)].join('').split('\n')) assert.ok(line.length <= 120, line);
  });

  test('accounts for every update, and says so where the sum does not come out', () => {
    assert.match(text, /sent 2,000 = received 1,993 \+ lost 7 \(0\.35 %\)/);
    assert.match(text, /dropped: ring-full +9/);
    const byReason = { ...report, counts: { ...report.counts, droppedBy: { 'at a full ring': 9 } } };
    assert.match(reportText(byReason), /dropped: at a full ring +9/);
    const wrong = { ...report, counts: { ...report.counts, received: 1_990 } };
    const unseen = {
      ...wrong,
      counts: { ...wrong.counts, received: 0, processed: 1_993 },
      run: { ...wrong.run, subscribers: 0 },
    };
    assert.match(reportText(unseen), /sent 2,000 = taken in 1,993 \+ lost 7 /);
    assert.doesNotMatch(reportText(unseen), /not accounted for/);
    assert.match(reportText(wrong), /sent 2,000 ≠ received 1,990[\s\S]*3 updates are not accounted for/);
  });

  test('says that the lateness of the generator is inside the figures, and when it is most of them', () => {
    assert.match(text, /generator was late by p99 [^\n]*intended|generator was late by p99 [\s\S]*inside/);
    assert.doesNotMatch(text, /the engine itself is faster/);
    const late = { ...report.generator, lateness: { ...report.generator.lateness, p99: 900e6 } };
    assert.match(reportText({ ...report, generator: late }), /the engine itself\s+is faster/);
    assert.match(
      reportText({ ...report, run: { ...report.run, achievedRate: 300 } }),
      /sent 300\/s \(75\.0 %\): less load than was asked for/,
    );
  });

  test('shows the steps of a search', () => {
    const search = [
      { ratePerS: 1e5, achievedRate: 99_990, p99Ns: 2.1e6, lost: 0, isSustained: true, reason: '' },
      { ratePerS: 2e5, achievedRate: 1.9e5, p99Ns: null, lost: 4, isSustained: false, reason: '4 were lost' },
    ];
    assert.match(
      reportText({ ...report, search }),
      /held +100,000\/s +99,990\/s +2\.10 ms +0\n +not held +200,000\/s.*4 were lost/,
    );
  });

  test('shows a figure that is not known as a dash, and why a threshold was not judged', () => {
    const few = buildReport(run, [parseThreshold('decode.p9999<1ms')]);
    assert.match(reportText(few), /FAIL +decode\.p9999<1ms +not judged: 2000 samples: fewer than 10 lie beyond it/);
  });
});

test('the JSON has a line for each field and each span', () => {
  const lines = reportJson(report).trimEnd().split('\n');
  assert.equal(lines.length, 2 + Object.keys(report).length + report.overTime.length + 1);
});
