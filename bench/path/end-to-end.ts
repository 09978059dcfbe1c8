// How late is a trade at a subscriber, from the time it was meant to be sent?
//
//   sender thread, on schedule ──TCP──► engine ──/stream──► subscriber thread: arrival - time due        (engine)
//   sender thread, on schedule ──TCP──► bare uWebSockets.js server that sends frames on ──► the same     (echo)
//
// Open loop: latency counts from when an update was due, so a late sender shows and hides no stall. At the required
// 1,000 updates a second the two run in turn and are subtracted run by run; sender and subscriber are the same for both.
// Each run checks that every update came, in its market's order.

import { setTimeout as delay } from 'node:timers/promises';
import { takeAnchor } from '../../engine/base/clock.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { type StageCounts, toHistogram } from '../../engine/observe/latency-counts.ts';
import { check, type Results, type Size } from '../harness.ts';
import { BenchEngine } from '../support/bench-engine.ts';
import { Lane, until } from '../support/lanes.ts';
import type { PacedPlan } from '../support/paced-sender.ts';
import { READER_WORDS, readerWords } from '../support/reader-words.ts';
import type { RelayPlan } from '../support/relay.ts';
import type { ReaderPlan } from '../support/stream-reader.ts';
import { ANNOUNCED_ID } from '../support/trade-wire.ts';

/** One load: who is subscribed to what of it, and for how long. */
type Load = {
  readonly name: string;
  readonly ratePerS: number;
  readonly markets: number;
  readonly connections: number;
  /** Markets the subscriber takes; all of them with one wildcard. */
  readonly subscribed: number | 'all';
  readonly warmupS: number;
  readonly seconds: number;
};

type Shared = { readonly words: SharedArrayBuffer; readonly latency: SharedArrayBuffer; lateness: SharedArrayBuffer };
type Measured = { readonly latency: StageCounts; readonly lateness: StageCounts; readonly lost: number };

/** Of the first update of each market. */
const FIRST_ID = ANNOUNCED_ID + 1;

/** Nothing came for this long: nothing is under way any more. */
const QUIET_MS = 2_000;
const POLL_MS = 5;

function share(): Shared {
  const latency = new SharedArrayBuffer(LATENCY_BYTES);
  return {
    words: new SharedArrayBuffer(READER_WORDS * 8),
    latency,
    lateness: new SharedArrayBuffer(LATENCY_BYTES),
  };
}

const channelsOf = ({ subscribed }: Load): string[] =>
  subscribed === 'all'
    ? ['trade.*']
    : Array.from({ length: subscribed }, (_, market) => `trade.binance:SYM${market}USDT`);

const updatesOf = ({ ratePerS, warmupS, seconds }: Load): number => Math.round(ratePerS * (warmupS + seconds));

/** Resolves once all has come, or nothing more comes: what is missing then is lost, which is a figure and no fault. */
async function arrived(received: () => number, wanted: number): Promise<void> {
  let before = -1;
  let movedMs = performance.now();
  while (received() < wanted && performance.now() - movedMs < QUIET_MS) {
    if (received() > before) movedMs = performance.now();
    before = received();
    await delay(POLL_MS);
  }
}

/** Runs sender and subscriber against a server that is up; resolves once all that is due has come. */
async function measure(
  load: Load,
  ports: { in: number; out: number },
  path: string,
  idMark: string,
): Promise<Measured> {
  const { words, latency, lateness } = share();
  const { markets, connections, ratePerS } = load;
  const anchor = takeAnchor();
  const warmup = Math.round(ratePerS * load.warmupS);
  const timing = { latency, anchor, markets, firstId: FIRST_ID, ratePerS, warmup, idMark };
  const isEcho = path === '/';
  const readerPlan: ReaderPlan = {
    ...{ port: ports.out, path: '/stream', words, isChecked: false, timing },
    sockets: [channelsOf(load)],
  };
  const reader = await Lane.start('./stream-reader.ts', readerPlan);
  const values = new Float64Array(words);
  await until(() => values[readerWords.replies], 1, 'subscribed');
  const updates = updatesOf(load);
  const paced: PacedPlan = {
    ...{ port: ports.in, path, words, anchor, markets, connections, ratePerS, updates, lateness },
    firstId: FIRST_ID,
  };
  const sender = await Lane.start('./paced-sender.ts', paced);
  await sender.ask('start');
  const isAll = load.subscribed === 'all' || isEcho;
  const wanted = isAll ? updates : (updates / markets) * Number(load.subscribed);
  await arrived(() => values[readerWords.received], wanted);
  await sender.close('close');
  await reader.close('close');
  const lost = wanted - values[readerWords.received];
  check(lost >= 0, `${load.name}: expected ${wanted}, was ${wanted - lost}`);
  check(lost > 0 || values[readerWords.gaps] === 0, `${load.name}: expected no gaps, was ${values[readerWords.gaps]}`);
  return {
    latency: new LatencyRecorder(latency).snapshot(),
    lateness: new LatencyRecorder(lateness).snapshot(),
    lost,
  };
}

async function throughEngine(load: Load): Promise<Measured> {
  const bench = await BenchEngine.start();
  await bench.announce(load.markets);
  const measured = await measure(load, { in: bench.ingestPort, out: bench.port }, '/ingest/binance', '"id":"');
  await bench.close(load.markets);
  return measured;
}

async function throughEcho(load: Load): Promise<Measured> {
  const plan: RelayPlan = { topics: [], texts: [] };
  const relay = await Lane.start<number>('./relay.ts', plan);
  const measured = await measure(load, { in: relay.ready, out: relay.ready }, '/', '"t":');
  await relay.close('close');
  return measured;
}

/** Microseconds at a percentile. */
const atUs = (stage: StageCounts, percentile: number): number =>
  toHistogram(stage).getValueAtPercentile(percentile) / 1000;

const PERCENTILES = [50, 99, 99.9] as const;

/** Aims of what the engine adds to the echo, in µs. */
const ADDED_AIMS: Readonly<Record<number, string>> = { 50: '≤ 200', 99.9: '≤ 1000' };

async function beyondEcho(results: Results, load: Load, repeats: number): Promise<void> {
  const engine: Measured[] = [];
  const echo: Measured[] = [];
  for (let i = 0; i < repeats; i++) {
    echo.push(await throughEcho(load));
    engine.push(await throughEngine(load));
  }
  for (const { lost } of [...engine, ...echo]) check(lost === 0, `${load.name}: expected none lost, was ${lost}`);
  for (const percentile of PERCENTILES) {
    const ours = engine.map(({ latency }) => atUs(latency, percentile));
    const theirs = echo.map(({ latency }) => atUs(latency, percentile));
    results.add(`${load.name}: engine, p${percentile}`, 'µs', ours);
    results.add(`${load.name}: echo, p${percentile}`, 'µs', theirs);
    const added = ours.map((value, i) => value - theirs[i]);
    results.add(`${load.name}: engine − echo, p${percentile}`, 'µs', added, 'echo', ADDED_AIMS[percentile] ?? null);
  }
  results.add(
    `${load.name}: sender late, p99`,
    'µs',
    engine.map(({ lateness }) => atUs(lateness, 99)),
  );
}

async function absolute(results: Results, load: Load, repeats: number): Promise<void> {
  const runs: Measured[] = [];
  for (let i = 0; i < repeats; i++) runs.push(await throughEngine(load));
  for (const percentile of PERCENTILES) {
    const values = runs.map(({ latency }) => atUs(latency, percentile));
    results.add(`${load.name}: p${percentile}`, 'µs', values, null, percentile === 99 ? '≤ 5000' : null);
  }
  const losses = runs.map(({ lost }) => lost);
  results.add(`${load.name}: lost`, 'updates', losses, null, '≤ 0');
  results.add(
    `${load.name}: sender late, p99`,
    'µs',
    runs.map(({ lateness }) => atUs(lateness, 99)),
  );
}

export async function endToEnd(results: Results, size: Size): Promise<void> {
  const isFull = size === 'full';
  const repeats = isFull ? 3 : 1;
  const time = isFull ? { warmupS: 1, seconds: 10 } : { warmupS: 0.1, seconds: 0.3 };
  const slow = { ratePerS: 1_000, ...time };
  await beyondEcho(
    results,
    { name: 'end to end at 1,000/s, one market', markets: 1, connections: 1, subscribed: 1, ...slow },
    repeats,
  );
  await beyondEcho(
    results,
    { name: 'end to end at 1,000/s, all of 50 markets', markets: 50, connections: 2, subscribed: 'all', ...slow },
    isFull ? 2 : 1,
  );
  const ratePerS = isFull ? 100_000 : 5_000;
  const fast = { ratePerS, markets: 200, connections: 4, ...(isFull ? { warmupS: 2, seconds: 5 } : time) };
  const name = `end to end at ${ratePerS.toLocaleString('en')}/s`;
  await absolute(results, { name: `${name}, 4 of 200 markets`, subscribed: 4, ...fast }, repeats);
  await absolute(results, { name: `${name}, all of 200 markets`, subscribed: 'all', ...fast }, repeats);
}
