// Owns how whole ticks, lots and microseconds become text: exact decimals and the venues' forms of time.

/** `units` / 10^decimals with all its decimals. */
export function fixedText(units: number | bigint, decimals: number): string {
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** As `fixedText`, filled with zeros up to `width` decimals. */
export function paddedText(units: number | bigint, decimals: number, width: number): string {
  const text = fixedText(units, decimals);
  if (width <= decimals) return text;
  return (decimals === 0 ? `${text}.` : text) + '0'.repeat(width - decimals);
}

/** Canonical (INTERFACES): no trailing zeros, no point without a fraction. */
export function canonicalText(units: number | bigint, decimals: number): string {
  const text = fixedText(units, decimals);
  if (decimals === 0) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end--;
  if (text.charCodeAt(end - 1) === POINT) end--;
  return text.slice(0, end);
}

const ZERO = 0x30;
const POINT = 0x2e;

/** ISO 8601 UTC with microseconds. */
export function isoText(timeUs: number): string {
  const timeMs = Math.floor(timeUs / 1000);
  const restUs = timeUs - timeMs * 1000;
  return `${new Date(timeMs).toISOString().slice(0, -1)}${String(restUs).padStart(3, '0')}Z`;
}

export function toMs(timeUs: number): number {
  return Math.floor(timeUs / 1000);
}
