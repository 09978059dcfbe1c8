// The client's connection against a fake stream: one socket for all, resumes, refusals, and every way to lose it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AuthorizationError,
  ConnectionError,
  createClient,
  type StateEvent,
  SubscriptionError,
} from '../../../engine/client/index.ts';
import { CLIENT_REQUEST_BYTES, CLOSE_RATE, SUBSCRIPTIONS_MAX } from '../../../schemas/config.ts';
import { ENGINE, FakeStream, next, take, ticker, trade } from '../../support/fake-stream.ts';
import { eventually } from '../../support/live-engine.ts';

const isNamed =
  (name: string, text: RegExp) =>
  (thrown: unknown): boolean =>
    thrown instanceof Error && thrown.name === name && text.test(thrown.message);

test('all subscriptions of one tick go out in one request on one socket, opened at the first', async () => {
  const stream = new FakeStream();
  assert.equal(stream.client.state, 'idle');
  assert.equal(stream.sockets.length, 0);
  const trades = stream.client.trades('x:A');
  stream.client.bbo('x:A', { interval: '1s' });
  const socket = await stream.socket();
  assert.equal(socket.url, 'ws://127.0.0.1:9002/stream');
  socket.accept();
  const { args } = await socket.subscribed();
  assert.deepEqual(args, ['trade.x:A', { channel: 'bbo.x:A', interval: '1s' }]);
  await trades.ready();
  assert.equal(stream.client.engine, ENGINE);
  assert.equal(stream.sockets.length, 1);
  await stream.client.close();
});

test('two loops over one channel share it, the second begins with the current value, the last one ends it', async () => {
  const stream = new FakeStream();
  const first = stream.client.bbo('x:A');
  const socket = await stream.open();
  socket.tell(ticker(1, '9'));
  const second = stream.client.bbo('x:A');
  assert.equal((await next(second)).bidPrice, '9');
  assert.equal((await next(first)).bidPrice, '9');
  first.close();
  socket.tell(ticker(2, '8'));
  assert.equal((await next(second)).bidPrice, '8');
  assert.deepEqual(socket.requests, []);
  second.close();
  assert.deepEqual((await socket.request('unsubscribe')).args, ['bbo.x:A']);
  await eventually('the socket closed, as no one needs it', () => socket.isClosed);
  assert.equal(stream.client.state, 'idle');
  stream.client.bbo('x:A');
  await stream.open();
  assert.equal(stream.sockets.length, 2);
  await stream.client.close();
});

test('the token goes as a subprotocol, never in the address', async () => {
  const stream = new FakeStream({ token: 'sécret>?', url: 'https://host/millrace/' });
  stream.client.trades('x:A');
  const socket = await stream.socket();
  assert.equal(socket.url, 'wss://host/millrace/stream');
  assert.deepEqual(socket.protocols, ['millrace', `bearer.${Buffer.from('sécret>?').toString('base64url')}`]);
  await stream.client.close();
});

test('an item the engine refuses ends its own loop alone, with category and message', async () => {
  const stream = new FakeStream();
  const bad = stream.client.trades('no:SUCH');
  const good = stream.client.trades('x:A');
  const isReady = bad.ready();
  const socket = await stream.socket();
  socket.accept();
  const { id } = await socket.request('subscribe');
  const error = { arg: 'trade.no:SUCH', category: 'unknown-market', message: 'expected a known market' };
  socket.tell({ op: 'subscribed', id, args: ['trade.x:A'], errors: [error], engine: ENGINE });
  const isRefused = (thrown: unknown): boolean =>
    thrown instanceof SubscriptionError &&
    thrown.category === 'unknown-market' &&
    thrown.message === 'trade.no:SUCH: expected a known market';
  await assert.rejects(isReady, isRefused);
  await assert.rejects(bad.next(), isRefused);
  assert.equal((await bad.next()).done, true);
  socket.tell(trade(1));
  assert.equal((await next(good)).seq, 1);
  await stream.client.close();
});

test('after a loss each channel goes on after the number it holds, and nothing is told as lost', async () => {
  const stream = new FakeStream();
  const events: StateEvent[] = [];
  stream.client.onState((event) => events.push(event));
  const loop = stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell(trade(7, null));
  socket.end(1006, '');
  const again = await stream.socket();
  again.accept();
  const { args, engine } = await again.resumed(true);
  assert.deepEqual(args, [{ channel: 'trade.x:A', seq: 7 }]);
  assert.equal(engine, ENGINE);
  again.tell(trade(8));
  assert.deepEqual(
    (await take(loop, 2)).map(({ type, seq }) => [type, seq]),
    [
      ['trade', 7],
      ['trade', 8],
    ],
  );
  const { stats } = stream.client;
  assert.deepEqual([stats.gaps, stats.resumed, stats.notResumed, stats.reconnects], [0, 1, 0, 1]);
  assert.deepEqual(
    events.map(({ state }) => state),
    ['connecting', 'open', 'reconnecting', 'open'],
  );
  assert.equal(events[2].loss?.closeCode, 1006);
  await stream.client.close();
});

test('what could not be resumed is told as a gap in its place, to loops of which each message counts', async () => {
  const stream = new FakeStream();
  const gaps: string[] = [];
  stream.client.onGap(({ channel }) => gaps.push(channel));
  const trades = stream.client.trades('x:A');
  const bbo = stream.client.bbo('x:A');
  const socket = await stream.open();
  socket.tell(trade(7, null));
  socket.tell(ticker(3, '9'));
  socket.end(1001, 'the engine is stopping');
  const again = await stream.socket();
  again.accept();
  await again.resumed(false, 'run-2');
  again.tell(trade(2, 1));
  again.tell(ticker(1, '8'));
  const [, lost, after] = await take(trades, 3);
  assert.deepEqual([lost.type, lost.seq, lost.exchange, lost.symbol], ['gap', 7, 'x', 'A']);
  assert.equal('reason' in lost && lost.reason, 'reconnect');
  assert.deepEqual([after.type, after.seq], ['trade', 2]);
  assert.equal((await next(bbo)).bidPrice, '8');
  assert.deepEqual(gaps, ['trade.x:A', 'bbo.x:A']);
  assert.equal(stream.client.engine, 'run-2');
  await stream.client.close();
});

test('wildcards are subscribed anew after a loss, and their loops told', async () => {
  const stream = new FakeStream();
  const loop = stream.client.subscribe('trade.x:*');
  const socket = await stream.open();
  socket.tell(trade(5, null, 'A'));
  socket.tell(trade(1, null, 'B'));
  socket.end();
  const again = await stream.open();
  assert.deepEqual(again.requests, []);
  again.tell(trade(9, 8, 'B'));
  const found = await take(loop, 4);
  assert.deepEqual(
    found.map(({ type, symbol }) => [type, symbol]),
    [
      ['trade', 'A'],
      ['trade', 'B'],
      ['gap', '*'],
      ['trade', 'B'],
    ],
  );
  await stream.client.close();
});

test('a number that does not follow is told as a gap, and counted', async () => {
  const stream = new FakeStream();
  const loop = stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell(trade(7, null));
  socket.tell(trade(10, 9));
  const [, lost] = await take(loop, 2);
  assert.deepEqual(lost, { ...lost, type: 'gap', reason: 'missed', lost: 2, seq: 9, prevSeq: 7 });
  assert.equal((await next(loop)).seq, 10);
  assert.equal(stream.client.stats.gaps, 1);
  await stream.client.close();
});

test('a refused token ends every loop with AuthorizationError, and is not tried again', async () => {
  for (const status of [401, 403]) {
    const stream = new FakeStream({ token: 'wrong' });
    stream.status = status;
    const loops = [stream.client.trades('x:A'), stream.client.bbo('x:A')];
    (await stream.socket()).end();
    for (const loop of loops) {
      await assert.rejects(loop.next(), (thrown) => thrown instanceof AuthorizationError && thrown.status === status);
    }
    assert.equal(stream.client.state, 'failed');
    assert.deepEqual(stream.fetched, ['http://127.0.0.1:9002/v1/stats?markets=0']);
    assert.equal(stream.sockets.length, 1);
    // A new subscription is a new attempt.
    stream.status = 200;
    stream.client.trades('x:A');
    await stream.open();
    await stream.client.close();
  }
});

test('a token that is wanted and was not given is told as that', async () => {
  for (const token of [{}, { token: '' }]) {
    const stream = new FakeStream(token);
    stream.status = 401;
    const loop = stream.client.bbo('x:A');
    (await stream.socket()).end();
    await assert.rejects(loop.next(), isNamed('AuthorizationError', /expected a token .*there was none/));
    await stream.client.close();
  }
});

test('a client that never gets through gives up and names the address; one that did once goes on', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 1, delayMaxMs: 1, firstAttemptsMax: 3 } });
  stream.status = 0;
  const loop = stream.client.trades('x:A');
  for (let attempt = 0; attempt < 4; attempt++) (await stream.socket()).end(1006, 'connect ECONNREFUSED');
  await assert.rejects(loop.next(), isNamed('ConnectionError', /ws:.*\/stream, there is none after 3 .*ECONNREFUSED/));
  const again = stream.client.trades('x:A');
  (await stream.open()).end();
  for (let attempt = 0; attempt < 10; attempt++) (await stream.socket()).end();
  const socket = await stream.open();
  socket.tell(trade(1, null));
  await eventually('the trade', async () => (await next(again)).type === 'trade');
  await stream.client.close();
});

test('without reconnect a loss ends the loops with its code', async () => {
  const stream = new FakeStream({ reconnect: false });
  const loop = stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell(trade(1));
  socket.end(4008, 'slow');
  assert.equal((await next(loop)).seq, 1);
  await assert.rejects(loop.next(), (thrown) => thrown instanceof ConnectionError && thrown.closeCode === 4008);
  await stream.client.close();
});

test('after too many requests the longest wait is taken', async () => {
  const stream = new FakeStream({ reconnect: { delayMs: 1, delayMaxMs: 7, jitter: 0 } });
  const waits: (number | undefined)[] = [];
  stream.client.onState(({ loss }) => waits.push(loss?.retryInMs));
  stream.client.trades('x:A');
  (await stream.open()).end(CLOSE_RATE, 'too many requests');
  await stream.open();
  assert.deepEqual(waits, [undefined, undefined, 7, undefined]);
  await stream.client.close();
});

test('a silent connection is asked, given up, and taken up again', async () => {
  const stream = new FakeStream({ idleTimeoutMs: 40 });
  const loop = stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell(trade(1, null));
  const { id } = await socket.request('ping');
  socket.tell({ op: 'pong', id });
  await socket.request('ping');
  const again = await stream.socket();
  assert.equal(socket.isClosed, true);
  again.accept();
  await again.resumed(true);
  assert.equal(stream.client.stats.silent, 1);
  assert.equal((await next(loop)).seq, 1);
  await stream.client.close();
});

test('something that is no JSON is not trusted any further', async () => {
  const stream = new FakeStream();
  stream.client.trades('x:A');
  const socket = await stream.open();
  socket.tell('<html>');
  await stream.open();
  assert.equal(socket.isClosed, true);
  await stream.client.close();
});

test('the same channel with other options, or within a wildcard, has a socket of its own', async () => {
  const stream = new FakeStream();
  const slow = stream.client.bbo('x:A', { interval: '1s' });
  const fast = stream.client.bbo('x:A');
  const first = await stream.open();
  const second = await stream.open();
  const all = stream.client.subscribe('bbo.*');
  const third = await stream.open();
  first.tell(ticker(1, '1'));
  second.tell(ticker(1, '2'));
  third.tell(ticker(1, '3'));
  assert.deepEqual([(await next(slow)).bidPrice, (await next(fast)).bidPrice], ['1', '2']);
  assert.equal((await next(all)).bidPrice, '3');
  await stream.client.close();
});

test('many subscriptions are asked for in requests the engine takes, a thousand a socket', async () => {
  const stream = new FakeStream();
  const name = 'x'.repeat(60);
  for (let i = 0; i <= SUBSCRIPTIONS_MAX; i++) stream.client.trades(`${name}:${i}`);
  const socket = await stream.socket();
  socket.accept();
  const requests = [await socket.subscribed(), await socket.subscribed(), await socket.subscribed()];
  assert.equal(requests.flatMap(({ args }) => args).length, SUBSCRIPTIONS_MAX);
  for (const request of requests) assert.ok(JSON.stringify(request).length < CLIENT_REQUEST_BYTES + 100);
  assert.equal((await stream.open()).requests.length, 0);
  await stream.client.close();
});

test('messages of a subscription before are not taken for those of the next', async () => {
  const stream = new FakeStream();
  stream.client.bbo('y:B');
  const first = stream.client.bbo('x:A');
  const socket = await stream.open();
  first.close();
  const second = stream.client.bbo('x:A', { interval: '1s' });
  assert.equal((await socket.request('unsubscribe')).args.length, 1);
  socket.tell(ticker(5, 'of the first'));
  await socket.subscribed();
  socket.tell(ticker(6, 'of the second'));
  // One of the first would have been merged into it, and left its number there.
  const { bidPrice, prevSeq } = await next(second);
  assert.deepEqual([bidPrice, prevSeq], ['of the second', 5]);
  await stream.client.close();
});

test('a market that an engine forgot with its restart is asked for until it is there', async (t) => {
  const stream = new FakeStream();
  const loop = stream.client.trades('x:A');
  (await stream.open()).end();
  const socket = await stream.socket();
  socket.accept();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await Promise.resolve();
  const error = { arg: 'trade.x:A', category: 'unknown-market', message: 'expected a known market' };
  for (let turn = 0; turn < 3; turn++) {
    const { id } = socket.requests[turn];
    socket.tell({ op: 'subscribed', id, args: [], errors: [error], engine: 'run-2' });
    t.mock.timers.tick(2_000);
    await Promise.resolve();
  }
  const { id, args } = socket.requests[3];
  socket.tell({ op: 'subscribed', id, args, errors: [], engine: 'run-2' });
  socket.tell(trade(1, null));
  assert.deepEqual(
    (await take(loop, 2)).map(({ type }) => type),
    ['gap', 'trade'],
  );
  t.mock.timers.reset();
  await stream.client.close();
});

test('a request above the budget of the engine is asked again', async (t) => {
  const stream = new FakeStream();
  const loop = stream.client.trades('x:A');
  const socket = await stream.socket();
  socket.accept();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await Promise.resolve();
  socket.tell({ op: 'error', category: 'range', message: 'expected at most 100 requests a second' });
  t.mock.timers.tick(1_000);
  await Promise.resolve();
  const [, { id, args }] = socket.requests;
  socket.tell({ op: 'subscribed', id, args, errors: [], engine: ENGINE });
  socket.tell(trade(1, null));
  assert.equal((await next(loop)).seq, 1);
  t.mock.timers.reset();
  await stream.client.close();
});

test('close ends all loops without an error, and so does break', async () => {
  const stream = new FakeStream();
  const waiting = stream.client.trades('x:A').next();
  const loop = stream.client.bbo('x:A');
  const socket = await stream.open();
  socket.tell(ticker(1, '9'));
  for await (const { bidPrice } of loop) {
    assert.equal(bidPrice, '9');
    break;
  }
  assert.deepEqual((await socket.request('unsubscribe')).args, ['bbo.x:A']);
  await stream.client.close();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.deepEqual([socket.isClosed, stream.client.state], [true, 'closed']);
  assert.throws(() => stream.client.trades('x:A'), isNamed('ConnectionError', /it is closed/));
});

test('a wrong option is named with its limit and what was found', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ url: 'localhost:9002' }, /url: expected ws:\/\/HOST:PORT .*, was "localhost:9002"/],
    [{ url: '//me:sec/ret@host' }, /url: expected ws:\/\/HOST:PORT .*, was "host"/],
    [{ url: 'ws://me:secret@host/' }, /url: .* without user, password or query, was "ws:\/\/host\/"/],
    [{ url: 'ws://host/?token=secret' }, /url: .*was "ws:\/\/host\/"/],
    [{ token: 'secret\n' }, /token: expected text without line ends, (?!.*secret)/],
    [{ encoding: 'flatbuffers' }, /encoding: expected 'json', was "flatbuffers"/],
    [{ numbers: 'float' }, /numbers: expected 'text', was "float"/],
    [{ queueMax: 0 }, /queueMax: expected 1 to Infinity, was 0/],
    [{ queueMax: 1.5 }, /queueMax: expected a whole number, was 1.5/],
    [{ idleTimeoutMs: 1 }, /idleTimeoutMs: expected 10 to 86400000, was 1/],
    [{ reconnect: { jitter: 2 } }, /reconnect\.jitter: expected 0 to 1, was 2/],
    [{ reconnect: { delayMs: 50, delayMaxMs: 5 } }, /reconnect\.delayMaxMs: expected 50 to/],
  ];
  for (const [options, text] of wrong) assert.throws(() => createClient(options), isNamed('RangeError', text));
});
