// What a seed makes of a run: the engine's sizes, its producers and readers, and what may go wrong.

import type { Choices } from './choices.ts';
import type { EngineSizes } from './engine-core.ts';
import { drawFaults, type FaultLevels } from './faults.ts';
import { TrueMarket } from './truth.ts';
import { WIRES, type Wire } from './wire.ts';

/** A journal ring that no run fills. */
const ROOMY_BYTES = 1024 * 1024;

export type FeedPlan = {
  readonly wire: Wire;
  readonly markets: readonly TrueMarket[];
  /** Name of the producer; null for none. */
  readonly producer: string | null;
};

export type RunPlan = {
  readonly sizes: EngineSizes;
  readonly faults: FaultLevels;
  readonly feeds: readonly FeedPlan[];
  readonly readers: number;
  /** The step at which the machine ends; null where the run goes to its end. */
  readonly endsAt: number | null;
};

export function drawPlan(choices: Choices): RunPlan {
  const sizes: EngineSizes = {
    shards: choices.between(1, 3),
    inputSlots: choices.pick([64, 128, 512, 4_096]),
    outputSlots: choices.pick([128, 256, 1_024, 8_192]),
    policy: choices.pick(['block', 'drop'] as const),
    journalRingBytes: choices.pick([0, 0, 4_096, ROOMY_BYTES]),
  };
  const hasJournal = sizes.journalRingBytes > 0;
  const drawn = drawFaults(choices.fork());
  // With a journal another shard does not begin with nothing; that is for tests with threads.
  const faults = hasJournal ? { ...drawn, shardDeath: 0 } : { ...drawn, disk: 0 };
  const endsAt = hasJournal && choices.chance(0.5) ? choices.between(100, 1_000) : null;
  const some = WIRES.filter(() => choices.chance(0.6));
  const wires = some.length > 0 ? some : [choices.pick(WIRES)];
  const feeds = wires.map((wire) => planFeed(wire, choices));
  // Behind a hole nothing is safe before a checkpoint, which is not part of a run.
  const left = endsAt === null ? { ...faults, disk: 0 } : faults;
  const roomy = hasJournal && endsAt === null ? { ...sizes, journalRingBytes: ROOMY_BYTES } : sizes;
  return { sizes: roomy, faults: left, feeds, readers: choices.between(1, 3), endsAt };
}

function planFeed(wire: Wire, choices: Choices): FeedPlan {
  const symbols = ['AAA', 'BBB', 'CCC'].slice(0, choices.between(1, 3));
  const { venue, stepsBy } = wire;
  const markets = symbols.map((symbol) => new TrueMarket(venue, symbol, choices.fork(), stepsBy));
  // Of the dialects here JSON alone has a word for a message's number.
  return { wire, markets, producer: wire.dialect === 'json' && choices.chance(0.5) ? 'producer' : null };
}
