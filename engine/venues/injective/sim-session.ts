// The simulated node's side of one connection: JSON-RPC requests, their errors, and a block for each change and trade.
//
// The simulated chain closes a block at each change, where the real one has about 0.8 s; the number of an update is the
// market's own, which the LCD's snapshot tells, too.

import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade } from '../../simulate/protocol.ts';
import { REQUEST_BYTES_MAX, SERVER_PING_MS } from './limits.ts';
import { bookBlock, kindOf, tradeBlock } from './sim-frames.ts';

/** JSON-RPC 2.0, "Error object". */
const RpcError = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 } as const;
const EVERY = '*';

type Fields = Readonly<Record<string, unknown>>;
type Channel = 'book' | 'trades';
/** One subscription: its request's id and the ids that each filter lets pass, by the filter's name. */
type Served = { readonly id: number; readonly filters: ReadonlyMap<string, ReadonlySet<string>> };

/** Filters with data in the simulation; others are taken and stay silent. */
const FILTERS: Readonly<Record<Channel, string>> = { book: 'orderbooks_filter', trades: 'trades_filter' };

export class InjectiveSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly served = new Map<string, Served>();
  private lastPingMs: number;

  constructor(socket: SimSocket, nowMs: number) {
    this.socket = socket;
    this.lastPingMs = nowMs;
  }

  message(text: string): void {
    if (Buffer.byteLength(text) > REQUEST_BYTES_MAX) {
      this.socket.violation('bytes of one request');
      this.socket.close(1009, 'message too big');
      return;
    }
    const request = asFields(parse(text));
    if (request === null) {
      this.refuse(null, RpcError.parse, 'Parse error. Invalid JSON');
      return;
    }
    const { id, method } = request;
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) {
      this.refuse(null, RpcError.request, 'Invalid Request: id must be a positive integer');
    } else if (method === 'subscribe' || method === 'unsubscribe') {
      this.request(id, method, asFields(asFields(request['params'])?.['req']));
    } else this.refuse(id, RpcError.method, 'Method not found');
  }

  private request(id: number, method: 'subscribe' | 'unsubscribe', req: Fields | null): void {
    const name = req?.['subscription_id'];
    if (typeof name !== 'string' || name === '') {
      this.refuse(id, RpcError.params, 'Invalid params: subscription_id is required');
    } else if (method === 'unsubscribe') this.unsubscribe(id, name);
    else this.subscribe(id, name, asFields(req?.['filter']));
  }

  private subscribe(id: number, name: string, filter: Fields | null): void {
    if (filter === null || Object.keys(filter).length === 0) {
      this.refuse(id, RpcError.params, 'Invalid params: at least one filter must be specified');
    } else if (this.served.has(name)) {
      this.refuse(id, RpcError.internal, `Internal error: subscription ${name} already exists`);
    } else {
      this.served.set(name, { id, filters: readFilters(filter) });
      this.succeed(id);
    }
  }

  private unsubscribe(id: number, name: string): void {
    if (this.served.delete(name)) this.succeed(id);
    else this.refuse(id, RpcError.internal, `Internal error: subscription ${name} not found`);
  }

  change(market: SimMarket, change: SimChange): void {
    this.serve(market, 'book', (id) => bookBlock(id, market, change));
  }

  trade(market: SimMarket, trade: SimTrade): void {
    this.serve(market, 'trades', (id) => tradeBlock(id, market, trade));
  }

  private serve({ symbol }: SimMarket, channel: Channel, write: (id: number) => string): void {
    const name = `${kindOf(symbol)}_${FILTERS[channel]}`;
    for (const { id, filters } of this.served.values()) {
      const ids = filters.get(name);
      if (ids?.has(symbol) || ids?.has(EVERY)) this.socket.data(symbol, channel, write(id));
    }
  }

  tick(timeMs: number): void {
    if (timeMs - this.lastPingMs < SERVER_PING_MS) return;
    this.lastPingMs = timeMs;
    this.socket.ping();
  }

  /** The chain's counters never start again. */
  resetCounter(): void {}

  /** A node tells nothing before it goes. */
  announceEnd(): boolean {
    return false;
  }

  private succeed(id: number): void {
    this.socket.answer(JSON.stringify({ jsonrpc: '2.0', id, result: 'success' }));
  }

  private refuse(id: number | null, code: number, message: string): void {
    this.socket.answer(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));
  }
}

/** The market ids of each filter; of others than the two channels' nothing is sent. */
function readFilters(filter: Fields): Map<string, ReadonlySet<string>> {
  const filters = new Map<string, ReadonlySet<string>>();
  for (const [name, value] of Object.entries(filter)) {
    const ids = asFields(value)?.['market_ids'];
    if (Array.isArray(ids)) filters.set(name, new Set(ids.filter((id) => typeof id === 'string')));
  }
  return filters;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asFields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
