// How late is a trade at a subscriber, from the time it was meant to be sent, at the required 1,000 updates a second?
//
//   sender, open loop: 1,000/s ──ws──► engine ──/stream──► subscriber: now - intended send time
//
// Baseline in the same run: the same frames echoed by a bare uWebSockets.js server. Latency counts from the intended
// send time, so a late sender shows instead of hiding a stall.

import { build, type Histogram } from 'hdr-histogram-js';
import { WebSocket } from 'ws';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';
import { loadUws } from '../../engine/uws/load.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { check, type Results, type Size } from '../harness.ts';
import { until } from '../support/lanes.ts';

const RATE_PER_S = 1000;
const TICK_MS = 1;

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
}

/** Sends `count` trades on schedule; `intended[i]` is when trade i + 1 was due. */
async function sendOnSchedule(socket: WebSocket, count: number, intended: Float64Array): Promise<void> {
  const start = performance.now() + 5;
  for (let i = 0; i < count; i++) intended[i] = start + (i * 1000) / RATE_PER_S;
  let next = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      while (next < count && intended[next] <= now) {
        next++;
        const time = 1_700_000_000_000 + next;
        socket.send(
          `{"e":"trade","E":${time},"s":"BTCUSDT","t":${next},"p":"61837.63","q":"0.00100000","T":${time},"m":true,"M":true}`,
        );
      }
      if (next < count) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

async function measure(
  ingest: WebSocket,
  subscriber: WebSocket,
  count: number,
  idOf: (text: string) => number,
): Promise<Histogram> {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  const intended = new Float64Array(count);
  let received = 0;
  subscriber.on('message', (data) => {
    const id = idOf(data.toString());
    if (id < 1) return;
    histogram.recordValue(Math.max(1, Math.round((performance.now() - intended[id - 1]) * 1000)));
    received++;
  });
  await sendOnSchedule(ingest, count, intended);
  await until(() => received, count, 'end to end');
  check(received === count, `end to end: expected ${count} trades, was ${received}`);
  return histogram;
}

async function throughEngine(count: number): Promise<Histogram> {
  const engine = await startEngine({
    host: '127.0.0.1',
    port: 0,
    ingestPort: 0,
    workers: 1,
    marketsMax: MARKETS_MAX,
    token: null,
    plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
    shutdownTimeoutMs: 10_000,
    log: createLog('silent'),
  });
  const ingest = new WebSocket(`ws://127.0.0.1:${engine.ingestPort}/ingest/binance`);
  const subscriber = new WebSocket(`ws://127.0.0.1:${engine.port}/stream`);
  await Promise.all([opened(ingest), opened(subscriber)]);
  const subscribed = new Promise((resolve) => subscriber.once('message', resolve));
  subscriber.send('{"op":"subscribe","id":1,"args":["trade.*"]}');
  await subscribed;
  // A first trade makes the market known, so that the wildcard has something to stand for.
  ingest.send('{"e":"bookTicker","u":1,"s":"BTCUSDT","b":"1.0","B":"1.0","a":"2.0","A":"1.0"}');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const histogram = await measure(ingest, subscriber, count, (text) => {
    const message = JSON.parse(text) as { type?: string; id?: string };
    return message.type === 'trade' ? Number(message.id) : 0;
  });
  ingest.close();
  subscriber.close();
  await engine.stop();
  return histogram;
}

async function throughEcho(count: number): Promise<Histogram> {
  const uws = loadUws();
  const app = uws.App();
  app.ws('/*', { message: (socket, message, isBinary) => void socket.send(message, isBinary) });
  const port = await new Promise<number>((resolve, reject) => {
    app.listen('127.0.0.1', 0, (socket) =>
      socket === false ? reject(new Error('no port')) : resolve(uws.us_socket_local_port(socket)),
    );
  });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await opened(socket);
  const histogram = await measure(socket, socket, count, (text) => (JSON.parse(text) as { t: number }).t);
  socket.close();
  app.close();
  return histogram;
}

export async function endToEnd(results: Results, size: Size): Promise<void> {
  const count = size === 'full' ? 10_000 : 200;
  const repeats = size === 'full' ? 3 : 1;
  const engine: Histogram[] = [];
  const echo: Histogram[] = [];
  for (let i = 0; i < repeats; i++) {
    echo.push(await throughEcho(count));
    engine.push(await throughEngine(count));
  }
  for (const percentile of [50, 99, 99.9]) {
    const at = (histogram: Histogram): number => histogram.getValueAtPercentile(percentile);
    results.add(
      `end to end at 1,000/s: p${percentile}`,
      'µs',
      engine.map(at),
      null,
      percentile === 99 ? 'well under 50,000' : null,
    );
    results.add(`echo of a bare uWebSockets.js server: p${percentile}`, 'µs', echo.map(at));
  }
}
