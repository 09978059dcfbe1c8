// The dYdX connector against its simulator, without sockets: subscriptions, late answers, losses, crossing, limits, back-fill.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import type { SimSession } from '../../../engine/simulate/protocol.ts';
import { canonicalDecimal } from '../../../engine/simulate/text-ladder.ts';
import { seededRandom } from '../../../engine/synthetic/random.ts';
import { DydxConnector } from '../../../engine/venues/dydx/connect.ts';
import { DydxDecoder } from '../../../engine/venues/dydx/decode.ts';
import { DydxSimulator, type DydxSimulatorOptions } from '../../../engine/venues/dydx/simulate.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { BookOutcome } from '../../../workers/book/market-book.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { SEED } from '../../support/seed.ts';
import { type FakeSimSocket, FakeVenue } from '../../support/sim-fakes.ts';
import { BookUnderTest, type TextLevel } from '../workers/book/book-records.ts';

const SECOND_MS = 1000;

/** A client: the connector's dialogue, its decoder, and the books of what it decodes. */
class Client {
  readonly dialogue = new DydxConnector().dialogue();
  readonly sink = new MemorySink();
  readonly decoder = new DydxDecoder(this.sink, 'dydx');
  readonly books = new Map<string, BookUnderTest>();
  readonly trades = new Map<string, MemoryRecord[]>();
  readonly notices: Notice[] = [];
  readonly socket: FakeSimSocket;
  uncrossed = 0;
  private readonly session: SimSession;

  constructor(venue: FakeVenue) {
    const opened = venue.open('/v4/ws');
    this.socket = opened.socket;
    this.session = opened.session;
    for (const text of this.dialogue.greet()) this.send(text);
  }

  send(text: string): void {
    this.decoder.sent(text);
    this.deliver(text);
  }

  deliver(text: string): void {
    this.session.message(text);
  }

  subscribe(...subscriptions: Subscription[]): void {
    for (const text of this.dialogue.subscribe(subscriptions)) this.send(text);
  }

  unsubscribe(...subscriptions: Subscription[]): void {
    for (const text of this.dialogue.unsubscribe(subscriptions)) this.send(text);
  }

  /** Takes what came, but for the frames that `isLost` picks by their place. */
  take(isLost: (index: number) => boolean = () => false): number {
    let data = 0;
    for (const { kind, text } of this.socket.take()) {
      if (kind === 'data' && isLost(data++)) continue;
      this.takeFrame(text);
    }
    return data;
  }

  takeFrame(text: string): void {
    const { result, records } = decodeFrame(this.sink, this.decoder, text);
    assert.ok(result > 0, `${result}: ${text.slice(0, 200)}`);
    if (result !== FrameResult.applied) this.notices.push(...this.dialogue.read(text));
    for (const [index, record] of records.entries()) this.apply(record, records, index);
  }

  book(symbol: string): BookUnderTest {
    const book = this.books.get(symbol) ?? new BookUnderTest('dydx', undefined, 1024);
    this.books.set(symbol, book);
    return book;
  }

  private apply(record: MemoryRecord, records: readonly MemoryRecord[], index: number): void {
    const { market } = record;
    if (record.type === 'gap' && record['flags'] === StateReason.gap)
      this.book(market).breakBook(2, Number(record['lost']));
    if (record.type === 'trade')
      this.trades.set(market, [...(this.trades.get(market) ?? []), record, records[index + 1]]);
    if (record.type !== 'bookChange') return;
    const levels = records.slice(index + 1, index + 1 + Number(record['count']));
    const side = (flag: number): TextLevel[] =>
      levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
    const head = { flags: Number(record['flags']), last: Number(record['lastSequence']) };
    const outcome = this.book(market).feed({ ...head, bids: side(0), asks: side(LevelFlag.ask) });
    if ((outcome & BookOutcome.uncrossed) !== 0) this.uncrossed++;
  }
}

const of = (symbol: string): Subscription[] => [
  { symbol, channel: 'book' },
  { symbol, channel: 'trades' },
];

function makeVenue(markets: number, options: DydxSimulatorOptions = {}, seed = 7): FakeVenue {
  return new FakeVenue(new DydxSimulator(options), { markets, seed, levels: 40 });
}

const canonical = (levels: readonly TextLevel[]): [string, string][] =>
  levels.map(([price, quantity]) => [canonicalDecimal(price), canonicalDecimal(quantity)]);

function assertEqualBooks(client: Client, venue: FakeVenue): void {
  for (const market of venue.markets) {
    const { book, bids, asks } = client.book(market.symbol);
    assert.equal(book.state, BookState.live, market.symbol);
    assert.deepEqual([bids, asks], [canonical(market.bids()), canonical(market.asks())], market.symbol);
  }
}

test('books and trades of all markets are those of the venue, with answers behind higher numbers', () => {
  const venue = makeVenue(6);
  const client = new Client(venue);
  venue.moveTime(100);
  for (const { symbol } of venue.markets) {
    client.subscribe(...of(symbol));
    venue.step(40, null, 3);
    client.take();
  }
  venue.step(400);
  venue.settle();
  client.take();
  assertEqualBooks(client, venue);
  assert.deepEqual([client.decoder.gaps, client.decoder.duplicates, client.socket.violations], [0, 0, []]);
  const numbers = client.socket.texts.map((text) => (JSON.parse(text) as { message_id: number }).message_id);
  const late = numbers.filter((number, index) => number < Math.max(...numbers.slice(0, index)));
  assert.ok(late.length >= 6, `expected late answers, were ${late.length}`);
  assert.deepEqual(
    [...numbers].sort((a, b) => a - b),
    [...numbers.keys()],
  );
  const acknowledged = client.notices.filter(({ kind }) => kind === 'acknowledged');
  assert.equal(acknowledged.length, 2 * venue.markets.length);
  for (const market of venue.markets) {
    const seen = (client.trades.get(market.symbol) ?? []).filter(({ type }) => type === 'tradeId');
    const ids = seen.map((record) => String(record['text']));
    assert.equal(new Set(ids).size, ids.length, 'a trade came twice');
  }
});

test('any data message lost is told at the next message, also where that is only a block; resubscribing heals', () => {
  for (let lost = 0; lost < 40; lost++) {
    const venue = makeVenue(2);
    const client = new Client(venue);
    for (const { symbol } of venue.markets) client.subscribe(...of(symbol));
    venue.moveTime(200);
    client.take();
    venue.step(20);
    const count = client.take((index) => index === lost);
    if (lost >= count) break;
    venue.moveTime(SECOND_MS);
    client.take();
    assert.equal(client.decoder.gaps, 1, `lost ${lost}`);
    const books = [...client.books.values()];
    assert.ok(books.every(({ book }) => book.state === BookState.resyncing && book.reason === StateReason.gap));
    for (const { symbol } of venue.markets) client.unsubscribe({ symbol, channel: 'book' });
    client.take();
    for (const { symbol } of venue.markets) client.subscribe({ symbol, channel: 'book' });
    venue.step(30);
    venue.moveTime(200);
    venue.settle();
    client.take();
    assertEqualBooks(client, venue);
    assert.deepEqual([client.decoder.gaps, client.socket.violations], [1, []]);
  }
});

test('a message lost while a subscribe is on its way is told with its answer', () => {
  const venue = makeVenue(2, { answerMs: 250 });
  const client = new Client(venue);
  const [first, other] = venue.markets;
  client.subscribe(...of(first.symbol));
  venue.moveTime(400);
  client.take();
  const [request] = client.dialogue.subscribe([{ symbol: other.symbol, channel: 'book' }]);
  client.decoder.sent(request);
  venue.step(12, first.symbol, 3);
  client.take((index) => index === 4);
  assert.equal(client.decoder.gaps, 0);
  client.deliver(request);
  venue.moveTime(500);
  client.take();
  assert.equal(client.decoder.gaps, 1);
});

test('books that cross on their way show nothing crossed, and end as those of the venue', () => {
  const random = seededRandom(SEED, 'crossing');
  const venue = makeVenue(3, { crosses: () => random.chance(0.7) }, 11);
  const client = new Client(venue);
  for (const { symbol } of venue.markets) client.subscribe({ symbol, channel: 'book' });
  venue.moveTime(200);
  venue.step(2000);
  venue.settle();
  client.take();
  assertEqualBooks(client, venue);
  assert.ok(client.uncrossed > 10, `expected crossing books, were ${client.uncrossed}`);
});

test('with the hidden window of the real server what changes while a subscribe waits is missing', () => {
  const venue = makeVenue(1, { hasHiddenWindow: true, answerMs: 100 });
  const client = new Client(venue);
  const [{ symbol }] = venue.markets;
  client.subscribe({ symbol, channel: 'book' });
  const before = canonical(venue.markets[0].bids());
  venue.step(20, symbol, 3);
  venue.moveTime(200);
  client.take();
  assert.deepEqual(client.book(symbol).bids, before);
  assert.notDeepEqual(before, canonical(venue.markets[0].bids()));
  assert.equal(client.decoder.gaps, 0);
});

test('batched subscriptions come each 250 ms as lists', () => {
  const venue = makeVenue(1);
  const client = new Client(venue);
  const [{ symbol }] = venue.markets;
  client.send(JSON.stringify({ type: 'subscribe', channel: 'v4_orderbook', id: symbol, batched: true }));
  venue.step(100);
  venue.settle();
  venue.moveTime(500);
  client.take();
  assertEqualBooks(client, venue);
  assert.ok(client.socket.texts.some((text) => text.includes('"channel_batch_data"')));
});

test('an error is the refusal of the subscription it names, and a violation at the venue', () => {
  const venue = makeVenue(40);
  const client = new Client(venue);
  const [first, ...others] = venue.markets;
  client.subscribe({ symbol: 'NO-USD', channel: 'trades' }, { symbol: first.symbol, channel: 'book' });
  venue.moveTime(200);
  client.subscribe({ symbol: first.symbol, channel: 'book' });
  venue.moveTime(200);
  for (const { symbol } of others) client.subscribe({ symbol, channel: 'book' });
  venue.moveTime(200);
  client.take();
  const refused = client.notices.filter((notice) => notice.kind === 'refused');
  assert.deepEqual(refused[0].subscription, { symbol: 'NO-USD', channel: 'trades' });
  assert.equal(refused[1].message, 'Per-connection subscription limit reached for v4_orderbook (limit=32).');
  assert.equal(refused[1].subscription, null);
  // The second subscribe to one book was refused, but the book is subscribed.
  const acknowledged = client.notices.filter((notice) => notice.kind === 'acknowledged');
  assert.equal(acknowledged.filter(({ subscription }) => subscription.symbol === first.symbol).length, 2);
  assert.equal(client.socket.violations.length, 2 + 8);
  assert.equal(client.decoder.gaps, 0);
});

test('a third subscribe to the same within a second, and a third malformed message, end the connection', () => {
  const venue = makeVenue(1);
  const [{ symbol }] = venue.markets;
  const hasty = new Client(venue);
  for (let i = 0; i < 3; i++) hasty.subscribe({ symbol, channel: 'book' });
  hasty.take();
  assert.equal(hasty.socket.closed?.code, 1008);
  assert.deepEqual(hasty.notices.at(-1), {
    kind: 'refused',
    subscription: { symbol, channel: 'book' },
    message: `Too many subscribe attempts for channel v4_orderbook-${symbol}. Please  reconnect and try again.`,
  });
  const broken = new Client(venue);
  const isClosed: boolean[] = [];
  for (const text of ['{', '{}', '{"type":"news"}']) {
    broken.deliver(text);
    isClosed.push(broken.socket.closed !== null);
  }
  assert.deepEqual(isClosed, [false, false, true]);
});

test('the venue pings each 30 s, and each block is one message', () => {
  const venue = makeVenue(1);
  const client = new Client(venue);
  venue.moveTime(61 * SECOND_MS);
  client.take();
  assert.equal(client.socket.pings, 2);
  assert.ok(client.notices.filter(({ kind }) => kind === 'alive').length >= 60);
  assert.equal(client.dialogue.ping(), null);
});

test('the dialogue reads any text without throwing', () => {
  const dialogue = new DydxConnector().dialogue();
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"type":"error"}',
    '{"type":"subscribed"}',
    '{"type":"unsubscribed","channel":3}',
  ]) {
    assert.ok(Array.isArray(dialogue.read(text)), text);
  }
});

test('the listing leaves out markets that are not open yet', () => {
  const connector = new DydxConnector();
  const venue = makeVenue(5);
  const body = venue.rest(connector.listing().path)?.body ?? '';
  assert.deepEqual(
    connector.readListing(body),
    venue.markets.map(({ symbol }) => symbol),
  );
  const closed = body.replace('"ACTIVE"', '"INITIALIZING"');
  assert.equal(connector.readListing(closed).length, 4);
  assert.throws(() => connector.readListing('{"errors":[]}'), /expected markets/);
});

test('a back-fill pages from the newest trade back and gives the oldest first, all once and as history', () => {
  const connector = new DydxConnector();
  const venue = makeVenue(1);
  const [market] = venue.markets;
  venue.step(9000, market.symbol, 1);
  const trades = market.trades(Number.MAX_SAFE_INTEGER);
  assert.ok(trades.length > 1500, `expected two pages, were ${trades.length} trades`);
  const query = { symbol: market.symbol, lastId: null, fromMs: trades[100].timeMs, toMs: venue.nowMs() };
  let request: ReturnType<typeof connector.backfill> | null = connector.backfill(query);
  const frames: string[] = [];
  let requests = 0;
  for (; request !== null; requests++) {
    const read = connector.readBackfill(query, venue.rest(request.path)?.body ?? '');
    frames.push(...read.frames);
    assert.equal(read.isWhole, true);
    request = read.next;
  }
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  const decoded = frames.map((frame) => decodeFrame(sink, decoder, frame));
  assert.ok(decoded.every(({ result }) => result === FrameResult.applied));
  const records = decoded.flatMap((each) => each.records);
  const times = records.filter(({ type }) => type === 'trade').map((record) => Number(record['exchangeTimeUs']));
  const wanted = trades.filter(({ timeMs }) => timeMs >= query.fromMs);
  assert.ok(requests > 1);
  assert.deepEqual(
    times,
    wanted.map(({ timeMs }) => timeMs * 1000),
  );
  assert.ok(records.every(({ type, flags }) => type !== 'trade' || (Number(flags) & TradeFlag.history) !== 0));
  const ids = records.filter(({ type }) => type === 'tradeId').map((record) => record['text']);
  assert.equal(new Set(ids).size, wanted.length);
});

test('a back-fill that a full page of one moment stops says that it is not whole', () => {
  const connector = new DydxConnector();
  const createdAt = '2026-03-04T09:30:00.000Z';
  const trades = Array.from({ length: 1000 }, (_, index) => ({ id: `id-${index}`, createdAt }));
  const query = { symbol: 'BTC-USD', lastId: null, fromMs: Date.parse(createdAt) - 1, toMs: Date.parse(createdAt) };
  assert.notEqual(connector.readBackfill(query, JSON.stringify({ trades })).next, null);
  const again = connector.readBackfill(query, JSON.stringify({ trades }));
  assert.deepEqual([again.next, again.isWhole, again.frames.length], [null, false, 1]);
  assert.throws(() => connector.readBackfill(query, '{"errors":[]}'), /expected a list of trades/);
});

test('trades of the stream and of REST have the same ids', () => {
  const venue = makeVenue(1);
  const client = new Client(venue);
  const [market] = venue.markets;
  client.subscribe({ symbol: market.symbol, channel: 'trades' });
  venue.moveTime(200);
  client.take();
  venue.step(200, market.symbol);
  client.take();
  const connector = new DydxConnector();
  const query = { symbol: market.symbol, lastId: null, fromMs: 0, toMs: venue.nowMs() };
  const { frames } = connector.readBackfill(query, venue.rest(connector.backfill(query).path)?.body ?? '');
  const before = (client.trades.get(market.symbol) ?? []).filter(({ type }) => type === 'tradeId');
  client.trades.clear();
  for (const frame of frames) client.takeFrame(frame);
  const fetched = new Set((client.trades.get(market.symbol) ?? []).map((record) => record['text']));
  assert.ok(before.length > 50);
  assert.ok(before.every((record) => fetched.has(record['text'])));
});

test('a state with all levels that the venue gives has a horizon, one with fewer has none', () => {
  const flagsOf = (levels: number): number => {
    const sink = new MemorySink();
    const bids = Array.from({ length: levels }, (_, index) => ({ price: String(200 - index), size: '1' }));
    const head = { type: 'subscribed', connection_id: 'a', message_id: 1, channel: 'v4_orderbook', id: 'BTC-USD' };
    const text = JSON.stringify({ ...head, contents: { bids, asks: [] } });
    return Number(decodeFrame(sink, new DydxDecoder(sink, 'dydx'), text).records[0]['flags']);
  };
  assert.equal(flagsOf(99) & ChangeFlag.rest, 0);
  assert.equal(flagsOf(100) & ChangeFlag.rest, ChangeFlag.rest);
});
