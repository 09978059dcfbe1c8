// An engine's stream without an engine: sockets a client opens, the requests that came, and messages the test sends.

import assert from 'node:assert/strict';
import { type Client, createClient } from '../../engine/client/index.ts';
import type { ClientOptions } from '../../engine/client/options.ts';
import type { WebSocketLike } from '../../engine/client/socket.ts';
import { eventually } from './live-engine.ts';

export type Request = {
  readonly op: string;
  readonly id: number;
  readonly engine?: string;
  readonly args: readonly unknown[];
};
export type Fields = Readonly<Record<string, unknown>>;

export const ENGINE = 'run-1';

type Handler = ((event: never) => void) | null;

export class FakeSocket implements WebSocketLike {
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly requests: Request[] = [];
  isClosed = false;

  constructor(url: string, protocols: string | string[] = []) {
    this.url = url;
    this.protocols = [protocols].flat();
  }

  send(text: string): void {
    this.requests.push(JSON.parse(text) as Request);
  }

  close(): void {
    this.isClosed = true;
  }

  accept(): void {
    (this.onopen as (() => void) | null)?.();
  }

  tell(value: object | string): void {
    const data = typeof value === 'string' ? value : JSON.stringify(value);
    (this.onmessage as ((event: { data: string }) => void) | null)?.({ data });
  }

  end(code = 1006, reason = ''): void {
    this.isClosed = true;
    (this.onclose as ((event: { code: number; reason: string }) => void) | null)?.({ code, reason });
  }

  /** Takes the next request of an op, waiting for it. */
  request(op: string): Promise<Request> {
    return eventually(`request ${op}`, () => {
      const index = this.requests.findIndex((request) => request.op === op);
      return index < 0 ? null : this.requests.splice(index, 1)[0];
    });
  }

  /** Takes a subscribe request and agrees to all of it. */
  async subscribed(engine = ENGINE): Promise<Request> {
    const request = await this.request('subscribe');
    this.tell({ op: 'subscribed', id: request.id, args: request.args, errors: [], engine });
    return request;
  }

  /** Takes a resume request and answers each item alike. */
  async resumed(isResumed: boolean, engine = ENGINE): Promise<Request> {
    const request = await this.request('resume');
    const args = request.args.map((arg) => ({ ...(arg as object), resumed: isResumed }));
    this.tell({ op: 'resumed', id: request.id, args, errors: [], engine });
    return request;
  }

  /** Answers what the client sends after a resume: all that was missed is there. */
  async caughtUp(): Promise<void> {
    this.tell({ op: 'pong', id: (await this.request('ping')).id });
  }
}

export class FakeStream {
  readonly sockets: FakeSocket[] = [];
  readonly fetched: string[] = [];
  /** What HTTP answers; 0 is no answer at all. */
  status = 200;
  readonly client: Client;
  private taken = 0;

  constructor(options: ClientOptions = {}) {
    const { sockets } = this;
    const WebSocket = class extends FakeSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    };
    const fetch = async (url: string): Promise<Response> => {
      this.fetched.push(url);
      if (this.status === 0) throw new Error('no answer');
      return new Response('{}', { status: this.status });
    };
    const reconnect = { delayMs: 1, delayMaxMs: 4, jitter: 0 };
    this.client = createClient({ reconnect, WebSocket, fetch: fetch as typeof globalThis.fetch, ...options });
  }

  /** The next socket the client opens, not accepted yet. */
  socket(): Promise<FakeSocket> {
    return eventually('a socket', () => this.sockets[this.taken] ?? null).then((socket) => {
      this.taken++;
      return socket;
    });
  }

  /** The next socket, open and with its first subscriptions taken. */
  async open(): Promise<FakeSocket> {
    const socket = await this.socket();
    socket.accept();
    await socket.subscribed();
    return socket;
  }
}

const TIMES = { timestamp: null, localTimestamp: null };

export function trade(seq: number, prevSeq: number | null = seq - 1, symbol = 'A'): Fields {
  const named = { exchange: 'x', symbol, channel: `trade.x:${symbol}`, seq, prevSeq };
  return { type: 'trade', ...named, id: String(seq), price: '1', amount: '1', side: 'buy', ...TIMES };
}

export function bar(seq: number, start: string, isFinal: boolean): Fields {
  const named = { exchange: 'x', symbol: 'A', channel: 'bar.1m.x:A', seq, prevSeq: seq - 1, name: '1m' };
  return { type: 'trade_bar', ...named, startTimestamp: start, close: String(seq), isFinal, ...TIMES };
}

export function ticker(seq: number, bidPrice: string, symbol = 'A'): Fields {
  const named = { exchange: 'x', symbol, channel: `bbo.x:${symbol}`, seq, prevSeq: seq - 1 };
  return { type: 'book_ticker', ...named, bidPrice, bidAmount: '1', state: 'live', reason: null, ...TIMES };
}

export type Levels = readonly (readonly [price: string, amount: string])[];

function levelsOf(levels: Levels): { price: string; amount: string }[] {
  return levels.map(([price, amount]) => ({ price, amount }));
}

export function change(seq: number, bids: Levels, asks: Levels, rest: Fields = {}): Fields {
  const named = { exchange: 'x', symbol: 'A', channel: 'book.x:A', seq, prevSeq: seq - 1, state: 'live', reason: null };
  const sides = { bids: levelsOf(bids), asks: levelsOf(asks) };
  return { type: 'book_change', isSnapshot: false, ...named, ...sides, ...TIMES, ...rest };
}

export function whole(seq: number, bids: Levels, asks: Levels, rest: Fields = {}): Fields {
  return change(seq, bids, asks, { isSnapshot: true, prevSeq: null, horizon: null, ...rest });
}

export function gap(channel: string, reason: string, lost: number, seq: number, prevSeq: number): Fields {
  return { type: 'gap', exchange: 'x', symbol: 'A', reason, lost, channel, seq, prevSeq, ...TIMES };
}

/** The next of a subscription, which must be there. */
export async function next<T>(loop: AsyncIterator<T, undefined>): Promise<T> {
  const { done, value } = await loop.next();
  assert.equal(done ?? false, false, 'expected something, the loop is done');
  return value as T;
}

/** The next `count` of a subscription. */
export async function take<T>(loop: AsyncIterator<T, undefined>, count: number): Promise<T[]> {
  const found: T[] = [];
  while (found.length < count) found.push(await next(loop));
  return found;
}
