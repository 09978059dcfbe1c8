// T31: altered frames of every dialect through decoders, rings and books, guided by what they reach: only declared outcomes,
// no exception, no answer `internal`, no frame that holds its thread.

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../schemas/ids.ts';
import { numbersOf } from '../support/recordings.ts';
import { BlockCoverage } from './block-coverage.ts';
import { FUZZED, seedFrames } from './fuzz-seeds.ts';
import { type Account, FuzzTarget, HANG_MS } from './fuzz-target.ts';
import { mutate } from './mutate.ts';
import { accountOf, atLeast, type Log, type Scenario, type Size, told, zeroOf } from './scenario.ts';

/** Frames of all dialects together, and how many of them are run with coverage counted, which is slower. */
const FRAMES = { tiny: 30_000, small: 400_000, full: 10_500_000 } as const;
const GUIDED = { tiny: 6_000, small: 60_000, full: 300_000 } as const;
const BATCH = 400;
/** Frames kept of one dialect at most: to look for those of a batch that reached something new takes seconds. */
const KEPT_MAX = { tiny: 0, small: 50, full: 400 } as const;
/** Longer ones are not kept: they would grow without end. */
const KEPT_BYTES_MAX = 4_096;
/** Characters of the parsers' functions that must have run: what is left is mostly what a full ring or directory brings. */
const REACHED_MIN = 0.9;

const isParser = (url: string): boolean =>
  /\/engine\/(decode\/(?!wasm)|venues\/[a-z]+\/decode)/.test(url) && !/\.json$/.test(url);

class Fuzzer {
  readonly target: FuzzTarget;
  readonly found: Buffer[] = [];
  private readonly pool: Buffer[];
  private readonly isBinary: boolean;
  private readonly random: (limit: number) => number;

  constructor(dialect: Dialect, seed: number) {
    this.target = new FuzzTarget(dialect);
    this.pool = seedFrames(dialect, seed);
    this.isBinary = dialect === 'flatbuffers';
    this.random = numbersOf(seed + FUZZED.indexOf(dialect));
  }

  private draw(): Buffer {
    const { pool, random } = this;
    return mutate(pool[random(pool.length)], pool, this.isBinary, random);
  }

  /** Batches with coverage counted; the frames of one that reached something new are run again to find those that do. */
  guided(frames: number, keptMax: number, coverage: BlockCoverage): number {
    for (const frame of this.pool) this.target.take(frame);
    coverage.add(coverage.look());
    let done = this.pool.length;
    while (done < frames) {
      const batch = Array.from({ length: BATCH }, () => this.draw());
      for (const frame of batch) this.target.take(frame);
      done += BATCH;
      const reached = coverage.look();
      if (coverage.freshIn(reached) === 0) continue;
      if (this.found.length < keptMax) done += this.keepNew(batch, coverage);
      coverage.add(reached);
    }
    return done;
  }

  private keepNew(batch: readonly Buffer[], coverage: BlockCoverage): number {
    for (const frame of batch) {
      this.target.take(frame);
      const reached = coverage.look();
      if (coverage.freshIn(reached) === 0) continue;
      coverage.add(reached);
      if (frame.length > KEPT_BYTES_MAX) continue;
      this.pool.push(frame);
      this.found.push(frame);
    }
    return batch.length;
  }

  plain(frames: number): void {
    for (let i = 0; i < frames; i++) this.target.take(this.draw());
  }
}

/** With MILLRACE_TORTURE_CORPUS a folder, what was found is written there, to be looked through and kept. */
function keepFound(dialect: Dialect, found: readonly Buffer[]): void {
  const folder = process.env['MILLRACE_TORTURE_CORPUS'];
  if (folder === undefined || found.length === 0) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${dialect}.base64`), found.map((frame) => `${frame.toString('base64')}\n`).join(''));
}

function sumOf(accounts: readonly Account[]): Account {
  const sum: Account = { received: 0, applied: 0, control: 0, ignored: 0, unknown: 0, rejected: 0, internal: 0 };
  for (const account of accounts) for (const name of Object.keys(sum) as (keyof Account)[]) sum[name] += account[name];
  return sum;
}

/** All dialects twice: guided by coverage, then at full speed from what that has found. */
function fuzzAll(size: Size, seed: number, log: Log): { fuzzers: Fuzzer[]; covered: number; all: number } {
  const [each, guided] = [FRAMES[size], GUIDED[size]].map((frames) => Math.ceil(frames / FUZZED.length));
  const coverage = new BlockCoverage(isParser);
  const fuzzers = FUZZED.map((dialect) => new Fuzzer(dialect, seed));
  const left = fuzzers.map((fuzzer) => each - fuzzer.guided(guided, KEPT_MAX[size], coverage));
  const { covered, all } = coverage.share;
  coverage.stop();
  fuzzers.forEach((fuzzer, index) => {
    log(`${FUZZED[index]}: ${fuzzer.found.length} found`);
    keepFound(FUZZED[index], fuzzer.found);
    fuzzer.plain(Math.max(0, left[index]));
    fuzzer.target.collect();
  });
  return { fuzzers, covered, all };
}

export const scenario: Scenario = {
  id: 'T31',
  title: 'Structure fuzz',
  async run(size, seed, log) {
    const { fuzzers, covered, all } = fuzzAll(size, seed, log);
    const targets = fuzzers.map(({ target }) => target);
    const account = sumOf(targets.map((target) => target.account));
    const exceptions = targets.flatMap((target) => target.exceptions);
    for (const text of exceptions) log(text);
    const { received, applied, control, ignored, unknown, rejected, internal } = account;
    return {
      injected: received,
      detected: null,
      falseAlarms: null,
      figures: [
        zeroOf('exceptions and answers of category internal', exceptions.length, received),
        zeroOf(
          `frames that hold a thread for over ${HANG_MS} ms each time`,
          targets.reduce((sum, { hangs }) => sum + hangs, 0),
          received,
        ),
        told(
          'longest frame, what the machine did beside it included',
          Math.max(...targets.map((one) => one.longestMs)),
          'ms',
        ),
        atLeast('share of the parsers’ source that ran', covered / all, REACHED_MIN, ''),
        told(
          'frames that reached something new',
          fuzzers.reduce((sum, { found }) => sum + found.length, 0),
          '',
        ),
        told('frames applied all the same', applied, ''),
      ],
      accounting: accountOf(received, { applied: applied + control + ignored + unknown, invalid: rejected + internal }),
      knownHoles: [
        'The WebAssembly scanner is fuzzed like all else, but its own branches are not counted in the coverage.',
      ],
      notes: [
        `${FUZZED.length} dialects; ${GUIDED[size]} frames with coverage counted by V8, the rest at full speed from what that found. What a frame came to is applied to books and bars.`,
        ...exceptions.slice(0, 3),
      ],
    };
  },
};
