// Latency counts in little memory: a long run keeps a hundred samples of a dozen distributions.

import { LATENCY_COUNTS, latencyIndexOf } from '../observe/latency.ts';
import { type CountsJson, countsSince, type StageCounts } from '../observe/latency-counts.ts';

/** Only buckets that hold something: twelve bytes each, a tenth of what they take as JSON's arrays. */
export type PackedCounts = Omit<StageCounts, 'counts'> & {
  readonly indexes: Uint32Array;
  readonly held: Float64Array;
};

export function packCounts({ count, sum, min, max, overflow, negative, buckets }: CountsJson): PackedCounts {
  return {
    ...{ count, sumNs: sum, minNs: min, maxNs: max, overflow, negative },
    indexes: Uint32Array.from(buckets, ([ns]) => latencyIndexOf(ns)),
    held: Float64Array.from(buckets, ([, held]) => held),
  };
}

export function unpackCounts({ indexes, held, ...rest }: PackedCounts): StageCounts {
  const counts = new Float64Array(LATENCY_COUNTS);
  for (let i = 0; i < indexes.length; i++) counts[indexes[i]] += held[i];
  return { ...rest, counts };
}

export const packedBetween = (before: PackedCounts, now: PackedCounts): StageCounts =>
  countsSince(unpackCounts(now), unpackCounts(before));
