// Ends an engine in the data's order: intake, rings, shards, subscribers; counts what was pending (INTERFACES, shutdown).

import { INGRESS_COUNTERS, ingressCounter } from '../schemas/counters.ts';
import { ringControl } from '../schemas/ring.ts';
import type { ShutdownSummary } from './base/shutdown-summary.ts';
import { within } from './base/within.ts';
import type { FeedStats } from './connect/report.ts';
import type { Durability } from './durability.ts';
import type { Ingress } from './ingress/ingress.ts';
import type { EngineMemory } from './memory/engine-memory.ts';
import type { ShardPool } from './pool/pool.ts';
import type { Publisher } from './publish/publisher.ts';
import type { RingMemory } from './ring/spsc-ring.ts';

type Parts = {
  readonly memory: EngineMemory;
  readonly ingress: Ingress;
  readonly pool: ShardPool;
  readonly publisher: Publisher;
  readonly durability: Durability;
};

function held(ring: RingMemory): number {
  const control = new Int32Array(ring.memory, 0, ringControl.head + 1);
  return (Atomics.load(control, ringControl.tail) - Atomics.load(control, ringControl.head)) | 0;
}

function heldInRings(memory: EngineMemory): number {
  return memory.shards.reduce((sum, shard) => sum + held(shard.input) + held(shard.output), 0);
}

const DRAIN_POLL_MS = 2;
/** Of the time to drain, what the last checkpoint may take: without it the next start only applies more entries. */
const CHECKPOINT_PART = 0.25;

async function drained(publisher: Publisher): Promise<true> {
  while (!publisher.drained()) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
  return true;
}

function totals(memory: EngineMemory): Record<string, number> {
  const counters = new Float64Array(memory.ingressCounters);
  return Object.fromEntries(
    INGRESS_COUNTERS.map((counter, index) => [counter.name, counters[index]] as const).filter(
      ([name, value]) => value > 0 || name === 'frames',
    ),
  );
}

type FeedCount = Exclude<keyof FeedStats, 'report'>;

function sumOf(feeds: readonly FeedStats[], name: FeedCount): number {
  return feeds.reduce((sum, stats) => sum + stats[name], 0);
}

/** What connections to venues left behind, where there were any: anything but zero is a leak. */
function feedTotals(feeds: readonly FeedStats[]): Record<string, number> {
  if (feeds.length === 0) return {};
  return { feedSocketsLeft: sumOf(feeds, 'sockets_left'), feedTimersLeft: sumOf(feeds, 'timers_left') };
}

/** The summary of an end that did not wait: what still lies in the rings is dropped. */
export function forcedSummary(memory: EngineMemory, durability: Durability, startMs: number): ShutdownSummary {
  const counters = new Float64Array(memory.ingressCounters);
  return {
    pending_messages_flushed: 0,
    pending_messages_dropped: heldInRings(memory),
    connections_closed: counters[ingressCounter.connectionsClosed],
    background_tasks_stopped: 0,
    metrics_cleaned: 0,
    duration_seconds: (performance.now() - startMs) / 1000,
    forced: true,
    journal_entries_lost: durability.entriesLost,
    totals: totals(memory),
  };
}

/** The summary of an end before the engine had started: nothing was taken, so nothing is pending or lost. */
export function summaryWithoutStart(endedAtMs: number, forced: boolean): ShutdownSummary {
  return {
    pending_messages_flushed: 0,
    pending_messages_dropped: 0,
    connections_closed: 0,
    background_tasks_stopped: 0,
    metrics_cleaned: 0,
    duration_seconds: (performance.now() - endedAtMs) / 1000,
    forced,
    journal_entries_lost: 0,
    totals: { frames: 0 },
  };
}

/** The shard tasks, the ingress thread and the publisher's drain loop. */
const OTHER_TASKS = 2;

export async function drainEngine(parts: Parts, timeoutMs: number): Promise<ShutdownSummary> {
  const { memory, ingress, pool, publisher, durability } = parts;
  const start = performance.now();
  const left = (): number => timeoutMs - (performance.now() - start);
  publisher.stopAccepting();
  ingress.stopAccepting();
  await durability.checkpointAtEnd(left() * CHECKPOINT_PART);
  const ingressClosed = await within(ingress.close(), left());
  const inRings = heldInRings(memory);
  const results = await within(pool.stop(), left());
  const isDrained = (await within(drained(publisher), left())) !== null;
  const sent = await within(publisher.flush(Math.max(0, left())), left() + 50);
  const stuck = heldInRings(memory);
  const feeds = ingressClosed?.feeds ?? [];
  const connectionsClosed =
    (ingressClosed?.connectionsClosed ?? 0) + sumOf(feeds, 'connections_closed') + publisher.close();
  // What was taken is written down last: nothing is lost by a disk that takes its time up to the deadline.
  const isWritten = await durability.close(Math.max(0, left()));
  // At the deadline something was still pending: the end was not the drain's.
  const isPending = ingressClosed === null || results === null || !isDrained || sent === null;
  const forced = isPending || sent.dropped + stuck > 0 || !isWritten;
  if (results !== null) await within(pool.close(), left());
  return {
    pending_messages_flushed: Math.max(0, inRings - stuck) + (sent?.flushed ?? 0),
    pending_messages_dropped: stuck + (sent?.dropped ?? 0),
    connections_closed: connectionsClosed,
    background_tasks_stopped:
      (results?.length ?? 0) +
      (ingressClosed === null ? 0 : 1) +
      OTHER_TASKS -
      1 +
      sumOf(feeds, 'background_tasks_stopped'),
    metrics_cleaned: publisher.metricsCleaned + sumOf(feeds, 'metrics_cleaned'),
    duration_seconds: (performance.now() - start) / 1000,
    forced,
    journal_entries_lost: durability.entriesLost,
    totals: { ...totals(memory), ...feedTotals(feeds) },
  };
}
