// The ingress thread's entry: opens the ingest port, or feeds a recording, and closes its app before it ends.

import { parentPort, workerData } from 'node:worker_threads';
import { CLOCK_STEP_US, ERROR_ANSWER_INTERVAL_MS } from '../../schemas/config.ts';
import { fingerprint } from '../../schemas/fingerprint.ts';
import { engineWords } from '../../schemas/shared-state.ts';
import { assert } from '../base/assert.ts';
import { EngineClock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import type { FeedStats } from '../connect/report.ts';
import { RingJournalLog } from '../journal/ring-log.ts';
import { GcCount } from '../observe/gc.ts';
import { GcPauses } from '../observe/gc-pauses.ts';
import { ownThreadNumber } from '../observe/thread-cpu.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { MarketDirectory } from '../route/markets.ts';
import { Connections } from './connections.ts';
import { DECODERS } from './decoders.ts';
import type { FeedParts, Feeds } from './feeds.ts';
import { FrameWriter } from './frame-writer.ts';
import { makeIngressImage } from './ingress-image.ts';
import type { FromIngress, IngressPast, IngressStart, ToIngress } from './messages.ts';
import { applyPast } from './past.ts';
import { RejectedFrames } from './rejected-frames.ts';
import { replay } from './replay-source.ts';
import { IngressServer } from './server.ts';
import type { SessionParts } from './session-maker.ts';

const start = workerData as IngressStart;
const port = parentPort;
assert(port !== null, 'ingress thread: expected to be a worker thread');
assert(start.memory.fingerprint === fingerprint(), 'ingress thread: expected the layouts of the main thread');

const words = new Int32Array(start.memory.words);
Atomics.store(words, engineWords.at.ingressThread, ownThreadNumber());
const clock = new EngineClock(start.memory.anchor);
const markets = new MarketDirectory(start.memory, start.accepts);
const writer = new FrameWriter(start.memory, clock, start.replay === null ? 'block' : 'block-without-limit');
const connections = new Connections(writer, start.memory.marketsMax);

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
    writer.rejected?.flush();
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

function rejectedFrames(): RejectedFrames {
  return new RejectedFrames(
    () => clock.wallUs(clock.nowNs()),
    (frames, leftOut) => tell({ op: 'rejected', frames, leftOut }),
  );
}

const parts: SessionParts = { writer, markets, marketsMax: start.memory.marketsMax, connections, decoders: DECODERS };

/** Applies what a journal has, and from here on writes everything down in it. */
function recover(past: IngressPast): void {
  const { journal } = start.memory;
  assert(journal !== null, 'ingress thread: expected memory for a journal');
  const recovered = applyPast(past, clock, parts, (sequence) => {
    // Asked to end: nothing was taken or written yet, and the next start applies it all.
    if (Atomics.load(words, engineWords.at.stop) === 1) throw new Error('ingress thread: ended while it recovered');
    tell({ op: 'recovering', sequence });
  });
  writer.journal = new RingJournalLog(journal, past.sequence);
  writer.journal.start(Buffer.from(JSON.stringify(past.started)), recovered.startedNs);
  writer.commit();
  tell({ op: 'recovered', recovered });
}

/** Between two frames, so that what lies in the rings before the checkpoint is what this image knows of. */
function checkpoint(number: number): void {
  server?.decodeWaiting();
  const sequence = writer.checkpoint(number);
  const image = sequence === 0 ? null : makeIngressImage(sequence, start.memory, parts);
  tell({ op: 'checkpoint', image });
}

async function listen(options: NonNullable<IngressStart['listen']>): Promise<void> {
  server = new IngressServer(
    {
      host: options.host,
      port: options.port,
      marketsMax: start.memory.marketsMax,
      decoders: DECODERS,
      access: options.access,
      connections,
      limits: options.limits,
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
    connections,
    before: () => before.decodeWaiting(),
    log: (level, text, fields) => tell({ op: 'log', level, text, fields }),
  };
}

function eachSecond(): void {
  writer.rejected?.flush();
  server?.eachSecond();
  feeds?.eachSecond();
}

/** Lets time pass in markets that are quiet. */
function tick(): void {
  writer.tick(clock.nowNs());
  writer.commit();
}

let goOn: () => void = () => undefined;

/** The span of a replay begins: the main thread sees to it that everything before it is applied. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    goOn = resolve;
    tell({ op: 'paused' });
  });
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
  else if (message.op === 'go-on') goOn();
  else if (message.op === 'checkpoint') checkpoint(message.number);
  else if (message.op === 'stop-accepting') server?.stopAccepting();
  else void close();
});

try {
  if (start.past != null) recover(start.past);
  // Not before: what the journal has was kept when it came.
  if (start.keepsRejected === true) writer.rejected = rejectedFrames();
  if (start.listen !== null) await listen(start.listen);
  if (start.replay !== null) {
    const counts = await replay(start.replay, start.memory, writer, markets, DECODERS, pause);
    tell({ op: 'replayed', counts });
    await close();
  }
} catch (error) {
  fail(error);
}
