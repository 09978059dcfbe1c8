// The hash that benches compare with: published vectors, and a slow reference written with BigInt.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { xxHash32, xxHash64 } from '../../../bench/resilience/xxhash.ts';
import '../../support/seed.ts';

const SENTENCE = 'Call me Ishmael. Some years ago--never mind how long precisely-';

/** From the tests of github.com/cespare/xxhash and github.com/pierrec/xxHash; seed 0. */
const VECTORS64 = {
  '': 'ef46db3751d8e999',
  a: 'd24ec4f1a98c6e5b',
  as: '1c330fb2d66be179',
  asd: '631c37ce72a97393',
  asdf: '415872f599cea71e',
  [SENTENCE]: '02a2e85470d6fd96',
};
const VECTORS32 = { '': '02cc5d05', a: '550d7456', abc: '32d153ff', [SENTENCE]: '6f320359' };

const MASK = 2n ** 64n - 1n;
const [P1, P2, P3, P4, P5] = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
];
const times = (a: bigint, b: bigint): bigint => (a * b) & MASK;
const turn = (a: bigint, bits: bigint): bigint => ((a << bits) | (a >> (64n - bits))) & MASK;
const step = (lane: bigint, word: bigint): bigint => times(turn((lane + times(word, P2)) & MASK, 31n), P1);

/** XXH64 step by step as the specification has it. */
function slow64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    let lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
    for (; at + 32 <= bytes.length; at += 32) {
      const block = at;
      lanes = lanes.map((lane, i) => step(lane, view.getBigUint64(block + i * 8, true)));
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, bits, i) => (sum + turn(lanes[i], bits)) & MASK, 0n);
    for (const lane of lanes) hash = (times(hash ^ step(0n, lane), P1) + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (times(turn(hash ^ step(0n, view.getBigUint64(at, true)), 27n), P1) + P4) & MASK;
  if (at + 4 <= bytes.length) {
    hash = (times(turn(hash ^ times(BigInt(view.getUint32(at, true)), P1), 23n), P2) + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = times(turn(hash ^ times(BigInt(bytes[at]), P5), 11n), P1);
  hash = times(hash ^ (hash >> 33n), P2);
  hash = times(hash ^ (hash >> 29n), P3);
  return hash ^ (hash >> 32n);
}

function hex64(bytes: Uint8Array): string {
  const out = new Uint32Array(2);
  xxHash64(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, out);
  return [...out].map((half) => half.toString(16).padStart(8, '0')).join('');
}

test('published vectors have their hashes', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const [text, hash] of Object.entries(VECTORS64)) assert.equal(hex64(bytes(text)), hash, text);
  for (const [text, hash] of Object.entries(VECTORS32)) {
    const view = new DataView(bytes(text).buffer);
    assert.equal(xxHash32(view, 0, view.byteLength).toString(16).padStart(8, '0'), hash, text);
  }
});

/** XXH32 step by step as the specification has it. */
function slow32(bytes: Uint8Array, seed: bigint): bigint {
  const [q1, q2, q3, q4, q5] = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n];
  const cut = (value: bigint): bigint => value & 0xffffffffn;
  const spin = (value: bigint, bits: bigint): bigint => cut((value << bits) | (value >> (32n - bits)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): bigint => BigInt(view.getUint32(at, true));
  let at = 0;
  let hash = cut(seed + q5);
  if (bytes.length >= 16) {
    let lanes = [seed + q1 + q2, seed + q2, seed, seed - q1].map(cut);
    for (; at + 16 <= bytes.length; at += 16) {
      const block = at;
      lanes = lanes.map((lane, i) => cut(spin(cut(lane + word(block + i * 4) * q2), 13n) * q1));
    }
    hash = cut([1n, 7n, 12n, 18n].reduce((sum, bits, i) => sum + spin(lanes[i], bits), 0n));
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; at + 4 <= bytes.length; at += 4) hash = cut(spin(cut(hash + word(at) * q3), 17n) * q4);
  for (; at < bytes.length; at++) hash = cut(spin(cut(hash + BigInt(bytes[at]) * q5), 11n) * q1);
  hash = cut((hash ^ (hash >> 15n)) * q2);
  hash = cut((hash ^ (hash >> 13n)) * q3);
  return hash ^ (hash >> 16n);
}

test('bytes of any length have the hash of the slow reference', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2 ** 32 - 1), (bytes, seed) => {
      assert.equal(hex64(bytes), slow64(bytes).toString(16).padStart(16, '0'));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      assert.equal(xxHash32(view, 0, bytes.length, seed), Number(slow32(bytes, BigInt(seed))));
    }),
  );
});
