// A seeded load test as the runner would hand it over: log-normal stages with rare stalls, spans that add up to the whole.

import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { emptyCounts, mergeCounts, type StageCounts } from '../../engine/observe/latency-counts.ts';
import { type LoadRun, REPORT_STAGES, type ReportStage, type RunInterval } from '../../engine/report/load-run.ts';

export type LoadRunWishes = {
  readonly seed?: number;
  readonly spans?: number;
  readonly spanS?: number;
  readonly ratePerS?: number;
  /** Every latency is multiplied by it. */
  readonly slowness?: number;
  readonly lost?: number;
  readonly dropped?: number;
  readonly rssGrowthBytes?: number;
  readonly run?: Partial<LoadRun['run']>;
};

/** Typical ns of each stage. */
const TYPICAL: Readonly<Record<ReportStage, number>> = {
  decode: 2_400,
  'ring-wait': 9_000,
  apply: 3_100,
  'output-wait': 55_000,
  publish: 14_000,
  engine: 85_000,
  'end-to-end': 190_000,
};

/** Mulberry32: small, seeded, good enough for figures that only have to look like a run. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A normal value with mean 0 and deviation 1 (Box and Muller). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function countsOfValues(values: Iterable<number>): StageCounts {
  const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  for (const ns of values) recorder.record(Math.round(ns), 1);
  return recorder.snapshot();
}

function* latencies(typicalNs: number, samples: number, stall: number, random: () => number): Generator<number> {
  for (let i = 0; i < samples; i++) {
    const usual = typicalNs * Math.exp(0.35 * normal(random));
    const isStalled = random() < 0.002 * stall;
    yield isStalled ? usual + 4e6 * random() * stall : usual;
  }
}

function intervalOf(index: number, wishes: Required<Omit<LoadRunWishes, 'run'>>, random: () => number): RunInterval {
  const { spanS, ratePerS, spans, slowness, lost, dropped, rssGrowthBytes } = wishes;
  const sent = Math.round(ratePerS * spanS);
  /** One span in the second third has a stall that all stages after the ring feel. */
  const stall = index === Math.floor(spans * 0.6) ? 8 : 1;
  const isLosing = index === Math.floor(spans / 2);
  const stages = Object.fromEntries(
    REPORT_STAGES.map((stage) => [
      stage,
      countsOfValues(latencies(TYPICAL[stage] * slowness, sent, stage === 'decode' ? 1 : stall, random)),
    ]),
  );
  return {
    atS: index * spanS,
    lengthS: spanS,
    sent,
    received: sent - (isLosing ? lost : 0),
    dropped: isLosing ? dropped : 0,
    rssBytes: 92e6 + (rssGrowthBytes * (index + 1)) / spans + 6e5 * normal(random),
    stages,
  };
}

const WORKLOAD = {
  ...{ markets: 50, format: 'json', dialect: 'json', updates: 'mixed', batch: 1, connections: 4 },
  ...{ profile: 'steady', subscribers: 1, encoding: 'json', generator: 'thread', target: 'own' },
} as const;

function runFacts(wishes: LoadRunWishes, seed: number, ratePerS: number, durationS: number): LoadRun['run'] {
  return {
    ...{ commit: '0123456789abcdef0123456789abcdef01234567', node: 'v20.20.2', cpu: 'Example CPU 3.0 GHz', cores: 2 },
    ...{ seed, offeredRate: ratePerS, achievedRate: ratePerS * 0.9998, durationS, warmupS: 5 },
    ...WORKLOAD,
    command: `millrace load --rate ${ratePerS} --duration ${durationS}s --seed ${seed}`,
    startedAt: '2026-01-02T03:04:05.000Z',
    ...wishes.run,
  };
}

/** The same wishes give the same run. */
export function loadRunOf(wishes: LoadRunWishes = {}): LoadRun {
  const { seed = 1, spans = 30, spanS = 1, ratePerS = 1000, slowness = 1, lost = 0, dropped = 0 } = wishes;
  const { rssGrowthBytes = 2.4e6 } = wishes;
  const random = randomOf(seed);
  const full = { seed, spans, spanS, ratePerS, slowness, lost, dropped, rssGrowthBytes };
  const intervals = Array.from({ length: spans }, (_, index) => intervalOf(index, full, random));
  const sent = intervals.reduce((sum, interval) => sum + interval.sent, 0);
  const stages = Object.fromEntries(
    REPORT_STAGES.map((stage) => [stage, mergeCounts(intervals.map((each) => each.stages[stage] ?? emptyCounts()))]),
  ) as Record<ReportStage, StageCounts>;
  return {
    run: runFacts(wishes, seed, ratePerS, spans * spanS),
    counts: { sent, processed: sent - dropped, published: sent, received: sent - lost, lost, dropped, duplicates: 0 },
    stages,
    intervals,
    generator: {
      lateness: countsOfValues(latencies(60_000, Math.min(sent, 30_000), 1, random)),
      ...{ leftOut: 0, disconnects: 0, rejected: dropped > 0 ? { 'ring-full': dropped } : {}, cpuSeconds: 1.9 },
    },
    process: {
      ...{ rssStart: 92e6, rssEnd: 92e6 + rssGrowthBytes, rssMax: 93e6 + rssGrowthBytes, cpuSeconds: 4.2 * slowness },
      gcPauses: [
        { thread: 'main', count: 41, totalMs: 38.2, maxMs: 2.7 },
        { thread: 'ingress', count: 12, totalMs: 6.1, maxMs: 0.9 },
        { thread: 'shard 0', count: 3, totalMs: 1.1, maxMs: 0.5 },
      ],
      eventLoopDelay: countsOfValues(latencies(120_000, 5000, 1, random)),
    },
    search: null,
    notes: [],
  };
}
