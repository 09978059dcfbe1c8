// The list of records that killed their shard twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Poisons } from '../../../engine/recovery/poisons.ts';
import { POISONS_MAX } from '../../../schemas/config.ts';
import { MemoryFolder } from '../../support/memory-folder.ts';

test('poisons are known again after a start, each once, the newest where there are too many', () => {
  const folder = new MemoryFolder();
  const poisons = new Poisons(folder);
  poisons.add({ sequence: 5, id: 1, market: 'a:B' });
  poisons.add({ sequence: 5, id: 1, market: 'a:B' });
  poisons.add({ sequence: 5, id: 2, market: 'a:C' });
  assert.deepEqual(new Poisons(folder).list(), [
    { sequence: 5, id: 1, market: 'a:B' },
    { sequence: 5, id: 2, market: 'a:C' },
  ]);
  for (let sequence = 6; sequence < 6 + POISONS_MAX; sequence++) poisons.add({ sequence, id: 1, market: 'a:B' });
  const list = new Poisons(folder).list();
  assert.deepEqual([list.length, list[0].sequence], [POISONS_MAX, 6]);
});

test('a list that cannot be read is an empty one', () => {
  const folder = new MemoryFolder();
  folder.replace('poison.json', Buffer.from('[{"sequence":1'));
  assert.deepEqual(new Poisons(folder).list(), []);
  folder.replace(
    'poison.json',
    Buffer.from('[{"sequence":"1"},7,{"sequence":2,"id":1,"market":"a:B"},{"sequence":2,"market":"a:B"}]'),
  );
  assert.deepEqual(new Poisons(folder).list(), [{ sequence: 2, id: 1, market: 'a:B' }]);
});
