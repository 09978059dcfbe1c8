// Binance's connector: addresses, requests, what it makes of answers; and its dialogue with the simulator, product by product.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { BinanceConnector } from '../../../engine/venues/binance/connect.ts';
import { BinanceDecoder } from '../../../engine/venues/binance/decode.ts';
import type { BinanceVenue } from '../../../engine/venues/binance/limits.ts';
import { BinanceSimulator } from '../../../engine/venues/binance/simulate.ts';
import { FrameResult } from '../../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../../support/memory-sink.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import type { Market } from '../../support/reference/market.ts';
import { Referee } from '../../support/reference/referee.ts';
import { type FakeSimSocket, FakeVenue } from '../../support/sim-fakes.ts';

const VENUES: readonly BinanceVenue[] = ['binance', 'binance-us', 'binance-futures', 'binance-delivery'];

const both = (symbols: readonly string[]): Subscription[] =>
  symbols.flatMap((symbol) => [
    { symbol, channel: 'book' as const },
    { symbol, channel: 'trades' as const },
  ]);

/** Subscriptions by the connection they may share. */
function groupsOf(connector: BinanceConnector, subscriptions: readonly Subscription[]): Subscription[][] {
  const groups = new Map<string, Subscription[]>();
  for (const subscription of subscriptions) {
    const group = connector.group(subscription);
    groups.set(group, [...(groups.get(group) ?? []), subscription]);
  }
  return [...groups.values()];
}

/** A client of a simulated venue: every frame through the decoder and the referee, control frames to the dialogue. */
class Client {
  readonly connector: BinanceConnector;
  readonly referee: Referee;
  readonly notices: Notice[] = [];
  readonly venue: FakeVenue;
  private readonly sink = new MemorySink();
  private readonly decoder: BinanceDecoder;
  private readonly sockets: FakeSimSocket[] = [];

  constructor(venue: BinanceVenue, markets = 3) {
    this.connector = new BinanceConnector(venue);
    this.venue = new FakeVenue(new BinanceSimulator(venue), { markets });
    this.referee = new Referee(venue, []);
    this.decoder = new BinanceDecoder(this.sink, venue);
  }

  get symbols(): string[] {
    return this.venue.markets.map(({ symbol }) => symbol);
  }

  connect(): void {
    for (const group of groupsOf(this.connector, both(this.symbols))) {
      this.sockets.push(this.venue.open(this.connector.path(group)).socket);
    }
  }

  receive(): void {
    for (const socket of this.sockets) for (const text of socket.takeTexts()) this.frame(text);
  }

  frame(text: string): void {
    const before = { ...this.referee.counts };
    this.referee.frame(text, this.venue.nowMs() * 1000, 'c');
    const { result } = decodeFrame(this.sink, this.decoder, text);
    const class_ = this.referee.counts.applied > before.applied ? FrameResult.applied : FrameResult.control;
    assert.equal(result, class_, text);
    if (result === FrameResult.control) this.notices.push(...this.connector.dialogue().read(text));
  }

  fetchBooks(): void {
    for (const symbol of this.symbols) {
      const answer = this.venue.rest(this.connector.snapshot(symbol).path);
      assert.equal(answer?.status, 200);
      assert.equal(answer?.weight, this.connector.snapshot(symbol).weight);
      this.frame(this.connector.snapshotFrame(symbol, answer?.body ?? ''));
    }
  }

  market(symbol: string): Market {
    const market = this.referee.markets.byName.get(`${this.connector.venue}:${symbol}`);
    assert.ok(market !== undefined, symbol);
    return market;
  }

  assertBooks(): void {
    for (const truth of this.venue.markets) {
      const { book } = this.market(truth.symbol);
      assert.equal(book.state, 'live', truth.symbol);
      assert.deepEqual(texts(book.bids.levels), canonical(truth.bids()));
      assert.deepEqual(texts(book.asks.levels), canonical(truth.asks()));
    }
  }
}

const texts = (levels: readonly Level[]): string[][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

function canonical(levels: readonly (readonly [string, string])[]): string[][] {
  const cut = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return levels.map((level) => level.map(cut));
}

for (const venue of VENUES) {
  describe(`a client of the simulated ${venue}`, () => {
    it('has the books and trades of its markets, with the snapshot among the changes', () => {
      const client = new Client(venue);
      client.connect();
      client.venue.step(60);
      client.receive();
      client.fetchBooks();
      client.venue.step(400);
      client.venue.settle();
      client.venue.moveTime(1000);
      client.receive();
      client.assertBooks();
      const { counts } = client.referee;
      assert.deepEqual([counts.unknown, counts.rejected], [0, {}]);
      for (const { symbol } of client.venue.markets) {
        const wanted = client.venue.events.filter(({ market, trade }) => trade !== null && market.symbol === symbol);
        assert.equal(client.market(symbol).trades.count, wanted.length);
        assert.equal(client.market(symbol).book.gaps, 0);
      }
    });

    it('joins a snapshot that is older than the first change only after another', () => {
      const client = new Client(venue, 1);
      const [{ symbol }] = client.venue.markets;
      const old = client.connector.snapshotFrame(
        symbol,
        client.venue.rest(client.connector.snapshot(symbol).path)?.body ?? '',
      );
      client.venue.step(30);
      client.venue.moveTime(200);
      client.connect();
      client.venue.step(30);
      client.venue.moveTime(200);
      client.receive();
      client.frame(old);
      assert.equal(client.market(symbol).book.state, 'syncing');
      client.fetchBooks();
      client.venue.settle();
      client.venue.moveTime(200);
      client.receive();
      client.assertBooks();
    });

    it('gets lost trades back by their ids, page by page', () => {
      const client = new Client(venue, 1);
      const [market] = client.venue.markets;
      client.venue.step(8000, null, 20);
      const all = market.trades(2000);
      const first = all[100];
      const last = all[all.length - 20];
      assert.ok(all.length > 1200, `${all.length} trades`);
      const query = { symbol: market.symbol, lastId: first.id, fromMs: first.timeMs, toMs: last.timeMs };
      let request = client.connector.backfill(query);
      let pages = 0;
      for (let more = true; more; pages++) {
        const answer = client.venue.rest(request.path);
        assert.deepEqual([answer?.status, answer?.weight], [200, request.weight]);
        const { frames, next } = client.connector.readBackfill(query, answer?.body ?? '');
        for (const frame of frames) client.frame(frame);
        more = next !== null;
        request = next ?? request;
      }
      const wanted = all.filter(({ id, timeMs }) => id > first.id && timeMs <= last.timeMs);
      assert.ok(pages >= 2, `${pages} pages`);
      assert.equal(client.market(market.symbol).trades.count, wanted.length);
      const byTime = client.connector.backfill({ ...query, lastId: null });
      assert.match(byTime.path, new RegExp(`startTime=${first.timeMs}&limit=1000$`));
    });

    it('lists the markets that can be traded, with the weight it says', () => {
      const { connector, venue: state, symbols } = new Client(venue);
      const listing = connector.listing();
      const answer = state.rest(listing.path);
      assert.deepEqual(connector.readListing(answer?.body ?? '').sort(), [...symbols].sort());
      assert.match(answer?.body ?? '', /HALTED/);
      assert.equal(answer?.weight, listing.weight);
      assert.throws(() => connector.readListing('{"code":-1121}'), /expected "symbols"/);
      assert.throws(() => connector.readListing('nothing'));
    });
  });
}

describe('the Binance connector', () => {
  it('names streams in the address, of USD-M books and trades in two', () => {
    const subscriptions = both(['BTCUSDT', '币安人生USDT']);
    const names = 'btcusdt@depth@100ms/btcusdt@aggTrade/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@depth@100ms';
    assert.equal(new BinanceConnector('binance').path(subscriptions.slice(0, 3)), `/stream?streams=${names}`);
    const futures = new BinanceConnector('binance-futures');
    assert.deepEqual(
      groupsOf(futures, both(['BTCUSDT'])).map((group) => futures.path(group)),
      ['/public/stream?streams=btcusdt@depth@100ms', '/market/stream?streams=btcusdt@aggTrade'],
    );
    assert.equal(new BinanceConnector('binance-delivery').path([]), '/stream');
  });

  it('sends fewer messages than the venue allows, so that a pong fits, and lives less than a day', () => {
    for (const venue of VENUES) {
      const connector = new BinanceConnector(venue);
      const simulator = new BinanceSimulator(venue);
      assert.ok(connector.limits.messages.count < simulator.limits.messages.count);
      assert.ok(connector.limits.subscriptionsPerConnection <= simulator.limits.subscriptionsPerConnection);
      assert.ok(connector.lifeMs < 86_400_000);
    }
  });

  it('puts the market into a snapshot that does not name it, and leaves each digit as it was', () => {
    const connector = new BinanceConnector('binance');
    const answer = '{"lastUpdateId":9007199254740991,"bids":[["4.00000000","431.0"]],"asks":[]}';
    assert.equal(
      connector.snapshotFrame('BNBBTC', answer),
      '{"snapshot":{"symbol":"BNBBTC","lastUpdateId":9007199254740991,"bids":[["4.00000000","431.0"]],"asks":[]}}',
    );
    const named = '{"lastUpdateId":1,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[],"asks":[]}';
    assert.equal(connector.snapshotFrame('BTCUSD_PERP', named), `{"snapshot":${named}}`);
  });

  it('makes no applied frame of an answer that is no snapshot, and no frames of one without trades', () => {
    const connector = new BinanceConnector('binance');
    const sink = new MemorySink();
    const decoder = new BinanceDecoder(sink, 'binance');
    for (const answer of [
      '',
      '{}',
      '[]',
      'busy',
      '{"code":-1003,"msg":"Too many requests"}',
      '{"lastUpdateId":1,"bids":[[',
    ]) {
      assert.ok(decodeFrame(sink, decoder, connector.snapshotFrame('X', answer)).result < 0, answer);
    }
    const query = { symbol: 'X', lastId: 5, fromMs: 1, toMs: 10 };
    assert.deepEqual(connector.readBackfill(query, '[]'), { frames: [], next: null });
    assert.throws(() => connector.readBackfill(query, '{"code":-1121}'), /expected a list of aggregates/);
    assert.throws(() => connector.readBackfill(query, 'busy'));
  });
});

describe('the Binance dialogue', () => {
  const subscription: Subscription = { symbol: 'BTCUSDT', channel: 'book' };

  it('tells which subscriptions an answer acknowledges or refuses', () => {
    const dialogue = new BinanceConnector('binance').dialogue();
    const trades: Subscription = { symbol: 'BTCUSDT', channel: 'trades' };
    assert.deepEqual(dialogue.subscribe([subscription, trades]), [
      '{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@aggTrade"],"id":1}',
    ]);
    dialogue.unsubscribe([trades]);
    dialogue.subscribe([trades]);
    assert.deepEqual(dialogue.read('{"result":null,"id":1}'), [
      { kind: 'acknowledged', subscription, isSubscribed: true },
      { kind: 'acknowledged', subscription: trades, isSubscribed: true },
    ]);
    assert.deepEqual(dialogue.read('{"id":2,"result":null}'), [
      { kind: 'acknowledged', subscription: trades, isSubscribed: false },
    ]);
    assert.deepEqual(dialogue.read('{"error":{"code":4,"msg":"Too many subscriptions"},"id":3}'), [
      { kind: 'refused', subscription: trades, message: 'Too many subscriptions' },
    ]);
    assert.deepEqual(dialogue.read('{"result":null,"id":1}'), [{ kind: 'alive' }]);
    assert.deepEqual(dialogue.read('{"code":3,"msg":"Invalid JSON"}'), [
      { kind: 'refused', subscription: null, message: 'Invalid JSON' },
    ]);
  });

  it('notices the end in both forms, and never throws', () => {
    const dialogue = new BinanceConnector('binance').dialogue();
    const ending = [{ kind: 'ending', message: 'serverShutdown' }];
    assert.deepEqual(dialogue.read('{"e":"serverShutdown","E":1770123456789}'), ending);
    assert.deepEqual(dialogue.read('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}'), ending);
    for (const text of ['', '{', 'null', '5', '[]', '{"data":null}', '{"id":{}}', '{"result":[],"id":null}', '"x"']) {
      assert.doesNotThrow(() => dialogue.read(text), text);
    }
  });

  it('asks for a sign of life where the server pings rarely', () => {
    assert.equal(new BinanceConnector('binance').dialogue().ping(), null);
    assert.equal(new BinanceConnector('binance').pingEveryMs, null);
    const futures = new BinanceConnector('binance-futures').dialogue();
    assert.equal(futures.ping(), '{"method":"LIST_SUBSCRIPTIONS","id":1}');
    assert.deepEqual(futures.read('{"result":["btcusdt@aggTrade"],"id":1}'), [{ kind: 'alive' }]);
  });
});

const codeOf = (socket: FakeSimSocket): number | null => socket.closed?.code ?? null;

describe('the simulated Binance', () => {
  const open = (venue: BinanceVenue, path: string): ReturnType<FakeVenue['open']> & { venue: FakeVenue } => {
    const fake = new FakeVenue(new BinanceSimulator(venue), { markets: 1 });
    return { ...fake.open(path), venue: fake };
  };

  it('takes subscriptions on a raw address, and switches to combined frames', () => {
    const { socket, session, venue } = open('binance', '/ws');
    const name = venue.markets[0].symbol.toLowerCase();
    session.message(`{"method":"SUBSCRIBE","params":["${name}@depth@100ms","${name}@trade","nothing@trade"],"id":1}`);
    session.message('{"method":"LIST_SUBSCRIPTIONS","id":"two"}');
    assert.deepEqual(socket.takeTexts(), [
      '{"result":null,"id":1}',
      `{"result":["${name}@depth@100ms","${name}@trade","nothing@trade"],"id":"two"}`,
    ]);
    venue.step(100);
    assert.ok(socket.takeTexts().every((text) => /^\{"e":"(depthUpdate|trade)"/.test(text)));
    session.message('{"method":"SET_PROPERTY","params":["combined",true],"id":3}');
    session.message('{"method":"GET_PROPERTY","params":["combined"],"id":4}');
    assert.deepEqual(socket.takeTexts(), ['{"result":null,"id":3}', '{"result":true,"id":4}']);
    venue.step(100);
    assert.ok(socket.takeTexts().every((text) => text.startsWith('{"stream":"')));
    session.message(`{"method":"UNSUBSCRIBE","params":["${name}@depth@100ms","${name}@trade"],"id":5}`);
    socket.take();
    venue.step(100);
    assert.deepEqual(socket.takeTexts(), []);
  });

  it('refuses in the venue’s words what it does not know', () => {
    const { socket, session } = open('binance', '/ws');
    for (const [message, answer] of [
      ['{', /"code":3,"msg":"Invalid JSON/],
      ['{"id":1}', /missing field `method`/],
      ['null', /missing field `method`/],
      ['{"method":"SUBSCRIBE","params":["x@trade"]}', /request ID must be an unsigned integer/],
      ['{"method":"BUY","id":1}', /unknown variant `BUY`/],
      ['{"method":"SUBSCRIBE","params":5,"id":1}', /invalid type/],
      ['{"method":"SET_PROPERTY","params":["x",true],"id":5}', /^\{"code":0,"msg":"Unknown property","id":5\}$/],
      ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":5}', /"code":1,/],
    ] as const) {
      session.message(message);
      assert.match(socket.takeTexts().join(), answer, message);
    }
    session.message(
      JSON.stringify({ method: 'SUBSCRIBE', id: 9, params: Array.from({ length: 1025 }, (_, i) => `${i}@trade`) }),
    );
    assert.match(socket.takeTexts().join(), /"code":4,"msg":"Too many subscriptions"\},"id":9/);
    assert.deepEqual(socket.violations, ['streams on one connection']);
  });

  it('numbers futures’ changes with holes and chains them by pu', () => {
    const { socket, venue } = open('binance-futures', '/public/ws/btcusdt@depth@100ms');
    venue.step(300);
    const frames = socket.takeTexts().map((text) => JSON.parse(text));
    assert.ok(frames.length > 10);
    for (let i = 1; i < frames.length; i++) {
      assert.equal(frames[i].pu, frames[i - 1].u);
      assert.ok(frames[i].U > frames[i].pu + 1);
    }
  });

  it('takes USD-M streams at the wrong address and sends nothing there', () => {
    for (const path of ['/public/ws/btcusdt@aggTrade', '/market/ws/btcusdt@depth@100ms', '/ws/btcusdt@aggTrade']) {
      const { socket, venue } = open('binance-futures', path);
      venue.step(200);
      assert.deepEqual(socket.takeTexts(), [], path);
    }
  });

  it('serves the addresses of its product and no others', () => {
    const spot = new BinanceSimulator('binance');
    const futures = new BinanceSimulator('binance-futures');
    for (const path of ['/ws', '/stream', '/ws/btcusdt@depth']) assert.ok(spot.isStreamPath(path), path);
    for (const path of ['/', '/api/v3/depth', '/public/stream', '/ws2']) assert.ok(!spot.isStreamPath(path), path);
    assert.ok(futures.isStreamPath('/public/stream') && futures.isStreamPath('/market/ws'));
    assert.ok(!futures.isStreamPath('/private/ws'));
  });

  it('pings at the product’s pace, says its end where it has a word for it, and ends after a day', () => {
    const spot = open('binance', '/stream?streams=btcusdt@trade');
    spot.venue.moveTime(61_000);
    assert.equal(spot.socket.pings, 3);
    assert.ok(spot.session.announceEnd());
    assert.deepEqual(new BinanceConnector('binance').dialogue().read(spot.socket.takeTexts()[0])[0].kind, 'ending');
    const futures = open('binance-futures', '/market/stream');
    futures.venue.moveTime(181_000);
    assert.equal(futures.socket.pings, 1);
    assert.ok(!futures.session.announceEnd());
    futures.venue.moveTime(86_400_000 - 182_000);
    assert.equal(codeOf(futures.socket), null);
    futures.venue.moveTime(2000);
    assert.equal(codeOf(futures.socket), 1001);
  });

  it('weighs snapshots by their depth and refuses what is not there', () => {
    const weight = (venue: BinanceVenue, path: string): number | undefined =>
      new FakeVenue(new BinanceSimulator(venue), { markets: 1 }).rest(path)?.weight;
    assert.deepEqual(
      [5, 100, 500, 1000, 5000].map((limit) => weight('binance', `/api/v3/depth?symbol=BTCUSDT&limit=${limit}`)),
      [5, 5, 25, 50, 250],
    );
    assert.equal(weight('binance-us', '/api/v3/depth?symbol=BTCUSDT&limit=5000'), 50);
    assert.equal(weight('binance-futures', '/fapi/v1/depth?symbol=BTCUSDT&limit=1000'), 20);
    const venue = new FakeVenue(new BinanceSimulator('binance'), { markets: 1 });
    assert.match(venue.rest('/api/v3/depth?symbol=NONE')?.body ?? '', /-1121/);
    assert.match(venue.rest('/api/v3/depth')?.body ?? '', /-1102/);
    assert.match(venue.rest('/api/v3/aggTrades?symbol=BTCUSDT&startTime=0&endTime=3600000')?.body ?? '', /-1127/);
    assert.equal(venue.rest('/fapi/v1/depth?symbol=BTCUSDT'), null);
    assert.equal(venue.rest('/api/v3/account'), null);
  });
});
