// Owns the checks of the EMA cross against a computation of its own: weights written out, no recursion, no revisions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignalEvent } from '../../../../../schemas/ids.ts';
import { EmaCross } from '../../../../../workers/signals/bars/ema-cross.ts';
import { barWithoutPrices, flatBar } from '../../../../support/bar-views.ts';

/** An EMA as one weighted sum: the seed's mean and every later close with its own power of 1 − α. */
function weightedEma(closes: readonly number[], period: number): number {
  const alpha = 2 / (period + 1);
  const later = closes.length - period;
  let value = 0;
  for (let i = 0; i < period; i++) value += (closes[i] / period) * (1 - alpha) ** later;
  for (let i = period; i < closes.length; i++) value += closes[i] * alpha * (1 - alpha) ** (closes.length - 1 - i);
  return value;
}

function expectedValue(closes: readonly number[]): number {
  return closes.length < 26 ? Number.NaN : weightedEma(closes, 12) - weightedEma(closes, 26);
}

/** Bars by their minute; one given again is a revision, since only the last can be. */
class Subject {
  private readonly cross = new EmaCross(12, 26);
  private lastMinute = -1;

  add(minute: number, close: number): number {
    this.cross.bar(flatBar(close), minute === this.lastMinute);
    this.lastMinute = minute;
    return this.cross.event;
  }

  addWithoutPrices(minute: number): number {
    this.cross.bar(barWithoutPrices(), minute === this.lastMinute);
    this.lastMinute = minute;
    return this.cross.event;
  }

  read(): { value: number; isWarm: boolean } {
    return { value: this.cross.value, isWarm: this.cross.isWarm };
  }
}

/** A random walk in steps of 10^-8. */
function walk(count: number, seed: number): number[] {
  let state = seed;
  let price = 50_000;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % (2 ** 31 - 1);
    price += (state / 2 ** 31 - 0.5) * 200;
    return Math.round(price * 1e8) / 1e8;
  });
}

function assertValue(subject: Subject, closes: readonly number[]): void {
  const { value, isWarm } = subject.read();
  const expected = expectedValue(closes);
  assert.equal(isWarm, closes.length >= 26);
  if (Number.isNaN(expected)) assert.ok(Number.isNaN(value));
  else assert.ok(Math.abs(value - expected) < 1e-7, `after ${closes.length}: expected ${expected}, was ${value}`);
}

describe('EMA cross', () => {
  it('equals the weighted sums after every close, and has no value before the twenty-sixth', () => {
    const subject = new Subject();
    const closes = walk(300, 7);
    for (const [minute, close] of closes.entries()) {
      subject.add(minute * 3, close);
      assertValue(subject, closes.slice(0, minute + 1));
    }
  });

  it('tells a cross where the sign changes, and never with the first value', () => {
    const subject = new Subject();
    const closes = walk(2000, 11);
    let crosses = 0;
    for (const [minute, close] of closes.entries()) {
      const event = subject.add(minute, close);
      const before = expectedValue(closes.slice(Math.max(0, minute - 400), minute));
      const now = expectedValue(closes.slice(Math.max(0, minute - 400), minute + 1));
      const isUp = before <= 0 && now > 0;
      const isDown = before >= 0 && now < 0;
      assert.equal(event, isUp ? SignalEvent.crossUp : isDown ? SignalEvent.crossDown : SignalEvent.none, `${minute}`);
      if (event !== SignalEvent.none) crosses++;
    }
    assert.ok(crosses > 20, `${crosses} crosses`);
  });

  it('goes through zero and back by the stated rule', () => {
    const subject = new Subject();
    for (let minute = 0; minute < 30; minute++) assert.equal(subject.add(minute, 100), SignalEvent.none);
    assert.equal(subject.read().value, 0);
    assert.equal(subject.add(30, 101), SignalEvent.crossUp);
    assert.equal(subject.add(31, 101), SignalEvent.none);
    assert.equal(subject.add(32, 50), SignalEvent.crossDown);
    const falling = new Subject();
    for (let minute = 0; minute < 30; minute++) falling.add(minute, 100);
    assert.equal(falling.add(30, 99), SignalEvent.crossDown);
  });

  it('takes a revised last close in place of the old one, at every stage of warming up', () => {
    const closes = walk(60, 3);
    for (const count of [1, 2, 11, 12, 13, 25, 26, 27, 60]) {
      const subject = new Subject();
      for (let minute = 0; minute < count - 1; minute++) subject.add(minute, closes[minute]);
      for (const wrong of [1, 99_999]) subject.add(count - 1, wrong);
      subject.add(count - 1, closes[count - 1]);
      assertValue(subject, closes.slice(0, count));
    }
  });

  it('tells a cross of a revision against the value told before', () => {
    const subject = new Subject();
    for (let minute = 0; minute < 30; minute++) subject.add(minute, 100);
    assert.equal(subject.add(30, 101), SignalEvent.crossUp);
    assert.equal(subject.add(30, 102), SignalEvent.none);
    assert.equal(subject.add(30, 99), SignalEvent.crossDown);
    assert.equal(subject.add(31, 99), SignalEvent.none);
  });

  it('passes over a bar without prices, and takes it once a revision gives it some', () => {
    const subject = new Subject();
    const closes = walk(40, 5);
    for (const [minute, close] of closes.entries()) subject.add(minute, close);
    assert.equal(subject.addWithoutPrices(40), SignalEvent.none);
    assertValue(subject, closes);
    subject.add(40, 60_000);
    assertValue(subject, [...closes, 60_000]);
    subject.add(40, 61_000);
    assertValue(subject, [...closes, 61_000]);
  });
});
