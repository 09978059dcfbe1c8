// How values are written on the page: decimals stay exact text, times are UTC, what is unknown is a dash.

export const UNKNOWN = '–';
const count = new Intl.NumberFormat('en');
const MILLISECONDS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export function countText(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? UNKNOWN : count.format(value);
}

/** Large counts in a narrow place: 1,234 12.3k 4.56M. */
export function shortCount(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  if (Math.abs(value) < 10_000) return count.format(Math.round(value));
  const [divisor, unit] = Math.abs(value) < 1e6 ? [1e3, 'k'] : Math.abs(value) < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${Number((value / divisor).toPrecision(3))}${unit}`;
}

/** Nanoseconds with three digits, in the unit that fits. */
export function durationText(ns: number | null | undefined): string {
  if (ns === null || ns === undefined) return UNKNOWN;
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${Number((ns / 1e3).toPrecision(3))} µs`;
  if (ns < 1e9) return `${Number((ns / 1e6).toPrecision(3))} ms`;
  return `${Number((ns / 1e9).toPrecision(3))} s`;
}

/** Bytes with three digits, in powers of 1,024. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return UNKNOWN;
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/** How long: `3 s`, `4 min`, `2 h`, `5 d`. */
export function spanText(ms: number): string {
  const { second, minute, hour, day } = MILLISECONDS;
  if (ms < minute) return `${Math.max(0, Math.floor(ms / second))} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  return ms < 2 * day ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / day)} d`;
}

/** How old data are: `now`, `2 s ago`. */
export const ageText = (ms: number): string => (ms < 1_000 ? 'now' : `${spanText(ms)} ago`);

/** Decimals of canonical text. */
export const decimalsOf = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);

/** The same number with at least so many decimals, so that numbers stand under each other; nothing is rounded. */
export function padded(text: string, decimals: number): string {
  const missing = decimals - decimalsOf(text);
  if (missing <= 0) return text;
  return `${text}${text.includes('.') ? '' : '.'}${'0'.repeat(missing)}`;
}

/** The most decimals of some texts. */
export function mostDecimals(texts: Iterable<string | null>): number {
  let most = 0;
  for (const text of texts) if (text !== null) most = Math.max(most, decimalsOf(text));
  return most;
}

/** Thousands set apart in the whole part of canonical text. */
export function grouped(text: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(text) ?? [];
  return whole === '' ? text : `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${rest}`;
}

/** Percent with sign and two decimals; the arrow beside it says the same without colour. */
export function changeText(from: number, to: number): string {
  if (!(from > 0) || !Number.isFinite(to)) return UNKNOWN;
  const percent = (to / from - 1) * 100;
  const text = percent.toFixed(2);
  const sign = Number(text) > 0 ? '+' : '';
  return `${sign}${Number(text) === 0 ? '0.00' : text} %`;
}

/** A change with an arrow for its direction: `▲ 0.12 %`. */
export function arrowChange(from: number, to: number): string {
  const arrow = arrowOf(to - from);
  return `${arrow}${arrow === '' ? '' : ' '}${changeText(from, to).replace(/^[+-]/, '')}`;
}

export function arrowOf(difference: number): '▲' | '▼' | '' {
  if (difference > 0) return '▲';
  return difference < 0 ? '▼' : '';
}

/** `12:31:44.001`, or `12:31:44` without parts of a second. */
export function clockText(iso: string | null, hasParts = false): string {
  if (iso === null) return UNKNOWN;
  return iso.slice(11, hasParts ? 23 : 19);
}
