// The simulated Kraken's side of one v2 connection: status, an answer per symbol, snapshots, changes with checksums, heartbeats.

import type {
  PriceLevel,
  SimChange,
  SimMarket,
  SimSession,
  SimSocket,
  SimTrade,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { DEPTHS, KRAKEN_LIMITS } from './limits.ts';
import { bookChecksum, SentBook } from './sim-book.ts';

/** A heartbeat is sent after this long without any other frame, once anything is subscribed (venues.md §3.2). */
const HEARTBEAT_MS = 1000;
/** A connection on which nothing is subscribed and nothing said ends after this. */
const IDLE_MS = 60_000;
/** From Kraken's documentation; it does not fit a double. */
const CONNECTION_ID = '13834774380200032777';
/** Trades of a snapshot. */
const TRADES_SNAPSHOT = 50;
const DEPTH_DEFAULT = 10;

type Request = { readonly method?: unknown; readonly params?: unknown; readonly req_id?: unknown };
type Params = {
  readonly channel?: unknown;
  readonly symbol?: unknown;
  readonly depth?: unknown;
  readonly snapshot?: unknown;
};

const asText = (timeMs: number): string => `"${new Date(timeMs).toISOString().slice(0, -1)}000Z"`;

export class KrakenSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly books = new Map<string, SentBook>();
  private readonly trades = new Set<string>();
  private hasInstruments = false;
  private lastFrameMs: number;
  private lastMessageMs: number;

  constructor(socket: SimSocket, state: SimVenueState) {
    this.socket = socket;
    this.state = state;
    this.lastFrameMs = state.nowMs();
    this.lastMessageMs = this.lastFrameMs;
    const status = `{"api_version":"v2","connection_id":${CONNECTION_ID},"system":"online","version":"2.0.10"}`;
    this.answer(`{"channel":"status","type":"update","data":[${status}]}`);
  }

  message(text: string): void {
    this.lastMessageMs = this.state.nowMs();
    let request: Request;
    try {
      request = JSON.parse(text) ?? {};
    } catch {
      this.answer('{"error":"Malformed request","success":false}');
      return;
    }
    const { method } = request;
    if (method === 'ping') this.answer(`{"method":"pong"${this.tail(request)}}`);
    else if (method !== 'subscribe' && method !== 'unsubscribe') this.refuse(request, 'Unsupported method', null);
    else this.subscription(request, method === 'subscribe');
  }

  change(market: SimMarket, _change: SimChange): void {
    const book = this.books.get(market.symbol);
    if (book === undefined) return;
    const [bids, asks] = book.change(market);
    if (bids.length + asks.length > 0) this.sendBook('update', market, bids, asks);
  }

  trade(market: SimMarket, trade: SimTrade): void {
    if (this.trades.has(market.symbol)) this.sendTrades('update', market, [trade]);
  }

  tick(timeMs: number): void {
    const hasAny = this.hasInstruments || this.books.size + this.trades.size > 0;
    if (!hasAny && timeMs - this.lastMessageMs >= IDLE_MS) this.socket.close(1000, 'idle');
    if (hasAny && timeMs - this.lastFrameMs >= HEARTBEAT_MS) this.answer('{"channel":"heartbeat"}');
  }

  /** Kraken numbers no frames. */
  resetCounter(): void {}

  /** Kraken announces no end of a connection. */
  announceEnd(): boolean {
    return false;
  }

  private subscription(request: Request, isSubscribe: boolean): void {
    const params = (request.params ?? {}) as Params;
    const { channel, symbol } = params;
    if (channel === 'instrument') {
      this.instruments(request, isSubscribe, params.snapshot !== false);
      return;
    }
    const symbols = Array.isArray(symbol) ? symbol : [];
    if (channel !== 'book' && channel !== 'trade') this.refuse(request, 'Invalid channel', null);
    else if (symbols.length === 0) this.refuse(request, 'Symbol(s) not found', null);
    else {
      if (symbols.length > KRAKEN_LIMITS.subscriptionsPerMessage) this.socket.violation('symbols in one message');
      for (const name of symbols) this.subscribeOne(request, isSubscribe, channel, String(name), params);
    }
  }

  private subscribeOne(
    request: Request,
    isSubscribe: boolean,
    channel: 'book' | 'trade',
    symbol: string,
    params: Params,
  ): void {
    const market = this.state.market(symbol);
    const depth = Number(params.depth ?? DEPTH_DEFAULT);
    const held = channel === 'book' ? this.books.get(symbol)?.depth === depth : this.trades.has(symbol);
    const isHeld = channel === 'book' ? this.books.has(symbol) : held;
    if (market === null) this.refuse(request, `Currency pair not supported ${symbol}`, symbol);
    else if (channel === 'book' && !DEPTHS.some((sold) => sold === depth))
      this.refuse(request, 'Subscription depth not supported', symbol);
    else if (isSubscribe && isHeld) this.refuse(request, 'Already subscribed', symbol);
    else if (!isSubscribe && !held) this.refuse(request, 'Subscription Not Found', symbol);
    else if (channel === 'book') this.book(request, isSubscribe, market, depth, params.snapshot !== false);
    else this.tradesOf(request, isSubscribe, market, params.snapshot === true);
  }

  private book(request: Request, isSubscribe: boolean, market: SimMarket, depth: number, hasSnapshot: boolean): void {
    const { symbol } = market;
    const told = isSubscribe ? `,"snapshot":${hasSnapshot}` : '';
    this.acknowledge(request, `{"channel":"book","depth":${depth}${told},"symbol":"${symbol}"}`);
    this.books.delete(symbol);
    if (!isSubscribe) return;
    const book = new SentBook(depth);
    const [bids, asks] = book.snapshot(market);
    this.books.set(symbol, book);
    this.limit();
    if (hasSnapshot) this.sendBook('snapshot', market, bids, asks);
  }

  private tradesOf(request: Request, isSubscribe: boolean, market: SimMarket, hasSnapshot: boolean): void {
    const { symbol } = market;
    const told = isSubscribe ? `,"snapshot":${hasSnapshot}` : '';
    this.acknowledge(request, `{"channel":"trade"${told},"symbol":"${symbol}"}`);
    this.trades.delete(symbol);
    if (!isSubscribe) return;
    this.trades.add(symbol);
    this.limit();
    const past = market.trades(TRADES_SNAPSHOT);
    if (hasSnapshot && past.length > 0) this.sendTrades('snapshot', market, past);
  }

  private limit(): void {
    const { booksPerConnection, subscriptionsPerConnection } = KRAKEN_LIMITS;
    if (this.books.size > booksPerConnection) this.socket.violation('books on one connection');
    const count = this.books.size + this.trades.size;
    if (count > subscriptionsPerConnection) this.socket.violation('subscriptions on one connection');
  }

  private instruments(request: Request, isSubscribe: boolean, hasSnapshot: boolean): void {
    this.hasInstruments = isSubscribe;
    this.acknowledge(request, `{"channel":"instrument"${isSubscribe ? `,"snapshot":${hasSnapshot}` : ''}}`);
    if (!isSubscribe || !hasSnapshot) return;
    const pairs = this.state.markets.map((market) => {
      const { symbol, priceDecimals, quantityDecimals } = market;
      const [base, quote] = symbol.split('/');
      const names = `"symbol":"${symbol}","base":"${base}","quote":"${quote}","status":"online"`;
      const quantity = `"qty_precision":${quantityDecimals},"qty_increment":1e-${String(quantityDecimals).padStart(2, '0')}`;
      return `{${names},${quantity},"price_precision":${priceDecimals},"cost_precision":5,"marginable":false,"has_index":true}`;
    });
    const assets = '{"id":"USD","status":"enabled","precision":4,"precision_display":2,"borrowable":false}';
    this.answer(
      `{"channel":"instrument","type":"snapshot","data":{"assets":[${assets}],"pairs":[${pairs.join(',')}]}}`,
    );
  }

  private sendBook(type: string, market: SimMarket, bids: readonly PriceLevel[], asks: readonly PriceLevel[]): void {
    const list = (levels: readonly PriceLevel[]): string =>
      `[${levels.map(([price, quantity]) => `{"price":${price},"qty":${quantity}}`).join(',')}]`;
    const levels = `"bids":${list(bids)},"asks":${list(asks)}`;
    const seal = `"checksum":${bookChecksum(market)},"timestamp":${asText(market.timeMs)}`;
    const text = `{"channel":"book","type":"${type}","data":[{"symbol":"${market.symbol}",${levels},${seal}}]}`;
    this.data(market, 'book', text);
  }

  private sendTrades(type: string, market: SimMarket, trades: readonly SimTrade[]): void {
    const entries = trades.map(({ id, timeMs, price, quantity, takerSide }) => {
      const what = `"symbol":"${market.symbol}","side":"${takerSide}","price":${price},"qty":${quantity}`;
      return `{${what},"ord_type":"market","trade_id":${id},"timestamp":${asText(timeMs)}}`;
    });
    this.data(market, 'trades', `{"channel":"trade","type":"${type}","data":[${entries.join(',')}]}`);
  }

  private data(market: SimMarket, channel: 'book' | 'trades', text: string): void {
    this.lastFrameMs = this.state.nowMs();
    this.socket.data(market.symbol, channel, text);
  }

  private answer(text: string): void {
    this.lastFrameMs = this.state.nowMs();
    this.socket.answer(text);
  }

  private acknowledge(request: Request, result: string): void {
    this.answer(`{"method":"${request.method}","result":${result},"success":true${this.tail(request)}}`);
  }

  private refuse(request: Request, error: string, symbol: string | null): void {
    const method = JSON.stringify(request.method ?? '');
    const name = symbol === null ? '' : `,"symbol":${JSON.stringify(symbol)}`;
    this.answer(`{"error":${JSON.stringify(error)},"method":${method},"success":false${name}${this.tail(request)}}`);
  }

  /** Times, and the id that the client gave. */
  private tail(request: Request): string {
    const now = asText(this.state.nowMs());
    const id = typeof request.req_id === 'number' ? `,"req_id":${request.req_id}` : '';
    return `,"time_in":${now},"time_out":${now}${id}`;
  }
}
