// The client before a server that is no engine, or a broken one: nothing it says ends the program or passes for a book.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LocalBook } from '../../../engine/client/index.ts';
import { parseReceived } from '../../../engine/client/received.ts';
import { change, ENGINE, FakeStream, next, ticker, trade, whole } from '../../support/fake-stream.ts';
import '../../support/seed.ts';

const LEVELS = [['9', '1']] as const;
const REPLY = { op: 'subscribed', id: 1, args: ['book.x:A'], errors: [], engine: ENGINE };

const NONSENSE: readonly (readonly [unknown, RegExp])[] = [
  ['<html>', /JSON/],
  ['', /JSON/],
  ['['.repeat(100_000), /JSON|stack/],
  ['null', /expected an object/],
  ['7', /expected an object/],
  ['[]', /expected an object/],
  [{}, /expected an answer of the engine, was {}/],
  [{ op: 'subscribe', id: 1, args: ['book.x:A'] }, /expected an answer of the engine/],
  [{ ...REPLY, errors: undefined }, /expected errors/],
  [{ ...REPLY, errors: [null] }, /expected errors/],
  [{ ...REPLY, args: 'book.x:A' }, /expected args/],
  [{ ...REPLY, op: 'resumed', args: [null] }, /expected args/],
  [{ ...REPLY, engine: 7 }, /expected engine/],
  [{ op: 'error' }, /expected category/],
  [{ type: 'trade' }, /expected type and channel/],
  [{ ...trade(1), seq: '1' }, /expected seq and prevSeq/],
  [{ ...trade(1), prevSeq: undefined }, /expected seq and prevSeq/],
  [{ ...whole(1, LEVELS, []), bids: undefined }, /expected levels/],
  [{ ...whole(1, LEVELS, []), asks: [null] }, /expected a level/],
  [whole(1, [['1e3', '1']], []), /expected a level/],
  [change(1, [['9', '']], []), /expected a level/],
  [{ ...whole(1, [], []), bids: [{ price: 9, amount: 1 }] }, /expected a level, was {"price":9,"amount":1}/],
  [whole(1, LEVELS, [], { part: '1' }), /expected part and parts/],
];

test('what no engine says ends the connection with its reason, and the book is not live by it', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 0, delayMaxMs: 0 } });
  const reasons: string[] = [];
  stream.client.onState(({ loss }) => loss !== null && reasons.push(loss.reason));
  const book = stream.client.book('x:A');
  stream.client.subscribe('trade.*');
  let view: LocalBook | null = null;
  for (const [index, [nonsense, reason]] of NONSENSE.entries()) {
    const socket = await stream.socket();
    socket.accept();
    if (index === 0) {
      await socket.subscribed();
      socket.tell(whole(1, LEVELS, []));
      view = await next(book);
      assert.equal(view.isLive, true);
    }
    socket.tell(typeof nonsense === 'string' ? nonsense : (nonsense as object));
    assert.equal(socket.isClosed, true, JSON.stringify(nonsense));
    assert.match(reasons.at(-1) ?? '', reason);
    assert.equal(view?.isLive, false);
  }
  await stream.client.close();
});

test('a server that takes connections and ends them soon is asked less and less often', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 1, delayMaxMs: 60_000, jitter: 0 } });
  const waits: (number | undefined)[] = [];
  stream.client.onState(({ loss }) => loss !== null && waits.push(loss.retryInMs));
  stream.client.bbo('x:A');
  for (const code of [1013, 1000, 4400, 1006]) (await stream.open()).end(code, 'no');
  assert.deepEqual(waits, [1, 2, 4, 8]);
  await stream.client.close();
});

test('something else that speaks WebSocket is no engine: the client gives up and says what it heard', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 0, delayMaxMs: 0, firstAttemptsMax: 2 } });
  const loop = stream.client.bbo('x:A');
  const end = assert.rejects(loop.next(), {
    name: 'ConnectionError',
    message: /after 2 attempts .*an answer of the engine/,
  });
  for (let attempt = 0; attempt <= 2; attempt++) {
    const socket = await stream.socket();
    socket.accept();
    socket.tell({ hello: 'world' });
  }
  await end;
  await end;
  assert.equal(stream.client.state, 'failed');
});

test('a listener that throws does not keep the client from its work, and its error is told', async (t) => {
  const stream = new FakeStream();
  const errors: unknown[] = [];
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
    Promise.resolve()
      .then(run)
      .catch((error: unknown) => errors.push(error));
  });
  stream.client.onState(() => {
    throw new Error('mine');
  });
  const loop = stream.client.bbo('x:A');
  (await stream.open()).end();
  (await stream.open()).tell(ticker(1, '9'));
  assert.equal((await next(loop)).bidPrice, '9');
  assert.equal(errors.length, 4);
  await stream.client.close();
});

test('any JSON at all is taken or refused, and what is taken keeps a feed running', () => {
  const levels = fc.array(
    fc.oneof(fc.record({ price: fc.oneof(fc.string(), fc.nat()), amount: fc.string() }), fc.json()),
  );
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('book.x:A', 'trade.x:A', 'book_change', 'gap', 'trade', 1, true),
  );
  const keys = ['type', 'op', 'channel', 'seq', 'prevSeq', 'isSnapshot', 'args', 'errors', 'part', 'parts', 'state'];
  const message = fc.record(
    {
      ...Object.fromEntries(keys.map((key) => [key, field])),
      bids: fc.oneof(levels, field),
      asks: fc.oneof(levels, field),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(message, (value) => {
      try {
        parseReceived(JSON.stringify({ ...whole(1, LEVELS, []), ...value }));
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
      }
    }),
  );
});
