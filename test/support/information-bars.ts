// Feeds trades to the bars under test as records, and reads their rows back as BigInts.
import { barKindOf } from '../../engine/base/bar-kinds.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { COMPLETENESS_NAMES, Side } from '../../schemas/ids.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { BAR_CHANGE_WORDS, BarChanges } from '../../workers/bars/bar-changes.ts';
import { InformationBars } from '../../workers/bars/information-bars.ts';
import { BAR_WORDS, BarFlag, barRow } from '../../workers/bars/ohlcv.ts';
import { multiply, NOTIONAL_WORDS } from '../../workers/bars/sums.ts';
import type { InformationBar, Print } from './reference/information-bars.ts';

const ATTO = 10n ** 15n;
/** Not at the start of the records, so that a forgotten base shows. */
const BASE = 3 * SLOT_F64;

/** Units of 10^-18 of a decimal text. */
export function units(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole) * 10n ** 18n + BigInt(fraction.padEnd(18, '0'));
}

/** One kind of bars with a changes list, counters and a record of its own. */
export class BarsSubject {
  readonly bars: InformationBars;
  readonly changes = new BarChanges();
  readonly counters = new Float64Array(MARKET_COUNTER_COLUMNS);
  private readonly record = new Float64Array(BASE + SLOT_F64).fill(Number.NaN);
  private readonly product = new Float64Array(NOTIONAL_WORDS).fill(Number.NaN);
  private readonly index: number;

  constructor(name: string, { keepAll = true, index = 5 } = {}) {
    this.index = index;
    this.bars = new InformationBars(index, barKindOf(name), keepAll, this.changes, this.counters);
  }

  get unsplit(): number {
    return this.counters[marketCounter.unsplit];
  }

  /** Returns the BarChange bits and the noted [row, bits]; every note must be of this kind. */
  add(print: Print, state = 0): { bits: number; notes: [number, number][] } {
    const { record, product } = this;
    record[BASE + trade.at.receiveTimeNs] = print.receiveNs;
    record[BASE + trade.at.exchangeTimeUs] = print.timeUs;
    record[BASE + trade.at.priceMilli] = Number(print.price / ATTO);
    record[BASE + trade.at.priceAtto] = Number(print.price % ATTO);
    record[BASE + trade.at.quantityMilli] = Number(print.quantity / ATTO);
    record[BASE + trade.at.quantityAtto] = Number(print.quantity % ATTO);
    const range = multiply(record, BASE + trade.at.priceMilli, BASE + trade.at.quantityMilli, product);
    const before = record.slice();
    this.changes.clear();
    const bits = this.bars.add(record, BASE, print.matches, Side[print.taker], product, range, state);
    if (!record.every((word, at) => Object.is(word, before[at]))) throw new Error('the trade record was changed');
    return { bits, notes: this.notes() };
  }

  see(spread: bigint | null): void {
    if (spread === null) this.bars.noteSpread(-1, 0);
    else this.bars.noteSpread(Number(spread / ATTO), Number(spread % ATTO));
  }

  all(): InformationBar[] {
    const { history } = this.bars;
    return Array.from({ length: history.count }, (_, index) => readBar(history.rows, history.rowAt(index)));
  }

  private notes(): [number, number][] {
    return Array.from({ length: this.changes.count }, (_, entry) => {
      const at = entry * BAR_CHANGE_WORDS;
      const [kind, row, bits] = this.changes.words.subarray(at, at + BAR_CHANGE_WORDS);
      if (kind !== this.index) throw new Error(`expected kind ${this.index}, was ${kind}`);
      return [row, bits];
    });
  }
}

/** Reads a row; throws where a sum is not in its settled form. */
export function readBar(rows: Float64Array, index: number): InformationBar {
  const row = barRow.at;
  const at = index * BAR_WORDS;
  const decimal = (word: number): bigint => BigInt(rows[at + word]) * ATTO + BigInt(rows[at + word + 1]);
  const sum = (word: number): bigint => {
    if (!(rows[at + word + 1] < 1e15 && rows[at + word + 2] < 1e15)) throw new Error(`sum at ${word} not settled`);
    return BigInt(rows[at + word]) * 10n ** 30n + decimal(word + 1);
  };
  const spread = (word: number): bigint | null => (rows[at + word] < 0 ? null : decimal(word));
  const limbs = rows.subarray(at + row.notional0, at + row.notional0 + NOTIONAL_WORDS);
  const flags = rows[at + row.flags];
  return {
    startUs: rows[at + row.startTimeUs],
    openUs: rows[at + row.openTimeUs],
    closeUs: rows[at + row.closeTimeUs],
    receiveNs: rows[at + row.receiveTimeNs],
    trades: rows[at + row.trades],
    revision: rows[at + row.revision],
    completeness: COMPLETENESS_NAMES[(flags & BarFlag.completenessMask) >> BarFlag.completenessShift],
    state: (flags & BarFlag.stateMask) >> BarFlag.stateShift,
    isFinal: (flags & BarFlag.final) !== 0,
    prices: [decimal(row.openMilli), decimal(row.highMilli), decimal(row.lowMilli), decimal(row.closeMilli)],
    sides: [sum(row.unknownTera), sum(row.buyTera), sum(row.sellTera)],
    notional: [...limbs].reduceRight((value, limb) => value * 10n ** 10n + BigInt(limb), 0n),
    spreads: [spread(row.spreadHighMilli), spread(row.spreadLowMilli)],
  };
}
