// The moving line of a load test: in place on a terminal, plain lines when piped.

import { countsSince, mergeCounts, type StageCounts, toHistogram } from '../observe/latency-counts.ts';
import type { GeneratorCounts } from './protocol.ts';
import type { SubscriberReport } from './subscriber-protocol.ts';

export type ProgressOutput = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

/** What is known at one moment. */
export type ProgressFacts = {
  /** What the line begins with: `warm-up`, `12 s of 30 s`. */
  readonly phase: string;
  readonly atMs: number;
  /** Updates due by now, over all. */
  readonly due: number;
  readonly generator: GeneratorCounts;
  readonly subscribers: readonly SubscriberReport[];
};

const TERMINAL_INTERVAL_MS = 1_000;
const PIPED_INTERVAL_MS = 5_000;
const COLUMNS_USUAL = 80;

export function durationText(ns: number): string {
  if (ns < 1e6) return `${(ns / 1e3).toFixed(0)} µs`;
  return ns < 1e9 ? `${(ns / 1e6).toFixed(ns < 1e7 ? 2 : 1)} ms` : `${(ns / 1e9).toFixed(2)} s`;
}

export const countText = (count: number): string => Math.round(count).toLocaleString('en-US');

/** The 99th percentile however few samples there are: a line that moves is no report. */
function p99Text(counts: StageCounts): string {
  if (counts.count === 0) return '–';
  return durationText(Math.min(toHistogram(counts).getValueAtPercentile(99), counts.maxNs));
}

const latencyOf = ({ subscribers }: ProgressFacts): StageCounts =>
  mergeCounts(subscribers.map(({ latency }) => latency));

/** Of the subscriber that got least. */
function worstOf({ subscribers }: ProgressFacts): { received: number; missing: number } | null {
  if (subscribers.length === 0) return null;
  const received = Math.min(...subscribers.map((report) => report.received));
  return { received, missing: Math.max(...subscribers.map(({ missing }) => missing)) };
}

/** What a narrow terminal does without, in this order. */
const SPARED = ['generator late', 'offered', 'received'];

/** In one row of the terminal: a line that wraps is not written over by the next. */
function fitted(parts: readonly string[], columns: number): string {
  let kept = parts;
  for (const name of SPARED) {
    if (kept.join('  ').length >= columns) kept = kept.filter((part) => !part.startsWith(name));
  }
  return kept.join('  ').slice(0, columns - 1);
}

/** One line about what came since the line before, shorter than `columns`. */
export function progressText(before: ProgressFacts, now: ProgressFacts, columns = Number.POSITIVE_INFINITY): string {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const perSecond = (more: number): string => `${countText(Math.max(0, more) / seconds)}/s`;
  const worst = worstOf(now);
  const missing = worst === null ? [] : [`lost ${countText(Math.max(0, worst.missing - now.generator.leftOut))}`];
  const received = (worst?.received ?? 0) - (worstOf(before)?.received ?? 0);
  const parts = [
    now.phase,
    `offered ${perSecond(now.due - before.due)}`,
    `sent ${perSecond(now.generator.sent - before.generator.sent)}`,
    ...(worst === null ? [] : [`received ${perSecond(received)}`]),
    ...(worst === null ? [] : [`p99 ${p99Text(countsSince(latencyOf(now), latencyOf(before)))}`]),
    ...missing,
    `generator late p99 ${p99Text(countsSince(now.generator.lateness, before.generator.lateness))}`,
  ];
  return fitted(parts, columns);
}

/** Asks for facts at intervals and shows what came between them. */
export class Progress {
  private readonly output: ProgressOutput;
  private readonly facts: () => Promise<ProgressFacts>;
  private before: ProgressFacts | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isAsking = false;

  constructor(output: ProgressOutput, facts: () => Promise<ProgressFacts>) {
    this.output = output;
    this.facts = facts;
  }

  start(): void {
    void this.show();
    const interval = this.output.isTTY === true ? TERMINAL_INTERVAL_MS : PIPED_INTERVAL_MS;
    this.timer = setInterval(() => void this.show(), interval);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    if (this.output.isTTY === true && this.before !== null) this.output.write('\r\x1b[2K');
  }

  private async show(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    const now = await this.facts();
    this.isAsking = false;
    const { before } = this;
    this.before = now;
    if (before === null || this.timer === null) return;
    const isTerminal = this.output.isTTY === true;
    const text = progressText(before, now, isTerminal ? (this.output.columns ?? COLUMNS_USUAL) : undefined);
    this.output.write(isTerminal ? `\r\x1b[2K${text}` : `${text}\n`);
  }
}
