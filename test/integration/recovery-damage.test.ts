// A journal that is torn, damaged or without its checkpoints: the engine starts, says what is missing, and trusts nothing else.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EngineOptions } from '../../engine/main.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { killShard, makeTraffic, NamedProducer, stateOf } from '../support/recovery-rig.ts';
import { BARS, journalIn, options } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

const NEVER_MS = 3_600_000;
const traffic = makeTraffic(SEED, 4, 400);

let folder: string;
let written: string;
let expected: Record<string, { book: { state: string; reason: string | null } }>;

type State = typeof expected;
type Deaths = {
  readonly lastDeaths: readonly {
    readonly kind: string;
    readonly recoveredMs: number | null;
    readonly isRebuilt: boolean;
  }[];
  readonly givenUpShards: readonly number[];
};
type Stats = { recovery: { start: { entries: number; damages: string[] } } };

const startOn = (path: string, more: Partial<EngineOptions> = {}): Promise<LiveEngine> =>
  LiveEngine.start({ ...options(2), journal: journalIn(path, NEVER_MS), ...more });

/** A copy of the journal that each test may damage. */
function copied(name: string): string {
  const path = join(folder, name);
  cpSync(written, path, { recursive: true });
  return path;
}

/** Files of a folder whose names begin so, from the oldest. */
const filesOf = (path: string, start: string): string[] =>
  readdirSync(path)
    .filter((name) => name.startsWith(start))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(path, name));

/** Segments that hold entries of the first engine. */
const firstSegment = (path: string): string => filesOf(path, 'journal-')[0];

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
}

async function recovered(path: string): Promise<{ state: State; start: Stats['recovery']['start'] }> {
  const live = await startOn(path);
  try {
    const { recovery } = await live.get<Stats>('/v1/stats?markets=0');
    return { state: (await stateOf(live.engine.port, traffic.markets, BARS)) as State, start: recovery.start };
  } finally {
    await live.stop();
  }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-damage-'));
  written = join(folder, 'written');
  const live = await startOn(written);
  await new NamedProducer('p', traffic.frames, () => live.engine.ingestPort).run();
  await eventually('all applied', async () => {
    const { total } = await live.get<{ total: { bookChanges: number; tradeRecords: number } }>('/v1/stats?markets=0');
    return total.bookChanges + total.tradeRecords === traffic.frames.length;
  });
  expected = (await stateOf(live.engine.port, traffic.markets, BARS)) as State;
  await live.stop();
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('a journal that was', () => {
  test('ended in order begins with its last checkpoint', async () => {
    const { state, start } = await recovered(copied('ended'));
    assert.deepEqual(state, expected);
    assert.ok(start.entries < 50, `${start.entries} entries applied again`);
  });

  test('torn amid a block is cut there, and the rest is whole', async () => {
    const path = copied('torn');
    appendFileSync(filesOf(path, 'journal-').at(-1) ?? '', Buffer.from('MJRB and then the power went'));
    assert.deepEqual((await recovered(path)).state, expected);
  });

  test('left without checkpoints is applied from its first entry', async () => {
    const path = copied('unchecked');
    for (const file of filesOf(path, 'checkpoint-')) rmSync(file);
    const { state, start } = await recovered(path);
    assert.deepEqual(state, expected);
    assert.ok(start.entries > traffic.frames.length);
  });

  test('left with a damaged checkpoint begins with the one before, or the first entry', async () => {
    const path = copied('checkpoint');
    const newest = filesOf(path, 'checkpoint-').at(-1) ?? '';
    flip(newest, statSync(newest).size >> 1);
    assert.deepEqual((await recovered(path)).state, expected);
  });

  test('damaged while its engine runs costs a shard that dies its state, and not its life', async () => {
    const path = join(folder, 'running');
    const live = await startOn(path);
    try {
      await new NamedProducer('p', traffic.frames, () => live.engine.ingestPort).run();
      flip(firstSegment(path), statSync(firstSegment(path)).size >> 1);
      killShard(live.engine, 0);
      const { lastDeaths, givenUpShards } = await eventually('the shard runs again', async () => {
        const { recovery } = await live.get<{ recovery: Deaths }>('/v1/stats?markets=0');
        return recovery.lastDeaths.some(({ recoveredMs }) => recoveredMs !== null) ? recovery : null;
      });
      assert.deepEqual([lastDeaths.map(({ kind }) => kind), givenUpShards], [['ended', 'start'], []]);
      assert.equal(lastDeaths[1].isRebuilt, false);
    } finally {
      await live.stop();
    }
  });

  test('damaged amid its entries goes on behind them, and no market is live that may lack something', async () => {
    const path = copied('damaged');
    for (const file of filesOf(path, 'checkpoint-')) rmSync(file);
    flip(firstSegment(path), statSync(firstSegment(path)).size >> 1);
    const { state, start } = await recovered(path);
    assert.equal(start.damages.length, 1);
    for (const market of traffic.markets)
      assert.deepEqual([state[market].book.state, state[market].book.reason], ['resyncing', 'journal-hole']);
  });
});

describe('settings that do not fit a journal', () => {
  test('with too few markets are refused by name', async () => {
    await assert.rejects(startOn(copied('few'), { marketsMax: 3 }), /--markets-max: expected at least 4, .* was 3/);
  });

  test('a folder that another engine uses is refused', async () => {
    const path = copied('used');
    const live = await startOn(path);
    await assert.rejects(startOn(path), /expected a folder that no other engine uses/);
    await live.stop();
  });

  test('with other bars begin their markets anew', async () => {
    const path = copied('bars');
    const live = await startOn(path, { plans: options(2, ['5m']).plans });
    const bars = await live.get<unknown[]>(`/v1/bars/${encodeURIComponent(traffic.markets[0])}?kind=5m`);
    assert.deepEqual(bars, []);
    await live.stop();
  });
});
