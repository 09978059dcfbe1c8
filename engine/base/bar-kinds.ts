// Names of bar kinds, and what they mean: `1s` and `5m` of time, `100t` trades, `10v` quantity, `1000n` notional, `5r`
// range, and `50ti`, `10vi`, `1000ni` imbalance.

import { BAR_INTERVAL_MS_MAX, BAR_INTERVAL_MS_MIN, BAR_KINDS_MAX } from '../../schemas/config.ts';
import { BarType } from '../../schemas/ids.ts';
import { ATTO_PER_MILLI } from './decimal.ts';
import { UsageError } from './errors.ts';

export type BarKind = {
  /** As written, which is what channels and reports say. */
  readonly name: string;
  readonly type: BarType;
  /** Milliseconds, trades or units, as a number for reports. */
  readonly interval: number;
  /** The threshold exactly: milliseconds and trades are whole units. */
  readonly thresholdMilli: number;
  readonly thresholdAtto: number;
};

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const TYPES: Readonly<Record<string, BarType>> = {
  t: BarType.tick,
  v: BarType.volume,
  n: BarType.notional,
  r: BarType.range,
  ti: BarType.tickImbalance,
  vi: BarType.volumeImbalance,
  ni: BarType.notionalImbalance,
};

function refuse(name: string, expected: string): never {
  throw new UsageError(`--bars: expected ${expected}, was ${JSON.stringify(name)}`);
}

function timeKind(name: string, count: string, unit: string): BarKind {
  const interval = Number(count) * UNITS_MS[unit];
  const isWhole = Number.isInteger(interval) && interval % BAR_INTERVAL_MS_MIN === 0;
  if (!isWhole || interval < BAR_INTERVAL_MS_MIN || interval > BAR_INTERVAL_MS_MAX) {
    refuse(name, 'time bars of whole multiples of 100ms up to 1w');
  }
  return { name, type: BarType.time, interval, thresholdMilli: interval * 1000, thresholdAtto: 0 };
}

/** One kind by name. Throws a UsageError that says what is allowed. */
export function barKindOf(name: string): BarKind {
  const match = /^(0|[1-9]\d{0,11})(?:\.(\d{1,18}))?(ms|[smhdw]|[tvnr]|[tvn]i)$/.exec(name);
  if (match === null) refuse(name, 'bar kinds such as 100ms, 1s, 1m, 1d, 100t, 10v, 1000n, 5r, 50ti, 10vi or 1000ni');
  const [, whole, fraction = '', unit] = match;
  const digits = fraction.padEnd(18, '0');
  const thresholdMilli = Number(whole) * 1000 + Number(digits.slice(0, 3));
  const thresholdAtto = Number(digits.slice(3));
  if (Object.hasOwn(UNITS_MS, unit)) {
    if (fraction !== '') refuse(name, 'time bars of whole units');
    return timeKind(name, whole, unit);
  }
  if (thresholdMilli === 0 && thresholdAtto === 0) refuse(name, 'a threshold above 0');
  const isCount = unit === 't' || unit === 'ti';
  if (isCount && fraction !== '') refuse(name, 'a whole count of trades');
  const interval = thresholdMilli / 1000 + thresholdAtto / (1000 * ATTO_PER_MILLI);
  return { name, type: TYPES[unit], interval, thresholdMilli, thresholdAtto };
}

/** Several kinds, each once. */
export function barKindsOf(names: readonly string[]): BarKind[] {
  const kinds = [...new Set(names.map((name) => name.trim()))].map(barKindOf);
  if (kinds.length > BAR_KINDS_MAX) refuse(names.join(','), `at most ${BAR_KINDS_MAX} kinds`);
  return kinds;
}
