// One OHLCV bar as a row of 31 float64: its layout, its first and further trades, and its output slots. Hot path.

import { bar, barNotional, barPrices, barSides, barVolumes } from '../../schemas/derived.ts';
import { Side } from '../../schemas/ids.ts';
import { defineBlock, f64, SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { addProduct, addQuantity, emitNotional, emitTotal, NOTIONAL_WORDS, QUANTITY_WORDS } from './sums.ts';

/** Quantities are summed per side, so that a trade is added once; the volume is the sum of the three. */
export const barRow = defineBlock('barRow', 31 * 8, {
  startTimeUs: f64('bucket start, since 1970'),
  openTimeUs: f64('exchange time of the earliest trade'),
  closeTimeUs: f64('exchange time of the latest trade'),
  receiveTimeNs: f64('receive time of the last trade that changed it'),
  revision: f64('0 until a late trade changes a closed bar'),
  trades: f64('matches'),
  flags: f64('bit 0: final; bits 1-2: Completeness; as in bar records'),
  openMilli: f64('integer, 10^-3'),
  openAtto: f64('integer, 10^-18'),
  highMilli: f64('integer, 10^-3'),
  highAtto: f64('integer, 10^-18'),
  lowMilli: f64('integer, 10^-3'),
  lowAtto: f64('integer, 10^-18'),
  closeMilli: f64('integer, 10^-3'),
  closeAtto: f64('integer, 10^-18'),
  unknownTera: f64('quantity of trades without a side: integer, 10^12'),
  unknownMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  unknownAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  buyTera: f64('quantity bought by takers: integer, 10^12'),
  buyMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  buyAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  sellTera: f64('quantity sold by takers: integer, 10^12'),
  sellMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  sellAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  notional0: f64('inner limb (sums.ts), 10^-36'),
  notional1: f64('inner limb, 10^-26'),
  notional2: f64('inner limb, 10^-16'),
  notional3: f64('inner limb, 10^-6'),
  notional4: f64('inner limb, 10^4'),
  notional5: f64('inner limb, 10^14'),
  notional6: f64('inner limb, 10^24'),
});

/** Words of one row. */
export const BAR_WORDS = barRow.sizeBytes / 8;

export const BarFlag = { final: 1, completenessShift: 1, completenessMask: 6 } as const;

const row = barRow.at;
const SUM_WORDS = 3 * QUANTITY_WORDS + NOTIONAL_WORDS;

/** Begins the bar at `rows[at]` with the trade record at `record[base]`; startTimeUs is already there. */
export function openBar(rows: Float64Array, at: number, record: Float64Array, base: number): void {
  const timeUs = record[base + trade.at.exchangeTimeUs];
  const milli = record[base + trade.at.priceMilli];
  const atto = record[base + trade.at.priceAtto];
  rows[at + row.openTimeUs] = timeUs;
  rows[at + row.closeTimeUs] = timeUs;
  rows[at + row.revision] = 0;
  rows[at + row.trades] = 0;
  for (let price = at + row.openMilli; price <= at + row.closeMilli; price += 2) {
    rows[price] = milli;
    rows[price + 1] = atto;
  }
  for (let word = 0; word < SUM_WORDS; word++) rows[at + row.unknownTera + word] = 0;
}

/** Adds a trade to the bar; `product` and `range` are its notional (sums.ts multiply). */
export function extendBar(
  rows: Float64Array,
  at: number,
  record: Float64Array,
  base: number,
  matches: number,
  side: number,
  product: Float64Array,
  range: number,
): void {
  const timeUs = record[base + trade.at.exchangeTimeUs];
  const milli = record[base + trade.at.priceMilli];
  const atto = record[base + trade.at.priceAtto];
  if (timeUs >= rows[at + row.closeTimeUs]) {
    rows[at + row.closeTimeUs] = timeUs;
    rows[at + row.closeMilli] = milli;
    rows[at + row.closeAtto] = atto;
  }
  if (timeUs < rows[at + row.openTimeUs]) {
    rows[at + row.openTimeUs] = timeUs;
    rows[at + row.openMilli] = milli;
    rows[at + row.openAtto] = atto;
  }
  const highMilli = rows[at + row.highMilli];
  if (milli > highMilli || (milli === highMilli && atto > rows[at + row.highAtto])) {
    rows[at + row.highMilli] = milli;
    rows[at + row.highAtto] = atto;
  }
  const lowMilli = rows[at + row.lowMilli];
  if (milli < lowMilli || (milli === lowMilli && atto < rows[at + row.lowAtto])) {
    rows[at + row.lowMilli] = milli;
    rows[at + row.lowAtto] = atto;
  }
  rows[at + row.receiveTimeNs] = record[base + trade.at.receiveTimeNs];
  rows[at + row.trades] += matches;
  const sum = side === Side.buy ? row.buyTera : side === Side.sell ? row.sellTera : row.unknownTera;
  addQuantity(rows, at + sum, record, base + trade.at.quantityMilli);
  addProduct(rows, at + row.notional0, product, range);
}

/** Fills five claimed slots, whose headers are already written, with the bar at `rows[at]`. */
export function writeBarSlots(
  rows: Float64Array,
  at: number,
  intervalMs: number,
  out: Float64Array,
  barSlot: number,
  pricesSlot: number,
  volumesSlot: number,
  sidesSlot: number,
  notionalSlot: number,
): void {
  const head = barSlot * SLOT_F64;
  out[head + bar.at.receiveTimeNs] = rows[at + row.receiveTimeNs];
  out[head + bar.at.intervalMs] = intervalMs;
  out[head + bar.at.startTimeUs] = rows[at + row.startTimeUs];
  out[head + bar.at.openTimeUs] = rows[at + row.openTimeUs];
  out[head + bar.at.closeTimeUs] = rows[at + row.closeTimeUs];
  out[head + bar.at.revision] = rows[at + row.revision];
  out[head + bar.at.trades] = rows[at + row.trades];
  const prices = pricesSlot * SLOT_F64 + barPrices.at.openMilli;
  for (let word = 0; word < 6; word++) out[prices + word] = rows[at + row.openMilli + word];
  const volumes = volumesSlot * SLOT_F64;
  out[volumes + barVolumes.at.closeMilli] = rows[at + row.closeMilli];
  out[volumes + barVolumes.at.closeAtto] = rows[at + row.closeAtto];
  emitTotal(rows, at + row.unknownTera, out, volumes + barVolumes.at.volumeTera);
  const sides = sidesSlot * SLOT_F64 + barSides.at.buyTera;
  for (let word = 0; word < 2 * QUANTITY_WORDS; word++) out[sides + word] = rows[at + row.buyTera + word];
  emitNotional(rows, at + row.notional0, out, notionalSlot * SLOT_F64 + barNotional.at.limb0);
}
