// What `/metrics` says of the ingress thread, the shards and the rings between threads.

import { type IngressCounterName, SHARD_COUNTERS } from '../../schemas/counters.ts';
import { GUARD_ACTS } from '../uws/port-guard.ts';
import type { RingStats } from './queues.ts';
import { type AddMetric, readOnce, snake } from './read-metrics.ts';
import type { Stats } from './stats.ts';

const NS_PER_S = 1e9;

const COUNTERS: Partial<Record<IngressCounterName, readonly [name: string, help: string]>> = {
  frames: ['ingress_frames_total', 'Frames received.'],
  bytes: ['ingress_bytes_total', 'Payload bytes received.'],
  commits: ['ingress_commits_total', 'Commits that made records visible.'],
  connectionGaps: ['ingress_connection_gaps_total', 'Breaks of a sequence of connection scope.'],
  connectionsOpened: ['ingress_connections_opened_total', 'Producer sockets opened.'],
  connectionsClosed: ['ingress_connections_closed_total', 'Producer sockets closed.'],
  repeats: ['ingress_repeats_total', 'Messages of named producers that had been taken before, left out.'],
  producersCut: ['ingress_producers_cut_total', 'Connections of named producers closed at a full ring.'],
};
const RESULTS = ['applied', 'control', 'ignored', 'unknown', 'dropped', 'duplicates'] as const;

export function addIngressMetrics(counter: AddMetric, gauge: AddMetric, stats: Stats): void {
  const ingress = readOnce(() => stats.ingress());
  for (const [of, [name, help]] of Object.entries(COUNTERS))
    counter(name, help, [], () => [{ labels: {}, value: ingress()[of] }]);
  const blocked = 'Time the ingress thread waited for room in a ring.';
  counter('ingress_blocked_seconds_total', blocked, [], () => [
    { labels: {}, value: ingress()['blockedNs'] / NS_PER_S },
  ]);
  gauge('ingress_connections', 'Producer sockets open.', [], () => {
    const { connectionsOpened: opened, connectionsClosed: closed } = ingress();
    return [{ labels: {}, value: Math.max(0, opened - closed) }];
  });
  const limits = [...GUARD_ACTS, 'rateClosed'] as const;
  counter('ingress_limited_total', 'What the limits of the ingest port refused or closed.', ['limit'], () =>
    limits.map((limit) => ({ labels: { limit }, value: ingress()[limit] })),
  );
  counter('ingress_frame_results_total', 'Frames by what became of them.', ['result'], () =>
    RESULTS.map((result) => ({ labels: { result }, value: ingress()[result] })),
  );
  counter('ingress_rejected_total', 'Frames rejected, by category.', ['category'], () =>
    Object.entries(stats.rejections()).map(([category, count]) => ({ labels: { category }, value: count })),
  );
}

export function addShardMetrics(counter: AddMetric, gauge: AddMetric, stats: Stats): void {
  for (const { name, meaning } of SHARD_COUNTERS) {
    counter(`shard_${snake(name)}_total`, `Per shard: ${meaning}.`, ['shard'], () =>
      stats.memory.shards.map((_, shard) => ({ labels: { shard: String(shard) }, value: stats.shard(shard)[name] })),
    );
  }
  const rings = readOnce(() => stats.rings());
  const ring = (name: string, help: string, of: (ring: RingStats) => number): void =>
    gauge(name, help, ['shard', 'ring'], () =>
      rings().map((each) => ({ labels: { shard: String(each.shard), ring: each.ring }, value: of(each) })),
    );
  ring('ring_held_slots', 'Slots written and not yet released.', ({ held }) => held);
  ring('ring_high_water_slots', 'The most slots that waited at once in the last minute.', (each) => each.mostMinute);
  ring('ring_slots', 'Slots of the ring.', ({ slots }) => slots);
  addQueueMetrics(gauge, stats);
}

/** Queues of bytes: those to sockets and the journal's. */
function addQueueMetrics(gauge: AddMetric, stats: Stats): void {
  const queues = readOnce(() => stats.queues.report().filter(({ unit }) => unit === 'bytes'));
  const queue = (name: string, help: string, of: (figures: ReturnType<typeof queues>[number]) => number): void =>
    gauge(name, help, ['queue'], () =>
      queues().map((figures) => ({ labels: { queue: figures.queue }, value: of(figures) })),
    );
  queue(
    'queue_held_bytes',
    'Waiting for the journal, for all sockets, for the socket with the most.',
    (one) => one.held,
  );
  queue('queue_high_water_bytes', 'The most that waited at once in the last minute.', (one) => one.mostMinute);
  queue('queue_limit_bytes', 'What may wait: beyond it entries are missed, subscribers closed.', (one) => one.size);
}
