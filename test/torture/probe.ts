// The scenario's side of the process that measures: windows of latencies, quiet ones and such with a fault, in turn.

import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EngineUnderTest } from './engine-under-test.ts';
import { type Figure, percentileOf, type Size, timedAtMost, told } from './scenario.ts';

const CHILD = fileURLToPath(new URL('probe-child.ts', import.meta.url));
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
const RATE_USUAL = 500;
/** R6 of RELIABILITY. */
const RATIO_MAX = 1.2;

export type ProbeOrder = 'window' | 'stop' | 'end';

/** Latencies since the window before; counts since the start. `wrong` were lost, twice, or out of order. */
export type ProbeWindow = {
  readonly latenciesMs: readonly number[];
  readonly sent: number;
  readonly received: number;
  readonly wrong: number;
};

export class Probe {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Its market is the first where no other was named before: then it is of shard 0. */
  static async start({ port, ingestPort }: EngineUnderTest, ratePerS = RATE_USUAL, symbol = 'P'): Promise<Probe> {
    const child = fork(CHILD, [String(port), String(ingestPort), String(ratePerS), symbol], {
      execArgv: ['--import', LOADER],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`probe: expected to be ready, ended with ${code}`)));
    });
    return new Probe(child);
  }

  private ask(order: ProbeOrder): Promise<ProbeWindow> {
    return new Promise((resolve) => {
      this.child.once('message', (window) => resolve(window as ProbeWindow));
      this.child.send(order);
    });
  }

  window(): Promise<ProbeWindow> {
    return this.ask('window');
  }

  /** Sends no more, and tells once all has come back or nothing more comes. */
  async finish(): Promise<ProbeWindow> {
    let window = await this.ask('stop');
    for (let looks = 0; looks < 100 && window.received < window.sent; looks++) {
      await sleep(50);
      window = await this.window();
    }
    const end = new Promise((resolve) => this.child.once('exit', resolve));
    await this.ask('end');
    await end;
    return window;
  }
}

export type Pairs = {
  /** Of each pair: p99 with the fault, by p99 without. */
  readonly ratios: readonly number[];
  readonly quietMs: readonly number[];
  readonly faultMs: readonly number[];
};

/** Windows without and with a fault in turn; `fault` returns once its window is over. */
export async function pairedWindows(
  probe: Probe,
  pairs: number,
  quietMs: number,
  fault: () => Promise<void>,
): Promise<Pairs> {
  const found = { ratios: [] as number[], quietMs: [] as number[], faultMs: [] as number[] };
  for (let pair = 0; pair < pairs; pair++) {
    await probe.window();
    await sleep(quietMs);
    const quiet = (await probe.window()).latenciesMs;
    await fault();
    const faulty = (await probe.window()).latenciesMs;
    found.ratios.push(percentileOf(faulty, 0.99) / Math.max(percentileOf(quiet, 0.99), 1e-3));
    found.quietMs.push(...quiet);
    found.faultMs.push(...faulty);
  }
  return found;
}

/** R6: the median of the pairs, and the p99 of all windows of a kind. */
export function isolationFigures(
  size: Size,
  who: string,
  { ratios, quietMs, faultMs }: Pairs,
  limit = RATIO_MAX,
): Figure[] {
  return [
    told(`${who}: p99 without the fault`, percentileOf(quietMs, 0.99), 'ms'),
    told(`${who}: p99 with it`, percentileOf(faultMs, 0.99), 'ms'),
    timedAtMost(
      size,
      `${who}: p99 with the fault by p99 without, median of ${ratios.length} pairs`,
      percentileOf(ratios, 0.5),
      limit,
      '',
    ),
  ];
}
