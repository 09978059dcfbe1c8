// Writes and reads the names of the topics that a feed asks for.

import type { Subscription } from '../../connect/protocol.ts';
import { BOOK_DEPTH } from './limits.ts';

export function topicOf({ symbol, channel }: Subscription): string {
  return channel === 'book' ? `orderbook.${BOOK_DEPTH}.${symbol}` : `publicTrade.${symbol}`;
}

/** What a client of the simulator asks for; null for a topic that the venue has not got. `depth` is 0 for trades. */
export function askedTopic(topic: string): { readonly symbol: string; readonly depth: number } | null {
  const match = /^(?:orderbook\.(1|50|200|1000)|publicTrade)\.(.+)$/.exec(topic);
  return match === null ? null : { symbol: match[2], depth: Number(match[1] ?? 0) };
}
