// A whole engine in this process for integration tests: starts it on free ports, pushes frames, reads answers.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type Engine, type EngineOptions, startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';
import { INGRESS_COUNTERS, type IngressCounterName, ingressCounter } from '../../schemas/counters.ts';
import { REJECTION_NAMES } from '../../schemas/ids.ts';
import { crc32 } from './reference/crc32.ts';

export type Json = Record<string, unknown>;

/** Far beyond what anything takes: a failing test ends, a slow machine does not fail. */
const DEADLINE_MS = 120_000;
const POLL_MS = 5;

/** Counters of which each frame moves one. */
const OUTCOMES: readonly IngressCounterName[] = [
  'applied',
  'control',
  'ignored',
  'unknown',
  'dropped',
  ...INGRESS_COUNTERS.map(({ name }) => name).filter((name) => isRejection(name)),
];

function isRejection(name: IngressCounterName): boolean {
  return name !== 'dropped' && name !== 'unauthorized' && (REJECTION_NAMES as readonly string[]).includes(name);
}

/** Polls until `read` gives something other than null or false. */
export async function eventually<T>(
  what: string,
  read: () => T | null | false | Promise<T | null | false>,
): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const value = await read();
    if (value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`expected in time: ${what}`);
    await sleep(POLL_MS);
  }
}

/** Below what systems give to clients and to listeners on port 0: nobody takes one of them by chance while it is free. */
const CHOSEN_PORTS_FROM = 12_000;
const CHOSEN_PORTS = 20_000;
/** Test files run side by side in processes with neighbouring ids. */
const PORTS_PER_PROCESS = 16;

let portsChosen = process.pid * PORTS_PER_PROCESS;

/** Whether a listener could take the port; it is closed again. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A port that was free just now, and that no one else is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = CHOSEN_PORTS_FROM + (portsChosen++ % CHOSEN_PORTS);
    if (await isFree(port)) return port;
  }
}

/**
 * Two ports that were free just now. An engine that is to start again on its ports needs such: sockets of a listener on
 * port 0 have no SO_REUSEADDR in uSockets, so what lingers of them (TIME_WAIT) blocks the port for a minute.
 */
export async function freePorts(): Promise<{ port: number; ingestPort: number }> {
  return { port: await freePort(), ingestPort: await freePort() };
}

/** An hour that has not begun and is not the next: bars of it begin for no one and end while no test runs. */
export const hourAheadMs = (): number => Math.ceil(Date.now() / 3_600_000 + 1) * 3_600_000;

/** A WebSocket client that keeps what it received. */
export class Client {
  readonly socket: WebSocket;
  readonly received: Json[] = [];
  readonly binary: Buffer[] = [];
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.binary.push(data);
      else this.received.push(JSON.parse(data.toString('utf8')) as Json);
    });
  }

  static async open(url: string, protocols: string[] = []): Promise<Client> {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return client;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(frame: string | Uint8Array | object): void {
    const isRaw = typeof frame === 'string' || frame instanceof Uint8Array;
    this.socket.send(isRaw ? frame : JSON.stringify(frame));
  }

  /** Takes the first message that fits, waiting for it. */
  async next(what: string, fits: (message: Json) => boolean): Promise<Json> {
    const index = await eventually(what, () => {
      const found = this.received.findIndex(fits);
      return found < 0 ? null : found + 1;
    });
    return this.received.splice(index - 1, 1)[0];
  }

  async subscribe(...args: unknown[]): Promise<Json> {
    this.send({ op: 'subscribe', id: 1, args });
    return this.next(`subscribed ${JSON.stringify(args)}`, (message) => message['op'] === 'subscribed');
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

export class LiveEngine {
  readonly engine: Engine;
  private readonly counters: Float64Array;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.counters = new Float64Array(engine.memory.ingressCounters);
  }

  static async start(options: Partial<EngineOptions> = {}): Promise<LiveEngine> {
    const engine = await startEngine({
      host: '127.0.0.1',
      port: 0,
      ingestPort: 0,
      workers: 1,
      marketsMax: 256,
      token: null,
      plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
      shutdownTimeoutMs: DEADLINE_MS,
      log: createLog('silent'),
      ...options,
    });
    return new LiveEngine(engine);
  }

  producer(dialect: string): Promise<Client> {
    return Client.open(`ws://127.0.0.1:${this.engine.ingestPort}/ingest/${dialect}`);
  }

  subscriber(query = ''): Promise<Client> {
    return Client.open(`ws://127.0.0.1:${this.engine.port}/stream${query}`);
  }

  async text(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.engine.port}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** The JSON of a path; `T` is what the test expects of it. */
  async get<T = Json>(path: string): Promise<T> {
    // A busy machine may make a shard too slow for an answer in time, which is then said so: asked again.
    const { status, body } = await eventually(path, async () => {
      const answer = await this.text(path);
      return answer.status === 503 && answer.body.includes('"timeout"') ? null : answer;
    });
    assert.equal(status, 200, `${path}: ${body}`);
    return JSON.parse(body) as T;
  }

  ingress(name: IngressCounterName): number {
    return this.counters[ingressCounter[name]];
  }

  /** Waits until the ingress thread has taken this many frames since the start, and decided what becomes of each. */
  async taken(frames: number): Promise<void> {
    await eventually(`${frames} frames taken`, () => this.decided() >= frames);
    assert.equal(this.ingress('frames'), frames);
  }

  /** A frame is counted as it comes in, and once more when it is known what it was. */
  private decided(): number {
    return OUTCOMES.reduce((sum, name) => sum + this.ingress(name), 0);
  }

  /** Waits until a market's book has applied `seq` changes. */
  book(market: string, seq: number, depth = 0): Promise<Book> {
    return eventually(`${market} at seq ${seq}`, async () => {
      const { status, body } = await this.text(`/v1/book/${encodeURIComponent(market)}?depth=${depth}`);
      if (status !== 200) return null;
      const book = JSON.parse(body) as Book;
      return book.seq >= seq ? book : null;
    });
  }

  stop(): ReturnType<Engine['stop']> {
    return this.engine.stop();
  }
}

export type Level = { readonly price: string; readonly amount: string };
export type Book = {
  readonly market: string;
  readonly state: string;
  readonly reason: string | null;
  readonly seq: number;
  readonly venueSequence: number | string | null;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
};

const CHECKSUM_LEVELS = 10;

/** A subscriber's copy of one book: what the messages of `book.MARKET` come to. Fails at a hole and at a wrong checksum. */
export class BookCopy {
  seq = -1;
  state = '';
  /** False while parts of a snapshot are to come. */
  isWhole = false;
  /** Messages whose checksum was that of the copy. */
  verified = 0;
  private readonly bids = new Map<string, string>();
  private readonly asks = new Map<string, string>();

  take(message: Json): void {
    if (message['isSnapshot'] === true) {
      if ((message['part'] ?? 1) === 1) {
        this.bids.clear();
        this.asks.clear();
      }
    } else assert.equal(message['prevSeq'], this.seq, 'a delta follows the message before it');
    for (const side of ['bids', 'asks'] as const) {
      for (const { price, amount } of message[side] as Level[]) {
        if (amount === '0') this[side].delete(price);
        else this[side].set(price, amount);
      }
    }
    this.isWhole = (message['part'] ?? 1) === (message['parts'] ?? 1);
    this.seq = message['seq'] as number;
    this.state = message['state'] as string;
    if (this.isWhole && message['checksum'] !== undefined) this.verify(message['checksum']);
  }

  private verify(checksum: unknown): void {
    const { bids, asks } = this.sides();
    const ranks = Array.from({ length: CHECKSUM_LEVELS }, (_, rank) => [bids[rank], asks[rank]]);
    const texts = ranks.flat().flatMap((level) => (level === undefined ? [] : [level.price, level.amount]));
    assert.equal(checksum, crc32(texts.join(':')), `seq ${this.seq}: ${texts.join(':')}`);
    this.verified++;
  }

  sides(): { bids: Level[]; asks: Level[] } {
    const list = (side: Map<string, string>, sign: number): Level[] =>
      [...side]
        .map(([price, amount]) => ({ price, amount }))
        .sort((a, b) => sign * (Number(a.price) - Number(b.price)));
    return { bids: list(this.bids, -1), asks: list(this.asks, 1) };
  }
}
