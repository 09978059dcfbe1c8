// Kraken's connector: requests, what it makes of answers; its dialogue with the simulator; and the frames that came with them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { KrakenConnector } from '../../../engine/venues/kraken/connect.ts';
import { KrakenDecoder } from '../../../engine/venues/kraken/decode.ts';
import type { BookDepth } from '../../../engine/venues/kraken/limits.ts';
import { KrakenSimulator } from '../../../engine/venues/kraken/simulate.ts';
import { FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { type Decoded, decodeFrame, MemorySink } from '../../support/memory-sink.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import type { Market } from '../../support/reference/market.ts';
import { Referee } from '../../support/reference/referee.ts';
import { type FakeSimSocket, FakeVenue } from '../../support/sim-fakes.ts';
import '../../support/seed.ts';

const { applied, control, missingField, range, shape, type } = FrameResult;

const both = (symbols: readonly string[]): Subscription[] =>
  symbols.flatMap((symbol) => [
    { symbol, channel: 'book' as const },
    { symbol, channel: 'trades' as const },
  ]);

/** Numbers without the zeros at their end, as Kraken's examples have them. */
const withoutZeros = (text: string): string =>
  text.replace(/("(?:price|qty)":\d+)(\.\d*?)0+(?=[,}])/g, '$1$2').replace(/\.(?=[,}])/g, '');

/** A client on one connection: every frame through the decoder and the referee, control frames to the dialogue. */
class Client {
  readonly connector: KrakenConnector;
  readonly dialogue;
  readonly referee = new Referee('kraken', []);
  readonly notices: Notice[] = [];
  readonly venue: FakeVenue;
  readonly socket: FakeSimSocket;
  private readonly session;
  private readonly sink = new MemorySink();
  private readonly decoder = new KrakenDecoder(this.sink, 'kraken');
  private readonly alter: (text: string) => string;

  constructor(markets = 3, depth: BookDepth = 100, alter: (text: string) => string = (text) => text) {
    this.connector = new KrakenConnector(depth);
    this.dialogue = this.connector.dialogue();
    this.venue = new FakeVenue(new KrakenSimulator(), { markets });
    const { socket, session } = this.venue.open(this.connector.path());
    this.socket = socket;
    this.session = session;
    this.alter = alter;
  }

  get symbols(): string[] {
    return this.venue.markets.map(({ symbol }) => symbol);
  }

  send(texts: readonly string[]): void {
    for (const text of texts) this.session.message(text);
    this.receive();
  }

  receive(): void {
    for (const text of this.socket.takeTexts()) this.frame(this.alter(text));
  }

  frame(text: string): void {
    const before = { ...this.referee.counts };
    this.referee.frame(text, this.venue.nowMs() * 1000, 'c');
    const { result } = decodeFrame(this.sink, this.decoder, text);
    assert.equal(result, this.referee.counts.applied > before.applied ? applied : control, text);
    if (result === control) this.notices.push(...this.dialogue.read(text));
  }

  market(symbol: string): Market {
    const market = this.referee.markets.byName.get(`kraken:${symbol}`);
    assert.ok(market !== undefined, symbol);
    return market;
  }

  assertBooks(depth: number): void {
    for (const truth of this.venue.markets) {
      const { book } = this.market(truth.symbol);
      assert.equal(book.state, 'live', `${truth.symbol} ${book.reason}`);
      assert.deepEqual([book.checksumsBad, book.gaps], [0, 0]);
      assert.ok(book.checksumsOk > 10, `${book.checksumsOk} checksums`);
      assert.deepEqual(texts(book.bids.levels), canonical(truth.bids(depth)));
      assert.deepEqual(texts(book.asks.levels), canonical(truth.asks(depth)));
    }
  }
}

const texts = (levels: readonly Level[]): string[][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

function canonical(levels: readonly (readonly [string, string])[]): string[][] {
  const cut = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return levels.map((level) => level.map(cut));
}

describe('a client of the simulated Kraken', () => {
  for (const depth of [10, 25, 100] as const) {
    it(`has books of ${depth} levels that hold their checksums, and all trades`, () => {
      const client = new Client(3, depth);
      client.venue.step(400);
      const past = new Map(client.venue.markets.map((market) => [market.symbol, market.trades(50).length]));
      const before = client.venue.events.length;
      client.send([...client.dialogue.greet(), ...client.dialogue.subscribe(both(client.symbols))]);
      client.venue.step(600);
      client.venue.settle();
      client.receive();
      client.assertBooks(depth);
      assert.deepEqual([client.referee.counts.unknown, client.referee.counts.rejected], [0, {}]);
      for (const { symbol } of client.venue.markets) {
        const live = client.venue.events
          .slice(before)
          .filter(({ market, trade }) => trade !== null && market.symbol === symbol);
        assert.equal(client.market(symbol).trades.count, live.length + (past.get(symbol) ?? 0));
      }
    });
  }

  it('gets one acknowledgement for each subscription, asked for in batches', () => {
    const client = new Client(12);
    const wanted = both(client.symbols);
    client.send(client.dialogue.subscribe(wanted.slice(0, 20)));
    client.send(client.dialogue.subscribe(wanted.slice(20)));
    const acknowledged = client.notices.filter((notice) => notice.kind === 'acknowledged');
    assert.equal(acknowledged.length, 24);
    for (const subscription of wanted) {
      assert.ok(acknowledged.some((notice) => notice.isSubscribed && same(notice.subscription, subscription)));
    }
    assert.deepEqual(client.socket.violations, []);
  });

  it('begins a book anew by unsubscribing and subscribing again, and leaves the others alone', () => {
    const client = new Client(2);
    client.send([...client.dialogue.greet(), ...client.dialogue.subscribe(both(client.symbols))]);
    client.venue.step(100);
    const book: Subscription = { symbol: client.symbols[0], channel: 'book' };
    client.receive();
    client.notices.length = 0;
    client.send(client.dialogue.unsubscribe([book]));
    assert.deepEqual(client.notices, [{ kind: 'acknowledged', subscription: book, isSubscribed: false }]);
    client.venue.step(100);
    assert.ok(
      client.socket
        .take()
        .every((sent) => sent.kind === 'answer' || sent.symbol !== book.symbol || sent.channel === 'trades'),
    );
    // The other market's frames were taken off the socket above, so its book begins anew too.
    const other: Subscription = { symbol: client.symbols[1], channel: 'book' };
    client.send(client.dialogue.unsubscribe([other]));
    client.send(client.dialogue.subscribe([book, other]));
    client.venue.step(200);
    client.venue.settle();
    client.receive();
    client.assertBooks(100);
  });

  it('checks books by the precision of the instruments where zeros at the end are not sent', () => {
    const client = new Client(3, 10, withoutZeros);
    client.send([...client.dialogue.greet(), ...client.dialogue.subscribe(both(client.symbols))]);
    client.venue.step(300);
    client.venue.settle();
    client.receive();
    client.assertBooks(10);
    const unaware = new Client(3, 10, withoutZeros);
    unaware.send(unaware.dialogue.subscribe(both(unaware.symbols)));
    unaware.venue.step(300);
    unaware.receive();
    assert.ok(unaware.symbols.some((symbol) => unaware.market(symbol).book.checksumsBad > 0));
  });

  it('is told what the venue refuses', () => {
    const client = new Client(1);
    const wrong: Subscription = { symbol: 'XBT/USD', channel: 'book' };
    client.send(client.dialogue.subscribe([wrong]));
    const message = 'Currency pair not supported XBT/USD';
    assert.deepEqual(client.notices.at(-1), { kind: 'refused', subscription: wrong, message });
    const right: Subscription = { symbol: client.symbols[0], channel: 'trades' };
    client.send(client.dialogue.subscribe([right]));
    client.send(client.dialogue.subscribe([right]));
    assert.deepEqual(client.notices.at(-1), { kind: 'acknowledged', subscription: right, isSubscribed: true });
    client.send(['{', '{"method":"buy"}', '{"method":"subscribe","params":{"channel":"ticker"}}']);
    assert.deepEqual(
      client.notices.slice(-3).map((notice) => (notice.kind === 'refused' ? notice.message : notice.kind)),
      ['Malformed request', 'Unsupported method', 'Invalid channel'],
    );
  });

  it('hears a heartbeat each second of silence and a pong to its ping', () => {
    const client = new Client(1);
    client.send(client.dialogue.subscribe([{ symbol: client.symbols[0], channel: 'book' }]));
    client.venue.moveTime(5000);
    const beats = client.socket.takeTexts();
    assert.deepEqual(
      beats,
      Array.from({ length: 5 }, () => '{"channel":"heartbeat"}'),
    );
    assert.deepEqual(client.dialogue.read(beats[0]), [{ kind: 'alive' }]);
    client.send([client.dialogue.ping() ?? '']);
    assert.deepEqual(client.notices.at(-1), { kind: 'alive' });
  });

  it('gets lost trades back, page by page', () => {
    const client = new Client(1);
    const [market] = client.venue.markets;
    client.connector.readListing(client.venue.rest(client.connector.listing().path)?.body ?? '');
    client.venue.step(8000, null, 20);
    const all = market.trades(2000);
    const first = all[100];
    const last = all[all.length - 20];
    const query = { symbol: market.symbol, lastId: first.id, fromMs: first.timeMs, toMs: last.timeMs };
    let request = client.connector.backfill(query);
    let pages = 0;
    for (let more = true; more; pages++) {
      const { frames, next } = client.connector.readBackfill(query, client.venue.rest(request.path)?.body ?? '');
      for (const frame of frames) client.frame(frame);
      more = next !== null;
      request = next ?? request;
    }
    const wanted = all.filter(({ timeMs }) => timeMs >= first.timeMs && timeMs <= last.timeMs);
    assert.ok(pages >= 2 && wanted.length > 1000, `${pages} pages, ${wanted.length} trades`);
    assert.equal(client.market(market.symbol).trades.count, wanted.length);
  });
});

const same = (a: Subscription, b: Subscription): boolean => a.symbol === b.symbol && a.channel === b.channel;

describe('the Kraken connector', () => {
  it('lists pairs by their v2 names, and asks REST by the venue’s own', () => {
    const connector = new KrakenConnector();
    const answer = {
      error: [],
      result: {
        XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', status: 'online' },
        XDGEUR: { altname: 'XDGEUR', wsname: 'XDG/EUR' },
        OLDUSD: { altname: 'OLDUSD', wsname: 'OLD/USD', status: 'cancel_only' },
        'XBTUSD.d': { altname: 'XBTUSD.d', status: 'online' },
        SPECIAL: { altname: 'SPX.USD', wsname: 'SP/USD', status: 'online' },
      },
    };
    assert.deepEqual(connector.readListing(JSON.stringify(answer)), ['BTC/USD', 'DOGE/EUR', 'SP/USD']);
    const query = { lastId: null, fromMs: 1_700_000_000_000, toMs: 1_700_000_001_000 };
    const path = (symbol: string): string => connector.backfill({ ...query, symbol }).path;
    assert.equal(path('BTC/USD'), '/0/public/Trades?pair=XBTUSD&since=1699999999999000000&count=1000');
    assert.match(path('SP/USD'), /pair=SPX\.USD&/);
    assert.match(path('ETH/DOGE'), /pair=ETHXDG&/);
    assert.throws(() => connector.readListing('{"error":["EGeneral"]}'), /expected "result"/);
  });

  it('refuses answers that are no trades', () => {
    const connector = new KrakenConnector();
    const query = { symbol: 'BTC/USD', lastId: null, fromMs: 1, toMs: 2 };
    for (const answer of [
      '{"error":["EQuery:Unknown asset pair"]}',
      '{"error":["x"],"result":{"A":[]}}',
      '{}',
      '[]',
      'busy',
    ])
      assert.throws(() => connector.readBackfill(query, answer), answer);
    assert.deepEqual(connector.readBackfill(query, '{"error":[],"result":{"A":[],"last":"5"}}'), {
      frames: [],
      next: null,
    });
  });

  it('asks for books with their depth, trades with the last fifty, in messages that name the request', () => {
    const dialogue = new KrakenConnector(25).dialogue();
    assert.deepEqual(dialogue.greet(), [
      '{"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":1}',
    ]);
    assert.deepEqual(dialogue.subscribe(both(['BTC/USD', 'ETH/USD'])), [
      '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":25,"snapshot":true},"req_id":2}',
      '{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","ETH/USD"],"snapshot":true},"req_id":3}',
    ]);
    assert.deepEqual(dialogue.unsubscribe([{ symbol: 'BTC/USD', channel: 'book' }]), [
      '{"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25},"req_id":4}',
    ]);
    assert.deepEqual([dialogue.subscribe([]), dialogue.unsubscribe([])], [[], []]);
  });

  it('never throws on what it reads', () => {
    const dialogue = new KrakenConnector().dialogue();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '5',
      '{"method":"subscribe"}',
      '{"method":"subscribe","success":true,"result":null}',
    ])
      assert.doesNotThrow(() => dialogue.read(text), text);
    fc.assert(fc.property(fc.json(), (text) => Array.isArray(dialogue.read(text))));
  });
});

describe('the simulated Kraken', () => {
  it('says its status first, and asks for the depth of a book to end it', () => {
    const client = new Client(1);
    assert.match(client.socket.takeTexts()[0], /^\{"channel":"status","type":"update","data":\[\{"api_version":"v2"/);
    const [symbol] = client.symbols;
    const ask = (method: string, depth: number): string =>
      `{"method":"${method}","params":{"channel":"book","symbol":["${symbol}"],"depth":${depth}}}`;
    client.send([ask('subscribe', 25)]);
    client.send([ask('unsubscribe', 10)]);
    client.send([ask('subscribe', 7)]);
    client.send([ask('unsubscribe', 25)]);
    const texts = client.socket.texts.filter((text) => text.includes('"method"'));
    assert.deepEqual(
      texts.map((text) => JSON.parse(text).error ?? 'ok'),
      ['ok', 'Subscription Not Found', 'Subscription depth not supported', 'ok'],
    );
  });

  it('tells levels that are gone, and none that only left the depth', () => {
    const client = new Client(1, 10);
    const [market] = client.venue.markets;
    client.send(client.dialogue.subscribe([{ symbol: market.symbol, channel: 'book' }]));
    let gone = 0;
    let entered = 0;
    for (let step = 0; step < 500; step++) {
      client.venue.step();
      for (const text of client.socket.takeTexts()) {
        const [data] = JSON.parse(text).data ?? [];
        for (const [rows, levels] of [
          [data?.bids ?? [], market.bids()],
          [data?.asks ?? [], market.asks()],
        ]) {
          const held = new Set(levels.map(([price]: readonly [string, string]) => Number(price)));
          for (const { price, qty } of rows) {
            assert.equal(held.has(price), qty > 0, text);
            if (qty === 0) gone++;
            else entered++;
          }
        }
      }
    }
    assert.ok(gone > 5 && entered > 5, `${gone} gone, ${entered} entered`);
  });

  it('counts what is more than one connection or message may have', () => {
    const client = new Client(101);
    client.send(client.dialogue.subscribe(client.symbols.map((symbol) => ({ symbol, channel: 'book' }))));
    assert.deepEqual(client.socket.violations, ['symbols in one message', 'books on one connection']);
  });

  it('ends a connection on which nothing is asked', () => {
    const client = new Client(1);
    client.venue.moveTime(59_000);
    assert.equal(client.socket.closed, null);
    client.venue.moveTime(1500);
    assert.notEqual(client.socket.closed, null);
  });

  it('answers what it does not know as the venue does', () => {
    const { venue } = new Client(1);
    assert.equal(venue.rest('/0/public/Trades?pair=NONE')?.body, '{"error":["EQuery:Unknown asset pair"]}');
    assert.match(venue.rest('/0/public/Trades?pair=XBTUSD&since=x')?.body ?? '', /EGeneral/);
    assert.equal(venue.rest('/0/private/Balance'), null);
  });
});

const ROW = ['30243.40000', '0.34507674', 1688669597.8277369, 'b', 'm', '', 61044952];

function decodeBackfill(backfill: unknown): Decoded {
  const sink = new MemorySink();
  return decodeFrame(sink, new KrakenDecoder(sink, 'kraken'), JSON.stringify({ backfill }));
}

describe('trades that REST gave', () => {
  const pushed = (...rows: unknown[]): object => ({
    symbol: 'BTC/USD',
    trades: { error: [], result: { XXBTZUSD: rows, last: '1688671969993150842' } },
  });

  it('are past trades with their ids, and without where the row has none', () => {
    const { result, records } = decodeBackfill(pushed(ROW, [...ROW.slice(0, 3), 's', 'l', '']));
    const trade = {
      type: 'trade',
      market: 'BTC/USD',
      count: 1,
      receiveTimeNs: 1,
      exchangeTimeUs: 1_688_669_597_827_736,
    };
    const numbers = { price: '30243.4', quantity: '0.34507674' };
    assert.equal(result, applied);
    assert.deepEqual(records, [
      { ...trade, ...numbers, flags: Side.buy | TradeFlag.history, id: 61044952 },
      { ...trade, ...numbers, flags: Side.sell | TradeFlag.history | TradeFlag.noId, id: 0 },
    ]);
    assert.deepEqual(decodeBackfill(pushed()), { result: applied, records: [] });
  });

  const put = (index: number, value: unknown): object => pushed(ROW.with(index, value as string));
  for (const [backfill, result] of [
    [[], type],
    [{ symbol: 'X' }, missingField],
    [{ symbol: 'X', trades: {} }, missingField],
    [{ symbol: 'X', trades: [] }, type],
    [{ symbol: 'X', trades: { result: [] } }, type],
    [pushed(5), type],
    [pushed(ROW.slice(0, 3)), shape],
    [put(0, 5), type],
    [put(0, '0'), range],
    [put(2, '1688669597'), type],
    [put(2, 16886695970), range],
    [put(2, -1), type],
    [put(3, 'x'), type],
    [put(6, -1), range],
    [put(6, 'x'), type],
  ] as const) {
    it(`are refused as ${JSON.stringify(backfill).slice(0, 90)}`, () =>
      assert.equal(decodeBackfill(backfill).result, result));
  }
});

describe('the instrument channel', () => {
  const BOOK =
    '{"channel":"book","type":"update","data":[{"symbol":"A/USD","bids":[{"price":0.567,"qty":5}],"asks":[]}]}';

  function decimalsAfter(instrument: unknown): unknown[] {
    const sink = new MemorySink();
    const decoder = new KrakenDecoder(sink, 'kraken');
    const frame =
      typeof instrument === 'string'
        ? instrument
        : JSON.stringify({ channel: 'instrument', type: 'snapshot', data: instrument });
    assert.equal(decodeFrame(sink, decoder, frame).result, control);
    const { priceDecimals, quantityDecimals } = decodeFrame(sink, decoder, BOOK).records[1];
    return [priceDecimals, quantityDecimals];
  }

  const pair = { symbol: 'A/USD', qty_precision: 8, price_precision: 4 };

  it('tells the digits of levels, wherever its data stand, and the last word counts', () => {
    assert.deepEqual(decimalsAfter({ assets: [], pairs: [{ symbol: 'B/USD' }, pair] }), [4, 8]);
    assert.deepEqual(decimalsAfter(JSON.stringify({ data: { pairs: [pair] }, channel: 'instrument' })), [4, 8]);
    assert.deepEqual(decimalsAfter({ pairs: [pair, { ...pair, price_precision: 6 }] }), [6, 8]);
    assert.deepEqual(decimalsAfter({ pairs: [{ ...pair, price_precision: 2 }] }), [3, 8]);
  });

  it('leaves digits as sent where it is not understood', () => {
    for (const data of [
      null,
      [],
      {},
      { pairs: {} },
      { pairs: [null, 5, {}] },
      { pairs: [{ ...pair, qty_precision: 'x' }] },
      { pairs: [{ ...pair, price_precision: 99 }] },
    ])
      assert.deepEqual(decimalsAfter(data), [3, 0], JSON.stringify(data));
  });
});
