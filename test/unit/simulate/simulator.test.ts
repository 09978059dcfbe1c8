// A running simulated venue over real sockets: books, truth, limits, and its addresses under /sim/.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import {
  type Simulator,
  type SimulatorOptions,
  type SimulatorStats,
  startSimulator,
} from '../../../engine/simulate/simulator.ts';
import type { TruthBook, TruthVersion } from '../../../engine/simulate/truth.ts';
import { PlainClient, PlainVenue, until } from '../../support/plain-venue.ts';

const ROOMY = {
  messages: { count: 1_000, windowMs: 1_000 },
  connects: { count: 1_000, windowMs: 1_000 },
  requests: null,
};
const BTC = 'BTC-USD';
const ETH = 'ETH-USD';

const running = new Set<Simulator>();
after(() => Promise.all([...running].map((simulator) => simulator.stop())));

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    venue: 'binance',
    simulated: new PlainVenue(ROOMY),
    markets: 3,
    rate: 1_000,
    levels: 20,
    ...options,
  });
  running.add(simulator);
  return simulator;
}

const http = (simulator: Simulator, path: string, body?: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${simulator.port}${path}`, body === undefined ? {} : { method: 'POST', body });

const lastSequence = (client: PlainClient, symbol: string): number => client.data(symbol).at(-1)?.seq ?? -1;

test('at rest each client has the true book, and all trades once', async () => {
  const simulator = await start();
  const clients = await Promise.all([1, 2, 3].map(() => PlainClient.open(simulator.url)));
  for (const client of clients) client.subscribe(['book', BTC], ['book', ETH], ['trades', BTC]);
  await until(() => clients.every((client) => client.data(BTC, 'trades').length > 20 && client.data(ETH).length > 50));
  simulator.pause();
  for (const symbol of [BTC, ETH]) {
    const { sequence } = simulator.truth.book(symbol) as TruthBook;
    await until(() => clients.every((client) => lastSequence(client, symbol) === sequence));
    for (const client of clients) {
      const { bids, asks } = client.book(symbol);
      assert.equal(simulator.truth.versionOf(symbol, bids, asks)?.sequence, sequence);
    }
  }
  for (const client of clients) {
    const ids = client.data(BTC, 'trades').map(({ id }) => id);
    assert.deepEqual(
      ids,
      simulator.truth.trades(BTC, Number(ids[0]) - 1).map(({ id }) => id),
    );
  }
  assert.deepEqual(simulator.stats().violations, {});
  await simulator.stop();
  await Promise.all(clients.map(({ closed }) => closed));
});

test('markets rest while paused and go on when resumed', async () => {
  const simulator = await start({ rate: 2_000 });
  await until(() => simulator.stats().changes > 20);
  assert.equal((await http(simulator, '/sim/pause', '')).status, 200);
  const before = JSON.stringify(simulator.truth.book(BTC));
  const { changes } = simulator.stats();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(JSON.stringify(simulator.truth.book(BTC)), before);
  assert.equal(simulator.stats().changes, changes);
  await http(simulator, '/sim/resume', '');
  await until(() => simulator.stats().changes > changes);
  await simulator.stop();
});

test('every market moves, however many there are', async () => {
  const simulator = await start({ markets: 60, rate: 3_000 });
  const first = new Map(simulator.symbols.map((symbol) => [symbol, simulator.truth.book(symbol)?.sequence]));
  await until(() => simulator.symbols.every((symbol) => simulator.truth.book(symbol)?.sequence !== first.get(symbol)));
  await simulator.stop();
});

test('the truth is there over HTTP: the book now, the book of before, and which version some levels are', async () => {
  const simulator = await start({ rate: 500 });
  await until(() => (simulator.truth.book(BTC)?.sequence ?? 0) > 0 && simulator.stats().changes > 100);
  simulator.pause();
  const address = `/sim/truth/${encodeURIComponent(BTC)}`;
  const now = (await (await http(simulator, address)).json()) as TruthBook;
  assert.equal(now.sequence, simulator.truth.book(BTC)?.sequence);
  assert.equal(now.bids.length, simulator.truth.book(BTC)?.bids.length);
  const before = (await (await http(simulator, `${address}?sequence=${now.sequence - 1}&depth=3`)).json()) as TruthBook;
  assert.ok(before.sequence < now.sequence);
  assert.equal(before.bids.length, 3);
  const ask = async (body: object): Promise<TruthVersion | null> =>
    ((await (await http(simulator, address, JSON.stringify(body))).json()) as { version: TruthVersion | null }).version;
  assert.equal((await ask({ bids: now.bids, asks: now.asks }))?.sequence, now.sequence);
  assert.notEqual(await ask({ bids: before.bids, asks: before.asks, depth: 3 }), null);
  assert.equal(await ask({ bids: now.bids.slice(1), asks: now.asks }), null);
  assert.equal((await http(simulator, '/sim/truth/NONE')).status, 404);
  assert.equal((await http(simulator, address, '{"bids":1}')).status, 400);
  await simulator.stop();
});

test('the rest of the addresses under /sim/ answers, and says what is wrong', async () => {
  const simulator = await start();
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', BTC]);
  await until(() => client.data(BTC).length > 3);
  const stats = (await (await http(simulator, '/sim/stats')).json()) as SimulatorStats;
  assert.equal(stats.sockets.open, 1);
  assert.ok(stats.frames.data > 0 && stats.changes > 0);
  assert.equal((await http(simulator, '/sim/faults', 'gap=1000,most=2')).status, 200);
  await until(() => simulator.stats().faultsTotal === 2);
  const faults = (await (await http(simulator, '/sim/faults')).json()) as { counts: object; entries: unknown[] };
  assert.deepEqual([faults.counts, faults.entries.length], [{ gap: 2 }, 2]);
  assert.equal((await http(simulator, '/sim/faults', '{"inject":{"kind":"gap"}}')).status, 200);
  await until(() => simulator.stats().faultsTotal === 3);
  assert.equal((await http(simulator, '/sim/faults', '{"duplicate":1000}')).status, 200);
  await until(() => (simulator.stats().faults.duplicate ?? 0) > 0);
  assert.equal((await http(simulator, '/sim/faults', '{"stop":true}')).status, 200);
  for (const body of ['gaps=1', '{"gaps":1}', '[]', '{"inject":{"kind":"x"}}']) {
    const answer = await http(simulator, '/sim/faults', body);
    assert.equal(answer.status, 400, body);
    assert.match(await answer.text(), /expected/);
  }
  assert.equal((await http(simulator, '/sim/other')).status, 404);
  assert.equal((await http(simulator, '/nothing')).status, 404);
  await simulator.stop();
});

test('the announced end reaches clients before it comes', async () => {
  const simulator = await start();
  const client = await PlainClient.open(simulator.url);
  const answer = await http(simulator, '/sim/end', '{"closeAfterMs":30}');
  assert.deepEqual(await answer.json(), { announced: 1, connections: 1 });
  await client.closed;
  assert.ok(client.texts.includes('{"op":"ending"}'));
  assert.equal(client.closeCode, 1001);
  await simulator.stop();
});

test('too many messages end the connection with 1008 and are counted', async () => {
  const simulator = await start({ simulated: new PlainVenue() });
  const client = await PlainClient.open(simulator.url);
  for (let i = 0; i < 6; i++) client.send({ op: 'ping' });
  await client.closed;
  assert.equal(client.closeCode, 1008);
  const pinging = await PlainClient.open(simulator.url);
  for (let i = 0; i < 6; i++) pinging.socket.ping();
  await pinging.closed;
  assert.deepEqual(simulator.stats().violations, { messages: 2 });
  assert.match(simulator.stats().violationLog[0].detail, /connection 1 of/);
  await simulator.stop();
});

test("what the venue's own session calls a violation is counted and nothing else", async () => {
  const limits = { ...ROOMY, subscriptionsPerConnection: 2 };
  const simulator = await start({ simulated: new PlainVenue(limits), markets: 4 });
  const client = await PlainClient.open(simulator.url);
  client.subscribe(...simulator.symbols.map((symbol) => ['book', symbol] as const));
  await until(() => client.data(simulator.symbols[3]).length > 0);
  assert.deepEqual(simulator.stats().violations, { subscriptions: 1 });
  await simulator.stop();
});

test('too many connections are refused with 429, and free again when the window has passed', async () => {
  const connects = { count: 2, windowMs: 60_000 };
  const simulator = await start({ simulated: new PlainVenue({ connects }), limitsScale: 60 });
  const clients = [await PlainClient.open(simulator.url), await PlainClient.open(simulator.url)];
  const refused = await PlainClient.open(simulator.url);
  await refused.closed;
  assert.deepEqual(simulator.stats().violations, { connects: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  clients.push(await PlainClient.open(simulator.url));
  await until(() => simulator.stats().sockets.open === 3);
  assert.equal(clients[2].closeCode, null);
  await simulator.stop();
});

test('too much REST weight is answered with 429 and when to come again', async () => {
  const simulator = await start({ simulated: new PlainVenue() });
  for (let i = 0; i < 5; i++) assert.equal((await http(simulator, `/book?symbol=${BTC}`)).status, 200);
  const refused = await http(simulator, '/markets');
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 50);
  assert.deepEqual(simulator.stats().violations, { rest: 1 });
  assert.equal((await http(simulator, '/sim/stats')).status, 200, 'never limited');
  await simulator.stop();
});

test('a client that does not answer pings is let go of', async () => {
  const simulator = await start();
  const [deaf, live] = [
    await PlainClient.open(simulator.url, { autoPong: false }),
    await PlainClient.open(simulator.url),
  ];
  for (let i = 0; i < 3; i++) {
    deaf.send({ op: 'ping-me' });
    live.send({ op: 'ping-me' });
    const answers = live.texts.length;
    live.send({ op: 'ping' });
    await until(() => live.texts.length > answers);
  }
  await deaf.closed;
  assert.equal(deaf.closeCode, 1008);
  assert.equal(live.closeCode, null);
  assert.deepEqual(simulator.stats().violations, { pong: 1 });
  await simulator.stop();
});

test('an error in the venue ends that connection alone and is counted', async (t) => {
  t.mock.method(process.stderr, 'write', () => true);
  const simulator = await start();
  const [broken, other] = [await PlainClient.open(simulator.url), await PlainClient.open(simulator.url)];
  broken.send({ op: 'fail' });
  await broken.closed;
  assert.equal(broken.closeCode, 1011);
  other.subscribe(['book', BTC]);
  await until(() => other.data(BTC).length > 2);
  assert.equal(simulator.stats().errors, 1);
  await simulator.stop();
});

test('after the stop no socket and no port is left', async () => {
  const simulator = await start();
  const clients = await Promise.all([1, 2].map(() => PlainClient.open(simulator.url)));
  await simulator.stop();
  await Promise.all(clients.map(({ closed }) => closed));
  await assert.rejects(http(simulator, '/sim/stats'));
  const again = await start({ port: simulator.port });
  assert.equal(again.port, simulator.port);
  await assert.rejects(start({ port: simulator.port }), UsageError);
  await again.stop();
});

test('a venue without a simulator is wrong usage', async () => {
  await assert.rejects(startSimulator({ venue: 'json' as 'binance' }), /can be simulated \(.*was "json"/);
});
