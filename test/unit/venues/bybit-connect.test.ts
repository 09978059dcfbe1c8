// Bybit's connector and simulator talking to one another in memory, and what each does with what the other would not say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Subscription } from '../../../engine/connect/protocol.ts';
import { BybitConnector } from '../../../engine/venues/bybit/connect.ts';
import { BybitDecoder } from '../../../engine/venues/bybit/decode.ts';
import { BOOK_DEPTH, type BybitVenue } from '../../../engine/venues/bybit/limits.ts';
import { BybitSimulator } from '../../../engine/venues/bybit/simulate.ts';
import { BookState, FrameResult, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { FakeVenue, type FakeVenueOptions } from '../../support/sim-fakes.ts';
import { canonicalLevels, VenueTalk } from '../../support/venue-talk.ts';

const VENUES: readonly BybitVenue[] = ['bybit', 'bybit-spot'];

function begin(
  venue: BybitVenue,
  options: FakeVenueOptions = {},
): { connector: BybitConnector; fake: FakeVenue; talk: VenueTalk; wanted: Subscription[] } {
  const connector = new BybitConnector(venue);
  const fake = new FakeVenue(new BybitSimulator(venue), options);
  const talk = new VenueTalk(connector, fake, (sink) => new BybitDecoder(sink, venue));
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

const isAcknowledged = (notice: Notice): boolean => notice.kind === 'acknowledged' && notice.isSubscribed;

for (const venue of VENUES) {
  test(`${venue}: every subscription is acknowledged by itself, and books and trades are those of the markets`, () => {
    // More levels than the venue shows: some enter and leave its depth.
    const { connector, fake, talk, wanted } = begin(venue, { markets: 12, levels: 300 });
    talk.subscribe(wanted, connector.limits.subscriptionsPerMessage);
    assert.equal(talk.notices.filter(isAcknowledged).length, 24);
    fake.step(2500);
    fake.settle();
    talk.hear();
    assertBooksTrue(fake, talk);
    assert.ok(fake.markets.some((market) => market.bids().length > BOOK_DEPTH));
    const expected = fake.events.flatMap(({ market, trade }) =>
      trade === null ? [] : [[market.symbol, trade] as const],
    );
    assert.ok(expected.length > 100);
    for (const { symbol } of fake.markets) {
      const took = (talk.trades.get(symbol) ?? []).map((record) => [
        record['price'],
        record['quantity'],
        record['flags'],
      ]);
      const were = expected
        .filter(([of]) => of === symbol)
        .map(([, { price, quantity, takerSide }]) => {
          const [[plainPrice, plainQuantity]] = canonicalLevels([[price, quantity]]);
          return [plainPrice, plainQuantity, TradeFlag.textId | (takerSide === 'buy' ? 1 : 2)];
        });
      assert.deepEqual(took, were, symbol);
    }
    assert.deepEqual([...talk.results.keys()].sort(), [FrameResult.applied, FrameResult.control]);
    assert.deepEqual([talk.socket.violations, talk.socket.closed], [[], null]);
  });

  test(`${venue}: a lost message breaks its book alone, and a resubscription heals it`, () => {
    const { fake, talk, wanted } = begin(venue);
    talk.subscribe(wanted, 10);
    fake.step(60);
    const [{ symbol }] = fake.markets;
    let lost = 0;
    talk.hear((text) => !(text.includes('"delta"') && text.includes(`.${symbol}"`) && lost++ === 3));
    assert.ok(lost > 4);
    for (const market of fake.markets) {
      const isBroken = market.symbol === symbol;
      const book = talk.books.get(market.symbol)?.book;
      assert.equal(book?.state, isBroken ? BookState.resyncing : BookState.live);
      assert.equal(book?.reason, isBroken ? StateReason.gap : StateReason.none);
    }
    const [book] = wanted;
    talk.send(talk.dialogue.unsubscribe([book]));
    assert.deepEqual(talk.notices.at(-1), { kind: 'acknowledged', subscription: book, isSubscribed: false });
    fake.step(20);
    talk.send(talk.dialogue.subscribe([book]));
    fake.step(60);
    fake.settle();
    talk.hear();
    assertBooksTrue(fake, talk);
  });

  test(`${venue}: a counter that begins anew brings a whole book with the number 1`, () => {
    const { fake, talk, wanted } = begin(venue);
    talk.subscribe(wanted, 10);
    fake.step(60);
    for (const { symbol } of fake.markets) talk.session.resetCounter(symbol);
    fake.step(60);
    fake.settle();
    assert.ok(talk.socket.texts.some((text) => text.includes('"u":1,') && text.includes('"snapshot"')));
    talk.hear();
    assertBooksTrue(fake, talk);
    for (const book of talk.books.values()) assert.equal(book.counted('gaps'), 0);
  });

  test(`${venue}: a topic that does not exist is refused by name, those asked with it are asked again`, () => {
    const { talk, wanted } = begin(venue);
    const missing: Subscription[] = [
      { symbol: 'NONEUSDT', channel: 'book' },
      { symbol: 'NILUSDT', channel: 'trades' },
    ];
    talk.subscribe([wanted[0], missing[0], wanted[1], missing[1], wanted[2]], 10);
    const refused = talk.notices.flatMap((notice) => (notice.kind === 'refused' ? [notice.subscription] : []));
    assert.deepEqual(refused, missing);
    const taken = talk.notices.flatMap((notice) => (notice.kind === 'acknowledged' ? [notice.subscription] : []));
    assert.deepEqual(taken, [wanted[0], wanted[1], wanted[2]]);
    // What is subscribed already counts as taken.
    talk.subscribe([wanted[0], wanted[3]], 10);
    assert.deepEqual(talk.notices.filter(isAcknowledged).length, 5);
  });

  test(`${venue}: past trades are read oldest first, with the ids of the stream`, () => {
    const { connector, fake, talk, wanted } = begin(venue);
    const { symbol } = fake.markets[0];
    talk.subscribe(wanted, 10);
    fake.step(200, symbol);
    fake.settle();
    talk.hear();
    const pushed = talk.trades.get(symbol) ?? [];
    const fromMs = Number(pushed[pushed.length - 20]['exchangeTimeUs']) / 1000;
    const query = { symbol, lastId: null, fromMs, toMs: fake.nowMs() };
    const request = connector.backfill(query);
    const { frames, next, isWhole } = connector.readBackfill(query, fake.rest(request.path)?.body ?? '');
    assert.deepEqual([frames.length, next, isWhole], [1, null, true]);
    talk.trades.clear();
    talk.take(frames[0]);
    const fetched = talk.trades.get(symbol) ?? [];
    const since = pushed.filter((record) => Number(record['exchangeTimeUs']) >= fromMs * 1000);
    const asHistory = since.map((record) => ({ ...record, flags: Number(record['flags']) | TradeFlag.history }));
    assert.deepEqual(fetched, asHistory);
    // Further back than the venue keeps.
    const early = { ...query, fromMs: 0 };
    const whole = venue === 'bybit-spot' ? false : fake.markets[0].trades(1000).length < 1000;
    assert.equal(connector.readBackfill(early, fake.rest(request.path)?.body ?? '').isWhole, whole);
    assert.throws(() => connector.readBackfill(query, '{"retCode":10001,"result":{}}'), /expected a list of trades/);
    assert.throws(() => connector.readBackfill(query, '<html>'));
  });

  test(`${venue}: the list of markets holds those that trade`, () => {
    const { connector, fake } = begin(venue, { markets: 7 });
    assert.deepEqual(
      connector.readListing(fake.rest(connector.listing().path)?.body ?? ''),
      fake.markets.map(({ symbol }) => symbol),
    );
    const page = fake.rest('/v5/market/instruments-info?category=linear&limit=3&cursor=3')?.body ?? '';
    if (venue === 'bybit') assert.equal(connector.readListing(page).length, 3);
    else assert.throws(() => connector.readListing(page), /expected a list/);
    const closed =
      '{"retCode":0,"result":{"list":[{"symbol":"A","status":"PreLaunch"},{"symbol":"B","status":"Trading"}]}}';
    assert.deepEqual(connector.readListing(closed), ['B']);
    assert.throws(() => connector.readListing('{"retCode":10006,"retMsg":"Too many visits!"}'), /expected a list/);
  });

  test(`${venue}: a ping is answered, silence of ten minutes ends the connection`, () => {
    const { fake, talk } = begin(venue);
    fake.moveTime(500_000);
    talk.send([talk.dialogue.ping()]);
    assert.deepEqual(talk.notices, [{ kind: 'alive' }]);
    fake.moveTime(599_000);
    assert.equal(talk.socket.closed, null);
    fake.moveTime(2_000);
    assert.notEqual(talk.socket.closed, null);
    assert.equal(talk.session.announceEnd(), false);
  });
}

test('what is no request, or too much of one, is answered as the venue does', () => {
  const { talk, fake } = begin('bybit-spot', { markets: 12 });
  for (const text of ['{', '[]', 'null', '{"op":"dance"}', '{"op":"subscribe"}', '{"op":"subscribe","args":[7]}']) {
    talk.session.message(text);
  }
  assert.deepEqual(talk.socket.violations, []);
  const args = fake.markets.slice(0, 11).map(({ symbol }) => `publicTrade.${symbol}`);
  talk.session.message(JSON.stringify({ op: 'subscribe', args }));
  assert.deepEqual(talk.socket.violations, ['topics per request']);
  const answers = talk.socket.takeTexts().map((text) => JSON.parse(text) as { success: boolean });
  assert.deepEqual(
    answers.map(({ success }) => success),
    Array(7).fill(false),
  );
  const linear = begin('bybit', { markets: 500, levels: 12 });
  for (const depth of [1, 50, 200, 1000]) {
    const topics = linear.fake.markets.map(({ symbol }) => `orderbook.${depth}.${symbol}`);
    linear.talk.session.message(JSON.stringify({ op: 'subscribe', args: topics }));
  }
  assert.ok(linear.talk.socket.violations.includes('characters of topics'));
});

test('the dialogue survives whatever it hears, and takes answers without an id in their order', () => {
  const { connector } = begin('bybit');
  const dialogue = connector.dialogue();
  const [book, trades]: Subscription[] = [
    { symbol: 'BTCUSDT', channel: 'book' },
    { symbol: 'BTCUSDT', channel: 'trades' },
  ];
  for (const text of ['', '{', '7', 'null', '[]', '{"op":"subscribe"}', '{"op":"subscribe","req_id":7}', '{"op":{}}']) {
    assert.doesNotThrow(() => dialogue.read(text), text);
  }
  assert.deepEqual(dialogue.subscribe([]), []);
  dialogue.subscribe([book]);
  dialogue.subscribe([trades]);
  const ack = '{"success":true,"ret_msg":"","conn_id":"x","req_id":"","op":"subscribe"}';
  assert.deepEqual(dialogue.read(ack), [{ kind: 'acknowledged', subscription: book, isSubscribed: true }]);
  assert.deepEqual(dialogue.read(ack), [{ kind: 'acknowledged', subscription: trades, isSubscribed: true }]);
  assert.deepEqual(dialogue.read(ack), []);
  assert.deepEqual(dialogue.read('{"success":false,"ret_msg":"Bad request"}'), [
    { kind: 'refused', subscription: null, message: 'Bad request' },
  ]);
});

test('a refusal that names no topic has each asked for alone', () => {
  const dialogue = new BybitConnector('bybit').dialogue();
  const both: Subscription[] = [
    { symbol: 'AUSDT', channel: 'book' },
    { symbol: 'BUSDT', channel: 'book' },
  ];
  const [text] = dialogue.subscribe(both);
  const id = (JSON.parse(text) as { req_id: string }).req_id;
  const notices = dialogue.read(`{"success":false,"ret_msg":"error","req_id":"${id}","op":"subscribe"}`);
  const args = notices.map((notice) =>
    notice.kind === 'reply' ? (JSON.parse(notice.text) as { args: string[] }).args : [],
  );
  assert.deepEqual(args, [['orderbook.200.AUSDT'], ['orderbook.200.BUSDT']]);
});

test('what a full connection asks for stays inside the characters of the venue', () => {
  const { limits } = new BybitConnector('bybit');
  const longest = '"orderbook.200.1000000BABYDOGEUSDT-26SEP25",'.length;
  assert.ok(limits.subscriptionsPerConnection * longest <= 21_000);
});
