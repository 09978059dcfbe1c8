// Options of subscriptions as requests and replies: per item and per request, wrong ones, replaced ones, wildcards, resumes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interest } from '../../schemas/ids.ts';
import { type Json, Rig, type TestSocket, until } from '../support/publish-rig.ts';

type Reply = { args: unknown[]; errors: { arg: unknown; category: string; message: string }[] };

describe('options of subscriptions', () => {
  let rig: Rig;
  let market: number;
  let other: number;

  before(async () => {
    rig = await Rig.start();
    market = rig.addMarket('a:B');
    other = rig.addMarket('a:C');
    for (const each of [market, other]) {
      rig.shard(each).setBook(
        each,
        [
          [100_000, 1_000],
          [99_990, 2_000],
          [99_980, 3_000],
        ],
        [
          [100_010, 1_000],
          [100_020, 2_000],
        ],
      );
    }
  });
  after(() => rig.stop());

  async function ask(socket: TestSocket, request: Json): Promise<Reply> {
    socket.send({ op: 'subscribe', id: 'o', ...request });
    return (await socket.next(({ op }) => op === 'subscribed' || op === 'resumed')) as unknown as Reply;
  }
  const nextBook = (socket: TestSocket, channel = 'book.a:B'): Promise<Json> =>
    socket.next((message) => message['type'] === 'book_change' && message['channel'] === channel);
  function change(of: number, quantityMilli: number): void {
    rig.shard(of).change(of, quantityMilli);
    rig.shard(of).commit();
  }
  const levels = (message: Json): unknown[] => [message['bids'], message['asks']];

  test('each wrong value is an error of its item, which names limit and value', async () => {
    const socket = await rig.open();
    const rows: [item: unknown, category: string, message: RegExp][] = [
      [{ channel: 'book.a:B', interval: '5ms' }, 'range', /^interval: expected 10ms to 60m, was "5ms"$/],
      [{ channel: 'book.a:B', interval: '2h' }, 'range', /^interval: .* was "2h"$/],
      [{ channel: 'book.a:B', interval: 100 }, 'type', /^interval: expected text .* was 100$/],
      [
        { channel: 'trade.a:B', interval: '1s' },
        'range',
        /^interval: expected a channel other than trade, was "trade.a:B"$/,
      ],
      [{ channel: 'book.a:B', depth: 0 }, 'range', /^depth: expected 1 to 1000 levels, was 0$/],
      [{ channel: 'book.a:B', depth: 2.5 }, 'range', /was 2.5$/],
      [{ channel: 'book.a:B', depth: '5' }, 'type', /^depth: expected a number, was "5"$/],
      [{ channel: 'bbo.a:B', depth: 5 }, 'range', /^depth: expected a book channel, was "bbo.a:B"$/],
      [{ channel: 'book.a:B', checksum: 'no' }, 'type', /^checksum: expected true or false, was "no"$/],
      [{ channel: 'bbo.a:B', checksum: false }, 'range', /^checksum: expected a book channel/],
      [{ channel: 'book.a:B', depht: 5 }, 'shape', /^expected options interval, depth, checksum, was "depht"$/],
      [{ interval: '1s' }, 'shape', /^expected a channel as text or \{channel, …\}$/],
      [7, 'shape', /^expected a channel as text/],
      [{ channel: 'book.no:SUCH', depth: 5 }, 'unknown-market', /no:SUCH/],
    ];
    const sound = { channel: 'book.a:B', depth: 1_000, interval: '60m', checksum: false };
    const { args, errors } = await ask(socket, { args: [...rows.map(([item]) => item), sound] });
    assert.deepEqual(args, [sound]);
    assert.equal(errors.length, rows.length);
    for (const [index, [item, category, message]] of rows.entries()) {
      assert.deepEqual([errors[index].arg, errors[index].category], [item, category]);
      assert.match(errors[index].message, message);
    }
  });

  test('options of the request are those of its items that are text', async () => {
    const socket = await rig.open();
    const items = ['book.a:B', { channel: 'book.a:C' }, 'bbo.a:B'];
    const { args, errors } = await ask(socket, { args: items, depth: 1, interval: '10ms' });
    assert.deepEqual(args, items.slice(0, 2));
    assert.match(errors[0].message, /^depth: expected a book channel, was "bbo.a:B"$/);
    const [cut, whole] = [await nextBook(socket), await nextBook(socket, 'book.a:C')];
    assert.deepEqual([levels(cut).flat().length, levels(whole).flat().length], [2, 5]);
    assert.equal(cut['prevSeq'], null);
  });

  test('other options for the same channel replace those before and begin with a fresh value', async () => {
    const socket = await rig.open();
    await ask(socket, { args: ['book.a:B'] });
    assert.ok('checksum' in (await nextBook(socket)));
    await ask(socket, { args: [{ channel: 'book.a:B', checksum: false }] });
    const fresh = await nextBook(socket);
    assert.deepEqual([fresh['isSnapshot'], fresh['prevSeq'], 'checksum' in fresh], [true, null, false]);
    await ask(socket, { args: [{ channel: 'book.a:B', checksum: false }] });
    change(market, 1_111);
    const next = await nextBook(socket);
    assert.deepEqual([next['isSnapshot'], next['prevSeq'], 'checksum' in next], [false, fresh['seq'], false]);
    assert.equal(socket.received.length, 0);
    socket.send({ op: 'unsubscribe', args: [{ channel: 'book.a:B' }] });
    assert.deepEqual((await socket.next(({ op }) => op === 'unsubscribed'))['args'], [{ channel: 'book.a:B' }]);
    change(market, 1_112);
    await ask(socket, { args: ['bbo.a:B'] });
    assert.ok(!socket.received.some((message) => 'type' in message && message['type'] === 'book_change'));
  });

  test('a channel by its own name counts before a wildcard, which counts again when the name is gone', async () => {
    const socket = await rig.open();
    await ask(socket, { args: [{ channel: 'book.*', checksum: false }] });
    assert.ok(!('checksum' in (await nextBook(socket))));
    assert.ok(!('checksum' in (await nextBook(socket, 'book.a:C'))));
    await ask(socket, { args: ['book.a:B'] });
    assert.ok('checksum' in (await nextBook(socket)));
    await ask(socket, { args: [{ channel: 'book.a:*', depth: 1 }] });
    assert.equal(levels(await nextBook(socket, 'book.a:C')).flat().length, 2);
    socket.send({ op: 'unsubscribe', args: ['book.a:B', 'book.a:*'] });
    for (const channel of ['book.a:B', 'book.a:C']) {
      const book = await nextBook(socket, channel);
      assert.deepEqual([levels(book).flat().length, 'checksum' in book], [5, false]);
    }
  });

  test('a book at an interval is one message of all changes, linked to the one before', async () => {
    const socket = await rig.open();
    await ask(socket, { args: [{ channel: 'book.a:B', interval: '300ms' }] });
    const first = await nextBook(socket);
    for (let i = 0; i < 50; i++) change(market, 3_000 + i);
    const last = rig.shard(market).sequences.get(market);
    const merged = await nextBook(socket);
    const rest = merged['seq'] === last ? merged : await nextBook(socket);
    assert.equal(merged['prevSeq'], first['seq']);
    assert.deepEqual([rest['seq'], rest['isSnapshot']], [last, false]);
    assert.deepEqual(levels(rest), [[{ price: '100', amount: '3.049' }], []]);
    assert.equal(rest['checksum'], rig.shard(market).checksum(market));
  });

  test('a resume with options continues where its view has told what followed, else begins anew', async () => {
    const item = { channel: 'book.a:B', interval: '20ms' };
    const first = await rig.open();
    await ask(first, { args: [item] });
    const { seq } = await nextBook(first);
    change(market, 4_001);
    const told = await nextBook(first);
    assert.equal(told['prevSeq'], seq);
    const second = await rig.open();
    const rows = [
      { ...item, seq },
      { channel: 'book.a:C', depth: 1, seq: 999 },
      { ...item, seq: 'x' },
    ];
    const { args, errors } = await ask(second, { op: 'resume', args: rows });
    assert.deepEqual(args, [
      { ...rows[0], resumed: true },
      { ...rows[1], resumed: false },
    ]);
    assert.deepEqual(errors, [{ arg: rows[2], category: 'shape', message: 'expected {channel, seq}' }]);
    const { localTimestamp, ...again } = await nextBook(second);
    const { localTimestamp: before, ...expected } = told;
    assert.deepEqual([again, localTimestamp], [expected, before]);
    assert.equal((await nextBook(second, 'book.a:C'))['resumed'], false);
    change(market, 4_002);
    assert.equal((await nextBook(second))['prevSeq'], told['seq']);
  });

  test('closed bars and events are all told at the interval, of all else the newest', async () => {
    const socket = await rig.open();
    await ask(socket, { args: ['bar.1m.a:B', 'signal.imbalance.a:B', 'bbo.a:B'], interval: '200ms' });
    for (const kind of ['trade_bar', 'signal', 'book_ticker']) await socket.next(({ type }) => type === kind);
    await rig.interested(market, Interest.bar);
    const shard = rig.shard(market);
    for (let index = 0; index < 3; index++) {
      for (let i = 0; i < 5; i++) shard.bar(market, index, i === 4);
      for (let i = 0; i < 5; i++) shard.signal(market, 0, index * 10 + i, i === 2 ? 1 : 0);
      for (let i = 0; i < 5; i++) shard.bbo(market);
    }
    shard.bar(market, 3, false);
    shard.commit();
    const told = async (type: string, isLast: (message: Json) => boolean): Promise<Json[]> => {
      const messages: Json[] = [];
      do messages.push(await socket.next((message) => message['type'] === type));
      while (!isLast(messages[messages.length - 1]));
      for (let i = 1; i < messages.length; i++) assert.equal(messages[i]['prevSeq'], messages[i - 1]['seq']);
      return messages;
    };
    const bars = await told('trade_bar', ({ isFinal }) => isFinal === false);
    assert.deepEqual(
      bars.map(({ isFinal }) => isFinal),
      [true, true, true, false],
    );
    const signals = await told('signal', ({ value }) => value === 24);
    assert.deepEqual(
      signals.map(({ value }) => value),
      [2, 12, 22, 24],
    );
    await socket.next(({ type }) => type === 'book_ticker');
    await sleep(250);
    assert.equal(socket.received.length, 0);
  });

  test('nothing is told at an interval in which nothing happened', async () => {
    const socket = await rig.open();
    await ask(socket, { args: ['book.a:C'], depth: 2, interval: '10ms' });
    await nextBook(socket, 'book.a:C');
    await sleep(60);
    assert.equal(socket.received.length, 0);
    rig.shard(other).setBook(
      other,
      [
        [100_005, 7_000],
        [100_000, 1_000],
        [99_990, 2_000],
      ],
      [
        [100_010, 1_000],
        [100_020, 2_000],
      ],
    );
    const moved = await nextBook(socket, 'book.a:C');
    assert.deepEqual(levels(moved), [
      [
        { price: '100.005', amount: '7' },
        { price: '99.99', amount: '0' },
      ],
      [],
    ]);
  });
});

test('a request above the budget is answered with its id', async () => {
  const rig = await Rig.start({ limits: { requestsPerSecond: 1 } });
  try {
    const socket = await rig.open();
    for (let id = 0; id < 12; id++) socket.send({ op: 'ping', id });
    const refused = await socket.next(({ op }) => op === 'error');
    assert.deepEqual([refused['id'], refused['category']], [10, 'range']);
  } finally {
    await rig.stop();
  }
});

test('a wildcard takes in what it left out as soon as topics are free', async () => {
  const rig = await Rig.start({ limits: { topicsMax: 2 }, resumeWindowMs: 50 });
  try {
    const markets = ['a:A', 'a:B', 'a:C'].map((name) => rig.addMarket(name));
    const listenedTo = (): number => markets.filter((market) => (rig.interest(market) & Interest.trade) !== 0).length;
    const holder = await rig.open();
    await holder.subscribe('status.a:A', 'trade.a:A');
    const socket = await rig.open();
    await socket.subscribe('trade.*');
    assert.equal(listenedTo(), 1);
    holder.ws.close();
    await until(() => listenedTo() === 2);
  } finally {
    await rig.stop();
  }
});
