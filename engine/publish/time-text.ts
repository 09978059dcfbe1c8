// Timestamps as text: ISO 8601 UTC with microseconds, from whole microseconds since 1970.

import { THOUSANDTHS } from './integer-text.ts';

const US_PER_SECOND = 1_000_000;
/** The last second ISO text with a four-digit year can name. */
const SECONDS_MAX = 253_402_300_799;

/** Consecutive messages share a few seconds almost always, so each second's text is made once. A power of two. */
const CACHED_SECONDS = 16;
const secondsSeen = new Float64Array(CACHED_SECONDS).fill(-1);
const secondTexts: string[] = new Array(CACHED_SECONDS).fill('');

/** ISO text, or null for 0 (the venue gave none) and for times ISO text cannot name. */
export function isoText(timeUs: number): string | null {
  if (!(timeUs > 0)) return null;
  const second = Math.floor(timeUs / US_PER_SECOND);
  if (second > SECONDS_MAX) return null;
  const slot = second % CACHED_SECONDS;
  if (second !== secondsSeen[slot]) {
    secondsSeen[slot] = second;
    secondTexts[slot] = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const restUs = Math.floor(timeUs - second * US_PER_SECOND);
  const ms = Math.floor(restUs / 1000);
  return `${secondTexts[slot]}${THOUSANDTHS[ms]}${THOUSANDTHS[restUs - ms * 1000]}Z`;
}

/** The same as a JSON value. */
export function isoJson(timeUs: number): string {
  const text = isoText(timeUs);
  return text === null ? 'null' : `"${text}"`;
}
