// Names of Binance's streams: from a subscription to its stream's name, and what a name asks for.

import type { FeedChannel, Subscription } from '../../connect/protocol.ts';

/** What a stream's name asks for. `everyMs` is the pace of a book's changes, 0 for each as it comes. */
export type StreamWish = { readonly symbol: string } & (
  | { readonly kind: 'depth'; readonly everyMs: number }
  | { readonly kind: 'trade' | 'aggTrade' }
);

/** The fastest pace that all four products have. Trades come as aggregates, since REST gives lost ones back by their id. */
const SUFFIX: Readonly<Record<FeedChannel, string>> = { book: '@depth@100ms', trades: '@aggTrade' };

/** Names are in small letters, payloads in capitals. */
export function streamName({ symbol, channel }: Subscription): string {
  return symbol.toLowerCase() + SUFFIX[channel];
}

/** For an address: symbols may hold letters beyond ASCII. */
export function streamInAddress(subscription: Subscription): string {
  return encodeURIComponent(streamName(subscription)).replaceAll('%40', '@');
}

/** What the name asks for, null where it is none that trades or whole changes are sent on. `slowMs` is the pace of a plain `@depth`. */
export function streamWish(name: string, slowMs: number): StreamWish | null {
  const match = /^([^@/]+)@(trade|aggTrade|depth)(?:@(\d+)ms)?$/.exec(name);
  if (match === null) return null;
  const symbol = match[1].toUpperCase();
  const everyMs = match[3] === undefined ? slowMs : Number(match[3]);
  if (match[2] === 'depth') return { symbol, kind: 'depth', everyMs };
  return match[3] === undefined ? { symbol, kind: match[2] as 'trade' | 'aggTrade' } : null;
}
