// The dialogue with the dYdX v4 indexer: addresses, requests, and what its answers mean.
//
// Source: dYdX v4 indexer docs, "WebSockets", "HTTP API" (2026-04), server source (2026-03); venues.md §5; docs/venues/dydx.md.

import { type Message, messageOf } from '../../connect/message.ts';
import type {
  BackfillQuery,
  Dialogue,
  FeedChannel,
  Notice,
  RestRequest,
  Subscription,
  VenueConnector,
} from '../../connect/protocol.ts';
import { ANSWER_WITHIN_MS, DYDX_LIMITS, PING_EVERY_MS, REST_TRADES_MAX } from './limits.ts';

const CHANNELS: Readonly<Record<FeedChannel, string>> = { book: 'v4_orderbook', trades: 'v4_trades' };
/** One message a block, about each second: its number shows a loss where no other message follows, and that the venue lives. */
const BLOCK_HEIGHT = 'v4_block_height';
/** The server's ping and the pong it waits 10 s for. */
const DEAD_AFTER_MS = PING_EVERY_MS + 10_000;
/** Statuses of markets without a book. */
const CLOSED_STATUSES = ['INITIALIZING', 'FINAL_SETTLEMENT'];
/** Back-fills whose pages are held until the last has come. */
const BACKFILLS_MAX = 256;

type RestTrade = { readonly id: string; readonly createdAt: string };

function request(type: 'subscribe' | 'unsubscribe', { symbol, channel }: Subscription): string {
  const message = { type, channel: CHANNELS[channel], id: symbol };
  return JSON.stringify(type === 'subscribe' ? { ...message, batched: false } : message);
}

function subscriptionOf(channel: unknown, symbol: unknown): Subscription | null {
  if (typeof symbol !== 'string') return null;
  if (channel === CHANNELS.book) return { symbol, channel: 'book' };
  return channel === CHANNELS.trades ? { symbol, channel: 'trades' } : null;
}

/**
 * The subscription that an error names: `(v4_trades-BTC-USD)` of an invalid id or a second subscribe, `channel v4_trades-…`
 * of too many. Texts that name the channel alone do not tell the market.
 */
function refusedSubscription(message: string): Subscription | null {
  const found = /(v4_orderbook|v4_trades)-([^\s()]+?)[.)]?(\s|$)/.exec(message);
  return found === null ? null : subscriptionOf(found[1], found[2]);
}

class DydxDialogue implements Dialogue {
  greet(): string[] {
    return [JSON.stringify({ type: 'subscribe', channel: BLOCK_HEIGHT })];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => request('subscribe', subscription));
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => request('unsubscribe', subscription));
  }

  read(text: string): Notice[] {
    const message = messageOf(text);
    if (message === null) return [];
    const type = message['type'];
    if (type === 'error') return this.readError(message);
    if (message['channel'] === BLOCK_HEIGHT) return [{ kind: 'alive' }];
    if (type !== 'subscribed' && type !== 'unsubscribed') return [];
    const subscription = subscriptionOf(message['channel'], message['id']);
    return subscription === null ? [] : [{ kind: 'acknowledged', subscription, isSubscribed: type === 'subscribed' }];
  }

  private readError(message: Message): Notice[] {
    const told = typeof message['message'] === 'string' ? message['message'] : 'an error without a message';
    // A venue without this channel is asked for it all the same.
    if (told.includes(BLOCK_HEIGHT)) return [];
    const subscription = refusedSubscription(told);
    // The answer to a subscribe sent again: the first one is taken.
    if (subscription !== null && told.includes('already subscribed'))
      return [{ kind: 'acknowledged', subscription, isSubscribed: true }];
    return [{ kind: 'refused', subscription, message: told }];
  }

  /** The server pings. */
  ping(): string | null {
    return null;
  }
}

function isRestTrade(value: unknown): value is RestTrade {
  const trade = value as Partial<RestTrade> | null;
  return typeof trade?.id === 'string' && typeof trade.createdAt === 'string';
}

/** Throws an Error where the answer is no list of trades. */
function tradesOf(answer: string): RestTrade[] {
  const trades = messageOf(answer)?.['trades'];
  if (!Array.isArray(trades) || !trades.every(isRestTrade)) {
    throw new Error(`dydx trades: expected a list of trades, was ${answer.slice(0, 200)}`);
  }
  return trades;
}

function tradesPath(symbol: string, beforeOrAt: string): string {
  const query = `limit=${REST_TRADES_MAX}&createdBeforeOrAt=${encodeURIComponent(beforeOrAt)}`;
  return `/v4/trades/perpetualMarket/${encodeURIComponent(symbol)}?${query}`;
}

export class DydxConnector implements VenueConnector {
  readonly venue = 'dydx';
  readonly streamUrl = 'wss://indexer.dydx.trade';
  readonly restUrl = 'https://indexer.dydx.trade';
  readonly limits = DYDX_LIMITS;
  readonly bookSource = 'stream';
  readonly isInAddress = false;
  readonly pingEveryMs = null;
  readonly deadAfterMs = DEAD_AFTER_MS;
  readonly lifeMs = null;
  readonly firstDataMs = ANSWER_WITHIN_MS + 5000;
  readonly areTradesRare = true;
  /** Trades of back-fills not whole yet, newest first. */
  private readonly pages = new Map<string, RestTrade[]>();

  path(): string {
    return '/v4/ws';
  }

  dialogue(): Dialogue {
    return new DydxDialogue();
  }

  listing(): RestRequest {
    return { method: 'GET', path: '/v4/perpetualMarkets', weight: 1 };
  }

  readListing(answer: string): string[] {
    const markets = messageOf(answer)?.['markets'];
    if (typeof markets !== 'object' || markets === null) {
      throw new Error(`dydx listing: expected markets, was ${answer.slice(0, 200)}`);
    }
    const isOpen = (market: unknown): boolean =>
      !CLOSED_STATUSES.includes(String((market as Message | null)?.['status']));
    return Object.entries(markets).flatMap(([symbol, market]) => (isOpen(market) ? [symbol] : []));
  }

  backfill({ symbol, toMs }: BackfillQuery): RestRequest {
    return { method: 'GET', path: tradesPath(symbol, new Date(toMs).toISOString()), weight: 1 };
  }

  /**
   * The venue pages from the newest trade back, so pages are held until the span is whole: then one frame has all. The last
   * page of a span overlaps the one before by the trades of one moment, which are told apart by their ids.
   */
  readBackfill(query: BackfillQuery, answer: string): { frames: string[]; next: RestRequest | null; isWhole: boolean } {
    const { symbol, fromMs, toMs } = query;
    const key = `${symbol} ${fromMs} ${toMs}`;
    const page = tradesOf(answer);
    const known = this.pages.get(key) ?? [];
    const ids = new Set(known.map(({ id }) => id));
    const all = [...known, ...page.filter(({ id }) => !ids.has(id))];
    const oldest = page.at(-1)?.createdAt;
    const isFull = page.length >= REST_TRADES_MAX;
    const isProgress = all.length > known.length;
    if (oldest !== undefined && isFull && isProgress && Date.parse(oldest) >= fromMs) {
      this.hold(key, all);
      return { frames: [], next: { method: 'GET', path: tradesPath(symbol, oldest), weight: 1 }, isWhole: true };
    }
    this.pages.delete(key);
    const trades = all.filter(({ createdAt }) => Date.parse(createdAt) >= fromMs);
    const frames = trades.length === 0 ? [] : [JSON.stringify({ backfill: { symbol, trades: { trades } } })];
    // A full page of one moment is where the venue's paging ends: what lies behind it cannot be asked for.
    return { frames, next: null, isWhole: isProgress || !isFull };
  }

  private hold(key: string, trades: RestTrade[]): void {
    if (this.pages.size >= BACKFILLS_MAX) this.pages.clear();
    this.pages.set(key, trades);
  }
}
