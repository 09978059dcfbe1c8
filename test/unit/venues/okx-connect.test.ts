// OKX's connector and simulator talking to one another in memory, and what each does with what the other would not say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { OkxConnector } from '../../../engine/venues/okx/connect.ts';
import { OkxDecoder } from '../../../engine/venues/okx/decode.ts';
import { ARGUMENT_BYTES_MAX, BOOK_DEPTH } from '../../../engine/venues/okx/limits.ts';
import { OkxSimulator } from '../../../engine/venues/okx/simulate.ts';
import { BookState, FrameResult, Side, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { FakeVenue, type FakeVenueOptions } from '../../support/sim-fakes.ts';
import { canonicalLevels, VenueTalk } from '../../support/venue-talk.ts';

function begin(options: FakeVenueOptions = {}): {
  connector: OkxConnector;
  fake: FakeVenue;
  talk: VenueTalk;
  wanted: Subscription[];
} {
  const connector = new OkxConnector();
  const fake = new FakeVenue(new OkxSimulator(), options);
  const talk = new VenueTalk(connector, fake, (sink) => new OkxDecoder(sink, 'okx'));
  const wanted = fake.markets.flatMap(({ symbol }): Subscription[] => [
    { symbol, channel: 'book' },
    { symbol, channel: 'trades' },
  ]);
  return { connector, fake, talk, wanted };
}

function assertBooksTrue(fake: FakeVenue, talk: VenueTalk): void {
  for (const market of fake.markets) {
    const book = talk.books.get(market.symbol);
    assert.equal(book?.book.state, BookState.live, market.symbol);
    assert.deepEqual(book?.bids, canonicalLevels(market.bids(BOOK_DEPTH)), market.symbol);
    assert.deepEqual(book?.asks, canonicalLevels(market.asks(BOOK_DEPTH)), market.symbol);
  }
}

const lotsOf = (quantity: string, decimals: number): number => Math.round(Number(quantity) * 10 ** decimals);

/** Each record stands for matches with ids in a row, up to its own: all of one price and side, and their whole quantity. */
function assertTradesTrue(fake: FakeVenue, talk: VenueTalk, symbol: string): void {
  const decimals = fake.market(symbol)?.quantityDecimals ?? 0;
  const left = fake.events.flatMap(({ market, trade }) => (trade === null || market.symbol !== symbol ? [] : [trade]));
  for (const record of talk.trades.get(symbol) ?? []) {
    const matches = left.splice(0, Number(record['count']));
    const [{ takerSide, price }] = matches;
    const [[plainPrice]] = canonicalLevels([[price, '1']]);
    assert.deepEqual([record['id'], record['price']], [matches.at(-1)?.id, plainPrice]);
    assert.equal(record['flags'], TradeFlag.aggregate | (takerSide === 'buy' ? Side.buy : Side.sell));
    assert.ok(matches.every((match) => match.price === price && match.takerSide === takerSide));
    const lots = matches.reduce((sum, { quantity }) => sum + lotsOf(quantity, decimals), 0);
    assert.equal(lotsOf(String(record['quantity']), decimals), lots);
  }
  assert.deepEqual(left, []);
}

const acknowledged = (notices: readonly Notice[], isSubscribed: boolean): Subscription[] =>
  notices.flatMap((one) =>
    one.kind === 'acknowledged' && one.isSubscribed === isSubscribed ? [one.subscription] : [],
  );

test('every argument is acknowledged, and books and trades are those of the markets', () => {
  // More levels than the venue shows: some enter and leave its depth.
  const { connector, fake, talk, wanted } = begin({ markets: 8, levels: 500 });
  talk.subscribe(wanted, connector.limits.subscriptionsPerMessage);
  assert.deepEqual(acknowledged(talk.notices, true), wanted);
  fake.step(2000);
  fake.settle();
  // Trades wait for the end of their millisecond.
  fake.moveTime(100);
  talk.hear();
  assertBooksTrue(fake, talk);
  assert.ok(fake.markets.some((market) => market.bids().length > BOOK_DEPTH));
  for (const { symbol } of fake.markets) assertTradesTrue(fake, talk, symbol);
  assert.deepEqual([...talk.results.keys()].sort(), [FrameResult.applied, FrameResult.control]);
  assert.deepEqual([talk.socket.violations, talk.socket.closed], [[], null]);
});

test('a lost message breaks its book alone, and a resubscription heals it', () => {
  const { fake, talk, wanted } = begin();
  talk.subscribe(wanted, 20);
  fake.step(60);
  const [{ symbol }] = fake.markets;
  let lost = 0;
  talk.hear((text) => !(text.includes('"update"') && text.includes(`"${symbol}"`) && lost++ === 3));
  assert.ok(lost > 4);
  for (const market of fake.markets) {
    const book = talk.books.get(market.symbol)?.book;
    const isBroken = market.symbol === symbol;
    assert.equal(book?.state, isBroken ? BookState.resyncing : BookState.live);
    assert.equal(book?.reason, isBroken ? StateReason.gap : StateReason.none);
  }
  talk.send(talk.dialogue.unsubscribe([wanted[0]]));
  assert.deepEqual(acknowledged(talk.notices, false), [wanted[0]]);
  fake.step(20);
  talk.send(talk.dialogue.subscribe([wanted[0]]));
  fake.step(60);
  fake.settle();
  talk.hear();
  assertBooksTrue(fake, talk);
});

test('a counter set back and the keep-alives of quiet books are no gaps', () => {
  const { fake, talk, wanted } = begin();
  talk.subscribe(wanted, 20);
  fake.step(60);
  for (const { symbol } of fake.markets) talk.session.resetCounter(symbol);
  fake.step(60);
  assert.ok(talk.socket.texts.some((text) => text.includes('"seqId":3,')));
  fake.settle();
  talk.hear();
  const sent = talk.socket.sent.length;
  for (let minute = 0; minute < 4; minute++) {
    fake.moveTime(20_000);
    talk.send([talk.dialogue.ping()]);
  }
  const quiet = talk.socket.texts.slice(sent).filter((text) => text.includes('"asks":[],"bids":[]'));
  assert.equal(quiet.length, fake.markets.length);
  fake.step(60);
  fake.settle();
  talk.hear();
  assertBooksTrue(fake, talk);
  for (const book of talk.books.values()) assert.equal(book.counted('gaps'), 0);
});

test('an argument that does not exist is refused by its name alone', () => {
  const { talk, wanted } = begin();
  const missing: Subscription = { symbol: 'BTC-USDX', channel: 'book' };
  talk.subscribe([wanted[0], missing, wanted[1]], 20);
  assert.deepEqual(acknowledged(talk.notices, true), [wanted[0], wanted[1]]);
  const refused = talk.notices.flatMap((notice) => (notice.kind === 'refused' ? [notice] : []));
  assert.deepEqual(
    refused.map(({ subscription }) => subscription),
    [missing],
  );
  assert.match(refused[0].message, /^60018: /);
});

test('an error that names nothing refuses what is left of its request; a name is not the beginning of another', () => {
  const dialogue = new OkxConnector().dialogue();
  const [short, long]: Subscription[] = [
    { symbol: 'BTC-USD', channel: 'book' },
    { symbol: 'BTC-USDT-SWAP', channel: 'book' },
  ];
  dialogue.subscribe([short, long]);
  const text = "Wrong URL or channel:books,instId:BTC-USDT-SWAP doesn't exist.";
  const named = dialogue.read(JSON.stringify({ id: '1', event: 'error', code: '60018', msg: text }));
  assert.deepEqual(named, [{ kind: 'refused', subscription: long, message: `60018: ${text}` }]);
  const whole = dialogue.read('{"id":"1","event":"error","code":"60014","msg":"Requests too frequent."}');
  assert.deepEqual(whole, [{ kind: 'refused', subscription: short, message: '60014: Requests too frequent.' }]);
  const none = dialogue.read('{"event":"error","code":"60012","msg":"Invalid request"}');
  assert.deepEqual(none, [{ kind: 'refused', subscription: null, message: '60012: Invalid request' }]);
});

test('the notice of an upgrade tells the end of the connection', () => {
  const { talk } = begin();
  assert.equal(talk.session.announceEnd(), true);
  talk.hear();
  assert.deepEqual(
    talk.notices.map(({ kind }) => kind),
    ['ending'],
  );
  assert.deepEqual(talk.dialogue.read('{"event":"notice","code":"1","msg":"other"}'), []);
});

test('a ping is answered; a connection without any push ends after 30 s', () => {
  const { fake, talk } = begin();
  fake.moveTime(20_000);
  talk.send([talk.dialogue.ping()]);
  assert.deepEqual(talk.notices, [{ kind: 'alive' }]);
  fake.moveTime(29_000);
  assert.ok(talk.socket.closed === null);
  fake.moveTime(2_000);
  assert.deepEqual(talk.socket.closed, { code: 4004, reason: 'No data received in 30s' });
});

test('past trades are those of the stream, gathered in the same way', () => {
  const { connector, fake, talk, wanted } = begin();
  const { symbol } = fake.markets[0];
  talk.subscribe(wanted, 20);
  // Several matches in a millisecond.
  fake.step(900, symbol, 1);
  for (let burst = 0; burst < 20; burst++) {
    fake.step(10, symbol, 0);
    fake.moveTime(3);
  }
  fake.settle();
  fake.moveTime(100);
  talk.hear();
  assertTradesTrue(fake, talk, symbol);
  const pushed = talk.trades.get(symbol) ?? [];
  assert.ok(pushed.length > 150 && pushed.some((record) => Number(record['count']) > 1));
  const known = pushed[pushed.length - 141];
  const query = {
    symbol,
    lastId: Number(known['id']),
    fromMs: Number(known['exchangeTimeUs']) / 1000,
    toMs: fake.nowMs(),
  };
  const frames: string[] = [];
  let request = connector.backfill(query);
  for (let page = 0; ; page++) {
    const answer = connector.readBackfill(query, fake.rest(request.path)?.body ?? '');
    frames.push(...answer.frames);
    if (answer.next === null) {
      assert.deepEqual([page > 0, answer.isWhole], [true, true]);
      break;
    }
    request = answer.next;
  }
  talk.trades.clear();
  for (const frame of frames) talk.take(frame);
  const lost = pushed.slice(-140).map((record) => ({ ...record, flags: Number(record['flags']) | TradeFlag.history }));
  assert.deepEqual(talk.trades.get(symbol), lost);
});

test('the list of markets is asked for kind by kind and holds those that are live', () => {
  const { connector, fake } = begin({ markets: 5 });
  const requests = [connector.listing(), ...connector.furtherListings()];
  assert.deepEqual(
    requests.map(({ path }) => path.split('=')[1]),
    ['SPOT', 'SWAP', 'FUTURES'],
  );
  assert.deepEqual(
    requests.flatMap(({ path }) => connector.readListing(fake.rest(path)?.body ?? '')),
    fake.markets.map(({ symbol }) => symbol),
  );
  const closed = '{"code":"0","msg":"","data":[{"instId":"A","state":"suspend"},{"instId":"B","state":"live"}]}';
  assert.deepEqual(connector.readListing(closed), ['B']);
  assert.throws(() => connector.readListing('{"code":"50011","msg":"Too Many Requests","data":[]}'), /expected a list/);
  assert.equal(fake.rest('/api/v5/public/instruments?instType=X')?.status, 400);
  assert.equal(fake.rest('/api/v5/market/books?instId=A'), null);
});

test('what is no request is answered as an error, and too many arguments are counted', () => {
  const { talk } = begin();
  for (const text of ['{', '[]', 'null', '{"op":"dance"}', '{"op":"subscribe"}', '{"op":"subscribe","args":[7]}']) {
    talk.session.message(text);
  }
  const errors = talk.socket.takeTexts().map((text) => (JSON.parse(text) as { code: string }).code);
  assert.deepEqual(errors, Array(6).fill('60012'));
  const many = begin({ markets: 40, levels: 12 });
  many.talk.subscribe(many.wanted, 20);
  assert.ok(many.talk.socket.violations.includes('books on one connection'));
});

test('the dialogue survives whatever it hears', () => {
  const dialogue = new OkxConnector().dialogue();
  const texts = [
    '',
    '{',
    '7',
    'null',
    '[]',
    '{"event":"subscribe"}',
    '{"event":"subscribe","arg":{"channel":"books"}}',
  ];
  for (const text of [...texts, '{"event":"error"}', '{"event":"unsubscribe","arg":7}', '{"event":{}}']) {
    assert.doesNotThrow(() => dialogue.read(text), text);
  }
  assert.deepEqual([dialogue.subscribe([]), dialogue.unsubscribe([]), dialogue.greet()], [[], [], []]);
});

test('what a full connection asks for stays inside the limits of the venue', () => {
  const { limits, pingEveryMs } = new OkxConnector();
  const longest = '{"channel":"trades","instId":"1000000BABYDOGE-USDT-250926"},'.length;
  assert.ok(limits.subscriptionsPerConnection * longest <= ARGUMENT_BYTES_MAX);
  const requests = Math.ceil(limits.subscriptionsPerConnection / limits.subscriptionsPerMessage);
  assert.ok(requests < (limits.requests?.count ?? 0));
  assert.ok(limits.booksPerConnection < 30 && pingEveryMs < 30_000);
});
