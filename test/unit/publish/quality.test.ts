// Data quality in `/v1/stats` and `/metrics`: shapes, sums by venue against plain sums, and a bounded number of series.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EngineClock } from '../../../engine/base/clock.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LatestReader, LatestWriter } from '../../../engine/memory/latest-values.ts';
import { MarketNames } from '../../../engine/memory/market-names.ts';
import { LATENCY_BYTES, LatencyRecorder, STAGES } from '../../../engine/observe/latency.ts';
import { LatencyReport, type StageRecorders } from '../../../engine/publish/latency-report.ts';
import { Metrics } from '../../../engine/publish/metrics.ts';
import { Stats } from '../../../engine/publish/stats.ts';
import {
  MARKET_COUNTER_COLUMNS,
  type MarketCounterName,
  type MarketMeasureName,
  marketCounter,
  marketMeasure,
} from '../../../schemas/counters.ts';
import { METRIC_VENUES_MAX } from '../../../schemas/metrics.ts';
import { ACTIVITY_NAMES, Activity, engineWords, latest, marketRow } from '../../../schemas/shared-state.ts';

type Values = Partial<Record<MarketCounterName | MarketMeasureName, number>>;
const columns: Readonly<Record<string, number>> = { ...marketCounter, ...marketMeasure };

/** Shared memory with markets written into it as ingress and shards would. */
class Written {
  readonly memory: EngineMemory = createEngineMemory({ shards: 1, marketsMax: 256, inputSlots: 64, outputSlots: 64 });
  readonly stats = new Stats(this.memory, new MarketNames(this.memory));
  private readonly words = new Int32Array(this.memory.words);

  market(name: string, activity: Activity, values: Values): number {
    const market = this.words[engineWords.at.marketCount]++;
    const rows = new Uint8Array(this.memory.marketRows, market * marketRow.sizeBytes);
    rows[marketRow.at.nameBytes] = name.length;
    rows[marketRow.at.venueBytes] = name.indexOf(':');
    rows.set(new TextEncoder().encode(name), marketRow.at.name);
    const row = new Float64Array(this.memory.marketCounters, market * MARKET_COUNTER_COLUMNS * 8);
    for (const [column, value] of Object.entries(values)) row[columns[column]] = value;
    const writer = new LatestWriter(this.memory);
    const at = writer.begin(market);
    writer.i32[at * 2 + latest.at.activity] = activity;
    writer.end(market);
    return market;
  }

  report(): Report {
    return JSON.parse(JSON.stringify(this.stats.report([], {}))) as Report;
  }

  metrics(): Promise<string> {
    const none = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES), 0);
    const recorders = Object.fromEntries(STAGES.map((stage) => [stage, [none]])) as unknown as StageRecorders;
    const publish = { subscribers: 0, topics: 0, bufferedBytes: 0, messages: 0, bytes: 0 };
    const tree = {
      ...publish,
      slowClosed: 0,
      slowClosedBy: {},
      limited: {},
      droppedMessages: 0,
      holes: 0,
      signalsOff: 0,
      shardRestarts: 0,
      refused: { unauthorized: 0, forbidden: 0, origin: 0, host: 0 },
    };
    const clock = new EngineClock(this.memory.anchor);
    return new Metrics({ stats: this.stats, latency: new LatencyReport(recorders), clock, publish: () => tree }).text();
  }
}

type Json = Record<string, unknown>;
type Report = { readonly markets: Record<string, Json>; readonly venues: Record<string, Json> };

const skewed = (count: number, sum: number, min: number, max: number): Values => ({
  skewCount: count,
  skewSumUs: sum,
  skewMinUs: min,
  skewMaxUs: max,
});

function threeMarkets(): Written {
  const written = new Written();
  written.market('kraken:A', Activity.active, {
    ...skewed(4, 10_002, 1000, 4001),
    ...{ bookChanges: 99, lost: 6, lostTrades: 5, tradeRecords: 15, outOfOrder: 2, crossed: 1, locked: 3, outliers: 4 },
  });
  written.market('kraken:B', Activity.dead, { ...skewed(1, -500, -500, -500), bookChanges: 1, outliers: 1 });
  written.market('okx:C', Activity.quiet, {});
  return written;
}

describe('the quality of a market in /v1/stats', () => {
  test('stands behind the fields that were there, with all it has', () => {
    const { markets } = threeMarkets().report();
    const fields = ['frames', 'updates', 'trades', 'duplicates', 'gaps', 'lost', 'late', 'revised', 'rejected'];
    assert.deepEqual(Object.keys(markets['kraken:A']), [
      ...fields,
      ...['drops', 'resyncs', 'tradeRecords', 'bookChanges', 'quality'],
    ]);
    assert.deepEqual(markets['kraken:A']['quality'], {
      activity: 'active',
      outOfOrder: 2,
      skew: { minMs: 1, meanMs: 2.501, maxMs: 4.001 },
      completeness: { book: 0.99, trade: 0.75 },
      crossed: 1,
      locked: 3,
      outliers: 4,
    });
  });

  test('has no skew without a venue time, and no completeness where nothing came or is missing', () => {
    const { activity, skew, completeness } = threeMarkets().report().markets['okx:C']['quality'] as Json;
    assert.deepEqual([activity, skew, completeness], ['quiet', null, { book: null, trade: null }]);
  });

  test('never shows a negative loss where the count of lost trades is read ahead of that of all', () => {
    const written = new Written();
    written.market('kraken:A', Activity.active, { bookChanges: 10, lost: 2, lostTrades: 3 });
    assert.deepEqual(written.stats.quality.market(0).completeness, { book: 1, trade: 0 });
  });

  test('is the activity that latest values carry', () => {
    const written = threeMarkets();
    const reader = new LatestReader(written.memory);
    assert.deepEqual(
      [0, 1, 2].map((market) => reader.read(market).activity),
      ['active', 'dead', 'quiet'],
    );
  });
});

test('/v1/stats has each venue beside the total', () => {
  const { venues } = threeMarkets().report();
  assert.deepEqual(Object.keys(venues), ['kraken', 'okx']);
  assert.deepEqual(venues['kraken'], {
    markets: 2,
    active: 1,
    quiet: 0,
    dead: 1,
    outOfOrder: 2,
    skew: { minMs: -0.5, meanMs: 1.9, maxMs: 4.001 },
    completeness: { book: 100 / 101, trade: 0.75 },
    crossed: 1,
    locked: 3,
    outliers: 5,
  });
});

test('a venue is the sum of its markets', () => {
  const count = fc.nat(1_000_000);
  const market = fc.record({
    venue: fc.constantFrom('a', 'b', 'c'),
    activity: fc.constantFrom(Activity.active, Activity.quiet, Activity.dead),
    skews: fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 5 }),
    counts: fc.tuple(count, count, count, count),
  });
  fc.assert(
    fc.property(fc.array(market, { maxLength: 12 }), (list) => {
      const written = new Written();
      for (const [i, { venue, activity, skews, counts }] of list.entries()) {
        const sum = skews.reduce((total, skew) => total + skew, 0);
        const skew = skews.length === 0 ? {} : skewed(skews.length, sum, Math.min(...skews), Math.max(...skews));
        const [outOfOrder, tradeRecords, lostTrades, locked] = counts;
        const lost = lostTrades;
        written.market(`${venue}:${i}`, activity, { ...skew, outOfOrder, tradeRecords, lostTrades, lost, locked });
      }
      for (const [venue, stats] of written.stats.quality.venues()) {
        const own = list.filter((each) => each.venue === venue);
        const total = (i: number): number => own.reduce((sum, { counts }) => sum + counts[i], 0);
        const skews = own.flatMap((each) => each.skews);
        assert.deepEqual(
          [stats.markets, stats.active, stats.quiet, stats.dead],
          [own.length, ...[0, 1, 2].map((of) => own.filter(({ activity }) => activity === of).length)],
        );
        assert.deepEqual([stats.outOfOrder, stats.locked], [total(0), total(3)]);
        const trades = total(1) + total(2);
        assert.deepEqual(stats.completeness, { book: null, trade: trades === 0 ? null : total(1) / trades });
        if (skews.length === 0) assert.equal(stats.skew, null);
        else
          assert.deepEqual(
            [stats.skew?.minMs, stats.skew?.maxMs],
            [Math.min(...skews) / 1e3, Math.max(...skews) / 1e3],
          );
      }
      assert.equal(written.stats.quality.total().markets, list.length);
    }),
    { numRuns: 50 },
  );
});

describe('the quality of venues in /metrics', () => {
  const linesOf = (text: string, start: string): string[] => text.split('\n').filter((line) => line.startsWith(start));

  test('has counts, skew, completeness and activity by venue', async () => {
    const text = await threeMarkets().metrics();
    for (const line of [
      'millrace_market_activity{venue="kraken",state="active"} 1',
      'millrace_market_activity{venue="kraken",state="quiet"} 0',
      'millrace_market_activity{venue="okx",state="quiet"} 1',
      'millrace_venue_completeness_ratio{venue="kraken",channel="trade"} 0.75',
      'millrace_venue_skew_min_seconds{venue="kraken"} -0.0005',
      'millrace_venue_skew_mean_seconds{venue="kraken"} 0.0019',
      'millrace_venue_skew_max_seconds{venue="kraken"} 0.004001',
      'millrace_venue_out_of_order_total{venue="kraken"} 2',
      'millrace_venue_crossed_total{venue="kraken"} 1',
      'millrace_venue_locked_total{venue="kraken"} 3',
      'millrace_venue_outliers_total{venue="kraken"} 5',
      'millrace_market_outliers_total 5',
    ])
      assert.ok(text.split('\n').includes(line), line);
    assert.deepEqual(linesOf(text, 'millrace_venue_skew_min_seconds{').length, 1);
    assert.deepEqual(linesOf(text, 'millrace_venue_completeness_ratio{venue="okx"'), []);
    assert.doesNotMatch(text, /skew_(count|sum)/);
  });

  test('has one series for all venues after the first, which keep theirs', async () => {
    const written = new Written();
    const count = METRIC_VENUES_MAX + 5;
    for (let i = 0; i < count; i++) written.market(`venue${i}:A`, Activity.dead, { locked: 2, ...skewed(1, i, i, i) });
    written.market('venue0:B', Activity.dead, { locked: 2 });
    const text = await written.metrics();
    const locked = linesOf(text, 'millrace_venue_locked_total');
    assert.equal(locked.length, METRIC_VENUES_MAX + 1);
    assert.deepEqual(
      [locked[0], locked[METRIC_VENUES_MAX]],
      ['millrace_venue_locked_total{venue="venue0"} 4', 'millrace_venue_locked_total{venue="(others)"} 10'],
    );
    assert.deepEqual(
      linesOf(text, 'millrace_market_activity{venue="(others)"'),
      ACTIVITY_NAMES.map(
        (state) => `millrace_market_activity{venue="(others)",state="${state}"} ${state === 'dead' ? 5 : 0}`,
      ),
    );
    const [skew] = linesOf(text, 'millrace_venue_skew_max_seconds{venue="(others)"} ');
    assert.equal(Number(skew.split(' ')[1]).toFixed(9), '0.000036000');
  });
});
