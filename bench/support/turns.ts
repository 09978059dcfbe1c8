// Compares single-threaded work by its processor time: all take turns, round by round, in one run.
//
// The time is that of this process with its collector and compiler, so that what else the machine does is not measured.

import type { Size } from '../harness.ts';
import { collectYoung } from './memory.ts';

export type Turn = {
  /** Makes what one run needs; not measured. */
  prepare(): void;
  run(): void;
};

/** One round of one turn: as many runs as take this long in all, or this long with what they need beforehand. */
const ROUND_MS = 100;
const ROUND_WHOLE_MS = 300;
const ROUNDS = 5;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of one run. */
function measure(turn: Turn, roundMs: number): number {
  const startMs = processorMs();
  let takenMs = 0;
  let runs = 0;
  do {
    turn.prepare();
    collectYoung();
    const beginMs = processorMs();
    turn.run();
    takenMs += processorMs() - beginMs;
    runs++;
  } while (takenMs < roundMs && processorMs() - startMs < ROUND_WHOLE_MS);
  return takenMs / runs;
}

/** Processor milliseconds of one run, per turn and round. Each round begins with another turn. */
export function takeTurns(turns: readonly Turn[], size: Size): number[][] {
  const rounds = size === 'full' ? ROUNDS : 1;
  const taken = turns.map((): number[] => []);
  // One round more goes before, in which code is compiled.
  for (let round = size === 'full' ? -1 : 0; round < rounds; round++) {
    for (let place = 0; place < turns.length; place++) {
      const index = (place + round + turns.length) % turns.length;
      const ms = measure(turns[index], size === 'full' ? ROUND_MS : 0);
      if (round >= 0) taken[index].push(ms);
    }
  }
  return taken;
}
