// Floods and slow attacks on both ports, with raw sockets: each is bounded, named and counted, and nobody else notices.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { PublisherOptions } from '../../engine/publish/publisher.ts';
import { CLOSE_RATE, CLOSE_SILENT, PING_BURST } from '../../schemas/config.ts';
import { type Client, eventually, LiveEngine } from '../support/live-engine.ts';
import { type Json, Rig, type TestSocket, until } from '../support/publish-rig.ts';

const FIN_TEXT = 0x81;
const TEXT = 0x01;
const CONTINUED = 0x00;
const PING = 0x89;

/** One masked client frame under the key 0. */
function frame(first: number, payload: string, length = payload.length): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | length, 0, 0, 0, 0]), Buffer.from(payload)]);
}

/** A TCP client that speaks only as told. */
class Raw {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(t: TestContext, port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    t.after(() => this.socket.destroy());
  }

  async upgrade(path: string): Promise<this> {
    const key = randomBytes(16).toString('base64');
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await until(() => this.text.includes('\r\n\r\n') || this.isClosed);
    return this;
  }

  get status(): string {
    return this.text.slice(9, 12);
  }

  /** Writes again and again until the other side has closed. */
  async untilClosed(bytes: Buffer, everyMs: number): Promise<void> {
    while (!this.isClosed) {
      this.socket.write(bytes);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** The code of the close frame at the end of what was received. */
  hasCode(code: number): boolean {
    return this.text.includes(String.fromCharCode(code >> 8, code & 0xff));
  }
}

async function rigOf(t: TestContext, options: Partial<PublisherOptions>): Promise<Rig> {
  const rig = await Rig.start(options);
  t.after(() => rig.stop());
  return rig;
}

type Publish = Record<string, number> & { limited: Record<string, number> };
const published = async (rig: Rig): Promise<Publish> =>
  ((await (await rig.get('/v1/stats?markets=0')).json()) as { publish: Publish }).publish;

async function engineOf(t: TestContext, limits: object): Promise<LiveEngine> {
  const live = await LiveEngine.start({ ingestLimits: limits });
  t.after(() => live.stop());
  return live;
}

const BTC = JSON.stringify({
  type: 'trade',
  exchange: 'demo',
  symbol: 'A',
  id: '1',
  price: '1',
  amount: '1',
  side: 'buy',
  timestamp: '2026-01-01T00:00:00.000Z',
});

/** What a client may send for ever without ever sending a message, by name. */
const ENDLESS: readonly (readonly [string, Buffer | null, Buffer])[] = [
  ['a frame a byte at a time', Buffer.from([FIN_TEXT, 0x80 | 126, 0x10, 0, 0, 0, 0, 0]), Buffer.from('x')],
  ['fragments without anything in them', frame(TEXT, ''), frame(CONTINUED, '')],
  ['fragments of one byte', frame(TEXT, 'a'), frame(CONTINUED, 'a')],
];

describe('the public port', () => {
  test('refuses connections above its limits with a status and a name, and takes new ones when some have gone', async (t) => {
    const rig = await rigOf(t, { limits: { connectionsMax: 3 } });
    const open = await Promise.all(Array.from({ length: 3 }, () => rig.open()));
    const refused = await new Raw(t, rig.publisher.port).upgrade('/stream');
    assert.equal(refused.status, '503');
    assert.match(refused.text, /"category":"connections-max"/);
    assert.equal((await published(rig)).limited['connections-max'], 1);
    open[0].ws.close();
    await open[0].closed;
    await until(async () => (await published(rig))['subscribers'] === 2);
    const again = await new Raw(t, rig.publisher.port).upgrade('/stream');
    assert.equal(again.status, '101');
    const metrics = await (await rig.get('/metrics')).text();
    assert.match(metrics, /^millrace_publish_limited_total\{limit="connections-max"\} 1$/m);
  });

  test('refuses an address above its share', async (t) => {
    const rig = await rigOf(t, { limits: { connectionsPerAddress: 2 } });
    await Promise.all([rig.open(), rig.open()]);
    const refused = await new Raw(t, rig.publisher.port).upgrade('/stream');
    assert.match(refused.text, /^HTTP\/1.1 503.*"category":"connections-per-address"/s);
  });

  test('closes sockets above its limit before they have said anything', async (t) => {
    const rig = await rigOf(t, { limits: { connectionsMax: 1 }, times: { httpSocketsMax: 20 } });
    const kept = await rig.open();
    const flood = Array.from({ length: 120 }, () => new Raw(t, rig.publisher.port));
    await until(() => flood.filter(({ isClosed }) => isClosed).length >= 100);
    for (const { socket } of flood) socket.destroy();
    await until(async () => (await published(rig)).limited['sockets-max'] >= 100);
    kept.send({ op: 'ping' });
    assert.equal((await kept.next())['op'], 'pong');
    for (let i = 0; i < 5; i++) assert.equal((await rig.get('/health')).status, 200);
  });

  for (const [name, first, next] of ENDLESS) {
    test(`closes ${name}, and not a client that is only quiet`, async (t) => {
      const rig = await rigOf(t, { times: { silenceLookMs: 60 } });
      const quiet = await rig.open();
      await quiet.subscribe('system');
      const raw = await new Raw(t, rig.publisher.port).upgrade('/stream');
      if (first !== null) raw.socket.write(first);
      await raw.untilClosed(next, 20);
      assert.ok(raw.hasCode(CLOSE_SILENT));
      assert.equal(quiet.ws.readyState, quiet.ws.OPEN);
      assert.equal((await published(rig)).limited['silentClosed'], 1);
    });
  }

  test('closes a frame announced as a gigabyte at once', async (t) => {
    const rig = await rigOf(t, {});
    const raw = await new Raw(t, rig.publisher.port).upgrade('/stream');
    raw.socket.write(Buffer.from([FIN_TEXT, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]));
    await until(() => raw.isClosed);
  });

  test('closes a flood of pings, and pongs that are never read do not pile up', async (t) => {
    const rig = await rigOf(t, {});
    const raw = await new Raw(t, rig.publisher.port).upgrade('/stream');
    const polite = await rig.open();
    for (let i = 0; i < PING_BURST; i++) polite.ws.ping();
    raw.socket.pause();
    raw.socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame(PING, 'x'.repeat(125)))));
    await until(async () => (await published(rig)).limited['pingsClosed'] === 1);
    raw.socket.resume();
    await until(() => raw.isClosed);
    assert.ok(raw.text.length < 3 * PING_BURST * 127, `${raw.text.length} bytes of answers`);
    polite.send({ op: 'ping' });
    await polite.next();
  });

  test('closes a client that never asks for anything', async (t) => {
    const rig = await rigOf(t, { times: { firstRequestMs: 100 } });
    const silent = await rig.open();
    assert.equal(await silent.closed, CLOSE_SILENT);
    assert.equal((await published(rig))['neverAsked'], 1);
  });

  test('refuses and then ends a flood of subscriptions, and opens nothing for names it does not know', async (t) => {
    const rig = await rigOf(t, {});
    const market = rig.addMarket('binance:REAL');
    rig.shard(market).setBook(market, [[100_000, 1000]], []);
    const good = await rig.open();
    await good.subscribe('trade.binance:REAL');
    const flood: TestSocket = await rig.open();
    let asked = 0;
    while (asked < 100_000 || flood.ws.readyState === flood.ws.OPEN) {
      const args = Array.from({ length: 2_000 }, () => `trade.x:a-longer-name-${asked++}`);
      flood.send({ op: 'subscribe', args });
      await new Promise(setImmediate);
    }
    assert.equal(await flood.closed, CLOSE_RATE);
    const { limited, topics } = await published(rig);
    assert.equal(topics, 1);
    assert.deepEqual([limited['requestsRefused'] > 0, limited['requestsClosed']], [true, 1]);
    const flapper = await rig.open();
    for (let i = 0; i < 2_000 || flapper.ws.readyState === flapper.ws.OPEN; i++) {
      flapper.send({ op: i % 2 === 0 ? 'subscribe' : 'unsubscribe', args: ['book.binance:REAL'] });
      if (i > 2_000) await new Promise(setImmediate);
    }
    assert.equal(await flapper.closed, CLOSE_RATE);
    assert.ok((flapper.received as Json[]).some(({ op, category }) => op === 'error' && category === 'range'));
    assert.ok(rig.shard(market).requests <= 1_100, `${rig.shard(market).requests} snapshots asked for`);
    rig.shard(market).trade(market, 1, 1000);
    rig.shard(market).commit();
    assert.equal((await good.next())['type'], 'trade');
  });

  test('opens no more topics than its limit, and says so for each', async (t) => {
    const rig = await rigOf(t, { limits: { topicsMax: 3 } });
    for (const name of ['a:A', 'a:B', 'a:C', 'a:D']) rig.addMarket(name);
    const socket = await rig.open();
    const reply = await socket.subscribe('trade.a:A', 'trade.a:B', 'trade.a:C', 'trade.a:D', 'trade.a:A');
    assert.deepEqual(reply['args'], ['trade.a:A', 'trade.a:B', 'trade.a:C', 'trade.a:A']);
    assert.deepEqual(reply['errors'], [
      { arg: 'trade.a:D', category: 'range', message: 'expected at most 3 topics over all subscribers' },
    ]);
    const other = await rig.open();
    assert.deepEqual((await other.subscribe('trade.a:A'))['args'], ['trade.a:A']);
    await other.subscribe('trade.*');
    // Wildcards take in new markets at main's next look at them.
    const { topics } = await eventually('a topic that the wildcard could not open', async () => {
      const now = await published(rig);
      return now.limited['topics'] >= 2 ? now : null;
    });
    assert.equal(topics, 3);
  });
});

describe('the ingest port', () => {
  test('refuses connections above its limits, by name', async (t) => {
    const live = await engineOf(t, { connectionsMax: 2 });
    await Promise.all([live.producer('json'), live.producer('json')]);
    const refused = await new Raw(t, live.engine.ingestPort).upgrade('/ingest/json');
    assert.match(refused.text, /^HTTP\/1.1 503.*"category":"connections-max"/s);
    assert.equal(live.ingress('connections-max'), 1);
  });

  for (const [limit, count] of [
    ['framesPerSecond', 5],
    ['bytesPerSecond', 5 * BTC.length],
  ] as const) {
    test(`closes a producer above ${limit} with the reason, and keeps what came before`, async (t) => {
      const live = await engineOf(t, { [limit]: count });
      const [fast, slow] = await Promise.all([live.producer('json'), live.producer('json')]);
      for (let i = 0; i < 200; i++) fast.send(BTC.replace('"id":"1"', `"id":"${i}"`));
      assert.equal(await fast.closed, CLOSE_RATE);
      const answer = fast.received.find((message) => message['category'] === 'rate');
      assert.match(String(answer?.['message']), /^expected at most \d+ (frames|bytes) a second \(--/);
      assert.equal(live.ingress('rateClosed'), 1);
      const { total } = await live.get<{ total: { trades: number } }>('/v1/stats');
      await eventually('the frames before', async () => {
        const stats = await live.get<{ total: { trades: number } }>('/v1/stats');
        return stats.total.trades === live.ingress('frames');
      });
      assert.ok(total.trades <= 20);
      const before = live.ingress('frames');
      slow.send(BTC.replace('"id":"1"', '"id":"1000"'));
      await live.taken(before + 1);
      assert.ok(slow.isOpen);
    });
  }

  test('closes what never becomes a message, and not a producer that waits', async (t) => {
    // Long enough for the producer's thread to answer a ping on a busy machine.
    const live = await engineOf(t, { silenceLookMs: 400 });
    const quiet: Client = await live.producer('json');
    await Promise.all(
      ENDLESS.map(async ([, first, next]) => {
        const raw = await new Raw(t, live.engine.ingestPort).upgrade('/ingest/json');
        if (first !== null) raw.socket.write(first);
        await raw.untilClosed(next, 20);
        assert.ok(raw.hasCode(CLOSE_SILENT));
      }),
    );
    assert.equal(live.ingress('silentClosed'), ENDLESS.length);
    quiet.send(BTC);
    await live.taken(1);
    const pinger = await new Raw(t, live.engine.ingestPort).upgrade('/ingest/json');
    pinger.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => frame(PING, ''))));
    await until(() => pinger.isClosed);
    assert.equal(live.ingress('pingsClosed'), 1);
  });
});
