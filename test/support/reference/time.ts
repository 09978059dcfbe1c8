// Owns time of the referee: microseconds since 1970 from the texts that venues send, and back to ISO 8601.
import { Rejected } from './rejection.ts';

/** RFC 3339 with up to nine decimals; digits beyond the microsecond are cut. */
export function parseIsoUs(text: string): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const wholeMs = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(wholeMs)) throw new Rejected('type', `expected a time, was ${text.slice(0, 40)}`);
  return wholeMs * 1000 + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
}

/** Seconds with a fraction, as Kraken v1 sends them. */
export function parseSecondsUs(text: string): number {
  const match = /^(\d{1,10})(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Rejected('type', `expected seconds, was ${text.slice(0, 40)}`);
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
}

/** Binance sends milliseconds, or microseconds where the stream asked for them (venues.md §1.1). */
export function binanceTimeUs(value: bigint): number {
  if (value < 0n || value >= 10n ** 17n) throw new Rejected('range', `time ${value}`);
  return value >= 10n ** 14n ? Number(value) : Number(value) * 1000;
}

export function formatIsoUs(timeUs: number): string {
  const wholeMs = Math.floor(timeUs / 1000);
  const restUs = timeUs - wholeMs * 1000;
  return `${new Date(wholeMs).toISOString().slice(0, -1)}${String(restUs).padStart(3, '0')}Z`;
}
