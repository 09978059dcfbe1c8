// Owns the tests of one user's signal in its shard: what it is given on books and bars, revisions, resets, and that
// nothing it does to its view reaches the engine.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SignalSpec } from '../../../engine/base/signal-specs.ts';
import { USER_SIGNAL_LEVELS } from '../../../schemas/config.ts';
import { SignalEvent } from '../../../schemas/ids.ts';
import { shardWords } from '../../../schemas/shared-state.ts';
import { SIGNAL_WORDS, type SignalInput } from '../../../schemas/signals.ts';
import type { BarView } from '../../../workers/signals/signal.ts';
import { type GuardedSignal, type SignalFault, UserSignals } from '../../../workers/user-signals.ts';
import { bookOf, type LevelText } from './signals/book/views.ts';

const SIGNAL_NUMBER = 40;

class Loaded {
  readonly faults: SignalFault[] = [];
  readonly words = new Int32Array(shardWords.sizeBytes / Int32Array.BYTES_PER_ELEMENT);
  readonly signal: GuardedSignal;
  readonly users: UserSignals;

  /** `body` is that of update(state, view); the state begins as 0. */
  constructor(input: SignalInput, body: string) {
    const source = `var userSignal = { default: { start: () => 0, update: (state, view) => { ${body} } } }`;
    const off = new Int32Array(SIGNAL_WORDS);
    this.users = new UserSignals([{ path: 'mine.ts', source }], off, this.words, (fault) => this.faults.push(fault));
    const spec: SignalSpec = {
      ...{ name: 'mine', base: 'mine', input, parameters: [], outputs: ['value'] },
      ...{ barKind: null, threshold: null, user: 0 },
    };
    this.signal = this.users.make(spec, SIGNAL_NUMBER);
  }
}

function barOf(close: number): BarView {
  const [startTimeUs, closeTimeUs] = [0, 1];
  const prices = { open: close, high: close, low: close, close, vwap: close };
  const sums = { volume: 1, buyVolume: 1, sellVolume: 0, notional: close, trades: 1 };
  return { startTimeUs, closeTimeUs, ...prices, ...sums };
}

describe('a user signal on books', () => {
  const levels = (from: number, step: number): LevelText[] =>
    Array.from({ length: USER_SIGNAL_LEVELS + 5 }, (_, rank) => [String(from + rank * step), String(rank + 1)]);

  it('sees the best levels, best first', () => {
    const body =
      'return { state, value: view.bids[1].price * 1000 + view.asks[2].quantity, second: view.bids.length };';
    const { signal } = new Loaded('book', body);
    signal.book(bookOf(levels(100, -1), levels(101, 1)));
    assert.deepEqual([signal.value, signal.second, signal.isWarm], [99_003, USER_SIGNAL_LEVELS, true]);
  });

  it('cannot reach the book through its view', () => {
    const { signal, faults } = new Loaded(
      'book',
      'view.bids[0].price = -1; view.bids.length = 0; return { state, value: 1 };',
    );
    const view = bookOf(levels(100, -1), levels(101, 1));
    const before = structuredClone([...view.bids.values]);
    signal.book(view);
    assert.deepEqual([[...view.bids.values], view.bidPrice, signal.value, faults], [before, 100, 1, []]);
  });

  it('begins anew after a reset', () => {
    const { signal } = new Loaded('book', 'return { state: state + 1, value: state };');
    const view = bookOf(levels(100, -1), levels(101, 1));
    for (let change = 0; change < 3; change++) signal.book(view);
    assert.equal(signal.value, 2);
    signal.reset();
    assert.deepEqual([signal.value, signal.isWarm], [Number.NaN, false]);
    signal.book(view);
    assert.equal(signal.value, 0);
  });
});

describe('a user signal on bars', () => {
  it('gets the state from before a bar that is revised', () => {
    const { signal } = new Loaded('bar', 'return { state: state + view.close, value: state + view.close };');
    for (const close of [1, 10, 100]) signal.bar(barOf(close), false);
    assert.equal(signal.value, 111);
    signal.bar(barOf(500), true);
    assert.equal(signal.value, 511);
    signal.bar(barOf(200), true);
    signal.bar(barOf(1000), false);
    assert.equal(signal.value, 1211);
  });

  it('cannot reach the bar through its view', () => {
    const { signal, faults } = new Loaded('bar', 'view.close = 0; return { state, value: 1 };');
    const bar = barOf(7);
    signal.bar(bar, false);
    assert.deepEqual([bar.close, signal.value, faults], [7, 1, []]);
  });

  it('tells events by name, and takes an unknown one for a fault', () => {
    const body = "return { state: state + 1, value: 1, event: state === 0 ? 'cross-up' : 'lucky' };";
    const { signal, faults, users } = new Loaded('bar', body);
    signal.bar(barOf(1), false);
    assert.equal(signal.event, SignalEvent.crossUp);
    signal.bar(barOf(1), false);
    assert.deepEqual([signal.value, signal.event, users.isOff(SIGNAL_NUMBER)], [Number.NaN, SignalEvent.none, true]);
    assert.match(faults[0].message, /expected event to be null or one of/);
    signal.bar(barOf(1), false);
    assert.equal(faults.length, 1);
  });

  it('is named in the shared word while it runs, and not after', () => {
    const loaded = new Loaded('bar', 'throw new Error("no");');
    const seen: number[] = [];
    const { signal, users, words } = loaded;
    const enter = users.enter.bind(users);
    users.enter = (number) => {
      enter(number);
      seen.push(words[shardWords.at.runningSignal]);
    };
    signal.bar(barOf(1), false);
    assert.deepEqual([seen, words[shardWords.at.runningSignal]], [[SIGNAL_NUMBER + 1], 0]);
  });

  it('has no globals of ours', () => {
    const body =
      'return { state, value: typeof process + typeof require + typeof globalThis.Buffer === "undefinedundefinedundefined" ? 1 : 0 };';
    const { signal } = new Loaded('bar', body);
    signal.bar(barOf(1), false);
    assert.equal(signal.value, 1);
  });
});
