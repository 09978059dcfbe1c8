// What a slow loop still gets: the stores, the mailbox before them, and the clocks of heartbeat and waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heartbeat } from '../../../engine/client/heartbeat.ts';
import { toMicroseconds } from '../../../engine/client/index.ts';
import { QueuedMailbox } from '../../../engine/client/mailbox.ts';
import { ReconnectDelay } from '../../../engine/client/reconnect-delay.ts';
import { ResyncPace } from '../../../engine/client/resync-pace.ts';
import { BarStore, EveryStore, NewestStore } from '../../../engine/client/stores.ts';
import { CLIENT_RESYNC_MS, CLIENT_RESYNC_MS_MAX } from '../../../schemas/config.ts';
import type { BookTicker, Gap, Trade, TradeBar } from '../../../schemas/feed.ts';
import { bar, gap, ticker, trade } from '../../support/fake-stream.ts';
import '../../support/seed.ts';

const asTrade = (seq: number, symbol = 'A'): Trade => trade(seq, seq - 1, symbol) as unknown as Trade;
const asBar = (seq: number, start: string, isFinal: boolean): TradeBar =>
  bar(seq, start, isFinal) as unknown as TradeBar;
const asTicker = (seq: number, symbol: string): BookTicker => ticker(seq, '1', symbol) as unknown as BookTicker;

function drain<T>(store: { shift(): T | undefined }): T[] {
  const found: T[] = [];
  for (let value = store.shift(); value !== undefined; value = store.shift()) found.push(value);
  return found;
}

test('nothing is silently lost: what a loop is told and what gaps say is what came, in a whole chain of numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 0, max: 12 })), (sizeMax, bursts) => {
      let counted = 0;
      const store = new EveryStore<Trade>(sizeMax, (lost) => {
        counted += lost;
      });
      let seq = 0;
      let held = 0;
      let told = 0;
      let lost = 0;
      for (const burst of bursts) {
        for (let i = 0; i < burst; i++) store.put(asTrade(++seq));
        const found = drain(store);
        assert.ok(found.length <= sizeMax + 1);
        for (const message of found) {
          assert.equal(message.prevSeq, held);
          held = message.seq;
          if (message.type === 'gap') lost += message.lost;
          else told++;
        }
      }
      assert.deepEqual([held, told + lost, counted], [seq, seq, lost]);
    }),
  );
});

test('a loop that is far too slow gets a message after each notice of loss, and every number is accounted for', () => {
  const store = new EveryStore<Trade>(3, () => undefined);
  let seq = 0;
  let held = 0;
  const types: string[] = [];
  for (let turn = 0; turn < 8; turn++) {
    for (let i = 0; i < 10; i++) store.put(asTrade(++seq));
    const message = store.shift();
    assert.equal(message?.prevSeq, held);
    held = message?.seq ?? 0;
    types.push(message?.type ?? '');
  }
  assert.deepEqual(types, Array(4).fill(['gap', 'trade']).flat());
});

test('a gap stands for each channel that lost something, and one that is lost itself is not forgotten', () => {
  const store = new EveryStore<Trade>(2, () => undefined);
  store.put(gap('trade.x:A', 'slow', 7, 8, 1) as unknown as Gap);
  store.put(asTrade(9));
  store.put(asTrade(1, 'B'));
  store.put(asTrade(2, 'B'));
  const [lost, ...rest] = drain(store) as Gap[];
  assert.deepEqual([lost.type, lost.reason, lost.lost, lost.prevSeq, lost.seq], ['gap', 'client-slow', 8, 1, 9]);
  assert.deepEqual(
    rest.map(({ channel, seq }) => [channel, seq]),
    [
      ['trade.x:B', 1],
      ['trade.x:B', 2],
    ],
  );
});

test('of a forming bar the newest message is kept, every closed bar, and numbers still follow', () => {
  const store = new BarStore(10, () => undefined);
  for (const message of [
    asBar(1, 't1', false),
    asBar(2, 't1', false),
    asBar(3, 't1', true),
    asBar(4, 't2', false),
    asBar(5, 't1', true),
    asBar(6, 't2', false),
    asBar(7, 't2', false),
  ]) {
    store.put(message);
  }
  const shown = (drain(store) as TradeBar[]).map(({ seq, prevSeq, isFinal }) => [seq, prevSeq, isFinal]);
  assert.deepEqual(shown, [
    [3, 0, true],
    [4, 3, false],
    [5, 4, true],
    [7, 5, false],
  ]);
  // What was handed out is not changed any more.
  store.put(asBar(8, 't2', false));
  assert.deepEqual(drain(store).length, 1);
});

test('of a state the newest of each channel is kept, in the order in which they came', () => {
  const store = new NewestStore<BookTicker>();
  for (const [seq, symbol] of [
    [1, 'A'],
    [1, 'B'],
    [2, 'A'],
    [3, 'A'],
  ] as const)
    store.put(asTicker(seq, symbol));
  assert.deepEqual(
    drain(store).map(({ symbol, seq, prevSeq }) => [symbol, seq, prevSeq]),
    [
      ['A', 3, 0],
      ['B', 1, 0],
    ],
  );
});

test('several who wait are served in turn; an error is told once, after what was kept; then it is over', async () => {
  const mailbox = new QueuedMailbox(new EveryStore<Trade>(5, () => undefined));
  const waiting = [mailbox.take(), mailbox.take()];
  mailbox.put(asTrade(1));
  mailbox.put(asTrade(2));
  mailbox.put(asTrade(3));
  mailbox.fail(new Error('over'));
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ value }) => value?.seq),
    [1, 2],
  );
  assert.equal((await mailbox.take()).value?.seq, 3);
  await assert.rejects(mailbox.take(), /over/);
  assert.equal((await mailbox.take()).done, true);
});

test('a heartbeat asks after half the time of silence, gives up after the other half, and judges nothing when late', () => {
  let nowMs = 0;
  const done: string[] = [];
  const hooks = { ping: () => void done.push(`ping ${nowMs}`), dead: () => void done.push(`dead ${nowMs}`) };
  const heartbeat = new Heartbeat(100, hooks, () => nowMs);
  const lookAt = (...times: number[]): void => {
    for (const time of times) {
      nowMs = time;
      heartbeat.look();
    }
  };
  heartbeat.heard();
  lookAt(25, 49, 50, 75);
  heartbeat.heard();
  lookAt(99, 124, 125, 150, 174);
  assert.deepEqual(done.splice(0), ['ping 50', 'ping 125']);
  // The machine slept: an answer may lie unread.
  lookAt(5_000, 5_025, 5_050);
  assert.deepEqual(done, ['ping 5000', 'dead 5050']);
});

test('waits double up to the longest, less a random share, and begin anew after success', () => {
  const settings = { delayMs: 10, delayMaxMs: 50, factor: 2, jitter: 0.5, attemptsMax: 9, firstAttemptsMax: 9 };
  const delay = new ReconnectDelay(settings, () => 1);
  assert.deepEqual([delay.next(), delay.next(), delay.next(), delay.next()], [5, 10, 20, 25]);
  delay.reset();
  assert.equal(delay.next(), 5);
  assert.equal(delay.next(50), 25);
});

test('a book that goes wrong again and again is asked for less and less often', () => {
  let nowMs = 0;
  const pace = new ResyncPace<object>(() => nowMs);
  const book = {};
  const waits = Array.from({ length: 8 }, () => pace.next(book));
  assert.deepEqual(
    waits,
    [0, 1, 2, 4, 8, 16, 30, 30].map((factor) => factor * CLIENT_RESYNC_MS),
  );
  assert.equal(waits.at(-1), CLIENT_RESYNC_MS_MAX);
  nowMs = 1_000_000;
  assert.equal(pace.next(book), 0);
});

test('times become exact microseconds', () => {
  assert.equal(toMicroseconds('2026-11-21T12:31:44.001539Z'), Date.UTC(2026, 10, 21, 12, 31, 44) * 1_000 + 1_539);
  assert.equal(toMicroseconds('1970-01-01T00:00:00Z'), 0);
  assert.equal(toMicroseconds(null), null);
  assert.throws(() => toMicroseconds('yesterday'), /expected a time, was "yesterday"/);
});
