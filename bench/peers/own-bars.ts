// Bars of the engine's markets as plain numbers, for comparisons with others' alone.

import { decimalToFloat } from '../../engine/base/decimal.ts';
import { BAR_WORDS, barRow } from '../../workers/bars/ohlcv.ts';
import type { Market } from '../../workers/market.ts';
import type { BarsByMarket, PlainBar } from './bar-pipelines.ts';

const TERA = 1e12;

function barOf(row: Float64Array): PlainBar {
  const price = (at: number): number => decimalToFloat(row[at], row[at + 1]);
  const sum = (at: number): number => row[at] * TERA + decimalToFloat(row[at + 1], row[at + 2]);
  return {
    startMs: row[barRow.at.startTimeUs] / 1000,
    open: price(barRow.at.openMilli),
    high: price(barRow.at.highMilli),
    low: price(barRow.at.lowMilli),
    close: price(barRow.at.closeMilli),
    volume: sum(barRow.at.unknownTera) + sum(barRow.at.buyTera) + sum(barRow.at.sellTera),
    trades: row[barRow.at.trades],
  };
}

/** Bars of the first kind, oldest first, the forming one last. */
export function ownBars(markets: readonly Market[]): BarsByMarket {
  return new Map(
    markets.map(({ name, bars }) => {
      const row = new Float64Array(BAR_WORDS);
      const all = Array.from({ length: bars.barCount(0) }, (_, bar) => {
        bars.copyRow(0, bars.rowAt(0, bar), row, 0);
        return barOf(row);
      });
      return [name.symbol, all];
    }),
  );
}
