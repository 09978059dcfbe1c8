// Series of the journal: names and units as Prometheus has them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addJournalMetrics, type JournalReport } from '../../../engine/publish/recovery-metrics.ts';

test('times of the journal are told in seconds', () => {
  const found = new Map<string, number | undefined>();
  const add: Parameters<typeof addJournalMetrics>[0] = (name, _help, _labels, read) => {
    found.set(name, read()[0]?.value);
  };
  const report = {
    numbers: { waitingSinceMs: 2_500, taken: 9, written: 7 },
    checkpoints: { kept: 0, abandoned: 0, ageMs: 0 },
  };
  const told = { state: 'on', sync: 'interval', ...report } as JournalReport;
  addJournalMetrics(
    add,
    add,
    () => told,
    () => 4_000,
  );
  const names = ['journal_waiting_seconds', 'journal_written', 'journal_unwritten_entries'];
  assert.deepEqual(
    names.map((name) => found.get(name)),
    [1.5, 7, 2],
  );
  assert.deepEqual(
    [...found.keys()].filter((name) => name.endsWith('_ms')),
    [],
  );
});
