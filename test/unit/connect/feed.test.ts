// A whole feed on an invented venue and a clock of its own: coming up, venues that refuse, frames and subscriptions, the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BREAKER } from '../../../engine/connect/breaker.ts';
import { LabelledCounts } from '../../../engine/connect/report.ts';
import { LIMITS } from './plain-connector.ts';
import { names, Rig, stopClean } from './rig.ts';

const attemptGaps = (rig: Rig): number[] =>
  rig.venue.sockets.map((socket, i, all) => socket.openedMs - (all[i - 1]?.openedMs ?? socket.openedMs)).slice(1);

test('brings every market live over as many connections as the limits want', async () => {
  const rig = new Rig({ limits: { ...LIMITS, booksPerConnection: 30 } }, names(200));
  assert.ok(await rig.untilAllLive(60_000));
  assert.equal(rig.venue.live.length, 7);
  for (const socket of rig.venue.live) {
    const books = [...socket.subscribed].filter((word) => word.startsWith('book:'));
    assert.ok(books.length <= 30);
    for (const word of books)
      assert.ok(socket.subscribed.has(word.replace('book:', 'trades:')), 'a market stays together');
  }
  await rig.timers.advance(2_000);
  const report = rig.feed.report();
  assert.ok(report.connections.every(({ state }) => state === 'live'));
  assert.equal(report.totals.lateAcknowledgements, 0);
  assert.equal(report.successRate, 1);
  await stopClean(rig);
});

test('subscriptions of different groups never share a connection', async () => {
  const rig = new Rig({}, names(10));
  Object.assign(rig.connector, { group: ({ channel }: { channel: string }) => channel });
  assert.ok(await rig.untilAllLive(60_000));
  const channels = rig.venue.live.map(({ subscribed }) => new Set([...subscribed].map((word) => word.split(':')[0])));
  await rig.timers.advance(1_000);
  assert.equal(rig.venue.live.length, 2);
  for (const one of channels) assert.ok(one.size <= 1);
  await stopClean(rig);
});

test('a symbol that the venue does not list is told and never asked for', async () => {
  const rig = new Rig({}, ['M0', 'M1', 'NONE'], {}, (venue) => {
    venue.listed = ['M0', 'M1', 'OTHER'];
  });
  await rig.timers.advance(2_000);
  assert.equal(rig.book('M0').isLive && rig.book('M1').isLive, true);
  assert.deepEqual(rig.feed.report().unknownSymbols, ['NONE']);
  assert.ok(rig.venue.sockets.every(({ texts }) => texts.every((text) => !text.includes('NONE'))));
  assert.ok(rig.logged.includes('the venue has no such market'));
  await stopClean(rig);
});

test('without a list it keeps asking, or goes on after so many tries where told to', async () => {
  const broken = (venue: Rig['venue']): void => {
    venue.answer = ({ url }) => (url.endsWith('/markets') ? { body: '{"no":"list"}' } : null);
  };
  const waiting = new Rig({}, names(2), {}, broken);
  await waiting.timers.advance(16_000);
  assert.equal(waiting.venue.sockets.length, 0);
  assert.deepEqual(
    waiting.venue.requests.map(({ atMs }) => atMs),
    [1_000, 2_010, 4_020, 8_030, 16_040],
  );
  waiting.venue.answer = null;
  assert.ok(await waiting.untilAllLive(20_000));
  await stopClean(waiting);
  const going = new Rig({}, names(2), { listingTriesMax: 2 }, broken);
  assert.ok(await going.untilAllLive(5_000));
  await stopClean(going);
});

test('a list without any market is no list: it is asked for again', async () => {
  const rig = new Rig({}, names(2), {}, (venue) => {
    venue.listed = [];
  });
  await rig.timers.advance(5_000);
  assert.deepEqual(rig.feed.report().unknownSymbols, []);
  rig.venue.listed = names(2);
  assert.ok(await rig.untilAllLive(20_000));
  await stopClean(rig);
});

test('a snapshot that was asked for on a connection since lost makes no book on the next one', async () => {
  const rig = new Rig({ bookSource: 'rest' }, names(1));
  assert.ok(await rig.untilAllLive(10_000));
  // Live for so long, the next snapshot is asked for at once.
  await rig.timers.advance(15_000);
  const asked = rig.venue.requests.length;
  const { latencyMs } = rig.venue;
  rig.venue.change('M0', 1);
  const sequence = rig.venue.sequenceOf('M0');
  let isFirst = true;
  rig.venue.answer = ({ url }) => {
    if (!isFirst || !url.endsWith('/book/M0')) return null;
    isFirst = false;
    return { body: JSON.stringify({ sequence }) };
  };
  rig.venue.latencyMs = 4_000;
  assert.ok(await rig.timers.advanceUntil(() => rig.venue.requests.length > asked, 1_000));
  rig.venue.latencyMs = latencyMs;
  rig.venue.live[0].cut();
  // While no connection is up the book moves on; then the market is quiet.
  for (let count = 0; count < 5; count++) rig.venue.change('M0');
  for (let checks = 0; checks < 200; checks++) {
    await rig.timers.advance(100);
    if (rig.book('M0').isLive) assert.equal(rig.book('M0').sequence, rig.venue.sequenceOf('M0'));
  }
  assert.ok(rig.book('M0').isLive);
  await stopClean(rig);
});

for (const failuresMax of [3, 5]) {
  test(`C2: refused connections are tried after 1, 2, 4, 8, 8, 8 s exactly, 1 s again after success (${failuresMax})`, async () => {
    const rig = new Rig({}, names(3), { breaker: { ...BREAKER, failuresMax } }, (venue) => {
      venue.door = 'refuse';
    });
    await rig.timers.advance(15 + 31_500);
    const failMs = rig.venue.latencyMs;
    assert.deepEqual(
      attemptGaps(rig).map((gap) => gap - failMs),
      [1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
    );
    assert.equal(rig.feed.report().slots[0].breaker.transitions.open > 0, true);
    rig.venue.door = 'open';
    assert.ok(await rig.untilAllLive(20_000));
    await rig.timers.advance(BREAKER.stableMs + 100);
    assert.equal(rig.feed.report().slots[0].breaker.state, 'closed');
    const cutMs = rig.timers.nowMs();
    rig.venue.live[0].cut();
    assert.ok(await rig.untilAllLive(20_000));
    assert.equal((rig.venue.sockets.at(-1)?.openedMs ?? 0) - cutMs, 1_000);
    await stopClean(rig);
  });
}

test('C3: a venue that accepts and closes at once is not hammered, and its limit of attempts holds', async () => {
  const rig = new Rig({}, names(3), { breaker: { ...BREAKER, retriesMax: null } }, (venue) => {
    venue.door = 'slam';
  });
  await rig.timers.advance(300_000);
  const gaps = attemptGaps(rig);
  assert.deepEqual(
    gaps.slice(0, 5).map((gap) => gap - rig.venue.latencyMs - 1),
    [1_000, 2_000, 4_000, 8_000, 8_000],
  );
  assert.ok(gaps.slice(5).every((gap) => gap >= 8_000));
  assert.ok(rig.venue.sockets.length <= 40, `${rig.venue.sockets.length} attempts in 5 minutes`);
  rig.venue.door = 'open';
  assert.ok(await rig.untilAllLive(20_000));
  await stopClean(rig);
});

test('C3: one that closes after the first data, before it was stable, is not hammered either', async () => {
  const rig = new Rig({}, names(3), { breaker: { ...BREAKER, retriesMax: null } });
  const waits: number[] = [];
  for (let round = 0; round < 6; round++) {
    assert.ok(await rig.untilAllLive(20_000));
    await rig.timers.advance(5_000);
    const cutMs = rig.timers.nowMs();
    const before = rig.venue.sockets.length;
    rig.venue.live[0].cut();
    await rig.timers.advanceUntil(() => rig.venue.sockets.length > before, 20_000);
    waits.push((rig.venue.sockets.at(-1)?.openedMs ?? 0) - cutMs);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  await stopClean(rig);
});

test('C5: a venue that never answers the upgrade counts as failed at its timeout', async () => {
  const rig = new Rig({}, names(1), {}, (venue) => {
    venue.door = 'hang';
  });
  await rig.timers.advance(60_000);
  const { errors, totals, slots } = rig.feed.report();
  assert.ok(errors['timeout'] >= 3);
  assert.equal(totals.timeouts, errors['timeout']);
  assert.notEqual(slots[0].breaker.state, 'closed');
  await stopClean(rig);
});

test('C6: the wall clock may jump an hour, no wait changes', async () => {
  const rig = new Rig({}, names(1), {}, (venue) => {
    venue.door = 'refuse';
  });
  for (let step = 0; step < 40; step++) {
    rig.jumpWall(step % 2 === 0 ? 3_600_000 : -3_600_000);
    await rig.timers.advance(1_000);
  }
  assert.deepEqual(
    attemptGaps(rig)
      .slice(0, 6)
      .map((gap) => gap - rig.venue.latencyMs),
    [1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
  );
  await stopClean(rig);
});

test('C9: of 100,000 labels so many have figures of their own, and all are gone after their end', () => {
  const labelled = new LabelledCounts(200);
  const open: number[] = [];
  for (let id = 0; id < 100_000; id++) {
    labelled.open(id).messages++;
    open.push(id);
    assert.ok(labelled.size <= 200);
    if (open.length > 500) labelled.close(open.shift() as number);
  }
  assert.equal(labelled.sum().messages, 100_000);
  for (const id of open) labelled.close(id);
  assert.equal(labelled.size, 0);
  assert.equal(labelled.totals.messages, 100_000);
});

for (const isHung of [false, true]) {
  test(`C10: stopped mid-storm${isHung ? ' with sockets that never answer' : ''}, six figures, in time, nothing left`, async () => {
    const rig = new Rig({ bookSource: 'rest', snapshotWeight: 50 }, names(100));
    await rig.timers.advance(3_000);
    for (const symbol of rig.symbols) rig.venue.change(symbol);
    await rig.timers.advance(200);
    rig.venue.answersClose = !isHung;
    const pending = rig.feed.report().rest.waiting + rig.feed.report().rest.running;
    assert.ok(pending > 0);
    const stats = await stopClean(rig);
    assert.equal(stats.pending_messages_flushed + stats.pending_messages_dropped, pending);
    assert.equal(stats.connections_closed, 2);
    assert.equal(stats.metrics_cleaned, 2);
    assert.ok(stats.background_tasks_stopped > 0);
    assert.ok(stats.duration_seconds <= 2.5, `${stats.duration_seconds}`);
    assert.equal(rig.feed.stop(), rig.feed.stop(), 'stopping again is the same');
  });
}

test('an attempt under way when it is stopped is no connection closed', async () => {
  const rig = new Rig({}, names(4), {}, (venue) => {
    venue.door = 'hang';
  });
  assert.ok(await rig.timers.advanceUntil(() => rig.venue.socketsOpen > 0, 5_000));
  assert.equal((await stopClean(rig)).connections_closed, 0);
});

test('stopped at any moment of its life it leaves nothing', async () => {
  for (let atMs = 0; atMs < 12_000; atMs += 370) {
    const rig = new Rig({ lifeMs: 6_000, pingEveryMs: 500 }, names(8));
    await rig.timers.advance(atMs);
    if (atMs % 3 === 0) rig.venue.live[0]?.cut();
    if (atMs % 4 === 0) rig.venue.change('M1', 1);
    await stopClean(rig);
  }
});

test('announced to shut down, it begins nothing new and what flows goes on', async () => {
  const rig = new Rig({}, names(4));
  assert.ok(await rig.untilAllLive(5_000));
  rig.feed.announceShutdown();
  rig.venue.change('M0');
  rig.venue.change('M1', 3);
  await rig.timers.advance(30_000);
  assert.equal(rig.book('M0').applied, 1);
  assert.equal(rig.book('M1').isLive, false);
  rig.venue.live[0].cut();
  await rig.timers.advance(30_000);
  assert.equal(rig.venue.sockets.length, 1);
  await stopClean(rig);
});

test('a ping is answered, and its time is told', async () => {
  const rig = new Rig({ pingEveryMs: 1_000 }, names(1));
  await rig.timers.advance(5_000);
  const [connection] = rig.feed.report().connections;
  assert.equal(connection.latencyMs, 20);
  assert.equal(connection.connectMs, 10);
  rig.venue.live[0].tell({ ask: 'x' });
  await rig.timers.advance(50);
  assert.equal(rig.venue.live[0].texts.at(-1), '{"op":"answer","to":"x"}');
  await stopClean(rig);
});

test('where the venue has no text for it, the socket pings', async () => {
  const rig = new Rig({ pingEveryMs: 1_000, hasPingText: false }, names(1));
  await rig.timers.advance(5_500);
  const [connection] = rig.feed.report().connections;
  assert.equal(connection.latencyMs, 10);
  assert.ok(connection.counts.pings >= 4);
  assert.equal(connection.counts.pongs, connection.counts.pings);
  await stopClean(rig);
});

test('single broken frames are borne, nothing but broken ones ends the connection', async () => {
  const rig = new Rig({}, names(1), { rejectedInARowMax: 5 });
  assert.ok(await rig.untilAllLive(5_000));
  for (let i = 0; i < 20; i++) {
    rig.venue.live[0].tell({ isBroken: true });
    if (i % 4 === 3) rig.venue.change('M0');
  }
  await rig.timers.advance(100);
  assert.deepEqual([rig.venue.sockets.length, rig.feed.report().totals.rejected], [1, 20]);
  for (let i = 0; i < 5; i++) rig.venue.live[0].tell({ isBroken: true });
  await rig.timers.advance(100);
  assert.match(rig.lost[0].reason, /^broken-frames/);
  assert.ok(await rig.untilAllLive(20_000));
  await stopClean(rig);
});

test('frames that the engine has no room for are not the fault of the connection', async () => {
  const rig = new Rig({}, names(2), { rejectedInARowMax: 10 });
  assert.ok(await rig.untilAllLive(5_000));
  const [socket] = rig.venue.live;
  for (let frame = 0; frame < 100; frame++) socket.tell({ isDropped: true });
  await rig.timers.advance(1_000);
  assert.equal(rig.venue.sockets.length, 1);
  assert.equal(rig.feed.report().totals.rejected, 100);
  await stopClean(rig);
});

test('a venue that asks for replies without end fills no queue and breaks no limit', async () => {
  const rig = new Rig({}, names(1));
  assert.ok(await rig.untilAllLive(5_000));
  for (let i = 0; i < 5_000; i++) rig.venue.live[0].tell({ ask: String(i) });
  await rig.timers.advance(600_000);
  assert.ok(rig.venue.live[0].texts.length < 1_100);
  assert.equal(rig.liveCount, 1);
  await stopClean(rig);
});

test('a venue that does not acknowledge is taken by its data', async () => {
  const rig = new Rig({ areTradesRare: false }, names(3), {}, (venue) => {
    venue.acknowledges = false;
  });
  await rig.timers.advance(1_000);
  for (const symbol of rig.symbols) rig.venue.trade(symbol);
  await rig.timers.advance(60_000);
  assert.equal(rig.venue.sockets.length, 1);
  assert.equal(rig.feed.report().connections[0].state, 'live');
  await stopClean(rig);
});

test('subscriptions that nothing answers are asked again, and the connection is given up', async () => {
  const rig = new Rig({}, names(3), {}, (venue) => {
    venue.acknowledges = false;
    venue.hasStreamSnapshots = false;
  });
  await rig.timers.advance(31_000);
  const { totals, errors } = rig.feed.report();
  assert.ok(totals.resends > 0);
  assert.ok((errors['ack-timeout'] ?? 0) + (errors['timeout'] ?? 0) >= 1);
  rig.venue.acknowledges = true;
  rig.venue.hasStreamSnapshots = true;
  assert.ok(await rig.untilAllLive(60_000));
  await stopClean(rig);
});

test('a refused subscription is tried again, then left, and no other suffers', async () => {
  const rig = new Rig({}, names(4), {}, (venue) => venue.refuses.add('book:M1'));
  await rig.timers.advance(30_000);
  assert.equal(rig.liveCount, 3);
  const asks = rig.venue.sockets[0].texts.filter((text) => text.includes('book:M1')).length;
  assert.equal(asks, 4);
  assert.equal(rig.venue.sockets.length, 1);
  await stopClean(rig);
});

test('with the streams in the address all come at once, and a resync takes a new connection', async () => {
  const rig = new Rig({ isInAddress: true }, names(10));
  assert.ok(await rig.untilAllLive(1_000));
  assert.equal(rig.venue.live[0].texts.length, 0);
  rig.venue.change('M4', 1);
  await rig.timers.advance(50);
  assert.ok(await rig.untilAllLive(10_000));
  assert.deepEqual([rig.venue.sockets.length, rig.lost.length], [2, 0]);
  await stopClean(rig);
});

test('where the requests of a connection are used up, a new one is brought up before the old one goes', async () => {
  const limits = { ...LIMITS, requests: { count: 6, windowMs: 3_600_000 } };
  const rig = new Rig({ limits }, names(4));
  assert.ok(await rig.untilAllLive(5_000));
  for (let round = 0; round < 12; round++) {
    rig.venue.change(rig.symbols[round % 4], 1);
    await rig.timers.advance(20);
    assert.ok(await rig.untilAllLive(60_000), `round ${round}`);
    await rig.timers.advance(12_000);
  }
  const { counts } = rig.feed.report();
  assert.ok(counts.replacedForBudget >= 2, `${counts.replacedForBudget}`);
  assert.deepEqual(rig.lost, []);
  await stopClean(rig);
});

test('the figures of a connection go with it, their sums stay', async () => {
  const rig = new Rig({}, names(2));
  assert.ok(await rig.untilAllLive(5_000));
  const [{ id, counts }] = rig.feed.report().connections;
  assert.ok(counts.messages > 0 && counts.bytes > 0 && counts.applied > 0 && counts.sent > 0);
  rig.venue.live[0].cut();
  assert.ok(await rig.untilAllLive(20_000));
  const { connections, totals, counts: feedCounts, errors } = rig.feed.report();
  assert.ok(connections.every((connection) => connection.id !== id));
  assert.ok(totals.messages > counts.messages);
  assert.deepEqual([totals.attempts, totals.successes, feedCounts.reconnects, errors], [2, 2, 1, { reset: 1 }]);
  await stopClean(rig);
});
