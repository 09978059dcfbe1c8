// docs/benchmarks.md is made by a script: its figures come from raw results, its words from the script's prose.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Results, type Row } from '../../bench/harness.ts';
import { buildReport } from '../../engine/report/load-report.ts';
import { writeReport } from '../../engine/report/writer.ts';
import { hasProse, readProse, renderDocument } from '../../scripts/benchmarks/document.ts';
import { LOAD_TESTS } from '../../scripts/benchmarks/plan.ts';
import { drawPlots } from '../../scripts/benchmarks/plots.ts';
import { type Facts, readReference } from '../../scripts/benchmarks/reference.ts';
import { writeDocument } from '../../scripts/benchmarks-doc.ts';
import { loadRunOf } from '../support/load-run.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/benchmarks.md');

const FACTS: Facts = {
  commit: 'abc1234',
  date: '2026-01-02',
  cpu: 'Test Processor',
  cores: 2,
  memoryBytes: 8e9,
  kernel: 'Linux 6.1',
  node: 'v20.0.0',
  isQuick: false,
  commands: ['npm run bench -- path --json DIR/suites/path-1.json'],
  failures: [],
};

/** Rows of one run of two suites: an aim that is reached, one that is missed, and a row without. */
function rowsOf(shift: number): readonly Row[] {
  const path = new Results('path', () => undefined);
  path.add('frames | all', 'frames/s', [1_000_000 + shift]);
  path.ratio('engine / sink', [60 + shift, 70, 80], [100, 100, 100], 'bare sink', '≥ 0.65');
  const peers = new Results('peers', () => undefined);
  peers.ratio('ours / theirs', [9, 11, 9 + shift], [1, 1, 1], 'theirs', '≥ 12');
  return [...path.rows, ...peers.rows];
}

/** A folder of raw results as a run leaves it: two runs of the suites, one load test. */
async function rawResults(context: TestContext, facts: Facts = FACTS): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-benchmarks-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'suites'));
  for (const run of [1, 2])
    writeFileSync(join(folder, `suites/all-${run}.json`), JSON.stringify({ rows: rowsOf(run) }));
  writeFileSync(join(folder, 'run.json'), JSON.stringify(facts));
  const measured = loadRunOf({ lost: 3 });
  await writeReport(buildReport(measured, []), measured, join(folder, 'loads/hundred-thousand'));
  return folder;
}

const rowOf = (text: string, start: string): string => {
  const found = text.split('\n').filter((line) => line.startsWith(`| ${start}`));
  assert.equal(found.length, 1, `one line begins with ${start}`);
  return found[0];
};

test('rows of several runs become one, judged by the median of all their values', async (context) => {
  const { rows } = readReference(await rawResults(context));
  assert.deepEqual(
    rows.map(({ name, values, median, isMet }) => [name, values, median, isMet]),
    [
      ['frames | all', [1_000_001, 1_000_002], 1_000_001.5, null],
      ['engine / sink', [0.61, 0.7, 0.8, 0.62, 0.7, 0.8], 0.7, true],
      ['ours / theirs', [9, 11, 10, 9, 11, 11], 10.5, false],
    ],
  );
});

test('the document tells machine, commands, each aim with its verdict, rows and load tests', async (context) => {
  const text = renderDocument(readReference(await rawResults(context)));
  for (const fact of ['abc1234', '2026-01-02', 'Test Processor, 2 cores', 'Linux 6.1', 'v20.0.0', ...FACTS.commands])
    assert.ok(text.includes(fact), fact);
  assert.match(rowOf(text, 'path: engine / sink'), /≥ 0\.65 \| 0\.70 × \| 0\.61 – 0\.80 \| reached/);
  assert.match(rowOf(text, 'peers: ours / theirs'), /≥ 12 \| 10\.5 × \| 9\.00 – 11\.0 \| \*\*missed\*\*/);
  assert.match(rowOf(text, 'load: 100,000 updates a second over 200 markets: updates lost'), /≤ 0 \| 3 \|.*missed/);
  assert.match(rowOf(text, 'frames \\| all'), /1\.00 M/);
  assert.ok(text.includes('No results of `micro` in this run.'));
  assert.ok(!text.includes('{{'), 'every part of the prose is filled');
});

test('a quick run judges nothing and says so', async (context) => {
  const text = renderDocument(
    readReference(await rawResults(context, { ...FACTS, isQuick: true, failures: ['it broke'] })),
  );
  assert.ok(text.includes('its figures measure nothing'));
  assert.ok(text.includes('failed: it broke'));
  assert.ok(!text.includes('| reached |') && !text.includes('**missed**'));
});

test('plots have a line of each load test and a bar of each ratio', async (context) => {
  const plots = drawPlots(readReference(await rawResults(context)));
  assert.deepEqual(
    plots.map(({ name }) => name),
    ['latency.svg', 'peers.svg', 'path.svg'],
  );
  assert.ok(plots[0].text.includes('100,000 updates a second over 200 markets'));
  assert.match(plots[1].text, /<rect class="bar missed"/);
  assert.match(plots[2].text, /<rect class="bar"/);
  for (const { text } of plots) assert.ok(!/NaN|Infinity|undefined/.test(text) && text.startsWith('<svg xmlns='));
});

test('prose without a part for a suite, or with an unknown part, is refused', async (context) => {
  const reference = readReference(await rawResults(context));
  assert.throws(() => renderDocument(reference, '# A\n\n{{rows path}}\n'), /expected a part for the rows of peers/);
  assert.throws(() => renderDocument(reference, `${readProse()}\n{{weather}}\n`), /was weather/);
});

test('the document and its plots lie side by side, and others beside them stay', async (context) => {
  const folder = await rawResults(context);
  const out = join(folder, 'page.md');
  mkdirSync(join(folder, 'benchmarks'));
  writeFileSync(join(folder, 'benchmarks/mine.txt'), '');
  writeDocument(folder, out);
  assert.ok(hasProse(readFileSync(out, 'utf8')));
  assert.deepEqual(readdirSync(join(folder, 'benchmarks')).sort(), [
    'latency.svg',
    'mine.txt',
    'path.svg',
    'peers.svg',
  ]);
  assert.throws(() => writeDocument(join(folder, 'none'), out), /--from: expected a folder with run\.json/);
});

test('docs/benchmarks.md is what the script made of its prose', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  assert.ok(hasProse(text), 'run: npm run benchmarks');
  assert.ok(!hasProse(text.replace('## How to read them', '## How to like them')), 'a change by hand is seen');
});

test('each load test has a folder of its own and aims that a report can answer', () => {
  assert.equal(new Set(LOAD_TESTS.map(({ key }) => key)).size, LOAD_TESTS.length);
  const report = buildReport(loadRunOf(), []);
  for (const { aims } of LOAD_TESTS) for (const { read, work } of aims) assert.ok(Number.isFinite(read(report)), work);
});
