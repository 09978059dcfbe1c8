// Aims as data, and rows that are judged by them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aimOf, meets } from '../../../bench/aims.ts';
import { countAims, printAims, Results } from '../../../bench/harness.ts';

const silent = (): void => {};

test('an aim is an operator and a number, with its thousands, scale or part of a hundred', () => {
  assert.deepEqual(aimOf('≥ 10 M'), { op: '≥', value: 10e6 });
  assert.deepEqual(aimOf('≤ 1.5'), { op: '≤', value: 1.5 });
  assert.deepEqual(aimOf('< 50,000'), { op: '<', value: 50_000 });
  assert.deepEqual(aimOf('> 20k'), { op: '>', value: 20_000 });
  assert.deepEqual(aimOf('≥ 65 %'), { op: '≥', value: 0.65 });
  for (const text of ['', '10', '≥ fast', '≥ 1.1 ×', 'well under 50'])
    assert.throws(() => aimOf(text), /expected an operator/);
});

test('bounds with and without equality differ at the bound alone', () => {
  for (const [text, below, at, above] of [
    ['≥ 2', false, true, true],
    ['> 2', false, false, true],
    ['≤ 2', true, true, false],
    ['< 2', true, false, false],
  ] as const) {
    const aim = aimOf(text);
    assert.deepEqual([meets(aim, 1), meets(aim, 2), meets(aim, 3)], [below, at, above], text);
  }
});

test('a row is judged by its median, a small run by nothing', () => {
  const results = new Results('micro', silent);
  results.add('met', '×', [9, 2, 1], null, '≥ 2');
  results.add('missed', '×', [9, 1.9, 1], null, '≥ 2');
  results.add('plain', '×', [1]);
  assert.deepEqual(countAims(results.rows), { met: ['micro: met'], missed: ['micro: missed'] });
  const small = new Results('micro', silent, 'smoke');
  small.add('missed', '×', [1], null, '≥ 2');
  assert.deepEqual([small.rows[0].aim, small.rows[0].isMet], [{ op: '≥', value: 2 }, null]);
});

test('the end of a run counts the aims and tells the missed ones with their figures', () => {
  const results = new Results('peers', silent);
  results.ratio('ours / theirs', [30, 20, 10], [10, 10, 10], 'theirs', '≥ 2.5');
  results.ratio('others', [30], [10], 'theirs', '≥ 2.5');
  const lines: string[] = [];
  printAims(results.rows, (line) => lines.push(line));
  assert.deepEqual(lines, ['aims: 1 met, 1 missed', '  missed  peers: ours / theirs: 2.000 ×, aim ≥ 2.500']);
});
