// What the connectors need of the engine around them: where frames go, and what has become of books and trades.

import type { BookState, FrameResult, StateReason } from '../../schemas/ids.ts';
import type { FeedChannel, Subscription } from './protocol.ts';

/**
 * The engine's side of one connection. While a connection is replaced two sessions run at once and bring the same
 * markets: a book then is the newer session's from its first snapshot on (or goes by the venue's numbers), and trades are
 * told apart by their ids. After close() nothing of it counts any more.
 */
export interface Session {
  /** Decodes and writes one frame, `isRest` where it was made of a REST answer. The bytes are the session's during the call only. */
  take(bytes: Buffer, isRest?: boolean): FrameResult;
  /** A text was sent: some venues number the requests with the messages that answer them. */
  sent?(text: string): void;
  /** When data of this subscription last came in this session, on the clock of Timers; null for never. */
  dataAtMs(symbol: string, channel: FeedChannel): number | null;
  /** May be called more than once. */
  close(): void;
}

/** The trust state of a book as its shard shows it; `sinceMs` on the clock of Timers. */
export type MarketState = { readonly state: BookState; readonly reason: StateReason; readonly sinceMs: number };

/** The last trade known. Times are the venue's, ms since 1970; null for none. The id is null where ids are text. */
export type TradeMark = { readonly lastId: number | null; readonly lastTimeMs: number | null };

/** The last trades known by symbol, from before a successor could bring later ones; each has a time. */
export type TradeMarks = ReadonlyMap<string, TradeMark>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface FeedHooks {
  openSession(connectionId: number): Session;
  /** These have no connection from now on; not called where another took over first. The session is still open. */
  connectionLost(connectionId: number, subscriptions: readonly Subscription[], reason: string): void;
  /** Trades since these marks may be missing, though the connection has a successor; its session is still open. */
  tradesMissing(connectionId: number, marks: TradeMarks): void;
  /** Null for a market of which nothing is known yet. */
  bookState(symbol: string): MarketState | null;
  /** Whether someone listens to it: it is served first. */
  isWatched(symbol: string): boolean;
  tradeMark(symbol: string): TradeMark;
  /** Trades of a span of the venue's time, those after `lastId`, follow as frames, oldest first; backfilled() ends them. */
  backfilling(symbol: string, fromMs: number, toMs: number, lastId: number | null): void;
  /** Trades of a span of the venue's time were fetched; `isWhole` where none is missing. */
  backfilled(symbol: string, fromMs: number, toMs: number, isWhole: boolean): void;
  log(level: LogLevel, text: string, fields: Readonly<Record<string, unknown>>): void;
}
