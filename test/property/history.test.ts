// Histories of topics against plain lists: the same messages for every resume, the same bytes held.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HISTORY_BYTES_MAX, HISTORY_MESSAGES_MAX, History, HistoryBudget } from '../../engine/publish/history.ts';
import '../support/seed.ts';

const WINDOW_MS = 1_000;

type Message = { readonly topic: number; readonly text: string; readonly stepMs: number; readonly isPart: boolean };
type Held = { readonly text: string; readonly seq: number; readonly prevSeq: number | null; readonly atMs: number };

const sizes = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 700 }) },
  { weight: 2, arbitrary: fc.integer({ min: 3_000, max: 9_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 140_000 }) },
);
const message: fc.Arbitrary<Message> = fc.record({
  topic: fc.nat(2),
  text: fc.tuple(fc.constantFrom('a', '"é', '牛🐂'), sizes).map(([unit, size]) => unit.repeat(size)),
  stepMs: fc.constantFrom(0, 0, 0, 1, 20, 400, 2_000),
  isPart: fc.boolean(),
});

const bytesOf = (held: readonly Held[]): number => held.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

/** The list that a topic should hold, by the rules of the history and nothing else. */
function keep(held: readonly Held[], nowMs: number): Held[] {
  let from = 0;
  const isOver = (): boolean => {
    const rest = held.slice(from);
    if (rest.length === 0) return false;
    return rest.length > HISTORY_MESSAGES_MAX || bytesOf(rest) > HISTORY_BYTES_MAX || nowMs - rest[0].atMs > WINDOW_MS;
  };
  while (isOver()) from++;
  return held.slice(from);
}

/** All but the first of several messages of one seq have it as their prevSeq too, and are given again. */
function after(held: readonly Held[], seq: number, lastSeq: number | null): string[] | null {
  const at = held.findIndex(({ prevSeq }) => prevSeq === seq);
  if (at >= 0) return held.slice(at).map(({ text }) => text);
  return lastSeq === seq ? [] : null;
}

test('histories that share their pages give back what plain lists would, whatever the sizes', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 120 }), (messages) => {
      const budget = new HistoryBudget();
      const topics = [0, 1, 2].map(() => ({
        history: new History(budget, WINDOW_MS),
        held: [] as Held[],
        last: null as number | null,
      }));
      let nowMs = 0;
      for (const { topic, text, stepMs, isPart } of messages) {
        nowMs += stepMs;
        const one = topics[topic];
        const seq = isPart && one.last !== null ? one.last : (one.last ?? 0) + 1;
        const shown = one.history.push(text, seq, one.last, nowMs);
        assert.equal(Buffer.from(shown).toString(), text);
        one.held = keep([...one.held, { text, seq, prevSeq: one.last, atMs: nowMs }], nowMs);
        one.last = seq;
      }
      for (const { history, held, last } of topics) {
        for (let seq = -1; seq <= (last ?? 0) + 1; seq++)
          assert.deepEqual(history.after(seq, last), after(held, seq, last), `after ${seq}`);
      }
      assert.equal(
        budget.bytes,
        topics.reduce((sum, { held }) => sum + bytesOf(held), 0),
      );
      for (const { history } of topics) history.clear();
      assert.equal(budget.bytes, 0);
    }),
    { numRuns: 60 },
  );
});
