// Where a shard stood when it died: read from its rings and marks, which stand still once its thread has ended.

import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16 } from '../../schemas/layout.ts';
import { stamp, trade } from '../../schemas/market-data.ts';
import { ringControl } from '../../schemas/ring.ts';
import { shardMarks, shardWords } from '../../schemas/shared-state.ts';
import type { ShardMemory } from '../memory/engine-memory.ts';
import { type RingMemory, RingReader } from '../ring/spsc-ring.ts';

/** A record in the terms of the journal: the `index`-th record that is no stamp, from 0, behind the stamp of `afterSequence`. */
export type RecordPlace = {
  readonly afterSequence: number;
  readonly index: number;
  /** Entry of the first stamp behind it: the record's own lies after `afterSequence` and not after this. */
  readonly untilSequence: number;
  readonly market: number;
  readonly type: number;
  /** The record's 64 bytes. */
  readonly slot: Uint8Array;
};

export type ShardPosition = {
  /** What lies in the ring begins behind this journal entry. */
  readonly releasedSequence: number;
  /** The stamp of that entry lies in the ring still, with all that comes before it. */
  readonly isStampInRing: boolean;
  /** Records that are no stamps, behind the stamp of `releasedSequence`, whose output has been told. */
  readonly mutedRecords: number;
};

const isStamp = (ring: RingReader, slot: number): boolean => ring.u8[slot * SLOT_BYTES] === RecordType.stamp;
const sequenceAt = (ring: RingReader, slot: number): number => ring.f64[slot * SLOT_F64 + stamp.at.sequence];

/** Input position whose output was the last to be committed; null where the marks tell none. */
export function toldPosition(marks: Float64Array, outputTail: number): number | null {
  const { firstOutputTail, firstPosition, secondOutputTail, secondPosition } = shardMarks.at;
  const first = marks[firstOutputTail] === outputTail ? marks[firstPosition] : null;
  const second = marks[secondOutputTail] === outputTail ? marks[secondPosition] : null;
  if (first === null || second === null) return first ?? second;
  return ((second - first) | 0) > 0 ? second : first;
}

/** Offset, from the first unread slot, behind the stamp of an entry; 0 where the ring does not hold it. */
function offsetBehind(ring: RingReader, available: number, sequence: number): number {
  for (let offset = 0; offset < available; offset++) {
    const slot = ring.slotAt(offset);
    if (!isStamp(ring, slot)) continue;
    if (sequenceAt(ring, slot) === sequence) return offset + 1;
    if (sequenceAt(ring, slot) > sequence) return 0;
  }
  return 0;
}

/** Records that are no stamps in [from, to), offsets from the first unread slot. */
function recordsIn(ring: RingReader, from: number, to: number): number {
  let count = 0;
  for (let offset = from; offset < to; offset++) if (!isStamp(ring, ring.slotAt(offset))) count++;
  return count;
}

/** Null where output was told that the ring no longer begins before: what was told cannot be told from what was not. */
export function positionOf(shard: ShardMemory): ShardPosition | null {
  const marks = new Float64Array(shard.marks);
  const ring = new RingReader(shard.input);
  const outputTail = Atomics.load(new Int32Array(shard.output.memory, 0, ringControl.tail + 1), ringControl.tail);
  const told = toldPosition(marks, outputTail);
  if (told === null) return null;
  const available = ring.available();
  const releasedSequence = marks[shardMarks.at.releasedSequence];
  const begin = offsetBehind(ring, available, releasedSequence);
  const end = (told - ring.position) | 0;
  if (end < 0 || end > available) return null;
  return { releasedSequence, isStampInRing: begin > 0, mutedRecords: end <= begin ? 0 : recordsIn(ring, begin, end) };
}

/** Sequence of the last stamp before an offset and how many records lie between; `first` where there is none before it. */
function behindStamp(ring: RingReader, offset: number, first: number): { afterSequence: number; index: number } {
  let index = 0;
  for (let at = offset - 1; at >= 0; at--) {
    const slot = ring.slotAt(at);
    if (isStamp(ring, slot)) return { afterSequence: sequenceAt(ring, slot), index };
    index++;
  }
  return { afterSequence: first, index };
}

/**
 * The record of a ring that the shard was applying: the one at a position that it had taken and not released. Null where
 * it was applying none. `first` is the entry that the ring's content begins behind.
 */
export function recordIn(memory: RingMemory, position: number, first: number): RecordPlace | null {
  const ring = new RingReader(memory);
  const available = ring.available();
  const offset = (position - ring.position) | 0;
  if (offset < 0 || offset >= available) return null;
  const slot = ring.slotAt(offset);
  for (let at = offset; at < available; at++) {
    const behind = ring.slotAt(at);
    if (!isStamp(ring, behind)) continue;
    return {
      ...behindStamp(ring, offset, first),
      untilSequence: sequenceAt(ring, behind),
      market: ring.u16[slot * SLOT_U16 + trade.at.market],
      type: ring.u8[slot * SLOT_BYTES],
      slot: ring.u8.slice(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES),
    };
  }
  return null;
}

/** The record that a shard was applying from its input ring when it died, by the words it leaves behind. */
export function recordAtDeath(shard: ShardMemory): RecordPlace | null {
  const words = new Int32Array(shard.words);
  const position = words[shardWords.at.recordAt];
  const isTaken = ((Atomics.load(words, shardWords.at.batchEnd) - position) | 0) > 0;
  return isTaken
    ? recordIn(shard.input, position, new Float64Array(shard.marks)[shardMarks.at.releasedSequence])
    : null;
}
