// Figures as an engine tells them of itself, whole, for tests of what carries and shows them.

import type { LatencyFigures, StageLatency, SystemFigures } from '../../schemas/feed.ts';

const summary: StageLatency = {
  unit: 'ns',
  count: 3,
  min: 1_000,
  mean: 2_000,
  p50: null,
  p90: null,
  p99: null,
  p999: null,
  max: 3_000,
};
const byStage = <T>(value: T) => ({
  decode: value,
  'ring-wait': value,
  apply: value,
  'output-wait': value,
  publish: value,
  engine: value,
});

export const LATENCY_FIGURES: LatencyFigures = {
  stages: byStage(summary),
  recent: byStage(summary),
  heat: byStage([
    [768, 1],
    [1_792, 2],
  ] as const),
  pauses: { 'event-loop': summary },
};

export const SYSTEM_FIGURES: SystemFigures = {
  total: { frames: 3, rejected: { syntax: 1 } },
  rates: {
    framesPerSecond: 3,
    updatesPerSecond: 5,
    bytesPerSecond: 300,
    appliedPerSecond: 2,
    messagesPerSecond: 4,
    publishedBytesPerSecond: 800,
  },
  markets: 2,
  states: { syncing: 0, live: 1, suspect: 0, stale: 1, resyncing: 0 },
  shards: 1,
  outputLost: 0,
  producers: 1,
  drops: {
    frames: { 'ring-full': 2, syntax: 1 },
    records: { 'output-full': 0 },
    messages: {},
    entries: {},
    trades: {},
    connections: { origin: 1 },
  },
  queues: [
    { queue: 'input', shard: 0, unit: 'slots', size: 1_024, held: 1, most: 900, mostMinute: 7 },
    { queue: 'sockets', shard: null, unit: 'bytes', size: 4_096, held: 0, most: 10, mostMinute: 0 },
  ],
  feeds: [
    {
      venue: 'kraken',
      symbols: 1,
      live: 0,
      attempts: 4,
      successes: 0,
      successRate: 0,
      reconnects: 0,
      timeouts: 1,
      errors: { refused: 4 },
      breakers: { closed: 1, open: 1, 'half-open': 0, 'given-up': 0, stopped: 0 },
      listed: [{ connection: 0, symbols: 1, state: 'open', reason: 'refused', failuresInARow: 4, waitMs: 900 }],
      rest: { waiting: 0, waitingMost: 0, sent: 0, succeeded: 0, retries: 0, limited: 0, failed: 0, dropped: 0 },
    },
  ],
  health: { status: 'degraded', reasons: ['feed kraken: connection 0 (1 markets) is given up: refused'] },
  restarts: { shards: 1, deaths: { exit: 1 }, givenUp: 0 },
  journal: null,
  publish: { subscribers: 1, refused: { origin: 1 } },
  process: {
    rssBytes: 1,
    heapUsedBytes: 1,
    heapTotalBytes: 1,
    externalBytes: 1,
    sharedBytes: 1,
    uptimeSeconds: 1,
    cpuUs: 1,
    threadCpuUs: { main: 1 },
  },
};
