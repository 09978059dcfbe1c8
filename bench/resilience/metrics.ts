// What do metrics cost: counting, holding them, and a scrape each second?
//
//   hot threads ──► shared counters ──(read at a scrape)──► text       the engine
//   every increment ──► a labelled counter that lives in a registry    prom-client as it is usually used
//
// Both are scraped and must say the same.

import { Counter, Registry } from 'prom-client';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { startEngine } from '../../engine/main.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { createLog } from '../../engine/observe/log.ts';
import { ReadCounter } from '../../engine/publish/read-metrics.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import { until } from '../support/lanes.ts';
import { heldBytes } from '../support/memory.ts';
import { idleMsPerS, pause, processorMs, processorOf } from '../support/processor.ts';
import { bench, type Way } from '../support/turns.ts';
import { tradeFrames } from '../workloads.ts';

const SERIES = 10_000;
const NAMING = { name: 'bench_updates_total', help: 'Updates.', labelNames: ['market'] };
const MARKETS = 100;

const marketName = (index: number): string => `SYM${index}USDT`;

/** A counter of each market in shared memory, and the metric that reads them. */
class SharedCounters {
  readonly values = new Float64Array(new SharedArrayBuffer(SERIES * 8));
  readonly registry = new Registry();

  constructor() {
    new ReadCounter({ ...NAMING, registers: [this.registry] }, () =>
      Array.from(this.values, (value, index) => ({ labels: { market: marketName(index) }, value })),
    );
  }
}

class LiveCounters {
  readonly registry = new Registry();
  readonly counter = new Counter({ ...NAMING, registers: [this.registry] });

  constructor() {
    for (let index = 0; index < SERIES; index++) this.counter.inc({ market: marketName(index) }, 0);
  }
}

function counting(results: Results, size: Size): void {
  const [shared, live] = [new SharedCounters(), new LiveCounters()];
  const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  const labels = Array.from({ length: SERIES }, (_, index) => ({ market: marketName(index) }));
  const rounds = size === 'full' ? 10 : 1;
  const each = (name: string, count: (index: number) => void): Way => ({
    name,
    run: () => {
      for (let round = 0; round < rounds; round++) for (let index = 0; index < SERIES; index++) count(index);
    },
  });
  const ways: readonly [Way, ...Way[]] = [
    each('a shared counter', (index) => {
      shared.values[index] += 1;
    }),
    each('a latency into a shared histogram', (index) => recorder.record(index * 100, 1)),
    each('a live counter of prom-client', (index) => live.counter.inc(labels[index], 1)),
  ];
  bench(results, size, { name: 'count', operation: 'count', operations: rounds * SERIES, ways });
  const first = shared.values[0];
  check(first > 0 && shared.values.every((value) => value === first), 'metrics: expected each counter as often');
  const { count, counts } = recorder.snapshot();
  const held = counts.reduce((sum, each) => sum + each, 0);
  check(count > 0 && count % SERIES === 0 && held === count, `metrics: expected ${count} latencies, was ${held}`);
}

/** Bytes of the heap that `make` leaves behind, and what it made, which is held until then. */
function heldBy<Made>(make: () => Made): { made: Made; start: number; bytes: number } {
  const start = heldBytes();
  const made = make();
  return { made, start, bytes: heldBytes() - start };
}

type Held = { readonly shared: number; readonly scraped: number; readonly live: number };

/** A scrape whose text is let go. */
async function scrape(registry: Registry): Promise<void> {
  await registry.metrics();
  await pause(1);
}

/** Bytes that both kinds of counters take; shared memory counts among the array buffers. */
async function holdOnce(): Promise<Held> {
  const shared = heldBy(() => {
    const counters = new SharedCounters();
    counters.values.fill(7);
    return counters;
  });
  await scrape(shared.made.registry);
  await pause(1);
  const scraped = heldBytes() - shared.start;
  const live = heldBy(() => {
    const { counter, registry } = new LiveCounters();
    for (let index = 0; index < SERIES; index++) counter.inc({ market: marketName(index) }, 7);
    return registry;
  });
  const text = await shared.made.registry.metrics();
  check(text === (await live.made.metrics()), 'metrics: expected both ways to say the same');
  check(text.length > SERIES, 'metrics: expected a line for each counter');
  return { shared: shared.bytes, scraped, live: live.bytes };
}

async function holding(results: Results, size: Size): Promise<void> {
  // Code that runs for the first time, and what other benches left, would be measured with it.
  await holdOnce();
  const rounds: Held[] = [];
  for (let round = size === 'full' ? 0 : 4; round < 5; round++) rounds.push(await holdOnce());
  const [shared, scraped, live] = (['shared', 'scraped', 'live'] as const).map((name) =>
    rounds.map((held) => held[name]),
  );
  const name = `${SERIES.toLocaleString('en')} metrics`;
  results.add(`${name}: held by shared counters`, 'bytes', shared, null, '< 100 k');
  results.add(`${name}: held after a scrape`, 'bytes', scraped, null, '< 100 k');
  results.add(`${name}: held by prom-client`, 'bytes', live);
  results.ratio(`${name}: prom-client / shared counters`, live, shared, 'prom-client');
}

async function scraping(results: Results, size: Size): Promise<void> {
  const [shared, live] = [new SharedCounters(), new LiveCounters()];
  const times: [number[], number[]] = [[], []];
  for (let round = size === 'full' ? 0 : 5; round < 6; round++) {
    for (const [i, { registry }] of [shared, live].entries()) {
      const cpu = processorMs();
      await registry.metrics();
      // The first round compiles.
      if (round > 0) times[i].push(Math.max(processorMs() - cpu, 1e-3));
    }
  }
  const name = `a scrape of ${SERIES.toLocaleString('en')} series`;
  results.add(`${name}: shared counters`, 'ms', times[0]);
  results.add(`${name}: prom-client`, 'ms', times[1]);
  results.ratio(`${name}: prom-client / shared counters`, times[1], times[0], 'prom-client');
}

/** An engine with markets, a socket and latencies is scraped over HTTP, far oftener than each second. */
async function engineScraped(results: Results, size: Size): Promise<void> {
  const engine = await startEngine({
    ...{ host: '127.0.0.1', port: 0, ingestPort: 0, workers: 1, marketsMax: 1024, token: null },
    plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
    shutdownTimeoutMs: 10_000,
    log: createLog('silent'),
  });
  try {
    const frames = size === 'full' ? 50_000 : 500;
    const socket = await openFrameSocket(engine.ingestPort, '/ingest/binance');
    for (const frame of tradeFrames(frames, MARKETS).frames) await write(socket, wireFrame(frame));
    const counters = new Float64Array(engine.memory.ingressCounters);
    await until(() => counters[ingressCounter.applied], frames, 'metrics');
    const url = `http://127.0.0.1:${engine.port}`;
    await addScrapeRows(results, size, (path) => fetch(`${url}${path}`).then((response) => response.text()), frames);
    socket.destroy();
  } finally {
    await engine.stop();
  }
}

async function addScrapeRows(
  results: Results,
  size: Size,
  get: (path: string) => Promise<string>,
  frames: number,
): Promise<void> {
  const rounds = size === 'full' ? 5 : 1;
  const scrapes = size === 'full' ? 20 : 1;
  const idle = await idleMsPerS(size === 'full' ? 500 : 50);
  const perScrape = async (path: string): Promise<number> => {
    const ms = await processorOf(idle, async () => {
      for (let i = 0; i < scrapes; i++) await get(path);
    });
    return ms / scrapes;
  };
  const text = await get('/metrics');
  check(text.includes(`millrace_market_updates_total ${frames}\n`), `metrics: expected ${frames} updates in the text`);
  await perScrape('/metrics');
  const shares: number[] = [];
  const answers: number[] = [];
  for (let i = 0; i < rounds; i++) {
    answers.push(await perScrape('/health'));
    shares.push(await perScrape('/metrics'));
  }
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  results.add('the engine scraped: series', 'series', [series]);
  results.add('the engine scraped: one scrape, with its client', 'ms', shares);
  results.add('the engine scraped: an answer without metrics, with its client', 'ms', answers);
  const percent = shares.map((ms, i) => (Math.max(0, ms - answers[i]) / 1000) * 100);
  results.add('metrics: one core, scraped each second', '%', percent, null, '< 1');
}

export async function metricsOverhead(results: Results, size: Size): Promise<void> {
  counting(results, size);
  await holding(results, size);
  await scraping(results, size);
  await engineScraped(results, size);
}
