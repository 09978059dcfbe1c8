// The simulated Binance's side of one connection: addresses, live subscribing, its errors, and data at the streams' pace.

import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';
import { type BinanceProduct, LIFE_MS } from './limits.ts';
import { type BinanceWriter, type Gathered, gather } from './sim-frames.ts';
import { type StreamWish, streamWish } from './streams.ts';

/** Pace of a plain `@depth`. */
const SPOT_DEPTH_MS = 1000;
const FUTURES_DEPTH_MS = 250;

type Request = { readonly method?: unknown; readonly params?: unknown; readonly id?: unknown };
type DepthStream = { readonly name: string; readonly everyMs: number; gathered: Gathered | undefined };
type TradeStream = { readonly name: string; readonly kind: 'trade' | 'aggTrade' };

/** An address taken apart: `/public/stream`, `/ws/btcusdt@depth`. */
export type StreamAddress = {
  readonly prefix: string;
  readonly isCombined: boolean;
  readonly names: readonly string[];
};

/** Null for an address without streams. */
export function streamAddress(product: BinanceProduct, path: string, streams: string | null): StreamAddress | null {
  const match = /^(\/[a-z]+)??\/(?:(stream)\/?|ws(?:\/(.+))?)$/.exec(path);
  if (match === null) return null;
  const prefix = match[1] ?? '';
  if (prefix !== '' && !Object.values(product.streamPrefix).includes(prefix)) return null;
  const isCombined = match[2] !== undefined;
  const names = (isCombined ? (streams ?? '') : decodeURIComponent(match[3] ?? ''))
    .split('/')
    .filter((name) => name !== '');
  return { prefix, isCombined, names };
}

export class BinanceSession implements SimSession {
  private readonly product: BinanceProduct;
  private readonly writer: BinanceWriter;
  private readonly socket: SimSocket;
  private readonly prefix: string;
  private isCombined: boolean;
  /** Every name taken, also of streams that do not exist: those stay silent, as at the venue. */
  private readonly names = new Set<string>();
  private readonly depths = new Map<string, DepthStream[]>();
  private readonly trades = new Map<string, TradeStream[]>();
  private readonly openedMs: number;
  private lastPingMs: number;
  private readonly state: SimVenueState;

  constructor(
    product: BinanceProduct,
    writer: BinanceWriter,
    socket: SimSocket,
    address: StreamAddress,
    state: SimVenueState,
  ) {
    this.product = product;
    this.writer = writer;
    this.socket = socket;
    this.prefix = address.prefix;
    this.isCombined = address.isCombined;
    this.state = state;
    this.openedMs = state.nowMs();
    this.lastPingMs = this.openedMs;
    this.add(address.names);
  }

  message(text: string): void {
    let request: Request;
    try {
      request = JSON.parse(text) ?? {};
    } catch {
      this.socket.answer('{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}');
      return;
    }
    const { method, id } = request;
    if (typeof method !== 'string') this.refuse(2, 'Invalid request: missing field `method` at line 1 column 1');
    else if (!isRequestId(id)) this.refuse(2, 'Invalid request: request ID must be an unsigned integer');
    else this.request(method, request.params, id);
  }

  change(market: SimMarket, change: SimChange): void {
    for (const stream of this.depths.get(market.symbol) ?? []) {
      stream.gathered = gather(stream.gathered, change);
      if (stream.everyMs === 0) this.sendDepth(market, stream, change.timeMs);
    }
  }

  trade(market: SimMarket, trade: SimTrade): void {
    for (const { name, kind } of this.trades.get(market.symbol) ?? []) {
      const payload = kind === 'trade' ? this.writer.trade(market, trade) : this.writer.aggregate(market, trade);
      this.socket.data(market.symbol, 'trades', this.wrapped(name, payload));
    }
  }

  tick(timeMs: number): void {
    for (const market of this.state.markets) {
      for (const stream of this.depths.get(market.symbol) ?? []) {
        if (stream.everyMs > 0 && timeMs % stream.everyMs < 100) this.sendDepth(market, stream, timeMs);
      }
    }
    if (timeMs - this.lastPingMs >= this.product.pingMs) {
      this.lastPingMs = timeMs;
      this.socket.ping();
    }
    if (timeMs - this.openedMs >= LIFE_MS) this.socket.close(1001, 'connection is 24 hours old');
  }

  /** Binance has no counter that starts again. */
  resetCounter(): void {}

  announceEnd(): boolean {
    if (!this.product.announcesEnd) return false;
    this.socket.answer(this.wrapped('!serverShutdown', `{"e":"serverShutdown","E":${this.state.nowMs()}}`));
    return true;
  }

  private sendDepth(market: SimMarket, stream: DepthStream, timeMs: number): void {
    if (stream.gathered === undefined) return;
    const payload = this.writer.depth(market, stream.gathered, timeMs);
    stream.gathered = undefined;
    this.socket.data(market.symbol, 'book', this.wrapped(stream.name, payload));
  }

  private wrapped(name: string, payload: string): string {
    return this.isCombined ? `{"stream":"${name}","data":${payload}}` : payload;
  }

  private request(method: string, params: unknown, id: string | number | null): void {
    switch (method) {
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE':
        this.subscription(method === 'SUBSCRIBE', params, id);
        return;
      case 'LIST_SUBSCRIPTIONS':
        this.reply(JSON.stringify([...this.names]), id);
        return;
      case 'SET_PROPERTY':
      case 'GET_PROPERTY':
        this.property(method === 'SET_PROPERTY', params, id);
        return;
      default: {
        const known = '`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`';
        this.refuse(2, `Invalid request: unknown variant \`${method}\`, expected one of ${known} at line 1 column 28`);
      }
    }
  }

  private subscription(isSubscribe: boolean, params: unknown, id: string | number | null): void {
    if (!Array.isArray(params) || !params.every((name) => typeof name === 'string')) {
      this.refuse(2, 'Invalid request: invalid type, expected a sequence of strings');
      return;
    }
    if (!isSubscribe) for (const name of params) this.remove(name);
    else if (!this.add(params)) {
      this.socket.answer(JSON.stringify({ error: { code: 4, msg: 'Too many subscriptions' }, id }));
      return;
    }
    this.reply('null', id);
  }

  private property(isSet: boolean, params: unknown, id: string | number | null): void {
    const [name, value] = Array.isArray(params) ? params : [];
    if (name !== 'combined') this.socket.answer(JSON.stringify({ code: 0, msg: 'Unknown property', id }));
    else if (!isSet) this.reply(String(this.isCombined), id);
    else if (typeof value !== 'boolean') this.refuse(1, 'Invalid value type: expected Boolean');
    else {
      this.isCombined = value;
      this.reply('null', id);
    }
  }

  private reply(result: string, id: string | number | null): void {
    this.socket.answer(`{"result":${result},"id":${JSON.stringify(id)}}`);
  }

  private refuse(code: number, msg: string): void {
    this.socket.answer(JSON.stringify({ code, msg }));
  }

  /** False where they are more than one connection may have. */
  private add(names: readonly string[]): boolean {
    if (new Set([...this.names, ...names]).size > this.product.streamsPerConnection) {
      this.socket.violation('streams on one connection');
      return false;
    }
    for (const name of names) {
      if (this.names.has(name)) continue;
      this.names.add(name);
      const wish = streamWish(name, this.product.isFutures ? FUTURES_DEPTH_MS : SPOT_DEPTH_MS);
      if (wish !== null && this.isServedHere(wish)) this.serve(name, wish);
    }
    return true;
  }

  /** At a product with several addresses, each serves its own streams and takes the others in silence. */
  private isServedHere(wish: StreamWish): boolean {
    return this.product.streamPrefix[wish.kind === 'depth' ? 'book' : 'trades'] === this.prefix;
  }

  private serve(name: string, wish: StreamWish): void {
    const { symbol } = wish;
    if (wish.kind === 'depth') {
      const stream = { name, everyMs: wish.everyMs, gathered: undefined };
      this.depths.set(symbol, [...(this.depths.get(symbol) ?? []), stream]);
    } else this.trades.set(symbol, [...(this.trades.get(symbol) ?? []), { name, kind: wish.kind }]);
  }

  private remove(name: string): void {
    if (!this.names.delete(name)) return;
    const symbol = name.split('@')[0].toUpperCase();
    for (const streams of [this.depths, this.trades] as readonly Map<string, { readonly name: string }[]>[]) {
      streams.set(symbol, streams.get(symbol)?.filter((stream) => stream.name !== name) ?? []);
    }
  }
}

/** Numbers, short texts, and null where the client named none by it; a request without any is refused. */
function isRequestId(id: unknown): id is string | number | null {
  return id === null || typeof id === 'number' || (typeof id === 'string' && id.length <= 36);
}
