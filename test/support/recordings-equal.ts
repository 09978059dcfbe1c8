// Compares a replay of the engine with one of the referee: the same fields in the same order, digit for digit; only the
// signals that are floats may differ by what an order of additions makes. The referee computes four signals; the others
// are checked one by one in test/unit/workers/signals, and must be there.

import assert from 'node:assert/strict';

const SIGNAL_TOLERANCE = 1e-9;

type Signal = { readonly value: number | null; readonly isWarm: boolean };
type Market = { readonly signals: Readonly<Record<string, Signal>> };
type Result = { readonly hash: string; readonly markets: Readonly<Record<string, Market>> };

function isNear(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= SIGNAL_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/** A market with those signals alone that the referee has, in its order. */
function withSignalsOf(was: Market, expected: Market): Market {
  const names = Object.keys(expected.signals).filter((name) => name in was.signals);
  return { ...was, signals: Object.fromEntries(names.map((name) => [name, was.signals[name]])) };
}

/** The expected signals, with the value that was in place of each one that is near it. */
function withNearValues(was: Market, expected: Market): Market {
  const signals = Object.entries(expected.signals).map(([name, signal]) => {
    const value = was.signals[name]?.value ?? null;
    return [name, isNear(value, signal.value) ? { ...signal, value } : signal] as const;
  });
  return { ...expected, signals: Object.fromEntries(signals) };
}

function assertSameMarket(name: string, market: Market, expected: Market): void {
  const was = withSignalsOf(market, expected);
  const near = withNearValues(was, expected);
  if (JSON.stringify(was) === JSON.stringify(near)) return;
  assert.deepEqual({ [name]: was }, { [name]: near });
  assert.deepEqual(Object.keys(was), Object.keys(near), `${name}: expected the fields in order`);
  assert.fail(`${name}: expected the same text, was another order of fields`);
}

/** Every field of two replays; the hash is not compared, since the floats are in it. */
export function assertSameResult(was: Result, expected: Result): void {
  assert.deepEqual(Object.keys(was), Object.keys(expected));
  assert.deepEqual({ ...was, hash: '', markets: {} }, { ...expected, hash: '', markets: {} });
  assert.deepEqual(Object.keys(was.markets), Object.keys(expected.markets));
  for (const [name, market] of Object.entries(expected.markets)) assertSameMarket(name, was.markets[name], market);
}
