// Books of a feed that are lost, silent or stale: asked for anew, each alone, and two hundred at once within the limits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BookState, StateReason } from '../../../schemas/ids.ts';
import { LIMITS } from './plain-connector.ts';
import { names, Rig, stopClean } from './rig.ts';

test('a gap resyncs its market alone: end, acknowledgement, subscription', async () => {
  const rig = new Rig({}, names(6));
  assert.ok(await rig.untilAllLive(5_000));
  await rig.timers.advance(1_000);
  const [socket] = rig.venue.live;
  const before = socket.texts.length;
  rig.venue.change('M3', 2);
  await rig.timers.advance(20);
  assert.equal(rig.book('M3').state.reason, StateReason.gap);
  assert.ok(await rig.untilAllLive(2_000));
  assert.deepEqual(socket.texts.slice(before), [
    '{"op":"unsubscribe","args":["book:M3"]}',
    '{"op":"subscribe","args":["book:M3"]}',
  ]);
  assert.equal(rig.feed.report().counts.resyncs, 1);
  await stopClean(rig);
});

test('a market that keeps losing its book waits 1, 2, 4, 8 s between resyncs; a good spell begins anew', async () => {
  const rig = new Rig({}, names(2));
  assert.ok(await rig.untilAllLive(5_000));
  const asked: number[] = [];
  let resyncs = 0;
  const untilMs = rig.timers.nowMs() + 30_000;
  while (rig.timers.nowMs() < untilMs) {
    if (rig.book('M0').isLive) rig.venue.change('M0', 1);
    await rig.timers.advance(50);
    if (rig.feed.report().counts.resyncs > resyncs) {
      resyncs = rig.feed.report().counts.resyncs;
      asked.push(rig.timers.nowMs());
    }
  }
  const gaps = asked.slice(1).map((atMs, i) => Math.round((atMs - asked[i]) / 1_000));
  assert.deepEqual(gaps, [1, 2, 4, 8, 8].slice(0, gaps.length));
  assert.ok(gaps.length >= 4);
  assert.equal(rig.book('M1').gaps, 0);
  assert.ok(await rig.untilAllLive(20_000));
  await rig.timers.advance(11_000);
  const before = rig.timers.nowMs();
  rig.venue.change('M0', 1);
  assert.ok(await rig.timers.advanceUntil(() => !rig.book('M0').isLive, 1_000));
  assert.ok(await rig.untilAllLive(1_000));
  assert.ok(rig.timers.nowMs() - before < 1_000);
  await stopClean(rig);
});

test('a snapshot by REST is asked for once changes come, and again until the book is live', async () => {
  const rig = new Rig({ bookSource: 'rest' }, names(3));
  await rig.timers.advance(1_000);
  assert.deepEqual(
    rig.venue.requests.map(({ path }) => path),
    ['/markets'],
  );
  let answers = 0;
  // Two snapshots from before the first change, then a good one.
  rig.venue.answer = ({ url }) => (url.endsWith('/book/M1') && answers++ < 2 ? { body: '{"sequence":3}' } : null);
  for (const symbol of rig.symbols) rig.venue.change(symbol);
  assert.ok(await rig.untilAllLive(10_000));
  const times = rig.venue.requests.filter(({ path }) => path === '/book/M1').map(({ atMs }) => atMs);
  assert.deepEqual(
    times.slice(1).map((atMs, i) => Math.round((atMs - times[i]) / 1_000)),
    [1, 2],
  );
  assert.equal(rig.venue.requests.filter(({ path }) => path === '/book/M0').length, 1);
  await stopClean(rig);
});

test('a quiet market gets its snapshot though no change comes', async () => {
  const rig = new Rig({ bookSource: 'rest' }, names(2));
  assert.ok(await rig.untilAllLive(20_000));
  await stopClean(rig);
});

test('acknowledged but silent is noticed, asked for anew, then by a new connection, then rarely', async () => {
  const rig = new Rig({}, names(5), {}, (venue) => {
    venue.silent.add('book:M2');
  });
  await rig.timers.advance(120_000);
  const { totals, counts } = rig.feed.report();
  assert.equal(rig.liveCount, 4);
  assert.equal(totals.silent, 4);
  assert.equal(counts.replacedForSilence, 1);
  assert.equal(counts.handovers, 1, 'what is silent on both does not hold up the handover');
  await rig.timers.advance(300_000);
  assert.equal(rig.feed.report().totals.silent, 4, 'rarely from then on');
  rig.venue.silent.clear();
  assert.ok(await rig.untilAllLive(700_000));
  await stopClean(rig);
});

test('trades that should come and do not are silent too', async () => {
  const rig = new Rig({ areTradesRare: false }, names(2), {}, (venue) => venue.silent.add('trades:M1'));
  await rig.timers.advance(1_000);
  rig.venue.trade('M0');
  await rig.timers.advance(10_000);
  const { totals } = rig.feed.report();
  assert.ok(totals.silent >= 1);
  const asked = rig.venue.live[0].texts.filter((text) => text.includes('unsubscribe')).join();
  assert.ok(asked.includes('trades:M1') && !asked.includes('trades:M0') && !asked.includes('book:'));
  await stopClean(rig);
});

test('a stale book is asked for anew', async () => {
  const rig = new Rig({}, names(3));
  assert.ok(await rig.untilAllLive(5_000));
  await rig.timers.advance(10_000);
  rig.book('M1').enter(BookState.stale, StateReason.silent, rig.timers.nowMs());
  assert.ok(await rig.untilAllLive(1_000));
  assert.equal(rig.feed.report().counts.stale, 1);
  await stopClean(rig);
});

for (const bookSource of ['stream', 'rest'] as const) {
  test(`200 books that all lose their state at once (${bookSource}): all return, the watched first, no limit broken`, async () => {
    const limits = { ...LIMITS, messages: { count: 3, windowMs: 1_000 }, subscriptionsPerMessage: 5 };
    const rig = new Rig({ bookSource, pingEveryMs: 20_000, limits }, names(200));
    await rig.timers.advance(30_000);
    for (const symbol of rig.symbols) rig.venue.change(symbol);
    assert.ok(await rig.untilAllLive(300_000));
    await rig.timers.advance(120_000);
    for (const symbol of rig.symbols.filter((_, index) => index % 4 === 3)) rig.watched.add(symbol);
    // Some answers are told to wait.
    let answers = 0;
    rig.venue.answer = () => (answers++ % 40 === 3 ? { status: 429, headers: { 'retry-after': '2' } } : null);
    const startMs = rig.timers.nowMs();
    for (const symbol of rig.symbols) rig.venue.change(symbol, 2);
    await rig.timers.advance(20);
    assert.equal(rig.liveCount, 0);
    const isBack = (symbol: string): boolean => rig.book(symbol).isLive;
    assert.ok(await rig.timers.advanceUntil(() => [...rig.watched].every(isBack), 120_000));
    const othersBack = rig.symbols.filter((symbol) => !rig.watched.has(symbol) && isBack(symbol)).length;
    assert.ok(othersBack < 75, `${othersBack} of the 150 others were first`);
    assert.ok(await rig.untilAllLive(300_000), `${rig.liveCount} live`);
    assert.ok(rig.timers.nowMs() - startMs < 180_000);
    assert.equal(rig.feed.report().rest.limited > 0, bookSource === 'rest');
    await stopClean(rig);
  });
}
