// Where a shard died, in the terms of the journal: the same record has the same place whichever ring it was applied from.

import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { stamp } from '../../schemas/market-data.ts';
import { shardMarks, shardWords } from '../../schemas/shared-state.ts';
import type { ShardMemory } from '../memory/engine-memory.ts';
import { type RingMemory, RingReader } from '../ring/spsc-ring.ts';
import { type RecordPlace, recordAtDeath, recordIn } from './shard-position.ts';

/** A record of one market, that of its journal entries after `afterSequence` and up to `untilSequence`. */
export type DeathPlace = {
  readonly market: number;
  readonly afterSequence: number;
  readonly untilSequence: number;
  /** The very record, where records were applied one by one; null where it is one of those above. */
  readonly record: RecordPlace | null;
  /** It was among records made again: their stamps stand behind each entry, so `untilSequence` is its own. */
  readonly isRebuilt: boolean;
};

/** `recordAt` of a shard that has not come to a record yet; no ring that begins anew has this position unread. */
export const NO_RECORD = -1;

/** Clock records are of all markets, checkpoints and stamps of none: none of them can be left out of one. */
function isOfMarket({ type }: RecordPlace): boolean {
  return type !== RecordType.clock && type !== RecordType.checkpoint && type !== RecordType.stamp;
}

/** In records made again, which begin behind entry `first`; null where it was applying none. */
export function rebuiltPlace(shard: ShardMemory, ring: RingMemory, first: number): DeathPlace | null {
  const record = recordIn(ring, new Int32Array(shard.words)[shardWords.at.recordAt], first);
  if (record === null || !isOfMarket(record)) return null;
  const { market, untilSequence } = record;
  return { market, afterSequence: untilSequence - 1, untilSequence, record, isRebuilt: true };
}

/**
 * In the shard's own ring. Before position `aloneUntil`, null for none, it applied records one by one. Elsewhere it may
 * have died of a trade that waited, of another market than the record in hand, and from before what the ring still holds.
 */
export function livePlace(shard: ShardMemory, aloneUntil: number | null): DeathPlace | null {
  const words = new Int32Array(shard.words);
  const found = recordAtDeath(shard);
  const record = found !== null && isOfMarket(found) ? found : null;
  const isAlone = aloneUntil !== null && ((aloneUntil - words[shardWords.at.recordAt]) | 0) > 0;
  const settling = words[shardWords.at.settling];
  if (!isAlone && settling > 0) {
    const afterSequence = new Float64Array(shard.marks)[shardMarks.at.waitingAfter];
    const untilSequence = found?.untilSequence ?? lastSequence(shard);
    return { market: settling - 1, afterSequence, untilSequence, record: null, isRebuilt: false };
  }
  if (record === null) return null;
  const { market, afterSequence, untilSequence } = record;
  return { market, afterSequence, untilSequence, record: isAlone ? record : null, isRebuilt: false };
}

/** Entry of the last stamp in the shard's own ring, or that of the stamp the ring was released behind. */
function lastSequence(shard: ShardMemory): number {
  const ring = new RingReader(shard.input);
  for (let offset = ring.available() - 1; offset >= 0; offset--) {
    const slot = ring.slotAt(offset);
    if (ring.u8[slot * SLOT_BYTES] === RecordType.stamp) return ring.f64[slot * SLOT_F64 + stamp.at.sequence];
  }
  return new Float64Array(shard.marks)[shardMarks.at.releasedSequence];
}
