// The engine's own panels on the page: they show what the engine tells over HTTP, in words as well as in colours.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FeedReport } from '../../engine/connect/report.ts';
import { countText, durationText } from '../../engine/dashboard/format.ts';
import { FAULT_PLAN_DEFAULT } from '../../engine/simulate/fault-plan.ts';
import type { LatencyFigures, QueueFigures, StageName } from '../../schemas/feed.ts';
import { Chromium } from '../support/browser.ts';
import { Dashboard, DESK, type Fed, fed, PHONE, shot } from '../support/dashboard.ts';
import { type Client, eventually, type LiveEngine } from '../support/live-engine.ts';
import { VenueRun } from '../support/venue-run.ts';

const PANELS = ['health', 'throughput', 'queues', 'drops', 'latency', 'stages', 'heat', 'processor', 'memory'];
/** A time with its unit, as the page writes it. */
const DURATION = /^[\d.]+ (ns|µs|ms|s)$/;
/** Trades of one frame: they reach the shard in one commit. */
const FRAME_TRADES = 2_000;
const BAD_FRAMES = 3;

type Stats = {
  readonly queues: readonly QueueFigures[];
  readonly rings: readonly { readonly ring: string; readonly most: number; readonly mostMinute: number }[];
  readonly total: { readonly rejected: Readonly<Record<string, number>> };
};

/** Into sight, so that the panel asks for what it shows. */
async function see(page: Dashboard, panel: string): Promise<void> {
  await page.watched.page.locator(`#${panel}-panel`).scrollIntoViewIfNeeded();
}

const rows = (page: Dashboard, panel: string): Promise<string[][]> =>
  page.watched.rows(`#${panel}-panel .figures tbody tr`);

async function rowOf(page: Dashboard, panel: string, name: string): Promise<string[] | undefined> {
  return (await rows(page, panel)).find(([first]) => first === name);
}

/** Many trades in one frame: more records than the shard takes in a moment, and of one second. */
async function burst(producer: Client): Promise<void> {
  const trades = Array.from({ length: FRAME_TRADES }, (_, id) => ({
    ...{ type: 'trade', exchange: 'x', symbol: 'BURST', id: String(id), price: '1', amount: '1', side: 'buy' },
    timestamp: '2026-02-03T04:05:06.000Z',
  }));
  producer.send(trades);
}

describe('the panels of the engine', () => {
  let browser: Chromium;
  let source: Fed;
  let engine: LiveEngine;
  before(async () => {
    browser = await Chromium.start();
    source = await fed();
    engine = source.engine;
  });
  after(async () => {
    await browser.close();
    await source.feed.stop();
    await engine.stop();
  });

  const open = (...rest: [size?: typeof DESK, scheme?: 'dark' | 'light']): Promise<Dashboard> =>
    Dashboard.open(browser, engine.engine.port, ...rest);

  test('all fill, and say so: throughput, stages, threads, memory, and why there are no breakers', async () => {
    const page = await open();
    await eventually('a rate', async () => {
      await see(page, 'throughput');
      return /^[\d,]+$/.test((await rowOf(page, 'throughput', 'Frames applied'))?.[1] ?? '');
    });
    await see(page, 'health');
    assert.match(await page.watched.text('#health-panel .status'), /✓ ok/);
    assert.match(await page.watched.text('#health-panel .empty'), /No venue connections.*synthetic feed/);
    await see(page, 'processor');
    await eventually('times of threads', async () => {
      const threads = ['main', 'ingress', 'shard-0'].map((name) => rowOf(page, 'processor', name));
      return (await Promise.all(threads)).every(
        (row) => /^[\d.]+ %$/.test(row?.[1] ?? '') && DURATION.test(row?.[2] ?? ''),
      );
    });
    await see(page, 'memory');
    await eventually('memory', async () => /^[\d.]+ MiB$/.test((await rowOf(page, 'memory', 'resident'))?.[1] ?? ''));
    await see(page, 'stages');
    await eventually('stages', async () => DURATION.test((await rowOf(page, 'stages', 'apply'))?.[2] ?? ''));
    await shot(page.watched, 'engine-dark', true);
    assert.deepEqual([page.watched.complaints, page.watched.strangers], [[], []]);
    await page.close();
  });

  test('charts and heat maps are read by keys, and a heat map by the pointer too', async () => {
    const page = await open(DESK, 'light');
    const { page: tab } = page.watched;
    await see(page, 'heat');
    const readout = (selector: string): Promise<string> => page.watched.text(`${selector} .readout`);
    const map = '#heat-panel .heat:nth-child(3)';
    await eventually('samples of apply', async () => /half within/.test(await page.watched.text(`${map} .summary`)));
    await tab.focus(map);
    await tab.keyboard.press('ArrowUp');
    await eventually('a bucket', async () =>
      /^[\d:]+ UTC, .+ to .+: [\d,]+ of [\d,]+ \(.+ %\)$/.test(await readout(map)),
    );
    const first = await readout(map);
    await tab.keyboard.press('ArrowUp');
    await eventually('a higher bucket', async () => (await readout(map)) !== first && (await readout(map)) !== '');
    await tab.keyboard.press('Escape');
    await eventually('no bucket', async () => (await readout(map)) === '');
    await see(page, 'latency');
    await eventually('a value', async () => DURATION.test(await page.watched.text('#latency-panel .legend .number')));
    await tab.focus('#latency-panel .chart');
    await tab.keyboard.press('End');
    await eventually('values of a time', async () => /UTC: decode .+, engine /.test(await readout('#latency-panel')));
    await shot(page.watched, 'engine-light', true);
    assert.deepEqual(page.watched.complaints, []);
    await page.close();
  });

  test('fit a phone, one under the other', async () => {
    const page = await open(PHONE);
    for (const panel of PANELS) {
      await see(page, panel);
      await eventually(`${panel} in time`, async () => /now|ago/.test(await page.age(panel)));
    }
    assert.equal(await page.watched.isWiderThanWindow(), false);
    const lefts = await page.watched.page
      .locator('#engine-panels > .panel')
      .evaluateAll((all) => [...new Set(all.map((panel) => panel.getBoundingClientRect().left))]);
    assert.equal(lefts.length, 1);
    await shot(page.watched, 'engine-phone', true);
    assert.deepEqual(page.watched.complaints, []);
    await page.close();
  });

  // From here on the feed is at rest, so that both sides tell the same numbers.
  test('show what /v1/stats and /v1/latency say, to the digit', async () => {
    const page = await open();
    await source.feed.stop();
    await see(page, 'drops');
    await eventually('what was before', async () => (await rowOf(page, 'drops', 'input ring full'))?.[2] === '0');
    const producer = await engine.producer('json');
    for (let frame = 0; frame < BAD_FRAMES; frame++) producer.send('{');
    await burst(producer);
    const { rejected } = (await eventually('rejected frames', async () => {
      const { total } = await engine.get<Stats>('/v1/stats?markets=0');
      return total.rejected['syntax'] === BAD_FRAMES ? total : null;
    })) as Stats['total'];
    await eventually('the same rejected', async () => {
      const [, unit, recent, count] = (await rowOf(page, 'drops', 'rejected: syntax')) ?? [];
      return unit === 'frames' && recent === `▲ ${BAD_FRAMES}` && count === String(rejected['syntax']);
    });
    await see(page, 'stages');
    await page.watched.page.selectOption('#stages-panel select', 'stages');
    await eventually('the same latency', async () => {
      const stages = await engine.get<LatencyFigures['stages']>('/v1/latency');
      const shown = new Map((await rows(page, 'stages')).map(([stage, ...cells]) => [stage, cells.join()]));
      return (['decode', 'ring-wait', 'apply'] as StageName[]).every((stage) => {
        const { count, mean, p50, p90, p99, p999, max } = stages[stage];
        return shown.get(stage) === [countText(count), ...[mean, p50, p90, p99, p999, max].map(durationText)].join();
      });
    });
    await producer.close();
    await page.close();
  });

  test('tell the most a ring has held, which a burst raises', async () => {
    const page = await open();
    const input = async () =>
      (await engine.get<Stats>('/v1/stats?markets=0')).rings.find(({ ring }) => ring === 'input');
    const before = (await input())?.most ?? 0;
    const producer = await engine.producer('json');
    // A shard that has much to do finds more each time it looks.
    while (((await input())?.most ?? 0) <= Math.max(before, FRAME_TRADES)) {
      for (let frame = 0; frame < 20; frame++) await burst(producer);
    }
    await see(page, 'queues');
    await eventually('the same mark', async () => {
      const text = await page.watched.text('#queues-panel li .marks');
      const { most, mostMinute } = (await input()) ?? { most: 0, mostMinute: 0 };
      return text.startsWith(`most ${countText(mostMinute)} in a minute, ${countText(most)} since the start`);
    });
    await producer.close();
    await page.close();
  });

  // Last: it ends the engine.
  test('say that they are old when the engine is gone', async () => {
    const page = await open();
    await see(page, 'throughput');
    await eventually('current', async () => (await page.age('throughput')) === 'now');
    await engine.stop();
    await eventually('stale', async () => page.isStale('throughput'));
    assert.match(await page.age('throughput'), /⚠ stale/);
    await page.close();
  });
});

test('a venue that refuses is told by breaker, word and reason, as /v1/stats has it', async (t) => {
  const browser = await Chromium.start();
  const run = await VenueRun.start(
    'kraken',
    { markets: 2, faults: { ...FAULT_PLAN_DEFAULT, outageMsMax: 600_000 } },
    {
      before: (simulator) => simulator.inject({ kind: 'refuse' }),
      feed: () => ({ breakerFailures: 1, breakerRetries: 1 }),
    },
  );
  t.after(async () => {
    await browser.close();
    await run.engine.stop();
    await run.simulator.stop();
  });
  const page = await Dashboard.open(browser, run.engine.engine.port);
  await see(page, 'health');
  await eventually('given up', async () => (await rowOf(page, 'health', 'kraken 0 (2 markets)'))?.[1] === '✖ given up');
  const [{ slots, totals }] = (await run.engine.get<{ feeds: FeedReport[] }>('/v1/stats')).feeds;
  assert.equal(slots[0].breaker.state, 'given-up');
  const [venue, , live, attempts, successes, rate] = (await rowOf(page, 'health', 'kraken')) ?? [];
  assert.deepEqual([venue, live, attempts, successes, rate], ['kraken', '0', String(totals.attempts), '0', '0 %']);
  assert.match(await page.watched.text('#health-panel .status'), /◐ degraded/);
  assert.match(
    await page.watched.text('#health-panel .reasons'),
    /feed kraken: connection 0 \(2 markets\) is given up/,
  );
  await shot(page.watched, 'engine-refused', true);
  await page.close();
});
