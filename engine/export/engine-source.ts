// Messages of a running engine: first what its journal has of the time since the last row, then its stream.

import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamMessage } from '../../schemas/feed.ts';
import type { Client } from '../client/client.ts';
import { RequestError } from '../client/errors.ts';
import type { Exporter } from './exporter.ts';
import { timeText, timeUs } from './values.ts';

export type EngineSourceOptions = {
  readonly client: Client;
  readonly exporter: Exporter;
  /** `trade`, `bar.1m` … */
  readonly channels: readonly string[];
  /** Names, or wildcards. */
  readonly markets: readonly string[];
  readonly tell: (sentence: string) => void;
};

/** The stream goes on while the journal is read: what comes meanwhile is kept in memory, some hundred bytes a message. */
const QUEUE_MAX = 5_000_000;
/** Behind everything a journal may hold. */
const END = '2099-12-31T00:00:00Z';
const TICK_MS = 200;
/** How often a replay is tried that found no place among the engine's, or broke off with it. */
const AGAIN_MS = 1_000;

const isPassing = ({ category }: RequestError): boolean => category === 'busy' || category === 'unreachable';

/** The engine has no journal, or does not know the markets: asking again will not help. */
const isRefusal = ({ status }: RequestError): boolean => status >= 400 && status < 500;

/** Thread: any, one at a time. Ends with stop(), or rejects where the engine refuses or the disk fails. */
export class EngineSource {
  private readonly options: EngineSourceOptions;
  private readonly closers: (() => void)[] = [];
  private readonly leaving = new AbortController();

  constructor(options: EngineSourceOptions) {
    this.options = options;
  }

  async run(): Promise<void> {
    const { client, exporter, channels, markets } = this.options;
    const since = exporter.complete;
    const subscriptions = channels.flatMap((channel) =>
      markets.map((market) => client.subscribe(`${channel}.${market}`, { queueMax: QUEUE_MAX })),
    );
    for (const subscription of subscriptions) this.closers.push(() => subscription.close());
    await Promise.all(subscriptions.map((subscription) => subscription.ready()));
    if (since !== null) await this.fill(since);
    if (this.leaving.signal.aborted) return;
    let fail: (error: unknown) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    const timer = setInterval(() => attempt(() => this.pass(), fail), TICK_MS);
    try {
      await Promise.race([Promise.all(subscriptions.map((each) => this.takeAll(each))), failed]);
    } finally {
      clearInterval(timer);
      this.stop();
    }
  }

  private pass(): void {
    const { exporter } = this.options;
    exporter.tick(performance.now());
    exporter.passTime(Date.now());
  }

  private async takeAll(messages: AsyncIterable<StreamMessage>): Promise<void> {
    for await (const message of messages) this.options.exporter.take(message);
  }

  /** Ends every loop; what has been received is taken. */
  stop(): void {
    this.leaving.abort();
    for (const close of this.closers.splice(0)) close();
  }

  /** What this export missed while it did not run, from the engine's journal; what that does not have is told. */
  private async fill(since: string): Promise<void> {
    const { exporter, tell } = this.options;
    const { hasRows } = exporter;
    try {
      const first = await this.replayed(since);
      if (hasRows && first !== null && timeUs(first) > timeUs(since)) this.miss('journal-begins-later', since, first);
    } catch (error) {
      if (this.leaving.signal.aborted) return;
      // What broke off is there to be asked for by the next run; only what is refused is lost.
      if (!(error instanceof RequestError) || !isRefusal(error)) throw error;
      tell(`what came after ${since} cannot be had of the engine's journal (${error.message}): told in gaps.csv`);
      this.miss('not-running', since, timeText(Date.now()));
    }
    exporter.beginAgain();
  }

  /** Takes what the journal has from a moment on, once the engine has a place for it; returns the first time it told. */
  private async replayed(since: string): Promise<string | null> {
    const { client, exporter, channels, markets, tell } = this.options;
    const { signal } = this.leaving;
    const asked = { from: since, to: END, markets: [...markets], channels: [...channels], signal };
    for (let isTold = false; ; isTold = true) {
      let first: string | null = null;
      try {
        for await (const message of client.replay(asked)) {
          if ('localTimestamp' in message) first ??= message.localTimestamp;
          exporter.take(message);
        }
        return first;
      } catch (error) {
        if (!(error instanceof RequestError) || !isPassing(error)) throw error;
        if (!isTold) tell(`the journal is asked for again until it answers whole: ${error.message}`);
        exporter.beginAgain();
        await sleep(AGAIN_MS, undefined, { signal });
      }
    }
  }

  private miss(reason: string, after: string, before: string): void {
    const { exporter, channels } = this.options;
    for (const channel of channels) exporter.gap({ channel: `${channel}.*`, reason, lost: 0, after, before });
  }
}

function attempt(work: () => void, fail: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    fail(error);
  }
}
