// What open dashboards cost an engine: windows without any and with twenty, in turn, in one run.
//
//   synthetic feed ──► engine, a process of its own ──► one subscriber of all markets, in every window
//                             ▲    └──────────────────► 20 dashboards: none, elsewhere, beside, in turn
//             /v1/stats, /v1/latency/engine.json at both ends of a window
//
// An engine sees of a page what it asks for. `elsewhere` are twenty sockets that ask for exactly what a page in Chromium has
// asked for before: browsers on other machines. `beside` are four pages and sixteen such sockets: browsers that share the
// processors with the engine, where latency on the clock tells mostly of the browsers. What the engine itself spends is the
// processor time of its threads by update, as it tells it.

import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { EngineClient, type EngineStats } from '../../engine/load/engine-client.ts';
import { startOwnEngine } from '../../engine/load/engine-process.ts';
import { type CountsJson, countsFromJson, countsSince, summarize } from '../../engine/observe/latency-counts.ts';
import { FeedThread } from '../../engine/synthetic/feed-thread.ts';
import { check, type Results, type Size } from '../harness.ts';
import { hasBrowser, Viewers } from './viewers.ts';

const THREADS = ['ingress', 'shard-0', 'main'] as const;
type Thread = (typeof THREADS)[number];
type Sizes = {
  readonly rates: readonly number[];
  readonly rounds: number;
  readonly windowMs: number;
  readonly settleMs: number;
  readonly pages: number;
  readonly sockets: number;
};

const SIZES: Readonly<Record<Size, Sizes>> = {
  full: { rates: [1_000, 10_000], rounds: 3, windowMs: 10_000, settleMs: 3_000, pages: 4, sockets: 16 },
  smoke: { rates: [500], rounds: 1, windowMs: 1_000, settleMs: 300, pages: 1, sockets: 1 },
};
/** Of every market: latency is measured on what is published. */
const CHANNELS = ['trade.*', 'bbo.*', 'status.*'];

type Mark = { readonly stats: EngineStats; readonly engine: CountsJson };
type Window = {
  readonly usPerUpdate: Readonly<Record<Thread, number>>;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly updatesPerS: number;
  readonly unread: number;
};

async function mark(client: EngineClient): Promise<Mark> {
  const stats = await client.stats();
  return { stats, engine: (await client.stages()).engine };
}

/** Frames and records that the engine left out so far. */
function lostOf({ total, shards }: EngineStats): number {
  const records = shards.reduce((sum, { outputLost, cutShort }) => sum + outputLost + cutShort, 0);
  const rejected = Object.values(total.rejected).reduce((sum, count) => sum + count, 0);
  return total.drops + rejected + records;
}

/** Messages that readers did not take in time: browsers and readers of this bench have what is left of the processors. */
const unreadOf = ({ publish }: EngineStats): number => (publish.lost ?? 0) + publish.droppedMessages;

function windowBetween(before: Mark, after: Mark, ms: number): Window {
  const updates = (after.stats.total.updates ?? 0) - (before.stats.total.updates ?? 0);
  const cpuUs = ({ stats }: Mark, thread: Thread): number =>
    stats.process?.threads?.find((each) => each.thread === thread)?.cpuUs ?? Number.NaN;
  const spent = THREADS.map((thread) => [thread, (cpuUs(after, thread) - cpuUs(before, thread)) / updates]);
  const latency = summarize(countsSince(countsFromJson(after.engine), countsFromJson(before.engine)));
  return {
    usPerUpdate: Object.fromEntries(spent) as Record<Thread, number>,
    p50Us: (latency.p50 ?? latency.mean ?? 0) / 1e3,
    p99Us: (latency.p99 ?? latency.max ?? 0) / 1e3,
    updatesPerS: (updates / ms) * 1_000,
    unread: unreadOf(after.stats) - unreadOf(before.stats),
  };
}

async function measure(client: EngineClient, { windowMs, settleMs }: Sizes): Promise<Window> {
  await delay(settleMs);
  const start = performance.now();
  const before = await mark(client);
  await delay(windowMs);
  const after = await mark(client);
  check(lostOf(after.stats) === 0, `expected nothing lost, was ${lostOf(after.stats)}`);
  return windowBetween(before, after, performance.now() - start);
}

async function subscriber(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/stream`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('message', () => undefined);
  socket.send(JSON.stringify({ op: 'subscribe', args: CHANNELS }));
  return socket;
}

type Windows = { readonly none: Window[]; readonly elsewhere: Window[]; readonly beside: Window[] };

async function measureRate(rate: number, sizes: Sizes, results: Results): Promise<Windows> {
  const engine = await startOwnEngine({ workers: 1, token: null });
  const client = new EngineClient(engine.url, null);
  const feed = await FeedThread.start({ url: `${engine.ingestUrl}/ingest/json`, token: null, rate, seed: 1 });
  const reader = await subscriber(engine.url);
  const viewers = await Viewers.start(engine.url);
  const windows: Windows = { none: [], elsewhere: [], beside: [] };
  try {
    // Code is compiled in the first seconds; what that takes belongs to neither side.
    await measure(client, sizes);
    await viewers.open(1, 0);
    results.note(`a page follows ${viewers.channels.join(', ')}`);
    for (let round = 0; round < sizes.rounds; round++) {
      await viewers.closeAll();
      windows.none.push(await measure(client, sizes));
      await viewers.open(0, sizes.pages + sizes.sockets);
      windows.elsewhere.push(await measure(client, sizes));
      await viewers.closeAll();
      await viewers.open(sizes.pages, sizes.sockets);
      windows.beside.push(await measure(client, sizes));
    }
  } finally {
    await viewers.stop();
    reader.terminate();
    await feed.stop();
    await engine.stop();
  }
  return windows;
}

function report(results: Results, name: string, windows: Windows, dashboards: number): void {
  const row = (what: string, unit: string, pick: (window: Window) => number): void => {
    results.add(`${name}: ${what}, none open`, unit, windows.none.map(pick));
    results.add(`${name}: ${what}, ${dashboards} elsewhere`, unit, windows.elsewhere.map(pick));
    results.add(`${name}: ${what}, ${dashboards} beside`, unit, windows.beside.map(pick));
  };
  for (const thread of THREADS) {
    const spent = ({ usPerUpdate }: Window): number => usPerUpdate[thread];
    row(thread, 'µs/update', spent);
    // Nothing on the way from socket to state may notice; main has twenty more sockets to write to.
    const aim = thread === 'main' ? null : '≤ 1.15';
    const title = `${name}: ${thread}, ${dashboards} elsewhere / none`;
    results.ratio(title, windows.elsewhere.map(spent), windows.none.map(spent), 'none open', aim);
  }
  row('engine p50', 'µs', ({ p50Us }) => p50Us);
  row('engine p99', 'µs', ({ p99Us }) => p99Us);
  row('messages unread', 'messages', ({ unread }) => unread);
  row('rate', 'updates/s', ({ updatesPerS }) => updatesPerS);
}

export async function openDashboards(results: Results, size: Size): Promise<void> {
  if (!hasBrowser()) {
    results.note('Chromium is absent, left out: apt-get install chromium');
    return;
  }
  const sizes = SIZES[size];
  for (const rate of sizes.rates) {
    const windows = await measureRate(rate, sizes, results);
    report(results, `${rate} frames/s`, windows, sizes.pages + sizes.sockets);
  }
}
