// One compiled engine as a process of its own: started, asked, hurt and ended by scenarios.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/live-engine.ts';
import { ensureBuilt } from '../support/live-engine-process.ts';
import { type Accounting, accountOf } from './scenario.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const PRELOAD = new URL('engine-preload.mjs', import.meta.url).href;
const SAID_MAX = 65_536;
const REJECTIONS = [
  'syntax',
  'shape',
  'missing-field',
  'type',
  'range',
  'precision',
  'unknown-market',
  'too-large',
  'internal',
];

/** Trades with these ids do harm to the shard that applies them (engine-preload.mjs). */
export const Harm = {
  ...{ throw: 900_001, rejection: 900_002, exit: 900_003, 'out-of-memory': 900_004, 'stack-overflow': 900_005 },
  ...{ hang: 900_006, pause: 900_007, longPause: 900_008, pause5s: 900_009 },
} as const;

export type EngineStats = {
  readonly total: Readonly<Record<string, number>> & { readonly rejected: Readonly<Record<string, number>> };
  readonly ingress: Readonly<Record<string, number>>;
  readonly shards: readonly Readonly<Record<string, number>>[];
  readonly rings: readonly {
    readonly shard: number;
    readonly ring: string;
    readonly slots: number;
    readonly held: number;
  }[];
  readonly publish: Readonly<Record<string, number>> & {
    readonly slowClosedBy: Readonly<Record<string, number>>;
    readonly limited: Readonly<Record<string, number>>;
  };
  readonly recovery: {
    readonly deaths: Readonly<Record<string, number>>;
    readonly lastDeaths: readonly {
      readonly shard: number;
      readonly kind: string;
      readonly noticedMs: number;
      readonly recoveredMs: number | null;
      readonly isRebuilt: boolean;
    }[];
    readonly givenUpShards: readonly number[];
    readonly poisonedRecords: number;
    readonly startSeconds: number;
    readonly startEntries: number;
  };
  readonly journal: { readonly state: string; readonly numbers: Readonly<Record<string, number>> } | null;
  readonly process: { readonly rssBytes: number; readonly heapUsedBytes: number; readonly externalBytes: number };
};

export type Summary = Readonly<Record<string, number>> & {
  readonly forced: boolean;
  readonly totals: Readonly<Record<string, number>>;
};

export type Ended = { readonly code: number | null; readonly signal: string | null; readonly summary: Summary | null };

/** A shard that was ended: times in ms, since the order. */
export type ShardBack = {
  readonly shard: number;
  readonly kind: string;
  readonly noticedMs: number;
  readonly recoveredMs: number | null;
  readonly isRebuilt: boolean;
};

/** What a disk does wrong; `folder` is the journal's. */
export type DiskFault = { readonly folder: string; readonly code?: string; readonly syncMs?: number };

export type EngineOptions = {
  /** Shards are begun again however often they die. */
  readonly isPatient?: boolean;
  /** Each trade costs its shard so much. */
  readonly slowNs?: number;
  /** File through which the disk is spoilt. */
  readonly diskFile?: string;
  /** Each thread says when one of the objects that all others come from was changed. */
  readonly watchesShapes?: boolean;
  readonly nodeFlags?: readonly string[];
};

/** Unnamed settings of every engine here; flags given later win. */
const USUAL = ['--feed', 'none', '--port', '0', '--ingest-port', '0', '--log-level', 'warn', '--markets-max', '256'];

export class EngineUnderTest {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  port = 0;
  ingestPort = 0;
  stderr = '';
  private stdout = '';
  private readonly diskFile: string | null;

  private constructor(flags: readonly string[], options: EngineOptions) {
    const { isPatient = false, slowNs = 0, diskFile = null, watchesShapes = false, nodeFlags = [] } = options;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_'));
    const env = {
      ...Object.fromEntries(inherited),
      ...(isPatient ? { TORTURE_PATIENT: '1' } : {}),
      ...(watchesShapes ? { TORTURE_SHAPES: '1' } : {}),
      ...(slowNs > 0 ? { TORTURE_SLOW_NS: String(slowNs) } : {}),
      ...(diskFile === null ? {} : { TORTURE_DISK: diskFile }),
    };
    this.diskFile = diskFile;
    const all = [...nodeFlags, '--import', PRELOAD, 'dist/engine/cli.js', 'start', ...USUAL, ...flags];
    this.child = spawn(process.execPath, all, { cwd: PROJECT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = `${this.stderr}${text}`.slice(-SAID_MAX);
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => resolve({ code, signal, summary: this.summary() })),
    );
  }

  /** Begins the process; resolves at once, before it is ready. */
  static async spawn(flags: readonly string[], options: EngineOptions = {}): Promise<EngineUnderTest> {
    await ensureBuilt();
    return new EngineUnderTest(flags, options);
  }

  static async start(flags: readonly string[], options: EngineOptions = {}): Promise<EngineUnderTest> {
    const engine = await EngineUnderTest.spawn(flags, options);
    await engine.ready();
    return engine;
  }

  async ready(): Promise<void> {
    const found = await eventually('the line with the ports', () => {
      if (this.hasEnded) throw new Error(`expected a running engine, ended with: ${this.stderr}`);
      return /stream wss?:\/\/[^:]+:(\d+)\/stream {2}ingest wss?:\/\/[^:]+:(\d+)\//.exec(this.stderr);
    });
    [this.port, this.ingestPort] = [Number(found[1]), Number(found[2])];
  }

  private summary(): Summary | null {
    return this.stdout === '' ? null : (JSON.parse(this.stdout) as Summary);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** On a connection of its own, which is closed with the answer: none is left to be counted as the engine's. */
  get<T>(path: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = httpGet({ host: '127.0.0.1', port: this.port, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve(JSON.parse(text) as T));
      });
      asked.once('error', reject);
    });
  }

  stats(): Promise<EngineStats> {
    return this.get<EngineStats>('/v1/stats?markets=0');
  }

  /** Heap and buffers of the main thread, the least of some looks after collections: buffers are freed some time after theirs. */
  async leastMemory(looks = 6, everyMs = 400): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < looks; look++) {
      await this.order({ op: 'collect' });
      const { heapUsedBytes, externalBytes } = (await this.stats()).process;
      least = Math.min(least, heapUsedBytes + externalBytes);
      await sleep(everyMs);
    }
    return least;
  }

  /** The statistics once they fit. */
  statsWhen(what: string, fits: (stats: EngineStats) => boolean): Promise<EngineStats> {
    return eventually(what, async () => {
      const stats = await this.stats();
      return fits(stats) ? stats : null;
    });
  }

  private order(message: object): Promise<unknown> {
    return new Promise((resolve) => {
      this.child.once('message', resolve);
      this.child.send(message);
    });
  }

  /** Ends a thread of a shard wherever it is; `sparesOthers` takes the shard that the last such order took. */
  terminateShard(sparesOthers = false): Promise<ShardBack> {
    return this.order({ op: 'terminate', sparesOthers }) as Promise<ShardBack>;
  }

  /** What keeps the main thread alive, by kind. */
  async resources(): Promise<Readonly<Record<string, number>>> {
    return ((await this.order({ op: 'resources' })) as { counts: Readonly<Record<string, number>> }).counts;
  }

  /** What the disk does from now on; null mends it. */
  spoilDisk(fault: DiskFault | null): void {
    if (this.diskFile === null) throw new Error('expected an engine with a file for faults of the disk');
    if (fault === null) rmSync(this.diskFile, { force: true });
    else writeFileSync(this.diskFile, JSON.stringify(fault));
  }

  get rssBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  get fileHandles(): number {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  /** File handles, the least of some looks: our own requests for statistics hold one while they run. */
  async leastFileHandles(looks = 10, everyMs = 200): Promise<number> {
    let least = this.fileHandles;
    for (let look = 1; look < looks; look++) {
      await sleep(everyMs);
      least = Math.min(least, this.fileHandles);
    }
    return least;
  }

  get threads(): number {
    return readdirSync(`/proc/${this.child.pid}/task`).length;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.hasEnded) this.child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.ended;
  }
}

/** Frames of one record each: what became of all of them, by the engine's own counters, against what was sent. */
export function accountBy({ total, ingress, rings }: EngineStats, received: number = ingress['frames']): Accounting {
  return accountOf(received, {
    applied: total['bookChanges'] + total['tradeRecords'],
    duplicate: total['duplicates'] + (received === ingress['frames'] ? ingress['repeats'] : 0),
    invalid: REJECTIONS.reduce((sum, name) => sum + ingress[name], 0),
    shed: ingress['dropped'],
    stale: total['lost'],
    inFlight: rings.reduce((sum, { ring, held }) => sum + (ring === 'input' ? held : 0), 0),
  });
}

/** Waits until nothing lies in a ring; what the rings gave up is with the sockets a moment later. */
export async function settled(engine: EngineUnderTest): Promise<EngineStats> {
  const isEmpty = ({ rings }: EngineStats): boolean => rings.every(({ held }) => held === 0);
  await engine.statsWhen('empty rings', isEmpty);
  await sleep(200);
  return engine.statsWhen('empty rings', isEmpty);
}
