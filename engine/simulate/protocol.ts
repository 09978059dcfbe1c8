// What a venue's simulator must tell: the frames of its dialect, its answers, its limits. The server, the market and the faults are not its own.

import type { Dialect } from '../../schemas/ids.ts';
import type { VenueLimits } from '../connect/protocol.ts';

export type PriceLevel = readonly [price: string, quantity: string];

/** One change of a simulated book: absolute quantities as decimal text, `0` removes. */
export type SimChange = {
  readonly timeMs: number;
  /** Numbers of the changes folded in; each market counts by itself, from a start of its own. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** lastSequence of the change before. */
  readonly previousSequence: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
};

export type SimTrade = {
  readonly timeMs: number;
  /** Rises by one per market. */
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  readonly takerSide: 'buy' | 'sell';
};

/** One market of the simulated venue as it stands. */
export interface SimMarket {
  readonly symbol: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** Sequence of the last change. */
  readonly sequence: number;
  readonly timeMs: number;
  /** Levels a side, best first; all where no depth is given. */
  bids(depth?: number): PriceLevel[];
  asks(depth?: number): PriceLevel[];
  /** The latest trades, oldest first. */
  trades(limit: number): readonly SimTrade[];
}

/** One socket as a venue sees it. */
export interface SimSocket {
  /** An answer, acknowledgement or heartbeat: no fault touches it but those of the connection. */
  answer(text: string): void;
  /** Market data of one subscription: faults may touch it. `channel` is book or trades. */
  data(symbol: string, channel: 'book' | 'trades', text: string): void;
  /** A protocol ping. */
  ping(): void;
  close(code: number, reason: string): void;
  /** The client broke a limit or rule of the venue: counted and logged; the venue's own punishment is up to the session. */
  violation(rule: string): void;
}

/** The dialogue with one client, of one venue. */
export interface SimSession {
  /** A text message of the client. Limits on their number are counted by the server. */
  message(text: string): void;
  /** The market has changed; sent on where it is subscribed. The market already stands after the change. */
  change(market: SimMarket, change: SimChange): void;
  trade(market: SimMarket, trade: SimTrade): void;
  /** Every 100 ms of the venue's time: heartbeats, collected trades, books pushed by cadence. */
  tick(timeMs: number): void;
  /** The counters that the session numbers its frames with start again, where the venue has such a case (OKX, Bybit u = 1). */
  resetCounter(symbol: string): void;
  /** Tells the client that the connection will end soon, where the venue has a message for it; false where it has none. */
  announceEnd(): boolean;
}

export type SimRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};
export type SimAnswer = {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly weight: number;
};

/** What the session and the REST side may look up. */
export interface SimVenueState {
  market(symbol: string): SimMarket | null;
  readonly markets: readonly SimMarket[];
  nowMs(): number;
}

export interface SimulatedVenue {
  readonly venue: Dialect;
  readonly limits: VenueLimits;
  /** The symbol of the n-th simulated market, as this venue writes symbols, and its decimals. */
  symbol(base: string): string;
  readonly quantityDecimals: number | null;
  /** True where each frame of a book has one level (Bitfinex P0): then every level is a change of its own. */
  readonly changesOneLevel?: boolean;
  /** True for an address that this venue serves sockets on. */
  isStreamPath(path: string): boolean;
  open(socket: SimSocket, path: string, query: URLSearchParams, state: SimVenueState): SimSession;
  /** REST: listing, snapshots, trades. Null for an address that the venue does not have (404). `staleMarket` answers as the book was before. */
  rest(request: SimRequest, state: SimVenueState): SimAnswer | null;
}
