// What a replay is to show: a span of time, markets and channels, read from an address or from a command's options.

import { INSTANT_WORDS, instantOf } from '../base/instants.ts';
import { type Channel, type ChannelKind, type Named, parseChannel, wildcardVenue } from './channels.ts';

export type ReplayRequest = {
  /** The first moment and the one behind the last, µs since 1970; null is all there is. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  /** Names, or wildcards: `*`, `binance:*`; null is every market. */
  readonly markets: readonly string[] | null;
  readonly channels: readonly Channel[];
};

export type ReplayTexts = {
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  readonly markets?: string | null | undefined;
  readonly channels?: string | null | undefined;
};

/** A value that cannot be taken: the option and what was found in it. */
export class ReplayRequestError extends Error {
  override name = 'ReplayRequestError';
}

const SHOWN: readonly ChannelKind[] = ['trade', 'book', 'bbo', 'bar', 'signal', 'status'];
const USUAL = 'trade,book';
/** Longest list in one request: more is what `*` is for. */
const ITEMS_MAX = 1_000;

const was = (text: string): string => `was ${JSON.stringify(text.slice(0, 200))}`;

function timeOf(name: string, text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  // A plus sign of a zone that was not encoded comes as a space.
  const us = instantOf(text) ?? instantOf(text.replace(/ (\d{2}:?\d{2})$/, '+$1'));
  if (us === null) throw new ReplayRequestError(`${name}: expected ${INSTANT_WORDS}, ${was(text)}`);
  return us;
}

function listOf(name: string, text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === ''))
    throw new ReplayRequestError(`${name}: expected a list with commas, ${was(text)}`);
  if (items.length > ITEMS_MAX)
    throw new ReplayRequestError(`${name}: expected at most ${ITEMS_MAX} of them, was ${items.length}`);
  return [...new Set(items)];
}

function channelOf(text: string, named: Named): Channel {
  const parsed = parseChannel(`${text}.*`, named);
  if (!('channel' in parsed) || !SHOWN.includes(parsed.channel.kind) || parsed.market !== '*') {
    const names = [...named.bars.map((name) => `bar.${name}`), ...named.signals.map((name) => `signal.${name}`)];
    const known = ['trade', 'book', 'bbo', 'status', ...names].join(', ');
    throw new ReplayRequestError(`channels: expected some of ${known}, ${was(text)}`);
  }
  return parsed.channel;
}

/** Throws a ReplayRequestError that names the option. */
export function replayRequestOf(texts: ReplayTexts, named: Named): ReplayRequest {
  const fromUs = timeOf('from', texts.from);
  const toUs = timeOf('to', texts.to);
  if (fromUs !== null && toUs !== null && toUs <= fromUs)
    throw new ReplayRequestError(`to: expected a time after from, ${was(String(texts.to))}`);
  const { markets } = texts;
  return {
    fromUs,
    toUs,
    markets: markets === null || markets === undefined ? null : listOf('markets', markets),
    channels: listOf('channels', texts.channels ?? USUAL).map((text) => channelOf(text, named)),
  };
}

/** Says of a market's name whether it is asked for. */
export function marketFilter(markets: readonly string[] | null): (name: string) => boolean {
  if (markets === null) return () => true;
  const names = new Set(markets);
  const venues = markets.flatMap((market) => wildcardVenue(market) ?? []);
  return (name) => names.has(name) || venues.some((venue) => venue === '' || name.startsWith(`${venue}:`));
}
