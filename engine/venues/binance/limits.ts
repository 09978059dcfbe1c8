// What tells the four Binance products apart for a client: addresses, paths, limits and weights, each with its source.
//
// Sources, all read in 2026: spot = Binance spot API docs, "WebSocket Streams", "REST API"; US = github.com/binance-us/
// binance-us-api-docs, `web-socket-streams.md` (2022-09), `rest-api.md` (2021-06); USD-M, COIN-M = developers.binance.com,
// "Derivatives", "WebSocket Market Streams", "Market Data"; docs/venues/binance.md has the table.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { FeedChannel, Pace, VenueLimits } from '../../connect/protocol.ts';

export type BinanceVenue = 'binance' | 'binance-us' | 'binance-futures' | 'binance-delivery';

export type BinanceProduct = {
  readonly venue: BinanceVenue;
  readonly streamUrl: string;
  readonly restUrl: string;
  /** Before the endpoints' names: `/api/v3`. */
  readonly restPrefix: string;
  /** Query of the listing, with its `?`, or empty. */
  readonly listingQuery: string;
  /** The field of a listed market that says `TRADING`. */
  readonly statusField: 'status' | 'contractStatus';
  /** Prices and ids follow the futures' rules. */
  readonly isFutures: boolean;
  /** What stands before `/stream` and `/ws` in the address of a channel's streams. */
  readonly streamPrefix: Readonly<Record<FeedChannel, string>>;
  readonly weights: { readonly listing: number; readonly depth: number; readonly aggregates: number };
  /** Messages a client may send on one connection. */
  readonly messages: Pace;
  readonly streamsPerConnection: number;
  readonly rest: Pace;
  /** The server pings this often. */
  readonly pingMs: number;
  /** True where the venue tells its end by `serverShutdown`. */
  readonly announcesEnd: boolean;
};

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const ONE_ADDRESS = { book: '', trades: '' } as const;

/** Levels of a snapshot. Spot's and US' 5,000 weigh five times as much: at 1,000 a thousand books are fetched in 9 minutes, not 42. */
export const SNAPSHOT_LEVELS = 1000;

/** Most aggregates in one answer. */
export const AGGREGATES_MAX = 1000;

/** A connection lives 24 h (all four products); it is replaced an hour before. */
export const LIFE_MS = 24 * 60 * MINUTE_MS;

export const PRODUCTS: Readonly<Record<BinanceVenue, BinanceProduct>> = {
  binance: {
    venue: 'binance',
    streamUrl: 'wss://stream.binance.com:9443',
    restUrl: 'https://api.binance.com',
    restPrefix: '/api/v3',
    // The sets of permissions, of no use here, are most of the list.
    listingQuery: '?showPermissionSets=false',
    statusField: 'status',
    isFutures: false,
    streamPrefix: ONE_ADDRESS,
    weights: { listing: 20, depth: 50, aggregates: 4 },
    messages: { count: 5, windowMs: SECOND_MS },
    streamsPerConnection: 1024,
    rest: { count: 6000, windowMs: MINUTE_MS },
    pingMs: 20_000,
    announcesEnd: true,
  },
  'binance-us': {
    venue: 'binance-us',
    streamUrl: 'wss://stream.binance.us:9443',
    restUrl: 'https://api.binance.us',
    restPrefix: '/api/v3',
    listingQuery: '',
    statusField: 'status',
    isFutures: false,
    streamPrefix: ONE_ADDRESS,
    weights: { listing: 10, depth: 10, aggregates: 1 },
    messages: { count: 5, windowMs: SECOND_MS },
    streamsPerConnection: 1024,
    rest: { count: 1200, windowMs: MINUTE_MS },
    pingMs: 3 * MINUTE_MS,
    announcesEnd: false,
  },
  'binance-futures': {
    venue: 'binance-futures',
    streamUrl: 'wss://fstream.binance.com',
    restUrl: 'https://fapi.binance.com',
    restPrefix: '/fapi/v1',
    listingQuery: '',
    statusField: 'status',
    isFutures: true,
    // Since 2026-04-23; the old addresses take subscriptions and stay silent.
    streamPrefix: { book: '/public', trades: '/market' },
    weights: { listing: 1, depth: 20, aggregates: 20 },
    messages: { count: 10, windowMs: SECOND_MS },
    streamsPerConnection: 200,
    rest: { count: 2400, windowMs: MINUTE_MS },
    pingMs: 3 * MINUTE_MS,
    announcesEnd: false,
  },
  'binance-delivery': {
    venue: 'binance-delivery',
    streamUrl: 'wss://dstream.binance.com',
    restUrl: 'https://dapi.binance.com',
    restPrefix: '/dapi/v1',
    listingQuery: '',
    statusField: 'contractStatus',
    isFutures: true,
    streamPrefix: ONE_ADDRESS,
    weights: { listing: 1, depth: 20, aggregates: 20 },
    messages: { count: 10, windowMs: SECOND_MS },
    streamsPerConnection: 200,
    rest: { count: 2400, windowMs: MINUTE_MS },
    pingMs: 3 * MINUTE_MS,
    announcesEnd: false,
  },
};

/** Answers to pings count as messages, and one may fall into any second. */
const PONGS = 1;
/** What goes into one address: 5 KB of it, and as many as ccxt puts there (venues.md §1.8). */
const STREAMS_IN_ADDRESS = 200;
/** Names in one SUBSCRIBE. No figure is published; 50 of them are 1.2 KB. */
const STREAMS_IN_MESSAGE = 50;
/** Connection attempts (spot docs; the other products name none, and share the figure). */
const CONNECTS: Pace = { count: 300, windowMs: 5 * MINUTE_MS };

/** What the connector stays inside. */
export function connectorLimits(product: BinanceProduct): VenueLimits {
  return {
    subscriptionsPerConnection: STREAMS_IN_ADDRESS,
    booksPerConnection: STREAMS_IN_ADDRESS,
    messages: { ...product.messages, count: product.messages.count - PONGS },
    requests: null,
    subscriptionsPerMessage: STREAMS_IN_MESSAGE,
    connects: CONNECTS,
    rest: product.rest,
    payloadBytesMax: PAYLOAD_BYTES_MAX[product.venue],
  };
}

/** What the venue itself counts. */
export function venueLimits(product: BinanceProduct): VenueLimits {
  const streams = product.streamsPerConnection;
  const own = { subscriptionsPerConnection: streams, booksPerConnection: streams, subscriptionsPerMessage: streams };
  return { ...connectorLimits(product), ...own, messages: product.messages };
}
