// The dialogue with Hyperliquid: what is asked, what answers and errors mean, and all of it against the simulated venue,
// whose frames go through decoder and book.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { HyperliquidConnector } from '../../../engine/venues/hyperliquid/connect.ts';
import { HyperliquidDecoder } from '../../../engine/venues/hyperliquid/decode.ts';
import { SUBSCRIPTIONS_MAX } from '../../../engine/venues/hyperliquid/limits.ts';
import { venueNumber } from '../../../engine/venues/hyperliquid/sim-frames.ts';
import { HyperliquidSimulator } from '../../../engine/venues/hyperliquid/simulate.ts';
import { BookState, FrameResult, LevelFlag, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { Referee } from '../../support/reference/referee.ts';
import { FAKE_START_MS, FakeVenue, type FakeVenueOptions } from '../../support/sim-fakes.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

const connector = new HyperliquidConnector();
const BOOK: Subscription = { symbol: 'BTC', channel: 'book' };
const TRADES: Subscription = { symbol: 'BTC', channel: 'trades' };

// ---- texts

test('a request asks for one subscription, by the names of the venue', () => {
  const dialogue = connector.dialogue();
  assert.deepEqual(dialogue.greet(), []);
  assert.deepEqual(dialogue.subscribe([BOOK, { symbol: '@107', channel: 'trades' }]), [
    '{"method":"subscribe","subscription":{"type":"l2Book","coin":"BTC"}}',
    '{"method":"subscribe","subscription":{"type":"trades","coin":"@107"}}',
  ]);
  assert.deepEqual(dialogue.unsubscribe([TRADES]), [
    '{"method":"unsubscribe","subscription":{"type":"trades","coin":"BTC"}}',
  ]);
  assert.equal(dialogue.ping(), '{"method":"ping"}');
});

test('answers are matched by type and coin, whatever else the echo has', () => {
  const answer = (method: string, subscription: unknown): string =>
    JSON.stringify({ channel: 'subscriptionResponse', data: { method, subscription } });
  const table: [string, Notice[]][] = [
    [
      answer('subscribe', { type: 'l2Book', coin: 'BTC' }),
      [{ kind: 'acknowledged', subscription: BOOK, isSubscribed: true }],
    ],
    [
      answer('subscribe', { mantissa: null, coin: 'BTC', nSigFigs: null, type: 'l2Book' }),
      [{ kind: 'acknowledged', subscription: BOOK, isSubscribed: true }],
    ],
    [
      answer('unsubscribe', { type: 'trades', coin: 'BTC' }),
      [{ kind: 'acknowledged', subscription: TRADES, isSubscribed: false }],
    ],
    [answer('subscribe', { type: 'bbo', coin: 'BTC' }), []],
    [answer('subscribe', { type: 'l2Book' }), []],
    [answer('other', { type: 'l2Book', coin: 'BTC' }), []],
    [answer('subscribe', null), []],
    ['{"channel":"subscriptionResponse"}', []],
    ['{"channel":"subscriptionResponse","data":null}', []],
    ['{"channel":"pong"}', [{ kind: 'alive' }]],
    ['{"channel":"notification","data":{}}', []],
    ['Websocket connection established.', []],
    ['null', []],
    ['7', []],
    ['', []],
  ];
  const dialogue = connector.dialogue();
  for (const [text, notices] of table) assert.deepEqual(dialogue.read(text), notices, text);
});

test('an error is of the subscription that its text names, and of none else', () => {
  const error = (message: string): string => JSON.stringify({ channel: 'error', data: message });
  const echo = '{"type":"l2Book","coin":"BTC"}';
  const refused = (message: string, subscription: Subscription | null): Notice[] => [
    { kind: 'refused', subscription, message },
  ];
  const invalid = `Invalid subscription ${echo}`;
  // As recorded, with the spaces of its sender.
  const parsing =
    'Error parsing JSON into valid websocket request: {"method": "subscribe", "subscription": {"type": "trades", "coin": "BTC"}}';
  const unknownType = parsing.replace('trades', 'noSuchType');
  const table: [string, Notice[]][] = [
    [`Already subscribed: ${echo}`, [{ kind: 'acknowledged', subscription: BOOK, isSubscribed: true }]],
    [`Already unsubscribed: ${echo}`, [{ kind: 'acknowledged', subscription: BOOK, isSubscribed: false }]],
    [invalid, refused(invalid, BOOK)],
    [parsing, refused(parsing, TRADES)],
    [unknownType, refused(unknownType, null)],
    ['Already subscribed: {"type":', refused('Already subscribed: {"type":', null)],
    ['Cannot subscribe to more than 1000 channels.', refused('Cannot subscribe to more than 1000 channels.', null)],
    [
      'Cannot send more than 2000 messages per minute.',
      refused('Cannot send more than 2000 messages per minute.', null),
    ],
  ];
  const dialogue = connector.dialogue();
  for (const [message, notices] of table) assert.deepEqual(dialogue.read(error(message)), notices, message);
  assert.deepEqual(dialogue.read('{"channel":"error","data":{}}'), []);
});

test('the list of markets holds perpetuals and spot markets; another answer is an error', () => {
  const request = connector.listing();
  assert.deepEqual([request.method, request.path, request.body], ['POST', '/info', '{"type":"allMids"}']);
  assert.deepEqual(connector.readListing('{"BTC":"1.5","PURR/USDC":"2.0","@107":"3.0"}'), ['BTC', 'PURR/USDC', '@107']);
  for (const answer of ['null', '[]', '{}', '7', '<html>']) {
    assert.throws(() => connector.readListing(answer), Error, answer);
  }
});

// ---- trades since a loss

const past = (time: number, tid: number): object => ({ coin: 'BTC', side: 'A', px: '1.10', sz: '2.0', time, tid });
const query = { symbol: 'BTC', lastId: null, fromMs: 1000, toMs: 2000 };

test('past trades are turned to oldest first, kept inside the span, and whole only where they reach beyond its begin', () => {
  const newestFirst = [past(2001, 6), past(2000, 5), past(1500, 4), past(1500, 3), past(1000, 2), past(999, 1)];
  const read = connector.readBackfill(query, JSON.stringify(newestFirst));
  const sink = new MemorySink();
  const decoded = decodeFrame(sink, new HyperliquidDecoder(sink, 'hyperliquid'), read.frames[0]);
  assert.deepEqual(
    decoded.records.flatMap(({ text = null }) => (text === null ? [] : [text])),
    ['1000-2', '1500-3', '1500-4', '2000-5'],
  );
  assert.ok(decoded.records.every(({ type, flags }) => type !== 'trade' || (Number(flags) & TradeFlag.history) !== 0));
  assert.deepEqual([read.frames.length, read.next, read.isWhole], [1, null, true]);
  const ten = Array.from({ length: 10 }, (_, index) => past(1900 - index, index));
  assert.equal(connector.readBackfill(query, JSON.stringify(ten)).isWhole, false);
  assert.equal(connector.readBackfill(query, JSON.stringify([...ten, past(1000, 11)])).isWhole, false);
  assert.equal(connector.readBackfill(query, JSON.stringify([...ten, past(999, 11)])).isWhole, true);
  assert.deepEqual(connector.readBackfill(query, '[]'), { frames: [], next: null, isWhole: true });
  for (const answer of ['null', '{}', '[7]', '[{"coin":"BTC"}]']) {
    assert.throws(() => connector.readBackfill(query, answer), Error, answer);
  }
});

// ---- with the simulated venue

/** One client: the frames that came are decoded into books, and given to the referee. */
class Client {
  readonly venue: FakeVenue;
  readonly dialogue = connector.dialogue();
  readonly referee = new Referee('hyperliquid', ['1m']);
  readonly books = new Map<string, BookUnderTest>();
  readonly notices: Notice[] = [];
  /** Ids of trades by market, in the order they came, repeats too. */
  readonly ids = new Map<string, string[]>();
  readonly results: number[] = [];
  readonly connection;
  private readonly sink = new MemorySink();
  private readonly decoder = new HyperliquidDecoder(this.sink, 'hyperliquid');

  constructor(options: FakeVenueOptions = {}, simulated = new HyperliquidSimulator()) {
    this.venue = new FakeVenue(simulated, options);
    this.connection = this.venue.open(connector.path());
  }

  send(texts: readonly (string | null)[]): void {
    for (const text of texts) if (text !== null) this.connection.session.message(text);
    this.receive();
  }

  receive(): string[] {
    const texts = this.connection.socket.takeTexts();
    for (const text of texts) this.take(text);
    return texts;
  }

  take(text: string): readonly MemoryRecord[] {
    const { result, records } = decodeFrame(this.sink, this.decoder, text);
    this.results.push(result);
    this.referee.frame(text, this.venue.nowMs() * 1000, '');
    if (result === FrameResult.control) this.notices.push(...this.dialogue.read(text));
    if (records[0]?.type === 'bookChange') this.feed(records);
    for (const { type, market, text: id } of records)
      if (type === 'tradeId') this.ids.set(market, [...(this.ids.get(market) ?? []), String(id)]);
    return records;
  }

  private feed([head, ...levels]: readonly MemoryRecord[]): void {
    const side = (flag: number): TextLevel[] =>
      levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
    const numbers = { flags: Number(head['flags']), last: Number(head['lastSequence']) };
    const change: Change = { ...numbers, bids: side(0), asks: side(LevelFlag.ask) };
    const book = this.books.get(head.market) ?? new BookUnderTest('hyperliquid');
    this.books.set(head.market, book);
    book.feed(change);
  }
}

const plain = (levels: readonly (readonly [string, string])[]): string[][] =>
  levels.map((level) => level.map((text) => venueNumber(text).replace(/\.0$/, '')));

test('books equal the venue, and every trade comes, each once but for what the first push repeats', () => {
  const client = new Client({ markets: 4, seed: 3 });
  const symbols = client.venue.markets.map(({ symbol }) => symbol);
  const all = symbols.flatMap((symbol): Subscription[] => [
    { symbol, channel: 'book' },
    { symbol, channel: 'trades' },
  ]);
  client.send(client.dialogue.subscribe(all));
  assert.deepEqual(
    client.notices,
    all.map((subscription) => ({ kind: 'acknowledged', subscription, isSubscribed: true })),
  );
  const before = new Map(symbols.map((symbol) => [symbol, client.ids.get(symbol)?.length ?? 0]));
  for (let round = 0; round < 60; round++) {
    client.venue.step(25);
    client.receive();
  }
  client.venue.settle();
  client.venue.moveTime(600);
  client.receive();
  for (const market of client.venue.markets) {
    const { symbol } = market;
    const book = client.books.get(symbol) as BookUnderTest;
    assert.deepEqual([plain(book.bids), plain(book.asks)], [plain(market.bids(20)), plain(market.asks(20))]);
    assert.deepEqual([book.book.state, book.counted('duplicates')], [BookState.live, 0]);
    const made = client.venue.events.filter((event) => event.market === market && event.trade !== null).length;
    const ids = client.ids.get(symbol) ?? [];
    assert.ok(made > 0);
    assert.deepEqual([ids.length - (before.get(symbol) ?? 0), new Set(ids).size], [made, ids.length], symbol);
    const other = client.referee.markets.byName.get(`hyperliquid:${symbol}`);
    assert.equal(other?.trades.count, ids.length);
    assert.equal(other?.book.seq, book.book.bookSequence);
  }
  assert.ok(client.results.every((result) => result === FrameResult.applied || result === FrameResult.control));
  assert.deepEqual(client.connection.socket.violations, []);
});

test('the first push holds trades of before, flagged as history; those that follow are not', () => {
  const client = new Client({ markets: 1 });
  const [{ symbol }] = client.venue.markets;
  const [subscribe] = client.dialogue.subscribe([{ symbol, channel: 'trades' }]);
  client.connection.session.message(subscribe);
  client.venue.step(200);
  client.venue.moveTime(200);
  const isHistory = client.connection.socket.takeTexts().flatMap((text) => {
    const flags = client.take(text).flatMap(({ type, flags: bits }) => (type === 'trade' ? [Number(bits)] : []));
    return flags.length === 0 ? [] : [flags.every((bits) => (bits & TradeFlag.history) !== 0)];
  });
  assert.ok(isHistory.length > 1);
  assert.deepEqual(isHistory, [true, ...isHistory.slice(1).map(() => false)]);
});

test('a repeated subscribe is an error that ends nothing, and unsubscribing ends the pushes', () => {
  const client = new Client({ markets: 1 });
  const [{ symbol }] = client.venue.markets;
  const book: Subscription = { symbol, channel: 'book' };
  client.send([...client.dialogue.subscribe([book]), ...client.dialogue.subscribe([book])]);
  const taken: Notice = { kind: 'acknowledged', subscription: book, isSubscribed: true };
  assert.deepEqual(client.notices, [taken, taken]);
  client.venue.moveTime(1000);
  assert.equal(client.receive().length, 2);
  client.send([...client.dialogue.unsubscribe([book]), ...client.dialogue.unsubscribe([book])]);
  const ended: Notice = { kind: 'acknowledged', subscription: book, isSubscribed: false };
  assert.deepEqual(client.notices, [taken, taken, ended, ended]);
  client.venue.moveTime(2000);
  assert.deepEqual(client.receive(), []);
  client.send(client.dialogue.subscribe([book]));
  client.venue.moveTime(100);
  assert.equal(client.receive().length, 1);
  assert.deepEqual(client.connection.socket.violations, []);
});

test('books come at their cadence though nothing changes, each later than the one before', () => {
  const client = new Client({ markets: 1 }, new HyperliquidSimulator(300));
  const [{ symbol }] = client.venue.markets;
  client.send(client.dialogue.subscribe([{ symbol, channel: 'book' }]));
  client.venue.moveTime(1000);
  const times = client.receive().map((text) => (JSON.parse(text) as { data: { time: number } }).data.time);
  assert.deepEqual(
    times.map((time) => time - FAKE_START_MS),
    [100, 400, 700, 1000],
  );
});

test('a fast book has five levels and says so; a bbo is pushed where it is another', () => {
  const client = new Client({ markets: 1 });
  const [market] = client.venue.markets;
  const ask = (subscription: object): string => JSON.stringify({ method: 'subscribe', subscription });
  client.send([ask({ type: 'l2Book', coin: market.symbol, fast: true }), ask({ type: 'bbo', coin: market.symbol })]);
  client.venue.moveTime(400);
  const pushed = client.connection.socket.takeTexts();
  const channels = pushed.map((text) => (JSON.parse(text) as { channel: string }).channel);
  assert.deepEqual(channels, ['l2Book', 'bbo']);
  const { data } = JSON.parse(pushed[0]) as { data: { fast: boolean; levels: object[][] } };
  assert.deepEqual([data.fast, data.levels.map(({ length }) => length)], [true, [5, 5]]);
  const [bid, offer] = client.take(pushed[1]);
  assert.deepEqual(plain([[String(bid['bidPrice']), String(bid['bidQuantity'])]]), plain(market.bids(1)));
  assert.deepEqual(plain([[String(offer['askPrice']), String(offer['askQuantity'])]]), plain(market.asks(1)));
});

test('what the venue cannot read, does not know or has too much of is an error', () => {
  const client = new Client({ markets: 1 });
  const [{ symbol }] = client.venue.markets;
  assert.deepEqual(client.receive(), ['Websocket connection established.']);
  const refusals: [string, RegExp][] = [
    ['ping', /^Error parsing JSON into valid websocket request: ping$/],
    ['null', /^Error parsing JSON/],
    ['{"method":7}', /^Error parsing JSON/],
    ['{"method":"subscribe","subscription":null}', /^Error parsing JSON/],
    ['{"method":"subscribe","subscription":{"type":"noSuchType","coin":"BTC"}}', /^Error parsing JSON.*noSuchType/],
    ['{"method":"subscribe","subscription":{"type":"l2Book","coin":"NONE"}}', /^Invalid subscription \{.*NONE/],
  ];
  for (const [text, pattern] of refusals) {
    client.connection.session.message(text);
    const [answer] = client.receive();
    const { channel, data } = JSON.parse(answer) as { channel: string; data: string };
    assert.equal(channel, 'error');
    assert.match(data, pattern);
  }
  assert.deepEqual(client.connection.socket.violations, []);
  const unlike = (count: number): string =>
    JSON.stringify({ method: 'subscribe', subscription: { type: 'l2Book', coin: symbol, fast: count > 0 } });
  client.send([unlike(0), unlike(1)]);
  client.send([connector.dialogue().ping()]);
  assert.deepEqual(client.notices.at(-1), { kind: 'alive' });
});

test('the thousand-and-first subscription is refused and counted', () => {
  const client = new Client({ markets: SUBSCRIPTIONS_MAX / 4 + 1, levels: 12 });
  const requests = client.venue.markets.flatMap(({ symbol: coin }) =>
    [{ type: 'l2Book' }, { type: 'l2Book', fast: true }, { type: 'trades' }, { type: 'bbo' }].map((asked) =>
      JSON.stringify({ method: 'subscribe', subscription: { ...asked, coin } }),
    ),
  );
  const ask = (text: string): string => {
    client.connection.socket.take();
    client.connection.session.message(text);
    return client.connection.socket.takeTexts()[0];
  };
  for (const text of requests.slice(0, SUBSCRIPTIONS_MAX)) assert.match(ask(text), /subscriptionResponse/);
  assert.deepEqual(client.connection.socket.violations, []);
  const refusal = '{"channel":"error","data":"Cannot subscribe to more than 1000 channels."}';
  assert.equal(ask(requests[SUBSCRIPTIONS_MAX]), refusal);
  assert.deepEqual(client.connection.socket.violations, ['subscriptions']);
});

test('a client to whom nothing is sent for a minute is let go; pings keep it', () => {
  const silent = new Client({ markets: 1 });
  const pinging = new Client({ markets: 1 });
  for (let round = 0; round < 3; round++) {
    for (const { venue } of [silent, pinging]) venue.moveTime(connector.pingEveryMs);
    pinging.send([pinging.dialogue.ping()]);
  }
  assert.deepEqual(silent.connection.socket.closed, { code: 1000, reason: 'Inactive' });
  assert.equal(pinging.connection.socket.closed, null);
  assert.ok(connector.pingEveryMs < connector.deadAfterMs);
});

test('by REST the venue gives its markets, a book, and the latest trades with the ids of the pushes', () => {
  const client = new Client({ markets: 3 });
  const { venue } = client;
  const symbols = venue.markets.map(({ symbol }) => symbol);
  const [market] = venue.markets;
  const ask = (body: object): { status: number; body: string; weight: number } => {
    const answer = venue.rest('/info', JSON.stringify(body));
    assert.ok(answer !== null);
    return answer;
  };
  const listing = connector.listing();
  assert.deepEqual(connector.readListing(venue.rest(listing.path, listing.body)?.body ?? ''), symbols);
  const meta = JSON.parse(ask({ type: 'meta' }).body) as { universe: { name: string }[] };
  assert.deepEqual(
    meta.universe.map(({ name }) => name),
    symbols,
  );
  const book = JSON.parse(ask({ type: 'l2Book', coin: market.symbol }).body) as {
    levels: { px: string; sz: string }[][];
  };
  assert.deepEqual(
    book.levels.map((side) => plain(side.map(({ px, sz }) => [px, sz]))),
    [plain(market.bids(20)), plain(market.asks(20))],
  );
  assert.equal(ask({ type: 'l2Book', coin: 'NONE' }).body, 'null');
  assert.equal(ask({ type: 'unheard-of' }).status, 422);
  assert.equal(venue.rest('/info')?.status, 405);
  assert.equal(venue.rest('/other', '{}'), null);
  client.send(client.dialogue.subscribe([{ symbol: market.symbol, channel: 'trades' }]));
  venue.step(60, market.symbol);
  venue.moveTime(200);
  client.receive();
  const span = { symbol: market.symbol, lastId: null, fromMs: FAKE_START_MS, toMs: venue.nowMs() };
  const request = connector.backfill(span);
  const answer = venue.rest(request.path, request.body);
  assert.equal(answer?.weight, request.weight);
  const { frames, isWhole } = connector.readBackfill(span, answer?.body ?? '');
  const pushed = client.ids.get(market.symbol) ?? [];
  const counted = client.referee.markets.byName.get(`hyperliquid:${market.symbol}`)?.trades.count;
  for (const frame of frames) client.take(frame);
  assert.deepEqual(client.ids.get(market.symbol)?.slice(pushed.length), pushed.slice(-10));
  assert.equal(client.referee.markets.byName.get(`hyperliquid:${market.symbol}`)?.trades.count, counted);
  assert.equal(isWhole, false);
});

test('trades that a lost push held are the ones that past trades bring', () => {
  const client = new Client({ markets: 1, seed: 5 });
  const { venue } = client;
  const [{ symbol }] = venue.markets;
  client.send(client.dialogue.subscribe([{ symbol, channel: 'trades' }]));
  client.venue.step(30);
  client.venue.moveTime(200);
  client.receive();
  const fromMs = venue.nowMs();
  const made = (): number => venue.events.filter(({ trade }) => trade !== null).length;
  const before = made();
  while (made() < before + 4) venue.step(1);
  venue.moveTime(200);
  const lost = client.connection.socket.takeTexts();
  assert.ok(lost.length > 0);
  const span = { symbol, lastId: null, fromMs, toMs: venue.nowMs() };
  const { body = '', path } = connector.backfill(span);
  const read = connector.readBackfill(span, venue.rest(path, body)?.body ?? '');
  assert.equal(read.isWhole, true);
  const known = client.ids.get(symbol)?.length ?? 0;
  for (const frame of read.frames) client.take(frame);
  const filled = client.ids.get(symbol)?.slice(known);
  for (const text of lost) client.take(text);
  assert.deepEqual(client.ids.get(symbol)?.slice(known + 4), filled);
});
