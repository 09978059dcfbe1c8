// Connector and simulated node of Injective with one another, without sockets: lists, subscriptions, snapshots, blocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { InjectiveConnector } from '../../../engine/venues/injective/connect.ts';
import { InjectiveDecoder } from '../../../engine/venues/injective/decode.ts';
import { REQUEST_BYTES_MAX } from '../../../engine/venues/injective/limits.ts';
import { kindOf } from '../../../engine/venues/injective/sim-frames.ts';
import { InjectiveSimulator } from '../../../engine/venues/injective/simulate.ts';
import { BookState, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { FakeVenue } from '../../support/sim-fakes.ts';
import { BookUnderTest, type TextLevel } from '../workers/book/book-records.ts';

/** One client: its dialogue, what it was told, and everything it decoded. */
class Client {
  readonly connector = new InjectiveConnector();
  readonly dialogue = this.connector.dialogue();
  readonly venue: FakeVenue;
  readonly socket;
  readonly session;
  readonly notices: Notice[] = [];
  readonly referee = new Referee('injective', ['1m']);
  readonly sink = new MemorySink();
  readonly decoder = new InjectiveDecoder(this.sink, 'injective');
  readonly trades: string[] = [];
  /** The engine's own books, of the decoded records. */
  readonly books = new Map<string, BookUnderTest>();

  constructor(venue: FakeVenue) {
    this.venue = venue;
    const { socket, session } = venue.open(this.connector.path([]));
    this.socket = socket;
    this.session = session;
  }

  list(): string[] {
    return [this.connector.listing(), ...this.connector.furtherListings()].flatMap(({ path }) => {
      const answer = this.venue.rest(path);
      assert.equal(answer?.status, 200);
      return this.connector.readListing(answer.body);
    });
  }

  say(texts: readonly string[]): void {
    for (const text of texts) this.session.message(text);
  }

  snapshot(symbol: string): void {
    const answer = this.venue.rest(this.connector.snapshot(symbol).path);
    assert.equal(answer?.status, 200);
    this.take(this.connector.snapshotFrame(symbol, answer.body));
  }

  /** Reads what came as the connector does: control frames go to the dialogue, too. */
  read(): void {
    for (const text of this.socket.takeTexts()) this.take(text);
  }

  private take(text: string): void {
    const { result, records } = decodeFrame(this.sink, this.decoder, text);
    assert.ok(result === FrameResult.applied || result === FrameResult.control, text);
    this.referee.frame(text, null, '');
    if (result === FrameResult.control) this.notices.push(...this.dialogue.read(text));
    records.forEach((record, index) => {
      if (record.type === 'trade') this.trades.push(tradeText(record));
      if (record.type !== 'bookChange') return;
      this.change(record, records.slice(index + 1, index + 1 + Number(record['count'])));
    });
  }

  private change(head: MemoryRecord, levels: readonly MemoryRecord[]): void {
    const book = this.books.get(head.market) ?? new BookUnderTest('injective', undefined, 4096);
    this.books.set(head.market, book);
    const side = (flag: number): TextLevel[] =>
      levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
    const flags = Number(head['flags']);
    book.feed({ flags, last: Number(head['lastSequence']), bids: side(0), asks: side(LevelFlag.ask) });
  }

  book(symbol: string): { bids: [string, string][]; asks: [string, string][]; state: string; gaps: number } {
    const book = this.referee.markets.byName.get(`injective:${symbol}`)?.book;
    assert.ok(book !== undefined);
    const texts = (levels: Level[]): [string, string][] =>
      levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);
    return { bids: texts(book.bids.levels), asks: texts(book.asks.levels), state: book.state, gaps: book.gaps };
  }
}

function tradeText(record: MemoryRecord): string {
  return `${record.market} ${Number(record['flags']) & TradeFlag.sideMask} ${record['price']} ${record['quantity']}`;
}

function both(symbols: readonly string[]): Subscription[] {
  return symbols.flatMap((symbol) => [
    { symbol, channel: 'book' as const },
    { symbol, channel: 'trades' as const },
  ]);
}

const plain = (side: readonly (readonly [string, string])[]): [string, string][] =>
  side.map(([price, quantity]) => [cut(price), cut(quantity)]);
const cut = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

test('both lists together are the markets that can be traded, spot and derivative', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 8 });
  const client = new Client(venue);
  const symbols = client.list();
  assert.deepEqual([...symbols].sort(), venue.markets.map(({ symbol }) => symbol).sort());
  assert.deepEqual([...new Set(symbols.map(kindOf))].sort(), ['derivative', 'spot']);
  assert.ok(symbols.every((symbol) => /^0x[0-9a-f]{64}$/.test(symbol)));
  assert.throws(() => client.connector.readListing('{"code":5}'), /expected "markets"/);
  assert.throws(() => client.connector.readListing('<html>'));
});

test('after a snapshot in the middle of the stream every book and all trades are those of the venue', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 8, seed: 3 });
  const client = new Client(venue);
  const symbols = client.list();
  client.say(client.dialogue.subscribe(both(symbols)));
  client.read();
  assert.equal(client.notices.length, 2 * symbols.length);
  assert.ok(client.notices.every((notice) => notice.kind === 'acknowledged' && notice.isSubscribed));
  venue.step(300);
  client.read();
  for (const symbol of symbols) client.snapshot(symbol);
  venue.step(800);
  venue.settle();
  client.read();
  for (const market of venue.markets) {
    const { bids, asks, state, gaps } = client.book(market.symbol);
    assert.deepEqual([state, gaps], ['live', 0]);
    assert.deepEqual(bids, plain(market.bids()));
    assert.deepEqual(asks, plain(market.asks()));
    const own = client.books.get(market.symbol);
    assert.deepEqual([own?.book.state, own?.bids, own?.asks], [BookState.live, bids, asks]);
  }
  const trades = venue.events.flatMap(({ market, trade }) => {
    if (trade === null) return [];
    const side = trade.takerSide === 'buy' ? Side.buy : Side.sell;
    return [`${market.symbol} ${side} ${cut(trade.price)} ${cut(trade.quantity)}`];
  });
  assert.ok(trades.length > 50);
  assert.deepEqual(client.trades, trades);
  assert.deepEqual(client.socket.violations, []);
});

test('a lost block is a gap of its market alone, which another snapshot heals', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 3, seed: 5 });
  const client = new Client(venue);
  const symbols = client.list();
  client.say(client.dialogue.subscribe(both(symbols)));
  for (const symbol of symbols) client.snapshot(symbol);
  venue.step(50);
  client.read();
  venue.step(20, symbols[0]);
  const frames = client.socket.take();
  const lost = frames.findIndex((frame) => frame.kind === 'data' && frame.channel === 'book');
  for (const [index, { text }] of frames.entries()) if (index !== lost) client.referee.frame(text, null, '');
  assert.deepEqual([client.book(symbols[0]).state, client.book(symbols[0]).gaps], ['resyncing', 1]);
  assert.deepEqual(
    symbols.slice(1).map((symbol) => client.book(symbol).state),
    ['live', 'live'],
  );
  client.snapshot(symbols[0]);
  venue.settle();
  client.read();
  const market = venue.market(symbols[0]);
  assert.deepEqual(
    [client.book(symbols[0]).state, client.book(symbols[0]).bids],
    ['live', plain(market?.bids() ?? [])],
  );
});

test('each subscription ends by itself, and the rest goes on', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 2 });
  const client = new Client(venue);
  const [first, second] = client.list();
  client.say(client.dialogue.subscribe(both([first, second])));
  client.read();
  client.notices.length = 0;
  client.say(client.dialogue.unsubscribe([{ symbol: first, channel: 'book' }]));
  client.read();
  const ended = { kind: 'acknowledged', subscription: { symbol: first, channel: 'book' }, isSubscribed: false };
  assert.deepEqual(client.notices, [ended]);
  venue.step(60);
  const seen = new Set(
    client.socket.take().map((frame) => (frame.kind === 'data' ? `${frame.symbol} ${frame.channel}` : '')),
  );
  assert.ok(!seen.has(`${first} book`));
  assert.ok(seen.has(`${second} book`));
  // Again, by the same name.
  client.say(client.dialogue.subscribe([{ symbol: first, channel: 'book' }]));
  client.read();
  assert.deepEqual(client.notices.at(-1), { ...ended, isSubscribed: true });
});

test('a market that no list named is asked for as spot and as derivative', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 6 });
  const client = new Client(venue);
  const symbols = venue.markets.map(({ symbol }) => symbol);
  client.say(client.dialogue.subscribe(both(symbols)));
  venue.step(400);
  const seen = new Set(client.socket.take().map((frame) => (frame.kind === 'data' ? frame.symbol : '')));
  for (const symbol of symbols) assert.ok(seen.has(symbol));
});

test('what the node refuses is told with its subscription where it is one', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 1 });
  const client = new Client(venue);
  const [symbol] = client.list();
  const subscription: Subscription = { symbol, channel: 'book' };
  client.say(client.dialogue.subscribe([subscription]));
  client.say(client.dialogue.subscribe([subscription]));
  client.say(client.dialogue.unsubscribe([{ symbol, channel: 'trades' }]));
  client.read();
  const [taken, twice, never] = client.notices;
  assert.equal(taken.kind, 'acknowledged');
  assert.deepEqual([twice.kind, twice.kind === 'refused' && twice.subscription], ['refused', subscription]);
  assert.ok(twice.kind === 'refused' && /already exists/.test(twice.message));
  assert.ok(never.kind === 'refused' && /not found/.test(never.message));
});

test('requests that are none are answered by the errors of JSON-RPC', () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 1 });
  const { socket, session } = venue.open('/injstream-ws');
  const request = (fields: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', ...fields });
  const table: [string, number][] = [
    ['{', -32700],
    ['[]', -32700],
    [request({ id: 0 }), -32600],
    [request({ id: 'a' }), -32600],
    [request({ method: 'status' }), -32601],
    [request({}), -32602],
    [request({ params: { req: { subscription_id: 'a' } } }), -32602],
    [request({ params: { req: { subscription_id: 'a', filter: {} } } }), -32602],
    [request({ method: 'unsubscribe', params: { req: { subscription_id: 'a' } } }), -32603],
  ];
  for (const [text, code] of table) {
    session.message(text);
    const [answer] = socket.takeTexts();
    assert.equal((JSON.parse(answer) as { error: { code: number } }).error.code, code, text);
  }
  session.message(' '.repeat(REQUEST_BYTES_MAX + 1));
  assert.deepEqual([socket.violations.length, socket.closed?.code], [1, 1009]);
});

test('frames that say nothing to the connection give no notice, whatever their text', () => {
  const dialogue = new InjectiveConnector().dialogue();
  for (const text of [
    '',
    'x',
    '7',
    'null',
    '[]',
    '{}',
    '{"id":9,"result":"success"}',
    '{"result":{"block_height":"1"}}',
  ]) {
    assert.deepEqual(dialogue.read(text), [], text);
  }
  assert.deepEqual(dialogue.read('{"error":"gone"}'), [{ kind: 'refused', subscription: null, message: 'gone' }]);
  assert.equal(dialogue.ping(), null);
});

test("the node's books are cut to 20 levels without a limit, and addresses it does not have are none", () => {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 1 });
  const [{ symbol }] = venue.markets;
  const kind = kindOf(symbol);
  const other = kind === 'spot' ? 'derivative' : 'spot';
  const path = `/injective/exchange/v2/${kind}/orderbook/${symbol}`;
  type Answer = { buys_price_level: { p: string; q: string }[]; seq: string };
  const [short, whole] = [path, `${path}?limit=100000`].map((at) => JSON.parse(venue.rest(at)?.body ?? '') as Answer);
  assert.equal(short.buys_price_level.length, 20);
  assert.equal(whole.buys_price_level.length, venue.markets[0].bids().length);
  assert.match(whole.buys_price_level[0].p, /^\d+\.\d{18}$/);
  assert.equal(venue.rest(`${path}?limit=x`)?.status, 400);
  assert.equal(venue.rest(path.replace(kind, other))?.status, 404);
  assert.equal(venue.rest('/injective/exchange/v1beta1/spot/markets'), null);
  assert.equal(new InjectiveSimulator().isStreamPath('/ws'), false);
});
