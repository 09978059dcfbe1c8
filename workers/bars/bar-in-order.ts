// A bar whose open and close follow the order of arrival: a further trade of it, and how wide one would make it. Hot path.

import { ATTO_PER_MILLI, compareDecimals } from '../../engine/base/decimal.ts';
import { Side } from '../../schemas/ids.ts';
import { trade } from '../../schemas/market-data.ts';
import { barRow } from './ohlcv.ts';
import { addProduct, addQuantity } from './sums.ts';

const row = barRow.at;

/** As extendBar (ohlcv.ts), but that the close is the last trade to arrive, whenever it was made. */
export function extendInOrder(
  rows: Float64Array,
  at: number,
  record: Float64Array,
  base: number,
  matches: number,
  side: number,
  product: Float64Array,
  range: number,
): void {
  const milli = record[base + trade.at.priceMilli];
  const atto = record[base + trade.at.priceAtto];
  rows[at + row.closeTimeUs] = record[base + trade.at.exchangeTimeUs];
  rows[at + row.closeMilli] = milli;
  rows[at + row.closeAtto] = atto;
  if (compareDecimals(milli, atto, rows[at + row.highMilli], rows[at + row.highAtto]) > 0) {
    rows[at + row.highMilli] = milli;
    rows[at + row.highAtto] = atto;
  }
  if (compareDecimals(milli, atto, rows[at + row.lowMilli], rows[at + row.lowAtto]) < 0) {
    rows[at + row.lowMilli] = milli;
    rows[at + row.lowAtto] = atto;
  }
  rows[at + row.receiveTimeNs] = record[base + trade.at.receiveTimeNs];
  rows[at + row.trades] += matches;
  const sum = side === Side.buy ? row.buyTera : side === Side.sell ? row.sellTera : row.unknownTera;
  addQuantity(rows, at + sum, record, base + trade.at.quantityMilli);
  addProduct(rows, at + row.notional0, product, range);
}

/**
 * -1, 0 or 1 as high - low of a bar that takes this trade is less than, equal to or more than a threshold; the bar
 * alone must be narrower.
 */
export function compareWidth(
  rows: Float64Array,
  at: number,
  record: Float64Array,
  base: number,
  thresholdMilli: number,
  thresholdAtto: number,
): number {
  const milli = record[base + trade.at.priceMilli];
  const atto = record[base + trade.at.priceAtto];
  let widthMilli = milli - rows[at + row.lowMilli];
  let widthAtto = atto - rows[at + row.lowAtto];
  if (compareDecimals(milli, atto, rows[at + row.highMilli], rows[at + row.highAtto]) <= 0) {
    if (widthMilli > 0 || (widthMilli === 0 && widthAtto >= 0)) return -1;
    widthMilli = rows[at + row.highMilli] - milli;
    widthAtto = rows[at + row.highAtto] - atto;
  }
  if (widthAtto < 0) {
    widthMilli -= 1;
    widthAtto += ATTO_PER_MILLI;
  }
  return compareDecimals(widthMilli, widthAtto, thresholdMilli, thresholdAtto);
}
