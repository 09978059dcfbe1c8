// Messages of a running engine: its stream, and out of its journal what came while nobody listened.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Gap, StreamMessage } from '../../schemas/feed.ts';
import type { Client } from '../client/client.ts';
import { type Filled, JournalFill, type JournalFillOptions } from './journal-fill.ts';
import { timeText, timeUs } from './values.ts';

export type EngineSourceOptions = JournalFillOptions & {
  readonly client: Pick<Client, 'subscribe' | 'replay' | 'onGap'>;
  /** `trade`, `bar.1m` … */
  readonly channels: readonly string[];
  /** Names, or wildcards. */
  readonly markets: readonly string[];
};

/** The stream goes on while the journal is read: what comes meanwhile is kept in memory, some hundred bytes a message. */
const QUEUE_MAX = 5_000_000;
const TICK_MS = 200;

/** What became of a place where the stream lacks something. */
type Outcome = 'filled' | 'lost';

/** Thread: any, one at a time. Ends with stop(), or rejects where the engine refuses or the disk fails. */
export class EngineSource {
  private readonly options: EngineSourceOptions;
  private readonly closers: (() => void)[] = [];
  private readonly leaving = new AbortController();
  private readonly journal: JournalFill;
  /** Told by the client since the journal was asked last; they may still wait in the queue of a loop. */
  private told: Gap[] = [];
  private readonly outcomes = new WeakMap<Gap, Outcome>();
  /** While the journal is read every loop waits: no row is to come before one that it has. */
  private filling: Promise<void> | null = null;
  private fillMs = 0;

  constructor(options: EngineSourceOptions) {
    this.options = options;
    this.journal = new JournalFill(options, this.leaving.signal);
  }

  async run(): Promise<void> {
    const { client, exporter, channels, markets } = this.options;
    const since = exporter.complete;
    this.closers.push(client.onGap((gap) => void this.told.push(gap)));
    const subscriptions = channels.flatMap((channel) =>
      markets.map((market) => client.subscribe(`${channel}.${market}`, { queueMax: QUEUE_MAX })),
    );
    for (const subscription of subscriptions) this.closers.push(() => subscription.close());
    await Promise.all(subscriptions.map((subscription) => subscription.ready()));
    if (since !== null) await this.fillFrom(since);
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
    for await (const message of messages) {
      while (this.filling !== null) await this.filling;
      if (this.leaving.signal.aborted) return;
      if (message.type === 'gap') await this.mend(message);
      else this.options.exporter.take(message);
    }
  }

  /** Ends every loop; what has been received is taken. */
  stop(): void {
    this.leaving.abort();
    for (const close of this.closers.splice(0)) close();
  }

  // ---- what the stream did not bring

  /** What this export missed while it did not run; what the journal does not have is told. */
  private async fillFrom(since: string): Promise<void> {
    const { exporter, tell } = this.options;
    const { hasRows } = exporter;
    const filled = await this.fill(since);
    if (filled === null) return;
    const { first, refusal } = filled;
    if (refusal !== null) {
      tell(`what came after ${since} cannot be had of the engine's journal (${refusal}): told in gaps.csv`);
      this.miss('not-running', since, timeText(Date.now()));
    } else if (hasRows && first !== null && timeUs(first) > timeUs(since))
      this.miss('journal-begins-later', since, first);
  }

  /** Of a loop that has come to a place where the stream lacks something: the journal is asked, and the loops go on behind it. */
  private async mend(gap: Gap): Promise<void> {
    if (!this.outcomes.has(gap)) {
      this.filling = this.fillGap(gap).finally(() => {
        this.filling = null;
      });
      await this.filling;
    }
    if (this.outcomes.get(gap) === 'lost') this.tellLost(gap);
  }

  /** One that the client made names no moment: it lies behind the rows there are. */
  private tellLost(gap: Gap): void {
    const { exporter } = this.options;
    const { channel, reason, lost, localTimestamp } = gap;
    exporter.gap({ channel, reason, lost, after: this.sinceOf(gap), before: localTimestamp ?? timeText(Date.now()) });
  }

  private async fillGap(gap: Gap): Promise<void> {
    const { exporter, tell } = this.options;
    // A stream that breaks again and again is not to keep the engine at replays alone.
    await sleep(this.fillMs, undefined, { signal: this.leaving.signal }).catch(() => undefined);
    const covered = [gap, ...this.told.splice(0)];
    const { newest } = exporter;
    const [since] = covered.map((each) => this.sinceOf(each)).sort();
    const beganMs = performance.now();
    const filled = await this.fill(since);
    this.fillMs = performance.now() - beganMs;
    if (filled === null) return;
    const { first, refusal } = filled;
    for (const each of covered) this.outcomes.set(each, refusal === null ? 'filled' : 'lost');
    if (refusal !== null)
      tell(
        `the stream lacks what came after ${since}, and the engine's journal does too (${refusal}): told in gaps.csv`,
      );
    else if (newest !== null && first !== null && timeUs(first) > timeUs(since))
      this.miss('journal-begins-later', since, first);
  }

  /** Loops are at their gap or before it, so what a lost connection did not bring is newer than all rows. */
  private sinceOf({ channel, reason }: Gap): string {
    const { exporter } = this.options;
    return (reason === 'reconnect' ? exporter.newest : exporter.sinceOf(channel)) ?? exporter.began;
  }

  /** Null where stop() has ended it: the next run asks again, from the same place. */
  private async fill(since: string): Promise<Filled | null> {
    try {
      return await this.journal.take(since);
    } catch (error) {
      if (this.leaving.signal.aborted) return null;
      throw error;
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
