// `millrace report` as it is run: the page in a real browser, comparisons and their exit codes, and wrong usage.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildReport } from '../../engine/report/load-report.ts';
import { REPORT_STAGES } from '../../engine/report/load-run.ts';
import { DEFAULT_THRESHOLDS } from '../../engine/report/threshold.ts';
import { writeReport } from '../../engine/report/writer.ts';
import { Chromium, type Scheme, type WatchedPage } from '../support/browser.ts';
import { type Ended, ensureBuilt, millrace } from '../support/live-engine-process.ts';
import { type LoadRunWishes, loadRunOf } from '../support/load-run.ts';

const DESK = { width: 1180, height: 800 };
const PHONE = { width: 390, height: 844 };

const folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

async function made(name: string, wishes: LoadRunWishes = {}): Promise<string> {
  const run = loadRunOf({ spans: 4, ratePerS: 400, ...wishes });
  await writeReport(buildReport(run, DEFAULT_THRESHOLDS), run, at(name));
  return at(name);
}

before(async () => {
  await ensureBuilt();
  await made('run', { spans: 40, ratePerS: 300, lost: 5, dropped: 6 });
  for (let i = 1; i <= 4; i++) {
    await made(`before/${i}`, { seed: i });
    await made(`after/${i}`, { seed: i + 10 });
    await made(`slow/${i}`, { seed: i + 20, slowness: 1.6 });
  }
  await made('other', { run: { markets: 7 } });
});

describe('the page of a report', () => {
  let browser: Chromium;
  before(async () => {
    browser = await Chromium.start();
  });
  after(() => browser.close());

  const open = (size: typeof DESK, scheme: Scheme): Promise<WatchedPage> =>
    browser.open(pathToFileURL(at('run/report.html')).href, size, scheme);

  const count = (watched: WatchedPage, selector: string): Promise<number> => watched.page.locator(selector).count();

  test('opens without complaint and without asking any host, says its verdict and draws every plot', async () => {
    const watched = await open(DESK, 'light');
    assert.match(await watched.text('.badge'), /FAIL/);
    assert.match(await watched.text('title'), /^FAIL: end-to-end p99 .*5 lost/);
    assert.equal(await count(watched, '.plot.tall .line'), REPORT_STAGES.length + 1);
    assert.equal(await count(watched, '.panel'), REPORT_STAGES.length);
    assert.ok((await count(watched, '.p-end-to-end .heat path title')) > 100);
    assert.equal(await count(watched, '.row svg'), REPORT_STAGES.length);
    assert.ok((await count(watched, 'svg[role=img][aria-label]')) > 10);
    const picture = await watched.page.screenshot({ fullPage: true });
    assert.ok(picture.length > 60_000, `expected a picture with much in it, was ${picture.length} bytes`);
    assert.deepEqual([watched.complaints, watched.strangers], [[], []]);
  });

  test('shows one heat map at a time, chosen by its stage without a script', async () => {
    const watched = await open(DESK, 'light');
    const shown = (): Promise<string[]> =>
      watched.page.locator('.panel:visible').evaluateAll((panels) => panels.map((panel) => String(panel.className)));
    assert.deepEqual(await shown(), ['panel p-end-to-end']);
    await watched.page.locator('label[for=heat-decode]').click();
    assert.deepEqual(await shown(), ['panel p-decode']);
    await watched.page.keyboard.press('ArrowLeft');
    assert.deepEqual(await shown(), ['panel p-ring-wait']);
  });

  test('fits a phone, and is light or dark as its reader wants', async () => {
    const backs: string[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      const watched = await open(PHONE, scheme);
      assert.equal(await watched.isWiderThanWindow(), false);
      backs.push(await watched.page.evaluate('getComputedStyle(document.body).backgroundColor'));
      assert.deepEqual(watched.complaints, []);
    }
    assert.notEqual(backs[0], backs[1]);
  });
});

describe('millrace report', () => {
  test('prints the text of a run', async () => {
    const ended = await millrace(['report', at('run')]);
    assert.deepEqual([ended.code, ended.stdout], [0, readFileSync(at('run/report.txt'), 'utf8')]);
  });

  test('prints the JSON of a run', async () => {
    const ended = await millrace(['report', at('run'), '--json']);
    assert.deepEqual([ended.code, ended.stdout], [0, readFileSync(at('run/report.json'), 'utf8')]);
  });

  test('makes the page again from report.json, beside it or where it is told', async () => {
    const page = readFileSync(at('run/report.html'), 'utf8');
    unlinkSync(at('run/report.html'));
    assert.equal((await millrace(['report', at('run'), '--html'])).code, 0);
    assert.equal(readFileSync(at('run/report.html'), 'utf8'), page);
    assert.equal((await millrace(['report', at('run'), '--html', at('copy.html')])).code, 0);
    assert.equal(readFileSync(at('copy.html'), 'utf8'), page);
  });

  test('compares folders of runs: no regression is exit 0, a regression exit 1', async () => {
    const alike = await millrace(['report', at('before'), '--compare', at('after')]);
    assert.deepEqual([alike.code, alike.stderr], [0, '']);
    assert.match(alike.stdout, /^NO DIFFERENCE/);
    const slower = await millrace(['report', at('before'), '--compare', at('slow')]);
    assert.equal(slower.code, 1);
    assert.match(slower.stdout, /^REGRESSION: .*end-to-end p50/);
    const faster = await millrace(['report', at('slow'), '--compare', at('before'), '--json']);
    assert.equal(faster.code, 0);
    assert.equal((JSON.parse(faster.stdout) as { verdict: string }).verdict, 'better');
  });

  test('takes runs one by one, with commas or repeated', async () => {
    const names = (side: string): string[] => readdirSync(at(side)).map((name) => join(at(side), name));
    const others = names('slow').flatMap((name) => ['--compare', name]);
    const ended = await millrace(['report', names('before').join(','), ...others]);
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /before 4 runs[\s\S]*after 4 runs/);
  });
});

describe('wrong usage of report is one sentence and exit 2:', () => {
  function assertUsage(ended: Ended, expected: RegExp): void {
    assert.deepEqual([ended.code, ended.stdout], [2, ''], ended.stderr);
    assert.match(ended.stderr, /^millrace: [^\n]+\n$/);
    assert.match(ended.stderr, expected);
  }
  const cases: readonly (readonly [string, () => string[], RegExp])[] = [
    ['no folder', () => [], /dir/],
    ['a folder that is not there', () => [at('nowhere')], /nowhere, which does not exist/],
    ['a folder without a report', () => [at('empty')], /empty, which has none/],
    ['a damaged report', () => [at('damaged')], /damaged.report\.json: expected a load report, was no whole JSON/],
    ['a comparison with nothing', () => [at('run'), '--compare', at('nowhere')], /does not exist/],
    ['a comparison of different work', () => [at('before/1'), '--compare', at('other')], /markets 50 and 7/],
    ['a run twice', () => [`${at('run')},${at('run')}`, '--compare', at('run')], /each run once/],
    ['a page of a comparison', () => [at('before/1'), '--compare', at('after/1'), '--html'], /--html/],
    ['a page in a folder that is not there', () => [at('run'), '--html', at('no/page.html')], /--html/],
    ['force without a comparison', () => [at('run'), '--force'], /--compare/],
  ];
  before(() => {
    mkdirSync(at('empty'));
    mkdirSync(at('damaged'));
    writeFileSync(at('damaged/report.json'), readFileSync(at('run/report.json'), 'utf8').slice(0, 5000));
  });
  for (const [name, args, expected] of cases) {
    test(name, async () => assertUsage(await millrace(['report', ...args()]), expected));
  }

  test('which --force overrules where the work differs', async () => {
    const ended = await millrace(['report', at('before/1'), '--compare', at('other'), '--force']);
    assert.equal(ended.stderr, '');
    assert.match(ended.stdout, /markets 50 and 7/);
  });
});
