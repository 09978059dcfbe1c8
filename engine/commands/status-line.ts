// The moving line of a running engine: in place on a terminal, plain lines when piped.

import { INGRESS_COUNTERS, ingressCounter, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { REJECTION_NAMES } from '../../schemas/ids.ts';
import { engineWords } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

const TERMINAL_INTERVAL_MS = 1000;
const PIPED_INTERVAL_MS = 5000;

export class StatusLine {
  private readonly ingress: Float64Array;
  private readonly markets: Float64Array;
  private readonly words: Int32Array;
  private readonly output: Output;
  private timer: NodeJS.Timeout | null = null;
  private framesBefore = 0;
  private atMs = performance.now();

  constructor(memory: EngineMemory, output: Output) {
    this.ingress = new Float64Array(memory.ingressCounters);
    this.markets = new Float64Array(memory.marketCounters);
    this.words = new Int32Array(memory.words);
    this.output = output;
  }

  start(): void {
    const interval = this.output.isTTY === true ? TERMINAL_INTERVAL_MS : PIPED_INTERVAL_MS;
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

  /** The line as it stands now. */
  text(): string {
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
    return [
      `${Math.round(rate)} frames/s`,
      `${markets} markets`,
      `${frames} frames`,
      `${this.sum(marketCounter.trades, markets)} trades`,
      `${this.sum(marketCounter.bookChanges, markets)} book changes`,
      `${this.sum(marketCounter.gaps, markets)} gaps`,
      `${rejected} rejected`,
      `rss ${Math.round(process.memoryUsage.rss() / 1048576)} MB`,
    ].join('  ');
  }

  private show(): void {
    if (this.output.isTTY === true) this.output.write(`\r\x1b[2K${this.text()}`);
    else this.output.write(`${this.text()}\n`);
  }
}
