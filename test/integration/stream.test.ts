// The stream over real sockets, with shards played by the test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ByteBuffer } from 'flatbuffers';
import { Body, BookChange, Message, Trade } from '../../schemas/generated/stream.ts';
import { BookState, Interest, StateReason } from '../../schemas/ids.ts';
import { IMBALANCE, type Json, type Quote, Rig, seed, until } from '../support/publish-rig.ts';

const isType = (type: string) => (message: Json) => message['type'] === type;

function quotes(count: number, from: number): Quote[] {
  return Array.from({ length: count }, (_, index) => [from + index, 1000 + index]);
}

describe('the stream', () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start();
  });
  after(() => rig.stop());

  test('gives the book first and then every change, linked by seq and prevSeq', async () => {
    const market = seed(rig, 'binance:BOOK');
    const socket = await rig.open();
    const reply = await socket.subscribe('book.binance:BOOK');
    assert.deepEqual(reply['args'], ['book.binance:BOOK']);
    assert.deepEqual(reply['errors'], []);
    const snapshot = await socket.next();
    assert.equal(snapshot['type'], 'book_change');
    assert.equal(snapshot['exchange'], 'binance');
    assert.equal(snapshot['isSnapshot'], true);
    assert.deepEqual(snapshot['bids'], [{ price: '100', amount: '1' }]);
    assert.deepEqual(snapshot['asks'], [{ price: '101.5', amount: '3' }]);
    assert.deepEqual(
      [snapshot['state'], snapshot['reason'], snapshot['seq'], snapshot['prevSeq']],
      ['live', null, 1, null],
    );
    assert.match(String(snapshot['timestamp']), /^2026-01-01T00:00:00\.000000Z$/);
    for (let i = 0; i < 3; i++) rig.shard(market).change(market, 2000 + i);
    rig.shard(market).commit();
    for (let seq = 2; seq <= 4; seq++) {
      const change = await socket.next();
      assert.deepEqual([change['isSnapshot'], change['seq'], change['prevSeq']], [false, seq, seq - 1]);
    }
  });

  test('joins a late subscriber without a hole while changes go on', async () => {
    const market = seed(rig, 'binance:BUSY');
    const early = await rig.open();
    await early.subscribe('book.binance:BUSY');
    await early.next(isType('book_change'));
    const timer = setInterval(() => {
      rig.shard(market).change(market, 1000);
      rig.shard(market).commit();
    }, 1);
    const late = await rig.open();
    await late.subscribe('book.binance:BUSY');
    const first = await late.next(isType('book_change'));
    let seq = first['seq'] as number;
    assert.equal(first['isSnapshot'], true);
    for (let i = 0; i < 20; i++) {
      const change = await late.next(isType('book_change'));
      assert.deepEqual([change['isSnapshot'], change['seq'], change['prevSeq']], [false, seq + 1, seq]);
      seq++;
    }
    clearInterval(timer);
  });

  test('carries trades, tickers, bars, signals and status, current value first', async () => {
    const market = seed(rig, 'kraken:BTC/USD');
    const socket = await rig.open();
    const words = ['trade', 'bbo', 'bar.1m', 'signal.imbalance', 'status'];
    await socket.subscribe(...words.map((word) => `${word}.kraken:BTC/USD`));
    const ticker = await socket.next(isType('book_ticker'));
    assert.deepEqual([ticker['bidPrice'], ticker['askAmount']], ['100', '3']);
    const bar = await socket.next(isType('trade_bar'));
    assert.deepEqual([bar['name'], bar['kind'], bar['interval'], bar['isFinal']], ['1m', 'time', 60_000, false]);
    assert.deepEqual([bar['vwap'], bar['notional'], bar['volume']], ['10.333333333333333333', '31', '3']);
    assert.equal(bar['completeness'], 'partial');
    assert.equal((await socket.next(isType('signal')))['value'], 0.25);
    assert.equal((await socket.next(isType('status')))['state'], 'live');
    const shard = rig.shard(market);
    shard.trade(market, 42, 100_000);
    shard.trade(market, 'uuid-1', 100_000, 3);
    shard.bbo(market);
    shard.bar(market, 1, true);
    shard.signal(market, IMBALANCE, Number.NaN, 1);
    shard.status(market, BookState.resyncing, StateReason.gap);
    shard.commit();
    const trade = await socket.next(isType('trade'));
    assert.deepEqual(
      [trade['id'], trade['price'], trade['amount'], trade['side'], trade['seq'], trade['prevSeq']],
      ['42', '100.000000000000000005', '0.25', 'buy', 1, null],
    );
    const second = await socket.next(isType('trade'));
    assert.deepEqual([second['id'], second['matches'], second['seq'], second['prevSeq']], ['uuid-1', 3, 2, 1]);
    const oneSided = await socket.next(isType('book_ticker'));
    assert.deepEqual([oneSided['bidAmount'], oneSided['askPrice'], oneSided['prevSeq']], ['2', null, 0]);
    assert.deepEqual((await socket.next(isType('trade_bar')))['isFinal'], true);
    const signal = await socket.next(isType('signal'));
    assert.deepEqual(
      [signal['value'], signal['event'], signal['isWarm'], signal['inputSeq']],
      [null, 'cross-up', true, 77],
    );
    const status = await socket.next(isType('status'));
    assert.deepEqual([status['state'], status['reason'], status['lost']], ['resyncing', 'gap', 4]);
  });

  test('writes bare numbers where numbers=float asks for them', async () => {
    const market = seed(rig, 'binance:FLOAT');
    const socket = await rig.open('?numbers=float');
    await socket.subscribe('trade.binance:FLOAT');
    rig.shard(market).trade(market, null, 100_250);
    rig.shard(market).commit();
    const trade = await socket.next(isType('trade'));
    assert.deepEqual([trade['id'], trade['price'], trade['amount']], [null, 100.25, 0.25]);
  });

  test('gives the same messages as FlatBuffers', async () => {
    const market = seed(rig, 'binance:BINARY');
    const socket = await rig.open('?encoding=flatbuffers');
    await socket.subscribe('book.binance:BINARY', 'trade.binance:BINARY');
    const snapshot = Message.getRootAsMessage(new ByteBuffer(new Uint8Array(await socket.binary())));
    assert.equal(snapshot.bodyType(), Body.BookChange);
    assert.equal(snapshot.channel(), 'book.binance:BINARY');
    const book = snapshot.body(new BookChange()) as BookChange;
    assert.deepEqual([book.isSnapshot(), book.bidsLength(), book.bids(0)?.priceMilli()], [true, 1, 100_000]);
    assert.deepEqual([snapshot.seq(), snapshot.prevSeq()], [1, -1]);
    rig.shard(market).trade(market, 'abc', 5000);
    rig.shard(market).commit();
    const bytes = new ByteBuffer(new Uint8Array(await socket.binary()));
    assert.ok(Message.bufferHasIdentifier(bytes));
    const message = Message.getRootAsMessage(bytes);
    const trade = message.body(new Trade()) as Trade;
    assert.deepEqual([trade.id(), trade.price()?.milli(), trade.price()?.atto(), trade.side()], ['abc', 5000, 5, 1]);
  });

  test('says for each argument why it does not hold', async () => {
    const socket = await rig.open();
    const args = [
      'book.binance:NONE',
      'bok.x:Y',
      'bar.7m.binance:BOOK',
      'depth.0.1s.binance:BOOK',
      'trade.',
      3,
      'system',
    ];
    const reply = await socket.subscribe(...args);
    assert.deepEqual(reply['args'], ['system']);
    const categories = (reply['errors'] as Json[]).map((error) => [error['arg'], error['category']]);
    assert.deepEqual(categories, [
      ['book.binance:NONE', 'unknown-market'],
      ['bok.x:Y', 'shape'],
      ['bar.7m.binance:BOOK', 'range'],
      ['depth.0.1s.binance:BOOK', 'range'],
      ['trade.', 'shape'],
      [3, 'shape'],
    ]);
    socket.ws.send('{"op":');
    assert.equal((await socket.next((message) => message['op'] === 'error'))['category'], 'syntax');
    socket.send({ op: 'dance', id: 9 });
    const error = await socket.next((message) => message['op'] === 'error');
    assert.deepEqual([error['id'], error['category']], [9, 'shape']);
    socket.send({ op: 'ping', id: 10 });
    assert.equal((await socket.next((message) => message['op'] === 'pong'))['id'], 10);
  });

  test('expands wildcards to markets that exist and to those that appear', async () => {
    const known = seed(rig, 'okx:ONE');
    const socket = await rig.open();
    await socket.subscribe('trade.okx:*');
    await rig.interested(known, Interest.trade);
    const fresh = seed(rig, 'okx:TWO');
    const other = seed(rig, 'bybit:THREE');
    await rig.interested(fresh, Interest.trade);
    await until(() => (rig.interest(other) & Interest.trade) === 0);
    for (const market of [known, fresh]) {
      rig.shard(market).trade(market, market, 1000);
      rig.shard(market).commit();
    }
    const symbols = [await socket.next(isType('trade')), await socket.next(isType('trade'))].map(
      (each) => each['symbol'],
    );
    assert.deepEqual(symbols.sort(), ['ONE', 'TWO']);
  });

  test('stops after unsubscribe, but not what a wildcard still covers', async () => {
    const market = seed(rig, 'gate:KEEP');
    const socket = await rig.open();
    await socket.subscribe('trade.gate:KEEP', 'trade.gate:*');
    const trade = (): void => {
      rig.shard(market).trade(market, 1, 1000);
      rig.shard(market).commit();
    };
    socket.send({ op: 'unsubscribe', id: 2, args: ['trade.gate:KEEP', 'trade.gate:NEVER'] });
    const reply = await socket.next((message) => message['op'] === 'unsubscribed');
    assert.deepEqual(reply['args'], ['trade.gate:KEEP']);
    assert.equal((reply['errors'] as Json[]).length, 1);
    trade();
    await socket.next(isType('trade'));
    socket.send({ op: 'unsubscribe', id: 3, args: ['trade.gate:*'] });
    await socket.next((message) => message['op'] === 'unsubscribed');
    trade();
    socket.send({ op: 'ping', id: 4 });
    await socket.next((message) => message['op'] === 'pong');
    assert.equal(socket.received.filter((message) => !Buffer.isBuffer(message) && isType('trade')(message)).length, 0);
  });

  test('sends a big book in parts of at most a thousand levels', async () => {
    const market = rig.addMarket('binance:BIG');
    rig.shard(market).setBook(market, quotes(1500, 1000).reverse(), quotes(1200, 3000));
    const socket = await rig.open();
    await socket.subscribe('book.binance:BIG');
    const levels: unknown[] = [];
    const sides = { bids: 0, asks: 0 };
    for (let part = 1; part <= 3; part++) {
      const message = await socket.next(isType('book_change'));
      assert.deepEqual([message['part'], message['parts'], message['isSnapshot'], message['seq']], [part, 3, true, 1]);
      sides.bids += (message['bids'] as Json[]).length;
      sides.asks += (message['asks'] as Json[]).length;
      levels.push(...(message['bids'] as Json[]), ...(message['asks'] as Json[]));
    }
    assert.deepEqual(sides, { bids: 1500, asks: 1200 });
    assert.equal(new Set(levels.map((each) => (each as Json)['price'])).size, 2700);
  });

  test('sends depth at its interval with exact measures', async () => {
    const market = seed(rig, 'binance:DEPTH');
    const socket = await rig.open();
    await socket.subscribe('depth.1.20ms.binance:DEPTH');
    const first = await socket.next(isType('book_snapshot'));
    assert.deepEqual([first['name'], first['depth'], first['interval']], ['depth.1.20ms', 1, 20]);
    assert.deepEqual([first['spread'], first['mid'], first['microprice']], ['1.5', '100.75', '100.375']);
    assert.equal(first['imbalance'], -0.5);
    const second = await socket.next(isType('book_snapshot'));
    assert.equal(second['prevSeq'], first['seq']);
    socket.send({ op: 'unsubscribe', id: 2, args: ['depth.1.20ms.binance:DEPTH'] });
    await socket.next((message) => message['op'] === 'unsubscribed');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const asked = rig.shard(market).requests;
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal(rig.shard(market).requests, asked);
  });

  test('resumes with exactly what was missed, and says so when it cannot', async () => {
    const market = seed(rig, 'binance:RESUME');
    const shard = rig.shard(market);
    const first = await rig.open();
    await first.subscribe('book.binance:RESUME', 'trade.binance:RESUME');
    const snapshot = await first.next(isType('book_change'));
    first.ws.terminate();
    await first.closed;
    for (let i = 0; i < 3; i++) {
      shard.change(market, 5000 + i);
      shard.trade(market, i, 1000);
    }
    shard.commit();
    await until(() => rig.publisher.drained());
    const second = await rig.open();
    const channel = 'book.binance:RESUME';
    second.send({
      op: 'resume',
      id: 5,
      args: [
        { channel, seq: snapshot['seq'] },
        { channel: 'trade.binance:RESUME', seq: 1 },
      ],
    });
    const reply = await second.next((message) => message['op'] === 'resumed');
    assert.deepEqual(
      (reply['args'] as Json[]).map((each) => each['resumed']),
      [true, true],
    );
    for (let seq = 2; seq <= 4; seq++) {
      const change = await second.next(isType('book_change'));
      assert.deepEqual([change['seq'], change['prevSeq'], change['isSnapshot']], [seq, seq - 1, false]);
    }
    assert.deepEqual(
      [(await second.next(isType('trade')))['seq'], (await second.next(isType('trade')))['seq']],
      [2, 3],
    );
    shard.change(market, 6000);
    shard.commit();
    assert.equal((await second.next(isType('book_change')))['seq'], 5);
    const third = await rig.open();
    third.send({ op: 'resume', id: 6, args: [{ channel, seq: 999 }, { channel: 'book.*', seq: 1 }, 'x'] });
    const refused = await third.next((message) => message['op'] === 'resumed');
    assert.deepEqual(refused['args'], [{ channel, seq: 999, resumed: false }]);
    assert.equal((refused['errors'] as Json[]).length, 2);
    const fresh = await third.next(isType('book_change'));
    assert.deepEqual([fresh['isSnapshot'], fresh['resumed'], fresh['seq']], [true, false, 5]);
    const fourth = await rig.open();
    fourth.send({ op: 'resume', id: 7, engine: 'another', args: [{ channel, seq: 5 }] });
    const other = await fourth.next((message) => message['op'] === 'resumed');
    assert.deepEqual(other['args'], [{ channel, seq: 5, resumed: false }]);
  });

  test('tells of lost output and sends the book anew before any further change', async () => {
    const market = seed(rig, 'binance:LOST');
    const shard = rig.shard(market);
    const socket = await rig.open();
    await socket.subscribe('book.binance:LOST', 'trade.binance:LOST');
    await socket.next(isType('book_change'));
    shard.sequences.set(market, 10);
    shard.gap(market);
    shard.change(market, 7000);
    shard.commit();
    const gaps = [await socket.next(isType('gap')), await socket.next(isType('gap'))];
    assert.deepEqual(gaps.map((gap) => gap['channel']).sort(), ['book.binance:LOST', 'trade.binance:LOST']);
    assert.equal(gaps[0]['lost'], 5);
    const fresh = await socket.next(isType('book_change'));
    assert.deepEqual([fresh['isSnapshot'], fresh['seq'], fresh['prevSeq']], [true, 11, 1]);
    shard.change(market, 1, 3);
    shard.commit();
    assert.equal((await socket.next(isType('gap')))['reason'], 'hole');
    assert.deepEqual((await socket.next(isType('book_change')))['isSnapshot'], true);
  });

  test('tells of trades that went with a shard, once, and not where a full ring has told of them', async () => {
    const market = seed(rig, 'binance:GONE');
    const shard = rig.shard(market);
    const socket = await rig.open();
    await socket.subscribe('trade.binance:GONE');
    const next = async (): Promise<unknown[]> => {
      const { type, seq, prevSeq, lost, reason } = await socket.next(({ channel }) => channel === 'trade.binance:GONE');
      return [type, seq, prevSeq, lost, reason];
    };
    const trade = (id: number): void => {
      shard.trade(market, id, 100_000);
      shard.commit();
    };
    shard.tradeNumber(market, 4);
    trade(1);
    assert.deepEqual(await next(), ['trade', 4, null, undefined, undefined]);
    shard.tradeNumber(market, 5);
    trade(2);
    assert.deepEqual(await next(), ['trade', 5, 4, undefined, undefined], 'a number that follows');
    shard.tradeNumber(market, 77);
    trade(3);
    assert.deepEqual(await next(), ['gap', 76, 5, 71, 'restart']);
    assert.deepEqual(await next(), ['trade', 77, 76, undefined, undefined]);
    shard.gap(market);
    shard.tradeNumber(market, 80);
    trade(4);
    assert.deepEqual(await next(), ['gap', 77, 77, 5, 'output-full']);
    assert.deepEqual(await next(), ['trade', 80, 77, undefined, undefined]);
  });

  test('asks again when a shard left a question unanswered', async () => {
    const market = seed(rig, 'binance:SILENT');
    const shard = rig.shard(market);
    shard.isSilent = true;
    const socket = await rig.open();
    await socket.subscribe('book.binance:SILENT');
    await until(() => shard.requests > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    shard.isSilent = false;
    assert.equal((await socket.next(isType('book_change')))['isSnapshot'], true);
  });

  test('publishes counters each second', async () => {
    const socket = await rig.open();
    await socket.subscribe('system', 'markets');
    const system = await socket.next(isType('system'));
    assert.equal(typeof (system['total'] as Json)['frames'], 'number');
    const markets = await socket.next(isType('markets'));
    assert.equal((markets['markets'] as Json[])[0]['market'], 'binance:BOOK');
  });
});
