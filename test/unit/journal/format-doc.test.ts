// The reader that docs/recording-format.md gives as an example reads what the engine writes.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { segmentName } from '../../../engine/journal/names.ts';
import { ANCHOR_WALL_US, contentOf, JournalRig, textOf } from '../../support/journal-rig.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../../docs/recording-format.md');
const folder = mkdtempSync(join(tmpdir(), 'millrace-format-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [, script] = /```js\n(\/\/ read-segment\.mjs\n[\s\S]*?)```/.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
const reader = join(folder, 'read-segment.mjs');
writeFileSync(reader, script);

/** A segment of three blocks. */
function segmentOf(rig: JournalRig): string {
  rig.log.start(Buffer.from('{"version":"x"}'), 1000);
  rig.log.open(1, 2, Buffer.from('{"dialect":"binance-futures"}'), 2000);
  rig.frame('{"a":1}');
  rig.write();
  rig.log.clock(1_700_000_000_100_000, 3000);
  rig.frame('{"ä":"ö"}');
  rig.write();
  rig.frame('{"b":2}');
  rig.log.close(1, 4000);
  rig.write();
  const name = segmentName(1);
  const path = join(folder, name);
  writeFileSync(path, rig.folder.read(name, 0, rig.folder.sizeOf(name)));
  return path;
}

type Line = { readonly sequence: number; readonly kind: string; readonly text: string; readonly timeUs: number };
const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

test('it tells every entry, as the engine reads it', () => {
  const rig = new JournalRig();
  const path = segmentOf(rig);
  const lines = linesOf(execFileSync(process.execPath, [reader, path], { encoding: 'utf8' }));
  const { entries } = contentOf(rig.folder);
  assert.deepEqual(
    lines.map(({ sequence, timeUs }) => [sequence, timeUs]),
    entries.map(({ sequence, receiveTimeNs }) => [sequence, ANCHOR_WALL_US + receiveTimeNs / 1000]),
  );
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ['start', 'open', 'frame', 'clock', 'frame', 'frame', 'close'],
  );
  for (const [at, { kind, text }] of lines.entries()) if (kind !== 'clock') assert.equal(text, textOf(entries[at]));
});

test('it passes a damaged block over, and a torn end', () => {
  const path = segmentOf(new JournalRig());
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('{"ä"')] ^= 1;
  writeFileSync(path, bytes.subarray(0, -8));
  const { stdout, stderr } = spawnSync(process.execPath, [reader, path], { encoding: 'utf8' });
  assert.deepEqual(
    linesOf(stdout).map(({ sequence }) => sequence),
    [1, 2, 3],
  );
  assert.match(stderr, /^block at \d+ is damaged\n/);
});
