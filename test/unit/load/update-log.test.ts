// What a subscriber makes of the tags it gets: distinct updates, repeats, lateness, and what is none of this run.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type LoadPlan, tagOf } from '../../../engine/load/protocol.ts';
import { LoadSchedule } from '../../../engine/load/schedule.ts';
import { Tags } from '../../../engine/load/tags.ts';
import { UpdateLog } from '../../../engine/load/update-log.ts';
import '../../support/seed.ts';

const PLAN: LoadPlan = {
  ...{ ingestUrl: 'ws://h:1', token: null, format: 'native', dialect: 'binance', updates: 'mixed', markets: 1 },
  ...{ connections: 1, batch: 1, ratePerS: 1_000, profile: 'steady', warmupS: 1, durationS: 3, seed: 1 },
  anchor: { hrtimeNs: 0, wallUs: 0 },
};
const START_NS = 5e9;
const schedule = new LoadSchedule(PLAN);

function tagsOf(updates: readonly number[]): Tags {
  const tags = new Tags();
  for (const update of updates) tags.add(tagOf(update));
  return tags;
}

function started(): UpdateLog {
  const log = new UpdateLog(PLAN);
  log.start(START_NS);
  return log;
}

describe('the log of updates', () => {
  test('counts each once, repeats apart, and only what was due after the warm-up as measured', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(schedule.total - 1), { maxLength: 300 }), (updates) => {
        const log = started();
        log.receiveAt(START_NS + 10e9);
        for (const update of updates) log.take(tagsOf([update]));
        const distinct = [...new Set(updates)];
        const isMeasured = (update: number): boolean => update >= schedule.warmupCount;
        assert.equal(log.received, distinct.length);
        assert.equal(log.measured, distinct.filter(isMeasured).length);
        assert.equal(log.duplicates, updates.filter(isMeasured).length - log.measured);
        assert.equal(log.latency.count, log.measured);
        assert.equal(log.missing(START_NS + 10e9), Math.floor(schedule.total / 32) * 32 - settled(distinct));
      }),
    );
  });

  test('counts lateness from the time an update was due', () => {
    const log = started();
    const update = schedule.warmupCount + 10;
    log.receiveAt(START_NS + schedule.dueNs(update) + 123_456);
    log.take(tagsOf([update]));
    assert.equal(log.latency.snapshot().minNs, 123_456);
  });

  test('takes every update that a message shows', () => {
    const log = started();
    log.receiveAt(START_NS + 4e9);
    log.take(tagsOf([2_000, 2_001, 2_002]));
    assert.deepEqual([log.received, log.measured, log.duplicates], [3, 3, 0]);
  });

  test('knows a level that came back from a message that came back', () => {
    const log = started();
    log.receiveAt(START_NS + 4e9);
    log.take(tagsOf([2_000]));
    log.take(tagsOf([2_001, 2_000]));
    assert.deepEqual([log.received, log.duplicates], [2, 0]);
    log.take(tagsOf([2_001, 2_000]));
    assert.deepEqual([log.received, log.duplicates], [2, 1]);
  });

  test('takes the latest update alone from a whole book, and no repeat from its other levels', () => {
    const log = started();
    log.receiveAt(START_NS + 4e9);
    log.take(tagsOf([2_000]));
    log.takeSnapshot(tagsOf([1_999, 2_000, 2_500, 2_001]));
    log.takeSnapshot(tagsOf([2_500]));
    assert.deepEqual([log.received, log.duplicates], [2, 0]);
  });

  test('knows quantities of others, because no such update can have been sent yet', () => {
    const log = started();
    log.receiveAt(START_NS + 1e9);
    log.take(tagsOf([3_000]));
    assert.deepEqual([log.received, log.foreign], [0, 1]);
  });

  test('leaves alone what comes before the start', () => {
    const log = new UpdateLog(PLAN);
    log.receiveAt(START_NS);
    log.take(tagsOf([0]));
    log.start(START_NS);
    log.receiveAt(START_NS - 1);
    log.take(tagsOf([0]));
    assert.deepEqual([log.received, log.foreign], [0, 0]);
  });
});

/** Of those, the ones in whole words of the ring. */
function settled(updates: readonly number[]): number {
  return updates.filter((update) => update < Math.floor(schedule.total / 32) * 32).length;
}
