// What a report is told of a run: counts by number, notes on what was wrong, and why a rate is not sustained.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineStats } from '../../../engine/load/engine-client.ts';
import { type Measured, spanCountOf } from '../../../engine/load/measurement.ts';
import { type PackedCounts, packCounts } from '../../../engine/load/packed-counts.ts';
import { progressText } from '../../../engine/load/progress.ts';
import type { LoadPlan } from '../../../engine/load/protocol.ts';
import { resultOf, whyNotSustained } from '../../../engine/load/results.ts';
import type { Sample } from '../../../engine/load/sample.ts';
import { LATENCY_BYTES, LatencyRecorder, STAGES } from '../../../engine/observe/latency.ts';
import { countsToJson, emptyCounts, type StageCounts } from '../../../engine/observe/latency-counts.ts';

const PLAN: LoadPlan = {
  ...{ ingestUrl: 'ws://h:1', token: null, format: 'native', dialect: 'binance', updates: 'mixed', markets: 1 },
  ...{ connections: 1, batch: 1, ratePerS: 1_000, profile: 'steady', warmupS: 1, durationS: 2, seed: 1 },
  anchor: { hrtimeNs: 0, wallUs: 0 },
};

/** `count` samples of `ns`. */
function countsOf(ns: number, count: number): StageCounts {
  const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  if (count > 0) recorder.record(ns, count);
  return recorder.snapshot();
}

const packed = (counts: StageCounts): PackedCounts => packCounts(countsToJson(counts));
const EMPTY = packed(emptyCounts());

function stats(processed: number, more: Partial<EngineStats> = {}): EngineStats {
  return {
    total: { drops: 0, rejected: {}, tradeRecords: 0, bookChanges: processed },
    rings: [{ held: 0, slots: 1_000 }],
    shards: [{ outputLost: 0, cutShort: 0 }],
    ingress: { unknown: 0 },
    publish: { messages: processed, slowClosed: 0, droppedMessages: 0, bufferedBytes: 0, shardRestarts: 0 },
    ...more,
  };
}

type Given = {
  readonly processed?: number;
  readonly sent?: number;
  readonly leftOut?: number;
  readonly received?: number;
  readonly latencyNs?: number;
  readonly lateNs?: number;
  readonly disconnects?: number;
  readonly rejected?: Record<string, number>;
  readonly closed?: number[];
  readonly stats?: Partial<EngineStats>;
  readonly isEngineGone?: boolean;
};

/** A sample after `sent` updates, of which the first thousand were the warm-up. */
function sample(given: Given): Sample {
  const { sent = 0, leftOut = 0, disconnects = 0, rejected = {}, closed = [] } = given;
  const { received = Math.max(0, sent - 1_000), processed = sent, latencyNs = 500_000, lateNs = 1_000 } = given;
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, EMPTY])) as Record<
    (typeof STAGES)[number],
    typeof EMPTY
  >;
  const report = { received: sent, measured: received, duplicates: 0, missing: 0, tooLate: 0, foreign: 0, gaps: 0 };
  return {
    engine: given.isEngineGone === true ? null : { stats: stats(processed + 50, given.stats), process: null, stages },
    subscribers: [{ ...report, messages: sent, bytes: 0, closed }],
    endToEnd: packed(countsOf(latencyNs, received)),
    generator: { sent, frames: sent, bytes: 0, leftOut, disconnects, rejected, cpuUs: 0 },
    lateness: packed(countsOf(lateNs, sent)),
  };
}

function measured(last: Given, more: Partial<Measured> = {}): Measured {
  return {
    ...{ plan: PLAN, before: sample({}), samples: [sample({ sent: 1_000 }), sample({ sent: 2_000 }), sample(last)] },
    ...{ spanS: 1, due: 3_000, warmupDue: 1_000, durationS: 2, isCut: false },
    ...more,
  };
}

const BOUND_NS = 5e6;
const resultFor = (last: Given, more: Partial<Measured> = {}) => resultOf(measured(last, more), true);

describe('the result of a run', () => {
  test('that went well counts the measured updates alone and has no notes', () => {
    const result = resultFor({ sent: 3_000 });
    const { counts, notes, intervals, offeredRate, achievedRate } = result;
    assert.deepEqual(counts, {
      ...{ sent: 2_000, processed: 2_000, published: 2_000, received: 2_000, lost: 0, dropped: 0, duplicates: 0 },
      droppedBy: {},
    });
    assert.deepEqual(notes, []);
    assert.deepEqual([offeredRate, achievedRate], [1_000, 1_000]);
    assert.equal(result.stages['end-to-end'].count, 2_000);
    assert.deepEqual(
      intervals.map(({ atS, sent, received, stages }) => [atS, sent, received, stages['end-to-end']?.count]),
      [
        [0, 1_000, 1_000, 1_000],
        [1, 1_000, 1_000, 1_000],
      ],
    );
    assert.equal(whyNotSustained(result, BOUND_NS), '');
  });

  const wrong: readonly (readonly [string, Given, RegExp, RegExp])[] = [
    ['lost updates', { sent: 3_000, received: 1_990 }, /^$/, /^10 lost$/],
    ['left out', { sent: 2_500, leftOut: 500 }, /500 updates were due and never sent/, /500 left out/],
    [
      'a slow rate',
      { sent: 2_900, leftOut: 100 },
      /95\.0 % of the updates that were due were sent/,
      /only 950\/s of 1,000\/s/,
    ],
    ['refused frames', { sent: 3_000, rejected: { type: 7 } }, /refused frames: 7 type/, /7 rejected/],
    [
      'lost connections',
      { sent: 3_000, disconnects: 2 },
      /2 connections of the generator were lost/,
      /2 connections lost/,
    ],
    ['a cut subscriber', { sent: 3_000, closed: [4008] }, /closed 1 connections .* too slowly \(code 4008\)/, /^$/],
    ['an ended subscriber', { sent: 3_000, closed: [1006] }, /1 connections of subscribers ended .*1006/, /^$/],
    [
      'a late generator',
      { sent: 3_000, lateNs: 2e6, latencyNs: 3e6 },
      /generator was late: 99 % .* within 2\.00 ms/,
      /^$/,
    ],
    ['much of it the generator', { sent: 3_000, lateNs: 9e4, latencyNs: 5e5 }, /generator was late/, /^$/],
    ['a high p99', { sent: 3_000, latencyNs: 6e6 }, /^$/, /^p99 6\.00 ms above 5\.00 ms$/],
    ['drops', { sent: 3_000, stats: { total: { drops: 3, rejected: { shape: 2 } } } }, /^$/, /5 dropped/],
    [
      'restarts',
      { sent: 3_000, stats: { publish: { ...stats(0).publish, shardRestarts: 1 } } },
      /restarted 1 shards/,
      /^$/,
    ],
    ['full rings', { sent: 3_000, stats: { rings: [{ held: 400, slots: 1_000 }] } }, /^$/, /^400 slots left in rings$/],
    ['a gone engine', { sent: 3_000, isEngineGone: true }, /did not answer at the end/, /the engine did not answer/],
  ];
  for (const [name, given, note, reason] of wrong) {
    test(`tells of ${name}`, () => {
      const result = resultFor(given);
      assert.match(result.notes.join(' '), note);
      assert.match(whyNotSustained(result, BOUND_NS), reason);
    });
  }

  test('has spans that add up to what was sent, though a sample takes a moment', () => {
    const { counts, intervals } = resultFor(
      { sent: 3_000 },
      {
        samples: [sample({ sent: 1_024 }), sample({ sent: 2_003 }), sample({ sent: 3_000 })],
      },
    );
    assert.deepEqual([counts.sent, intervals.map(({ sent }) => sent)], [2_000, [1_003, 997]]);
  });

  test('with several subscribers is that of the one that got least', () => {
    const two = (each: Sample): Sample => {
      const [report] = each.subscribers;
      return { ...each, subscribers: [report, { ...report, measured: Math.min(report.measured, 900) }] };
    };
    const all = measured({ sent: 3_000 });
    const result = resultOf({ ...all, samples: all.samples.map(two) }, true);
    assert.deepEqual([result.counts.received, result.counts.lost], [900, 1_100]);
    assert.deepEqual(
      result.intervals.map(({ received }) => received),
      [900, 0],
    );
  });

  test('that was cut in a span has a last span as long as it was measured', () => {
    const { intervals } = resultFor({ sent: 2_250 }, { due: 2_250, durationS: 1.25, isCut: true });
    assert.deepEqual(
      intervals.map(({ atS, lengthS }) => [atS, lengthS]),
      [
        [0, 1],
        [1, 0.25],
      ],
    );
  });

  test('without a subscriber takes as lost what the engine did not take in', () => {
    const without = (each: Sample): Sample => ({ ...each, subscribers: [], endToEnd: EMPTY });
    const all = measured({ sent: 3_000, processed: 2_950 });
    const result = resultOf({ ...all, before: without(all.before), samples: all.samples.map(without) }, false);
    assert.deepEqual([result.counts.processed, result.counts.received, result.counts.lost], [1_950, 0, 50]);
    assert.match(result.notes.join(' '), /no subscriber/);
    const busy = measured({ sent: 3_000, processed: 3_400 });
    const among = resultOf({ ...busy, before: without(busy.before), samples: busy.samples.map(without) }, false);
    assert.match(among.notes.join(' '), /took in more than was sent/);
  });

  test('that was cut in the warm-up has nothing and says so', () => {
    const cut = {
      due: 400,
      warmupDue: 400,
      durationS: 0,
      isCut: true,
      samples: [sample({ sent: 400 }), sample({ sent: 400 })],
    };
    const { counts, notes, offeredRate, intervals } = resultFor({}, cut);
    assert.deepEqual([counts.sent, counts.lost, offeredRate, intervals], [0, 0, 0, []]);
    assert.match(notes.join(' '), /cut short after 0\.0 s .* not got beyond the warm-up/);
  });
});

describe('a long run', () => {
  test('has spans of a second or more, at most 120', () => {
    for (const [durationS, spans] of [
      [1, 1],
      [2.5, 2],
      [30, 30],
      [120.5, 120],
      [600, 120],
      [36_000, 120],
    ]) {
      assert.equal(spanCountOf(durationS), spans);
    }
  });
});

describe('the line of progress', () => {
  test('tells rates, the p99 of what came since the line before, losses and lateness', () => {
    const at = (atMs: number, given: Given, latency: StageCounts, lateness: StageCounts) => {
      const { subscribers, generator } = sample(given);
      const reports = subscribers.map((report) => ({ ...report, missing: 3, latency }));
      return {
        phase: '2 s of 30 s',
        atMs,
        due: given.sent ?? 0,
        subscribers: reports,
        generator: { ...generator, lateness },
      };
    };
    const before = at(1_000, { sent: 1_000 }, countsOf(1e6, 500), countsOf(5e6, 10));
    const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
    recorder.record(1e6, 500);
    recorder.record(4_000, 100);
    const now = at(3_000, { sent: 3_000 }, recorder.snapshot(), countsOf(5e6, 10));
    assert.equal(
      progressText(before, now),
      '2 s of 30 s  offered 1,000/s  sent 1,000/s  received 1,000/s  p99 4 µs  lost 3  generator late p99 –',
    );
    assert.equal(
      progressText(before, now, 70),
      '2 s of 30 s  sent 1,000/s  received 1,000/s  p99 4 µs  lost 3',
      'what stays is what matters most',
    );
    assert.equal(progressText(before, now, 20), '2 s of 30 s  sent 1');
  });
});
