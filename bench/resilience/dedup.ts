// What would telling repeats by a hash of the frame cost, beside the trade ids that the engine goes by?
//
//   frame bytes ──► xxHash or SHA-256 ──► 53 bits ──► window of the last 4,096          any frame
//   trade id    ───────────────────────────────────────► the same window                ids in any order
//   trade id    ──► above the last?                                                     ids that rise
//
// One frame in ten comes twice; every way must find exactly those. The engine has the id from decoding, so that its way
// costs no pass over the bytes.

import { createHash } from 'node:crypto';
import { TradeIdWindow } from '../../workers/bars/trade-id-window.ts';
import { check, type Results, type Size } from '../harness.ts';
import { type Stage, stageOf } from '../support/record-buffer.ts';
import { bench, type Way } from '../support/turns.ts';
import { depthFrames, tradeFrames } from '../workloads.ts';
import { xxHash32, xxHash64 } from './xxhash.ts';

const REPEAT_EVERY = 10;
/** What a repeat repeats: the frame this many before it. */
const REPEAT_OF = 5;
/** 32 bits would call two of 4,096 frames the same once in a million; two passes together are quicker than one of xxHash64. */
const SEEDS = [0, 0x9e3779b1] as const;

type Ids = { readonly ids: Float64Array; readonly stage: Stage; readonly repeats: number };

/** Frames of which each tenth is one that came before; ids are the numbers of the frames. */
function withRepeats(frames: readonly Uint8Array[]): Ids {
  const numbers = frames.map((_, i) => (i % REPEAT_EVERY === REPEAT_EVERY - 1 ? i - REPEAT_OF : i));
  const repeats = Math.floor(frames.length / REPEAT_EVERY);
  return { ids: Float64Array.from(numbers), stage: stageOf(numbers.map((number) => frames[number])), repeats };
}

/** Calls `each` with where a frame lies. */
function eachFrame({ ends }: Stage, each: (from: number, end: number) => void): void {
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    each(from, ends[i]);
    from = ends[i];
  }
}

function hashes(results: Results, size: Size, name: string, { stage }: Ids): void {
  const { view, bytes, ends } = stage;
  const out = new Uint32Array(2);
  const sums = [0, 0, 0];
  const ways: readonly [Way, ...Way[]] = [
    { name: 'xxHash64', run: () => eachFrame(stage, (from, end) => xxHash64(view, from, end, out)) },
    {
      name: 'xxHash32',
      run: () =>
        eachFrame(stage, (from, end) => {
          sums[1] ^= xxHash32(view, from, end);
        }),
    },
    {
      name: 'SHA-256 of node:crypto',
      run: () =>
        eachFrame(stage, (from, end) => {
          sums[2] ^= createHash('sha256').update(bytes.subarray(from, end)).digest()[0];
        }),
    },
  ];
  bench(results, size, { name: `hash of ${name}`, operation: 'frame', operations: ends.length, ways });
}

/** Repeats found by one way, run over all frames from the start. */
type Finder = { readonly name: string; readonly begin: () => (index: number, from: number, end: number) => boolean };

function finders({ ids, stage }: Ids): Finder[] {
  const { view, bytes } = stage;
  const key = new Float64Array(1);
  const remember = (window: TradeIdWindow, high: number, low: number): boolean => {
    key[0] = (high >>> 11) * 2 ** 32 + low;
    return !window.add(key, 0);
  };
  return [
    {
      name: 'trade ids that rise',
      begin: () => {
        let last = -1;
        return (index) => {
          const isRepeat = ids[index] <= last;
          if (!isRepeat) last = ids[index];
          return isRepeat;
        };
      },
    },
    {
      name: 'trade ids in any order',
      begin: () => {
        const window = new TradeIdWindow();
        return (index) => !window.add(ids, index);
      },
    },
    {
      name: 'xxHash32 of the frame by two seeds',
      begin: () => {
        const window = new TradeIdWindow();
        return (_, from, end) =>
          remember(window, xxHash32(view, from, end, SEEDS[0]), xxHash32(view, from, end, SEEDS[1]));
      },
    },
    {
      name: 'SHA-256 of the frame',
      begin: () => {
        const window = new TradeIdWindow();
        return (_, from, end) => {
          const digest = createHash('sha256').update(bytes.subarray(from, end)).digest();
          return remember(window, digest.readUInt32BE(0), digest.readUInt32BE(4));
        };
      },
    },
  ];
}

function repeatsFound(results: Results, size: Size, name: string, given: Ids): void {
  const ways = finders(given).map(({ name: finder, begin }): Way => {
    let isRepeat = begin();
    return {
      name: finder,
      prepare: () => {
        isRepeat = begin();
      },
      run: () => {
        let found = 0;
        let index = 0;
        eachFrame(given.stage, (from, end) => {
          if (isRepeat(index++, from, end)) found++;
        });
        check(found === given.repeats, `${name}, ${finder}: expected ${given.repeats} repeats, was ${found}`);
      },
    };
  });
  const [first, ...others] = ways;
  const operations = given.stage.ends.length;
  bench(results, size, { name: `repeats among ${name}`, operation: 'frame', operations, ways: [first, ...others] });
}

export function dedup(results: Results, size: Size): void {
  const count = size === 'full' ? 20_000 : 500;
  const workloads = { 'trade frames': tradeFrames(count, 1), 'depth frames of 16 levels': depthFrames(count, 1) };
  for (const [name, { frames }] of Object.entries(workloads)) {
    const given = withRepeats(frames);
    results.add(`${name}: mean size`, 'bytes', [given.stage.bytes.length / count]);
    hashes(results, size, name, given);
    repeatsFound(results, size, name, given);
  }
}
