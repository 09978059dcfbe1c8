// How much processor time does it take to clean up after 1,000 connections that go at once?
//
//   process with 1,000 sockets ──► engine: /stream, 20 topics each        all destroyed; nothing left of them
//                              ──► engine: /ingest
//                              ──► bare uWebSockets.js app, 20 topics each, or none
//
// Counted is the engine's process, from the word to close until all is gone, less what it takes while idle. A socket's
// end costs the kernel and uWebSockets.js too, as the bare app shows; the difference is the engine's own.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../../engine/base/entry.ts';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { type Engine, startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';
import { loadUws } from '../../engine/uws/load.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import { until } from '../support/lanes.ts';
import { idleMsPerS, pause, processorOf } from '../support/processor.ts';
import { tradeFrames } from '../workloads.ts';
import type { SocketsTask } from './sockets.ts';

const MARKETS = 10;
const CHANNELS = ['trade', 'bbo'] as const;
const TOPICS = MARKETS * CHANNELS.length;
const AIM_MS = '< 10';
const IDLE_MS = 300;
/** From the last socket's end at its own process until all must be done. */
const SETTLE_MS = 100;

/** The process with the sockets. */
class Sockets {
  private readonly child: ChildProcess = fork(fileURLToPath(entryUrl('./sockets.ts', import.meta.url)));

  private ask(task: SocketsTask): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('sockets: the process ended'));
      this.child.once('exit', ended);
      this.child.once('message', () => {
        this.child.off('exit', ended);
        resolve();
      });
      this.child.send(task);
    });
  }

  open(port: number, path: string, count: number, first = ''): Promise<void> {
    return this.ask({ op: 'open', port, path, count, first });
  }

  close(): Promise<void> {
    return this.ask({ op: 'close' });
  }

  end(): void {
    this.child.removeAllListeners('exit');
    this.child.disconnect();
  }
}

/** One side that sockets connect to, and how many of them it still knows. */
type Side = {
  readonly port: number;
  readonly path: string;
  readonly first: string;
  readonly known: () => number | Promise<number>;
};

/** Milliseconds of one clean-up; one that was not over in time is done again. */
async function cleanUp(sockets: Sockets, side: Side, count: number, size: Size): Promise<number> {
  const before = await side.known();
  await sockets.open(side.port, side.path, count, side.first);
  await settled(side, before + count);
  const idle = await idleMsPerS(size === 'full' ? IDLE_MS : 4 * SETTLE_MS);
  const ms = await processorOf(idle, async () => {
    await sockets.close();
    await pause(SETTLE_MS);
  });
  // To ask costs too, so that it is done behind the count: what is not yet gone by then was not counted.
  const left = (await side.known()) - before;
  if (left === 0) return ms;
  await settled(side, before);
  return cleanUp(sockets, side, count, size);
}

async function settled(side: Side, wanted: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const known = await side.known();
    if (known === wanted) return;
    check(performance.now() < deadline, `clean-up of ${side.path}: expected ${wanted} connections, was ${known}`);
    await pause(SETTLE_MS);
  }
}

const CHANNEL_NAMES = Array.from({ length: MARKETS }, (_, market) =>
  CHANNELS.map((channel) => `${channel}.binance:SYM${market}USDT`),
).flat();

/** An engine that knows the markets subscribed to. */
async function engineWithMarkets(): Promise<Engine> {
  const engine = await startEngine({
    ...{ host: '127.0.0.1', port: 0, ingestPort: 0, workers: 1, marketsMax: 64, token: null },
    plans: marketPlansOf({ usual: { bars: ['1m'] } }),
    shutdownTimeoutMs: 10_000,
    log: createLog('silent'),
  });
  const socket = await openFrameSocket(engine.ingestPort, '/ingest/binance');
  for (const frame of tradeFrames(MARKETS, MARKETS).frames) await write(socket, wireFrame(frame));
  const counters = new Float64Array(engine.memory.ingressCounters);
  await until(() => counters[ingressCounter.applied], MARKETS, 'clean-up');
  await new Promise<void>((resolve) => socket.end(resolve));
  await until(() => counters[ingressCounter.connectionsClosed], 1, 'clean-up');
  return engine;
}

function engineSides(engine: Engine): { subscribers: Side; producers: Side } {
  const counters = new Float64Array(engine.memory.ingressCounters);
  const subscribers = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${engine.port}/v1/stats?markets=0`);
    return ((await response.json()) as { publish: { subscribers: number } }).publish.subscribers;
  };
  const first = JSON.stringify({ op: 'subscribe', id: 1, args: CHANNEL_NAMES });
  return {
    subscribers: { port: engine.port, path: '/stream', first, known: subscribers },
    producers: {
      ...{ port: engine.ingestPort, path: '/ingest/binance', first: '' },
      known: () => counters[ingressCounter.connectionsOpened] - counters[ingressCounter.connectionsClosed],
    },
  };
}

/** A bare app whose sockets join as many topics, or none. */
async function bareSide(path: '/topics' | '/none'): Promise<Side & { readonly close: () => void }> {
  const uws = loadUws();
  const app = uws.App();
  let known = 0;
  app.ws('/*', {
    open: (socket) => {
      known++;
      if (path === '/topics') for (const name of CHANNEL_NAMES) socket.subscribe(name);
    },
    close: () => {
      known--;
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) =>
      listening === false ? reject(new Error('no port')) : resolve(uws.us_socket_local_port(listening)),
    );
  });
  return { port, path, first: '', known: () => known, close: () => app.close() };
}

type Pair = { readonly name: string; readonly engine: Side; readonly bare: Side };

async function compare(results: Results, size: Size, sockets: Sockets, { name, engine, bare }: Pair): Promise<void> {
  const count = size === 'full' ? 1000 : 50;
  const repeats = size === 'full' ? 5 : 1;
  // The first round runs code that is not compiled yet: it counts as none.
  if (size === 'full') for (const side of [engine, bare]) await cleanUp(sockets, side, count, size);
  const [own, theirs]: [number[], number[]] = [[], []];
  for (let i = 0; i < repeats; i++) {
    own.push(await cleanUp(sockets, engine, count, size));
    theirs.push(await cleanUp(sockets, bare, count, size));
  }
  const label = `clean-up of ${count.toLocaleString('en')} ${name}`;
  results.add(`${label}: whole process`, 'ms', own);
  results.add(`${label}: bare uWebSockets.js app`, 'ms', theirs);
  results.add(
    `${label}: the engine's own part`,
    'ms',
    own.map((ms, i) => ms - theirs[i]),
    'bare app',
    AIM_MS,
  );
}

export async function cleanUpOfConnections(results: Results, size: Size): Promise<void> {
  const engine = await engineWithMarkets();
  const bares = [await bareSide('/topics'), await bareSide('/none')];
  const sockets = new Sockets();
  try {
    const { subscribers, producers } = engineSides(engine);
    const names = { subscribers: `subscribers of ${TOPICS} topics`, producers: 'producers' };
    await compare(results, size, sockets, { name: names.subscribers, engine: subscribers, bare: bares[0] });
    await compare(results, size, sockets, { name: names.producers, engine: producers, bare: bares[1] });
  } finally {
    sockets.end();
    for (const bare of bares) bare.close();
    await engine.stop();
  }
}
