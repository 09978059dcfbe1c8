// Compares single-threaded work by its processor time: tinybench runs all of it in turn, round by round, in one run.
//
// The clock is the processor time of this process with its collector and compiler, so that what else the machine does is
// not measured. tinybench takes the samples; the rounds are ours, since it runs each task once and in one order: here
// each round begins with another task, so that none is always the one that runs behind the same other.

import { Bench } from 'tinybench';
import type { Results, Size } from '../harness.ts';
import { collectYoung } from './memory.ts';
import { processorMs } from './processor.ts';

export type Turn = {
  /** Makes what one run needs; not measured. */
  prepare(): void;
  run(): void;
};

/** A round of one turn: as many runs as take this long in all. */
const ROUND_MS = 60;
const ROUNDS = 5;

/** Milliseconds of one run, by turn. */
function measureRound(turns: readonly Turn[], first: number, timeMs: number): number[] {
  const bench = new Bench({ now: processorMs, time: timeMs, iterations: 1, warmup: false, throws: true });
  const order = turns.map((_, place) => (place + first) % turns.length);
  for (const index of order) {
    const turn = turns[index];
    const beforeEach = (): void => {
      turn.prepare();
      collectYoung();
    };
    bench.add(String(index), () => turn.run(), { beforeEach, async: false });
  }
  bench.runSync();
  return turns.map((_, index) => {
    const result = bench.getTask(String(index))?.result;
    if (result?.state !== 'completed')
      throw new Error(`turn ${index}: expected a completed task, was ${result?.state}`);
    return result.latency.mean;
  });
}

/** Processor milliseconds of one run, per turn and round. */
export function takeTurns(turns: readonly Turn[], size: Size): number[][] {
  if (size === 'smoke') return measureRound(turns, 0, 0).map((ms) => [ms]);
  // One round more goes before, in which code is compiled.
  measureRound(turns, 0, ROUND_MS);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => measureRound(turns, round % turns.length, ROUND_MS));
  return turns.map((_, index) => rounds.map((round) => round[index]));
}

/** As takeTurns, for one piece of asynchronous work that needs nothing beforehand; measured by itself. */
export async function measureAsync(run: () => Promise<void>, size: Size): Promise<number[]> {
  const times: number[] = [];
  for (let round = size === 'full' ? -1 : 0; round < (size === 'full' ? ROUNDS : 1); round++) {
    const time = size === 'full' ? ROUND_MS : 0;
    const bench = new Bench({ now: processorMs, time, iterations: 1, warmup: false, throws: true });
    bench.add('run', run, { beforeEach: collectYoung, async: true });
    const [{ result }] = await bench.run();
    if (result.state !== 'completed') throw new Error(`expected a completed task, was ${result.state}`);
    if (round >= 0) times.push(result.latency.mean);
  }
  return times;
}

/** One way to do a piece of work, among others that do the same. */
export type Way = {
  readonly name: string;
  readonly prepare?: () => void;
  readonly run: () => void;
  /** How many times as long as the first this one should take, as aimOf() reads it. */
  readonly aim?: string;
};

export type Comparison = {
  readonly name: string;
  /** What one operation is, such as `frame`; values are ns of it. */
  readonly operation: string;
  /** Operations of one run of any of the ways. */
  readonly operations: number;
  /** Ours first, then what it is measured against. */
  readonly ways: readonly [Way, ...Way[]];
};

/** Measures the ways in turn; adds ns of each, and how many times as long each of the others takes as the first. */
export function bench(results: Results, size: Size, { name, operation, operations, ways }: Comparison): number[][] {
  const turns = ways.map(({ prepare, run }): Turn => ({ prepare: prepare ?? (() => {}), run }));
  const times = takeTurns(turns, size).map((rounds) => rounds.map((ms) => (ms * 1e6) / operations));
  ways.forEach((way, index) => {
    results.add(`${name}: ${way.name}`, `ns/${operation}`, times[index]);
    if (index === 0) return;
    results.ratio(`${name}: ${way.name} / ${ways[0].name}`, times[index], times[0], way.name, way.aim ?? null);
  });
  return times;
}
