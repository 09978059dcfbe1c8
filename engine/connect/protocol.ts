// What a venue's connector must tell: addresses, limits, and the texts of its dialogue. No sockets, no timers, no state of markets.

import type { Dialect } from '../../schemas/ids.ts';

export type FeedChannel = 'book' | 'trades';

/** One thing asked of a venue; the symbol is the one that the venue's frames carry. */
export type Subscription = { readonly symbol: string; readonly channel: FeedChannel };

/** What the venue allows; the connector stays inside and the simulator counts what does not. Each with its source in the venue's file. */
export type VenueLimits = {
  /** Subscriptions on one connection. */
  readonly subscriptionsPerConnection: number;
  /** Books on one connection; heavy books want fewer. */
  readonly booksPerConnection: number;
  /** Messages to the venue on one connection: `count` in any `windowMs`. */
  readonly messages: Pace;
  /** A second, longer window for subscribe and unsubscribe messages on one connection (OKX: 480 an hour); null for none. */
  readonly requests: Pace | null;
  /** Subscriptions in one subscribe message. */
  readonly subscriptionsPerMessage: number;
  /** New connections from one address. */
  readonly connects: Pace;
  /** REST weight from one address. */
  readonly rest: Pace;
  /** Bytes of one message from the venue. */
  readonly payloadBytesMax: number;
};

export type Pace = { readonly count: number; readonly windowMs: number };

/** Where a book comes from: `stream` its snapshot too, `rest` the snapshot by REST, `whole` every push is a whole book. */
export type BookSource = 'stream' | 'rest' | 'whole';

/** A request to the venue's REST address. */
export type RestRequest = {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  readonly weight: number;
};

/** What a frame without market data tells the connection. */
export type Notice =
  /** The venue has taken (or ended) this subscription. */
  | { readonly kind: 'acknowledged'; readonly subscription: Subscription; readonly isSubscribed: boolean }
  /** The venue refuses; null where it does not say what. */
  | { readonly kind: 'refused'; readonly subscription: Subscription | null; readonly message: string }
  /** The connection ends soon by the venue's plan: another is opened first. */
  | { readonly kind: 'ending'; readonly message: string }
  /** A heartbeat or pong. */
  | { readonly kind: 'alive' }
  /** To be sent at once. */
  | { readonly kind: 'reply'; readonly text: string };

/** The dialogue of one connection. */
export interface Dialogue {
  /** Messages sent once the socket is open, before any subscription. */
  greet(): string[];
  /** Messages that ask for these; at most `subscriptionsPerMessage` in one. Empty where the address asks for them. */
  subscribe(subscriptions: readonly Subscription[]): string[];
  unsubscribe(subscriptions: readonly Subscription[]): string[];
  /** A frame that the decoder called control or unknown; must not throw, whatever the text. */
  read(text: string): Notice[];
  /** The message that keeps the connection alive, null where protocol pings do. */
  ping(): string | null;
}

/** Trades by REST after a loss. `lastId` is the id of the last trade known before it, null for none or where ids are text. */
export type BackfillQuery = {
  readonly symbol: string;
  readonly lastId: number | null;
  readonly fromMs: number;
  readonly toMs: number;
};

/** One venue. Made once per feed; `dialogue()` once per connection. */
export interface VenueConnector {
  readonly venue: Dialect;
  /** Addresses without a path at the end: `wss://…`, `https://…`. `--venue-url` replaces both by one of a simulator or proxy. */
  readonly streamUrl: string;
  readonly restUrl: string;
  readonly limits: VenueLimits;
  readonly bookSource: BookSource;
  /** True where the address of the connection names its subscriptions, so that it may open with all of them. */
  readonly isInAddress: boolean;
  /** A client ping message is due after this long; null where none is. */
  readonly pingEveryMs: number | null;
  /** The connection is dead when no byte came for this long (protocol pings count). */
  readonly deadAfterMs: number;
  /** The connection is replaced when it is this old; null where the venue sets no age. */
  readonly lifeMs: number | null;
  /** The first data of a subscription must come within this; a quiet market's book snapshot too. */
  readonly firstDataMs: number;
  /** True where trades of an acknowledged subscription may stay away for long: no first data is then no fault. */
  readonly areTradesRare: boolean;
  /**
   * Subscriptions of different groups never share a connection: the venue serves them at different addresses (Binance
   * USD-M has books at `/public`, trades at `/market`). Absent where all may share.
   */
  group?(subscription: Subscription): string;
  /** Path and query of a connection; `subscriptions` matters where isInAddress. */
  path(subscriptions: readonly Subscription[]): string;
  dialogue(): Dialogue;
  /** The venue's list of markets, and how its answer is read. */
  listing(): RestRequest;
  /** Requests for the rest of the list, where the venue has it in several; readListing() reads each answer by itself. */
  furtherListings?(): RestRequest[];
  /** Symbols that can be traded, from the answer to listing(). Throws an Error where it is no such answer. */
  readListing(answer: string): string[];
  /** Book snapshot; only where bookSource is `rest`. */
  snapshot?(symbol: string): RestRequest;
  /** The frame to decode, from the REST answer: `{"snapshot":{"symbol":…, …the answer…}}`. */
  snapshotFrame?(symbol: string, answer: string): string;
  /** Trades since a loss; absent where the venue offers none. Asked again while nextBackfill gives a further request. */
  backfill?(query: BackfillQuery): RestRequest;
  /**
   * The frames to decode, oldest trade first, and the request for what is missing still, or null. `isWhole` is false where
   * trades of the span may be missing that no request gives (Hyperliquid has the latest ten only); else null says whole.
   */
  readBackfill?(
    query: BackfillQuery,
    answer: string,
  ): { readonly frames: string[]; readonly next: RestRequest | null; readonly isWhole?: boolean };
}
