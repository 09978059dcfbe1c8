// Trades that a feed missed: fetched again, page by page, none doubled, and told where they are not whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names, Rig, stopClean } from './rig.ts';

test('trades missed while a connection was away are fetched, page by page, none doubled', async () => {
  const rig = new Rig({}, names(4));
  assert.ok(await rig.untilAllLive(5_000));
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  await rig.timers.advance(100);
  rig.venue.live[0].cut();
  for (let i = 0; i < 8; i++) for (const symbol of rig.symbols) rig.venue.trade(symbol);
  assert.ok(await rig.untilAllLive(20_000));
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  assert.ok(await rig.timers.advanceUntil(() => rig.filled.length === 4, 20_000));
  for (const symbol of rig.symbols) {
    const ids = [...(rig.trades.get(symbol) ?? [])].sort((a, b) => a - b);
    assert.deepEqual(ids, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  }
  assert.ok(rig.filled.every(({ isWhole }) => isWhole));
  assert.deepEqual([...rig.filling].sort(), [...rig.symbols].sort());
  await stopClean(rig);
});

test('where the old connection was dead before its successor came, the trades between are fetched', async () => {
  const rig = new Rig({}, names(2));
  assert.ok(await rig.untilAllLive(5_000));
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  await rig.timers.advance(100);
  const [old] = rig.venue.live;
  old.tell({ ending: true });
  await rig.timers.advance(rig.venue.latencyMs);
  old.isMuted = true;
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  await rig.timers.advance(500);
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  assert.ok(await rig.timers.advanceUntil(() => rig.filled.length === 2, 20_000));
  assert.deepEqual(rig.lost, [], 'no book was without a connection');
  assert.deepEqual([...rig.missing].sort(), rig.symbols, 'until they come, bars say that they lack some');
  for (const symbol of rig.symbols) assert.deepEqual([...(rig.trades.get(symbol) ?? [])].sort(), [1, 2, 3]);
  await stopClean(rig);
});

test('a back-fill is tried while the venue fails, across another loss, from the first trade missed', async () => {
  const rig = new Rig({}, names(1));
  assert.ok(await rig.untilAllLive(5_000));
  rig.venue.trade('M0');
  await rig.timers.advance(100);
  rig.venue.answer = ({ url }) => (url.includes('/trades/') ? { status: 500 } : null);
  for (let loss = 0; loss < 2; loss++) {
    rig.venue.live[0].cut();
    rig.venue.trade('M0');
    assert.ok(await rig.untilAllLive(20_000));
    rig.venue.trade('M0');
    await rig.timers.advance(15_000);
  }
  rig.venue.answer = null;
  assert.ok(await rig.timers.advanceUntil(() => rig.filled.length === 1, 60_000));
  assert.deepEqual([...(rig.trades.get('M0') ?? [])].sort(), [1, 2, 3, 4, 5]);
  assert.deepEqual(rig.filled, [{ symbol: 'M0', isWhole: true }]);
  await stopClean(rig);
});

test('reported holes are filled too, and one that has too many pages is told as not whole', async () => {
  const rig = new Rig({}, names(1), { backfillPagesMax: 2 });
  assert.ok(await rig.untilAllLive(5_000));
  for (let i = 0; i < 10; i++) rig.venue.trade('M0');
  await rig.timers.advance(100);
  rig.feed.missingTrades('M0', 0, 1, 2);
  await rig.timers.advance(1_000);
  assert.deepEqual(rig.filled, [{ symbol: 'M0', isWhole: false }]);
  assert.equal(rig.feed.report().counts.backfillFrames, 6);
  await stopClean(rig);
});
