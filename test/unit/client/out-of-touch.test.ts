// What loops over states say while the client is out of touch, and when what they gave is known to be the newest again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Told } from '../../../engine/client/index.ts';
import type { Subscription } from '../../../engine/client/subscription.ts';
import { FakeStream, next, take, ticker, trade } from '../../support/fake-stream.ts';
import { eventually } from '../../support/live-engine.ts';

type Trusted = Told<'bbo.*'> | Told<'status.*'>;

const trustOf = (message: Trusted): unknown[] =>
  message.type === 'gap'
    ? [message.type, message.reason]
    : [message.symbol, message.state, message.reason, message.seq, message.prevSeq];

function status(seq: number, state: string): object {
  return { ...ticker(seq, '0'), type: 'status', channel: 'status.x:A', state };
}

test('a loop over best prices is told once that they are old, and at the end of a resume that they are new', async () => {
  const stream = new FakeStream();
  const loop = stream.client.bbo('x:A');
  assert.equal(loop.isConnected, false);
  const socket = await stream.open();
  assert.equal(loop.isConnected, true);
  socket.tell(ticker(1, '9'));
  assert.deepEqual(trustOf(await next(loop)), ['A', 'live', null, 1, 0]);
  socket.end();
  assert.deepEqual(trustOf(await next(loop)), ['A', 'resyncing', 'disconnected', 1, 1]);
  let isTold = false;
  const then = next(loop).finally(() => {
    isTold = true;
  });
  // An attempt that fails is no news.
  (await stream.socket()).end();
  const again = await stream.socket();
  again.accept();
  await again.resumed(true);
  again.tell(ticker(2, '8'));
  const missed = again.request('ping');
  await missed;
  assert.deepEqual([isTold, loop.isConnected], [false, false], 'it may be older than it says');
  again.tell(ticker(3, '7'));
  again.tell({ op: 'pong', id: (await missed).id });
  const { bidPrice, ...message } = await then;
  assert.deepEqual([bidPrice, ...trustOf({ bidPrice, ...message })], ['7', 'A', 'live', null, 3, 3]);
  assert.equal(loop.isConnected, true);
  loop.close();
  assert.equal(loop.isConnected, false);
  await stream.client.close();
});

test('each market of a wildcard is told as old, and again by the engine that is there', async () => {
  const stream = new FakeStream();
  const loop = stream.client.bbo('*');
  const socket = await stream.open();
  socket.tell(ticker(1, '9', 'A'));
  socket.tell(ticker(4, '9', 'B'));
  await take(loop, 2);
  socket.end();
  assert.deepEqual((await take(loop, 2)).map(trustOf), [
    ['A', 'resyncing', 'disconnected', 1, 1],
    ['B', 'resyncing', 'disconnected', 4, 4],
  ]);
  (await stream.open()).tell(ticker(7, '9', 'B'));
  assert.deepEqual(trustOf(await next(loop)), ['B', 'live', null, 7, 6]);
  await stream.client.close();
});

test('a loop over status has every message, and the newest once more where nothing was missed', async () => {
  for (const missed of [[], ['stale', 'live']]) {
    const stream = new FakeStream();
    const loop = stream.client.status('x:A');
    const socket = await stream.open();
    socket.tell(status(1, 'live'));
    socket.end();
    const again = await stream.socket();
    again.accept();
    await again.resumed(true);
    for (const [index, state] of missed.entries()) again.tell(status(index + 2, state));
    await again.caughtUp();
    const found = await take(loop, 3 + Math.max(0, missed.length - 1));
    assert.deepEqual(
      found.map((message) => [message.type === 'status' && message.state, message.seq]),
      [
        ['live', 1],
        ['resyncing', 1],
        ...(missed.length > 0
          ? [
              ['stale', 2],
              ['live', 3],
            ]
          : [['live', 1]]),
      ],
    );
    await stream.client.close();
  }
});

test('loops over events get nothing but events, and say themselves whether they hear any', async () => {
  const stream = new FakeStream();
  const loop: Subscription<unknown> = stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell(trade(1, null));
  socket.end();
  assert.equal(loop.isConnected, false);
  const again = await stream.socket();
  again.accept();
  await again.resumed(true);
  again.tell(trade(2));
  assert.equal(loop.isConnected, false);
  await again.caughtUp();
  assert.equal(loop.isConnected, true);
  assert.deepEqual(
    (await take(loop, 2)).map((each) => (each as { seq: number }).seq),
    [1, 2],
  );
  await stream.client.close();
});

test('a ping above the budget of the engine is as good as one answered', async () => {
  const stream = new FakeStream();
  const loop = stream.client.bbo('x:A');
  const socket = await stream.open();
  socket.tell(ticker(1, '9'));
  await next(loop);
  socket.end();
  await next(loop);
  const again = await stream.socket();
  again.accept();
  await again.resumed(true);
  const { id } = await again.request('ping');
  again.tell({ op: 'error', id, category: 'range', message: 'expected at most 100 requests a second' });
  assert.equal((await next(loop)).state, 'live');
  await eventually('the end of it', () => loop.isConnected);
  await stream.client.close();
});
