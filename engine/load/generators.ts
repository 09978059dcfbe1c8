// Owns the generators of one run: starts them as threads or processes, tells them when to begin, adds their counts up.

import { entryUrl } from '../base/entry.ts';
import { emptyCounts, mergeCounts } from '../observe/latency-counts.ts';
import { type Helper, startHelper } from './helpers.ts';
import type { GeneratorCounts, GeneratorMessage, GeneratorPlan, LoadPlan, RunnerMessage } from './protocol.ts';

/** Where generators run: in threads of this process, or in processes of their own. */
export const GENERATOR_KINDS = ['thread', 'process'] as const;
export type GeneratorKind = (typeof GENERATOR_KINDS)[number];

export type GeneratorOptions = { readonly kind: GeneratorKind; readonly count: number };

/** A stopped generator that has not ended by then is ended. */
const STOP_WITHIN_MS = 5_000;

const NO_COUNTS: GeneratorCounts = {
  ...{ sent: 0, frames: 0, bytes: 0, leftOut: 0, disconnects: 0, cpuUs: 0 },
  lateness: emptyCounts(),
  rejected: {},
};

/** Counts of several generators as those of one. */
export function mergeGeneratorCounts(parts: readonly GeneratorCounts[]): GeneratorCounts {
  const sum = (pick: (part: GeneratorCounts) => number): number => parts.reduce((total, part) => total + pick(part), 0);
  const rejected: Record<string, number> = {};
  for (const part of parts) {
    for (const [category, count] of Object.entries(part.rejected))
      rejected[category] = (rejected[category] ?? 0) + count;
  }
  return {
    sent: sum(({ sent }) => sent),
    frames: sum(({ frames }) => frames),
    bytes: sum(({ bytes }) => bytes),
    lateness: mergeCounts(parts.map(({ lateness }) => lateness)),
    leftOut: sum(({ leftOut }) => leftOut),
    disconnects: sum(({ disconnects }) => disconnects),
    rejected,
    cpuUs: sum(({ cpuUs }) => cpuUs),
  };
}

/** A generator that is this busy has told its counts a moment ago. */
const TOLD_WITHIN_MS = 500;

const ENTRY = './generator-entry.ts';

/** One generator as the runner sees it. */
class GeneratorPeer {
  latest: GeneratorCounts = NO_COUNTS;
  readonly ready: Promise<readonly string[]>;
  /** Its last counts, once all its updates were due. Rejects where it ends before. */
  readonly done: Promise<GeneratorCounts>;
  private readonly helper: Helper<RunnerMessage>;
  private readonly listeners: ((message: GeneratorMessage) => void)[] = [];
  /** Who waits for its next counts. */
  private waiting: (() => void)[] = [];

  constructor(kind: GeneratorKind, plan: GeneratorPlan) {
    const name = `load generator ${plan.index}`;
    let failWith: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      failWith = reject;
    });
    this.ready = Promise.race([this.first('ready').then(({ markets }) => markets), failed]);
    this.done = Promise.race([this.first('done').then(({ counts }) => counts), failed]);
    // Whoever waits for it is told; without anybody waiting it is no crash of the runner.
    for (const promise of [this.ready, this.done]) promise.catch(() => undefined);
    this.listeners.push((message) => {
      if (message.op === 'counts' || message.op === 'done') this.take(message.counts);
      if (message.op === 'failed') failWith(new Error(`${name}: ${message.reason}`));
    });
    this.helper = startHelper(kind, entryUrl(ENTRY, import.meta.url), name, plan, (message: GeneratorMessage) => {
      for (const listener of this.listeners) listener(message);
    });
    this.helper.ended.then((reason) => failWith(new Error(`${name}: ${reason ?? 'stopped'}`)));
  }

  private take(counts: GeneratorCounts): void {
    this.latest = counts;
    const told = this.waiting;
    this.waiting = [];
    for (const resolve of told) resolve();
  }

  send(message: RunnerMessage): void {
    this.helper.post(message);
  }

  /** Resolves once `latest` is of now. */
  async refresh(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TOLD_WITHIN_MS);
    });
    const told = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.helper.post({ op: 'tell' });
    await Promise.race([told, late, this.helper.ended]);
    clearTimeout(timer);
  }

  async stop(): Promise<void> {
    this.helper.post({ op: 'stop' });
    const timer = setTimeout(() => this.helper.kill(), STOP_WITHIN_MS);
    await this.helper.ended;
    clearTimeout(timer);
  }

  private first<Op extends GeneratorMessage['op']>(op: Op): Promise<Extract<GeneratorMessage, { op: Op }>> {
    return new Promise((resolve) => {
      this.listeners.push((message) => {
        if (message.op === op) resolve(message as Extract<GeneratorMessage, { op: Op }>);
      });
    });
  }
}

export class Generators {
  /** All markets, `venue:symbol`, in the order of their popularity. */
  readonly markets: readonly string[];
  /** The sum of the last counts, once all updates were due; rejects where a generator fails. Sockets stay open until stop(). */
  readonly done: Promise<GeneratorCounts>;
  private readonly peers: readonly GeneratorPeer[];

  constructor(peers: readonly GeneratorPeer[], markets: readonly string[]) {
    this.peers = peers;
    this.markets = markets;
    this.done = Promise.all(peers.map((peer) => peer.done)).then(mergeGeneratorCounts);
    this.done.catch(() => undefined);
  }

  /** Update 0 is due at `startNs` of the clock whose anchor the plan has; at least some milliseconds from now. */
  start(startNs: number): void {
    for (const peer of this.peers) peer.send({ op: 'start', startNs });
  }

  /** What was told last, at most REPORT_MS old; of an answer of the engine also after `done`. */
  counts(): GeneratorCounts {
    return mergeGeneratorCounts(this.peers.map(({ latest }) => latest));
  }

  /** Counts of now, or of a moment ago where a generator is busy. */
  async latest(): Promise<GeneratorCounts> {
    await Promise.all(this.peers.map((peer) => peer.refresh()));
    return this.counts();
  }

  /** Closes all sockets; resolves once threads and processes have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.stop()));
  }
}

/** Resolves once all are connected and have sent the books' snapshots; rejects, with all of them ended, where one cannot. */
export async function startGenerators(plan: LoadPlan, { kind, count }: GeneratorOptions): Promise<Generators> {
  const peers = Array.from({ length: count }, (_, index) => new GeneratorPeer(kind, { ...plan, index, count }));
  try {
    const markets = await Promise.all(peers.map(({ ready }) => ready));
    return new Generators(peers, markets[0]);
  } catch (error) {
    await Promise.all(peers.map((peer) => peer.stop()));
    throw error;
  }
}
