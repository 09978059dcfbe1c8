// Markets get their ids from bytes; those of a bad frame are forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { FrameResult } from '../../schemas/ids.ts';
import '../support/seed.ts';

const encoder = new TextEncoder();
const memoryOf = (marketsMax: number) => createEngineMemory({ shards: 1, marketsMax, inputSlots: 64, outputSlots: 64 });

/** Looks a market up, its two names lying inside other bytes. */
function find(directory: MarketDirectory, venue: string | Uint8Array, symbol: string | Uint8Array): number {
  const [v, s] = [venue, symbol].map((name) => (typeof name === 'string' ? encoder.encode(name) : name));
  const bytes = new Uint8Array(v.length + s.length + 6).fill(0x7e);
  bytes.set(v, 2);
  bytes.set(s, v.length + 4);
  return directory.find(bytes, 2, 2 + v.length, bytes, v.length + 4, v.length + 4 + s.length);
}

test('ids count up in order of appearance and stay', () => {
  const directory = new MarketDirectory(memoryOf(8));
  assert.deepEqual([find(directory, 'a', 'X'), find(directory, 'a', 'Y'), find(directory, 'b', 'X')], [0, 1, 2]);
  assert.deepEqual([find(directory, 'b', 'X'), find(directory, 'a', 'X')], [2, 0]);
});

test('names that look alike are markets of their own', () => {
  const directory = new MarketDirectory(memoryOf(16));
  const names = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['a', 'b'],
    ['A', 'b'],
    ['a', 'b '],
    ['a', 'b:c'],
    ['a', 'bç'],
  ];
  const ids = names.map(([venue, symbol]) => find(directory, venue, symbol));
  assert.deepEqual(
    ids,
    names.map((_, index) => index),
  );
});

test('new markets are seen by others once confirmed, and rolled back without a trace', () => {
  const memory = memoryOf(8);
  const directory = new MarketDirectory(memory);
  const names = new MarketNames(memory);
  find(directory, 'kraken', 'BTC/USD');
  assert.deepEqual([directory.hasProvisional, names.count], [true, 0]);
  directory.confirm();
  assert.deepEqual([directory.hasProvisional, names.count], [false, 1]);
  assert.deepEqual(names.of(0), { name: 'kraken:BTC/USD', venue: 'kraken', symbol: 'BTC/USD' });
  assert.equal(names.idOf('kraken:BTC/USD'), 0);
  find(directory, 'kraken', 'NO');
  find(directory, 'kraken', 'NEVER');
  directory.rollback();
  assert.deepEqual([directory.hasProvisional, names.count, names.idOf('kraken:NO')], [false, 1, -1]);
  assert.equal(find(directory, 'kraken', 'BTC/USD'), 0);
  assert.equal(find(directory, 'kraken', 'OTHER'), 1);
});

test('names that cannot be are of bad shape', () => {
  const directory = new MarketDirectory(memoryOf(8));
  const bad: readonly (string | Uint8Array)[] = [
    ...['', 'a"b', "a'b", 'a\\b', 'a\nb', 'a\0b', '\x7f', 'a'.repeat(81), 'ä'.repeat(41)],
    ...[Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xc3)],
  ];
  for (const symbol of bad) assert.equal(find(directory, 'v', symbol), FrameResult.shape, String(symbol));
  for (const venue of ['', 'a:b', 'a"b', 'v'.repeat(46)]) assert.equal(find(directory, venue, 'X'), FrameResult.shape);
  assert.equal(directory.hasProvisional, false);
  assert.equal(find(directory, 'v'.repeat(45), 'a'.repeat(80)), 0);
  assert.equal(find(directory, 'v', 'ä'.repeat(40)), 1);
  assert.equal(find(directory, '__proto__', 'constructor'), 2);
});

test('the limit refuses the next market and keeps finding the others', () => {
  const directory = new MarketDirectory(memoryOf(2));
  find(directory, 'v', 'A');
  find(directory, 'v', 'B');
  directory.confirm();
  assert.equal(find(directory, 'v', 'C'), FrameResult.unknownMarket);
  assert.deepEqual([find(directory, 'v', 'A'), find(directory, 'v', 'B')], [0, 1]);
});

test('a directory made over the same memory goes on where the other was', () => {
  const memory = memoryOf(64);
  const first = new MarketDirectory(memory);
  for (let i = 0; i < 40; i++) find(first, 'v', `S${i}`);
  first.confirm();
  const second = new MarketDirectory(memory);
  for (let i = 0; i < 40; i++) assert.equal(find(second, 'v', `S${i}`), i);
  assert.equal(find(second, 'v', 'NEW'), 40);
});

test('any run of frames, kept or thrown away, leaves what a plain map would', () => {
  const name = fc.constantFrom('A', 'B', 'C', 'AA', 'AB', 'BA', 'X/Y', 'ß');
  const frame = fc.record({ names: fc.array(fc.tuple(name, name), { maxLength: 5 }), isKept: fc.boolean() });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
      const memory = memoryOf(12);
      const directory = new MarketDirectory(memory);
      let known = new Map<string, number>();
      for (const { names, isKept } of frames) {
        const next = new Map(known);
        for (const [venue, symbol] of names) {
          const key = `${venue}:${symbol}`;
          const expected = next.get(key) ?? (next.size === 12 ? FrameResult.unknownMarket : next.size);
          if (expected >= 0) next.set(key, expected);
          assert.equal(find(directory, venue, symbol), expected);
        }
        if (isKept) {
          directory.confirm();
          known = next;
        } else directory.rollback();
      }
      const shown = new MarketNames(memory);
      assert.equal(shown.count, known.size);
      for (const [key, id] of known) assert.equal(shown.idOf(key), id);
    }),
    { numRuns: 200 },
  );
});
