// What a journal's folder holds is read under its lock: an engine that still ends there may add a newer checkpoint.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type DurabilityOptions, readFoundation } from '../../../engine/durability.ts';
import { FolderLock } from '../../../engine/journal/folder-lock.ts';
import { segmentName } from '../../../engine/journal/names.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-foundation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (): ReturnType<typeof readFoundation> =>
  readFoundation({ journal: { folder }, deadLetter: null, marketsMax: 4 } as DurabilityOptions);
const IN_USE = /^journal: expected a folder that no other engine uses/;

test('a folder that another engine holds is not read', () => {
  // Reading it would fail in another way.
  mkdirSync(join(folder, segmentName(1)));
  const lock = FolderLock.take(folder);
  assert.throws(read, { message: IN_USE });
  lock.release();
});

test('a folder is held from before it is read, and given back where it cannot be', () => {
  const { lock } = read();
  assert.throws(() => FolderLock.take(folder), { message: IN_USE });
  lock?.release();
  mkdirSync(join(folder, segmentName(1)));
  assert.throws(read, (error: Error) => !IN_USE.test(error.message));
  FolderLock.take(folder).release();
});
