// What was asked and answered, when answers come late, twice, unasked, or never.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subscription } from '../../../engine/connect/protocol.ts';
import { type Batch, SubscriptionTable } from '../../../engine/connect/subscription-table.ts';
import '../../support/seed.ts';

const BOOK: Subscription = { symbol: 'BTC', channel: 'book' };

function next(table: SubscriptionTable): Batch {
  const batch = table.nextBatch(10);
  assert.ok(batch !== null);
  return batch;
}

function phase(table: SubscriptionTable): string | undefined {
  return table.get(BOOK)?.phase;
}

/** Subscribed at time 1. */
function subscribed(): SubscriptionTable {
  const table = new SubscriptionTable([BOOK], 0);
  table.sent(next(table), 0);
  table.acknowledged(BOOK, true, 1);
  assert.equal(phase(table), 'subscribed');
  return table;
}

test('a late acknowledgement of an older end does not touch the subscription since then', () => {
  const table = subscribed();
  table.resubscribe(BOOK, 10);
  table.sent(next(table), 10);
  assert.deepEqual(table.overdue(20_010, 10_000, 3), []);
  assert.equal(phase(table), 'unwanted', 'asked to end again');
  table.sent(next(table), 20_010);
  table.acknowledged(BOOK, false, 20_020);
  table.sent(next(table), 20_020);
  assert.equal(phase(table), 'asked');
  assert.equal(table.acknowledged(BOOK, false, 20_030), false, 'the answer to the second end');
  assert.equal(phase(table), 'asked');
  table.acknowledged(BOOK, true, 20_040);
  assert.equal(phase(table), 'subscribed');
  assert.equal(table.lateAcknowledgements, 1);
});

test('an end that nobody asked for is made good', () => {
  const table = subscribed();
  assert.equal(table.acknowledged(BOOK, false, 10), true);
  assert.deepEqual(
    next(table).entries.map(({ subscription }) => subscription),
    [BOOK],
  );
  assert.equal(next(table).isSubscribe, true);
});

test('an acknowledgement of the old subscription does not stand for the end that is waited for', () => {
  const table = subscribed();
  table.resubscribe(BOOK, 10);
  table.sent(next(table), 10);
  table.acknowledged(BOOK, true, 11);
  assert.equal(phase(table), 'ending');
});

test('refused to end, there is nothing to end', () => {
  const table = subscribed();
  table.resubscribe(BOOK, 10);
  table.sent(next(table), 10);
  table.refused(BOOK, 'not subscribed', 11);
  assert.equal(phase(table), 'wanted');
});

test('refused, it is asked for after 1, 2 and 4 s, then left', () => {
  const table = new SubscriptionTable([BOOK], 0);
  const waits: number[] = [];
  let nowMs = 0;
  for (let round = 0; round < 3; round++) {
    table.sent(next(table), nowMs);
    waits.push((table.refused(BOOK, 'no', nowMs)?.retryAtMs ?? 0) - nowMs);
    nowMs += waits[round];
    table.overdue(nowMs, 10_000, 3);
  }
  table.sent(next(table), nowMs);
  table.refused(BOOK, 'no', nowMs);
  assert.deepEqual(waits, [1_000, 2_000, 4_000]);
  table.overdue(nowMs + 1e9, 10_000, 3);
  assert.deepEqual([phase(table), table.nextBatch(10), table.isSettled], ['refused', null, true]);
});

test('without an answer it is asked three times, then told', () => {
  const table = new SubscriptionTable([BOOK], 0);
  for (let round = 1; round <= 3; round++) {
    table.sent(next(table), round * 10_000);
    const exhausted = table.overdue(round * 10_000 + 10_000, 10_000, 3);
    assert.equal(exhausted.length, round === 3 ? 1 : 0);
  }
});

test('answers to what is not known are passed over', () => {
  const table = subscribed();
  const other: Subscription = { symbol: 'ETH', channel: 'book' };
  assert.equal(table.acknowledged(other, true, 5), false);
  assert.equal(table.refused(other, 'no', 5), null);
  assert.equal(table.resubscribe(other, 5), false);
});

/**
 * The venue reads messages in order and answers each, its answers come in order, but any number of steps later. Its own
 * list of what is subscribed is the truth.
 */
test('whatever the delays of answers, table and venue agree once all answers are in', () => {
  const subscriptions: Subscription[] = ['A', 'B', 'C'].map((symbol) => ({ symbol, channel: 'book' }));
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('send' as const) },
    { weight: 3, arbitrary: fc.constant('answer' as const) },
    { weight: 1, arbitrary: fc.constant('late' as const) },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const table = new SubscriptionTable(subscriptions, 0);
      const atVenue = new Set<string>();
      const answers: Array<{ subscription: Subscription; isSubscribed: boolean }> = [];
      let nowMs = 0;
      const send = (): boolean => {
        const batch = table.nextBatch(2);
        if (batch === null) return false;
        table.sent(batch, nowMs);
        for (const { subscription } of batch.entries) {
          if (batch.isSubscribe) atVenue.add(subscription.symbol);
          else atVenue.delete(subscription.symbol);
          answers.push({ subscription, isSubscribed: batch.isSubscribe });
        }
        return true;
      };
      const answer = (): boolean => {
        const one = answers.shift();
        if (one !== undefined) table.acknowledged(one.subscription, one.isSubscribed, nowMs);
        return one !== undefined;
      };
      for (const one of steps) {
        nowMs++;
        if (one === 'send') send();
        else if (one === 'answer') answer();
        else if (one === 'late') {
          nowMs += 10_000;
          table.overdue(nowMs, 10_000, 100);
        } else if (one === 'drop') {
          // The venue ends one by itself, and says so.
          const [symbol] = atVenue;
          if (symbol === undefined || answers.length > 0 || table.pending > 0) continue;
          atVenue.delete(symbol);
          answers.push({ subscription: { symbol, channel: 'book' }, isSubscribed: false });
        } else table.resubscribe(subscriptions[one], nowMs);
      }
      while (send() || answer()) nowMs++;
      assert.ok(table.isSettled);
      assert.deepEqual([...atVenue].sort(), ['A', 'B', 'C']);
      assert.ok(table.entries.every((entry) => entry.phase === 'subscribed' && entry.endsOpen === 0));
    }),
    { numRuns: 2_000 },
  );
});
