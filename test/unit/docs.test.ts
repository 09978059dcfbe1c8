// The documents say what is: generated ones have not drifted, links lead somewhere, and what they name exists.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { planFor } from '../../engine/base/market-plans.ts';
import { flagOf, loadSettings, plansOf, settings } from '../../engine/config.ts';
import { loadUserSignals } from '../../engine/user-signals.ts';
import { INGRESS_COUNTERS, MARKET_COUNTERS, SHARD_COUNTERS } from '../../schemas/counters.ts';
import {
  BAR_TYPE_NAMES,
  BOOK_STATE_NAMES,
  REJECTION_NAMES,
  SIGNAL_EVENT_NAMES,
  STATE_REASON_NAMES,
} from '../../schemas/ids.ts';
import { staleDocuments } from '../../scripts/docs.ts';
import { isLayoutsDocFresh } from '../../scripts/layouts-doc.ts';

const ROOT = resolve(import.meta.dirname, '../..');

type Document = { readonly path: string; readonly text: string };

function read(path: string): Document {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

const documents: readonly Document[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map(read);

type Manifest = {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
};
const manifest = JSON.parse(read('package.json').text) as Manifest;

/** Settings that no flag can give. */
const FILE_KEYS: readonly string[] = ['markets', 'tokens'];

const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');

/** The fragment by which a heading is reached. */
function fragmentOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function hasHeading(path: string, fragment: string): boolean {
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map((match) => fragmentOf(match[1]));
  return headings.includes(fragment);
}

function isBroken(from: string, target: string): boolean {
  const [path, fragment] = target.split('#');
  const file = path === '' ? join(ROOT, from) : join(ROOT, dirname(from), path);
  if (!existsSync(file)) return true;
  return fragment !== undefined && file.endsWith('.md') && !hasHeading(file, fragment);
}

test('docs/layouts.md is what the schemas make', () => {
  assert.ok(isLayoutsDocFresh(), 'run: npm run layouts');
});

test('every relative link leads to a file, and to a heading where it names one', () => {
  const bad = documents.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1])
      .filter((target) => !/^[a-z]+:/.test(target) && isBroken(path, target))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(bad, []);
});

test('every document is reached from the README', () => {
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const match of withoutCode(read(path).text).matchAll(/\]\(([^)\s#]+\.md)(?:#[^)]*)?\)/g)) {
      const target = relative(ROOT, join(ROOT, dirname(path), match[1]));
      if (existsSync(join(ROOT, target))) follow(target);
    }
  };
  follow('README.md');
  const lost = documents.map(({ path }) => path).filter((path) => !seen.has(path));
  assert.deepEqual(lost, []);
});

test('every npm script that a document names exists', () => {
  const bad = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/npm (?:run (?:--silent )?([a-z][\w:-]*)|(start|test)\b)/g)]
      .map((match) => match[1] ?? match[2])
      .filter((name) => !(name in manifest.scripts))
      .map((name) => `${path}: npm run ${name}`),
  );
  assert.deepEqual(bad, []);
});

test('docs/dependencies.md names every package with its version', () => {
  const { text } = read('docs/dependencies.md');
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
  const missing = Object.entries(all).filter(
    ([name, version]) => !text.split('\n').some((line) => line.includes(`\`${name}\``) && line.includes(version)),
  );
  assert.deepEqual(missing, []);
});

test('what scripts make of the code has not drifted', () => {
  assert.deepEqual(staleDocuments(), [], 'run: npm run docs');
});

test('docs/configuration.md names every setting', () => {
  const { text } = read('docs/configuration.md');
  const flags = Object.keys(settings.shape).map((key) => (FILE_KEYS.includes(key) ? key : flagOf(key)));
  assert.deepEqual(
    flags.filter((word) => !text.includes(`\`${word}\``)),
    [],
  );
});

test('docs/operations.md names every counter, rejection, state and reason', () => {
  const { text } = read('docs/operations.md');
  const counters = [...MARKET_COUNTERS, ...INGRESS_COUNTERS, ...SHARD_COUNTERS].map(({ name }) => name);
  const words = [...counters, ...REJECTION_NAMES, ...BOOK_STATE_NAMES, ...STATE_REASON_NAMES];
  const missing = words.filter((word) => word !== null && word !== '' && !text.includes(`\`${word}\``));
  assert.deepEqual(missing, []);
});

test('docs/stream.md names every kind of bar and every event of a signal', () => {
  const { text } = read('docs/stream.md');
  const missing = [...BAR_TYPE_NAMES, ...SIGNAL_EVENT_NAMES].filter(
    (word) => word !== null && !text.includes(`\`${word}\``),
  );
  assert.deepEqual(missing, []);
});

test('the examples of a configuration by pattern and of a signal are what the engine takes', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const example = (name: string, document: string, fence: RegExp): string => {
    const path = join(folder, name);
    writeFileSync(path, fence.exec(read(document).text)?.[1] ?? '');
    return path;
  };
  const yaml = example('millrace.yaml', 'docs/configuration.md', /```yaml\n([\s\S]*?)```/);
  const whole = loadSettings({ config: yaml }, {});
  assert.deepEqual([whole.journalBytes, whole.journalAge, whole.markets?.length], [20 * 2 ** 30, 7 * 86_400_000, 3]);
  await plansOf(whole);
  const small = example('small.yaml', 'docs/tuning.md', /```yaml\n([\s\S]*?)```/);
  assert.equal(loadSettings({ config: small }, {}).marketsMax, 500);
  const config = example('millrace.json', 'docs/configuration.md', /```json\n(\{\n[\s\S]*?)```/);
  const plans = await plansOf(loadSettings({ config }, {}));
  const kept = ['kraken:BTC-USD', 'synthetic:ETH-USDT', 'binance:ETHUSDT', 'okx:ETH-USDT'].map((market) => {
    const plan = planFor(plans, market);
    return plan === null ? null : [plan.bars.length, plan.signals.length, plan.hasBook, plan.levelsKept];
  });
  assert.deepEqual(kept, [[3, 3, true, 0], [1, 1, true, 20], [1, 0, false, 0], null]);
  const { specs } = await loadUserSignals([
    example('mine.ts', 'README.md', /```ts\n(import \{ defineSignal[\s\S]*?)```/),
  ]);
  assert.deepEqual([specs[0].name, specs[0].input], ['bought-share', 'trade']);
});

test('docs/tuning.md names settings and metrics that are', () => {
  const { text } = read('docs/tuning.md');
  const keys = [...text.matchAll(/^\| `([a-z][A-Za-z]+)/gm)].map((match) => match[1]);
  assert.ok(keys.length > 10);
  assert.deepEqual(
    keys.filter((key) => !(key in settings.shape) && key !== 'millrace'),
    [],
  );
  const metrics = [...text.matchAll(/`(millrace_[a-z_]+)`/g)].map((match) => match[1]);
  const told = read('docs/metrics.md').text;
  assert.deepEqual(
    metrics.filter((name) => !told.includes(name)),
    [],
  );
});

test('no document names a path of one machine', () => {
  const bad = documents.filter(({ text }) => /(?:^|[\s"'`(=])\/(work|home|root|Users)\/[a-z]/m.test(text));
  assert.deepEqual(
    bad.map(({ path }) => path),
    [],
  );
});
