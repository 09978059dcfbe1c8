// The ladder of slow subscribers, without sockets: what a queue asks for, what a topic keeps, what is left of a history.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History, HistoryBudget } from '../../../engine/publish/history.ts';
import type { SignalMessage, StreamMessage } from '../../../engine/publish/messages.ts';
import { QueueLadder } from '../../../engine/publish/queue-ladder.ts';
import { RequestLimit } from '../../../engine/publish/request-limit.ts';
import { TopicLane } from '../../../engine/publish/topic-lane.ts';
import {
  SUBSCRIBER_BACKPRESSURE_BYTES_MAX as BYTES_MAX,
  SUBSCRIBER_CONFLATE_BYTES as CONFLATE,
  LANE_KEPT_MAX,
  SUBSCRIBER_OVER_MS as OVER_MS,
  REFUSED_REQUESTS_MAX,
  REQUEST_BURST_SECONDS,
  SUBSCRIBER_RESUME_BYTES as RESUME,
  SUBSCRIBER_STUCK_MS as STUCK_MS,
} from '../../../schemas/config.ts';

test('a queue is conflated above the first bound and resumed below the last', () => {
  const ladder = new QueueLadder();
  const rows: [number, string][] = [
    [0, 'resume'],
    [RESUME, 'resume'],
    [RESUME + 1, 'none'],
    [CONFLATE, 'none'],
    [CONFLATE + 1, 'conflate'],
    [CONFLATE, 'none'],
    [RESUME, 'resume'],
  ];
  for (const [index, [bytes, step]] of rows.entries()) assert.equal(ladder.look(bytes, bytes, index), step, `${bytes}`);
  assert.equal(ladder.mostBytes, CONFLATE + 1);
});

test('big snapshots do not conflate, and are no reason to close while they are read', () => {
  const ladder = new QueueLadder();
  for (let second = 0; second < 100; second++) {
    assert.equal(ladder.look(24 * BYTES_MAX - second, 0, second * 1000), 'none');
  }
});

test('above the hard bound it is closed where it grows, and not for what one burst left', () => {
  const burst = new QueueLadder();
  for (let step = 0; step < 20; step++) {
    // A ping now and then, and what is read comes off in large pieces.
    const bytes = (step < 10 ? 4 : 3) * BYTES_MAX + 6 * step;
    assert.equal(burst.look(bytes, bytes, step * OVER_MS), 'conflate');
  }
  const asking = new QueueLadder();
  for (const [bytes, nowMs, step] of [
    [BYTES_MAX + 1, 0, 'conflate'],
    [BYTES_MAX, OVER_MS - 1, 'conflate'],
    [2 * BYTES_MAX, OVER_MS, 'conflate'],
    [3 * BYTES_MAX, 2 * OVER_MS - 1, 'conflate'],
    [3 * BYTES_MAX, 2 * OVER_MS, 'bytes'],
  ] as const) {
    assert.equal(asking.look(bytes, bytes, nowMs), step);
  }
});

test('a queue of which nothing is taken is stuck; one that is read, however slowly, is not', () => {
  const stuck = new QueueLadder();
  stuck.look(0, 0, 0);
  stuck.look(500, 500, 10_000);
  assert.equal(stuck.look(500, 500, 10_000 + STUCK_MS - 1), 'resume');
  assert.equal(stuck.look(600, 600, 10_000 + STUCK_MS), 'stuck');
  const slow = new QueueLadder();
  for (let at = 1; at <= 20; at++) {
    assert.notEqual(slow.look(CONFLATE - at, CONFLATE - at, at * (STUCK_MS - 1)), 'stuck');
  }
});

const bar = (isFinal: boolean): StreamMessage => ({ type: 'trade_bar', isFinal }) as StreamMessage;
const signal = (event: string | null): StreamMessage => ({ type: 'signal', event }) as SignalMessage;

test('a topic keeps closed bars and events, and of all else the newest', () => {
  const lane = new TopicLane('bar');
  const held = { published: 0, seq: 0, position: 0, ordinal: lane.next };
  for (const [index, isFinal] of [false, true, false, false, true, false].entries()) lane.take(bar(isFinal), index + 1);
  assert.deepEqual(
    lane.after(held).messages.map(({ seq }) => seq),
    [2, 5, 6],
  );
  const late = { ...held, ordinal: lane.next };
  lane.take(bar(true), 7);
  assert.deepEqual(
    lane.after(late).messages.map(({ seq }) => seq),
    [7],
  );
  const events = new TopicLane('signal');
  for (const [index, event] of [null, 'cross-up', null].entries()) events.take(signal(event), index + 1);
  assert.deepEqual(
    events.after(held).messages.map(({ seq }) => seq),
    [2, 3],
  );
});

test('beyond its bound a topic keeps the newest and says how many are gone, to each as it came', () => {
  const lane = new TopicLane('bar');
  const early = { published: 0, seq: 0, position: 0, ordinal: lane.next };
  for (let seq = 1; seq <= 10; seq++) lane.take(bar(true), seq);
  const later = { ...early, ordinal: lane.next };
  for (let seq = 11; seq <= LANE_KEPT_MAX + 10; seq++) lane.take(bar(true), seq);
  assert.deepEqual([lane.after(early).lost, lane.after(early).messages.length], [10, LANE_KEPT_MAX]);
  assert.deepEqual([lane.after(later).lost, lane.after(later).messages.length], [0, LANE_KEPT_MAX]);
  assert.equal(lane.after(early).messages[0].seq, 11);
});

test('what is left of a history is given whole in pieces, and what is gone is known', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 200 }), fc.nat(100), fc.nat(60), (all, bytesMax, from, keptMs) => {
      const history = new History(new HistoryBudget(), keptMs);
      const texts = all.map((size, index) => `${index + 1}:${'x'.repeat(size)}`);
      for (const [index, text] of texts.entries()) history.push(text, index + 1, index, index);
      const seen: string[] = [];
      let lost = 0;
      let position = Math.min(from, texts.length);
      const start = position;
      for (let rest = history.since(position, bytesMax); rest !== null; rest = history.since(position, bytesMax)) {
        lost += rest.lost;
        const bytes = rest.messages.reduce((sum, message) => sum + message.length, 0);
        assert.ok(rest.messages.length === 1 || bytes <= bytesMax);
        assert.equal(rest.before, position + rest.lost);
        seen.push(...(rest.messages as string[]));
        position = rest.position;
        assert.equal(rest.last, position);
      }
      assert.equal(position, texts.length);
      const kept = texts.slice(Math.max(start, texts.length - 1 - keptMs));
      assert.deepEqual(seen, kept);
      assert.equal(lost, texts.length - start - kept.length);
    }),
  );
});

test('requests have a budget by count and size; who goes on beyond it is closed', () => {
  const limit = new RequestLimit(10, 0);
  for (let i = 0; i < 10 * REQUEST_BURST_SECONDS; i++) assert.equal(limit.judge(10, 0), 'take');
  assert.equal(limit.judge(10, 0), 'refuse');
  assert.equal(limit.judge(10 * 1024, 1_000), 'refuse');
  assert.equal(limit.judge(9 * 1024, 1_000), 'take');
  for (let i = 1; i < REFUSED_REQUESTS_MAX; i++) assert.equal(limit.judge(10, 1_000), 'refuse');
  assert.equal(limit.judge(10, 1_000), 'close');
  const unlimited = new RequestLimit(0, 0);
  for (let i = 0; i < 100_000; i++) assert.equal(unlimited.judge(65_536, 0), 'take');
});

test('asking far above the budget without end is closed, though some of it is taken all the time', () => {
  const closedAfter = (perSecond: number): number => {
    const limit = new RequestLimit(100, 0);
    for (let asked = 0; asked < 20_000; asked++)
      if (limit.judge(10, (asked * 1_000) / perSecond) === 'close') return asked;
    return Number.POSITIVE_INFINITY;
  };
  assert.ok(closedAfter(1_000) < 2_000);
  assert.equal(closedAfter(150), Number.POSITIVE_INFINITY);
});
