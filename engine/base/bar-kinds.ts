// Names of time bars: `1s`, `5m`, `1d` to milliseconds and back.

import { UsageError } from './errors.ts';

export type BarInterval = { readonly name: string; readonly intervalMs: number };

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;

/** One kind by name; an interval must divide a day, so that buckets are the same every day (UTC). */
export function barIntervalOf(name: string): BarInterval {
  const match = /^([1-9]\d{0,4})([smhd])$/.exec(name);
  const intervalMs = match === null ? 0 : Number(match[1]) * UNITS_MS[match[2]];
  if (intervalMs === 0 || DAY_MS % intervalMs !== 0) {
    throw new UsageError(`--bars: expected time bars such as 1s, 1m, 5m, 15m, 1h or 1d, was ${JSON.stringify(name)}`);
  }
  return { name, intervalMs };
}

/** Several kinds, each once. */
export function barIntervalsOf(names: readonly string[]): BarInterval[] {
  return [...new Set(names.map((name) => name.trim()))].map(barIntervalOf);
}
