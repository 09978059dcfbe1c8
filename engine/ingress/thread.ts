// The ingress thread's entry: opens the ingest port, or feeds a recording, and closes its app before it ends.

import { parentPort, workerData } from 'node:worker_threads';
import { CLOCK_STEP_US, ERROR_ANSWER_INTERVAL_MS } from '../../schemas/config.ts';
import { fingerprint } from '../../schemas/fingerprint.ts';
import { engineWords } from '../../schemas/shared-state.ts';
import { assert } from '../base/assert.ts';
import { EngineClock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { tokenCheck } from '../base/token.ts';
import type { FeedStats } from '../connect/report.ts';
import { GcCount } from '../observe/gc.ts';
import { GcPauses } from '../observe/gc-pauses.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { MarketDirectory } from '../route/markets.ts';
import { DECODERS } from './decoders.ts';
import type { FeedParts, Feeds } from './feeds.ts';
import { FrameWriter } from './frame-writer.ts';
import type { FromIngress, IngressStart, ToIngress } from './messages.ts';
import { replay } from './replay-source.ts';
import { IngressServer } from './server.ts';

const start = workerData as IngressStart;
const port = parentPort;
assert(port !== null, 'ingress thread: expected to be a worker thread');
assert(start.memory.fingerprint === fingerprint(), 'ingress thread: expected the layouts of the main thread');

const words = new Int32Array(start.memory.words);
const clock = new EngineClock(start.memory.anchor);
const markets = new MarketDirectory(start.memory, start.accepts);
const writer = new FrameWriter(start.memory, clock, start.replay === null ? 'block' : 'block-without-limit');

let server: IngressServer | null = null;
let feeds: Feeds | null = null;
const pauses = new GcPauses(start.memory.ingressGcPauses);
let timers: NodeJS.Timeout[] = [];
let isClosed = false;

function tell(message: FromIngress): void {
  port?.postMessage(message);
}

/** Shows everything written, and tells the shards that nothing more comes. */
function finish(): void {
  writer.commit();
  Atomics.store(words, engineWords.at.ingressDone, 1);
  for (const shard of start.memory.shards) new Doorbell(shard.doorbell).ring();
}

/** A worker thread that ends with open uWebSockets.js sockets aborts the process (RELIABILITY §1): this comes first. */
async function close(): Promise<void> {
  if (isClosed) return;
  isClosed = true;
  for (const timer of timers) clearInterval(timer);
  timers = [];
  pauses.stop();
  let connectionsClosed = 0;
  let stopped: readonly FeedStats[] = [];
  try {
    server?.stopAccepting();
    stopped = (await feeds?.stop()) ?? [];
    feeds = null;
    connectionsClosed = server?.close() ?? 0;
  } finally {
    finish();
    tell({ op: 'closed', connectionsClosed, feeds: stopped });
    port?.close();
  }
}

function fail(error: unknown): void {
  tell({
    op: 'failed',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    isUsage: error instanceof UsageError,
  });
  void close();
}

async function listen(options: NonNullable<IngressStart['listen']>): Promise<void> {
  server = new IngressServer(
    {
      host: options.host,
      port: options.port,
      token: options.token,
      marketsMax: start.memory.marketsMax,
      decoders: DECODERS,
      isAuthorized: tokenCheck(options.token),
    },
    writer,
    markets,
  );
  const listening = await server.listen();
  timers.push(setInterval(tick, CLOCK_STEP_US / 1000));
  timers.push(setInterval(eachSecond, ERROR_ANSWER_INTERVAL_MS));
  pauses.start();
  if (start.feeds.length > 0) feeds = await startFeeds(server);
  Atomics.store(words, engineWords.at.ingressReady, 1);
  tell({ op: 'listening', port: listening });
}

/** Connectors are loaded only where a venue is connected to. */
async function startFeeds(server: IngressServer): Promise<Feeds> {
  const [{ Feeds }, { CONNECTORS }] = await Promise.all([import('./feeds.ts'), import('./connectors.ts')]);
  return new Feeds(start.feeds, feedParts(server), CONNECTORS, DECODERS);
}

function feedParts(before: IngressServer): FeedParts {
  return {
    memory: start.memory,
    clock,
    writer,
    markets,
    before: () => before.decodeWaiting(),
    log: (level, text, fields) => tell({ op: 'log', level, text, fields }),
  };
}

function eachSecond(): void {
  server?.eachSecond();
  feeds?.eachSecond();
}

/** Lets time pass in markets that are quiet. */
function tick(): void {
  writer.tick(clock.nowNs());
  writer.commit();
}

let gc: GcCount | null = null;

function countGc(): void {
  tell({ op: 'gc', report: gc?.stop() ?? null });
  gc = gc === null ? new GcCount() : null;
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

port.on('message', (message: ToIngress) => {
  if (message.op === 'connections')
    tell({ op: 'connections', connections: server?.reports() ?? [], feeds: feeds?.reports() ?? [] });
  else if (message.op === 'gc') countGc();
  else if (message.op === 'stop-accepting') server?.stopAccepting();
  else void close();
});

try {
  if (start.listen !== null) await listen(start.listen);
  if (start.replay !== null) {
    const counts = await replay(start.replay, start.memory, writer, markets, DECODERS);
    tell({ op: 'replayed', counts });
    await close();
  }
} catch (error) {
  fail(error);
}
