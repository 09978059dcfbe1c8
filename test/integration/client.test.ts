// The client against a real engine: its book is the engine's through cuts, a restart and a slow loop; no trade is lost untold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Client, createClient, type LocalBook, type Subscription } from '../../engine/client/node.ts';
import type { WebSocketConstructor } from '../../engine/client/socket.ts';
import { eventually, freePorts, LiveEngine, type Client as Producer } from '../support/live-engine.ts';
import { CuttingProxy } from '../torture/cutting-proxy.ts';

const MARKET = 'demo:A';
const NAMED = { exchange: 'demo', symbol: 'A' };
const timestamp = '2026-01-01T00:00:01.000002Z';
const QUICK = { delayMs: 1, delayMaxMs: 50 };
type Levels = { price: string; amount: string }[];

function pushBook(producer: Producer, levels: number): void {
  const side = (sign: number): Levels =>
    Array.from({ length: levels }, (_, rank) => ({ price: String(10_000 + sign * (1 + rank)), amount: '1' }));
  producer.send({ type: 'book_snapshot', ...NAMED, timestamp, bids: side(-1), asks: side(1) });
}

/** A change somewhere near the best, other at each number. */
function pushChange(producer: Producer, number: number): void {
  const level = (sign: number): Levels => [
    { price: String(10_000 + sign * (1 + (number % 17))), amount: number % 3 === 0 ? '0' : String(number / 8) },
  ];
  producer.send({ type: 'book_change', ...NAMED, timestamp, isSnapshot: false, bids: level(-1), asks: level(1) });
}

function pushTrade(producer: Producer, id: number, time = timestamp): void {
  producer.send({ type: 'trade', ...NAMED, timestamp: time, id: String(id), price: '10000', amount: '1', side: 'buy' });
}

type Rig = { readonly live: LiveEngine; readonly producer: Producer };

async function withEngine(run: (rig: Rig) => Promise<void>, options = {}): Promise<void> {
  const live = await LiveEngine.start(options);
  const producer = await live.producer('json');
  try {
    pushBook(producer, 1_200);
    await live.book(MARKET, 1);
    await run({ live, producer });
  } finally {
    producer.socket.close();
    await live.stop();
  }
}

/** Goes on until the book is as far as told, and gives it. */
async function reaches(loop: Subscription<LocalBook>, seq: number): Promise<LocalBook> {
  for await (const book of { [Symbol.asyncIterator]: () => ({ next: () => loop.next() }) }) {
    if (book.isLive && book.seq >= seq) return book;
  }
  throw new Error('expected a book, the loop ended');
}

async function isTheEngines(live: LiveEngine, book: LocalBook): Promise<void> {
  const { seq, bids, asks } = await live.book(MARKET, book.seq);
  assert.deepEqual({ seq: book.seq, bids: book.bids, asks: book.asks }, { seq, bids, asks });
  assert.equal(book.isVerified, true);
}

const clientOf = (port: number): Client => createClient({ url: `ws://127.0.0.1:${port}`, reconnect: QUICK });

test('a book and its trades go on through cuts: the book is the engine’s, each trade comes once', async () => {
  await withEngine(async ({ live, producer }) => {
    const proxy = new CuttingProxy(live.engine.port);
    const client = clientOf(await proxy.listen());
    const loop = client.book(MARKET);
    const trades = client.trades(MARKET);
    await trades.ready();
    await reaches(loop, 1);
    let seq = 1;
    for (let cut = 0; cut < 6; cut++) {
      for (let i = 0; i < 20; i++) {
        pushChange(producer, ++seq);
        pushTrade(producer, seq);
      }
      if (cut % 2 === 0) await reaches(loop, seq - 10);
      proxy.order({ from: 'venue', bytes: 3_000 + cut * 5_000 });
    }
    await isTheEngines(live, await reaches(loop, seq));
    const ids: string[] = [];
    while (ids.length < seq - 1) {
      const { value } = await trades.next();
      assert.equal(value?.type, 'trade');
      ids.push(value?.type === 'trade' ? (value.id ?? '') : '');
    }
    assert.deepEqual(
      ids,
      Array.from({ length: seq - 1 }, (_, index) => String(index + 2)),
    );
    const { stats } = client;
    assert.ok(stats.reconnects > 0 && stats.resumed > 0, JSON.stringify(stats));
    assert.deepEqual([stats.checksumsBad, stats.gaps], [0, 0]);
    await client.close();
    proxy.close();
  });
});

test('after a restart of the engine loops go on: a fresh book, and a gap where trades may be missing', async () => {
  const ports = await freePorts();
  let client: Client | null = null;
  let loop: Subscription<LocalBook> | null = null;
  let trades: ReturnType<Client['trades']> | null = null;
  await withEngine(async ({ producer }) => {
    client = clientOf(ports.port);
    loop = client.book(MARKET);
    trades = client.trades(MARKET);
    await trades.ready();
    pushTrade(producer, 1);
    await reaches(loop, 1);
    assert.equal((await trades.next()).value?.type, 'trade');
  }, ports);
  const { value: lost } = await (loop as unknown as Subscription<LocalBook>).next();
  assert.deepEqual([lost?.isLive, lost?.reason], [false, 'disconnected']);
  await withEngine(async ({ live, producer }) => {
    const after = loop as unknown as Subscription<LocalBook>;
    pushChange(producer, 4);
    await isTheEngines(live, await reaches(after, 2));
    const { value } = await (trades as unknown as Subscription<{ type: string; reason?: string }>).next();
    assert.deepEqual([value?.type, value?.reason], ['gap', 'reconnect']);
    await (client as unknown as Client).close();
  }, ports);
});

test('a slow loop skips states and ends at the newest one', async () => {
  await withEngine(async ({ live, producer }) => {
    const client = clientOf(live.engine.port);
    const loop = client.book(MARKET);
    await reaches(loop, 1);
    let turns = 0;
    for (let number = 2; number <= 200; number++) pushChange(producer, number);
    for await (const book of loop) {
      turns++;
      await sleep(20);
      if (book.seq < 200) continue;
      await isTheEngines(live, book);
      break;
    }
    assert.ok(turns < 199, `${turns} turns`);
    await client.close();
  });
});

test('books by depth and interval are the best levels of the engine’s, verified at each message', async () => {
  await withEngine(async ({ live, producer }) => {
    const client = clientOf(live.engine.port);
    const loop = client.book(MARKET, { depth: 3, interval: '20ms' });
    const book = await reaches(loop, 1);
    for (let number = 2; number <= 60; number++) {
      pushChange(producer, number);
      if (number % 6 === 0) await sleep(15);
    }
    const { bids, asks } = await live.book(MARKET, 60, 3);
    const wanted = JSON.stringify([bids, asks]);
    while (JSON.stringify([book.bids, book.asks]) !== wanted) await loop.next();
    assert.deepEqual([book.isVerified, client.stats.checksumsBad, client.stats.gaps], [true, 0, 0]);
    assert.ok(client.stats.checksumsOk < 30, 'fewer messages than changes');
    await client.close();
  });
});

test('HTTP answers have the types they say', async () => {
  await withEngine(async ({ live, producer }) => {
    pushTrade(producer, 1, new Date().toISOString());
    const client = clientOf(live.engine.port);
    await eventually('the trade', async () => (await client.recentTrades(MARKET)).length > 0);
    const [trade] = await client.recentTrades(MARKET, 5);
    assert.deepEqual([trade.type, trade.id, trade.price], ['trade', '1', '10000']);
    assert.deepEqual(
      (await client.markets()).map(({ market }) => market),
      [MARKET],
    );
    assert.equal((await client.bookSnapshot(MARKET, 0)).bids.length, 1_200);
    assert.equal((await client.bookSnapshot(MARKET, 3)).isCut, true);
    const [candle] = await client.candles(MARKET, '1m', 5);
    assert.deepEqual([candle.type, candle.name, candle.volume], ['trade_bar', '1m', '1']);
    assert.equal((await client.signalValues(MARKET))['imbalance']?.isWarm, true);
    assert.equal((await client.engineStats({ markets: false })).total['trades'], 1);
    assert.equal((await client.latency())['engine'].unit, 'ns');
    assert.equal((await client.health()).status, 'ok');
    const isUnknown = (thrown: unknown): boolean =>
      thrown instanceof Error && /\/v1\/bars\/.*kind: expected one of 1s, 1m, was "7m"/.test(thrown.message);
    await assert.rejects(client.candles(MARKET, '7m'), isUnknown);
    await client.close();
  });
});

test('a token goes as a header or as a subprotocol; a wrong one is an error and no loop', async () => {
  const token = 'a-token-of-some-length';
  const live = await LiveEngine.start({ token });
  const url = `http://127.0.0.1:${live.engine.port}`;
  const asProtocol = { WebSocket: WebSocket as unknown as WebSocketConstructor };
  for (const way of [{}, asProtocol]) {
    const client = createClient({ url, token, ...way });
    await client.subscribe('system').ready();
    assert.deepEqual(await client.markets(), []);
    await client.close();
    const stranger = createClient({ url, token: 'another', ...way });
    await assert.rejects(stranger.subscribe('system').next(), { name: 'AuthorizationError', status: 401 });
    await assert.rejects(stranger.markets(), { name: 'AuthorizationError', status: 401 });
    await stranger.close();
  }
  await live.stop();
});
