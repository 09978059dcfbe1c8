// `/v1/journal`: the engine's journal as it lies on the disk, to its end or as it is written, by a process of its own.

import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { JOURNAL_STREAMS_MAX } from '../../schemas/journal-stream.ts';
import { INSTANT_WORDS, instantOf } from '../base/instants.ts';
import { writeHeaders } from '../uws/security-headers.ts';
import { type Answering, HttpError, wholeNumber } from './http.ts';
import { ProcessAnswers, type RunningProcess } from './process-answers.ts';
import { noJournal, REACH_HEADER } from './replay-route.ts';
import { isoText } from './time-text.ts';

/** Where it begins, and whether it goes on. */
export type JournalRequest = {
  readonly fromUs: number | null;
  readonly afterSequence: number;
  readonly afterChecksum: number | null;
  readonly isFollowed: boolean;
};

type Begin = { readonly sequence: number; readonly timeUs: number | null };
/** A process that writes blocks; it begins with what the journal begins with, null where it has nothing. */
export type RunningJournal = RunningProcess<Begin | null>;

export type JournalRouteParts = {
  /** Null in an engine without a journal. */
  readonly start: ((request: JournalRequest) => Promise<RunningJournal>) | null;
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
};

export const JOURNAL_TYPE = 'application/octet-stream';
/** Number of the oldest entry that there is. */
export const FIRST_ENTRY_HEADER = 'x-millrace-first-entry';

const was = (text: string): string => `was ${JSON.stringify(text.slice(0, 200))}`;

function refuse(message: string): never {
  throw new HttpError(400, 'range', message);
}

function momentOf(text: string | null): number | null {
  if (text === null) return null;
  // A plus sign of a zone that was not encoded comes as a space.
  return (
    instantOf(text) ??
    instantOf(text.replace(/ (\d{2}:?\d{2})$/, '+$1')) ??
    refuse(`from: expected ${INSTANT_WORDS}, ${was(text)}`)
  );
}

function entryOf(text: string | null): number {
  if (text === null) return 0;
  const sequence = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  return refuse(`after: expected the number of an entry, ${was(text)}`);
}

function checksumOf(text: string | null): number | null {
  if (text === null) return null;
  if (/^[0-9a-f]{8}$/.test(text)) return Number.parseInt(text, 16);
  return refuse(
    `checksum: expected 8 hexadecimal digits, the head checksum of the block that ends with after, ${was(text)}`,
  );
}

/** Throws an HttpError that names the parameter. */
export function journalRequestOf(params: URLSearchParams): JournalRequest {
  const request = {
    fromUs: momentOf(params.get('from')),
    afterSequence: entryOf(params.get('after')),
    afterChecksum: checksumOf(params.get('checksum')),
    isFollowed: wholeNumber(params, 'follow', 0, 0, 1) === 1,
  };
  if (request.fromUs !== null && request.afterSequence > 0) refuse('after: expected no from beside it, was both');
  if (request.afterChecksum !== null && request.afterSequence === 0)
    refuse('checksum: expected with after alone, was without');
  return request;
}

export class JournalRoute {
  private readonly parts: JournalRouteParts;
  private readonly answers: ProcessAnswers<Begin | null>;

  constructor(parts: JournalRouteParts) {
    this.parts = parts;
    this.answers = new ProcessAnswers({
      ...{ what: 'a stream of the journal', many: 'streams of the journal', most: JOURNAL_STREAMS_MAX },
      log: parts.log,
      head: (res, begin, answering) => this.head(res, begin, answering),
    });
  }

  /** Streams that run now. */
  get count(): number {
    return this.answers.count;
  }

  /** Answers a request that may be answered. */
  take(res: HttpResponse, req: HttpRequest, answering: Answering): void {
    const params = new URLSearchParams(req.getQuery());
    const start = (): Promise<RunningJournal> => {
      const request = journalRequestOf(params);
      if (this.parts.start === null) throw noJournal();
      this.answers.requireRoom();
      return this.parts.start(request);
    };
    this.answers.take(res, answering, start, params.get('follow') === '1');
  }

  private head(res: HttpResponse, begin: Begin | null, { headers }: Answering): void {
    res.cork(() => {
      res.writeStatus('200 OK');
      res.writeHeader('content-type', JOURNAL_TYPE);
      res.writeHeader(REACH_HEADER, (begin?.timeUs == null ? null : isoText(begin.timeUs)) ?? 'nothing');
      res.writeHeader(FIRST_ENTRY_HEADER, String(begin?.sequence ?? 0));
      writeHeaders(res, headers);
    });
  }

  /** Ends all of them, whatever they do, and takes no more. */
  close(): void {
    this.answers.close();
  }
}
