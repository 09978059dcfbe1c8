// Which record a shard died of: one that two deaths in a row came to is poison.

import type { DeathPlace } from './death-place.ts';

function canBeSame(a: DeathPlace | null, b: DeathPlace): boolean {
  return a !== null && a.market === b.market && a.afterSequence < b.untilSequence && b.afterSequence < a.untilSequence;
}

/**
 * By shard, the place of its last death. A shard applies trades and levels of a market many at a time, and only after a
 * death one by one. So the first death tells some records of one market, and a second among them tells which it was.
 */
export class Suspects {
  private readonly last: (DeathPlace | null)[];

  constructor(shards: number) {
    this.last = new Array<DeathPlace | null>(shards).fill(null);
  }

  /** Notes a death, at no record where null; true where its record is known and may be that of the death before. */
  note(shard: number, place: DeathPlace | null): boolean {
    const isPoison = place !== null && place.record !== null && canBeSame(this.last[shard], place);
    this.last[shard] = isPoison ? null : place;
    return isPoison;
  }
}
