// Changes one digit of one price or quantity in the text of a book frame, so that the frame stays well-formed.

import type { Random } from '../synthetic/random.ts';

/**
 * A decimal with a fraction that is a JSON value of its own, in quotes or not. Venues write prices or quantities so;
 * sequences, times in milliseconds and checksums have no fraction. Ten whole digits and more are seconds since 1970.
 */
const DECIMAL = /(?<=[[,:"]\s*)\d{1,9}\.\d+(?=\s*[",\]}])/g;
/** Whole numbers in the rows of levels, where a market has no fractions at all: `["35412","14000"]`, `[35412,1,-2]`. */
const WHOLE = /(?<=[,:[]\["?)\d{1,9}(?=["\],])/g;

const ZERO = 0x30;

/** Another digit; the first of several whole digits does not become 0, which JSON would not allow. */
function otherDigit(digit: number, isLeading: boolean, random: Random): number {
  const least = isLeading ? 1 : 0;
  const drawn = least + random.integer(9 - least);
  return drawn >= digit ? drawn + 1 : drawn;
}

export type Corruption = { readonly text: string; readonly before: string; readonly after: string };

/** Null where the frame holds no such number. */
export function corruptDigit(text: string, random: Random): Corruption | null {
  const decimals = [...text.matchAll(DECIMAL)];
  const found = decimals.length > 0 ? decimals : [...text.matchAll(WHOLE)];
  if (found.length === 0) return null;
  const match = found[random.integer(found.length)];
  const before = match[0];
  const places = [...before].flatMap((character, place) => (character === '.' ? [] : [place]));
  const place = places[random.integer(places.length)];
  const isLeading = place === 0 && before.length > 1 && before[1] !== '.';
  const digit = otherDigit(before.charCodeAt(place) - ZERO, isLeading, random);
  const after = `${before.slice(0, place)}${digit}${before.slice(place + 1)}`;
  return { text: text.slice(0, match.index) + after + text.slice(match.index + before.length), before, after };
}
