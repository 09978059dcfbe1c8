// Book frames of Bitfinex that are read in words: to the same records as byte by byte, or left to that.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameResult } from '../../../schemas/ids.ts';
import type { MemoryRecord } from '../../support/memory-sink.ts';
import { Peer } from './bitfinex-peer.ts';

const { applied } = FrameResult;

/** Decodes a frame in words and byte by byte, each on a peer that has had the same frames. */
function bothWays(before: readonly string[], frame: string): [number, MemoryRecord[], number, MemoryRecord[]] {
  const [words, bytes] = [new Peer(), new Peer()];
  for (const peer of [words, bytes]) peer.all(before);
  const padded = Buffer.from(`#####${frame}`);
  words.sink.begin();
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const result = words.decoder.decodeInOrder(view, 5, padded.length);
  const expected = bytes.take(frame);
  return [result, result === 0 ? [] : words.sink.records(), expected.result, expected.records];
}

const BEFORE = ['[10,[[1,1,1]],17]'];

test('book frames in the venue’s own writing are read in words, to the same records', () => {
  for (const frame of [
    '[10,[60400,1,0.68826974],18]',
    '[10,[215350,0,-1],18]',
    '[10,[0.068965,12,-100],18]',
    '[10,[[60400,1,0.68826974],[60406.5,2,-1.123456789],[1.1e-7,3,1000000],[2,1,2.2626931299999997]],18]',
  ]) {
    const [result, records, expectedResult, expected] = bothWays(BEFORE, frame);
    assert.deepEqual([result, records], [applied, expected], frame);
    assert.equal(expectedResult, applied);
  }
});

test('what is read in words has the result of the other way; all else is left to it', () => {
  const digit = fc.constantFrom(
    ...'0123456789',
    '12',
    '0.5',
    '60400',
    '999999999',
    '1234567890',
    '0.0000000001',
    '1e-7',
  );
  const number = fc.oneof(
    { weight: 8, arbitrary: digit },
    fc.constantFrom('', '-1', '00', '1.', '.5', '"1"', 'null', '[1]'),
  );
  const row = fc.tuple(number, number, number).map((parts) => `[${parts.join(',')}]`);
  const payload = fc.oneof(
    row,
    fc.array(row, { maxLength: 4 }).map((rows) => `[${rows.join(',')}]`),
  );
  const tail = fc.constantFrom(
    '18]',
    '18]',
    '18]',
    '19]',
    '17]',
    '018]',
    '18,1]',
    ' 18]',
    '18] ',
    ']',
    '18',
    '[18]]',
    '1e1]',
  );
  const id = fc.constantFrom('10', '10', '10', '11', '99', '010', '-10');
  const frame = fc.tuple(id, payload, tail).map((parts) => `[${parts.join(',')}`);
  let read = 0;
  fc.assert(
    fc.property(frame, fc.nat(200), (text, cut) => {
      for (const given of [text, text.slice(0, cut)]) {
        const [result, records, expectedResult, expected] = bothWays(BEFORE, given);
        if (result === 0) continue;
        read++;
        assert.deepEqual([result, records], [expectedResult, expected], given);
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `${read} frames read in words`);
});

test('frames that do not simply follow are left to the other way', () => {
  for (const frame of [
    '[10,[2,1,1],19]',
    '[10,[2,1,1],17]',
    '[11,[[1,1,1]],18]',
    '[99,[2,1,1],18]',
    '[10,"hb",18]',
    '{}',
    '',
  ]) {
    assert.equal(bothWays(BEFORE, frame)[0], 0, frame);
  }
  assert.equal(bothWays([], '[10,[2,1,1],1]')[0], 0, 'no market and no number before');
  const peer = new Peer();
  peer.all(BEFORE);
  const read = (frame: string): number => {
    const bytes = Buffer.from(frame);
    peer.sink.begin();
    return peer.decoder.decodeInOrder(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  };
  assert.deepEqual([read('[10,[2,1,1],18]'), read('[10,[3,1,1],19]'), read('[10,[3,1,1],21]')], [applied, applied, 0]);
  assert.equal(peer.take('[10,[3,1,1],21]').records[0].type, 'gap');
  assert.equal(peer.decoder.gaps, 1);
});
