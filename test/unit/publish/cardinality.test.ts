// How large a scrape can get: more markets, venues, feeds and shards than any engine has, and names that clients choose.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { BREAKER_STATES } from '../../../engine/connect/breaker.ts';
import { type FeedReport, newCounts, newFeedCounts } from '../../../engine/connect/report.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LatestWriter } from '../../../engine/memory/latest-values.ts';
import { MarketNames } from '../../../engine/memory/market-names.ts';
import { LATENCY_BYTES, LatencyRecorder, STAGES } from '../../../engine/observe/latency.ts';
import { LatencyReport, type StageRecorders } from '../../../engine/publish/latency-report.ts';
import { Metrics } from '../../../engine/publish/metrics.ts';
import { ProcessFacts } from '../../../engine/publish/process-facts.ts';
import { Stats } from '../../../engine/publish/stats.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter, marketMeasure } from '../../../schemas/counters.ts';
import { BookState, DIALECTS } from '../../../schemas/ids.ts';
import {
  METRIC_BYTES_MAX,
  METRIC_MARKETS_MAX,
  METRIC_SERIES_MAX,
  METRIC_SLOTS_MAX,
  METRIC_VENUES_MAX,
} from '../../../schemas/metrics.ts';
import { engineWords, latest, MARKET_NAME_BYTES_MAX, marketRow } from '../../../schemas/shared-state.ts';
import { familiesOf, promtool } from '../../support/prometheus.ts';

const MARKETS = 10_000;
/** Most that --workers takes. */
const SHARDS = 64;
const SLOTS = 40;

/** Names that would break out of a label, as long as they may be, each of a venue of its own. */
function hostileName(index: number): Uint8Array {
  const venue = ['a"} 1\n# TYPE x counter\nx 1', '\\', '{le="+Inf"}', '(others)', '🏦\\n', '__name__'][index % 6];
  const name = `${venue}${index < 6 ? '' : index}:${'"\\\n{}'.repeat(40)}`;
  return new TextEncoder().encode(name.slice(0, 80)).slice(0, MARKET_NAME_BYTES_MAX);
}

/** Shared memory in which each market has its name, counters, a skew and a last record. */
function crowded(): { stats: Stats; clock: EngineClock; facts: ProcessFacts } {
  const memory = createEngineMemory({ shards: SHARDS, marketsMax: MARKETS, inputSlots: 64, outputSlots: 64 });
  const counters = new Float64Array(memory.marketCounters);
  const writer = new LatestWriter(memory);
  const [updates, skewCount] = [marketCounter.updates, marketMeasure.skewCount];
  for (let market = 0; market < MARKETS; market++) {
    const name = hostileName(market);
    const row = new Uint8Array(memory.marketRows, market * marketRow.sizeBytes);
    row[marketRow.at.nameBytes] = name.length;
    row[marketRow.at.venueBytes] = name.indexOf(':'.charCodeAt(0));
    row.set(name, marketRow.at.name);
    const base = market * MARKET_COUNTER_COLUMNS;
    counters.fill(Number.MAX_SAFE_INTEGER / MARKETS, base, base + MARKET_COUNTER_COLUMNS);
    [counters[base + updates], counters[base + skewCount]] = [1, 1];
    const at = writer.begin(market);
    writer.i32[at * 2 + latest.at.state] = market % 2 === 0 ? BookState.live : BookState.stale;
    [writer.f64[at + latest.at.receiveTimeNs], writer.f64[at + latest.at.exchangeTimeUs]] = [
      1e9 + market,
      1.7e15 + 0.5,
    ];
    writer.end(market);
  }
  new Int32Array(memory.words)[engineWords.at.marketCount] = MARKETS;
  const clock = new EngineClock(memory.anchor);
  const facts = new ProcessFacts(memory, clock);
  facts.close();
  return { stats: new Stats(memory, new MarketNames(memory)), clock, facts };
}

function feedOf(venue: string): FeedReport {
  const transitions = { closed: 1e9, open: 1e9, 'half-open': 1e9, 'given-up': 1e9, stopped: 1 };
  const breaker = { state: 'open', failuresInARow: 1, transitions, sinceMs: 1, waitMs: 1, lastReason: '' } as const;
  const slots = Array.from({ length: SLOTS }, (_, slot) => ({
    slot,
    symbols: 1,
    breaker,
    reconnects: 1,
    handovers: 1,
  }));
  const connections = slots.map(({ slot }) => {
    const times = { ageMs: 1234.56789, connectMs: 1.23456789, latencyMs: 1.23456789 };
    return {
      id: slot + 1e6,
      slot,
      state: 'live',
      subscriptions: 1024,
      pending: 10,
      counts: newCounts(),
      ...times,
    } as const;
  });
  const rest = {
    waiting: 1,
    succeeded: 1e9,
    retries: 1,
    limited: 1,
    failed: 1,
    dropped: { overflow: 1, 'too-old': 1 },
  };
  return {
    ...{
      venue,
      symbols: 1000,
      unknownSymbols: ['X'],
      counts: newFeedCounts(),
      totals: newCounts(),
      successRate: 1 / 3,
    },
    ...{
      errors: Object.fromEntries(['refused', 'dns', 'tls', 'timeout', 'handshake', 'proxy'].map((kind) => [kind, 1])),
    },
    ...{ connections, slots, rest: rest as unknown as FeedReport['rest'] },
    ...{ queues: { connects: 0, connectsHighWater: 0, overflows: 0 }, open: { sockets: 1, timers: 1 } },
  };
}

async function scrape(): Promise<string> {
  const { stats, clock, facts } = crowded();
  const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  for (let ns = 1; ns < 1e11; ns *= 3) recorder.record(ns, 1_234_567);
  const recorders = Object.fromEntries(STAGES.map((stage) => [stage, [recorder]])) as unknown as StageRecorders;
  const publish = () => ({ slowClosedBy: {}, limited: {}, refused: {} });
  const feeds = () => DIALECTS.map((venue) => feedOf(venue));
  const latency = new LatencyReport(recorders);
  const metrics = new Metrics({ stats, clock, facts, latency, publish, feeds, ready: () => true });
  return metrics.text();
}

test('ten thousand markets, each of a venue with a hostile name, and every feed make a scrape of bounded size', async () => {
  const text = await scrape();
  const families = familiesOf(text);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const count = [...families.values()].reduce((sum, { series }) => sum + series.length, 0);
  assert.equal(lines.length, count, 'no name ends its line');
  assert.ok(count <= METRIC_SERIES_MAX, `${count} series`);
  assert.ok(Buffer.byteLength(text) <= METRIC_BYTES_MAX, `${Buffer.byteLength(text)} bytes`);
  assert.deepEqual(await promtool(['check', 'metrics'], text), { code: 0, output: '' });
  const names = (metric: string, label: string): Set<string | undefined> =>
    new Set(families.get(metric)?.series.map(({ labels }) => labels[label]));
  assert.equal(names('millrace_updates_total', 'market').size, METRIC_MARKETS_MAX + 1);
  assert.equal(names('millrace_market_live', 'market').size, METRIC_MARKETS_MAX);
  // One of the names is that of all others.
  assert.equal(names('millrace_venue_markets', 'venue').size, METRIC_VENUES_MAX);
  assert.equal(families.get('millrace_feed_breaker_state')?.series.length, METRIC_SLOTS_MAX * BREAKER_STATES.length);
  assert.ok(![...families.keys()].includes('x'), 'no name makes a metric');
});

test('what has no series of its own is in that of all others, so that sums hold', async () => {
  const families = familiesOf(await scrape());
  const sum = (metric: string): number =>
    (families.get(metric)?.series ?? []).reduce((total, { value }) => total + value, 0);
  assert.equal(sum('millrace_updates_total'), MARKETS);
  assert.equal(sum('millrace_venue_markets'), MARKETS);
  assert.equal(sum('millrace_market_activity'), MARKETS);
  assert.equal(sum('millrace_feed_breakers'), DIALECTS.length * SLOTS);
});
