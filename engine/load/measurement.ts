// One load run from its first update to its last: starts everything, looks at it at intervals, waits for the stragglers.
//
//   connect, snapshots │ start ── warm-up ──│── span ──│── span ──│ … ──│ drain │ stop
//                                        sample     sample     sample       sample

import { EngineClock } from '../base/clock.ts';
import type { EngineClient } from './engine-client.ts';
import { type GeneratorKind, type Generators, startGenerators } from './generators.ts';
import { Progress, type ProgressFacts, type ProgressOutput } from './progress.ts';
import type { LoadPlan } from './protocol.ts';
import { processedOf, type Sample, sampleEngine, sampleOf } from './sample.ts';
import { LoadSchedule } from './schedule.ts';
import type { Encoding } from './subscriber-protocol.ts';
import { type Subscribers, startSubscribers } from './subscribers.ts';

export type MeasureOptions = {
  readonly plan: LoadPlan;
  readonly client: EngineClient;
  /** `ws://HOST:PORT/stream`. */
  readonly streamUrl: string;
  readonly kind: GeneratorKind;
  readonly generators: number;
  readonly subscribers: number;
  readonly encoding: Encoding;
  /** Aborted: the run ends early, and what came until then is told. */
  readonly cut: AbortSignal;
  readonly output: ProgressOutput;
  /** Before each line of progress, or empty. */
  readonly label: string;
};

export type Measured = {
  readonly plan: LoadPlan;
  /** Before the first update; at the start of the measured time and at the end of each span. */
  readonly before: Sample;
  readonly samples: readonly Sample[];
  readonly spanS: number;
  /** Updates due: in all, and in the warm-up. */
  readonly due: number;
  readonly warmupDue: number;
  /** Measured time, shorter than planned where the run was cut. */
  readonly durationS: number;
  readonly isCut: boolean;
};

const NS = 1e9;
const SPANS_MAX = 120;
/** Helpers are told when to start this long before. */
const LEAD_NS = 0.25 * NS;
const MARKETS_WITHIN_MS = 30_000;
/** All is received when nothing has come for this long; the wait is never longer than the next. */
const QUIET_MS = 1_000;
const DRAIN_MS_MAX = 10_000;
const DRAIN_POLL_MS = 50;
/** After its last update is due a generator has caught up or left out the rest within this time. */
const DONE_WITHIN_MS = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Spans of a second or more, as long as each other, and not too many to draw. */
export function spanCountOf(durationS: number): number {
  return Math.max(1, Math.min(SPANS_MAX, Math.floor(durationS)));
}

/** The engine knows every market and has its book; without that nothing can be subscribed to. */
async function marketsLive(client: EngineClient, markets: readonly string[]): Promise<void> {
  const deadline = performance.now() + MARKETS_WITHIN_MS;
  for (;;) {
    const states = await client.markets();
    const live = markets.filter((market) => states.get(market) === 'live').length;
    if (live === markets.length) return;
    if (performance.now() > deadline)
      throw new Error(`${client.url}: expected ${markets.length} live markets within 30 s, there were ${live}`);
    await pause(50);
  }
}

/** Starts everything, measures, and stops everything whatever happens. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { plan, client, kind } = options;
  const generators = await startGenerators(plan, { kind, count: options.generators });
  try {
    await marketsLive(client, generators.markets);
    const { streamUrl, encoding } = options;
    const shared = { load: plan, streamUrl, encoding, markets: generators.markets };
    const subscribers = await startSubscribers(shared, kind, options.subscribers);
    try {
      return await new Measurement(options, generators, subscribers).run();
    } finally {
      await subscribers.stop();
    }
  } finally {
    await generators.stop();
  }
}

class Measurement {
  private readonly options: MeasureOptions;
  private readonly generators: Generators;
  private readonly subscribers: Subscribers;
  private readonly clock: EngineClock;
  private readonly schedule: LoadSchedule;
  private startNs = 0;

  constructor(options: MeasureOptions, generators: Generators, subscribers: Subscribers) {
    this.options = options;
    this.generators = generators;
    this.subscribers = subscribers;
    this.clock = new EngineClock(options.plan.anchor);
    this.schedule = new LoadSchedule(options.plan);
  }

  async run(): Promise<Measured> {
    const before = await this.sample();
    this.startNs = this.clock.nowNs() + LEAD_NS;
    this.subscribers.start(this.startNs);
    this.generators.start(this.startNs);
    const progress = new Progress(this.options.output, () => this.progressFacts());
    progress.start();
    try {
      return await this.watch(before);
    } finally {
      progress.stop();
    }
  }

  private async watch(before: Sample): Promise<Measured> {
    const { plan, cut } = this.options;
    const spans = spanCountOf(plan.durationS);
    const spanS = plan.durationS / spans;
    await this.until(plan.warmupS);
    const samples = [await this.sample()];
    for (let span = 1; span < spans && !cut.aborted; span++) {
      await this.until(plan.warmupS + span * spanS);
      if (!cut.aborted) samples.push(await this.sample());
    }
    await this.until(plan.warmupS + plan.durationS);
    const endS = cut.aborted ? this.elapsedS() : plan.warmupS + plan.durationS;
    await this.finish(before);
    // The last span has the stragglers: they were due in it.
    samples.push(await this.sample());
    const { sent, leftOut } = this.generators.counts();
    const due = cut.aborted ? sent + leftOut : this.schedule.total;
    return {
      ...{ plan, before, samples, spanS, due },
      warmupDue: Math.min(due, this.schedule.warmupCount),
      durationS: Math.max(0, endS - plan.warmupS),
      isCut: cut.aborted,
    };
  }

  private elapsedS(): number {
    return Math.min(this.schedule.endNs, Math.max(0, this.clock.nowNs() - this.startNs)) / NS;
  }

  /** Seconds after the start, or the cut, whichever is first. */
  private async until(seconds: number): Promise<void> {
    const { cut } = this.options;
    const waitMs = (this.startNs + seconds * NS - this.clock.nowNs()) / 1e6;
    if (waitMs <= 0 || cut.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        cut.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      cut.addEventListener('abort', done);
    });
  }

  private async sample(): Promise<Sample> {
    const { client } = this.options;
    const looks = [sampleEngine(client), this.subscribers.reports(), this.generators.latest()] as const;
    return sampleOf(...(await Promise.all(looks)));
  }

  /** Updates that came, to each place where they are looked for: the subscribers, or the engine's state where there are none. */
  private async arrived({ engine }: Sample): Promise<number[]> {
    const { client } = this.options;
    const reports = await this.subscribers.reports();
    if (reports.length > 0) return reports.map(({ received }) => received);
    const stats = await client.stats().catch(() => null);
    const [now, then] = [stats, engine?.stats ?? null].map((each) => (each === null ? null : processedOf(each)));
    return now === null || then === null ? [] : [now - then];
  }

  /** Waits for the generators' last counts, then until everything sent has come or nothing more comes. */
  private async finish(before: Sample): Promise<void> {
    if (this.options.cut.aborted) await this.generators.stop();
    else await Promise.race([this.generators.done, pause(DONE_WITHIN_MS)]);
    const startMs = performance.now();
    let quietSinceMs = startMs;
    let received = -1;
    for (;;) {
      const each = await this.arrived(before);
      const nowMs = performance.now();
      if (Math.min(...each) >= this.generators.counts().sent) return;
      const all = each.reduce((sum, count) => sum + count, 0);
      if (all !== received) quietSinceMs = nowMs;
      received = all;
      if (nowMs - quietSinceMs > QUIET_MS || nowMs - startMs > DRAIN_MS_MAX) return;
      await pause(DRAIN_POLL_MS);
    }
  }

  private async progressFacts(): Promise<ProgressFacts> {
    const subscribers = await this.subscribers.reports();
    const { plan, label } = this.options;
    const elapsedS = this.elapsedS();
    const measuredS = Math.max(0, elapsedS - plan.warmupS);
    const phase = elapsedS < plan.warmupS ? 'warm-up' : `${measuredS.toFixed(0)} s of ${plan.durationS} s`;
    return {
      phase: label === '' ? phase : `${label}  ${phase}`,
      atMs: performance.now(),
      due: this.schedule.countDueAt(elapsedS * NS),
      generator: this.generators.counts(),
      subscribers,
    };
  }
}
