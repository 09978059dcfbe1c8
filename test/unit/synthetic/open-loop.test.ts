// Owns the tests of the open-loop schedule: what is due when, and what is left out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATCH_UP_US, OpenLoopSchedule } from '../../../engine/synthetic/open-loop.ts';

const START_US = 1_767_614_400_000_000;

describe('open-loop schedule', () => {
  it('has update n due at start + n / rate, however late it is asked', () => {
    const schedule = new OpenLoopSchedule(START_US, 1000);
    assert.equal(schedule.due(START_US), 1);
    assert.equal(schedule.due(START_US + 9_999), 10);
    assert.deepEqual([schedule.take(), schedule.take(), schedule.take()], [START_US, START_US + 1000, START_US + 2000]);
    assert.equal(schedule.due(START_US + 9_999), 7);
    assert.equal(schedule.leftOut, 0);
  });

  it('counts what is left out and goes on with what comes after', () => {
    const schedule = new OpenLoopSchedule(START_US, 1000);
    schedule.leaveOut(5);
    assert.equal(schedule.leftOut, 5);
    assert.equal(schedule.take(), START_US + 5000);
  });

  it('leaves out what is older than it may catch up', () => {
    const schedule = new OpenLoopSchedule(START_US, 10);
    const due = schedule.due(START_US + 5 * CATCH_UP_US);
    assert.equal(schedule.leftOut, 41);
    assert.equal(due, 10);
    assert.ok(schedule.nextUs > START_US + 4 * CATCH_UP_US);
  });
});
