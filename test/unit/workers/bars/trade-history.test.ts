// Owns the checks of the trade history: order, bound, texts of ids, last price.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRADE_HISTORY } from '../../../../schemas/config.ts';
import { TradeFlag } from '../../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../../schemas/layout.ts';
import { trade, tradeId } from '../../../../schemas/market-data.ts';
import { TradeHistory } from '../../../../workers/bars/trade-history.ts';
import { Records, SLOT, unitsOf } from './records.ts';

/** Adds trades numbered from `first`; every third has a text where `hasTexts`. */
function fill(history: TradeHistory, first: number, count: number, hasTexts: boolean): void {
  const records = new Records();
  for (let id = first; id < first + count; id++) {
    const text = hasTexts && id % 3 === 0 ? { text: `id ${id}` } : {};
    records.writeTrade({ timeUs: id, price: unitsOf(String(id)) + 7n, quantity: 0n, id, ...text });
    history.add(records.u32, SLOT, 'text' in text);
  }
}

function read(history: TradeHistory): (number | string)[] {
  return Array.from({ length: history.count }, (_, index) => {
    const bytes = Buffer.from(history.slots.buffer);
    if ((history.flagsAt(index) & TradeFlag.textId) === 0) {
      return bytes.readDoubleLE((history.slotAt(index) * SLOT_F64 + trade.at.id) * 8);
    }
    const slot = history.textSlotAt(index);
    const length = history.slots[slot * SLOT_U32 + tradeId.at.count];
    const from = slot * SLOT_BYTES + tradeId.at.text;
    return bytes.toString('utf8', from, from + length);
  });
}

const expected = (first: number, count: number, hasTexts: boolean): (number | string)[] =>
  Array.from({ length: count }, (_, index) => first + index).map((id) => (hasTexts && id % 3 === 0 ? `id ${id}` : id));

describe('TradeHistory', () => {
  for (const hasTexts of [false, true]) {
    for (const count of [0, 1, 8, 9, 99, 100, 101, 250]) {
      it(`keeps the newest of ${count} trades, oldest first, ${hasTexts ? 'with' : 'without'} texts`, () => {
        const history = new TradeHistory();
        fill(history, 1, count, hasTexts);
        const kept = Math.min(count, TRADE_HISTORY);
        assert.deepEqual(read(history), expected(1 + count - kept, kept, hasTexts));
      });
    }
  }

  it('takes the first text when the circle has already turned', () => {
    const history = new TradeHistory();
    fill(history, 1, 130, false);
    fill(history, 131, 40, true);
    assert.deepEqual(read(history), [...expected(71, 60, false), ...expected(131, 40, true)]);
  });

  it('knows the last price', () => {
    const history = new TradeHistory();
    const out = new Float64Array(3);
    fill(history, 1, 130, true);
    history.writeLastPrice(out, 1);
    assert.deepEqual([...out], [0, 130_000, 7]);
  });
});
