// The engine inside a user's process: listeners get what sockets get, queries what HTTP gets, and nobody's error hurts it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createEngine,
  type EmbeddedEngine,
  type EngineFault,
  type Gap,
  type StreamMessage,
} from '../../engine/embed/index.ts';
import { Client, eventually, hourAheadMs, type Json } from '../support/live-engine.ts';

const QUIET = { port: 0, ingestPort: 0, workers: 1, feed: ['none'], bars: ['1m'] };
const MARKET = 'mine:BTC/USD';
const BEGIN_MS = hourAheadMs();
const time = (index: number): string => new Date(BEGIN_MS + index * 1000).toISOString();
const of = (symbol: string) => ({ exchange: 'mine', symbol, localTimestamp: time(0) });

const trade = (index: number, symbol = 'BTC/USD'): Json => ({
  ...{ type: 'trade', ...of(symbol), id: String(index), price: `${100 + index}`, amount: '0.5' },
  ...{ side: index % 2 === 0 ? 'buy' : 'sell', timestamp: time(index) },
});
const book = (index: number, isSnapshot: boolean, symbol = 'BTC/USD'): Json => ({
  ...{ type: 'book_change', ...of(symbol), isSnapshot, timestamp: time(index) },
  bids: [{ price: 99, amount: index + 1 }],
  asks: [{ price: 101, amount: index + 2 }],
});

async function pushAll(engine: EmbeddedEngine, messages: readonly Json[]): Promise<void> {
  for (const message of messages) await engine.push('json', message);
  await engine.pushed();
}

/** Without the `prevSeq` of the first message, which says what this subscriber had before. */
const told = (messages: readonly object[]): object[] =>
  messages.map((message, index) => (index === 0 ? { ...message, prevSeq: null } : message));
const numbers = (messages: readonly StreamMessage[]): number[] => messages.map(({ seq }) => seq);

describe('an embedded engine', () => {
  let engine: EmbeddedEngine;
  const errors: Error[] = [];
  before(async () => {
    engine = await createEngine({ ...QUIET, onError: (error) => errors.push(error) });
  });
  after(() => engine.stop());

  test('tells listeners what sockets of the stream are told', async () => {
    const channels = ['trade.mine:*', `book.${MARKET}`, 'bbo.*', 'bar.1m.*', `depth.5.100ms.${MARKET}`, 'status.*'];
    await pushAll(engine, [book(0, true), trade(0)]);
    const inside = new Map<string, StreamMessage[]>();
    const leaves = channels.map((channel) =>
      engine.on(channel, (message) => inside.set(channel, [...(inside.get(channel) ?? []), message as StreamMessage])),
    );
    const client = await Client.open(engine.streamUrl);
    await client.subscribe(...channels);
    // Both sides have their current values: what follows is the same for both.
    const current = (): boolean =>
      client.received.filter(({ type }) => type === 'book_change').length > 0 && inside.has(`book.${MARKET}`);
    await eventually('current values', current);
    for (let index = 1; index < 40; index++) await pushAll(engine, [trade(index), book(index, false)]);
    const last = ({ type, id }: Json): boolean => type === 'trade' && id === '39';
    await eventually('the last trade', () => client.received.some(last));
    for (const [type, channel] of [
      ['trade', 'trade.mine:*'],
      ['book_change', `book.${MARKET}`],
      ['book_ticker', 'bbo.*'],
      ['trade_bar', 'bar.1m.*'],
      ['status', 'status.*'],
    ]) {
      const outside = client.received.filter((message) => message['type'] === type);
      assert.ok(outside.length > 0, type);
      await eventually(channel, () => (inside.get(channel)?.length ?? 0) >= outside.length);
      assert.deepEqual(told((inside.get(channel) ?? []).slice(-outside.length)), told(outside), channel);
    }
    client.socket.close();
    for (const leave of leaves) leave();
  });

  test('goes on when a listener throws, counts it and tells it', async () => {
    const seen: string[] = [];
    const [thrownBefore, toldBefore] = [engine.listenerErrors, errors.length];
    const leaves = [
      engine.on(`trade.${MARKET}`, () => {
        throw new Error('mine');
      }),
      engine.on(`trade.${MARKET}`, ({ price }) => seen.push(price)),
    ];
    await pushAll(engine, [trade(50), trade(51)]);
    await eventually('both trades', () => seen.length === 2);
    assert.deepEqual(seen, ['150', '151']);
    assert.equal(engine.listenerErrors - thrownBefore, 2);
    assert.deepEqual(
      errors.slice(toldBefore).map(({ message }) => message),
      ['mine', 'mine'],
    );
    for (const leave of leaves) leave();
  });

  test('waits for a market that has not begun', async () => {
    const seen: StreamMessage[] = [];
    const leave = engine.on('book.mine:LATER', (message) => seen.push(message), { depth: 1, checksum: false });
    await pushAll(engine, [book(0, true, 'LATER'), book(1, false, 'LATER')]);
    await eventually('its book', () => seen.length > 0);
    leave();
    leave();
  });

  test('may be subscribed to and left from inside a listener', async () => {
    const seen: string[] = [];
    let inner = (): void => undefined;
    const outer = engine.on(`trade.${MARKET}`, ({ id }) => {
      seen.push(`outer ${id}`);
      outer();
      inner = engine.on(`trade.${MARKET}`, (second) => seen.push(`inner ${second.id}`));
    });
    await pushAll(engine, [trade(60)]);
    await eventually('the first', () => seen.length === 1);
    await pushAll(engine, [trade(61)]);
    await eventually('the second', () => seen.length === 2);
    assert.deepEqual(seen, ['outer 60', 'inner 61']);
    inner();
  });

  test('gives loops every message in order, and ends them when they are left', async () => {
    const loop = engine.subscribe(`trade.${MARKET}`);
    await pushAll(
      engine,
      [70, 71, 72].map((index) => trade(index)),
    );
    const ids: (string | null)[] = [];
    for await (const { id } of loop) {
      ids.push(id);
      if (ids.length === 3) break;
    }
    assert.deepEqual(ids, ['70', '71', '72']);
    assert.deepEqual(await loop.next(), { done: true, value: undefined });
  });

  test('tells a loop that falls behind what it lost', async () => {
    const gaps: Gap[] = [];
    const everyGap: Gap[] = [];
    const leave = engine.onGap((gap) => everyGap.push(gap));
    const loop = engine.subscribe(`trade.${MARKET}`, { queueMax: 3, onGap: (gap) => gaps.push(gap) });
    await pushAll(
      engine,
      [80, 81, 82, 83, 84].map((index) => trade(index)),
    );
    await eventually('what was lost', () => loop.lost === 2);
    const { value } = await loop.next();
    assert.equal(value?.id, '82');
    assert.deepEqual([gaps.length, gaps[0].reason, gaps[0].lost, gaps[0].symbol], [1, 'queue-full', 2, 'BTC/USD']);
    assert.deepEqual(everyGap, gaps);
    loop.close();
    leave();
  });

  test('begins a book anew for a loop that falls behind', async () => {
    const gaps: Gap[] = [];
    const loop = engine.subscribe(`book.${MARKET}`, { queueMax: 2, onGap: (gap) => gaps.push(gap) });
    for (let index = 90; index < 96; index++) await pushAll(engine, [book(index, false)]);
    await eventually('an overflow', () => loop.lost > 0);
    const { value: first } = await loop.next();
    assert.ok(first?.isSnapshot);
    assert.equal(gaps[0].reason, 'queue-full');
    const chain = [first];
    await pushAll(engine, [book(96, false)]);
    while (chain.at(-1)?.bids[0]?.amount !== '97') chain.push((await loop.next()).value as typeof first);
    const whole = numbers(chain).every(
      (_, index) => chain[index].isSnapshot || chain[index].prevSeq === chain[index - 1].seq,
    );
    assert.ok(whole, JSON.stringify(chain));
    loop.close();
  });

  test('answers queries as HTTP does', async () => {
    const paths = {
      [`/v1/book/${encodeURIComponent(MARKET)}?depth=1`]: () => engine.book(MARKET, 1),
      [`/v1/bars/${encodeURIComponent(MARKET)}?kind=1m&limit=2`]: () => engine.bars(MARKET, '1m', 2),
      [`/v1/trades/${encodeURIComponent(MARKET)}?limit=3`]: () => engine.trades(MARKET, 3),
      [`/v1/signals/${encodeURIComponent(MARKET)}`]: () => engine.signals(MARKET),
      '/v1/markets': () => engine.markets(),
      '/health': async () => engine.health(),
    };
    for (const [path, ask] of Object.entries(paths)) {
      const outside = await (await fetch(`${engine.url}${path}`)).json();
      assert.deepEqual(await ask(), outside, path);
    }
    assert.ok((await engine.stats()).markets?.[MARKET]);
    assert.ok((await engine.latency())['engine'].count > 0);
  });

  test('refuses what is wrong in one sentence', async () => {
    const refused = { name: 'SubscriptionError', category: 'range', message: /^trade\.mine.*expected/ };
    assert.throws(() => engine.on('bars.x', () => undefined), {
      name: 'SubscriptionError',
      message: /^bars\.x: expected/,
    });
    assert.throws(() => engine.on(`trade.${MARKET}`, () => undefined, { interval: '1s' }), refused);
    assert.throws(() => engine.subscribe(`trade.${MARKET}`, { queueMax: 0 }), {
      message: /^queueMax: expected.*was 0$/,
    });
    await assert.rejects(engine.book('mine:NONE'), { name: 'RequestError', status: 404, category: 'unknown-market' });
    await assert.rejects(engine.book(MARKET, -1), { status: 400, message: /depth: expected.*was "-1"/ });
    // @ts-expect-error: a program without types may do so
    await assert.rejects(engine.push('soap', ''), { message: /^push: expected a dialect of binance.*was "soap"$/ });
  });

  test('takes each pushed frame once and in order, and says which were refused', async () => {
    const [before] = [(await engine.stats()).total['trades'] as number, errors.splice(0)];
    const ids: (string | null)[] = [];
    await pushAll(engine, [book(0, true, 'ORDER')]);
    await eventually('the market', async () => (await engine.markets()).some(({ symbol }) => symbol === 'ORDER'));
    const leave = engine.on('trade.mine:ORDER', ({ id }) => ids.push(id));
    for (let index = 0; index < 300; index++) void engine.push('json', trade(index, 'ORDER'));
    await engine.push('json', '{"type":"trade"');
    await engine.push('json', new TextEncoder().encode(JSON.stringify(trade(300, 'ORDER'))));
    await engine.pushed();
    await eventually('all trades', async () => ((await engine.stats()).total['trades'] as number) === before + 301);
    await eventually('all told', () => ids.length === 301);
    assert.deepEqual(
      ids,
      Array.from({ length: 301 }, (_, index) => String(index)),
    );
    await eventually('the refusal', () => errors.length > 0);
    const [error] = errors as { name?: string; category?: string; dialect?: string }[];
    assert.deepEqual([error.name, error.category, error.dialect], ['PushedFrameError', 'syntax', 'json']);
    leave();
  });

  test('tells when its health and the state of a market change', async () => {
    const faults: EngineFault[] = [];
    const leave = engine.onFault((fault) => faults.push(fault));
    const isTold = (): boolean =>
      faults.some((fault) => fault.kind === 'market' && fault.market === 'binance:GAPUSDT' && fault.state !== 'live');
    const delta = (from: number, to: number): Json => ({
      ...{ e: 'depthUpdate', E: 1_700_000_000_000, s: 'GAPUSDT', U: from, u: to, b: [['1', '1']], a: [['2', '1']] },
    });
    await engine.push('binance', delta(1, 10));
    await engine.push('binance', { snapshot: { symbol: 'GAPUSDT', lastUpdateId: 5, bids: [], asks: [] } });
    await engine.pushed();
    await eventually('a live book', async () =>
      (await engine.markets()).some(({ market, state }) => market === 'binance:GAPUSDT' && state === 'live'),
    );
    await engine.push('binance', delta(50, 60));
    await eventually('the gap', isTold);
    leave();
  });
});
