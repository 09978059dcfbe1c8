// `/v1/replay`: a span of the engine's journal as the messages of /stream, made by a process of its own.

import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { REPLAYS_MAX } from '../../schemas/config.ts';
import { writeHeaders } from '../uws/security-headers.ts';
import { type Named, wildcardVenue } from './channels.ts';
import { type Answering, HttpError } from './http.ts';
import { ProcessAnswers, type RunningProcess } from './process-answers.ts';
import { type ReplayRequest, ReplayRequestError, replayRequestOf } from './replay-request.ts';
import { isoText } from './time-text.ts';

/** A process that writes lines; it begins with the first moment the journal has, null where it has none. */
export type RunningReplay = RunningProcess<number | null>;

export type ReplayRouteParts = {
  /** Null in an engine without a journal. */
  readonly start: ((request: ReplayRequest) => Promise<RunningReplay>) | null;
  readonly named: Named;
  readonly isMarket: (name: string) => boolean;
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
};

export const NDJSON_TYPE = 'application/x-ndjson; charset=utf-8';
export const REACH_HEADER = 'x-millrace-reaches-back-to';

/** Also of the raw journal: an engine that keeps none has neither. */
export const noJournal = (): HttpError =>
  new HttpError(409, 'no-journal', 'expected an engine with --journal, was one without');

export class ReplayRoute {
  private readonly parts: ReplayRouteParts;
  private readonly answers: ProcessAnswers<number | null>;

  constructor(parts: ReplayRouteParts) {
    this.parts = parts;
    this.answers = new ProcessAnswers({
      ...{ what: 'a replay of the journal', many: 'replays', most: REPLAYS_MAX, log: parts.log },
      head: (res, firstUs, answering) => this.head(res, firstUs, answering),
    });
  }

  /** Replays that run now. */
  get count(): number {
    return this.answers.count;
  }

  /** Answers a request that may be answered. */
  take(res: HttpResponse, req: HttpRequest, answering: Answering): void {
    const params = new URLSearchParams(req.getQuery());
    const of = (name: string): string | null => only(params, name);
    this.answers.take(res, answering, () => {
      const texts = { from: of('from'), to: of('to'), markets: of('markets'), channels: of('channels') };
      const request = this.requestOf(texts);
      const { start } = this.parts;
      if (start === null) throw noJournal();
      this.answers.requireRoom();
      return start(request);
    });
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
    this.answers.close();
  }
}

/** Of two of one name the second would be passed over, and the answer be taken for what was asked. */
function only(params: URLSearchParams, name: string): string | null {
  const { length } = params.getAll(name);
  if (length > 1) throw new HttpError(400, 'range', `${name}: expected once, was there ${length} times`);
  return params.get(name);
}

function asHttp<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof ReplayRequestError) throw new HttpError(400, 'range', error.message);
    throw error;
  }
}
