// Quantities as people read them: durations, memory, counts and rates to three digits, with their units.

const ABSENT = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Three significant digits without an exponent: 0.123, 1.23, 12.3, 123, 1234. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 99.95) return String(Math.round(value));
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

const DURATIONS: readonly (readonly [number, string])[] = [
  [999.5e6, 's'],
  [999.5e3, 'ms'],
  [999.5, 'µs'],
];
const DIVISORS: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, µs: 1e3 };

/** `812 ns`, `41.3 µs`, `2.71 ms`, `1.20 s`; `–` for what is not known. */
export function durationText(ns: number | null): string {
  if (ns === null) return ABSENT;
  const unit = DURATIONS.find(([least]) => Math.abs(ns) >= least)?.[1];
  return unit === undefined ? `${Math.round(ns)} ns` : `${threeDigits(ns / DIVISORS[unit])} ${unit}`;
}

/** In powers of ten: `45.1 MB`. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return ABSENT;
  const size = Math.abs(bytes);
  if (size < 1e3) return `${Math.round(bytes)} B`;
  if (size < 999.5e3) return `${threeDigits(bytes / 1e3)} kB`;
  if (size < 999.5e6) return `${threeDigits(bytes / 1e6)} MB`;
  return `${threeDigits(bytes / 1e9)} GB`;
}

/** Whole, with commas: `1,234,567`. */
export function countText(count: number | null): string {
  return count === null ? ABSENT : grouped.format(count);
}

/** `999,993/s`, below ten with decimals. */
export function rateText(perS: number | null): string {
  if (perS === null) return ABSENT;
  return `${Math.abs(perS) < 10 ? threeDigits(perS) : grouped.format(perS)}/s`;
}

/** `12.3 %`; a share that is not nothing never reads as nothing. */
export function percentText(percent: number | null): string {
  if (percent === null) return ABSENT;
  const size = Math.abs(percent);
  if (size > 0 && size < 0.01) return percent > 0 ? '< 0.01 %' : '> -0.01 %';
  return `${threeDigits(percent)} %`;
}

/** A share of a whole as percent; of nothing it is not known. */
export function shareText(part: number, whole: number): string {
  return percentText(whole > 0 ? (part / whole) * 100 : null);
}

/** `30 s`, `2.5 s`: spans that people chose, without digits that say nothing. */
export function wholeSecondsText(seconds: number): string {
  return `${Number(seconds.toFixed(1))} s`;
}

/** `0:00`, `1:05`: seconds since the measured time began. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** A value in a metric's unit: ns, bytes, /s, % or a plain number. */
export function quantityText(value: number | null, unit: string): string {
  if (value === null) return ABSENT;
  if (unit === 'ns') return durationText(value);
  if (unit === 'bytes') return bytesText(value);
  if (unit === '/s') return rateText(value);
  if (unit === '%') return percentText(value);
  return Number.isInteger(value) ? countText(value) : threeDigits(value);
}
