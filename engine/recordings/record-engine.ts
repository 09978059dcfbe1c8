// Records a running engine: its journal as it is written, over the network, without a hole or a repeat over lost connections.

import { existsSync } from 'node:fs';
import { type ClientRequest, get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { CLIENT_RECONNECT_MS, CLIENT_RECONNECT_MS_MAX } from '../../schemas/config.ts';
import { JOURNAL_LAST_MS, JOURNAL_SILENCE_MS } from '../../schemas/journal-stream.ts';
import { UsageError } from '../base/errors.ts';
import { ReconnectDelay } from '../client/reconnect-delay.ts';
import { MARKET_NAMES_FILE } from '../ingress/recorded-journal.ts';
import { BlockStream } from '../journal/block-stream.ts';
import { errorSentence, isDiskError } from '../journal/disk-error.ts';
import { JournalCopy, type JournalCopyOptions } from '../journal/journal-copy.ts';
import type { RawBlock } from '../journal/raw-blocks.ts';

export type EngineRecorderOptions = JournalCopyOptions & {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  readonly token: string | null;
  readonly folder: string;
  /** Where a new recording begins, µs since 1970; null is with the oldest entry. */
  readonly fromUs: number | null;
  /** Takes sentences for a person. */
  readonly tell: (sentence: string) => void;
};

/** The engine answers, and will not answer otherwise when it is asked again. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

/** Categories of refusals that pass by themselves. */
const PASSING: readonly string[] = ['busy', 'internal', 'timeout'];
const FACTOR = 2;
const JITTER = 0.5;
const TICK_MS = 200;
const ANSWER_MS = 5_000;
const ERROR_BYTES_MAX = 65_536;

type Answer = { readonly request: ClientRequest; readonly response: IncomingMessage };

/** Of `/v1/stats` and `/v1/markets`, as far as it is needed. */
type EngineStats = { readonly journal?: { readonly numbers?: { readonly taken?: number } } | null };
type EngineMarkets = readonly { readonly market: string }[];

export class EngineRecorder {
  /** Bytes of blocks that this run took, and entries known to be missing between them. */
  bytes = 0;
  missed = 0;
  /** Connections beside the first. */
  reconnects = 0;
  /** What makes the recording less than what was asked for; a sentence for each. */
  readonly faults: string[] = [];
  private readonly options: EngineRecorderOptions;
  private readonly delay = new ReconnectDelay({
    ...{ delayMs: CLIENT_RECONNECT_MS, delayMaxMs: CLIENT_RECONNECT_MS_MAX, factor: FACTOR, jitter: JITTER },
    attemptsMax: Number.POSITIVE_INFINITY,
    firstAttemptsMax: Number.POSITIVE_INFINITY,
  });
  private copy: JournalCopy | null = null;
  private request: ClientRequest | null = null;
  private connections = 0;
  private told = '';
  private isEnding = false;
  /** The entry with which it ends; infinite until that is known. */
  private goal = Number.POSITIVE_INFINITY;
  /** When the last entry came, or the end was asked for. */
  private lastMs = 0;
  private isOver = false;
  private wake: () => void = () => undefined;

  /** Throws UsageError where the folder cannot be used. It is made when the engine has answered. */
  constructor(options: EngineRecorderOptions) {
    this.options = options;
    if (!existsSync(options.folder)) return;
    const copy = JournalCopy.open(options.folder, options);
    this.copy = copy;
    if (copy.lastSequence === 0) return;
    const from = options.fromUs === null ? '' : '; --from is for a new recording alone';
    options.tell(`${options.folder} goes on behind entry ${copy.lastSequence}${from}`);
  }

  get sequence(): number {
    return this.copy?.lastSequence ?? 0;
  }

  /** Resolves at the end. Rejects with RefusedError where the engine refuses, and with UsageError where the folder cannot be used. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.tick(), TICK_MS);
    try {
      while (!this.isOver) {
        const error = await this.connect().then(
          () => new Error('the engine ended the connection'),
          (reason: unknown) => reason,
        );
        if (this.isOver) break;
        if (error instanceof RefusedError || error instanceof UsageError) throw error;
        this.tellLost(error);
        await this.pause(this.delay.next());
      }
      await this.keepNames();
    } finally {
      clearInterval(timer);
      this.request?.destroy();
      this.copy?.close();
      this.copy = null;
    }
  }

  /** Ends it with what the engine has taken by now; `isAtOnce` with what has come. */
  stop(isAtOnce = false): void {
    if (isAtOnce) this.end();
    if (this.isEnding) return;
    this.isEnding = true;
    this.lastMs = performance.now();
    this.findGoal();
  }

  // ---- one connection

  private async connect(): Promise<void> {
    const { request, response } = await this.ask(this.path(), JOURNAL_SILENCE_MS);
    this.request = request;
    this.copy ??= JournalCopy.open(this.options.folder, this.options);
    if (this.connections++ > 0) this.reconnects++;
    this.tellBegin(response);
    this.told = '';
    if (this.isEnding) this.findGoal();
    await this.keepNames();
    await this.takeAll(response, this.copy);
  }

  private path(): string {
    const { fromUs } = this.options;
    const { lastSequence = 0, lastChecksum = 0 } = this.copy ?? {};
    if (lastSequence > 0)
      return `/v1/journal?follow=1&after=${lastSequence}&checksum=${lastChecksum.toString(16).padStart(8, '0')}`;
    return `/v1/journal?follow=1${fromUs === null ? '' : `&from=${fromUs}`}`;
  }

  private async takeAll(response: IncomingMessage, copy: JournalCopy): Promise<void> {
    const stream = new BlockStream();
    for await (const piece of response) {
      stream.push(piece as Buffer);
      for (const block of stream.blocks()) this.take(block, copy);
      if (this.isOver) return;
    }
  }

  private take(block: RawBlock, copy: JournalCopy): void {
    const missing = copy.missingBefore(block.head);
    const after = copy.lastSequence;
    copy.take(block);
    this.delay.reset();
    this.bytes += block.bytes.length;
    this.lastMs = performance.now();
    if (missing > 0) {
      this.missed += missing;
      this.options.tell(
        `entries ${after + 1} to ${after + missing} are not in the engine's journal: its bounds took them away, or it is damaged`,
      );
    }
    if (copy.lastSequence >= this.goal) this.end();
  }

  /** What had been taken away before a new recording could have it. */
  private tellBegin(response: IncomingMessage): void {
    const { fromUs, tell } = this.options;
    if (this.sequence > 0) return;
    const first = Number(response.headers['x-millrace-first-entry'] ?? 0);
    const reach = String(response.headers['x-millrace-reaches-back-to'] ?? '');
    if (first <= 1) return;
    const sentence = `the engine's journal begins with entry ${first}, of ${reach}: what came before was taken away`;
    if (fromUs === null) tell(sentence);
    else if (Date.parse(reach) * 1000 > fromUs) this.fault(sentence);
  }

  private fault(sentence: string): void {
    if (!this.faults.includes(sentence)) this.faults.push(sentence);
  }

  private tellLost(error: unknown): void {
    const reason = isDiskError(error) && !isOfNetwork(error) ? diskWords(this.options.folder, error) : wordsOf(error);
    if (reason === this.told) return;
    this.told = reason;
    this.options.tell(`${reason}; trying again behind entry ${this.sequence}`);
  }

  // ---- the end

  /** Asks how far the engine is; where it does not answer, it is asked again with the next connection. */
  private findGoal(): void {
    this.json<EngineStats>('/v1/stats?markets=0')
      .then((stats) => {
        this.goal = stats.journal?.numbers?.taken ?? 0;
        const { fromUs } = this.options;
        const isToCome = this.sequence === 0 && fromUs !== null && fromUs > Date.now() * 1000;
        if (isToCome || this.sequence >= this.goal) this.end();
      })
      .catch(() => undefined);
  }

  private tick(): void {
    const nowMs = performance.now();
    try {
      this.copy?.tick(nowMs);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.request?.destroy(error as Error);
    }
    if (!this.isEnding || this.isOver || nowMs - this.lastMs < JOURNAL_LAST_MS) return;
    this.fault(
      this.goal === Number.POSITIVE_INFINITY
        ? `the engine could not be reached at the end: what it wrote behind entry ${this.sequence} is missing`
        : `entries ${this.sequence + 1} to ${this.goal} did not come in time`,
    );
    this.end();
  }

  private end(): void {
    this.isOver = true;
    this.request?.destroy();
    this.wake();
  }

  private pause(ms: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // ---- questions

  /** Ids of markets are places in this list: where the recording lacks entries, replay cannot count them itself. */
  private async keepNames(): Promise<void> {
    if (this.copy === null) return;
    try {
      const markets = await this.json<EngineMarkets>('/v1/markets');
      this.copy.keep(MARKET_NAMES_FILE, JSON.stringify(markets.map(({ market }) => market)));
    } catch {
      // An older list stays; a replay then leaves out what it cannot place, and counts it.
    }
  }

  private async json<T>(path: string): Promise<T> {
    const { response } = await this.ask(path, ANSWER_MS);
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as T;
  }

  /** Resolves with an answer of status 200. */
  private ask(path: string, silenceMs: number): Promise<Answer> {
    const { url, token } = this.options;
    const get = url.startsWith('https:') ? getSecure : getPlain;
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const request = get(url + path, { headers, agent: false }, (response) => {
        if (response.statusCode === 200) resolve({ request, response });
        else refusalOf(response).then(reject, reject);
      });
      request.setTimeout(silenceMs, () =>
        request.destroy(new Error(`the engine was silent for ${silenceMs / 1000} s`)),
      );
      request.on('error', reject);
    });
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const diskWords = (folder: string, error: unknown): string => `${folder} cannot be written (${errorSentence(error)})`;

/** Errors of sockets have codes as those of disks do. */
function isOfNetwork(error: unknown): boolean {
  return /^(ECONN|EPIPE|EHOST|ENET|ETIMEDOUT|EADDR|EAI_|ENOTFOUND|EPROTO)/.test(
    String((error as NodeJS.ErrnoException).code),
  );
}

async function refusalOf(response: IncomingMessage): Promise<Error> {
  let text = '';
  for await (const piece of response) if (text.length < ERROR_BYTES_MAX) text += String(piece);
  const { category, message } = errorOf(text);
  const status = response.statusCode ?? 0;
  const words = message === '' ? `expected status 200, was ${status}` : message;
  return status >= 500 || PASSING.includes(category)
    ? new Error(`the engine refuses: ${words}`)
    : new RefusedError(refusalWords(status, category, words));
}

function errorOf(text: string): { readonly category: string; readonly message: string } {
  try {
    const { error = {} } = JSON.parse(text) as { error?: { category?: string; message?: string } };
    return { category: error.category ?? '', message: error.message ?? '' };
  } catch {
    return { category: '', message: '' };
  }
}

/** What to do about it, where that is known. */
function refusalWords(status: number, category: string, words: string): string {
  if (category === 'no-journal') return `${words}: start it with --journal DIR to record it`;
  if (category === 'other-journal') return `${words}: record it into another folder (--out)`;
  if (status === 401 || status === 403) return `${words} (--token: expected one with the role admin)`;
  return status === 404 ? `${words}: an engine of this version has /v1/journal` : words;
}
