// `millrace simulate` and `millrace start --feed` as two processes: data flows from one to the other, and both end in order.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { eventually, type Json } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';

before(ensureBuilt);

/** One clear sentence, exit 2, nothing on stdout. */
function assertUsage(ended: Ended, ...parts: readonly string[]): void {
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [2, null, ''], ended.stderr);
  assert.match(ended.stderr, /^millrace: [^\n]+\n$/);
  for (const part of parts) assert.ok(ended.stderr.includes(part), `expected ${part} in: ${ended.stderr}`);
}

const summaryOf = ({ stdout }: Ended): Json => {
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  return JSON.parse(stdout) as Json;
};

/** The feed and the address that the simulator proposes in its own words. */
async function proposal(simulator: RunningCommand): Promise<{ feed: string; url: string }> {
  const found = await eventually('the simulator', () => {
    if (simulator.hasEnded) throw new Error(`expected a running simulator, ended with: ${simulator.stderr}`);
    return /--feed (\S+) --venue-url (\S+)\n/.exec(simulator.stderr);
  });
  return { feed: found[1], url: found[2] };
}

type Market = { readonly market: string; readonly state: string };

test('books and trades flow from a simulator to an engine, and SIGTERM ends both with their summaries', async (t) => {
  const simulator = new RunningCommand('engine/cli.js', [
    ...['simulate', 'binance', '--port', '0', '--markets', '3', '--rate', '200'],
  ]);
  t.after(() => simulator.kill());
  const { feed, url } = await proposal(simulator);
  assert.equal(feed, 'binance:BTCUSDT,ETHUSDT');
  assert.match(url, /^binance=ws:\/\/127\.0\.0\.1:\d+$/);
  const engine = new RunningCommand('engine/cli.js', [
    ...['start', '--feed', feed, '--venue-url', url, '--port', '0', '--ingest-port', '0', '--workers', '1'],
    ...['--log-level', 'warn', '--shutdown-timeout', '120s'],
  ]);
  t.after(() => engine.kill());
  const { port } = await engine.ports();
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as T;
  await eventually('both live', async () => {
    const markets = await get<Market[]>('/v1/markets');
    return markets.length === 2 && markets.every(({ state }) => state === 'live');
  });
  await eventually('both traded', async () => {
    const { markets } = await get<{ markets: Record<string, { trades: number }> }>('/v1/stats');
    return Object.values(markets).every(({ trades }) => trades > 0);
  });
  engine.child.kill('SIGTERM');
  const ended = await engine.ended;
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  const summary = summaryOf(ended);
  const { applied, feedSocketsLeft, feedTimersLeft } = summary['totals'] as Record<string, number>;
  assert.ok(applied > 0);
  assert.deepEqual([summary['forced'], feedSocketsLeft, feedTimersLeft], [false, 0, 0]);
  simulator.child.kill('SIGTERM');
  const simulated = await simulator.ended;
  assert.deepEqual([simulated.code, simulated.signal], [0, null], simulated.stderr);
  const { venue, markets, sockets, violations, errors } = summaryOf(simulated);
  assert.deepEqual([venue, markets, violations, errors], ['binance', 3, {}, 0]);
  assert.deepEqual((sockets as Record<string, number>)['open'], 0);
});

describe('wrong usage is one sentence and exit 2:', { concurrency: true }, () => {
  const start = (...parameters: string[]): string[] => ['start', '--port', '0', '--ingest-port', '0', ...parameters];
  const cases: readonly (readonly [string, string[], readonly string[]])[] = [
    ['a feed of no venue', start('--feed', 'mtgox:BTCUSD'), ['--feed', 'mtgox:BTCUSD', 'binance']],
    ['a feed without a symbol', start('--feed', 'binance:'), ['--feed', 'binance:']],
    ['a feed of a dialect that no one can be connected to', start('--feed', 'json:A'), ['--feed', 'json']],
    ['an address of no venue', start('--venue-url', 'ws://127.0.0.1:1'), ['--venue-url', 'VENUE=VALUE']],
    ['an address that is none', start('--feed', 'binance:A', '--venue-url', 'binance=here'), ['--venue-url', 'ws']],
    ['an address of another protocol', start('--feed', 'okx:A', '--venue-url', 'okx=ftp://a'), ['--venue-url']],
    ['a proxy that is no address', start('--feed', 'okx:A', '--venue-proxy', 'here'), ['--venue-proxy', 'http']],
    ['certificates that are not there', start('--feed', 'okx:A', '--venue-ca', '/no/such.pem'), ['--venue-ca', 'such']],
    ['a breaker that opens before it is tried', start('--breaker-failures', '0'), ['--breaker-failures', '0']],
    ['a simulator of no venue', ['simulate', 'mtgox', '--port', '0'], ['mtgox', 'kraken']],
  ];
  for (const [name, parameters, parts] of cases) {
    test(name, async () => assertUsage(await millrace(parameters), ...parts));
  }

  test('a token is never shown', async () => {
    const ended = await millrace(start('--venue-token', 'secret-of-mine'));
    assertUsage(ended, '--venue-token', 'VENUE=VALUE');
    assert.equal(ended.stderr.includes('secret-of-mine'), false);
  });
});
