// `/v1/replay`: a span of the engine's journal as the messages of /stream, made by a process of its own.

import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { Readable } from 'node:stream';
import { REPLAYS_MAX } from '../../schemas/config.ts';
import { writeHeaders } from '../uws/security-headers.ts';
import { type Named, wildcardVenue } from './channels.ts';
import { type Answering, endWithError, HttpError } from './http.ts';
import { type ReplayRequest, ReplayRequestError, replayRequestOf } from './replay-request.ts';
import { StreamedResponse } from './streamed-response.ts';
import { isoText } from './time-text.ts';

/** A process that writes lines. */
export type RunningReplay = {
  /** Resolves, before the first line, with the first moment the journal has; null where it has none. Rejects where it fails. */
  readonly begun: Promise<number | null>;
  readonly output: Readable;
  /** Resolves when it has ended and all its output is read: with null, or with what went wrong. */
  readonly ended: Promise<string | null>;
  kill(): void;
};

export type ReplayRouteParts = {
  /** Null in an engine without a journal. */
  readonly start: ((request: ReplayRequest) => Promise<RunningReplay>) | null;
  readonly named: Named;
  readonly isMarket: (name: string) => boolean;
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
};

export const NDJSON_TYPE = 'application/x-ndjson; charset=utf-8';
const REACH_HEADER = 'x-millrace-reaches-back-to';

/** One request, from its place among those that run to the end of its process. */
type Place = { readonly kill: (reason: string) => void };

export class ReplayRoute {
  private readonly parts: ReplayRouteParts;
  private readonly running = new Set<Place>();
  private isClosed = false;

  constructor(parts: ReplayRouteParts) {
    this.parts = parts;
  }

  /** Replays that run now. */
  get count(): number {
    return this.running.size;
  }

  /** Answers a request that may be answered. */
  take(res: HttpResponse, req: HttpRequest, answering: Answering): void {
    const params = new URLSearchParams(req.getQuery());
    const of = (name: string): string | null => params.get(name);
    try {
      const texts = { from: of('from'), to: of('to'), markets: of('markets'), channels: of('channels') };
      const request = this.requestOf(texts);
      const { start } = this.parts;
      if (start === null) throw new HttpError(409, 'no-journal', 'expected an engine with --journal, was one without');
      if (this.isClosed || this.running.size >= REPLAYS_MAX) throw busy(this.running.size);
      this.run(res, start(request), answering);
    } catch (error) {
      if (!(error instanceof HttpError)) answering.fault(error);
      const { status, category, message } = error instanceof HttpError ? error : FAULT;
      endWithError(res, status, category, message, answering.headers);
    }
  }

  private requestOf(texts: Parameters<typeof replayRequestOf>[0]): ReplayRequest {
    const request = asHttp(() => replayRequestOf(texts, this.parts.named));
    const unknown = request.markets?.find((name) => wildcardVenue(name) === null && !this.parts.isMarket(name));
    if (unknown !== undefined)
      throw new HttpError(
        404,
        'unknown-market',
        `markets: expected known markets, was ${JSON.stringify(unknown.slice(0, 200))}`,
      );
    return request;
  }

  private run(res: HttpResponse, starting: Promise<RunningReplay>, answering: Answering): void {
    let replay: RunningReplay | null = null;
    let response: StreamedResponse | null = null;
    let isGone = false;
    const place: Place = {
      kill: (reason) => {
        replay?.kill();
        response?.cut(reason);
      },
    };
    this.running.add(place);
    res.onAborted(() => {
      isGone = true;
      replay?.kill();
      response?.aborted();
    });
    const begin = async (): Promise<void> => {
      replay = await starting;
      if (isGone || this.isClosed) replay.kill();
      const { ended, output } = replay;
      const kill = replay.kill;
      void ended.then(() => this.running.delete(place));
      const firstUs = await replay.begun;
      if (isGone) return;
      this.head(res, firstUs, answering);
      response = new StreamedResponse(res, output, { abandon: (reason) => this.abandon(kill, reason) });
      response.end(await ended);
    };
    begin().catch((error: unknown) => {
      replay?.kill();
      if (replay === null) this.running.delete(place);
      const message = error instanceof Error ? error.message : String(error);
      this.parts.log('warn', 'a replay of the journal failed', { reason: message });
      if (!isGone)
        endWithError(res, this.isClosed ? 503 : 500, 'internal', `a replay that ran, ${message}`, answering.headers);
    });
  }

  private abandon(kill: () => void, reason: string): void {
    kill();
    this.parts.log('info', 'a replay of the journal was ended', { reason });
  }

  private head(res: HttpResponse, firstUs: number | null, { headers }: Answering): void {
    res.cork(() => {
      res.writeStatus('200 OK');
      res.writeHeader('content-type', NDJSON_TYPE);
      res.writeHeader(REACH_HEADER, firstUs === null ? 'nothing' : (isoText(firstUs) ?? 'nothing'));
      writeHeaders(res, headers);
    });
  }

  /** Ends all of them, whatever they do, and takes no more. */
  close(): void {
    this.isClosed = true;
    for (const place of this.running) place.kill('the engine stops');
  }
}

const FAULT = { status: 500, category: 'internal', message: 'a fault of the engine' };

const busy = (count: number): HttpError =>
  new HttpError(
    503,
    'busy',
    `expected fewer than ${REPLAYS_MAX} replays at once, was ${count}: try again when one has ended`,
  );

function asHttp<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof ReplayRequestError) throw new HttpError(400, 'range', error.message);
    throw error;
  }
}
