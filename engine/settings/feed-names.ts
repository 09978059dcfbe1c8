// What the texts of `feed` name: symbols by venue.

import { DIALECTS, type Dialect } from '../../schemas/ids.ts';

export const isDialect = (text: string): text is Dialect => (DIALECTS as readonly string[]).includes(text);
const isPlain = (text: string): boolean => text === 'synthetic' || text === 'none';

/** Venues that the engine connects to by itself. */
export const VENUES: readonly Dialect[] = DIALECTS.filter((name) => name !== 'json' && name !== 'flatbuffers');

/**
 * Symbols by venue. `binance:BTCUSDT`, then `ETHUSDT`, is one list cut at its comma: a text that names no venue belongs to
 * the venue before it. Throws an Error whose message says what was expected.
 */
export function symbolsByVenue(feed: readonly string[]): Map<Dialect, string[]> {
  const found = new Map<Dialect, string[]>();
  let venue: Dialect | null = null;
  for (const text of feed.flatMap((entry) => entry.split(','))) {
    if (isPlain(text)) {
      venue = null;
      continue;
    }
    const colon = text.indexOf(':');
    const named = text.slice(0, Math.max(colon, 0));
    if (isDialect(named)) venue = named;
    else if (venue === null) throw new Error(expectation(text));
    const symbol = isDialect(named) ? text.slice(colon + 1) : text;
    if (symbol === '') throw new Error(expectation(text));
    const symbols = found.get(venue as Dialect) ?? [];
    if (!symbols.includes(symbol)) symbols.push(symbol);
    found.set(venue as Dialect, symbols);
  }
  return found;
}

const expectation = (text: string): string =>
  `expected synthetic, none or VENUE:SYMBOL with a venue of ${VENUES.join(', ')}, was ${JSON.stringify(text)}`;
