// Times as numbers, for those who need to subtract them.

import type { TimeText } from '../../schemas/feed.ts';

const SECONDS_TEXT = 19;

/** Microseconds since 1970, exact; null stays null. */
export function toMicroseconds(text: TimeText): number;
export function toMicroseconds(text: TimeText | null): number | null;
export function toMicroseconds(text: TimeText | null): number | null {
  if (text === null) return null;
  const [, fraction = ''] = /^\.(\d{1,6})Z$/.exec(text.slice(SECONDS_TEXT)) ?? [];
  const milliseconds = Date.parse(`${text.slice(0, SECONDS_TEXT)}Z`);
  if (Number.isNaN(milliseconds)) throw new RangeError(`toMicroseconds: expected a time, was ${JSON.stringify(text)}`);
  return milliseconds * 1000 + Number(fraction.padEnd(6, '0'));
}
