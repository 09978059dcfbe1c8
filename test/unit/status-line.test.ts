// The status line: in place on a terminal, plain lines elsewhere.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { StatusLine } from '../../engine/commands/status-line.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { ingressCounter, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { engineWords } from '../../schemas/shared-state.ts';

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
  const line = new StatusLine(prepared(), { write: () => undefined });
  assert.match(
    line.text(),
    /^\d+ frames\/s {2}2 markets {2}1234 frames {2}21 trades {2}200 book changes {2}2 gaps {2}5 rejected {2}rss \d+ MB$/,
  );
  assert.match(line.text(), /^0 frames\/s/, 'the rate counts from the line before');
});

/** Back to the start of the line, and clear it. */
const REDRAW = '\r\x1b[2K';

for (const [isTTY, waitMs, before, behind] of [
  [true, 1000, REDRAW, ''],
  [false, 5000, '', '\n'],
] as const) {
  test(`on ${isTTY ? 'a terminal it is drawn in place' : 'a pipe it is a plain line'}`, () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const output: string[] = [];
      const line = new StatusLine(prepared(), { isTTY, write: (text) => output.push(text) });
      line.start();
      mock.timers.tick(waitMs - 1);
      assert.equal(output.length, 0);
      mock.timers.tick(1);
      mock.timers.tick(waitMs);
      assert.equal(output.length, 2);
      for (const text of output) {
        assert.ok(text.startsWith(before) && text.endsWith(behind));
        assert.match(text.slice(before.length, text.length - behind.length), /^\d+ frames\/s [\w ./]+ MB$/);
      }
      line.stop();
      assert.deepEqual(output.slice(2), isTTY ? ['\n'] : []);
      mock.timers.tick(10 * waitMs);
      assert.equal(output.length, isTTY ? 3 : 2);
    } finally {
      mock.timers.reset();
    }
  });
}
