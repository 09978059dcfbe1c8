// The queue of REST requests: its pace, pauses, retries, bounds and end, on a clock of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DedupWindow } from '../../../engine/connect/dedup-window.ts';
import type { RestRequest } from '../../../engine/connect/protocol.ts';
import {
  REST,
  type RestJob,
  RestQueue,
  type RestResult,
  type RestSettings,
} from '../../../engine/connect/rest-queue.ts';
import { type RestAnswer, TransportError } from '../../../engine/connect/transport.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

type Reply = Partial<RestAnswer> | 'cut' | 'never';

class Bench {
  readonly timers = new VirtualTimers(0);
  readonly sent: Array<{ path: string; atMs: number }> = [];
  readonly ended: Array<{ key: string; result: RestResult; atMs: number }> = [];
  readonly queue: RestQueue;
  aborted = 0;
  /** What a request gets, after 10 ms. */
  reply: (path: string) => Reply = () => ({});

  constructor(settings: Partial<RestSettings> = {}) {
    const all = { ...REST, pace: { count: 1_000_000, windowMs: 1_000 }, ...settings };
    this.queue = new RestQueue(this.timers, all, (request, _timeoutMs, signal) => this.send(request, signal));
  }

  push(key: string, changes: Partial<RestJob> & { weight?: number } = {}): string {
    const request = { method: 'GET' as const, path: `/${key}`, weight: changes.weight ?? 1 };
    const ended = (result: RestResult): void => {
      this.ended.push({ key, result, atMs: this.timers.nowMs() });
    };
    return this.queue.push({ key, id: null, request, priority: 1, ended, ...changes });
  }

  get paths(): string[] {
    return this.sent.map(({ path }) => path);
  }

  private send({ path }: RestRequest, signal: AbortSignal): Promise<RestAnswer> {
    this.sent.push({ path, atMs: this.timers.nowMs() });
    signal.addEventListener('abort', () => this.aborted++);
    return new Promise((resolve, reject) => {
      this.timers.after(10, () => {
        const reply = this.reply(path);
        if (reply === 'never') return;
        if (reply === 'cut') reject(new TransportError({ kind: 'reset', message: 'cut', status: null }));
        else resolve({ status: 200, headers: {}, body: `of ${path}`, ...reply });
      });
    });
  }
}

test('goes by weight within the window, the urgent first', async () => {
  const bench = new Bench({ pace: { count: 10, windowMs: 1_000 }, inFlightMax: 100 });
  bench.push('a', { weight: 4 });
  bench.push('b', { weight: 4 });
  bench.push('c', { weight: 4, priority: 2 });
  bench.push('d', { weight: 4, priority: 0 });
  assert.deepEqual(bench.paths, ['/a', '/b']);
  await bench.timers.advance(999);
  assert.deepEqual(bench.paths, ['/a', '/b']);
  await bench.timers.advance(1);
  assert.deepEqual(bench.paths, ['/a', '/b', '/d', '/c']);
  await bench.timers.advance(1_000);
  assert.equal(bench.ended.length, 4);
  assert.ok(bench.ended.every(({ key, result }) => result.isOk && result.body === `of /${key}`));
  assert.equal(bench.timers.open, 0);
});

test('one job a key: who asks again joins, and may make it more urgent', async () => {
  const bench = new Bench({ inFlightMax: 1 });
  bench.push('running');
  bench.push('first', { priority: 2 });
  bench.push('second', { priority: 2 });
  assert.equal(bench.push('second', { priority: 0 }), 'joined');
  await bench.timers.advance(100);
  assert.deepEqual(bench.paths, ['/running', '/second', '/first']);
  assert.deepEqual(
    bench.ended.map(({ key }) => key),
    ['running', 'second', 'second', 'first'],
  );
});

for (const [status, header, waitMs] of [
  [429, '7', 7_000],
  [418, '120', 120_000],
  [429, undefined, 1_000],
] as const) {
  test(`status ${status} with Retry-After ${header} pauses the whole queue for ${waitMs} ms`, async () => {
    const bench = new Bench({ inFlightMax: 1 });
    let answers = 0;
    bench.reply = () =>
      answers++ === 0 ? { status, headers: header === undefined ? {} : { 'retry-after': header } } : {};
    bench.push('a');
    bench.push('b');
    await bench.timers.advance(10 + waitMs - 1);
    assert.deepEqual(bench.paths, ['/a']);
    await bench.timers.advance(1 + 100);
    assert.deepEqual(bench.paths, ['/a', '/a', '/b']);
    assert.equal(bench.queue.report().limited, 1);
    assert.equal(bench.queue.report().retries, 0);
  });
}

test('failures are tried again after 1, 2, 4, 8 s, then told; others go on meanwhile', async () => {
  const bench = new Bench({ breaker: { ...REST.breaker, failuresMax: 100 } });
  bench.reply = (path) => (path === '/bad' ? { status: 503 } : {});
  bench.push('bad');
  await bench.timers.advance(5);
  bench.push('good');
  await bench.timers.advance(60_000);
  const times = bench.sent.filter(({ path }) => path === '/bad').map(({ atMs }) => atMs);
  assert.deepEqual(times, [0, 1_010, 3_020, 7_030, 15_040]);
  const [good, bad] = bench.ended;
  assert.deepEqual([good.key, good.atMs, good.result.isOk], ['good', 15, true]);
  assert.deepEqual(bad.result, { isOk: false, reason: 'failed', status: 503, message: 'status 503' });
});

test('a status of refusal is told at once and is no failure of the venue', async () => {
  const bench = new Bench();
  bench.reply = () => ({ status: 404, body: 'no such book' });
  bench.push('a');
  await bench.timers.advance(10);
  assert.deepEqual(bench.ended[0].result, { isOk: false, reason: 'refused', status: 404, message: 'no such book' });
  assert.equal(bench.queue.breaker.failuresInARow, 0);
});

test('no answer in time is a failure, and the request is aborted', async () => {
  const bench = new Bench({ timeoutMs: 3_000, triesMax: 1 });
  bench.reply = () => 'never';
  bench.push('a');
  await bench.timers.advance(3_000);
  assert.deepEqual([bench.ended[0].result.isOk, bench.ended[0].atMs, bench.aborted], [false, 3_000, 1]);
  assert.deepEqual(bench.queue.report().failures, { timeout: 1 });
});

test('a cancelled job makes room for what waits, also where it was the probe', async () => {
  const bench = new Bench({ inFlightMax: 1 });
  bench.reply = () => 'never';
  bench.push('first');
  bench.push('second');
  bench.queue.cancel('first');
  assert.deepEqual(bench.paths, ['/first', '/second']);
  const probed = new Bench({ inFlightMax: 1, breaker: { ...REST.breaker, failuresMax: 1 }, triesMax: 1 });
  probed.reply = () => 'cut';
  probed.push('broken');
  await probed.timers.advance(10);
  probed.reply = (path) => (path === '/probe' ? 'never' : {});
  probed.push('probe');
  probed.push('next');
  await probed.timers.advance(1_000);
  assert.deepEqual(probed.paths, ['/broken', '/probe']);
  probed.queue.cancel('probe');
  await probed.timers.advance(10);
  assert.ok(probed.ended.some(({ key, result }) => key === 'next' && result.isOk));
  assert.equal(probed.timers.open, 0);
});

test('a cancelled job ends without an answer, waiting or running', async () => {
  const bench = new Bench({ inFlightMax: 1 });
  bench.push('running');
  bench.push('waiting');
  bench.queue.cancel('waiting');
  bench.queue.cancel('running');
  bench.queue.cancel('unknown');
  await bench.timers.advance(1_000);
  assert.deepEqual(
    bench.ended.map(({ key, result }) => [key, result.isOk ? 'ok' : result.reason]),
    [
      ['waiting', 'cancelled'],
      ['running', 'cancelled'],
    ],
  );
  assert.equal(bench.aborted, 1);
  assert.equal(bench.timers.open, 0);
});

const OPENS_FAST = { ...REST.breaker, failuresMax: 3, probeTimeoutMs: 5_000 };

/** Three failures open it; what they asked for is not asked again. */
async function opened(settings: Partial<RestSettings> = {}): Promise<Bench> {
  const bench = new Bench({ breaker: OPENS_FAST, triesMax: 1, ...settings });
  bench.reply = () => 'cut';
  for (const key of ['x', 'y', 'z']) bench.push(key);
  await bench.timers.advance(10);
  assert.equal(bench.queue.breaker.state, 'open');
  bench.sent.length = 0;
  bench.ended.length = 0;
  return bench;
}

test('C4: at half-open one of 1,000 waiting requests is the probe, the rest follow at the set pace', async () => {
  const bench = await opened({ pace: { count: 50, windowMs: 1_000 } });
  for (let index = 0; index < 1_000; index++) bench.push(`k${index}`);
  assert.equal(bench.sent.length, 0);
  bench.reply = () => ({});
  await bench.timers.advance(1_000);
  assert.deepEqual(bench.paths, ['/k0'], 'the probe alone, though 999 wait');
  assert.equal(bench.queue.report().waiting, 999);
  const openMs = bench.timers.nowMs();
  await bench.timers.advance(60_000);
  assert.deepEqual(
    bench.paths,
    Array.from({ length: 1_000 }, (_, index) => `/k${index}`),
  );
  for (const { atMs } of bench.sent) {
    const within = bench.sent.filter((other) => other.atMs <= atMs && other.atMs > atMs - 1_000).length;
    assert.ok(within <= 50, `${within} within a second`);
  }
  assert.ok((bench.sent.at(-1)?.atMs ?? 0) - openMs >= 18_000, 'no herd');
});

test('C5: a probe that is never answered opens it again at its timeout', async () => {
  const bench = await opened({ timeoutMs: 60_000 });
  bench.reply = () => 'never';
  bench.push('a');
  await bench.timers.advance(1_000);
  assert.equal(bench.sent.length, 1);
  await bench.timers.advance(5_000);
  assert.equal(bench.queue.breaker.state, 'open');
  assert.equal(bench.queue.breaker.waitMs, 2_000);
});

test('C7: of 100,000 requests while it is open the newest 10,000 stay, in order, and the rest are counted', async () => {
  const bench = await opened({ sizeMax: 10_000, bytesMax: 1024 * 1024 });
  for (let index = 0; index < 100_000; index++) bench.push(`k${index}`);
  const { waiting, dropped, highWater } = bench.queue.report();
  assert.deepEqual([waiting, dropped.overflow, highWater], [10_000, 90_000, 10_000]);
  assert.equal(bench.ended.length, 90_000);
  bench.reply = () => ({});
  await bench.timers.advance(60_000);
  assert.deepEqual(
    bench.paths,
    Array.from({ length: 10_000 }, (_, index) => `/k${90_000 + index}`),
  );
});

test('C7: its bytes are bounded too, and what is too old to be of use is not sent', async () => {
  const bench = await opened({ bytesMax: 1_010, ageMaxMs: 800 });
  const request = { method: 'GET' as const, path: 'p'.repeat(100), weight: 1 };
  for (let index = 0; index < 25; index++) bench.push(`k${index}`, { request });
  assert.deepEqual([bench.queue.size, bench.queue.report().dropped.overflow], [10, 15]);
  bench.reply = () => ({});
  await bench.timers.advance(900);
  bench.push('fresh');
  await bench.timers.advance(1_000);
  assert.deepEqual(bench.paths, ['/fresh']);
  assert.equal(bench.queue.report().dropped['too-old'], 10);
});

test('C8: the same id is asked once within its window, and again after it', async () => {
  const bench = new Bench({ dedupMs: 10_000 });
  const push = (): string => bench.push('hole', { id: 'BTC:17' });
  assert.equal(push(), 'queued');
  assert.equal(push(), 'joined');
  await bench.timers.advance(100);
  assert.deepEqual([push(), push(), push()], ['duplicate', 'duplicate', 'duplicate']);
  assert.equal(bench.push('hole', { id: 'BTC:18' }), 'queued', 'another epoch is another id');
  await bench.timers.advance(10_000);
  assert.equal(push(), 'queued');
  await bench.timers.advance(100);
  assert.equal(bench.sent.length, 3);
  assert.equal(bench.queue.report().duplicates, 3);
});

test('C8: the memory of ids is bounded', () => {
  const window = new DedupWindow(10_000, 1_000);
  for (let id = 0; id < 100_000; id++) assert.ok(window.isNew(`id ${id}`, id));
  assert.equal(window.size, 1_000);
  assert.equal(window.isNew('id 99999', 100_000), false);
  assert.equal(window.isNew('another', 200_000), true);
  assert.equal(window.size, 1);
});

for (const pending of [0, 500, 100_000]) {
  for (const hangs of [false, true]) {
    test(`C10: stopped with ${pending} pending${hangs ? ' and a venue that hangs' : ''}, none is unaccounted for`, async () => {
      const bench = new Bench({ sizeMax: 100_000, pace: { count: 100, windowMs: 1_000 } });
      bench.reply = () => (hangs ? 'never' : {});
      for (let index = 0; index < pending; index++) bench.push(`k${index}`);
      const startMs = bench.timers.nowMs();
      let result: { flushed: number; dropped: number } | null = null;
      const stopped = bench.queue.stop(2_000).then((counts) => {
        result = counts;
      });
      assert.equal(bench.push('late'), 'closed');
      assert.ok(await bench.timers.advanceUntil(() => result !== null, 60_000));
      await stopped;
      const { flushed, dropped } = result ?? { flushed: -1, dropped: -1 };
      assert.equal(flushed + dropped, pending);
      assert.equal(flushed, hangs || pending === 0 ? 0 : 200);
      assert.equal(bench.ended.length, pending);
      assert.ok(bench.timers.nowMs() - startMs <= 2_500);
      await bench.timers.advance(100);
      assert.equal(bench.timers.open, 0);
    });
  }
}
