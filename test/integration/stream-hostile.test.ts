// Requests and names that are meant to harm: nothing ends the engine, mixes up markets, doubles a stream or leaves topics behind.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { IDLE_VIEWS_MAX } from '../../schemas/stream-limits.ts';
import { type Json, Rig, type TestSocket, until } from '../support/publish-rig.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const isBook = ({ type }: Json): boolean => type === 'book_change';
const isReply = ({ op }: Json): boolean => op !== undefined;

async function topicsOf(rig: Rig): Promise<number> {
  const stats = (await (await rig.get('/v1/stats')).json()) as { publish: { topics: number } };
  return stats.publish.topics;
}

/** What a request, as it stands, is answered. */
async function answerTo(socket: TestSocket, text: string): Promise<Json> {
  socket.ws.send(text);
  return socket.next(isReply);
}

describe('hostile subscribers', () => {
  let rig: Rig;
  const market = (name: string, milli: number): number => {
    const made = rig.addMarket(name);
    rig.shard(made).setBook(made, [[milli, 1_000]], [[milli + 10, 1_000]]);
    return made;
  };

  before(async () => {
    rig = await Rig.start();
  });
  after(() => rig.stop());

  test('a request that no reply could say again is refused, however deep it is', async () => {
    market('a:DEEP', 100_000);
    const socket = await rig.open();
    for (const text of [
      `{"op":"ping","id":${nested(30_000)}}`,
      `{"op":${nested(30_000)},"args":[]}`,
      `{"op":"subscribe","args":[${nested(30_000)}]}`,
      `{"op":"subscribe","args":[{"channel":"book.a:DEEP","interval":${nested(8_000)}}]}`,
      `{"op":"subscribe","args":["book.a:DEEP"],"depth":${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}}`,
      `{"op":"ping","id":${nested(16)}}`,
    ]) {
      assert.equal((await answerTo(socket, text))['category'], 'syntax', text.slice(0, 60));
    }
    const id = JSON.parse(nested(15)) as unknown;
    assert.deepEqual(await answerTo(socket, `{"op":"ping","id":${nested(15)}}`), { op: 'pong', id });
  });

  test('an op that is no text is none', async () => {
    const socket = await rig.open();
    for (const op of ['{"toString":1,"valueOf":1}', '["resume"]', 'null', '7']) {
      assert.equal((await answerTo(socket, `{"op":${op},"args":["book.a:DEEP"]}`))['category'], 'shape', op);
    }
  });

  test('no name of a market is that of another one told in another way', async () => {
    market('a:NAME', 200_000);
    const other = market('a:NAME|0|0|0', 300_000);
    const compressed = market('a:NAME|compressed', 400_000);
    const subscribed = async (arg: unknown, query = ''): Promise<[TestSocket, Json]> => {
      const socket = await rig.open(query, [], true);
      await socket.subscribe(arg);
      return [socket, await socket.next(isBook)];
    };
    const [socket, view] = await subscribed({ channel: 'book.a:NAME', checksum: false }, '?compress=1');
    const [, plain] = await subscribed('book.a:NAME|0|0|0');
    const [, third] = await subscribed('book.a:NAME|compressed');
    assert.deepEqual(
      [view, plain, third].map(({ symbol }) => symbol),
      ['NAME', 'NAME|0|0|0', 'NAME|compressed'],
    );
    await socket.subscribe('book.a:NAME');
    await socket.next(isBook);
    for (const each of [other, compressed]) {
      rig.shard(each).change(each, 5_000);
      rig.shard(each).commit();
    }
    await answerTo(socket, '{"op":"ping"}');
    assert.deepEqual(socket.received, []);
  });

  test('a channel twice in one resume goes on once', async () => {
    const id = market('a:TWICE', 100_000);
    const change = (quantityMilli: number): void => {
      rig.shard(id).change(id, quantityMilli);
      rig.shard(id).commit();
    };
    const item = { channel: 'book.a:TWICE', seq: 1 };
    const [first, second] = [await rig.open(), await rig.open()];
    await first.subscribe('book.a:TWICE', { channel: 'book.a:TWICE', checksum: false });
    await first.subscribe('book.a:TWICE');
    await first.next(isBook);
    change(2_000);
    await first.next(({ seq }) => seq === 2);
    const again = { ...item, checksum: false };
    const reply = await answerTo(second, JSON.stringify({ op: 'resume', args: [item, item, again] }));
    assert.deepEqual(reply['args'], [{ ...item, resumed: true }]);
    const error = { category: 'range', message: 'expected each channel once in a resume' };
    assert.deepEqual(reply['errors'], [
      { arg: item, ...error },
      { arg: again, ...error },
    ]);
    change(3_000);
    const told = [await second.next(isBook), await second.next(isBook)];
    assert.deepEqual(
      told.map(({ seq, prevSeq }) => [seq, prevSeq]),
      [
        [2, 1],
        [3, 2],
      ],
    );
    await answerTo(second, '{"op":"ping"}');
    assert.deepEqual(second.received, []);
  });

  test('one that goes from option to option leaves few topics behind', async () => {
    market('a:MANY', 100_000);
    const before = await topicsOf(rig);
    const socket = await rig.open();
    for (let intervalMs = 100; intervalMs < 150; intervalMs++) {
      await socket.subscribe({ channel: 'book.a:MANY', interval: `${intervalMs}ms` });
      await socket.next(isBook);
    }
    // The one it has, those that are kept, and the channel that all of them tell.
    assert.equal((await topicsOf(rig)) - before, 1 + IDLE_VIEWS_MAX + 1);
  });

  test('a lost ticker, signal and status is told anew, though nothing changes', async () => {
    const id = market('a:QUIET', 100_000);
    const socket = await rig.open();
    await socket.subscribe('bbo.a:QUIET', 'status.a:QUIET', 'signal.imbalance.a:QUIET');
    const types = ['book_ticker', 'status', 'signal'];
    for (const type of types) await socket.next((message) => message['type'] === type);
    rig.shard(id).setBook(id, [], []);
    rig.shard(id).gap(id);
    rig.shard(id).commit();
    const told = new Map<unknown, Json>();
    for (const type of types) told.set(type, await socket.next((message) => message['type'] === type));
    assert.equal(told.get('book_ticker')?.['bidPrice'], null);
    const gaps = socket.received as Json[];
    assert.deepEqual(
      gaps.map(({ type }) => type),
      ['gap', 'gap', 'gap'],
    );
    for (const { channel, seq } of gaps) {
      const next = [...told.values()].find((message) => message['channel'] === channel);
      assert.equal(next?.['prevSeq'], seq);
    }
  });
});

test('other options need room too, and what nobody uses gives way', async () => {
  const rig = await Rig.start({ limits: { topicsMax: 4 } });
  try {
    for (const name of ['a:A', 'a:B']) {
      const id = rig.addMarket(name);
      rig.shard(id).setBook(id, [[100_000, 1_000]], [[100_010, 1_000]]);
    }
    const socket = await rig.open();
    await socket.subscribe('book.a:A', 'trade.a:A', 'status.a:A');
    for (let depth = 1; depth < 9; depth++) {
      const { errors } = await socket.subscribe({ channel: 'book.a:A', depth });
      assert.deepEqual(errors, []);
    }
    assert.ok((await topicsOf(rig)) <= 4);
    const { errors } = await socket.subscribe('trade.a:B', 'bbo.a:B');
    assert.equal((errors as Json[])[0]['category'], 'range');
    socket.ws.close();
    await until(async () => (await topicsOf(rig)) > 0);
    const next = await rig.open();
    const items = ['trade.a:B', 'bbo.a:B', { channel: 'book.a:B', depth: 3 }];
    await until(async () => ((await next.subscribe(...items))['errors'] as Json[]).length === 0);
  } finally {
    await rig.stop();
  }
});
