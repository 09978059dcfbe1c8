// Many depth channels and views over a real socket: what is asked of a shard at once is bounded, and nothing is asked in vain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatestWriter } from '../../engine/memory/latest-values.ts';
import { IntervalView } from '../../engine/publish/interval-view.ts';
import { DEPTH_ASKED_MAX } from '../../schemas/stream-limits.ts';
import { type Json, Rig, until } from '../support/publish-rig.ts';

type Publish = { readonly pendingRequests: number; readonly limited: Readonly<Record<string, number>> };

async function publishOf(rig: Rig): Promise<Publish> {
  const stats = (await (await rig.get('/v1/stats')).json()) as { publish: Publish };
  return stats.publish;
}

const ofChannel =
  (channel: string) =>
  (message: Json): boolean =>
    message['channel'] === channel;

test('a reader of many depth channels has few of them asked for at once, and all are told in turn', async () => {
  const rig = await Rig.start();
  try {
    const market = rig.addMarket('binance:MANY');
    rig.shard(market).setBook(market, [[100, 1]], [[101, 1]]);
    rig.shard(market).isSilent = true;
    const socket = await rig.open();
    const channels = Array.from({ length: 50 }, (_, index) => `depth.${index + 1}.10ms.binance:MANY`);
    assert.deepEqual((await socket.subscribe(...channels))['errors'], []);
    await until(async () => (await publishOf(rig)).limited['depth'] > 0);
    assert.ok((await publishOf(rig)).pendingRequests <= DEPTH_ASKED_MAX);
    rig.shard(market).isSilent = false;
    for (const channel of channels) await socket.next(ofChannel(channel));
  } finally {
    await rig.stop();
  }
});

test('a view of a market of which nothing was shown since is not asked for again', async () => {
  const rig = await Rig.start();
  try {
    const latest = new LatestWriter(rig.memory);
    const [still, moving] = [rig.addMarket('binance:STILL'), rig.addMarket('binance:MOVING')];
    for (const market of [still, moving]) rig.shard(market).setBook(market, [[100, 1]], [[101, 1]]);
    const show = (market: number): void => {
      latest.begin(market);
      latest.end(market);
    };
    show(still);
    const socket = await rig.open();
    const views = ['STILL', 'MOVING'].map((symbol) => ({
      channel: `book.binance:${symbol}`,
      depth: 5,
      interval: '10ms',
    }));
    await socket.subscribe(...views);
    const moved = rig.shard(moving).requests;
    await until(() => rig.shard(moving).requests >= moved + 5);
    const asked = rig.shard(still).requests;
    await until(() => rig.shard(moving).requests >= moved + 10);
    assert.equal(rig.shard(still).requests, asked);
    rig.shard(still).setBook(still, [[100, 7]], [[101, 1]]);
    show(still);
    const change = await socket.next(
      (message) => message['isSnapshot'] === false && ofChannel('book.binance:STILL')(message),
    );
    assert.deepEqual(change['bids'], [{ price: '0.1', amount: '0.007' }]);
  } finally {
    await rig.stop();
  }
});

test('a view of a channel that tells nothing has no turns', async (t) => {
  const turn = t.mock.method(IntervalView.prototype, 'turn');
  const rig = await Rig.start();
  try {
    const [still, moving] = [rig.addMarket('binance:STILL'), rig.addMarket('binance:MOVING')];
    for (const market of [still, moving]) rig.shard(market).setBook(market, [[100, 1]], [[101, 1]]);
    const socket = await rig.open();
    const views = ['STILL', 'MOVING'].map((symbol) => ({ channel: `bbo.binance:${symbol}`, interval: '10ms' }));
    await socket.subscribe(...views);
    for (const { channel } of views) await socket.next(ofChannel(channel));
    for (let told = 0; told < 10; told++) {
      rig.shard(moving).bbo(moving);
      rig.shard(moving).commit();
      await socket.next(ofChannel('bbo.binance:MOVING'));
    }
    // One of each for its new subscriber, and one more where the current value came after that.
    const turns = turn.mock.callCount();
    assert.ok(turns <= 14, `was ${turns}`);
  } finally {
    await rig.stop();
  }
});
