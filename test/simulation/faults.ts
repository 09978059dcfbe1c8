// How much goes wrong in a simulated run: a level for each kind of fault, drawn from the seed.

import type { Choices } from './choices.ts';

/** Probabilities, each of one occasion. */
export type FaultLevels = {
  /** A frame of a numbered venue is lost, sent again at once or later, or overtaken by the next. */
  readonly lost: number;
  readonly repeated: number;
  readonly overtaken: number;
  /** Something that is no frame comes between two. */
  readonly malformed: number;
  /** A producer's connection ends, with what was on its way. */
  readonly disconnect: number;
  /** A snapshot is late: what comes meanwhile is ahead of it. */
  readonly lateSnapshot: number;
  /** A shard stands still for a while, and its ring fills. */
  readonly stall: number;
  /** A shard's thread ends at a random record. */
  readonly shardDeath: number;
  /** A subscriber stops reading for a while. */
  readonly slowReader: number;
  /** A subscriber goes and comes back. */
  readonly readerLeaves: number;
  /** The wall clock of the machine is set. */
  readonly wallJump: number;
  /** The journal's disk fails for a while. */
  readonly disk: number;
  /** The process ends, or the whole machine with all that is on no disk yet; another begins with what is left. */
  readonly processDeath: number;
};

export const NO_FAULTS: FaultLevels = {
  lost: 0,
  repeated: 0,
  overtaken: 0,
  malformed: 0,
  disconnect: 0,
  lateSnapshot: 0,
  stall: 0,
  shardDeath: 0,
  slowReader: 0,
  readerLeaves: 0,
  wallJump: 0,
  disk: 0,
  processDeath: 0,
};

/** Each kind of fault is absent in half of the runs, so that each also meets the others alone. */
export function drawFaults(choices: Choices): FaultLevels {
  const level = (most: number): number => (choices.chance(0.5) ? 0 : (most * choices.between(1, 10)) / 10);
  return {
    lost: level(0.05),
    repeated: level(0.05),
    overtaken: level(0.05),
    malformed: level(0.05),
    disconnect: level(0.02),
    lateSnapshot: level(0.5),
    stall: level(0.02),
    shardDeath: level(0.01),
    slowReader: level(0.02),
    readerLeaves: level(0.02),
    wallJump: level(0.01),
    disk: level(0.02),
    processDeath: level(0.004),
  };
}
