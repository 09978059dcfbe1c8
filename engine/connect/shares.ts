// How a venue's subscriptions are shared out over connections: within its limits, a market's book and trades together.

import type { FeedChannel, Subscription, VenueConnector } from './protocol.ts';

type Share = { readonly subscriptions: Subscription[]; books: number };

/** Lists of subscriptions, each for one connection; none is empty, none is over a limit. Of some symbols no book is wanted. */
export function shareOut(
  connector: VenueConnector,
  symbols: readonly string[],
  channels: readonly FeedChannel[],
  withoutBook: ReadonlySet<string> = new Set(),
): Subscription[][] {
  const groups = new Map<string, Subscription[][]>();
  for (const symbol of symbols) {
    const byGroup = new Map<string, Subscription[]>();
    for (const channel of channels) {
      if (channel === 'book' && withoutBook.has(symbol)) continue;
      const subscription = { symbol, channel };
      const group = connector.group?.(subscription) ?? '';
      byGroup.set(group, [...(byGroup.get(group) ?? []), subscription]);
    }
    for (const [group, together] of byGroup) groups.set(group, [...(groups.get(group) ?? []), together]);
  }
  return [...groups.values()].flatMap((bundles) => fill(connector, bundles));
}

function fill({ limits }: VenueConnector, bundles: readonly Subscription[][]): Subscription[][] {
  const shares: Share[] = [];
  let share: Share = { subscriptions: [], books: 0 };
  // A limit of one leaves a market's book and trades no choice but to part.
  const pieces = bundles.flatMap((bundle) =>
    bundle.length <= limits.subscriptionsPerConnection ? [bundle] : bundle.map((subscription) => [subscription]),
  );
  for (const piece of pieces) {
    const books = piece.filter(({ channel }) => channel === 'book').length;
    const isFull =
      share.subscriptions.length + piece.length > limits.subscriptionsPerConnection ||
      share.books + books > limits.booksPerConnection;
    if (share.subscriptions.length === 0 || isFull) {
      share = { subscriptions: [], books: 0 };
      shares.push(share);
    }
    share.subscriptions.push(...piece);
    share.books += books;
  }
  return shares.map(({ subscriptions }) => subscriptions);
}
