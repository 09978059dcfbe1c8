// A connection of a feed and its successor: planned ends, cuts between the two, and a stream that is dead while its socket is open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEED_SETTINGS } from '../../../engine/connect/settings.ts';
import { LIMITS } from './plain-connector.ts';
import { names, Rig, stopClean } from './rig.ts';

for (const plan of ['notice', 'life'] as const) {
  test(`a planned end (${plan}): the successor is up and has the markets before the old one closes; nothing is lost`, async () => {
    // Asking for everything takes the successor several seconds.
    const limits = { ...LIMITS, messages: { count: 3, windowMs: 1_000 }, subscriptionsPerMessage: 2 };
    const rig = new Rig({ lifeMs: plan === 'life' ? 60_000 : null, limits }, names(10));
    assert.ok(await rig.untilAllLive(20_000));
    const [old] = rig.venue.live;
    const traded = new Map<string, number>();
    let notLive = 0;
    let sawBoth = 0;
    if (plan === 'notice') old.tell({ ending: true });
    for (let step = 0; step < 700; step++) {
      const symbol = rig.symbols[step % 10];
      rig.venue.change(symbol);
      traded.set(symbol, rig.venue.trade(symbol));
      await rig.timers.advance(100);
      notLive += rig.symbols.length - rig.liveCount;
      if (rig.venue.live.length === 2) sawBoth++;
    }
    assert.ok(rig.feed.report().counts.handovers >= 1);
    assert.ok(old.isGone);
    assert.ok(sawBoth >= 10, 'both were up together');
    assert.equal(notLive, 0, 'no book was without trust at any moment');
    assert.deepEqual(rig.lost, []);
    await rig.timers.advance(100);
    for (const symbol of rig.symbols) {
      assert.equal(rig.book(symbol).sequence, rig.venue.sequenceOf(symbol));
      assert.deepEqual(
        rig.trades.get(symbol),
        Array.from({ length: traded.get(symbol) ?? 0 }, (_, i) => i + 1),
      );
    }
    assert.equal(rig.feed.report().counts.reconnects, 0);
    assert.equal(rig.feed.report().counts.forcedHandovers, 0);
    await stopClean(rig);
  });
}

test('the old connection carries on while its successor is refused', async () => {
  const rig = new Rig({}, names(3));
  assert.ok(await rig.untilAllLive(5_000));
  rig.venue.door = 'refuse';
  rig.venue.live[0].tell({ ending: true });
  await rig.timers.advance(20_000);
  assert.ok(rig.venue.sockets.length >= 4);
  assert.deepEqual([rig.liveCount, rig.lost.length], [3, 0]);
  rig.venue.door = 'open';
  assert.ok(await rig.timers.advanceUntil(() => rig.feed.report().counts.handovers === 1, 20_000));
  assert.deepEqual([rig.liveCount, rig.lost.length], [3, 0]);
  await stopClean(rig);
});

test('a connection cut while its successor comes up is followed by it', async () => {
  const rig = new Rig({}, names(30));
  assert.ok(await rig.untilAllLive(5_000));
  rig.venue.live[0].tell({ ending: true });
  await rig.timers.advance(100);
  assert.equal(rig.venue.sockets.length, 2);
  rig.venue.live[0].cut();
  assert.ok(await rig.untilAllLive(5_000));
  assert.equal(rig.venue.sockets.length, 2);
  await stopClean(rig);
});

test('a connection cut when its successor has all markets may have lost trades: told at once, and fetched', async () => {
  const rig = new Rig({}, names(3), { handoverOverlapMs: 5_000 });
  assert.ok(await rig.untilAllLive(5_000));
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  await rig.timers.advance(100);
  rig.venue.live[0].tell({ ending: true });
  await rig.timers.advance(4_000);
  assert.deepEqual([rig.venue.live.length, rig.missing], [2, []]);
  const cutMs = rig.timers.nowMs();
  rig.venue.live[0].cut();
  await rig.timers.advance(100);
  assert.deepEqual([[...rig.missing].sort(), rig.lost], [rig.symbols, []]);
  assert.ok(await rig.timers.advanceUntil(() => rig.filled.length === 3, 20_000));
  assert.ok(rig.timers.nowMs() - cutMs >= FEED_SETTINGS.backfillDelayMs, 'what was traded last is known by then');
  await stopClean(rig);
});

test('a dead stream is noticed by its silence, though the socket is open', async () => {
  const rig = new Rig({ deadAfterMs: 5_000, pingEveryMs: 1_000 }, names(3));
  assert.ok(await rig.untilAllLive(5_000));
  await rig.timers.advance(60_000);
  assert.equal(rig.venue.sockets.length, 1, 'pings alone keep it');
  rig.venue.isAlive = false;
  const silentMs = rig.timers.nowMs();
  await rig.timers.advanceUntil(() => rig.lost.length > 0, 60_000);
  assert.ok(rig.timers.nowMs() - silentMs <= 5_000 + 200);
  assert.match(rig.lost[0].reason, /^dead/);
  rig.venue.isAlive = true;
  assert.ok(await rig.untilAllLive(5_000));
  assert.equal(rig.feed.report().totals.timeouts, 1);
  await stopClean(rig);
});
