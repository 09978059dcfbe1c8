// How fast do updates reach many subscribers, beside a bare uWebSockets.js app that publishes the same messages?
//
//   sender thread ──TCP──► ingress ──► shard ──► main: encode, publish ──► N sockets on one reader thread    (engine)
//   sender thread ──TCP──► a handler that publishes a text prepared beforehand ──► the same sockets          (bare)
//
// A round is one trade of each market; a few rounds are under way at most, so both go as fast as their messages are
// taken. Topics, subscribers and the sizes of messages are the same on both sides. Each run counts what every socket got;
// of the first socket each message is parsed and its numbering followed, and the engine says how often it encoded.

import { WebSocket } from 'ws';
import { openFrameSocket } from '../../engine/load/frame-socket.ts';
import { check, type Results, type Size } from '../harness.ts';
import { BenchEngine } from '../support/bench-engine.ts';
import { Lane, until } from '../support/lanes.ts';
import { READER_WORDS, readerWords } from '../support/reader-words.ts';
import type { RelayPlan } from '../support/relay.ts';
import type { ReaderPlan } from '../support/stream-reader.ts';
import { ANNOUNCED_ID, tradeWire } from '../support/trade-wire.ts';
import type { WindowedPlan } from '../support/windowed-sender.ts';

const MARKETS = 200;
const TOPICS_EACH = 20;
const WINDOW_ROUNDS = 4;
/** Of the round that shows what the engine's messages look like. */
const SHOWN_ID = ANNOUNCED_ID + 1;

type Shape = { readonly subscribers: number; readonly rounds: number; readonly warmupRounds: number };
type Run = {
  readonly deliveriesPerS: number;
  /** Of the thread that publishes, in ns by delivered message; null where the kernel does not tell. */
  readonly nsPerDelivery: number | null;
  readonly encodesPerUpdate: number;
};

const topicOf = (market: number): string => `trade.binance:SYM${market}USDT`;

/** Topics of each subscriber: twenty in a row, the next one's begin where these end. */
function socketsOf({ subscribers }: Shape): string[][] {
  return Array.from({ length: subscribers }, (_, index) =>
    Array.from({ length: TOPICS_EACH }, (_, k) => topicOf((index * TOPICS_EACH + k) % MARKETS)),
  );
}

/** Sends one round and resolves with the engine's message of each market. */
async function learnTexts(bench: BenchEngine): Promise<string[]> {
  const stream = new WebSocket(`ws://127.0.0.1:${bench.port}/stream`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
  const messages: string[] = [];
  stream.on('message', (data) => messages.push(data.toString()));
  stream.send('{"op":"subscribe","args":["trade.*"]}');
  await until(() => messages.length, 1, 'subscribed');
  const ingest = await openFrameSocket(bench.ingestPort, '/ingest/binance');
  ingest.write(tradeWire(MARKETS, MARKETS, SHOWN_ID, 0, 1).bytes);
  await until(() => messages.length, 1 + MARKETS, 'texts');
  stream.close();
  ingest.destroy();
  return messages.slice(1);
}

type Server = {
  readonly ingestPort: number;
  readonly path: string;
  readonly port: number;
  markTimes(): void;
  /** Of the thread that publishes. */
  timeSinceMark(): number | null;
  encodes(): Promise<number>;
};

async function measure(shape: Shape, server: Server, isChecked: boolean): Promise<Run> {
  const words = new SharedArrayBuffer(READER_WORDS * 8);
  const values = new Float64Array(words);
  const deliveries = shape.subscribers * TOPICS_EACH;
  const readerPlan: ReaderPlan = {
    ...{ port: server.port, path: '/stream', words, sockets: socketsOf(shape), timing: null, isChecked },
  };
  const reader = await Lane.start('./stream-reader.ts', readerPlan);
  await until(() => values[readerWords.replies], shape.subscribers, 'subscribed');
  const plan: WindowedPlan = {
    ...{ port: server.ingestPort, path: server.path, words, markets: MARKETS, deliveries, window: WINDOW_ROUNDS },
    firstId: SHOWN_ID + 1,
    rounds: shape.rounds + shape.warmupRounds,
  };
  const sender = await Lane.start('./windowed-sender.ts', plan);
  const received = (): number => values[readerWords.received];
  await sender.ask(shape.warmupRounds);
  await until(received, shape.warmupRounds * deliveries, 'fan-out, before');
  const encodesBefore = await server.encodes();
  server.markTimes();
  const start = performance.now();
  await sender.ask(shape.rounds);
  const wanted = plan.rounds * deliveries;
  await until(received, wanted, 'fan-out');
  const seconds = (performance.now() - start) / 1000;
  const ns = server.timeSinceMark();
  const encodes = (await server.encodes()) - encodesBefore;
  await sender.close(0);
  await reader.close('close');
  check(received() === wanted, `fan-out: expected ${wanted} messages, was ${received()}`);
  check(values[readerWords.gaps] === 0, `fan-out: expected no gaps, was ${values[readerWords.gaps]}`);
  const measured = shape.rounds * deliveries;
  return {
    deliveriesPerS: measured / seconds,
    nsPerDelivery: ns === null ? null : ns / measured,
    encodesPerUpdate: encodes / (shape.rounds * MARKETS),
  };
}

/** Messages the engine published: one each time a topic was encoded. */
async function encodesOf(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/stats`);
  const { publish } = (await answer.json()) as { publish: { messages: number } };
  return publish.messages;
}

async function throughEngine(shape: Shape): Promise<{ run: Run; texts: string[] }> {
  const bench = await BenchEngine.start();
  await bench.announce(MARKETS);
  const texts = await learnTexts(bench);
  const run = await measure(
    shape,
    {
      ingestPort: bench.ingestPort,
      path: '/ingest/binance',
      port: bench.port,
      markTimes: () => bench.markTimes(),
      timeSinceMark: () => bench.timesSinceMark()?.main ?? null,
      encodes: () => encodesOf(bench.port),
    },
    true,
  );
  await bench.close(MARKETS);
  check(run.encodesPerUpdate === 1, `fan-out: expected one encoding an update, was ${run.encodesPerUpdate}`);
  return { run, texts };
}

async function throughRelay(shape: Shape, texts: readonly string[]): Promise<Run> {
  const topics = Array.from({ length: MARKETS }, (_, market) => topicOf(market));
  const plan: RelayPlan = { topics, texts };
  const relay = await Lane.start<number>('./relay.ts', plan);
  const run = await measure(
    shape,
    {
      ingestPort: relay.ready,
      path: '/',
      port: relay.ready,
      markTimes: () => relay.markTimes(),
      timeSinceMark: () => relay.timeSinceMark(),
      encodes: () => Promise.resolve(0),
    },
    false,
  );
  await relay.close('close');
  return run;
}

async function compare(results: Results, shape: Shape, repeats: number, aim: string | null): Promise<void> {
  const engine: Run[] = [];
  const bare: Run[] = [];
  for (let i = 0; i < repeats; i++) {
    const { run, texts } = await throughEngine(shape);
    engine.push(run);
    bare.push(await throughRelay(shape, texts));
  }
  const name = `fan-out, ${shape.subscribers.toLocaleString('en')} subscribers × ${TOPICS_EACH} topics`;
  const rates = (runs: readonly Run[]): number[] => runs.map(({ deliveriesPerS }) => deliveriesPerS);
  results.add(`${name}: engine`, 'messages/s', rates(engine));
  results.add(`${name}: bare uWebSockets.js`, 'messages/s', rates(bare));
  results.ratio(`${name}: engine / bare`, rates(engine), rates(bare), 'bare uWebSockets.js publish', aim);
  const costs = (runs: readonly Run[]): number[] => runs.flatMap(({ nsPerDelivery }) => nsPerDelivery ?? []);
  if (costs(engine).length > 0 && costs(bare).length === costs(engine).length) {
    results.add(`${name}: processor time, main`, 'ns/message', costs(engine));
    results.add(`${name}: processor time, bare`, 'ns/message', costs(bare));
    results.ratio(
      `${name}: bare / main, processor time`,
      costs(bare),
      costs(engine),
      'bare uWebSockets.js publish',
      aim,
    );
  }
  const encodes = engine.map(({ encodesPerUpdate }) => encodesPerUpdate);
  results.add(`${name}: encodings an update`, 'count', encodes, null, '≤ 1');
}

export async function fanOut(results: Results, size: Size): Promise<void> {
  const isFull = size === 'full';
  const repeats = isFull ? 3 : 1;
  const few = isFull ? { rounds: 2_000, warmupRounds: 500 } : { rounds: 20, warmupRounds: 5 };
  await compare(results, { subscribers: 10, ...few }, repeats, null);
  const many = isFull ? { rounds: 100, warmupRounds: 20 } : { rounds: 2, warmupRounds: 1 };
  await compare(results, { subscribers: isFull ? 1_000 : 50, ...many }, repeats, '≥ 0.80');
}
