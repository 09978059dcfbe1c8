// One OHLCV bar as a row of 36 float64: its layout, its trades, bars merged into it, and its output slots. Hot path.

import { bar, barNotional, barPrices, barSides, barSpread, barVolumes } from '../../schemas/derived.ts';
import { Completeness, Side } from '../../schemas/ids.ts';
import { defineBlock, f64, SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import {
  addNotional,
  addProduct,
  addQuantity,
  addTotal,
  emitNotional,
  emitTotal,
  NOTIONAL_WORDS,
  QUANTITY_WORDS,
} from './sums.ts';

/** Quantities are summed per side, so that a trade is added once; the volume is the sum of the three. */
export const barRow = defineBlock('barRow', 36 * 8, {
  startTimeUs: f64('bucket start, since 1970'),
  openTimeUs: f64('exchange time of the earliest trade'),
  closeTimeUs: f64('exchange time of the latest trade'),
  receiveTimeNs: f64('latest receive time of its trades; of an empty bar that of the bar before it'),
  revision: f64('0 until a late trade changes a closed bar'),
  trades: f64('matches'),
  flags: f64('bits as in bar records (schemas/derived.ts)'),
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
  spreadHighMilli: f64('largest spread of the live book while the bar was open; -1 for none'),
  spreadHighAtto: f64('integer, 10^-18'),
  spreadLowMilli: f64('smallest spread; -1 for none'),
  spreadLowAtto: f64('integer, 10^-18'),
  isEmpty: f64('1 in a bar that stands for an interval without trades'),
});

/** Words of one row. */
export const BAR_WORDS = barRow.sizeBytes / 8;

export const BarFlag = {
  final: 1,
  completenessShift: 1,
  completenessMask: 6,
  stateShift: 3,
  stateMask: 56,
  noPrices: 64,
} as const;

const row = barRow.at;
const SUM_WORDS = 3 * QUANTITY_WORDS + NOTIONAL_WORDS;

/** Begins the bar at `rows[at]` with the trade record at `record[base]`; startTimeUs is already there. */
export function openBar(rows: Float64Array, at: number, record: Float64Array, base: number): void {
  const timeUs = record[base + trade.at.exchangeTimeUs];
  const milli = record[base + trade.at.priceMilli];
  const atto = record[base + trade.at.priceAtto];
  rows[at + row.openTimeUs] = timeUs;
  rows[at + row.closeTimeUs] = timeUs;
  rows[at + row.receiveTimeNs] = record[base + trade.at.receiveTimeNs];
  rows[at + row.revision] = 0;
  rows[at + row.trades] = 0;
  for (let price = at + row.openMilli; price <= at + row.closeMilli; price += 2) {
    rows[price] = milli;
    rows[price + 1] = atto;
  }
  for (let word = 0; word < SUM_WORDS; word++) rows[at + row.unknownTera + word] = 0;
}

/** Begins a bar that takes the words of others by mergeBar() and of trades by extendBar(), whichever come first. */
export function blankBar(rows: Float64Array, at: number): void {
  rows[at + row.openTimeUs] = Number.POSITIVE_INFINITY;
  rows[at + row.closeTimeUs] = Number.NEGATIVE_INFINITY;
  rows[at + row.receiveTimeNs] = Number.NEGATIVE_INFINITY;
  rows[at + row.revision] = 0;
  rows[at + row.trades] = 0;
  rows[at + row.highMilli] = Number.NEGATIVE_INFINITY;
  rows[at + row.lowMilli] = Number.POSITIVE_INFINITY;
  for (let word = 0; word < SUM_WORDS; word++) rows[at + row.unknownTera + word] = 0;
}

/** Trades of the bar at `rows[at]` are missing. */
export function markGap(rows: Float64Array, at: number): void {
  const flags = rows[at + row.flags] & ~BarFlag.completenessMask;
  rows[at + row.flags] = flags | (Completeness.gap << BarFlag.completenessShift);
}

/** Trades that were missing have come: true where the bar said that some were. */
export function markBackfilled(rows: Float64Array, at: number): boolean {
  const flags = rows[at + row.flags];
  if ((flags & BarFlag.completenessMask) >> BarFlag.completenessShift !== Completeness.gap) return false;
  rows[at + row.flags] = (flags & ~BarFlag.completenessMask) | (Completeness.backfilled << BarFlag.completenessShift);
  return true;
}

/** An interval without trades behind the bar at `rows[fromAt]`: its close, or zeros, as every price. */
export function emptyBar(rows: Float64Array, at: number, fromAt: number, hasPrices: boolean): void {
  const milli = hasPrices ? rows[fromAt + row.closeMilli] : 0;
  const atto = hasPrices ? rows[fromAt + row.closeAtto] : 0;
  const startUs = rows[at + row.startTimeUs];
  rows[at + row.openTimeUs] = startUs;
  rows[at + row.closeTimeUs] = startUs;
  rows[at + row.receiveTimeNs] = rows[fromAt + row.receiveTimeNs];
  rows[at + row.revision] = 0;
  rows[at + row.trades] = 0;
  for (let price = at + row.openMilli; price <= at + row.closeMilli; price += 2) {
    rows[price] = milli;
    rows[price + 1] = atto;
  }
  for (let word = 0; word < SUM_WORDS; word++) rows[at + row.unknownTera + word] = 0;
  clearSpread(rows, at);
  rows[at + row.isEmpty] = 1;
}

/** Makes an empty bar with prices stand at the close of the bar before it, which has changed; false where nothing is other. */
export function followClose(rows: Float64Array, at: number, fromAt: number): boolean {
  if (rows[at + row.isEmpty] === 0 || (rows[at + row.flags] & BarFlag.noPrices) !== 0) return false;
  const milli = rows[fromAt + row.closeMilli];
  const atto = rows[fromAt + row.closeAtto];
  if (rows[at + row.closeMilli] === milli && rows[at + row.closeAtto] === atto) return false;
  for (let price = at + row.openMilli; price <= at + row.closeMilli; price += 2) {
    rows[price] = milli;
    rows[price + 1] = atto;
  }
  return true;
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
  const receiveTimeNs = record[base + trade.at.receiveTimeNs];
  if (receiveTimeNs > rows[at + row.receiveTimeNs]) rows[at + row.receiveTimeNs] = receiveTimeNs;
  rows[at + row.trades] += matches;
  const sum = side === Side.buy ? row.buyTera : side === Side.sell ? row.sellTera : row.unknownTera;
  addQuantity(rows, at + sum, record, base + trade.at.quantityMilli);
  addProduct(rows, at + row.notional0, product, range);
}

/**
 * Adds a trade that comes long after it was made, in its place. Times alone do not order trades of one instant: `takesClose`
 * and `takesOpen` say whether this one goes before what is there with the same time.
 */
export function extendPast(
  rows: Float64Array,
  at: number,
  record: Float64Array,
  base: number,
  matches: number,
  side: number,
  product: Float64Array,
  range: number,
  takesOpen: boolean,
  takesClose: boolean,
): void {
  const timeUs = record[base + trade.at.exchangeTimeUs];
  const isAtClose = timeUs === rows[at + row.closeTimeUs];
  const closeMilli = rows[at + row.closeMilli];
  const closeAtto = rows[at + row.closeAtto];
  extendBar(rows, at, record, base, matches, side, product, range);
  if (isAtClose && !takesClose) {
    rows[at + row.closeMilli] = closeMilli;
    rows[at + row.closeAtto] = closeAtto;
  }
  if (timeUs === rows[at + row.openTimeUs] && takesOpen) {
    rows[at + row.openMilli] = record[base + trade.at.priceMilli];
    rows[at + row.openAtto] = record[base + trade.at.priceAtto];
  }
}

/** Makes the decimal at `rows[at]` that at `from[fromAt]` where this is larger. */
function raise(rows: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  const milli = from[fromAt];
  if (milli < rows[at] || (milli === rows[at] && from[fromAt + 1] <= rows[at + 1])) return;
  rows[at] = milli;
  rows[at + 1] = from[fromAt + 1];
}

/** Makes the decimal at `rows[at]` that at `from[fromAt]` where this is smaller. */
function lower(rows: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  const milli = from[fromAt];
  if (milli > rows[at] || (milli === rows[at] && from[fromAt + 1] >= rows[at + 1])) return;
  rows[at] = milli;
  rows[at + 1] = from[fromAt + 1];
}

/**
 * Adds the trades of the bar at `from[fromAt]` to the one at `rows[at]`, which spans it and holds none of them: start,
 * flags and revision stay. No two trades of different bars have one time, so the tie rules of extendBar() are kept.
 */
export function mergeBar(rows: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  if (from[fromAt + row.closeTimeUs] > rows[at + row.closeTimeUs]) {
    rows[at + row.closeTimeUs] = from[fromAt + row.closeTimeUs];
    rows[at + row.closeMilli] = from[fromAt + row.closeMilli];
    rows[at + row.closeAtto] = from[fromAt + row.closeAtto];
  }
  if (from[fromAt + row.openTimeUs] < rows[at + row.openTimeUs]) {
    rows[at + row.openTimeUs] = from[fromAt + row.openTimeUs];
    rows[at + row.openMilli] = from[fromAt + row.openMilli];
    rows[at + row.openAtto] = from[fromAt + row.openAtto];
  }
  raise(rows, at + row.highMilli, from, fromAt + row.highMilli);
  lower(rows, at + row.lowMilli, from, fromAt + row.lowMilli);
  const receiveTimeNs = from[fromAt + row.receiveTimeNs];
  if (receiveTimeNs > rows[at + row.receiveTimeNs]) rows[at + row.receiveTimeNs] = receiveTimeNs;
  rows[at + row.trades] += from[fromAt + row.trades];
  for (let sum = row.unknownTera; sum <= row.sellTera; sum += QUANTITY_WORDS)
    addTotal(rows, at + sum, from, fromAt + sum);
  addNotional(rows, at + row.notional0, from, fromAt + row.notional0);
  extendSpread(rows, at, from, fromAt + row.spreadHighMilli);
  extendSpread(rows, at, from, fromAt + row.spreadLowMilli);
}

/** Makes the spread's extremes unknown. */
export function clearSpread(rows: Float64Array, at: number): void {
  rows[at + row.spreadHighMilli] = -1;
  rows[at + row.spreadHighAtto] = 0;
  rows[at + row.spreadLowMilli] = -1;
  rows[at + row.spreadLowAtto] = 0;
}

/** Widens the spread's extremes to the spread [milli, atto] at `from[fromAt]`; a negative milli is none. */
export function extendSpread(rows: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  if (from[fromAt] < 0) return;
  raise(rows, at + row.spreadHighMilli, from, fromAt);
  if (rows[at + row.spreadLowMilli] < 0) raise(rows, at + row.spreadLowMilli, from, fromAt);
  else lower(rows, at + row.spreadLowMilli, from, fromAt);
}

/** Fills six claimed slots, whose headers are already written, with the bar at `rows[at]`; `kind` is the number told. */
export function writeBarSlots(
  rows: Float64Array,
  at: number,
  kind: number,
  out: Float64Array,
  barSlot: number,
  pricesSlot: number,
  volumesSlot: number,
  sidesSlot: number,
  notionalSlot: number,
  spreadSlot: number,
): void {
  const head = barSlot * SLOT_F64;
  out[head + bar.at.receiveTimeNs] = rows[at + row.receiveTimeNs];
  out[head + bar.at.kind] = kind;
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
  const spread = spreadSlot * SLOT_F64 + barSpread.at.spreadHighMilli;
  for (let word = 0; word < 4; word++) out[spread + word] = rows[at + row.spreadHighMilli + word];
}
