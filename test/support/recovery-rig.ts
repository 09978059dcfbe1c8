// What tests of recovery share: traffic that is the same each time, producers that go on after a cut, subscribers that keep
// all they were told, engines that are killed, and what all markets came to.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { Engine } from '../../engine/main.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { eventually, hourAheadMs, type Json } from './live-engine.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const VENUE = 'rig';
const LEVELS = 12;

// ---- traffic

export type Traffic = { readonly frames: readonly string[]; readonly markets: readonly string[] };

type Maker = { readonly symbol: string; trades: number; isBegun: boolean };

/** A book and trades of some markets in one order; all values, ids and venue times follow from the seed. */
export function makeTraffic(seed: number, marketCount: number, frameCount: number, from = hourAheadMs()): Traffic {
  const random = seededRandom(seed, 'recovery');
  const pick = (below: number): number => random.integer(below);
  const makers: Maker[] = Array.from({ length: marketCount }, (_, i) => ({
    symbol: `M${i}`,
    trades: 0,
    isBegun: false,
  }));
  const level = (side: 'bids' | 'asks', removes: boolean): Json => ({
    price: String(side === 'bids' ? 1000 - pick(LEVELS) : 1001 + pick(LEVELS)),
    amount: removes && pick(3) === 0 ? '0' : `${1 + pick(50)}.${1 + pick(9)}`,
  });
  const frames = Array.from({ length: frameCount }, (_, index) => {
    const maker = makers[index < marketCount ? index : pick(marketCount)];
    const common = { exchange: VENUE, symbol: maker.symbol, timestamp: new Date(from + index * 7).toISOString() };
    if (!maker.isBegun || pick(3) > 0) {
      const isSnapshot = !maker.isBegun;
      maker.isBegun = true;
      const sides = { bids: [level('bids', !isSnapshot)], asks: [level('asks', !isSnapshot)] };
      return JSON.stringify({ type: 'book_change', ...common, isSnapshot, ...sides });
    }
    const { price, amount } = level(pick(2) === 0 ? 'bids' : 'asks', false);
    const trade = { price, amount, side: pick(2) === 0 ? 'buy' : 'sell', id: String(++maker.trades) };
    return JSON.stringify({ type: 'trade', ...common, ...trade });
  });
  return { frames, markets: makers.map(({ symbol }) => `${VENUE}:${symbol}`) };
}

// ---- producers

/** Sends all frames of one named producer, over as many connections as it takes. */
export class NamedProducer {
  /** All frames up to this one are acknowledged. */
  acknowledged = 0;
  /** Highest number acknowledged that a later welcome did not know. */
  forgotten = 0;
  connections = 0;
  private readonly name: string;
  private readonly frames: readonly string[];
  private readonly port: () => number | null;
  private readonly perTurn: number;
  private isStopped = false;

  /** `port` is that of the engine as it is now, null while there is none; `perTurn` frames are sent each millisecond. */
  constructor(name: string, frames: readonly string[], port: () => number | null, perTurn = 4) {
    this.name = name;
    this.frames = frames;
    this.port = port;
    this.perTurn = perTurn;
  }

  /** Resolves once everything is acknowledged. */
  async run(): Promise<void> {
    while (this.acknowledged < this.frames.length && !this.isStopped) {
      const port = this.port();
      if (port !== null) await this.connection(port).catch(() => undefined);
      await sleep(5);
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private connection(port: number): Promise<void> {
    const address = `ws://127.0.0.1:${port}/ingest/json?producer=${encodeURIComponent(this.name)}`;
    const socket = new WebSocket(address, { perMessageDeflate: false });
    this.connections++;
    return new Promise((resolve) => {
      socket.on('error', () => undefined);
      socket.once('close', () => resolve());
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as { op: string; lastSeq?: number; seq?: number };
        if (message.op === 'welcome') {
          const last = message.lastSeq ?? 0;
          if (last < this.acknowledged) this.forgotten = this.acknowledged;
          void this.send(socket, last);
        } else if (message.op === 'ack') this.acknowledged = Math.max(this.acknowledged, message.seq ?? 0);
        if (this.acknowledged === this.frames.length || this.isStopped) socket.close();
      });
    });
  }

  private async send(socket: WebSocket, from: number): Promise<void> {
    for (let next = from; next < this.frames.length && !this.isStopped; ) {
      if (socket.readyState !== WebSocket.OPEN) return;
      for (let i = 0; i < this.perTurn && next < this.frames.length; i++) socket.send(this.frames[next++]);
      await sleep(1);
    }
    // Where everything is acknowledged already, no message comes that would end it.
    if (this.isStopped) socket.close();
  }
}

// ---- subscribers

/** Fields that tell when something came and not what. */
const TIMES = new Set(['localTimestamp', 'since']);

export function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !TIMES.has(key));
  return Object.fromEntries(kept.map(([key, held]) => [key, withoutTimes(held)]));
}

/** Keeps all that it is told, by channel. */
export class Listener {
  readonly told = new Map<string, Json[]>();
  private readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as Json;
      const channel = message['channel'];
      if (typeof channel !== 'string') return;
      this.told.set(channel, [...(this.told.get(channel) ?? []), message]);
    });
  }

  static async open(port: number, args: readonly string[]): Promise<Listener> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/stream`, { perMessageDeflate: false });
    const listener = new Listener(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    const answer = new Promise<Json>((resolve) =>
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as Json;
        if (message['op'] === 'subscribed') resolve(message);
      }),
    );
    socket.send(JSON.stringify({ op: 'subscribe', id: 1, args }));
    assert.deepEqual((await answer)['errors'], []);
    return listener;
  }

  of(channel: string): readonly Json[] {
    return this.told.get(channel) ?? [];
  }

  /** Numbers of a channel follow one another: none is left out and none comes twice. */
  assertWhole(channel: string): void {
    const messages = this.of(channel);
    for (let i = 1; i < messages.length; i++) {
      const [before, seq, prevSeq] = [messages[i - 1]['seq'], messages[i]['seq'], messages[i]['prevSeq']];
      assert.deepEqual(
        [prevSeq, seq],
        [before, (before as number) + 1],
        `${channel}, message ${i} of ${messages.length}`,
      );
    }
  }

  close(): void {
    this.socket.close();
  }
}

// ---- what markets come to

/** Books with all levels, trades, bars and signals of all markets, without times of receipt. */
export async function stateOf(port: number, markets: readonly string[], barKinds: readonly string[]): Promise<unknown> {
  const get = async (path: string): Promise<unknown> => {
    const answer = await eventually(path, async () => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return response.status === 200 ? ((await response.json()) as unknown) : null;
    });
    return withoutTimes(answer);
  };
  const found: [string, unknown][] = [];
  for (const market of markets) {
    const name = encodeURIComponent(market);
    const book = await get(`/v1/book/${name}?depth=0`);
    const trades = await get(`/v1/trades/${name}?limit=100`);
    const signals = await get(`/v1/signals/${name}`);
    const bars = await Promise.all(barKinds.map((kind) => get(`/v1/bars/${name}?kind=${kind}&limit=500`)));
    found.push([market, { book, trades, signals, bars }]);
  }
  return Object.fromEntries(found);
}

// ---- ends

type Shards = { readonly pool: { readonly shards: readonly { readonly abort: AbortController }[] } };

/** Ends a shard's thread wherever it is, as a crash would: it is not asked, and notices nothing. */
export function killShard(engine: Engine, shard: number): void {
  (engine as unknown as Shards).pool.shards[shard].abort.abort();
}

/** An engine as a process of its own, run from its source, which can be killed and begun again. */
export class EngineProcess {
  readonly child: ChildProcess;
  stderr = '';
  stdout = '';
  readonly ended: Promise<number | NodeJS.Signals | null>;

  /** `shell` wraps the command, to set limits of the system; `preloads` are modules of this folder, loaded in each thread. */
  constructor(
    parameters: readonly string[],
    shell: ((command: string) => string) | null = null,
    preloads: readonly string[] = [],
  ) {
    const loads = ['./typescript.mjs', ...preloads].map((name) => fileURLToPath(new URL(name, import.meta.url)));
    const all = [
      ...[...loads.flatMap((path) => ['--import', path]), 'engine/cli.ts', 'start'],
      ...['--feed', 'none', '--port', '0', '--ingest-port', '0', ...parameters],
    ];
    const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('MILLRACE_')));
    const options = { cwd: PROJECT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[] };
    const quoted = [process.execPath, ...all].map((word) => `'${word}'`).join(' ');
    this.child =
      shell === null ? spawn(process.execPath, all, options) : spawn('bash', ['-c', shell(`exec ${quoted}`)], options);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal)));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ports, once it is ready. */
  async ports(): Promise<{ port: number; ingestPort: number }> {
    const found = await eventually('the line with the ports', () => {
      if (this.hasEnded) throw new Error(`expected a running engine, ended with: ${this.stderr}`);
      return /stream wss?:\/\/[^:]+:(\d+)\/stream {2}ingest wss?:\/\/[^:]+:(\d+)\//.exec(this.stderr);
    });
    return { port: Number(found[1]), ingestPort: Number(found[2]) };
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.child.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<number | NodeJS.Signals | null> {
    if (!this.hasEnded) this.child.kill('SIGTERM');
    return this.ended;
  }
}
