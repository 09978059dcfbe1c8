// Coinbase's connector: what it asks and what it makes of answers; and its dialogue with the simulator.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Notice } from '../../../engine/connect/protocol.ts';
import { CoinbaseConnector } from '../../../engine/venues/coinbase/connect.ts';
import { CoinbaseDecoder } from '../../../engine/venues/coinbase/decode.ts';
import { PAST_TRADES_MAX } from '../../../engine/venues/coinbase/limits.ts';
import { CoinbaseSimulator } from '../../../engine/venues/coinbase/simulate.ts';
import { BookState, FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { StreamClient } from '../../support/stream-client.ts';

function makeClient(markets = 3): StreamClient {
  return new StreamClient(new CoinbaseConnector(), new CoinbaseSimulator(), { markets });
}

function subscribed(markets = 3): StreamClient {
  const client = makeClient(markets);
  client.subscribe(client.both());
  client.receive();
  return client;
}

describe('a client of the simulated Coinbase', () => {
  it('has the books and trades of its markets', () => {
    const client = subscribed();
    client.venue.step(500);
    client.venue.settle();
    client.venue.moveTime(300);
    client.receive();
    client.assertBooks();
    assert.deepEqual([client.referee.counts.unknown, client.referee.counts.rejected], [0, {}]);
    assert.deepEqual(
      client.acknowledged.toSorted(),
      client
        .both()
        .map(({ channel, symbol }) => `+${channel}:${symbol}`)
        .toSorted(),
    );
    for (const { symbol } of client.venue.markets) {
      const made = client.venue.events.filter(({ market, trade }) => trade !== null && market.symbol === symbol);
      const before = client.venue.market(symbol)?.trades(1_000_000).length ?? 0;
      assert.equal(client.trades(symbol), made.length + Math.min(100, before - made.length));
      assert.deepEqual([client.gaps(symbol), client.state(symbol)], [0, BookState.live]);
    }
    assert.deepEqual(client.socket.violations, []);
  });

  it('numbers every message of every channel, heartbeats too, with snapshots before their answer', () => {
    const client = subscribed(1);
    client.venue.step(100);
    client.venue.moveTime(3000);
    client.receive();
    const messages = client.texts.map((text) => JSON.parse(text));
    assert.deepEqual(
      messages.map(({ sequence_num: number }) => number),
      messages.map((_, index) => index),
    );
    assert.deepEqual(
      messages.slice(0, 5).map(({ channel, events }) => [channel, events[0].type ?? '']),
      [
        ['subscriptions', ''],
        ['l2_data', 'snapshot'],
        ['subscriptions', ''],
        ['market_trades', 'snapshot'],
        ['subscriptions', ''],
      ],
    );
    const beats = messages.filter(({ channel }) => channel === 'heartbeats');
    assert.deepEqual(
      beats.map(({ events }) => events[0].heartbeat_counter),
      beats.map((_, index) => index + 1),
    );
    assert.ok(beats.length >= 3);
    assert.equal(client.notices.filter(({ kind }) => kind === 'alive').length, beats.length);
  });

  it('collects trades for 250 ms, the newest first', () => {
    const client = subscribed(1);
    client.socket.takeTexts();
    while (client.venue.events.filter(({ trade }) => trade !== null).length < 3) client.venue.step(1, null, 1);
    client.venue.moveTime(400);
    const messages = client.socket.takeTexts().map((text) => JSON.parse(text));
    const lists = messages.filter(({ channel }) => channel === 'market_trades').map(({ events }) => events[0].trades);
    assert.ok(lists.some((trades) => trades.length > 1));
    for (const trades of lists) {
      const ids = trades.map(({ trade_id: id }: { trade_id: string }) => Number(id));
      assert.deepEqual(
        ids,
        ids.toSorted((a: number, b: number) => b - a),
      );
    }
  });

  it('loses a message: every market of the connection waits for a snapshot, and a resync of each heals it', () => {
    const client = subscribed();
    client.venue.step(40);
    client.receive();
    client.venue.step(40);
    client.receive((_, index) => index === 3);
    for (const symbol of client.symbols) assert.equal(client.state(symbol), BookState.resyncing);
    const books = client.both().filter(({ channel }) => channel === 'book');
    client.unsubscribe([books[0]]);
    client.receive();
    assert.ok(client.acknowledged.includes(`-book:${books[0].symbol}`));
    client.subscribe([books[0]]);
    client.receive();
    assert.deepEqual(
      client.symbols.map((symbol) => client.state(symbol) === BookState.live),
      [true, false, false],
    );
    client.unsubscribe(books.slice(1));
    client.subscribe(books.slice(1));
    client.venue.step(100);
    client.venue.settle();
    client.venue.moveTime(300);
    client.receive();
    client.assertBooks();
  });

  it('begins anew on another connection', () => {
    const client = subscribed();
    client.reconnect();
    client.subscribe(client.both());
    client.venue.step(100);
    client.venue.settle();
    client.receive();
    client.assertBooks();
  });

  it('is refused a seventeenth book, and what does not exist', () => {
    const client = makeClient(17);
    const books = client.both().filter(({ channel }) => channel === 'book');
    client.subscribe(books.slice(0, 16));
    client.subscribe(books.slice(16));
    client.subscribe([{ symbol: 'NONE-USD', channel: 'trades' }]);
    client.session.message('{"type":"subscribe","channel":"full","product_ids":["BTC-USD"]}');
    client.session.message('no json');
    client.receive();
    const refused = client.notices.flatMap((notice) => (notice.kind === 'refused' ? [notice.message] : []));
    assert.deepEqual(refused, [
      'too many L2 streams requested in a single session',
      'invalid product_ids: NONE-USD',
      'channel full is not supported',
      'failed to parse message',
    ]);
    assert.deepEqual(client.socket.violations, ['books']);
    assert.equal(client.acknowledged.length, 16);
  });

  it('is told again what it has when it asks twice', () => {
    const client = subscribed(1);
    const [book] = client.both();
    client.subscribe([book]);
    client.receive();
    assert.deepEqual(client.notices.at(-1), { kind: 'acknowledged', subscription: book, isSubscribed: true });
  });

  it('is cut off when it asks for nothing in five seconds', () => {
    const client = makeClient(1);
    const { socket } = client.venue.open('/');
    client.venue.moveTime(4900);
    assert.equal(socket.closed === null, true);
    client.venue.moveTime(200);
    assert.deepEqual([socket.closed?.code, socket.violations], [1008, ['subscribe-late']]);
    assert.equal(client.socket.closed, null);
  });

  it('finds its markets listed and the trades it lost', () => {
    const client = subscribed();
    const connector = new CoinbaseConnector();
    const { venue } = client;
    const listed = venue.rest(connector.listing().path);
    assert.deepEqual(connector.readListing(listed?.body ?? ''), client.symbols);
    const fromMs = venue.nowMs();
    venue.step(300);
    venue.settle();
    venue.moveTime(300);
    client.socket.takeTexts();
    for (const symbol of client.symbols) {
      const before = client.trades(symbol);
      const lost = venue.events.filter(({ market, trade }) => trade !== null && market.symbol === symbol).length;
      assert.ok(lost > 0);
      const query = { symbol, lastId: null, fromMs, toMs: venue.nowMs() };
      const answer = venue.rest(connector.backfill(query).path);
      assert.equal(answer?.status, 200);
      const { frames, next } = connector.readBackfill(query, answer?.body ?? '');
      assert.equal(next, null);
      for (const frame of [...frames, ...frames]) client.frame(frame);
      assert.equal(client.trades(symbol) - before, lost);
    }
  });
});

describe('the Coinbase connector', () => {
  const connector = new CoinbaseConnector();

  it('asks for one channel in each message, heartbeats first', () => {
    const dialogue = connector.dialogue();
    assert.deepEqual(dialogue.greet(), ['{"type":"subscribe","channel":"heartbeats"}']);
    assert.deepEqual(
      dialogue.subscribe([
        { symbol: 'BTC-USD', channel: 'trades' },
        { symbol: 'BTC-USD', channel: 'book' },
        { symbol: 'ETH-USD', channel: 'book' },
      ]),
      [
        '{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"level2"}',
        '{"type":"subscribe","product_ids":["BTC-USD"],"channel":"market_trades"}',
      ],
    );
    assert.deepEqual(dialogue.unsubscribe([{ symbol: 'BTC-USD', channel: 'book' }]), [
      '{"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"}',
    ]);
  });

  it('reads any text without throwing', () => {
    const dialogue = connector.dialogue();
    for (const text of ['', 'x', '3', 'null', '[]', '{}', '{"channel":"subscriptions"}']) {
      assert.deepEqual(dialogue.read(text), [], text);
    }
    for (const events of ['5', '[null]', '[{"subscriptions":7}]', '[{"subscriptions":{"level2":[5]}}]']) {
      assert.deepEqual(dialogue.read(`{"channel":"subscriptions","events":${events}}`), []);
    }
    assert.deepEqual(dialogue.read('{"type":"error","message":"no"}'), [
      { kind: 'refused', subscription: null, message: 'no' },
    ]);
  });

  it('leaves out products that are closed or answer by another name', () => {
    const product = (id: string, more: object = {}): object => ({ product_id: id, alias: '', ...more });
    const products = [
      product('BTC-USD', { alias_to: ['BTC-USDC'] }),
      product('BTC-USDC', { alias: 'BTC-USD' }),
      product('ETH-USD', { alias: 'ETH-USD' }),
      product('A-USD', { trading_disabled: true }),
      product('B-USD', { is_disabled: true }),
      product('C-USD', { view_only: true }),
      { id: 'none' },
    ];
    assert.deepEqual(connector.readListing(JSON.stringify({ products })), ['BTC-USD', 'ETH-USD']);
    assert.throws(() => connector.readListing('{"error":"x"}'), /expected "products"/);
  });

  it('asks for earlier trades where an answer is full, and gives all of them oldest first', () => {
    const startMs = Date.UTC(2026, 7, 9);
    const query = { symbol: 'BTC-USD', lastId: null, fromMs: startMs, toMs: startMs + 3_600_500 };
    const start = startMs / 1000;
    assert.equal(
      connector.backfill(query).path,
      `/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1000&start=${start}&end=${start + 3601}`,
    );
    const answer = (newestId: number, count: number, newestMs: number, stepMs: number): string =>
      JSON.stringify({
        trades: Array.from({ length: count }, (_, index) => ({
          trade_id: `${newestId - index}`,
          time: new Date(newestMs - index * stepMs).toISOString(),
        })),
      });
    const first = connector.readBackfill(query, answer(5000, PAST_TRADES_MAX, startMs + 2_000_500, 1000));
    assert.deepEqual(first.frames, []);
    assert.match(first.next?.path ?? '', new RegExp(`&end=${start + 1002}$`));
    const second = connector.readBackfill(query, answer(4001, 3, startMs + 1_001_500, 1000));
    assert.equal(second.next, null);
    const ids = second.frames.flatMap((frame) =>
      JSON.parse(frame).backfill.trades.map(({ trade_id: id }: { trade_id: string }) => Number(id)),
    );
    assert.deepEqual(ids.slice(0, 4), [3999, 4000, 4001, 4001]);
    assert.equal(ids.length, PAST_TRADES_MAX + 3);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  });

  it('goes on where a full answer is of one second, and stops at what is known', () => {
    const startMs = Date.UTC(2026, 7, 9);
    const query = { symbol: 'BTC-USD', lastId: 4500, fromMs: startMs, toMs: startMs + 60_000 };
    const full = (newestId: number, timeMs: number): string =>
      JSON.stringify({
        trades: Array.from({ length: PAST_TRADES_MAX }, (_, index) => ({
          trade_id: `${newestId - index}`,
          time: new Date(timeMs).toISOString(),
        })),
      });
    connector.backfill(query);
    const { next } = connector.readBackfill(query, full(9000, startMs + 30_000));
    assert.match(next?.path ?? '', new RegExp(`&end=${startMs / 1000 + 30}$`));
    assert.equal(connector.readBackfill(query, full(5000, startMs + 20_000)).next, null);
    connector.backfill(query);
    assert.equal(connector.readBackfill(query, full(9000, startMs)).next, null);
    assert.throws(() => connector.readBackfill(query, '{"error":"NOT_FOUND"}'), /expected "trades"/);
    assert.throws(() => connector.readBackfill(query, '{"trades":[{"trade_id":5}]}'), /expected "trades"/);
  });
});

test('trades of the past become history, oldest first, the side the taker’s, outside the counter', () => {
  const sink = new MemorySink();
  const decoder = new CoinbaseDecoder(sink, 'coinbase');
  const trade = (id: string, side: string): object => ({
    trade_id: id,
    product_id: 'BTC-USD',
    price: '68923.67',
    size: '0.00064',
    time: '2026-04-07T00:28:58.544778Z',
    side,
    bid: '',
    ask: '',
    exchange: 'coinbase',
  });
  const frame = JSON.stringify({ backfill: { symbol: 'BTC-USD', trades: [trade('8', 'SELL'), trade('7', 'BUY')] } });
  const { result, records } = decodeFrame(sink, decoder, frame);
  assert.equal(result, FrameResult.applied);
  assert.deepEqual(
    records.map((record) => [record['id'], record['flags'], record['price']]),
    [
      [7, Side.sell | TradeFlag.history, '68923.67'],
      [8, Side.buy | TradeFlag.history, '68923.67'],
    ],
  );
  assert.equal(decodeFrame(sink, decoder, '{"backfill":{"trades":[]}}').result, FrameResult.missingField);
  assert.equal(decodeFrame(sink, decoder, '{"backfill":{"symbol":"A","trades":5}}').result, FrameResult.type);
  assert.equal(decodeFrame(sink, decoder, '{"backfill":5}').result, FrameResult.type);
  assert.deepEqual([decoder.gaps, decoder.duplicates], [0, 0]);
});

recordingTest(
  'the recorded listing names what frames carry, and the recorded answers acknowledge what was asked',
  ['coinbase/advanced-20260809-btc-eth-first500.ndjson.gz'],
  (_, path) => {
    const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { k: string; d: string });
    const connector = new CoinbaseConnector();
    const listed = connector.readListing(entries.find(({ k }) => k === 'http')?.d ?? '');
    for (const name of ['BTC-USD', 'ETH-USD', 'USDT-USDC', 'JASMY-USDT']) assert.ok(listed.includes(name), name);
    for (const name of ['BTC-USDC', 'ETH-USDC', 'MKR-USD']) assert.ok(!listed.includes(name), name);
    const dialogue = connector.dialogue();
    const notices: Notice[] = [];
    for (const { k, d } of entries) if (k === 'recv') notices.push(...dialogue.read(d));
    const acknowledged = notices.flatMap((notice) =>
      notice.kind === 'acknowledged' && notice.isSubscribed
        ? [`${notice.subscription.channel}:${notice.subscription.symbol}`]
        : [],
    );
    assert.deepEqual(acknowledged, ['trades:BTC-USD', 'trades:ETH-USD', 'book:BTC-USD', 'book:ETH-USD']);
    assert.ok(notices.some(({ kind }) => kind === 'alive'));
  },
);
