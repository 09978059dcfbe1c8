// Texts of the stream as the exact integers that files hold: decimals in units of 10^-18, times in microseconds.

const SCALE = 18;
/** DECIMAL(38, 18): 20 digits before the point. */
const UNITS_END = 10n ** 38n;

/** Units of 10^-18; null where the text has more digits than DECIMAL(38, 18) can hold. Never through a float. */
export function decimalUnits(text: string): bigint | null {
  const isNegative = text.startsWith('-');
  const [whole, fraction = ''] = (isNegative ? text.slice(1) : text).split('.');
  if (fraction.length > SCALE) return null;
  const units = BigInt(whole + fraction.padEnd(SCALE, '0'));
  if (units >= UNITS_END) return null;
  return isNegative ? -units : units;
}

/** Messages that follow one another share their second almost always. */
let lastSecond = '';
let lastSecondMs = 0;

/** Microseconds since 1970 of a time of the stream. */
export function timeUs(text: string): number {
  const second = text.slice(0, 19);
  if (second !== lastSecond) {
    lastSecondMs = Date.parse(`${second}Z`);
    lastSecond = second;
  }
  return lastSecondMs * 1000 + Number(text.slice(20, 26));
}

/** A time as the stream writes it. */
export const timeText = (timeMs: number): string => new Date(timeMs).toISOString().replace('Z', '000Z');
