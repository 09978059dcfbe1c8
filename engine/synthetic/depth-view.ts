// Owns what a subscriber of limited depth sees of one side: the best levels only, and which of them one change touches.

import type { Level } from './events.ts';
import { SyntheticLadder } from './ladder.ts';

/**
 * Kraken's rule (venues.md §3.4): the subscriber cuts each side to the depth after every change, so a level pushed out
 * is never removed by a message, and one that comes back into the depth is sent again.
 */
export class DepthView {
  private readonly ladder: SyntheticLadder;
  private readonly depth: number;
  private seen = new Map<number, number>();

  constructor(isBid: boolean, depth: number) {
    this.ladder = new SyntheticLadder(isBid);
    this.depth = depth;
  }

  /** Forgets everything and shows the best of `levels`. */
  replace(levels: readonly Level[]): Level[] {
    this.ladder.clear();
    for (const level of levels) this.ladder.set(level.priceTicks, level.quantityLots);
    const best = this.best(this.depth);
    this.seen = new Map(best.map((level) => [level.priceTicks, level.quantityLots]));
    return best;
  }

  /** Changes the whole side; returns what the subscriber must be told, removals first. */
  change(levels: readonly Level[]): Level[] {
    for (const level of levels) this.ladder.set(level.priceTicks, level.quantityLots);
    const before = this.seen;
    const best = this.best(this.depth);
    this.seen = new Map(best.map((level) => [level.priceTicks, level.quantityLots]));
    const removed = [...before.keys()].filter((price) => this.ladder.lotsOf(price) === 0);
    const changed = best.filter((level) => before.get(level.priceTicks) !== level.quantityLots);
    return [...removed.map((priceTicks) => ({ priceTicks, quantityLots: 0 })), ...changed];
  }

  best(limit: number): Level[] {
    return this.ladder.best(limit);
  }
}
