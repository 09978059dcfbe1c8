// Settings of feeds: which markets of which venues, and by what way; and of the synthetic one.

import type { z } from 'zod';
import { BREAKER_FAILURES, BREAKER_RETRIES } from '../../schemas/config.ts';
import { withoutUser } from '../base/hosts.ts';
import { symbolsByVenue } from './feed-names.ts';
import { type Kind, list, text, whole } from './kinds.ts';
import { setting, unset } from './setting.ts';

/** `NAME=(set)` of `NAME=SECRET`; a text without a name is all secret. */
export const nameAlone = (entry: string): string => (entry.includes('=') ? `${entry.split('=', 1)[0]}=(set)` : '(set)');

/** A list of feeds that name known venues. */
function feeds() {
  const names = list(text('name', '`synthetic`, `none`, or `VENUE:SYMBOL`; at least one'), { least: 1 });
  const schema = names.schema.superRefine((entries, context) => {
    try {
      symbolsByVenue(entries);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });
  return { schema, form: names.form } satisfies Kind<z.ZodType>;
}

export const FEED_SETTINGS = {
  feed: setting(feeds(), ['synthetic'], {
    group: 'feeds',
    meaning: 'synthetic, none or VENUE:SYMBOL[,SYMBOL]: where market data comes from',
    when: 'Always, beyond a first look: `binance:BTCUSDT,ETHUSDT` connects to a venue, `none` waits for producers.',
    more: 'A text without a venue belongs to the one before it. With a venue there is no synthetic feed unless it is named too. The venues are told in [operations](operations.md#feeds).',
  }),
  venueUrl: setting(list(text('venue=url', '`VENUE=URL`, with `ws`, `wss`, `http` or `https`')), [], {
    group: 'feeds',
    meaning: 'a simulator, relay or proxy in place of a venue',
    when: 'To try the engine against `millrace simulate`, or where a relay of your own stands between engine and venue.',
    more: 'One address serves sockets and REST: `ws` and `http` are made of one another, and paths are added.',
    usual: "the venue's own",
    hide: (entries: readonly string[]) => entries.map(withoutUser),
  }),
  venueToken: setting(list(text('venue=token', '`VENUE=TOKEN`')), [], {
    group: 'feeds',
    meaning: 'a token sent to a venue or relay that wants one',
    when: 'Where a venue or relay asks for `Authorization: Bearer`. It is never printed, logged or put in a URL.',
    hide: (entries: readonly string[]) => entries.map(nameAlone),
  }),
  venueProxy: unset(text('url', 'an `http://` or `https://` address'), {
    group: 'feeds',
    meaning: 'an HTTP proxy that takes CONNECT, for all venues',
    when: 'Where this machine reaches the internet only through a proxy.',
    hide: withoutUser,
  }),
  venueCa: unset(text('file', 'a PEM file'), {
    group: 'feeds',
    meaning: 'a file of certificates to trust for venues, beside the usual ones',
    when: 'Where a proxy or relay shows a certificate of an authority of your own.',
  }),
  breakerFailures: setting(whole(1, 100), BREAKER_FAILURES, {
    group: 'feeds',
    meaning: 'failures in a row that open the breaker of a connection',
    when: 'Lower it to leave a venue that fails alone sooner; raise it on a network that often fails for seconds.',
  }),
  breakerRetries: setting(whole(0, 1_000_000), BREAKER_RETRIES, {
    group: 'feeds',
    meaning: 'failed attempts after that before it is given up and tried once a minute',
    when: 'Raise it to come back sooner after a long outage; a venue may count the attempts against your address.',
  }),
};

export const SYNTHETIC_SETTINGS = {
  rate: setting(whole(1, 1_000_000, 'updates'), 1000, {
    group: 'synthetic',
    meaning: 'updates per second of the synthetic feed',
    when: 'To see the dashboard under more or less data. For measuring use [`millrace load`](load-testing.md).',
  }),
  seed: setting(whole(0, 0xffffffff, 'number'), 1, {
    group: 'synthetic',
    meaning: 'seed of the synthetic feed',
    when: 'To get other prices; the same seed gives the same markets.',
  }),
};
