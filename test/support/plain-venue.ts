// Owns a venue of no exchange, as plain as can be, and a client that follows its books: they test what all simulators share.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { VenueLimits } from '../../engine/connect/protocol.ts';
import type {
  PriceLevel,
  SimAnswer,
  SimChange,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimTrade,
  SimulatedVenue,
  SimVenueState,
} from '../../engine/simulate/protocol.ts';

export const PLAIN_LIMITS: VenueLimits = {
  subscriptionsPerConnection: 20,
  booksPerConnection: 20,
  messages: { count: 5, windowMs: 1_000 },
  requests: { count: 12, windowMs: 60_000 },
  subscriptionsPerMessage: 10,
  connects: { count: 6, windowMs: 60_000 },
  rest: { count: 10, windowMs: 60_000 },
  payloadBytesMax: 1_000_000,
};

/** `{"op":"subscribe","args":[["book","BTC-USD"],…]}` → an acknowledgement, the snapshot, then changes with `prev` and `seq`. */
class PlainSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly limits: VenueLimits;
  private readonly subscribed = new Set<string>();

  constructor(socket: SimSocket, state: SimVenueState, limits: VenueLimits) {
    this.socket = socket;
    this.state = state;
    this.limits = limits;
    socket.answer('{"op":"welcome"}');
  }

  message(text: string): void {
    const { op, args } = JSON.parse(text) as { op: string; args?: ['book' | 'trades', string][] };
    if (op === 'ping') this.socket.answer('{"op":"pong"}');
    if (op === 'ping-me') this.socket.ping();
    if (op === 'fail') throw new Error('a bug of the venue');
    for (const [channel, symbol] of args ?? []) this.setSubscription(op === 'subscribe', channel, symbol);
    if (this.subscribed.size > this.limits.subscriptionsPerConnection) this.socket.violation('subscriptions');
  }

  change(market: SimMarket, change: SimChange): void {
    if (!this.subscribed.has(`book:${market.symbol}`)) return;
    const { previousSequence, lastSequence, bids, asks } = change;
    this.socket.data(
      market.symbol,
      'book',
      JSON.stringify({ channel: 'book', symbol: market.symbol, prev: previousSequence, seq: lastSequence, bids, asks }),
    );
  }

  trade(market: SimMarket, { id, price, quantity, takerSide }: SimTrade): void {
    if (!this.subscribed.has(`trades:${market.symbol}`)) return;
    const text = JSON.stringify({ channel: 'trades', symbol: market.symbol, id, price, quantity, side: takerSide });
    this.socket.data(market.symbol, 'trades', text);
  }

  tick(timeMs: number): void {
    if (timeMs % 1_000 < 100) this.socket.answer('{"op":"heartbeat"}');
  }

  resetCounter(symbol: string): void {
    this.socket.data(
      symbol,
      'book',
      JSON.stringify({ channel: 'book', symbol, reset: true, seq: 1, bids: [], asks: [] }),
    );
  }

  announceEnd(): boolean {
    this.socket.answer('{"op":"ending"}');
    return true;
  }

  private setSubscription(isWanted: boolean, channel: 'book' | 'trades', symbol: string): void {
    const market = this.state.market(symbol);
    if (market === null) {
      this.socket.answer(JSON.stringify({ op: 'error', symbol }));
      return;
    }
    if (isWanted) this.subscribed.add(`${channel}:${symbol}`);
    else this.subscribed.delete(`${channel}:${symbol}`);
    this.socket.answer(JSON.stringify({ op: isWanted ? 'subscribed' : 'unsubscribed', channel, symbol }));
    if (isWanted && channel === 'book') this.socket.data(symbol, 'book', snapshotText(market));
  }
}

function snapshotText(market: SimMarket): string {
  const { symbol, sequence } = market;
  return JSON.stringify({
    channel: 'book',
    symbol,
    snapshot: true,
    seq: sequence,
    bids: market.bids(),
    asks: market.asks(),
  });
}

export class PlainVenue implements SimulatedVenue {
  readonly venue = 'binance';
  readonly limits: VenueLimits;
  readonly quantityDecimals = 4;

  constructor(limits: Partial<VenueLimits> = {}) {
    this.limits = { ...PLAIN_LIMITS, ...limits };
  }

  symbol(base: string): string {
    return `${base}-USD`;
  }

  isStreamPath(path: string): boolean {
    return path === '/stream';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new PlainSession(socket, state, this.limits);
  }

  rest({ path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    if (path === '/markets') {
      return { status: 200, body: JSON.stringify(state.markets.map(({ symbol }) => symbol)), weight: 1 };
    }
    const market = state.market(query.get('symbol') ?? '');
    if (market === null) return null;
    if (path === '/book') return { status: 200, body: snapshotText(market), weight: 2 };
    return path === '/trades' ? { status: 200, body: JSON.stringify(market.trades(100)), weight: 1 } : null;
  }
}

export type PlainFrame = {
  readonly op?: string;
  readonly channel?: string;
  readonly symbol?: string;
  readonly snapshot?: boolean;
  readonly reset?: boolean;
  readonly prev?: number;
  readonly seq?: number;
  readonly id?: number;
  readonly bids?: PriceLevel[];
  readonly asks?: PriceLevel[];
};

/** A client that keeps all frames. */
export class PlainClient {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  /** Code of the close, null while open. */
  closeCode: number | null = null;
  pongs = 0;
  readonly closed: Promise<void>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.texts.push(String(data)));
    socket.on('pong', () => this.pongs++);
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        this.closeCode = code;
        resolve();
      });
    });
  }

  static async open(url: string, options: ConstructorParameters<typeof WebSocket>[2] = {}): Promise<PlainClient> {
    const client = new PlainClient(new WebSocket(`${url}/stream`, options));
    await Promise.race([once(client.socket, 'open'), client.closed]);
    return client;
  }

  get frames(): PlainFrame[] {
    return this.texts.map((text) => JSON.parse(text) as PlainFrame);
  }

  /** Data frames of one market and channel. */
  data(symbol: string, channel = 'book'): PlainFrame[] {
    return this.frames.filter(
      (frame) => frame.channel === channel && frame.symbol === symbol && frame.op === undefined,
    );
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(...args: readonly (readonly ['book' | 'trades', string])[]): void {
    this.send({ op: 'subscribe', args });
  }

  /** The book that the frames of a market lead to, best first, whatever they skip. */
  book(symbol: string): { bids: PriceLevel[]; asks: PriceLevel[] } {
    const sides = [new Map<string, string>(), new Map<string, string>()];
    for (const frame of this.data(symbol)) {
      if (frame.snapshot === true) for (const side of sides) side.clear();
      [frame.bids, frame.asks].forEach((levels, index) => {
        for (const [price, quantity] of levels ?? []) {
          if (Number(quantity) === 0) sides[index].delete(price);
          else sides[index].set(price, quantity);
        }
      });
    }
    const sorted = (side: Map<string, string>, sign: number): PriceLevel[] =>
      [...side].sort(([a], [b]) => sign * (Number(a) - Number(b)));
    return { bids: sorted(sides[0], -1), asks: sorted(sides[1], 1) };
  }
}

const POLL_MS = 5;

/** Waits until it holds; a test that waits for ever is ended by its runner. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
