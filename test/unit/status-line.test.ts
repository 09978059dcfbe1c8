// The status line: in place on a terminal, plain lines elsewhere.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { StatusLine } from '../../engine/commands/status-line.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { ingressCounter, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { engineWords } from '../../schemas/shared-state.ts';

const NO_LOG = { info: () => undefined };

function prepared() {
  const memory = createEngineMemory({ shards: 1, marketsMax: 4, inputSlots: 64, outputSlots: 64 });
  const ingress = new Float64Array(memory.ingressCounters);
  ingress[ingressCounter.frames] = 1234;
  ingress[ingressCounter.syntax] = 3;
  ingress[ingressCounter['too-large']] = 2;
  const markets = new Float64Array(memory.marketCounters);
  for (let market = 0; market < 2; market++) {
    markets[market * MARKET_COUNTER_COLUMNS + marketCounter.trades] = 10 + market;
    markets[market * MARKET_COUNTER_COLUMNS + marketCounter.bookChanges] = 100;
    markets[market * MARKET_COUNTER_COLUMNS + marketCounter.gaps] = 1;
  }
  new Int32Array(memory.words)[engineWords.at.marketCount] = 2;
  return memory;
}

test('the line sums markets and rejections', () => {
  const line = new StatusLine(prepared(), { write: () => undefined }, NO_LOG);
  assert.match(
    line.text(),
    /^\d+ frames\/s {2}2 markets {2}1234 frames {2}21 trades {2}200 book changes {2}2 gaps {2}5 rejected {2}rss \d+ MB$/,
  );
  assert.match(line.text(), /^0 frames\/s/, 'the rate counts from the line before');
});

/** Back to the start of the line, and clear it. */
const REDRAW = '\r\x1b[2K';

test('on a terminal it is drawn in place each second', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const output: string[] = [];
    const line = new StatusLine(prepared(), { isTTY: true, write: (text) => output.push(text) }, NO_LOG);
    line.start();
    mock.timers.tick(999);
    assert.equal(output.length, 0);
    mock.timers.tick(1);
    mock.timers.tick(1000);
    assert.equal(output.length, 2);
    for (const text of output) assert.match(text.slice(REDRAW.length), /^\d+ frames\/s [\w ./]+ MB$/);
    assert.ok(output.every((text) => text.startsWith(REDRAW)));
    line.stop();
    assert.deepEqual(output.slice(2), ['\n']);
    mock.timers.tick(10_000);
    assert.equal(output.length, 3);
  } finally {
    mock.timers.reset();
  }
});

test('elsewhere it is a record of the log each ten seconds, so that a collector reads JSON alone', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const records: [object, string][] = [];
    const written: string[] = [];
    const log = { info: (fields: object, message: string): number => records.push([fields, message]) };
    const line = new StatusLine(prepared(), { write: (text) => written.push(text) }, log as unknown as typeof NO_LOG);
    line.start();
    mock.timers.tick(10_000);
    line.stop();
    mock.timers.tick(20_000);
    const [[fields, message], ...more] = records;
    assert.deepEqual([message, more, written], ['running', [], []]);
    const { framesPerSecond, rssBytes, ...counts } = fields as Record<string, number>;
    assert.ok(framesPerSecond >= 0 && rssBytes > 1e6);
    assert.deepEqual(counts, { markets: 2, frames: 1234, trades: 21, bookChanges: 200, gaps: 2, rejected: 5 });
  } finally {
    mock.timers.reset();
  }
});
