// Asks an engine over HTTP: whether it is ready, its counters, and the latency of its stages.

import { UsageError } from '../base/errors.ts';
import { STAGES, type Stage } from '../observe/latency.ts';
import type { CountsJson } from '../observe/latency-counts.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** What this test reads of `/v1/stats`; an older engine may not have all of it. */
export type EngineStats = {
  readonly total: {
    readonly updates?: number;
    readonly drops: number;
    readonly rejected: Readonly<Record<string, number>>;
    readonly tradeRecords?: number;
    readonly bookChanges?: number;
  };
  readonly rings: readonly { readonly held: number; readonly slots: number }[];
  readonly shards: readonly { readonly outputLost: number; readonly cutShort: number }[];
  readonly ingress: { readonly unknown: number };
  readonly publish: {
    readonly messages: number;
    readonly slowClosed: number;
    readonly droppedMessages: number;
    readonly lost?: number;
    readonly bufferedBytes: number;
    readonly shardRestarts: number;
  };
  readonly process?: {
    readonly pid: number;
    readonly node: string;
    readonly rssBytes: number;
    readonly cpuUs: number;
    readonly threads?: readonly { readonly thread: string; readonly cpuUs: number }[];
    readonly gc: readonly { readonly thread: string; readonly pauses: CountsJson }[];
    readonly eventLoopDelay: CountsJson;
  };
};

export type EngineStages = Readonly<Record<Stage, CountsJson>>;

type MarketRow = { readonly market: string; readonly state: string };

export class EngineClient {
  /** `http://HOST:PORT`, without a path. */
  readonly url: string;
  private readonly headers: Record<string, string>;

  constructor(url: string, token: string | null) {
    this.url = url;
    this.headers = token === null ? {} : { authorization: `Bearer ${token}` };
  }

  private async get(path: string): Promise<Response> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    return fetch(`${this.url}${path}`, { headers: this.headers, signal });
  }

  private async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (response.status === 401) throw new UsageError('--token: expected the token of the target, was another or none');
    if (!response.ok) throw new Error(`${this.url}${path}: expected 200, was ${response.status}`);
    return (await response.json()) as T;
  }

  /** Throws a UsageError that says what is wrong with a target that cannot be tested. */
  async check(): Promise<void> {
    const ready = await this.get('/ready').catch((error: unknown) => {
      throw new UsageError(`--target ${this.url}: expected a running engine, was: ${causeOf(error)}`);
    });
    await ready.text();
    if (ready.status === 503) throw new UsageError(`--target ${this.url}: expected an engine that is ready, was not`);
    if (!ready.ok) throw new UsageError(`--target ${this.url}: expected an engine, /ready was ${ready.status}`);
    const stats = await this.stats();
    if (stats.total === undefined || stats.publish === undefined)
      throw new UsageError(`--target ${this.url}: expected /v1/stats of an engine, was something else`);
  }

  /** Without markets, which would be most of the answer. */
  stats(): Promise<EngineStats> {
    return this.json('/v1/stats?markets=0');
  }

  async stages(): Promise<EngineStages> {
    const found: Partial<Record<Stage, CountsJson>> = {};
    // One after the other: each takes the engine's main thread a moment, and together they would be a longer one.
    for (const stage of STAGES) found[stage] = await this.json(`/v1/latency/${stage}.json`);
    return found as EngineStages;
  }

  /** Trust states by market. */
  async markets(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.json<MarketRow[]>('/v1/markets');
    return new Map(rows.map(({ market, state }) => [market, state]));
  }
}

/** fetch() hides what happened in the error's cause. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
