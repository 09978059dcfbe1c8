// Answers that a process of their own writes, a few at once, each from its place to the end of its process.

import type { HttpResponse } from 'uWebSockets.js';
import type { Readable } from 'node:stream';
import { type Answering, endWithError, HttpError } from './http.ts';
import { StreamedResponse } from './streamed-response.ts';

/** A process that writes to its output what the client is to get. */
export type RunningProcess<Begun> = {
  /** Resolves before the first byte. Rejects where it fails before; an HttpError is then the answer. */
  readonly begun: Promise<Begun>;
  readonly output: Readable;
  /** Resolves when it has ended and all its output is read: with null, or with what went wrong. */
  readonly ended: Promise<string | null>;
  kill(): void;
};

export type ProcessAnswersParts<Begun> = {
  /** As in "a replay of the journal". */
  readonly what: string;
  /** As in "replays". */
  readonly many: string;
  readonly most: number;
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
  /** Writes status and headers. */
  readonly head: (res: HttpResponse, begun: Begun, answering: Answering) => void;
};

/** One request, from its place among those that run to the end of its process. */
type Place = { readonly kill: (reason: string) => void };

export class ProcessAnswers<Begun> {
  private readonly parts: ProcessAnswersParts<Begun>;
  private readonly running = new Set<Place>();
  private isClosed = false;

  constructor(parts: ProcessAnswersParts<Begun>) {
    this.parts = parts;
  }

  /** Answers that run now. */
  get count(): number {
    return this.running.size;
  }

  /** Answers a request: `start` throws an HttpError where it may not be. `isLive` is one that goes on without an end. */
  take(res: HttpResponse, answering: Answering, start: () => Promise<RunningProcess<Begun>>, isLive = false): void {
    try {
      this.run(res, start(), answering, isLive);
    } catch (error) {
      if (!(error instanceof HttpError)) answering.fault(error);
      const { status, category, message } = error instanceof HttpError ? error : FAULT;
      endWithError(res, status, category, message, answering.headers);
    }
  }

  /** Throws an HttpError where as many run as may. */
  requireRoom(): void {
    const { most, many } = this.parts;
    const count = this.running.size;
    if (!this.isClosed && count < most) return;
    throw new HttpError(
      503,
      'busy',
      `expected fewer than ${most} ${many} at once, was ${count}: try again when one has ended`,
    );
  }

  private run(
    res: HttpResponse,
    starting: Promise<RunningProcess<Begun>>,
    answering: Answering,
    isLive: boolean,
  ): void {
    const { what } = this.parts;
    let running: RunningProcess<Begun> | null = null;
    let response: StreamedResponse | null = null;
    let isGone = false;
    const place: Place = {
      kill: (reason) => {
        running?.kill();
        response?.cut(reason);
      },
    };
    this.running.add(place);
    res.onAborted(() => {
      isGone = true;
      running?.kill();
      response?.aborted();
    });
    const begin = async (): Promise<void> => {
      running = await starting;
      if (isGone || this.isClosed) running.kill();
      const { ended, output, kill } = running;
      void ended.then(() => this.running.delete(place));
      const begun = await running.begun;
      if (isGone) return;
      this.parts.head(res, begun, answering);
      response = new StreamedResponse(res, output, { abandon: (reason) => this.abandon(kill, reason), isLive });
      response.end(await ended);
    };
    begin().catch((error: unknown) => {
      running?.kill();
      if (running === null) this.running.delete(place);
      if (error instanceof HttpError) {
        if (!isGone) endWithError(res, error.status, error.category, error.message, answering.headers);
        return;
      }
      const message = error instanceof Error ? error.message : String(error);
      this.parts.log('warn', `${what} failed`, { reason: message });
      if (!isGone)
        endWithError(res, this.isClosed ? 503 : 500, 'internal', `expected ${what}, ${message}`, answering.headers);
    });
  }

  private abandon(kill: () => void, reason: string): void {
    kill();
    this.parts.log('info', `${this.parts.what} was ended`, { reason });
  }

  /** Ends all of them, whatever they do, and takes no more. */
  close(): void {
    this.isClosed = true;
    for (const place of this.running) place.kill('the engine stops');
  }
}

const FAULT = { status: 500, category: 'internal', message: 'a fault of the engine' };
