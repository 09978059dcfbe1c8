// What the shards give for a checkpoint, some markets at a time, is joined; an attempt is over only once nothing more comes.

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import type { Checkpoint, IngressImage } from '../../../engine/journal/checkpoint.ts';
import { CheckpointKeeper } from '../../../engine/recovery/checkpoint-keeper.ts';
import type { CheckpointPart } from '../../../engine/recovery/shard-parts.ts';

const INGRESS: IngressImage = {
  ...{ sequence: 9, nextConnection: 1, nextClockUs: 0, marketNames: [], connections: [], producers: [], sources: [] },
};
const DEADLINE_MS = 1_000;

let stored: Checkpoint[];
let told: string[];

function keeperOf(shards: number): CheckpointKeeper {
  return new CheckpointKeeper({
    ...{ shards, build: 'b', anchorWallUs: 0, lastNumber: 0, intervalMs: 60_000, deadlineMs: DEADLINE_MS },
    ask: () => Promise.resolve(INGRESS),
    store: (checkpoint) => Promise.resolve(stored.push(checkpoint) > 0),
    ...{ isWanted: () => false, isHindered: () => false, onEvent: (sentence: string) => void told.push(sentence) },
  });
}

function part(shard: number, ids: readonly number[], order: readonly number[] | null, number = 1): CheckpointPart {
  const markets = ids.map((id) => ({ id, name: `m${id}`, image: Uint8Array.of(id) }));
  return { op: 'checkpoint-part', number, image: { shard, clockUs: [0, 0], markets }, order };
}

beforeEach(() => {
  stored = [];
  told = [];
});

test('a checkpoint has the markets of each shard in the order it had them, however they came', async () => {
  const keeper = keeperOf(2);
  const isKept = keeper.now();
  keeper.take(part(0, [4, 2], null));
  keeper.take(part(1, [1], [1]));
  keeper.take(part(0, [6], null, 7));
  keeper.take(part(0, [0], [0, 2, 4]));
  assert.equal(await isKept, true);
  assert.deepEqual(
    stored[0].shards.map(({ markets }) => markets.map(({ id }) => id)),
    [[0, 2, 4], [1]],
  );
});

test('the last one begins anew where another is on its way, which lacks what came since', async () => {
  const keeper = keeperOf(1);
  const [running, last] = [keeper.now(), keeper.last()];
  keeper.take(part(0, [1], [1]));
  assert.equal(await running, true);
  keeper.take(part(0, [1, 2], [1, 2], 2));
  assert.equal(await last, true);
  assert.deepEqual(
    stored.map(({ number, shards: [{ markets }] }) => [number, markets.length]),
    [
      [1, 1],
      [2, 2],
    ],
  );
});

test('an attempt is over when nothing more comes for a while, and not while parts do', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const keeper = keeperOf(1);
    const isKept = keeper.now();
    for (let id = 0; id < 4; id++) {
      mock.timers.tick(DEADLINE_MS - 1);
      keeper.take(part(0, [id], null));
    }
    assert.deepEqual([told, stored], [[], []]);
    mock.timers.tick(DEADLINE_MS);
    assert.equal(await isKept, false);
    assert.match(told[0], /not every shard gave its part/);
  } finally {
    mock.timers.reset();
  }
});
