// What `--feed`, `--venue-url` and their like mean: which markets of which venues, where, and by what way.

import { readFileSync } from 'node:fs';
import type { Dialect } from '../schemas/ids.ts';
import { UsageError } from './base/errors.ts';
import type { FeedPlan } from './connect/feed-plan.ts';
import { isDialect, symbolsByVenue } from './settings/feed-names.ts';
import { fileFaultOf } from './settings/file.ts';

export type FeedSettings = {
  readonly feed: readonly string[];
  readonly venueUrl: readonly string[];
  readonly venueToken: readonly string[];
  readonly venueProxy: string | null;
  readonly venueCa: string | null;
  readonly breakerFailures: number;
  readonly breakerRetries: number;
};

/** `VENUE=VALUE` entries of an option. The value is never shown: it may be a secret. */
function byVenue(option: string, entries: readonly string[]): Map<Dialect, string> {
  return new Map(
    entries.map((entry) => {
      const [venue] = entry.split('=', 1);
      const value = entry.slice(venue.length + 1);
      const was = venue.length === entry.length ? 'a value without a venue' : `one of ${JSON.stringify(venue)}`;
      if (!isDialect(venue) || value === '')
        throw new UsageError(`${option}: expected VENUE=VALUE with a known venue, was ${was}`);
      return [venue, value];
    }),
  );
}

/** True where the synthetic feed is on. */
export const isSynthetic = (feed: readonly string[]): boolean =>
  feed.flatMap((entry) => entry.split(',')).includes('synthetic');

function addressOf(option: string, value: string | undefined, protocols: readonly string[]): string | null {
  if (value === undefined) return null;
  const starts = protocols.map((protocol) => `${protocol}://`);
  if (!URL.canParse(value) || !starts.some((start) => value.startsWith(start)))
    throw new UsageError(`${option}: expected an address that begins with ${starts.join(', ')}, was another`);
  return value.replace(/\/+$/, '');
}

/** The venues to connect to. Throws a UsageError where an option is wrong or a file cannot be read. */
export function feedPlans(settings: FeedSettings): FeedPlan[] {
  const urls = byVenue('--venue-url', settings.venueUrl);
  const tokens = byVenue('--venue-token', settings.venueToken);
  const proxy = addressOf('--venue-proxy', settings.venueProxy ?? undefined, ['http', 'https']);
  const ca = settings.venueCa === null ? null : certificates(settings.venueCa);
  return [...symbolsByVenue(settings.feed)].map(([venue, symbols]) => ({
    venue,
    symbols,
    url: addressOf('--venue-url', urls.get(venue), ['ws', 'wss', 'http', 'https']),
    token: tokens.get(venue) ?? null,
    proxy,
    ca,
    breakerFailures: settings.breakerFailures,
    breakerRetries: settings.breakerRetries,
    limitsScale: 1,
  }));
}

function certificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--venue-ca ${path}: expected a readable file, was: ${fileFaultOf(error)}`);
  }
}
