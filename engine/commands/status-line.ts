// How a running engine says that it runs: a line in place on a terminal, records of the log elsewhere.

import { INGRESS_COUNTERS, ingressCounter, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { REJECTION_NAMES } from '../../schemas/ids.ts';
import { engineWords } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { Log } from '../observe/log.ts';

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

const TERMINAL_INTERVAL_MS = 1000;
/** Often enough to see in a log that it lives; what changes faster is in `/metrics`. */
const LOGGED_INTERVAL_MS = 10_000;

type Figures = {
  readonly framesPerSecond: number;
  readonly markets: number;
  readonly frames: number;
  readonly trades: number;
  readonly bookChanges: number;
  readonly gaps: number;
  readonly rejected: number;
  readonly rssBytes: number;
};

export class StatusLine {
  private readonly ingress: Float64Array;
  private readonly markets: Float64Array;
  private readonly words: Int32Array;
  private readonly output: Output;
  private readonly log: Pick<Log, 'info'>;
  private timer: NodeJS.Timeout | null = null;
  private framesBefore = 0;
  private atMs = performance.now();

  constructor(memory: EngineMemory, output: Output, log: Pick<Log, 'info'>) {
    this.ingress = new Float64Array(memory.ingressCounters);
    this.markets = new Float64Array(memory.marketCounters);
    this.words = new Int32Array(memory.words);
    this.output = output;
    this.log = log;
  }

  start(): void {
    const interval = this.output.isTTY === true ? TERMINAL_INTERVAL_MS : LOGGED_INTERVAL_MS;
    this.timer = setInterval(() => this.show(), interval);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    if (this.output.isTTY === true) this.output.write('\n');
  }

  private sum(column: number, markets: number): number {
    let sum = 0;
    for (let market = 0; market < markets; market++) sum += this.markets[market * MARKET_COUNTER_COLUMNS + column];
    return sum;
  }

  /** As it stands now; the rate counts from the last time. */
  figures(): Figures {
    const now = performance.now();
    const frames = this.ingress[ingressCounter.frames];
    const rate = ((frames - this.framesBefore) / (now - this.atMs)) * 1000;
    this.framesBefore = frames;
    this.atMs = now;
    const markets = Atomics.load(this.words, engineWords.at.marketCount);
    const rejected = REJECTION_NAMES.filter((name) => name !== '').reduce(
      (sum, name) => sum + this.ingress[INGRESS_COUNTERS.findIndex((counter) => counter.name === name)],
      0,
    );
    return {
      framesPerSecond: Math.round(rate),
      markets,
      frames,
      trades: this.sum(marketCounter.trades, markets),
      bookChanges: this.sum(marketCounter.bookChanges, markets),
      gaps: this.sum(marketCounter.gaps, markets),
      rejected,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  text(): string {
    const { framesPerSecond, markets, frames, trades, bookChanges, gaps, rejected, rssBytes } = this.figures();
    return [
      `${framesPerSecond} frames/s`,
      `${markets} markets`,
      `${frames} frames`,
      `${trades} trades`,
      `${bookChanges} book changes`,
      `${gaps} gaps`,
      `${rejected} rejected`,
      `rss ${Math.round(rssBytes / 1048576)} MB`,
    ].join('  ');
  }

  private show(): void {
    if (this.output.isTTY === true) this.output.write(`\r\x1b[2K${this.text()}`);
    else this.log.info(this.figures(), 'running');
  }
}
