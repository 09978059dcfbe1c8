// Bitfinex's connector: what it asks and what it makes of answers; and its dialogue with the simulator.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BitfinexConnector } from '../../../engine/venues/bitfinex/connect.ts';
import { PAST_TRADES_MAX } from '../../../engine/venues/bitfinex/limits.ts';
import { numberText } from '../../../engine/venues/bitfinex/sim-frames.ts';
import { BitfinexSimulator } from '../../../engine/venues/bitfinex/simulate.ts';
import { BookState } from '../../../schemas/ids.ts';
import { StreamClient } from '../../support/stream-client.ts';

function makeClient(markets = 3): StreamClient {
  return new StreamClient(new BitfinexConnector(), new BitfinexSimulator(), { markets });
}

function subscribed(markets = 3): StreamClient {
  const client = makeClient(markets);
  client.subscribe(client.both());
  client.receive();
  return client;
}

describe('a client of the simulated Bitfinex', () => {
  it('has the books and trades of its markets', () => {
    const client = subscribed();
    client.venue.step(500);
    client.venue.settle();
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
      // The list on subscribing has the thirty before, or as many as there were.
      const before = client.venue.market(symbol)?.trades(1_000_000).length ?? 0;
      assert.equal(client.trades(symbol), made.length + Math.min(30, before - made.length));
      assert.deepEqual([client.gaps(symbol), client.state(symbol)], [0, BookState.live]);
    }
    assert.deepEqual(client.socket.violations, []);
  });

  it('numbers every frame of a channel, heartbeats too', () => {
    const client = subscribed();
    client.venue.step(100);
    client.venue.moveTime(16_000);
    client.receive();
    const numbers = client.texts.filter((text) => text.startsWith('[')).map((text) => JSON.parse(text).at(-1));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    assert.ok(client.texts.some((text) => text.includes('"hb"')));
    assert.ok(client.notices.some(({ kind }) => kind === 'alive'));
  });

  it('loses a frame: every market of the connection waits for a snapshot, and a resync of each heals it', () => {
    const client = subscribed();
    client.venue.step(40);
    client.receive();
    client.venue.step(40);
    client.receive((_, index) => index === 3);
    for (const symbol of client.symbols) assert.equal(client.state(symbol), BookState.resyncing);
    const [first] = client.symbols;
    const books = client.both().filter(({ channel }) => channel === 'book');
    client.unsubscribe([books[0]]);
    client.receive();
    assert.ok(client.acknowledged.includes(`-book:${first}`));
    client.subscribe([books[0]]);
    client.receive();
    assert.deepEqual(
      client.symbols.map((symbol) => client.state(symbol) === BookState.live),
      [true, false, false],
    );
    for (const book of books.slice(1)) {
      client.unsubscribe([book]);
      client.subscribe([book]);
    }
    client.venue.step(100);
    client.venue.settle();
    client.receive();
    client.assertBooks();
  });

  it('takes frames that come before their acknowledgement', () => {
    const client = makeClient(1);
    client.subscribe(client.both());
    client.venue.step(50);
    client.venue.settle();
    const texts = client.socket.takeTexts();
    const acknowledgements = texts.filter((text) => text.includes('"subscribed"'));
    for (const text of texts) if (!acknowledgements.includes(text)) client.frame(text);
    assert.deepEqual(client.follower.markets.size, 0);
    for (const text of acknowledgements) client.frame(text);
    client.assertBooks();
    assert.ok(client.trades(client.symbols[0]) > 0);
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

  it('counts more channels than the venue allows, and is refused', () => {
    const client = makeClient(14);
    client.subscribe(client.both());
    client.receive();
    assert.deepEqual(client.socket.violations, ['subscriptions', 'subscriptions', 'subscriptions']);
    const refused = client.notices.filter(({ kind }) => kind === 'refused');
    assert.equal(refused.length, 3);
    assert.deepEqual(refused[0], {
      kind: 'refused',
      subscription: { symbol: client.symbols[12], channel: 'trades' },
      message: 'subscribe: limit (10305)',
    });
  });

  it('is refused what does not exist, and told that what it has stands', () => {
    const client = makeClient(1);
    const [book] = client.both();
    client.subscribe([{ symbol: 'tNONE:USD', channel: 'trades' }, book, book]);
    client.receive();
    assert.deepEqual(client.notices.slice(1), [
      { kind: 'refused', subscription: { symbol: 'tNONE:USD', channel: 'trades' }, message: 'symbol: invalid (10300)' },
      { kind: 'acknowledged', subscription: book, isSubscribed: true },
      { kind: 'acknowledged', subscription: book, isSubscribed: true },
    ]);
    client.session.message('{"event":"unsubscribe","chanId":1}');
    client.session.message('no json');
    client.session.message('{"event":"ping","cid":7}');
    const answers = client.socket.takeTexts().map((text) => JSON.parse(text));
    assert.deepEqual(
      answers.map(({ event, code, cid }) => [event, code, cid]),
      [
        ['error', 10401, undefined],
        ['error', 10000, undefined],
        ['pong', undefined, 7],
      ],
    );
  });

  it('is told before the venue ends', () => {
    const client = subscribed(1);
    assert.equal(client.session.announceEnd(), true);
    client.receive();
    assert.equal(client.notices.at(-1)?.kind, 'ending');
  });

  it('finds its markets listed and the trades it lost', () => {
    const client = subscribed();
    const connector = new BitfinexConnector();
    const { venue } = client;
    const listed = venue.rest(connector.listing().path);
    assert.deepEqual(connector.readListing(listed?.body ?? ''), client.symbols);
    const fromMs = venue.nowMs();
    venue.step(200);
    venue.settle();
    const lost = client.socket.takeTexts().filter((text) => /,"t[eu]",/.test(text)).length / 2;
    assert.ok(lost > 0);
    const before = client.symbols.map((symbol) => client.trades(symbol));
    for (const symbol of client.symbols) {
      const query = { symbol, lastId: null, fromMs, toMs: venue.nowMs() };
      const answer = venue.rest(connector.backfill(query).path);
      assert.equal(answer?.status, 200);
      const { frames, next } = connector.readBackfill(query, answer?.body ?? '');
      assert.equal(next, null);
      for (const frame of frames) client.frame(frame);
      for (const frame of frames) client.frame(frame);
    }
    const gained = client.symbols.map((symbol, index) => client.trades(symbol) - before[index]);
    assert.equal(
      gained.reduce((sum, count) => sum + count),
      lost,
    );
  });
});

describe('the Bitfinex connector', () => {
  const connector = new BitfinexConnector();

  it('asks for numbers first, then for the deepest book of each market', () => {
    const dialogue = connector.dialogue();
    assert.deepEqual(dialogue.greet(), ['{"event":"conf","flags":65536}']);
    assert.deepEqual(
      dialogue.subscribe([
        { symbol: 'tBTCUSD', channel: 'book' },
        { symbol: 'tBTCUSD', channel: 'trades' },
      ]),
      [
        '{"event":"subscribe","channel":"book","symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"250"}',
        '{"event":"subscribe","channel":"trades","symbol":"tBTCUSD"}',
      ],
    );
    assert.deepEqual(dialogue.unsubscribe([{ symbol: 'tBTCUSD', channel: 'book' }]), []);
    dialogue.read('{"event":"subscribed","channel":"book","chanId":17,"symbol":"tBTCUSD","pair":"BTCUSD"}');
    assert.deepEqual(dialogue.unsubscribe([{ symbol: 'tBTCUSD', channel: 'book' }]), [
      '{"event":"unsubscribe","chanId":17}',
    ]);
  });

  it('reads any text without throwing', () => {
    const dialogue = connector.dialogue();
    for (const text of [
      '',
      'x',
      '3',
      'null',
      '[]',
      '{}',
      '{"event":5}',
      '[1]',
      '{"event":"unsubscribed","chanId":"a"}',
    ]) {
      assert.deepEqual(dialogue.read(text), [], text);
    }
    assert.deepEqual(dialogue.read('{"event":"info","code":20060,"msg":"maintenance"}'), []);
    assert.equal(dialogue.read('{"event":"info","code":20061,"msg":"ended"}')[0].kind, 'ending');
    assert.deepEqual(dialogue.read('{"event":"error","msg":"no","code":10000}'), [
      { kind: 'refused', subscription: null, message: 'no (10000)' },
    ]);
  });

  it('asks on where an answer is full, and keeps the digits of the venue', () => {
    const query = { symbol: 'tBTCUSD', lastId: null, fromMs: 1000.5, toMs: 9000 };
    assert.equal(connector.backfill(query).path, '/v2/trades/tBTCUSD/hist?limit=10000&start=1000&end=9000&sort=1');
    const few = '[[1,1200,2.2626931299999997,1e-7]]';
    assert.deepEqual(connector.readBackfill(query, few), {
      frames: [`{"backfill":{"symbol":"tBTCUSD","trades":${few}}}`],
      next: null,
    });
    assert.deepEqual(connector.readBackfill(query, '[]'), { frames: [], next: null });
    const full = Array.from({ length: PAST_TRADES_MAX }, (_, index) => [index, 1000 + Math.floor(index / 10), 1, 1]);
    assert.match(connector.readBackfill(query, JSON.stringify(full)).next?.path ?? '', /start=1999&/);
    const still = full.map(([id]) => [id, 1500, 1, 1]);
    assert.match(connector.readBackfill(query, JSON.stringify(still)).next?.path ?? '', /start=1501&/);
    assert.throws(() => connector.readBackfill(query, '["error",10020,"limit: invalid"]'), /expected a list of trades/);
    assert.throws(() => connector.readListing('{"error":"ERR_RATE_LIMIT"}'), /expected a list of pairs/);
  });
});

describe('the numbers of the simulated Bitfinex', () => {
  it('are those of JavaScript, exactly', () => {
    for (const [text, written] of [
      ['1.50000000', '1.5'],
      ['100', '100'],
      ['0.00000000', '0'],
      ['0.000001', '0.000001'],
      ['0.00000011', '1.1e-7'],
      ['0.00000002', '2e-8'],
      ['97012.34', '97012.34'],
    ]) {
      assert.equal(numberText(text), written);
      assert.equal(Number(written), Number(text));
    }
  });
});
