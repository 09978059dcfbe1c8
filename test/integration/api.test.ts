// The HTTP routes over a real port, with shards played by the test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CountsJson, countsFromJson } from '../../engine/observe/latency-counts.ts';
import { ingressCounter, marketCounter } from '../../schemas/counters.ts';
import { type Json, Rig } from '../support/publish-rig.ts';

describe('the HTTP routes', () => {
  let rig: Rig;
  let market: number;
  before(async () => {
    rig = await Rig.start();
    rig.addMarket('binance:EMPTY');
    market = rig.addMarket('kraken:BTC/USD');
    rig.shard(market).setBook(
      market,
      [
        [100_000, 1000],
        [99_000, 2000],
      ],
      [[101_000, 3000]],
    );
    const counters = new Float64Array(rig.memory.marketCounters);
    const columns = counters.length / rig.memory.marketsMax;
    counters[marketCounter.updates] = 5;
    counters[market * columns + marketCounter.updates] = 7;
    counters[market * columns + marketCounter.dropped] = 2;
    new Float64Array(rig.memory.ingressCounters)[ingressCounter.syntax] = 3;
  });
  after(() => rig.stop());

  const json = async (path: string): Promise<{ status: number; body: Json }> => {
    const response = await rig.get(path);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    return { status: response.status, body: (await response.json()) as Json };
  };
  const errorOf = async (path: string): Promise<unknown[]> => {
    const { status, body } = await json(path);
    const error = body['error'] as Json;
    assert.equal(typeof error['message'], 'string');
    return [status, error['category']];
  };

  test('list the markets', async () => {
    const { body } = await json('/v1/markets');
    assert.deepEqual((body as unknown as Json[])[1], {
      market: 'kraken:BTC/USD',
      venue: 'kraken',
      symbol: 'BTC/USD',
      shard: 1,
      state: 'syncing',
      lastTimestamp: null,
      reason: null,
      since: null,
      lost: 0,
      activity: 'active',
    });
  });

  test('give a book, best first, cut at the depth asked for', async () => {
    const { body } = await json('/v1/book/kraken%3ABTC%2FUSD?depth=1');
    assert.deepEqual(Object.keys(body), [
      ...[
        'market',
        'state',
        'reason',
        'seq',
        'venueSequence',
        'timestamp',
        'localTimestamp',
        'horizon',
        'bids',
        'asks',
        'isCut',
      ],
    ]);
    assert.deepEqual(
      [body['market'], body['state'], body['seq'], body['venueSequence']],
      ['kraken:BTC/USD', 'live', 1, 1000],
    );
    assert.deepEqual([body['bids'], body['horizon'], body['isCut']], [[{ price: '100', amount: '1' }], null, true]);
    const whole = await json('/v1/book/kraken:BTC/USD?depth=0');
    assert.deepEqual([(whole.body['bids'] as unknown[]).length, whole.body['horizon']], [2, null]);
  });

  test('give bars, trades and signals', async () => {
    const { body: bars } = (await json('/v1/bars/kraken%3ABTC%2FUSD?kind=1m&limit=5')) as unknown as { body: Json[] };
    assert.deepEqual(
      bars.map((bar) => bar['isFinal']),
      [true, false],
    );
    assert.deepEqual(Object.keys(bars[0]), [
      ...[
        'type',
        'exchange',
        'symbol',
        'name',
        'kind',
        'interval',
        'startTimestamp',
        'openTimestamp',
        'closeTimestamp',
      ],
      ...['timestamp', 'localTimestamp', 'open', 'high', 'low', 'close', 'volume', 'buyVolume', 'sellVolume', 'trades'],
      ...['vwap', 'notional', 'revision', 'completeness', 'isFinal', 'delta', 'spreadHigh', 'spreadLow', 'state'],
    ]);
    const { body: trades } = (await json('/v1/trades/kraken%3ABTC%2FUSD')) as unknown as { body: Json[] };
    assert.deepEqual(
      trades.map((trade) => trade['id']),
      ['1', 'text-id'],
    );
    const { body: signals } = await json('/v1/signals/kraken%3ABTC%2FUSD');
    const { value, isWarm } = signals['imbalance'] as Json;
    assert.deepEqual([value, isWarm], [0.25, true]);
  });

  test('count in total and per market', async () => {
    const { body } = await json('/v1/stats');
    const total = body['total'] as Json;
    assert.deepEqual([total['updates'], total['drops'], total['rejected']], [12, 2, { syntax: 3 }]);
    assert.equal(((body['markets'] as Json)['kraken:BTC/USD'] as Json)['updates'], 7);
    assert.deepEqual(body['connections'], [{ id: 1 }]);
    assert.equal((body['rings'] as unknown[]).length, 6);
  });

  test('tell of the process what a program can subtract: memory, processor time, pauses by thread, the loop', async () => {
    const facts = (await json('/v1/stats')).body['process'] as Json;
    assert.equal(facts['pid'], process.pid);
    const names = ['rssBytes', 'heapUsedBytes', 'externalBytes', 'cpuUs', 'uptimeS'];
    assert.ok(names.every((name) => (facts[name] as number) > 0));
    const pauses = facts['gc'] as Json[];
    assert.deepEqual(
      pauses.map(({ thread }) => thread),
      ['main', 'ingress'],
    );
    for (const counts of [...pauses.map((each) => each['pauses']), facts['eventLoopDelay']] as CountsJson[]) {
      const { count } = countsFromJson(counts);
      assert.equal(
        counts.buckets.reduce((sum, [, held]) => sum + held, 0),
        count,
      );
    }
    const text = await (await rig.get('/metrics')).text();
    assert.match(text, /^millrace_gc_pause_seconds_count\{thread="ingress"\} \d+$/m);
  });

  test('tell latency as JSON and as a percentile distribution', async () => {
    const { body } = await json('/v1/latency');
    assert.deepEqual(Object.keys(body), ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine']);
    const engine = body['engine'] as Json;
    assert.equal(engine['unit'], 'ns');
    assert.ok((engine['count'] as number) > 0);
    const text = await (await rig.get('/v1/latency/engine.hgrm')).text();
    assert.match(text, /Value +Percentile +TotalCount/);
    assert.deepEqual(await errorOf('/v1/latency/none.hgrm'), [404, 'unknown-path']);
  });

  test('refuse what is unknown or out of range', async () => {
    for (const route of ['book', 'bars', 'trades', 'signals']) {
      assert.deepEqual(await errorOf(`/v1/${route}/binance:NONE`), [404, 'unknown-market']);
    }
    const at = 'kraken%3ABTC%2FUSD';
    for (const path of [`book/${at}?depth=-1`, `book/${at}?depth=x`, `bars/${at}?kind=2m`, `bars/${at}?limit=0`]) {
      assert.deepEqual(await errorOf(`/v1/${path}`), [400, 'range']);
    }
    assert.deepEqual(await errorOf(`/v1/trades/${at}?limit=101`), [400, 'range']);
    assert.deepEqual(await errorOf('/v1/book/%zz'), [400, 'shape']);
    assert.deepEqual(await errorOf('/v2/nothing'), [404, 'unknown-path']);
    const posted = await fetch(`http://${rig.url}/v1/markets`, { method: 'POST' });
    assert.equal(posted.status, 405);
    await posted.text();
    const stream = await rig.get('/stream');
    assert.equal(stream.status, 404);
    await stream.text();
  });

  test('answer 503 when the shard does not answer, and outlive a client that left', async () => {
    const shard = rig.shard(market);
    shard.isSilent = true;
    const left = new AbortController();
    const aborted = fetch(`http://${rig.url}/v1/book/kraken%3ABTC%2FUSD`, { signal: left.signal });
    setTimeout(() => left.abort(), 20);
    await assert.rejects(aborted);
    assert.deepEqual(await errorOf('/v1/book/kraken%3ABTC%2FUSD'), [503, 'timeout']);
    shard.isSilent = false;
    assert.equal((await json('/v1/book/kraken%3ABTC%2FUSD')).status, 200);
  });

  test('serve health, readiness, metrics, their description and the page', async () => {
    assert.deepEqual((await json('/health')).body, { status: 'ok', reasons: [] });
    assert.equal((await json('/ready')).status, 200);
    const metrics = await (await rig.get('/metrics')).text();
    assert.match(metrics, /^millrace_market_updates_total 12$/m);
    assert.match(metrics, /^millrace_ingress_rejected_total\{category="syntax"\} 3$/m);
    assert.match(metrics, /^millrace_markets\{state="syncing"\} 2$/m);
    assert.match(metrics, /^millrace_updates_total\{market="kraken:BTC\/USD"\} 7$/m);
    const { body } = await json('/openapi.json');
    assert.ok('/v1/book/{market}' in (body['paths'] as Json));
    const page = await rig.get('/');
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const text = await page.text();
    assert.match(text, /<title>Millrace<\/title>/);
    // It names the makers of its charts; a browser shows that nothing is loaded from there (page.test.ts).
    const loaded = text.match(
      /<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?!data:)[^"]*"|@import|url\(\s*["']?https?:/g,
    );
    assert.deepEqual(loaded, null);
  });

  test('say 503 while the engine is not well or not ready', async () => {
    const ill = await Rig.start({
      health: () => ({ status: 'failed', reasons: ['shard 0 is down'] }),
      ready: () => false,
    });
    const health = await ill.get('/health');
    assert.deepEqual([health.status, await health.json()], [503, { status: 'failed', reasons: ['shard 0 is down'] }]);
    const ready = await ill.get('/ready');
    assert.equal(ready.status, 503);
    await ready.text();
    await ill.stop();
  });
});
