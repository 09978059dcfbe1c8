// A whole load test: the engine, the runs on it, the search where one is asked for, and what the report is made from.

import { MARKETS_MAX } from '../../schemas/config.ts';
import { takeAnchor } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { summarize } from '../observe/latency-counts.ts';
import type { LoadRun, SearchStep } from '../report/load-run.ts';
import { EngineClient } from './engine-client.ts';
import { startOwnEngine } from './engine-process.ts';
import { factsOf, type KnownFacts } from './facts.ts';
import { measure } from './measurement.ts';
import { type LoadOptions, RATE_MAX } from './options.ts';
import { countText, durationText, type ProgressOutput } from './progress.ts';
import type { LoadPlan } from './protocol.ts';
import { type RunResult, resultOf, whyNotSustained } from './results.ts';
import { confirmRate, searchRate } from './search.ts';

export type LoadTestParts = {
  readonly options: LoadOptions;
  /** As typed, for the report. */
  readonly parameters: readonly string[];
  /** Aborted: ends early and tells what there is. */
  readonly cut: AbortSignal;
  readonly output: ProgressOutput;
};

export type LoadTestResult = {
  readonly run: LoadRun;
  /** Why the engine is not there any more, or null. */
  readonly engineFailure: string | null;
};

/** The engine under test, wherever it runs. */
type Subject = {
  readonly client: EngineClient;
  readonly ingestUrl: string;
  readonly streamUrl: string;
  failure(): string | null;
  stop(): Promise<void>;
};

/** A step of a search: long enough for a p99 at a thousand a second, short enough for twenty of them. */
const STEP_S = 3;
const STEP_WARMUP_S = 1;
const CONFIRM_TRIES = 5;

async function openSubject({ target, token, workers }: LoadOptions): Promise<Subject> {
  if (target !== null) {
    const client = new EngineClient(target.url, token);
    await client.check();
    const streamUrl = `${target.url.replace(/^http/, 'ws')}/stream`;
    return { client, streamUrl, ingestUrl: target.ingestUrl, failure: () => null, stop: async () => undefined };
  }
  const own = await startOwnEngine({ workers, token });
  const streamUrl = `${own.url.replace(/^http/, 'ws')}/stream`;
  return { ...own, client: new EngineClient(own.url, token), streamUrl };
}

/** Rejects with a UsageError where the target cannot be tested. */
export async function runLoadTest(parts: LoadTestParts): Promise<LoadTestResult> {
  const subject = await openSubject(parts.options);
  try {
    const facts = await factsOf(parts.options, subject.client, parts.parameters);
    const test = new LoadTest(parts, subject, facts);
    try {
      return await test.run();
    } finally {
      await test.stop();
    }
  } finally {
    await subject.stop();
  }
}

class LoadTest {
  private readonly parts: LoadTestParts;
  private subject: Subject;
  private readonly facts: KnownFacts;
  private readonly steps: SearchStep[] = [];
  private marketsUsed = 0;

  constructor(parts: LoadTestParts, subject: Subject, facts: KnownFacts) {
    this.parts = parts;
    this.subject = subject;
    this.facts = facts;
  }

  async run(): Promise<LoadTestResult> {
    const { searchP99Ns, ratePerS, warmupS, durationS } = this.parts.options;
    const result =
      searchP99Ns === null ? await this.measureAt(ratePerS, warmupS, durationS, '') : await this.search(searchP99Ns);
    const { counts, stages, intervals, generator, process, notes, offeredRate, achievedRate } = result;
    const run = { ...this.facts, offeredRate, achievedRate, durationS: result.durationS };
    const search = searchP99Ns === null ? null : this.steps;
    const engineFailure = this.subject.failure();
    const all = engineFailure === null ? notes : [`${sentence(engineFailure)}.`, ...notes];
    return {
      run: { run, counts, stages, intervals, generator, process, search, notes: all },
      engineFailure: engineFailure ?? (result.heldSlots === null ? 'the engine did not answer at the end' : null),
    };
  }

  /** The engine that the test started last ends with it. */
  stop(): Promise<void> {
    return this.subject.stop();
  }

  /** An engine keeps its markets: where a search has used them all up, another engine goes on. */
  private async renewEngine(): Promise<void> {
    const { options } = this.parts;
    if (options.target !== null) {
      throw new UsageError(
        `--markets: expected room for ${this.steps.length + 1} runs of a search within ${MARKETS_MAX} markets, was ${options.markets}`,
      );
    }
    await this.subject.stop();
    this.subject = await openSubject(options);
    this.marketsUsed = 0;
  }

  private planAt(ratePerS: number, warmupS: number, durationS: number): LoadPlan {
    const { options } = this.parts;
    const { format, dialect, updates, markets, connections, batch, profile, seed, token } = options;
    return {
      ...{ format, dialect, updates, markets, connections, batch, profile, seed, token },
      ...{ ratePerS, warmupS, durationS },
      ingestUrl: this.subject.ingestUrl,
      marketsBefore: this.marketsUsed,
      anchor: takeAnchor(),
    };
  }

  /** Each run has markets of its own: those of another go on where that one stopped. */
  private async measureAt(ratePerS: number, warmupS: number, durationS: number, label: string): Promise<RunResult> {
    const { options, cut, output } = this.parts;
    const plan = this.planAt(ratePerS, warmupS, durationS);
    const { generator: kind, generators, subscribers, encoding } = options;
    const { client, streamUrl } = this.subject;
    const measured = await measure({
      ...{ plan, client, streamUrl, kind, generators, subscribers, encoding, cut, output, label },
    });
    this.marketsUsed += options.markets;
    return resultOf(measured, subscribers > 0);
  }

  private readonly goesOn = (): boolean => !this.parts.cut.aborted && this.subject.failure() === null;

  private async step(
    ratePerS: number,
    warmupS: number,
    durationS: number,
    boundNs: number,
  ): Promise<[SearchStep, RunResult]> {
    if (this.marketsUsed + this.parts.options.markets > MARKETS_MAX) await this.renewEngine();
    const result = await this.measureAt(ratePerS, warmupS, durationS, `${countText(ratePerS)}/s`);
    const reason = this.parts.cut.aborted ? 'cut short' : whyNotSustained(result, boundNs);
    const { p99, max } = summarize(result.stages['end-to-end']);
    const step: SearchStep = {
      ratePerS,
      achievedRate: result.achievedRate,
      p99Ns: p99 ?? max,
      lost: result.counts.lost,
      isSustained: reason === '',
      reason,
    };
    this.steps.push(step);
    const told = `p99 ${step.p99Ns === null ? '–' : durationText(step.p99Ns)}`;
    this.parts.output.write(`${countText(ratePerS)}/s  ${told}  ${reason === '' ? 'sustained' : reason}\n`);
    return [step, result];
  }

  /** The result is the last full run: at the rate found, or what came of the attempt to confirm it. */
  private async search(boundNs: number): Promise<RunResult> {
    const { ratePerS, warmupS, durationS } = this.parts.options;
    let last: RunResult | null = null;
    const measureStep = async (rate: number): Promise<SearchStep> => {
      const [step, result] = await this.step(rate, STEP_WARMUP_S, STEP_S, boundNs);
      last = result;
      return step;
    };
    const measureFull = async (rate: number): Promise<SearchStep> => {
      const [step, result] = await this.step(rate, warmupS, durationS, boundNs);
      last = result;
      return step;
    };
    const bounds = { startPerS: ratePerS, mostPerS: RATE_MAX, goesOn: this.goesOn };
    const found = await searchRate(measureStep, bounds);
    const confirmed = found === null ? null : await confirmRate(measureFull, found, CONFIRM_TRIES, this.goesOn);
    const result = last ?? (await this.measureAt(ratePerS, warmupS, durationS, ''));
    return { ...result, notes: [...this.searchNotes(found, confirmed, boundNs), ...result.notes] };
  }

  private searchNotes(found: number | null, confirmed: number | null, boundNs: number): string[] {
    const bound = `p99 up to ${durationText(boundNs)} and nothing lost`;
    if (confirmed !== null) return [`The highest sustained rate is ${countText(confirmed)}/s, with ${bound}.`];
    if (this.parts.cut.aborted) return ['The search was cut short: the figures are those of its last run.'];
    if (found === null) return [`No rate was sustained with ${bound}: the figures are those of the last step.`];
    return [`No rate held for the whole duration with ${bound}: the figures are those of the last attempt.`];
  }
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
