// Sequence and checksum rules per venue, as data: the ingress session reads those of connection scope, the shard the rest.

/** How one book change must follow the one before it. */
export const Continuity = {
  /** Nothing to check: the venue numbers no changes. */
  none: 0,
  /** `firstSequence` = last applied + 1 (Binance spot: U = previous u + 1). */
  firstFollowsLast: 1,
  /** `previousSequence` = last applied (Binance USD-M: pu = previous u). */
  previousEqualsLast: 2,
  /**
   * `previousSequence` = last applied, whatever the numbers do: an equal `lastSequence` is a keep-alive, a smaller one a
   * counter that the venue has set back (OKX: prevSeqId = previous seqId).
   */
  chained: 3,
  /** Every change is a whole book, and `lastSequence` is its time: one older than the book held is left out (Hyperliquid). */
  wholeByTime: 4,
} as const;
export type Continuity = (typeof Continuity)[keyof typeof Continuity];

/** Whose recipe makes the text of a checksum. */
export type ChecksumKind = 'kraken' | 'okx';

export type VenueRule = {
  readonly venue: string;
  /** Counter in the frames of one connection that must rise by one, checked where the frame comes in. */
  readonly connectionField: string | null;
  readonly continuity: Continuity;
  /** True where the snapshot comes from REST and joins buffered changes by its id. */
  readonly joinsRestSnapshot: boolean;
  /** The recipe of the checksum that a change may carry over the best levels; null where the venue has none. */
  readonly checksum: ChecksumKind | null;
  /** True where books are crossed by nature and the older of two crossing levels is not shown (dYdX). */
  readonly uncrosses: boolean;
  /** A live book that did not change for this long is stale, whatever its own rate: the venue pushes at a cadence. Null: no cadence. */
  readonly silentAfterMs: number | null;
  /** True where trade ids of one channel rise by one, so that an id not above the last is a repeat. */
  readonly risingTradeIds: boolean;
  /** With risingTradeIds: an id is the last of its record's matches, and ids rise by their number (OKX). */
  readonly tradeIdsCountMatches?: boolean;
  readonly source: string;
};

const BINANCE_SPOT = 'Binance spot API docs, "How to manage a local order book correctly" (2026-07)';
const BINANCE_FUTURES = 'Binance USD-M futures docs, "How to manage a local order book correctly" (2026-07)';

export const VENUE_RULES: readonly VenueRule[] = [
  {
    venue: 'binance',
    connectionField: null,
    continuity: Continuity.firstFollowsLast,
    joinsRestSnapshot: true,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: true,
    source: BINANCE_SPOT,
  },
  {
    venue: 'binance-us',
    connectionField: null,
    continuity: Continuity.firstFollowsLast,
    joinsRestSnapshot: true,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: true,
    source: BINANCE_SPOT,
  },
  {
    venue: 'binance-futures',
    connectionField: null,
    continuity: Continuity.previousEqualsLast,
    joinsRestSnapshot: true,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: true,
    source: BINANCE_FUTURES,
  },
  {
    venue: 'binance-delivery',
    connectionField: null,
    continuity: Continuity.previousEqualsLast,
    joinsRestSnapshot: true,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: true,
    source: BINANCE_FUTURES,
  },
  {
    venue: 'coinbase',
    connectionField: 'sequence_num',
    continuity: Continuity.none,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'Coinbase Advanced Trade WebSocket docs, "Sequence Numbers" (2026-08)',
  },
  {
    venue: 'kraken',
    connectionField: null,
    continuity: Continuity.none,
    joinsRestSnapshot: false,
    checksum: 'kraken',
    uncrosses: false,
    silentAfterMs: null,
    // Of v2; v1 has none, and nothing is told of its trades.
    risingTradeIds: true,
    source: 'Kraken WebSocket v1 and v2 guides, "Book checksum" (2026-05)',
  },
  {
    venue: 'okx',
    connectionField: null,
    continuity: Continuity.chained,
    joinsRestSnapshot: false,
    checksum: 'okx',
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: true,
    tradeIdsCountMatches: true,
    source: 'OKX API guide v5, "Order book channel", "Sequence ID", "Checksum" (2026-08)',
  },
  {
    venue: 'bybit',
    connectionField: null,
    continuity: Continuity.firstFollowsLast,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'Bybit API v5 docs, "Orderbook" (2026-08): a snapshot or u = 1 replaces, u rises by one',
  },
  {
    venue: 'bybit-spot',
    connectionField: null,
    continuity: Continuity.firstFollowsLast,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'Bybit API v5 docs, "Orderbook" (2026-08): a snapshot or u = 1 replaces, u rises by one',
  },
  {
    venue: 'bitfinex',
    connectionField: 'seq',
    continuity: Continuity.none,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'Bitfinex WebSocket v2 docs, "Configuration", SEQ_ALL 65536 (2026-07)',
  },
  {
    venue: 'hyperliquid',
    connectionField: null,
    continuity: Continuity.wholeByTime,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: false,
    // Three cadences of the normal mode, a push each 5 s.
    silentAfterMs: 15_000,
    risingTradeIds: false,
    source: 'Hyperliquid docs, "WebSocket subscriptions", l2Book (2026-06); venues.md §4.2, §4.3',
  },
  {
    venue: 'dydx',
    connectionField: 'message_id',
    continuity: Continuity.none,
    joinsRestSnapshot: false,
    checksum: null,
    uncrosses: true,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'dYdX v4 indexer docs, "WebSockets", and server source (2026-03); venues.md §5.3, §5.4',
  },
  {
    venue: 'injective',
    connectionField: null,
    continuity: Continuity.firstFollowsLast,
    joinsRestSnapshot: true,
    checksum: null,
    uncrosses: false,
    silentAfterMs: null,
    risingTradeIds: false,
    source: 'Injective API docs, "StreamOrderbookUpdate", "OrderbooksV2" (2026-08); venues.md §6.2, §6.4',
  },
];

/** Venues that only name themselves (normalised JSON, FlatBuffers): nothing to check but the snapshot's coming first. */
const PLAIN: Omit<VenueRule, 'venue'> = {
  connectionField: null,
  continuity: Continuity.none,
  joinsRestSnapshot: false,
  checksum: null,
  uncrosses: false,
  silentAfterMs: null,
  risingTradeIds: false,
  source: 'tardis normalised schema: a book_change with isSnapshot replaces, any other is absolute quantities',
};

export function venueRule(venue: string): VenueRule {
  return VENUE_RULES.find((rule) => rule.venue === venue) ?? { venue, ...PLAIN };
}
