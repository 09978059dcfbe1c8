// Owns the tests of the live feed against a small server: frames that join into books, reconnects, and no endless queue.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { UsageError } from '../../../engine/base/errors.ts';
import { type Feed, type FeedOptions, startFeed } from '../../../engine/synthetic/feed.ts';
import { freePort } from '../../support/live-engine.ts';

/** Generous: only a broken feed gets near it. */
const PATIENCE_MS = 120_000;

type Message = {
  type: string;
  id?: string;
  symbol: string;
  isSnapshot?: boolean;
  timestamp: string;
  bids?: { price: string; amount: string }[];
  asks?: { price: string; amount: string }[];
};

type Connection = {
  readonly socket: WebSocket;
  readonly protocols: string | undefined;
  readonly messages: Message[];
};

let cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

/** A server that keeps every message, per connection. */
async function serve(port = 0): Promise<{ url: string; connections: Connection[] }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  const connections: Connection[] = [];
  server.on('connection', (socket, request) => {
    const connection: Connection = { socket, protocols: request.headers['sec-websocket-protocol'], messages: [] };
    connections.push(connection);
    socket.on('message', (data) => connection.messages.push(JSON.parse(String(data))));
  });
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const { socket } of connections) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ingest/json`, connections };
}

function begin(options: FeedOptions): Feed {
  const feed = startFeed(options);
  cleanups.push(() => feed.stop());
  return feed;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Every market begins with a snapshot; books built from the messages are never crossed. */
function checkConnection(messages: readonly Message[]): void {
  const books = new Map<string, { bids: Map<string, string>; asks: Map<string, string> }>();
  for (const message of messages) {
    if (message.isSnapshot) books.set(message.symbol, { bids: new Map(), asks: new Map() });
    const book = books.get(message.symbol);
    assert.ok(book !== undefined, `${message.symbol}: ${message.type} before its snapshot`);
    if (message.type === 'trade') continue;
    for (const side of ['bids', 'asks'] as const)
      for (const { price, amount } of message[side] ?? [])
        if (amount === '0') book[side].delete(price);
        else book[side].set(price, amount);
    const prices = (side: Map<string, string>): number[] => [...side.keys()].map(Number);
    assert.ok(Math.max(...prices(book.bids)) < Math.min(...prices(book.asks)), `${message.symbol} crossed`);
  }
}

describe('feed', () => {
  it('sends a snapshot of each market, then single updates about as often as asked', async () => {
    const { url, connections } = await serve();
    const feed = begin({ url, markets: 4, rate: 500, seed: 3 });
    await until(() => (connections[0]?.messages.length ?? 0) >= 300, '300 messages');
    await feed.stop();
    const { messages } = connections[0];
    const snapshots = messages.filter((message) => message.isSnapshot === true);
    assert.deepEqual(
      snapshots.map((message) => message.symbol),
      ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT'],
    );
    checkConnection(messages);
    const stats = feed.stats();
    assert.equal(stats.snapshots, 4);
    assert.equal(stats.sent, stats.trades + stats.deltas);
    assert.ok(stats.trades > 0 && stats.deltas > stats.trades / 2);
    assert.deepEqual([stats.connects, stats.rejected, stats.isConnected], [1, 0, false]);
    // By the intended times, not by the clock: n updates span n / rate, whatever the machine was doing.
    const updates = messages.filter((message) => message.isSnapshot !== true);
    const spanS = (Date.parse(updates[updates.length - 1].timestamp) - Date.parse(updates[0].timestamp)) / 1000;
    const expectedS = (updates.length - 1) / 500;
    assert.ok(spanS > expectedS - 0.1, `${updates.length} updates in ${spanS} s`);
  });

  it('connects again after the server cut it off, and begins with fresh snapshots', async () => {
    const { url, connections } = await serve();
    const feed = begin({ url, markets: 2, rate: 300 });
    await until(() => (connections[0]?.messages.length ?? 0) >= 50, 'a first connection');
    connections[0].socket.terminate();
    await until(() => (connections[1]?.messages.length ?? 0) >= 50, 'a second connection');
    for (const { messages } of connections) checkConnection(messages);
    const stats = feed.stats();
    assert.equal(stats.connects, 2);
    assert.equal(stats.disconnects, 1);
    assert.equal(stats.snapshots, 4);
    assert.ok(stats.leftOut > 0, 'updates due while it was away are counted');
  });

  it('numbers trades above those of every feed before it, as an engine that remembers leaves out known ids', async () => {
    const { url, connections } = await serve();
    const tradesOf = (index: number): bigint[] =>
      (connections[index]?.messages ?? []).filter(({ type }) => type === 'trade').map(({ id }) => BigInt(id ?? 0));
    for (const index of [0, 1]) {
      const feed = begin({ url, markets: 1, rate: 500, seed: 3 });
      await until(() => tradesOf(index).length >= 20, 'twenty trades');
      await feed.stop();
    }
    assert.ok(tradesOf(0).every((id, index, all) => index === 0 || id === all[index - 1] + 1n));
    assert.ok(tradesOf(1)[0] > tradesOf(0)[tradesOf(0).length - 1]);
  });

  it('waits for a server that is not there yet', async () => {
    const port = await freePort();
    const feed = begin({ url: `ws://127.0.0.1:${port}/ingest/json`, rate: 100 });
    await until(() => feed.stats().lastError !== null, 'a refused connection');
    assert.deepEqual([feed.stats().connects, feed.stats().sent, feed.stats().disconnects], [0, 0, 0]);
    const { connections } = await serve(port);
    await until(() => (connections[0]?.messages.length ?? 0) >= 20, 'a connection');
    checkConnection(connections[0].messages);
  });

  it('shows its token as a subprotocol, and none without', async () => {
    const { url, connections } = await serve();
    begin({ url, rate: 10, token: 'secret' });
    await until(() => connections.length === 1, 'a first connection');
    begin({ url, rate: 10 });
    await until(() => connections.length === 2, 'a second connection');
    assert.deepEqual(
      connections.map((connection) => connection.protocols),
      ['millrace,bearer.c2VjcmV0', undefined],
    );
  });

  it('leaves updates out when the server stops reading, and holds no endless queue', async () => {
    const { url, connections } = await serve();
    const feed = begin({ url, markets: 8, rate: 40_000 });
    await until(() => (connections[0]?.messages.length ?? 0) >= 100, 'a connection');
    connections[0].socket.pause();
    await until(() => feed.stats().leftOut > 1_000, 'updates left out');
    assert.ok(feed.stats().bufferedBytes < 3 * 1024 * 1024, `${feed.stats().bufferedBytes} bytes wait`);
    connections[0].socket.resume();
    const sentBefore = feed.stats().sent;
    await until(() => feed.stats().sent > sentBefore + 100, 'sending again');
    await feed.stop();
    checkConnection(connections[0].messages.slice(0, 2_000));
  });

  it('counts frames the engine rejected', async () => {
    const { url, connections } = await serve();
    const feed = begin({ url, markets: 1, rate: 100 });
    await until(() => connections.length === 1, 'a connection');
    connections[0].socket.send('{"op":"error","category":"range","message":"too big","count":3}');
    connections[0].socket.send('no JSON');
    await until(() => feed.stats().rejected === 3, 'the answer');
    assert.equal(feed.stats().lastError, 'range: too big');
  });

  it('stops at once while it connects, and twice does no harm', async () => {
    const { url } = await serve();
    const feed = startFeed({ url });
    await Promise.all([feed.stop(), feed.stop()]);
    await feed.stop();
    assert.equal(feed.stats().isConnected, false);
  });

  it('refuses options that make no feed', () => {
    const url = 'ws://127.0.0.1:9001/ingest/json';
    assert.throws(() => startFeed({ url, markets: 0 }), UsageError);
    assert.throws(() => startFeed({ url, rate: 0 }), UsageError);
    assert.throws(() => startFeed({ url: 'not an address' }), UsageError);
  });
});
