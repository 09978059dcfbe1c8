// Settings of markets: how many, and what is kept of which.

import { z } from 'zod';
import { ALLOWED_LATENESS_MS, LADDER_LEVELS_MAX, MARKETS_MAX, STALE_AFTER_MS } from '../../schemas/config.ts';
import { EMPTY_BARS_NAMES } from '../../schemas/ids.ts';
import { DEFAULT_SIGNALS } from '../../schemas/signals.ts';
import { splitSignals } from '../base/signal-specs.ts';
import { choice, duration, list, structure, text, whole } from './kinds.ts';
import { setting, unset } from './setting.ts';

const WEEK_MS = 7 * 86_400_000;

const barKinds = list(text('kinds', 'kinds such as `1s`, `5m`, `100t`, `10v`, `1000n`, `5r`, `50ti`; 1 to 64'), {
  least: 1,
});
const signalNames = list(text('names', 'names such as `imbalance`, `rsi(14)@5m`, `rsi(14)@1m>70`; at most 250'), {
  parts: { flag: splitSignals, variable: splitSignals },
});
const emptyBars = choice(EMPTY_BARS_NAMES, 'how');
const time = duration(0, WEEK_MS);
const levels = z.union([z.enum(['full', 'none']), z.number().int().min(1).max(LADDER_LEVELS_MAX)], {
  error: `expected full, none, or levels a side from 1 to ${LADDER_LEVELS_MAX}`,
});

const pattern = z.strictObject(
  {
    match: text('pattern', '').schema.describe('Compared with VENUE:SYMBOL; * is any characters'),
    bars: barKinds.schema.optional().describe('As the setting bars'),
    signals: signalNames.schema.optional().describe('As the setting signals; an empty list for none'),
    emptyBars: emptyBars.schema.optional().describe('As the setting emptyBars'),
    lateness: time.schema.optional().describe('As the setting lateness'),
    staleAfter: time.schema.optional().describe('As the setting staleAfter'),
    book: levels.optional().describe('Levels a side that are kept; full by default, none for no book'),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'expected an object with match') },
);
const patterns = z.array(pattern, { error: 'expected a list' }).min(1, 'expected a list of at least 1');

export const MARKET_SETTINGS = {
  bars: setting(barKinds, ['1s', '1m'], {
    group: 'markets',
    meaning: 'bar kinds: 1s, 1m, 100t, 10v, 1000n, 5r, 50ti …',
    when: 'To get the bars you use and leave out those you do not: each kind costs time per trade and memory per market.',
    more: 'All kinds are told in [bars](bars.md).',
  }),
  signals: setting(signalNames, [...DEFAULT_SIGNALS], {
    group: 'markets',
    meaning: 'signals such as imbalance, rsi(14)@5m or rsi(14)@1m>70',
    when: 'To get the signals you use. In a file `[]` is none, which is the cheapest.',
    more: `Without it every market has ${DEFAULT_SIGNALS.map((name) => `\`${name}\``).join(', ')}, those on bars on \`1m\`. A comma inside parentheses does not part the list, and the flag is given once. All signals are told in [signals](signals.md).`,
    usual: 'ten',
  }),
  signal: setting(list(text('file', 'TypeScript or JavaScript files')), [], {
    group: 'markets',
    meaning: 'a file with a signal of your own, TypeScript or JavaScript',
    when: 'To have values of [your own](../README.md#your-own-signal) computed for every market.',
  }),
  emptyBars: setting(emptyBars, 'skip', {
    group: 'markets',
    meaning: 'what an interval without trades leaves: skip, flat or null',
    when: 'Set `flat` or `null` where what reads the bars needs one for each interval.',
  }),
  lateness: setting(time, ALLOWED_LATENESS_MS, {
    group: 'markets',
    meaning: 'how late a trade may revise its bar',
    when: 'Raise it where trades come late and bars must be whole; lower it to have bars final sooner.',
  }),
  staleAfter: setting(time, STALE_AFTER_MS, {
    group: 'markets',
    meaning: 'silence after which a book may be stale; 0 is never',
    when: 'Lower it where you trade on books that must be fresh; raise it for markets that are quiet by nature.',
  }),
  markets: unset(structure(patterns, 'a list of at least one [pattern](#markets-by-pattern)'), {
    group: 'markets',
    meaning: 'what is kept of which market, by pattern; a market that none matches is not taken',
    when: 'To keep full books and many signals of a few markets, and little of the others.',
    usual: 'none: all markets are taken alike',
    innerKeys: Object.keys(pattern.shape),
  }),
  marketsMax: setting(whole(1, MARKETS_MAX), MARKETS_MAX, {
    group: 'markets',
    meaning: 'markets at most',
    when: 'Lower it to bound memory where producers are not your own: frames of further markets are refused as `unknown-market`.',
  }),
};
