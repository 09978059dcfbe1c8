// Which record a shard died of: one that two deaths in a row came to is poison.

import type { RecordPlace } from './shard-position.ts';

/** Where a death was: in the shard's own ring, or in records made again for it. */
export type DeathPlace = { readonly ring: 'live' | 'rebuilt'; readonly record: RecordPlace };

function isSame(a: DeathPlace | null, b: DeathPlace | null): boolean {
  if (a === null || b === null) return false;
  return (
    a.ring === b.ring &&
    a.record.market === b.record.market &&
    a.record.afterSequence === b.record.afterSequence &&
    a.record.untilSequence === b.record.untilSequence
  );
}

/**
 * By shard, the record of its last death. Records behind one stamp and of one market count as the same: a shard applies
 * trades and levels of a market many at a time, and only after a death one by one. So the second death tells which it was.
 */
export class Suspects {
  private readonly last: (DeathPlace | null)[];

  constructor(shards: number) {
    this.last = new Array<DeathPlace | null>(shards).fill(null);
  }

  /** Notes a death, at no record where null; true where the shard died of this one before. */
  note(shard: number, place: DeathPlace | null): boolean {
    const isPoison = isSame(this.last[shard], place);
    this.last[shard] = isPoison ? null : place;
    return isPoison;
  }
}
