// A client's attempts against a fake stream: ones that hang, ones after a good one, and what is asked for meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStream, next, take, ticker } from '../../support/fake-stream.ts';
import { eventually } from '../../support/live-engine.ts';

/** A fetch that answers nothing, as an engine that hangs; `aborted` counts those that were given up. */
function hangingFetch(): { fetch: typeof globalThis.fetch; asked: number; aborted: number } {
  const counts = { asked: 0, aborted: 0, fetch: globalThis.fetch };
  counts.fetch = (_url, init) => {
    counts.asked++;
    return new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => {
        counts.aborted++;
        reject(new Error('aborted'));
      });
    });
  };
  return counts;
}

test('an engine that takes connections and answers none is given up in time, and tried again', async () => {
  const hanging = hangingFetch();
  const stream = new FakeStream({ idleTimeoutMs: 20, fetch: hanging.fetch });
  const reasons: string[] = [];
  stream.client.onState(({ loss }) => reasons.push(loss?.reason ?? ''));
  const loop = stream.client.bbo('x:A');
  const hung = await stream.socket();
  const socket = await stream.open();
  assert.deepEqual([hung.isClosed, hanging.aborted], [true, 1]);
  assert.ok(reasons.includes('not open in time'), `expected the reason, was ${reasons}`);
  socket.tell(ticker(1, '9'));
  assert.equal((await next(loop)).bidPrice, '9');
  await stream.client.close();
});

test('close gives up what asks why a connection was refused', async () => {
  const hanging = hangingFetch();
  const stream = new FakeStream({ fetch: hanging.fetch });
  stream.client.bbo('x:A');
  (await stream.socket()).end();
  await eventually('the question', () => hanging.asked === 1);
  await stream.client.close();
  assert.equal(hanging.aborted, 1);
  assert.equal(stream.client.state, 'closed');
});

test('a client that was connected once goes on trying with each later connection', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 1, delayMaxMs: 1, firstAttemptsMax: 2 } });
  const first = stream.client.bbo('x:A');
  const socket = await stream.open();
  first.close();
  await eventually('the socket closed, as no one needs it', () => socket.isClosed);
  const loop = stream.client.bbo('x:A');
  for (let attempt = 0; attempt < 5; attempt++) (await stream.socket()).end();
  (await stream.open()).tell(ticker(1, '9'));
  assert.equal((await next(loop)).bidPrice, '9');
  await stream.client.close();
});

test('ready() of a subscription that was closed before the engine took it resolves', async () => {
  const stream = new FakeStream();
  const loop = stream.client.bbo('x:A');
  const before = loop.ready();
  loop.close();
  await Promise.all([before, loop.ready()]);
  await stream.client.close();
});

test('a loop that begins while the connection is lost gets no old value, unless it is known to be current', async () => {
  for (const isResumed of [true, false]) {
    const stream = new FakeStream();
    const early = stream.client.bbo('x:A');
    const lost = await stream.open();
    lost.tell(ticker(1, '9'));
    assert.equal((await next(early)).bidPrice, '9');
    lost.end();
    const late = stream.client.bbo('x:A');
    let told = '';
    const first = next(late).then(({ bidPrice }) => {
      told = bidPrice ?? '';
    });
    const socket = await stream.socket();
    assert.equal(told, '', 'nothing is known to be current');
    socket.accept();
    await socket.resumed(isResumed);
    if (!isResumed) socket.tell(ticker(7, '5'));
    else await socket.caughtUp();
    await first;
    assert.equal(told, isResumed ? '9' : '5');
    await stream.client.close();
  }
});

test('after an engine that began anew a new loop gets the markets it has, not those it had', async () => {
  const stream = new FakeStream();
  const early = stream.client.bbo('*');
  const before = await stream.open();
  before.tell(ticker(1, '9', 'A'));
  before.tell(ticker(1, '8', 'B'));
  await take(early, 2);
  before.end();
  const after = await stream.open();
  after.tell(ticker(4, '7', 'B'));
  assert.deepEqual(
    (await take(early, 2)).map(({ symbol, state }) => [symbol, state]),
    [
      ['A', 'resyncing'],
      ['B', 'live'],
    ],
  );
  const late = stream.client.bbo('*');
  after.tell(ticker(5, '6', 'C'));
  assert.deepEqual(
    (await take(late, 2)).map(({ symbol }) => symbol),
    ['B', 'C'],
  );
  await stream.client.close();
});
