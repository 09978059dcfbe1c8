// What each kind of fault does to a client over real sockets.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, test } from 'node:test';
import { FAULT_PLAN_DEFAULT, faultPlanOf } from '../../../engine/simulate/fault-plan.ts';
import { headerBytes } from '../../../engine/simulate/faults.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../engine/simulate/simulator.ts';
import { PlainClient, type PlainFrame, PlainVenue, until } from '../../support/plain-venue.ts';
import { SEED } from '../../support/seed.ts';

const MANY = { count: 100_000, windowMs: 1_000 };
const BTC = 'BTC-USD';
const ETH = 'ETH-USD';

const running = new Set<Simulator>();
after(() => Promise.all([...running].map((simulator) => simulator.stop())));

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    venue: 'binance',
    simulated: new PlainVenue({ messages: MANY, connects: MANY, rest: MANY, requests: null }),
    markets: 2,
    rate: 1_000,
    levels: 20,
    ...options,
  });
  running.add(simulator);
  return simulator;
}

async function follow(simulator: Simulator): Promise<PlainClient> {
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', BTC], ['book', ETH]);
  await until(() => client.data(BTC).length > 2 && client.data(ETH).length > 2);
  return client;
}

/** Orders one fault for BTC's book and waits until it has struck and frames have come after it. */
async function strike(
  simulator: Simulator,
  client: PlainClient,
  kind: 'gap' | 'duplicate' | 'reorder' | 'delay' | 'corrupt',
) {
  const before = client.data(BTC).length;
  simulator.inject({ kind, symbol: BTC });
  await until(() => simulator.stats().faultsTotal === 1 && client.data(BTC).length > before + 40);
  simulator.pause();
  await until(() => simulator.stats().frames.pending === 0);
  const frames = client.data(BTC);
  assert.equal(simulator.faultLog()[0].kind, kind);
  return frames;
}

/** Places where a frame does not join the one before. */
const breaks = (frames: readonly PlainFrame[]): number[] =>
  frames.flatMap((frame, i) => (i > 0 && frame.prev !== frames[i - 1].seq ? [i] : []));

const sequences = (frames: readonly PlainFrame[]): number[] => frames.map(({ seq }) => seq ?? -1);

const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

test('a gap leaves one frame out', async () => {
  const simulator = await start();
  const client = await follow(simulator);
  const frames = await strike(simulator, client, 'gap');
  assert.equal(breaks(frames).length, 1);
  const [place] = breaks(frames);
  assert.ok(Number(frames[place].prev) > Number(frames[place - 1].seq));
  assert.deepEqual(breaks(client.data(ETH)), [], 'the other market is whole');
  await simulator.stop();
});

test('a duplicate comes two to five times', async () => {
  const simulator = await start();
  const frames = await strike(simulator, await follow(simulator), 'duplicate');
  const repeated = sequences(frames).filter((sequence, i, all) => i > 0 && all[i - 1] === sequence);
  assert.ok(repeated.length >= 1 && repeated.length <= 4, `${repeated.length}`);
  assert.equal(new Set(repeated).size, 1);
  assert.equal(simulator.faultLog()[0].detail, `${repeated.length + 1} copies`);
  await simulator.stop();
});

test('a reordered frame comes later, and none is missing', async () => {
  const simulator = await start();
  const frames = await strike(simulator, await follow(simulator), 'reorder');
  const came = sequences(frames);
  assert.notDeepEqual(came, ascending(came));
  const late = came.findIndex((sequence, i) => i > 0 && sequence < came[i - 1]);
  const positions = came.slice(0, late).filter((sequence) => sequence > came[late]).length;
  assert.ok(positions >= 1 && positions <= 15, `${positions}`);
  assert.equal(simulator.faultLog()[0].detail, `${positions} later`);
  const inOrder = [...frames].sort((a, b) => Number(a.seq) - Number(b.seq));
  assert.deepEqual(breaks(inOrder), []);
  await simulator.stop();
});

test('a delay keeps the order of everything on that socket', async () => {
  const simulator = await start({ faults: { ...FAULT_PLAN_DEFAULT, delayMsMax: 150 } });
  const client = await follow(simulator);
  const frames = await strike(simulator, client, 'delay');
  assert.deepEqual(breaks(frames), []);
  assert.deepEqual(breaks(client.data(ETH)), []);
  await simulator.stop();
});

test('a corrupt digit makes a book that never was, until the level changes again', async () => {
  const simulator = await start({ rate: 0 });
  const client = await PlainClient.open(simulator.url);
  simulator.inject({ kind: 'corrupt', symbol: BTC });
  client.subscribe(['book', BTC], ['book', ETH]);
  await until(() => client.data(ETH).length === 1);
  const [corrupt, whole] = [client.book(BTC), client.book(ETH)];
  assert.equal(simulator.truth.versionOf(BTC, corrupt.bids, corrupt.asks), null);
  assert.notEqual(simulator.truth.versionOf(ETH, whole.bids, whole.asks), null);
  assert.match(simulator.faultLog()[0].detail, /^\d+\.\d+ to \d+\.\d+$/);
  await simulator.stop();
});

/** Bytes that a client's TCP socket read in all, once it is closed. */
async function cutAfter(simulator: Simulator, bytes: number): Promise<{ client: PlainClient; readBytes: number }> {
  const client = await PlainClient.open(simulator.url);
  const stream = (client.socket as unknown as { _socket: IncomingMessage['socket'] })._socket;
  simulator.inject({ kind: 'cut', symbol: BTC, channel: 'trades', bytes });
  client.subscribe(['trades', BTC]);
  await client.closed;
  return { client, readBytes: stream.bytesRead };
}

/** Of the frames that came whole. */
const wholeBytes = (client: PlainClient): number =>
  client.texts.reduce((sum, text) => sum + headerBytes(Buffer.byteLength(text)) + Buffer.byteLength(text), 0);

test('a cut sends so many bytes of the frame and no more, at every byte of it', async () => {
  const simulator = await start({ rate: 20_000 });
  const first = await cutAfter(simulator, 0);
  const upgradeBytes = first.readBytes - wholeBytes(first.client);
  assert.match(simulator.faultLog()[0].detail, /^after 0 of \d+ bytes$/);
  const frameBytes = Number(/of (\d+)/.exec(simulator.faultLog()[0].detail)?.[1]) - 3;
  for (let bytes = 1; bytes < frameBytes; bytes++) {
    const { client, readBytes } = await cutAfter(simulator, bytes);
    assert.equal(readBytes - wholeBytes(client) - upgradeBytes, bytes);
    assert.equal(client.closeCode, 1006);
    assert.equal(client.data(BTC, 'trades').length, 0, 'half a frame is no frame');
  }
  await until(() => simulator.stats().sockets.open === 0);
  assert.equal(simulator.stats().faults.cut, frameBytes);
  await simulator.stop();
});

test('a half-open socket stays and says nothing more: no frames, no pongs, no answers', async () => {
  const simulator = await start();
  const [client, other] = [await follow(simulator), await PlainClient.open(simulator.url)];
  simulator.inject({ kind: 'half-open', symbol: BTC });
  await until(() => simulator.stats().sockets.halfOpen === 1);
  other.subscribe(['book', BTC]);
  await until(() => other.data(BTC).length > 5);
  const before = client.texts.length;
  client.socket.ping();
  client.send({ op: 'ping' });
  const frames = other.data(BTC).length;
  await until(() => other.data(BTC).length > frames + 20);
  assert.equal(client.texts.length, before);
  assert.equal(client.pongs, 0);
  assert.equal(client.closeCode, null);
  assert.equal(client.socket.readyState, client.socket.OPEN);
  client.socket.terminate();
  await until(() => simulator.stats().sockets.halfOpen === 0);
  assert.equal(simulator.stats().sockets.open, 1);
  await simulator.stop();
});

test('a silent stream is silent alone, until the client asks for it again', async () => {
  const simulator = await start();
  const client = await follow(simulator);
  simulator.inject({ kind: 'silent', symbol: BTC });
  await until(() => simulator.stats().faultsTotal === 1);
  const moreOfEth = async (): Promise<void> => {
    const before = client.data(ETH).length;
    await until(() => client.data(ETH).length > before + 30);
  };
  await moreOfEth();
  const stopped = client.data(BTC).length;
  await moreOfEth();
  assert.equal(client.data(BTC).length, stopped);
  assert.ok(simulator.stats().frames.silenced > 0);
  client.subscribe(['book', BTC]);
  await until(() => client.data(BTC).length > stopped + 5);
  assert.equal(client.data(BTC)[stopped].snapshot, true);
  await simulator.stop();
});

test('a reset counter is told by the venue in its own way', async () => {
  const simulator = await start();
  const client = await follow(simulator);
  simulator.inject({ kind: 'counter-reset', symbol: BTC });
  await until(() => client.data(BTC).some(({ reset }) => reset === true));
  assert.ok(client.data(ETH).every(({ reset }) => reset === undefined));
  await simulator.stop();
});

const http = (simulator: Simulator, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${simulator.port}${path}`);

test('requests are refused, slow or stale as ordered', async () => {
  const simulator = await start({ rate: 5_000 });
  simulator.startFaults({ ...FAULT_PLAN_DEFAULT, slowMsMax: 120 });
  await until(() => simulator.stats().changes > 500);
  simulator.pause();
  const now = simulator.truth.book(BTC)?.sequence ?? 0;
  const book = `/book?symbol=${BTC}`;
  simulator.inject({ kind: '429' });
  const refused = await http(simulator, '/markets');
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  simulator.inject({ kind: 'stale-snapshot' });
  const stale = (await (await http(simulator, book)).json()) as Required<PlainFrame>;
  assert.ok(stale.seq < now);
  assert.equal(simulator.truth.versionOf(BTC, stale.bids, stale.asks)?.sequence, stale.seq);
  simulator.inject({ kind: 'slow-snapshot' });
  const slow = http(simulator, book);
  const quick = (await (await http(simulator, '/markets')).json()) as string[];
  assert.deepEqual(quick, simulator.symbols);
  assert.equal(((await (await slow).json()) as PlainFrame).seq, now);
  assert.deepEqual(simulator.stats().faults, { '429': 1, 'slow-snapshot': 1, 'stale-snapshot': 1 });
  assert.deepEqual(simulator.stats().violations, {});
  await simulator.stop();
});

test('a flapping venue accepts and closes at once, a refusing one does not accept', async () => {
  const simulator = await start();
  simulator.startFaults({ ...FAULT_PLAN_DEFAULT, outageMsMax: 60_000 });
  simulator.inject({ kind: 'flapping' });
  const flapped = await PlainClient.open(simulator.url);
  await flapped.closed;
  assert.equal(flapped.closeCode, 1012);
  assert.deepEqual(flapped.texts, []);
  simulator.inject({ kind: 'refuse' });
  for (let i = 0; i < 2; i++) {
    const refused = await PlainClient.open(simulator.url);
    assert.equal(refused.closeCode, 1006);
  }
  const { flapped: count, refused } = simulator.stats().sockets;
  assert.deepEqual([count, refused], [1, 2]);
  simulator.stopFaults();
  await follow(simulator);
  await simulator.stop();
});

/** The faults that the first frames of each subscription met. */
async function logOfRun(seed: number): Promise<string[]> {
  const rates = { gap: 50, duplicate: 50, reorder: 50, corrupt: 50, 'counter-reset': 20 };
  const simulator = await start({ rate: 4_000, faults: faultPlanOf({ ...rates, seed }) });
  const client = await follow(simulator);
  await until(() => client.data(BTC).length > 400 && client.data(ETH).length > 400);
  await simulator.stop();
  return simulator
    .faultLog()
    .filter(({ frame }) => (frame ?? 0) <= 300)
    .map(({ kind, symbol, frame }) => `${symbol} ${frame} ${kind}`)
    .sort();
}

test('the same seed injects the same faults into the same frames', async () => {
  const [once, again, other] = [await logOfRun(SEED), await logOfRun(SEED), await logOfRun(SEED + 1)];
  assert.ok(once.length > 50);
  assert.deepEqual(once, again);
  assert.notDeepEqual(once, other);
});
