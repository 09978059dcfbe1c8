// Frames that could not be taken: what is kept of them, how many, and how large their file becomes.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type RejectedFrame, RejectedFrames } from '../../../engine/ingress/rejected-frames.ts';
import { type DeadLetter, DeadLetters, frameText } from '../../../engine/recovery/dead-letters.ts';
import { DEAD_LETTER_FRAME_BYTES_MAX } from '../../../schemas/config.ts';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

describe('rejected frames', () => {
  test('are kept as copies, cut, and as many as there is a budget for until the next second', () => {
    const told: { frames: readonly RejectedFrame[]; leftOut: number }[] = [];
    const rejected = new RejectedFrames(
      () => 7,
      (frames, leftOut) => told.push({ frames, leftOut }),
      2,
    );
    const bytes = new Uint8Array(DEAD_LETTER_FRAME_BYTES_MAX + 100).fill(97);
    for (let i = 0; i < 5; i++) rejected.note('syntax', 3, 'json', 'p', viewOf(bytes), 10, bytes.length - 10);
    bytes.fill(98);
    rejected.flush();
    rejected.flush();
    assert.equal(told.length, 1);
    assert.equal(told[0].leftOut, 3);
    const [{ kept, ...first }, second] = told[0].frames;
    assert.deepEqual(first, {
      ...{ timeUs: 7, connection: 3, dialect: 'json', producer: 'p' },
      ...{ category: 'syntax', bytes: bytes.length - 10 },
    });
    assert.deepEqual(kept, new Uint8Array(DEAD_LETTER_FRAME_BYTES_MAX).fill(97));
    assert.notEqual(second, undefined);
    rejected.note('shape', 3, 'json', null, viewOf(bytes), 0, 1);
    rejected.flush();
    assert.deepEqual([told[1].frames.length, told[1].leftOut], [1, 0]);
  });
});

test('a frame is text where it is UTF-8, also where it was cut amid a character, else base64', () => {
  const euro = Buffer.from('10 €');
  assert.deepEqual(frameText(euro, false), { frame: '10 €', encoding: 'utf8' });
  assert.deepEqual(frameText(euro.subarray(0, 5), true), { frame: '10 ', encoding: 'utf8' });
  assert.deepEqual(frameText(euro.subarray(0, 5), false), { frame: 'MTAg4oI=', encoding: 'base64' });
  assert.deepEqual(frameText(Uint8Array.of(0xff, 0xfe), false), { frame: '//4=', encoding: 'base64' });
  assert.deepEqual(frameText(new Uint8Array(0), true), { frame: '', encoding: 'utf8' });
});

describe('the dead-letter file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-letters-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const letter = (frame: string): DeadLetter => ({
    ...{ t: 1, connection: 1, dialect: 'json', producer: null, category: 'syntax', bytes: frame.length },
    ...{ frame, encoding: 'utf8' },
  });

  test('holds a line for each, and what ingress left out is counted', async () => {
    const path = join(folder, 'a.ndjson');
    const letters = new DeadLetters(path);
    letters.take([letter('{"a'), letter('line\nbreak')], 5);
    letters.take([letter('x')]);
    await letters.close();
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as DeadLetter).frame),
      ['{"a', 'line\nbreak', 'x'],
    );
    assert.deepEqual([letters.written, letters.leftOut, letters.failure], [3, 5, null]);
  });

  test('is turned at its bound, so that both files together stay within twice of it', async () => {
    const path = join(folder, 'b.ndjson');
    const letters = new DeadLetters(path, 4_000);
    for (let i = 0; i < 60; i++) {
      letters.take([letter('y'.repeat(100))]);
      await new Promise(setImmediate);
    }
    await letters.close();
    assert.ok(statSync(path).size <= 4_000);
    assert.ok(statSync(`${path}.1`).size <= 4_000);
    assert.equal(letters.written, 60);
    const again = new DeadLetters(path, 4_000);
    again.take([letter('z'.repeat(3_900))]);
    await again.close();
    assert.ok(statSync(path).size <= 4_100);
  });

  test('that cannot be written is counted and told, and harms no one', async () => {
    const letters = new DeadLetters(join(folder, 'none', 'c.ndjson'));
    letters.take([letter('x')]);
    await letters.close();
    assert.equal(letters.leftOut, 1);
    assert.match(letters.failure ?? '', /ENOENT/);
  });
});
