// Asks an engine's journal for what the stream did not bring, and says what that does not have either.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { RequestError } from '../client/errors.ts';
import type { Exporter } from './exporter.ts';
import { timeText, timeUs } from './values.ts';

export type JournalFillOptions = {
  readonly client: Pick<Client, 'replay'>;
  readonly exporter: Exporter;
  readonly channels: readonly string[];
  readonly markets: readonly string[];
  readonly tell: (sentence: string) => void;
  /** Of a try to the next one. */
  readonly againMs?: number;
};

/** Behind everything a journal may hold. */
const END = '2099-12-31T00:00:00Z';
/** How often a replay is tried that found no place among the engine's, or broke off with it. */
const AGAIN_MS = 1_000;
/**
 * Shards tell their markets one beside the other: where the newest row is known, one of another market that was taken as much
 * earlier may not have been told yet. Rows that are there already cost nothing but their reading.
 */
const MARGIN_MS = 10_000;

const isPassing = ({ category }: RequestError): boolean => category === 'busy' || category === 'unreachable';

/** The engine has no journal, or does not know the markets: asking again will not help. */
const isRefusal = ({ status }: RequestError): boolean => status >= 400 && status < 500;

export type Filled = {
  /** The first receive time that it told; null for none. */
  readonly first: string | null;
  /** Why the engine will not say; null where it did. */
  readonly refusal: string | null;
};

/** Takes what the journal has from a moment on up to now. Thread: any, one at a time. */
export class JournalFill {
  private readonly options: JournalFillOptions;
  private readonly signal: AbortSignal;

  constructor(options: JournalFillOptions, signal: AbortSignal) {
    this.options = options;
    this.signal = signal;
  }

  /** Resolves once the engine has a place for it and has answered whole. Rejects where the signal aborts, too. */
  async take(since: string): Promise<Filled> {
    const { exporter, tell, againMs = AGAIN_MS } = this.options;
    for (let isTold = false; ; isTold = true) {
      exporter.beginAgain();
      try {
        const first = await this.takeOnce(since);
        exporter.beginAgain();
        return { first, refusal: null };
      } catch (error) {
        // What broke off is there to be asked for by the next run; only what is refused is lost.
        if (!(error instanceof RequestError)) throw error;
        if (isRefusal(error)) return { first: null, refusal: error.message };
        if (!isPassing(error)) throw error;
        if (!isTold) tell(`the journal is asked for again until it answers whole: ${error.message}`);
        await sleep(againMs, undefined, { signal: this.signal });
      }
    }
  }

  private async takeOnce(since: string): Promise<string | null> {
    const { client, exporter, channels, markets } = this.options;
    const from = timeText(timeUs(since) / 1000 - MARGIN_MS);
    const asked = { from, to: END, markets: [...markets], channels: [...channels], signal: this.signal };
    let first: string | null = null;
    for await (const message of client.replay(asked)) {
      if ('localTimestamp' in message) first ??= message.localTimestamp;
      exporter.take(message);
    }
    return first;
  }
}
