// Latency counted by hot threads into shared arrays of HDR layout; read by anyone, encoded only by the main thread.
// Hot path: record() runs once per frame or batch.

import { LATENCY_NS_MAX } from '../../schemas/config.ts';

/** Stages of one frame's way, in order (INTERFACES). */
export const STAGES = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * HDR layout with three significant digits, as HdrHistogram's CountsHistogram lays it out (Gil Tene, hdrhistogram.org):
 * sub-buckets of 2048 from 1 ns; each further bucket doubles the width and adds 1024 counts.
 *
 *   value 0..2047          one count each           index = value
 *   value 2^k..2^(k+1)-1   1024 counts of 2^(k-10)  index = (k - 9) * 1024 + (value >> (k - 10)) - 1024   for k >= 11
 */
const SUB_BUCKET_BITS = 11;
const HALF = 1024;
const TOP_BIT = Math.ceil(Math.log2(LATENCY_NS_MAX));
/** Buckets of a histogram. */
export const LATENCY_COUNTS = (TOP_BIT - SUB_BUCKET_BITS + 2) * HALF;

/** Words (Float64) before the counts. */
const AT_COUNT = 0;
const AT_SUM = 1;
const AT_MIN = 2;
const AT_MAX = 3;
const AT_OVERFLOW = 4;
const AT_NEGATIVE = 5;
const HEADER = 8;

export const LATENCY_BYTES = (HEADER + LATENCY_COUNTS) * 8;

/** Lowest value of the bucket at a count's index. */
export function latencyValueAt(index: number): number {
  if (index < 2 * HALF) return index;
  const bucket = Math.floor(index / HALF) - 1;
  return (HALF + (index % HALF)) * 2 ** bucket;
}

/** One stage on one thread. Thread: record() on the owner only; reads anywhere, at most one record behind. */
export class LatencyRecorder {
  private readonly words: Float64Array;

  constructor(memory: SharedArrayBuffer, byteOffset = 0) {
    this.words = new Float64Array(memory, byteOffset, LATENCY_BYTES / 8);
  }

  /** Adds `count` values of `ns`. Below zero counts as 0 and as negative, above the range as overflow. */
  record(ns: number, count: number): void {
    const words = this.words;
    if (ns < 0) {
      words[AT_NEGATIVE] += count;
      ns = 0;
    } else if (ns > LATENCY_NS_MAX) {
      words[AT_OVERFLOW] += count;
      ns = LATENCY_NS_MAX;
    }
    if (words[AT_COUNT] === 0 || ns < words[AT_MIN]) words[AT_MIN] = ns;
    if (ns > words[AT_MAX]) words[AT_MAX] = ns;
    words[AT_COUNT] += count;
    words[AT_SUM] += ns * count;
    words[HEADER + latencyIndexOf(ns)] += count;
  }

  get count(): number {
    return this.words[AT_COUNT];
  }

  /** A copy for reading: header words and counts as they are now. */
  snapshot(): LatencySnapshot {
    return this.told(this.words.slice());
  }

  /** For reading at once: its counts are the shared ones and go on. A copy is a quarter of a megabyte. */
  view(): LatencySnapshot {
    return this.told(this.words);
  }

  private told(words: Float64Array): LatencySnapshot {
    return {
      count: words[AT_COUNT],
      sumNs: words[AT_SUM],
      minNs: words[AT_MIN],
      maxNs: words[AT_MAX],
      overflow: words[AT_OVERFLOW],
      negative: words[AT_NEGATIVE],
      counts: words.subarray(HEADER),
    };
  }
}

export type LatencySnapshot = {
  readonly count: number;
  readonly sumNs: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly overflow: number;
  readonly negative: number;
  readonly counts: Float64Array;
};

/** The bucket that counts a value within the range. */
export function latencyIndexOf(ns: number): number {
  if (ns < 2 * HALF) return ns | 0;
  if (ns < 0x80000000) {
    const shift = 32 - SUB_BUCKET_BITS - Math.clz32(ns);
    return shift * HALF + (ns >>> shift);
  }
  // Above 2^31 the integer operators would cut: halve by 2^21 first, which keeps the eleven leading bits.
  const high = Math.floor(ns / 0x200000);
  const shift = 32 - SUB_BUCKET_BITS - Math.clz32(high);
  if (shift <= 0) return (21 + shift) * HALF + Math.floor(ns / 2 ** (21 + shift));
  return (21 + shift) * HALF + (high >>> shift);
}
