// What a seed makes of a run: the engine's sizes, its producers and readers, and what may go wrong.

import type { Choices } from './choices.ts';
import type { EngineSizes } from './engine-core.ts';
import { drawFaults, type FaultLevels } from './faults.ts';
import { TrueMarket } from './truth.ts';
import { WIRES, type Wire } from './wire.ts';

/** A journal ring that a disk which fails for a moment fills, and one that no run fills. */
const SCANT_BYTES = 16 * 1024;
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
};

export function drawPlan(choices: Choices): RunPlan {
  const sizes: EngineSizes = {
    shards: choices.between(1, 3),
    inputSlots: choices.pick([64, 128, 512, 4_096]),
    outputSlots: choices.pick([128, 256, 1_024, 8_192]),
    policy: choices.pick(['block', 'drop'] as const),
    journalRingBytes: choices.pick([0, SCANT_BYTES, ROOMY_BYTES, ROOMY_BYTES]),
  };
  const drawn = drawFaults(choices.fork());
  // Without a journal the next process knows nothing of the one before.
  const faults = sizes.journalRingBytes > 0 ? drawn : { ...drawn, disk: 0, processDeath: 0 };
  const some = WIRES.filter(() => choices.chance(0.6));
  const wires = some.length > 0 ? some : [choices.pick(WIRES)];
  const feeds = wires.map((wire) => planFeed(wire, choices));
  return { sizes, faults, feeds, readers: choices.between(1, 3) };
}

/** All that a reader asks for. */
export function channelsOf(markets: Iterable<string>): string[] {
  const words = ['book', 'trade', 'bbo', 'status', 'bar.1s', 'bar.5t', 'signal.imbalance'];
  return [...markets].flatMap((name) => words.map((word) => `${word}.${name}`));
}

function planFeed(wire: Wire, choices: Choices): FeedPlan {
  const symbols = ['AAA', 'BBB', 'CCC'].slice(0, choices.between(1, 3));
  const { venue, stepsBy } = wire;
  const markets = symbols.map((symbol) => new TrueMarket(venue, symbol, choices.fork(), stepsBy));
  // Of the dialects here JSON alone has a word for a message's number.
  return { wire, markets, producer: wire.dialect === 'json' && choices.chance(0.5) ? 'producer' : null };
}
