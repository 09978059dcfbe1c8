// Series of the journal: names and units as Prometheus has them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addJournalMetrics, type JournalReport } from '../../../engine/publish/recovery-metrics.ts';

test('times of the journal are told in seconds', () => {
  const found = new Map<string, number | undefined>();
  const add: Parameters<typeof addJournalMetrics>[0] = (name, _help, _labels, read) => {
    found.set(name, read()[0]?.value);
  };
  const report = { numbers: { waitingSinceMs: 2_500, written: 7 }, checkpoints: { kept: 0, abandoned: 0, ageMs: 0 } };
  addJournalMetrics(add, add, () => ({ state: 'on', sync: 'interval', ...report }) as JournalReport);
  assert.deepEqual([found.get('journal_waiting_since_seconds'), found.get('journal_written')], [2.5, 7]);
  assert.deepEqual(
    [...found.keys()].filter((name) => name.endsWith('_ms')),
    [],
  );
});
