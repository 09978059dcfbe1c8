// Ways to a venue: TLS by an authority of one's own, a proxy, a token; a list of markets that fails at first or lacks one.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startSimulator } from '../../engine/simulate/simulator.ts';
import { allServed, assertWithinLimits, feedWhere, progressOf } from '../support/feed-checks.ts';
import { eventually, freePort, LiveEngine } from '../support/live-engine.ts';
import { type LoggedLine, linesInto } from '../support/logged-lines.ts';
import { SEED } from '../support/seed.ts';
import { testCertificates } from '../support/test-certificates.ts';
import { ConnectProxy, TokenRelay } from '../support/venue-relay.ts';
import { feedPlan, VenueRun } from '../support/venue-run.ts';

const { ca, server: certificate } = testCertificates();
const closers: Array<() => void> = [];
after(() => {
  for (const close of closers) close();
});

const MARKETS = 4;
const OPTIONS = { markets: MARKETS, rate: 200, seed: SEED };
const TOKEN = 'a token of tests';

describe('a venue is reached', { concurrency: true }, () => {
  test('over TLS by the authority given, sockets and REST alike, and by no other', async (t) => {
    const tls = { key: certificate.key, cert: certificate.cert };
    const run = await VenueRun.start('binance', { ...OPTIONS, tls }, { feed: () => ({ ca }) });
    t.after(() => run.stop());
    assert.match(run.simulator.url, /^wss:/);
    await run.allLive();
    await allServed(run);
    const strange = await LiveEngine.start({ feeds: [feedPlan('binance', run.simulator.symbols, run.simulator.url)] });
    t.after(() => strange.stop());
    await eventually('refused', async () => {
      const { feeds } = await strange.get<{ feeds: { rest: { failures: Record<string, number> } }[] }>('/v1/stats');
      return (feeds[0]?.rest.failures['tls'] ?? 0) > 0;
    });
    assert.equal(run.simulator.stats().sockets.opened, 1);
  });

  test('through a proxy that wants a password, with TLS inside', async (t) => {
    const proxy = new ConnectProxy('user:pass word');
    const port = await proxy.listen();
    closers.push(() => proxy.close());
    const tls = { key: certificate.key, cert: certificate.cert };
    const way = { ca, proxy: `http://user:pass%20word@127.0.0.1:${port}` };
    const run = await VenueRun.start('kraken', { ...OPTIONS, tls }, { feed: () => way });
    t.after(() => run.stop());
    await run.allLive();
    await allServed(run);
    // The list of markets, and the socket.
    assert.deepEqual(new Set(proxy.targets), new Set([`127.0.0.1:${run.simulator.port}`]));
    assert.ok(proxy.targets.length >= 2);
    run.simulator.inject({ kind: 'cut' });
    await eventually('through it again', () => run.simulator.stats().sockets.opened === 2);
    await run.allLive();
    assert.equal(proxy.refused, 0);
  });

  test('through a relay that wants a token, for REST and sockets', async (t) => {
    let relay: TokenRelay | null = null;
    const simulator = await startSimulator({ venue: 'binance', ...OPTIONS });
    relay = new TokenRelay(TOKEN, simulator.port);
    const url = `ws://127.0.0.1:${await relay.listen()}`;
    closers.push(() => relay.close());
    t.after(() => simulator.stop());
    const plan = feedPlan('binance', simulator.symbols, url);
    const engine = await LiveEngine.start({ feeds: [{ ...plan, token: TOKEN }] });
    t.after(() => engine.stop());
    await eventually('all live', async () => {
      const markets = await engine.get<{ state: string }[]>('/v1/markets');
      return markets.length === MARKETS && markets.every(({ state }) => state === 'live');
    });
    // The list, a snapshot of each book, and the socket.
    assert.deepEqual([relay.refused, relay.passed >= MARKETS + 2], [0, true]);
    const stranger = await LiveEngine.start({ feeds: [{ ...plan, token: 'another' }] });
    t.after(() => stranger.stop());
    await eventually('refused', () => (relay?.refused ?? 0) > 0);
    assert.equal(simulator.stats().sockets.opened, 1);
  });
});

describe('the list of markets', { concurrency: true }, () => {
  test('lacks one: that is told and never asked for, and the others go on', async (t) => {
    const lines: LoggedLine[] = [];
    const run = await VenueRun.start('kraken', OPTIONS, {
      feed: ({ symbols }) => ({ symbols: [...symbols, 'NOSUCH/USD'] }),
      engine: { log: linesInto(lines) },
    });
    t.after(() => run.stop());
    await allServed(run);
    const feed = await feedWhere(run, 'told', ({ totals }) => totals.messages > 0);
    assert.deepEqual([feed.unknownSymbols, feed.counts.unknownSymbols, feed.symbols], [['NOSUCH/USD'], 1, MARKETS]);
    assert.deepEqual([feed.totals.refusals, feed.connections.map(({ subscriptions }) => subscriptions)], [0, [8]]);
    const told = lines.filter(({ level, symbol }) => level === 'error' && symbol === 'NOSUCH/USD');
    assert.equal(told.length, 1);
    assert.match(told[0].text, /no such market/);
    const notLive = await run.notLive();
    assert.deepEqual(notLive, ['kraken:NOSUCH/USD syncing']);
    assertWithinLimits(run);
  });

  test('is refused at first: it is asked for again', async (t) => {
    const run = await VenueRun.start('binance', OPTIONS, {
      before: (simulator) => {
        for (let i = 0; i < 2; i++) simulator.inject({ kind: '429' });
      },
    });
    t.after(() => run.stop());
    await run.allLive();
    await allServed(run, progressOf(run));
    const { rest } = await feedWhere(run, 'told', (feed) => feed.rest.succeeded > MARKETS);
    assert.equal(rest.limited, 2);
    assertWithinLimits(run);
  });

  test('has nobody to give it at first: the venue is taken up once it is there', async (t) => {
    const port = await freePort();
    const symbols = ['BTCUSDT', 'ETHUSDT'];
    const engine = await LiveEngine.start({ feeds: [feedPlan('binance', symbols, `ws://127.0.0.1:${port}`)] });
    t.after(() => engine.stop());
    type Report = { rest: { failures: Record<string, number> } };
    await eventually('refused', async () => {
      const { feeds } = await engine.get<{ feeds: Report[] }>('/v1/stats');
      return (feeds[0]?.rest.failures['refused'] ?? 0) > 0;
    });
    const simulator = await startSimulator({ venue: 'binance', ...OPTIONS, markets: 2, port });
    t.after(() => simulator.stop());
    assert.deepEqual(simulator.symbols, symbols);
    await eventually('live', async () => {
      const markets = await engine.get<{ state: string }[]>('/v1/markets');
      return markets.every(({ state }) => state === 'live');
    });
  });
});
