// Builds input records and reads bars back for the tests of bars, trade filter and signals.
import { barKindOf } from '../../../../engine/base/bar-kinds.ts';
import { formatDecimal } from '../../../../engine/base/decimal.ts';
import { notionalUnits, scaledText, unitsText, volumeUnits } from '../../../../engine/publish/wide-decimal.ts';
import { ALLOWED_LATENESS_MS } from '../../../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, type MarketCounterName, marketCounter } from '../../../../schemas/counters.ts';
import { bar, barNotional, barPrices, barSides, barSpread, barVolumes } from '../../../../schemas/derived.ts';
import { EmptyBars, Side, TradeFlag } from '../../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../../schemas/layout.ts';
import { clock, trade, tradeId } from '../../../../schemas/market-data.ts';
import type { BarPlan, MarketBars } from '../../../../workers/bars/market-bars.ts';

const ATTO = 10n ** 15n;
const ONE = 10n ** 18n;
/** A slot other than the first, so that a forgotten slot offset shows. */
export const SLOT = 2;
const SLOTS = 8;

/** Units of 10^-18 of a decimal text without sign or exponent. */
export function unitsOf(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole) * ONE + BigInt(fraction.padEnd(18, '0'));
}

export type TradeInput = {
  readonly timeUs: number;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly side?: number;
  readonly matches?: number;
  readonly receiveNs?: number;
  readonly id?: number;
  readonly flags?: number;
  readonly text?: string;
};

/** Views of a few slots, like a ring's. */
export class Records {
  readonly u8 = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly f64 = new Float64Array(this.u8.buffer);

  writeTrade(input: TradeInput): void {
    const text = input.text === undefined ? 0 : TradeFlag.textId;
    const at = SLOT * SLOT_F64;
    this.u8[SLOT * SLOT_BYTES + trade.at.flags] = (input.side ?? Side.unknown) | (input.flags ?? 0) | text;
    this.u32[SLOT * SLOT_U32 + trade.at.count] = input.matches ?? 1;
    this.f64[at + trade.at.receiveTimeNs] = input.receiveNs ?? 0;
    this.f64[at + trade.at.exchangeTimeUs] = input.timeUs;
    this.f64[at + trade.at.priceMilli] = Number(input.price / ATTO);
    this.f64[at + trade.at.priceAtto] = Number(input.price % ATTO);
    this.f64[at + trade.at.quantityMilli] = Number(input.quantity / ATTO);
    this.f64[at + trade.at.quantityAtto] = Number(input.quantity % ATTO);
    this.f64[at + trade.at.id] = input.id ?? 0;
    if (input.text === undefined) return;
    const bytes = Buffer.from(input.text);
    this.u8.set(bytes, (SLOT + 1) * SLOT_BYTES + tradeId.at.text);
    this.u32[(SLOT + 1) * SLOT_U32 + tradeId.at.count] = bytes.length;
  }

  writeClock(timeUs: number): void {
    this.f64[SLOT * SLOT_F64 + clock.at.timeUs] = timeUs;
  }
}

/** A plan of kinds by name, all of them visible, numbered from `first` on. */
export function planOf(names: readonly string[], more: Partial<BarPlan> = {}, first = 0): BarPlan {
  return {
    kinds: names.map((name, index) => ({ number: first + index, kind: barKindOf(name), isVisible: true })),
    latenessMs: ALLOWED_LATENESS_MS,
    emptyBars: EmptyBars.skip,
    keepAll: false,
    ...more,
  };
}

export const makeCounters = (): Float64Array => new Float64Array(MARKET_COUNTER_COLUMNS);

export function countersOf(counters: Float64Array, ...names: MarketCounterName[]): number[] {
  return names.map((name) => counters[marketCounter[name]]);
}

/** A bar as its six output slots and its flags tell it. */
export type BarText = {
  startUs: number;
  openUs: number;
  closeUs: number;
  receiveNs: number;
  kind: number;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  buy: string;
  sell: string;
  notional: string;
  trades: number;
  revision: number;
  isFinal: boolean;
  completeness: number;
  state: number;
  hasPrices: boolean;
  spreadHigh: string | null;
  spreadLow: string | null;
};

// Slots in no order: nothing may rely on them being neighbours.
const [BAR, PRICES, VOLUMES, SIDES, NOTIONAL, SPREAD] = [3, 0, 4, 1, 2, 5];

/** Reads a bar back through writeBar(). */
export function barText(bars: MarketBars, kind: number, row: number): BarText {
  const out = new Float64Array(6 * SLOT_F64).fill(Number.NaN);
  bars.writeBar(kind, row, out, BAR, PRICES, VOLUMES, SIDES, NOTIONAL, SPREAD);
  const flags = bars.flags(kind, row);
  const head = (field: keyof typeof bar.at): number => out[BAR * SLOT_F64 + bar.at[field]];
  const decimalAt = (at: number): string => formatDecimal(out[at], out[at + 1]);
  const spreadAt = (at: number): string | null => (out[at] < 0 ? null : decimalAt(at));
  const sumAt = (at: number): string => {
    if (!(out[at + 1] < 1e15 && out[at + 2] < 1e15)) throw new Error(`sum not settled at ${at}`);
    return unitsText(volumeUnits(out[at], out[at + 1], out[at + 2]));
  };
  const limbsAt = NOTIONAL * SLOT_F64 + barNotional.at.limb0;
  const limbs = out.subarray(limbsAt, limbsAt + 6);
  for (let limb = 0; limb < 5; limb++) if (!(limbs[limb] < 1e12)) throw new Error(`limb ${limb} not settled`);
  return {
    startUs: head('startTimeUs'),
    openUs: head('openTimeUs'),
    closeUs: head('closeTimeUs'),
    receiveNs: head('receiveTimeNs'),
    kind: head('kind'),
    open: decimalAt(PRICES * SLOT_F64 + barPrices.at.openMilli),
    high: decimalAt(PRICES * SLOT_F64 + barPrices.at.highMilli),
    low: decimalAt(PRICES * SLOT_F64 + barPrices.at.lowMilli),
    close: decimalAt(VOLUMES * SLOT_F64 + barVolumes.at.closeMilli),
    volume: sumAt(VOLUMES * SLOT_F64 + barVolumes.at.volumeTera),
    buy: sumAt(SIDES * SLOT_F64 + barSides.at.buyTera),
    sell: sumAt(SIDES * SLOT_F64 + barSides.at.sellTera),
    notional: scaledText(notionalUnits(limbs), 36),
    trades: head('trades'),
    revision: head('revision'),
    isFinal: (flags & 1) !== 0,
    completeness: (flags >> 1) & 3,
    state: (flags >> 3) & 7,
    hasPrices: (flags & 64) === 0,
    spreadHigh: spreadAt(SPREAD * SLOT_F64 + barSpread.at.spreadHighMilli),
    spreadLow: spreadAt(SPREAD * SLOT_F64 + barSpread.at.spreadLowMilli),
  };
}

export function allBars(bars: MarketBars, kind: number): BarText[] {
  return Array.from({ length: bars.barCount(kind) }, (_, index) => barText(bars, kind, bars.rowAt(kind, index)));
}
