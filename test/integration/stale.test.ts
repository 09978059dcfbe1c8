// A book that falls silent: stale once nothing changed it for longer than the setting and its own rate allow, told before
// anything else of it, and live again with the next change that follows. Driven by recorded time, but for the last.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import type { MarketReport } from '../../engine/recordings/replay-report.ts';
import { replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder } from '../support/frames-file.ts';
import { eventually, type Json, LiveEngine } from '../support/live-engine.ts';

const folder = new FramesFolder();

const START_US = Date.UTC(2026, 7, 1) * 1000;
const SECOND_US = 1_000_000;

type Line = { readonly k: 'recv'; readonly t: number; readonly c: string; readonly d: string };

function change(seconds: number, symbol: string, isSnapshot = false): Line {
  const t = START_US + seconds * SECOND_US;
  const timestamp = new Date(t / 1000).toISOString();
  const amount = String(1 + (seconds % 7));
  const levels = { bids: [{ price: '10', amount }], asks: [{ price: '11', amount: '1' }] };
  const d = JSON.stringify({ type: 'book_change', exchange: 'x', symbol, timestamp, isSnapshot, ...levels });
  return { k: 'recv', t, c: '1', d };
}

/** A market that changes each `everyS` seconds from 0 to `untilS`. */
const regular = (symbol: string, everyS: number, untilS: number): Line[] =>
  Array.from({ length: Math.floor(untilS / everyS) + 1 }, (_, i) => change(i * everyS, symbol, i === 0));

async function stateOf(lines: readonly Line[], symbol: string): Promise<MarketReport> {
  const sorted = [...lines].sort((a, b) => a.t - b.t);
  const { markets } = await replayInProcess({ files: [folder.write(sorted)], venue: 'json' });
  return markets[`x:${symbol}`];
}

test('a busy book that stops is stale after the setting, while its neighbour goes on', async () => {
  const others = regular('OTHER', 1, 200);
  const before = await stateOf(
    [...regular('A', 1, 100), ...others.filter(({ t }) => t < START_US + 155 * SECOND_US)],
    'A',
  );
  assert.deepEqual([before.state, before.reason], ['live', null]);
  const lines = [...regular('A', 1, 100), ...others];
  const { state, reason, bids } = await stateOf(lines, 'A');
  assert.deepEqual([state, reason, bids.length], ['stale', 'silent', 1]);
  assert.equal((await stateOf(lines, 'OTHER')).state, 'live');
});

test('the next change that follows makes it live again', async () => {
  const lines = [...regular('A', 1, 100), ...regular('OTHER', 1, 210), change(205, 'A')];
  const { state, reason, resyncs, gaps } = await stateOf(lines, 'A');
  assert.deepEqual([state, reason, resyncs, gaps], ['live', null, 0, 0]);
});

test('a slow book with long gaps of its own is not stale between them', async () => {
  const lines = [...regular('SLOW', 50, 2000), ...regular('OTHER', 10, 2300)];
  assert.equal((await stateOf(lines, 'SLOW')).state, 'live');
});

test('a book whose rate is not known yet is never stale', async () => {
  const lines = [...regular('NEW', 1, 5), ...regular('OTHER', 10, 900)];
  assert.equal((await stateOf(lines, 'NEW')).state, 'live');
});

test('subscribers are told, and what they ask for then says so', async () => {
  const live = await LiveEngine.start({ plans: marketPlansOf({ usual: { staleAfterMs: 500 } }) });
  try {
    const [producer, subscriber] = [await live.producer('json'), await live.subscriber()];
    producer.send(JSON.parse(change(0, 'A', true).d) as object);
    await live.book('x:A', 1);
    await subscriber.subscribe('status.x:A', 'bbo.x:A');
    for (let i = 1; i <= 30; i++) {
      producer.send(JSON.parse(change(i, 'A').d) as object);
      await sleep(5);
    }
    // What was told last: where the changes came slowly, the book was stale and live again among them.
    const told = (type: string): Json | undefined =>
      subscriber.received.findLast((message) => message['type'] === type);
    const isTold = (state: string): boolean =>
      told('status')?.['state'] === state && told('book_ticker')?.['state'] === state;
    const book = await eventually('a stale book', async () => {
      const found = await live.book('x:A', 31);
      return found.state === 'stale' ? found : null;
    });
    assert.deepEqual([book.reason, book.bids.length], ['silent', 1]);
    await eventually('the stale status, and best prices that say so', () => isTold('stale'));
    assert.equal(told('status')?.['reason'], 'silent');
    const signals = await live.get<Record<string, { value: number | null }>>('/v1/signals/x%3AA');
    assert.equal(signals['imbalance'].value, null);
    producer.send(JSON.parse(change(31, 'A').d) as object);
    await eventually('live again, and best prices again', () => isTold('live'));
    await producer.close();
    await subscriber.close();
  } finally {
    await live.stop();
  }
});
