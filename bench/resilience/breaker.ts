// What asking a breaker whether an attempt may be made costs, beside reading a boolean.

import { BREAKER, Breaker } from '../../engine/connect/breaker.ts';
import type { Timers } from '../../engine/connect/timers.ts';
import { check, type Results, type Size } from '../harness.ts';
import { bench, type Way } from '../support/turns.ts';

/** Far under 0.1 ms: a hundredth of it. */
const AIM_NS = '< 1,000';

/** Timers that a test fires; the clock stands still. */
class Held implements Timers {
  readonly due: (() => void)[] = [];
  nowMs(): number {
    return 0;
  }
  after(_delayMs: number, run: () => void): () => void {
    this.due.push(run);
    return () => undefined;
  }
}

function opened(timers: Timers): Breaker {
  const breaker = new Breaker(timers, { ...BREAKER, waitsWhileClosed: false });
  for (let i = 0; i < BREAKER.failuresMax; i++) breaker.failed('refused');
  return breaker;
}

/** The answers that make it a breaker. */
function checkStates(): void {
  const timers = new Held();
  const breaker = opened(timers);
  check(breaker.state === 'open' && !breaker.admit(), `breaker: expected to refuse while open, was ${breaker.state}`);
  timers.due[0]();
  check(breaker.admit() && !breaker.admit(), 'breaker: expected one probe while half-open');
  check(new Breaker(timers).admit(), 'breaker: expected to admit while closed');
}

/** A loop over one question; its answers are counted and must all be `expected`. */
function asking(name: string, count: number, expected: boolean, ask: () => boolean): Way {
  const run = (): void => {
    let yes = 0;
    for (let i = 0; i < count; i++) if (ask()) yes++;
    check(yes === (expected ? count : 0), `breaker, ${name}: expected ${expected} of each of ${count}, was ${yes}`);
  };
  return { name, run };
}

export function breakerCheck(results: Results, size: Size): void {
  checkStates();
  const count = size === 'full' ? 1_000_000 : 10_000;
  const closed = new Breaker(new Held());
  const open = opened(new Held());
  const plain = { isAllowed: true };
  const ways: readonly [Way, ...Way[]] = [
    asking('closed', count, true, () => closed.admit()),
    asking('open', count, false, () => open.admit()),
    asking('a boolean', count, true, () => plain.isAllowed),
  ];
  const [times] = bench(results, size, { name: 'breaker', operation: 'check', operations: count, ways });
  results.add('breaker: may an attempt be made', 'ns/check', times, null, AIM_NS);
}
