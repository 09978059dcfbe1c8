// How depth channels and views take turns: few at once of a shard, in a part of the time, short intervals last of all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChannel } from '../../../engine/publish/channels.ts';
import { DepthPace } from '../../../engine/publish/depth-pace.ts';
import { HistoryBudget } from '../../../engine/publish/history.ts';
import { addressOf } from '../../../engine/publish/messages.ts';
import { Topic } from '../../../engine/publish/topics.ts';
import { DEPTH_ASKED_MAX, DEPTH_SHARE_MAX } from '../../../schemas/stream-limits.ts';

function topicOf(market: number): Topic {
  const text = `depth.5.1s.demo:${market}`;
  const parsed = parseChannel(text, { bars: [], signals: [] });
  assert.ok('channel' in parsed);
  const place = { channel: parsed.channel, market, address: addressOf(text, null) };
  const shared = { outlet: { publish: () => true }, budget: new HistoryBudget(), windowMs: 1, nowMs: 0 };
  return new Topic(place, { ...shared, publishedMessages: 0, publishedBytes: 0 }, 0);
}

/** A pace by a clock that stands, and what it has asked for and was not told of. */
class Turns {
  nowMs = 1_000;
  readonly open: { readonly market: number; readonly told: (tookMs: number) => void }[] = [];
  readonly pace: DepthPace;

  constructor(shards: number) {
    const ask = ({ market }: Topic, told: (tookMs: number) => void): void => {
      this.open.push({ market, told });
    };
    this.pace = new DepthPace({ shards, nowMs: () => this.nowMs, ask });
  }

  /** Tells of all that is open; returns their markets. */
  tell(tookMs: number): number[] {
    const open = this.open.splice(0);
    for (const { told } of open) told(tookMs);
    return open.map(({ market }) => market);
  }
}

test('of each shard a few are asked for at once, and one that is silent holds up no other', () => {
  const turns = new Turns(2);
  for (let market = 0; market < 100; market++) turns.pace.add(topicOf(market), 10);
  turns.pace.turn();
  assert.equal(turns.open.length, 2 * DEPTH_ASKED_MAX);
  const silent = turns.open.filter(({ market }) => market % 2 === 1);
  turns.open.splice(0, turns.open.length, ...turns.open.filter(({ market }) => market % 2 === 0));
  turns.tell(0);
  turns.pace.turn();
  assert.deepEqual([silent.length, turns.open.length], [DEPTH_ASKED_MAX, DEPTH_ASKED_MAX]);
  assert.ok(turns.open.every(({ market }) => market % 2 === 0));
  turns.pace.close();
});

test('a few of a long interval need not wait for a thousand of a short one', () => {
  const turns = new Turns(1);
  for (let market = 0; market < 1_000; market++) turns.pace.add(topicOf(market), 10);
  turns.pace.turn();
  for (let market = 2_000; market < 2_004; market++) turns.pace.add(topicOf(market), 100);
  turns.tell(0);
  turns.pace.turn();
  const markets = turns.tell(0);
  assert.deepEqual(
    markets.filter((market) => market >= 2_000),
    [2_000, 2_001, 2_002, 2_003],
  );
  turns.pace.close();
});

test('nothing is asked for until the time that the last ones took is no more than their share', () => {
  const turns = new Turns(1);
  for (let market = 0; market < 100; market++) turns.pace.add(topicOf(market), 10);
  turns.pace.turn();
  turns.tell(5);
  const owedMs = (DEPTH_ASKED_MAX * 5) / DEPTH_SHARE_MAX;
  turns.pace.turn();
  assert.equal(turns.open.length, 0);
  turns.nowMs += owedMs;
  turns.pace.turn();
  assert.equal(turns.open.length, DEPTH_ASKED_MAX);
  turns.pace.close();
});

test('a telling that falls out is counted, and is not made up for', () => {
  const turns = new Turns(1);
  const topics = Array.from({ length: DEPTH_ASKED_MAX + 1 }, (_, market) => topicOf(market));
  for (let tick = 0; tick < 3; tick++) {
    for (const topic of topics) turns.pace.addAgain(topic, 10);
    if (tick === 0) turns.pace.turn();
  }
  // The last one three times, of which it is due once; the others in the second tick, and again in the third.
  assert.equal(turns.pace.late, 2 + DEPTH_ASKED_MAX);
  turns.tell(0);
  turns.pace.turn();
  turns.tell(0);
  turns.pace.turn();
  assert.equal(turns.open.length, 1);
  turns.pace.close();
});
