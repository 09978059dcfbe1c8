// Channels, histories and interest, without sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChannel, wildcardVenue } from '../../../engine/publish/channels.ts';
import { HISTORY_MESSAGES_MAX, History, HistoryBudget } from '../../../engine/publish/history.ts';
import { InterestCounts } from '../../../engine/publish/interest.ts';
import { Interest } from '../../../schemas/ids.ts';
import { SIGNAL_WORDS } from '../../../schemas/signals.ts';

const NAMED = { bars: ['1m', '5v', '0.5v'], signals: ['ema-cross', 'rsi(14)@0.5v', 'rsi(14)'] };

test('a channel is its fixed words, and the market all that follows', () => {
  const rows: [string, string, string][] = [
    ['book.binance:BTCUSDT', 'book.', 'binance:BTCUSDT'],
    ['trade.kraken:BTC.A/USD', 'trade.', 'kraken:BTC.A/USD'],
    ['depth.20.100ms.x:Y.Z', 'depth.20.100ms.', 'x:Y.Z'],
    ['bar.1m.x:bar.1m.y', 'bar.1m.', 'x:bar.1m.y'],
    ['signal.ema-cross.*', 'signal.ema-cross.', '*'],
    ['bar.0.5v.x:Y', 'bar.0.5v.', 'x:Y'],
    ['signal.rsi(14)@0.5v.x:Y', 'signal.rsi(14)@0.5v.', 'x:Y'],
    ['signal.rsi(14).x:Y', 'signal.rsi(14).', 'x:Y'],
    ['system', 'system', ''],
  ];
  for (const [text, words, market] of rows) {
    const parsed = parseChannel(text, NAMED);
    assert.ok('channel' in parsed, text);
    assert.deepEqual([parsed.channel.words, parsed.market], [words, market]);
  }
});

test('a channel that does not hold says why', () => {
  const rows: [string, string][] = [
    ['', 'shape'],
    ['book', 'shape'],
    ['book.', 'shape'],
    ['constructor.x:Y', 'shape'],
    ['depth.20.x:Y', 'shape'],
    ['depth.1001.1s.x:Y', 'range'],
    ['depth.01.1s.x:Y', 'range'],
    ['depth.5.9ms.x:Y', 'range'],
    ['bar.2m.x:Y', 'range'],
    ['signal.none.x:Y', 'range'],
    [`book.${'x'.repeat(300)}`, 'shape'],
  ];
  for (const [text, category] of rows) {
    const parsed = parseChannel(text, NAMED);
    assert.equal('category' in parsed && parsed.category, category, text);
  }
});

test('wildcards name every venue or one', () => {
  assert.deepEqual(['*', 'binance:*', 'binance:BTC', 'a:*b'].map(wildcardVenue), ['', 'binance', null, null]);
});

test('a history gives what followed a number, and nothing when it no longer reaches back', () => {
  const history = new History(new HistoryBudget(), 1000);
  for (let seq = 1; seq <= 5; seq++) history.push(`m${seq}`, seq, seq === 1 ? null : seq - 1, seq);
  assert.deepEqual(history.after(3, 5), ['m4', 'm5']);
  assert.deepEqual(history.after(5, 5), []);
  assert.equal(history.after(0, 5), null);
  assert.equal(history.after(6, 5), null);
  history.push('late', 6, 5, 1004);
  assert.equal(history.after(2, 6), null);
  assert.deepEqual(history.after(3, 6), ['m4', 'm5', 'late']);
});

test('a history gives the parts behind the first again to a reader that had only some', () => {
  const history = new History(new HistoryBudget(), 1000);
  history.push('a', 8, 7, 0);
  for (const part of ['p1', 'p2', 'p3']) history.push(part, 9, part === 'p1' ? 8 : 9, 0);
  history.push('b', 10, 9, 0);
  assert.deepEqual(history.after(9, 10), ['p2', 'p3', 'b']);
  assert.deepEqual(history.after(8, 10), ['p1', 'p2', 'p3', 'b']);
});

test('a history gives a change of state alone to a reader that had the change of the book before it', () => {
  const history = new History(new HistoryBudget(), 1000);
  history.push('change', 9, 8, 0);
  history.push('stale', 9, 9, 0);
  assert.deepEqual(history.after(9, 9), ['stale']);
  assert.deepEqual(history.after(8, 9), ['change', 'stale']);
});

test('histories stay within their counts and return their bytes', () => {
  const budget = new HistoryBudget();
  const history = new History(budget, 1e9);
  for (let seq = 1; seq <= HISTORY_MESSAGES_MAX * 3; seq++) history.push('12345678', seq, seq - 1, 0);
  assert.equal(budget.bytes, HISTORY_MESSAGES_MAX * 8);
  assert.equal(history.after(HISTORY_MESSAGES_MAX * 2 - 1, null), null);
  assert.equal(history.after(HISTORY_MESSAGES_MAX * 2, null)?.length, HISTORY_MESSAGES_MAX);
  history.clear();
  assert.equal(budget.bytes, 0);
});

test('an interest bit is set while at least one topic needs it', () => {
  const memory = new SharedArrayBuffer(16);
  const words = new Int32Array(memory);
  const counts = new InterestCounts(memory, new SharedArrayBuffer(4 * SIGNAL_WORDS * 4));
  counts.add(2, Interest.trade);
  counts.add(2, Interest.bar);
  counts.add(2, Interest.bar);
  counts.remove(2, Interest.bar);
  assert.equal(words[2], Interest.trade | Interest.bar);
  counts.remove(2, Interest.bar);
  counts.remove(2, Interest.trade);
  assert.deepEqual([...words], [0, 0, 0, 0]);
});

test('each signal of each market has a bit of its own', () => {
  const signals = new SharedArrayBuffer(4 * SIGNAL_WORDS * 4);
  const words = new Int32Array(signals);
  const counts = new InterestCounts(new SharedArrayBuffer(16), signals);
  counts.addSignal(1, 0);
  counts.addSignal(1, 33);
  counts.addSignal(2, 255);
  assert.deepEqual([words[SIGNAL_WORDS], words[SIGNAL_WORDS + 1], words[3 * SIGNAL_WORDS - 1]], [1, 2, -(2 ** 31)]);
  counts.removeSignal(1, 0);
  counts.removeSignal(2, 255);
  assert.deepEqual([words[SIGNAL_WORDS], words[SIGNAL_WORDS + 1], words[3 * SIGNAL_WORDS - 1]], [0, 2, 0]);
});
