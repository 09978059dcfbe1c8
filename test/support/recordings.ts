// Where others' recordings lie, and tests that need them: absent they are skipped with a sentence, with CI=true they fail.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Dialect } from '../../schemas/ids.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export const RECORDINGS_FOLDER = resolve(ROOT, process.env['MILLRACE_RECORDINGS'] ?? '../shared/data');

/** The path of a recording. */
export function recordingPath(name: string): string {
  return join(RECORDINGS_FOLDER, name);
}

/** A test of recordings, which are read in place; it is given their paths in the order of `names`. */
export function recordingTest(
  sentence: string,
  names: readonly string[],
  run: (t: TestContext, ...paths: string[]) => void | Promise<void>,
): void {
  test(sentence, async (t) => {
    const paths = names.map(recordingPath);
    const missing = paths.find((path) => !existsSync(path));
    if (missing === undefined) return run(t, ...paths);
    const absence = `recording ${missing}: expected a file, was absent; MILLRACE_RECORDINGS names their folder`;
    assert.notEqual(process.env['CI'], 'true', absence);
    t.skip(absence);
  });
}

export type GoldenSession = { readonly name: string; readonly venue: Dialect; readonly path: string };

const golden = (name: string, venue: Dialect): GoldenSession => ({
  name,
  venue,
  path: join(ROOT, 'test/golden', `${name}.ndjson`),
});

/** The sessions of our own synthetic venue, one per dialect. */
export const GOLDEN_SESSIONS: readonly GoldenSession[] = [
  golden('binance-1', 'binance'),
  golden('binance-futures-2', 'binance-futures'),
  golden('kraken-3', 'kraken'),
  golden('coinbase-4', 'coinbase'),
  golden('json-5', 'json'),
];

/** Whole numbers below `limit` from a seed (Park and Miller's generator). */
export function numbersOf(seed: number): (limit: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * limit);
  };
}

/** `count` entries of a list in random order; all where there are fewer. */
export function sampleOf<T>(list: readonly T[], count: number, random: (limit: number) => number): T[] {
  const left = [...list];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random(left.length), 1)[0]);
}
