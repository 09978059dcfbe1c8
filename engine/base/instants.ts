// Moments as people write them in options and addresses: ISO 8601, or whole microseconds since 1970.

const FORM = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Seconds or milliseconds since 1970 would lie before: they are refused, and not taken for microseconds. */
const FIRST_US = Date.UTC(2000, 0, 1) * 1000;
const END_US = Date.UTC(2100, 0, 1) * 1000;

export const INSTANT_WORDS = 'ISO 8601, as 2026-11-22T10:00:00Z, or whole microseconds since 1970, from 2000 to 2099';

/** Microseconds since 1970, or null where the text is none. A time without a zone is UTC; digits behind microseconds are cut. */
export function instantOf(text: string): number | null {
  const us = /^\d{1,16}$/.test(text) ? Number(text) : isoUs(text);
  return us !== null && us >= FIRST_US && us < END_US ? us : null;
}

function isoUs(text: string): number | null {
  const [, day, minute = '00:00', second = '00', fraction = '', zone = 'Z'] = FORM.exec(text) ?? [];
  if (day === undefined) return null;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const at = new Date(`${day}T${minute}:${second}${offset}`);
  // Dates that do not exist, as the 30th of February, are moved by Date and not refused.
  const isReal = !Number.isNaN(at.getTime()) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return isReal ? at.getTime() * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6)) : null;
}
