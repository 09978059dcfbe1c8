// Answers of the public port: status lines, JSON bodies and errors, safe to give late and after the client left.

import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { Refusal } from '../base/access.ts';
import { type Headers, writeHeaders } from '../uws/security-headers.ts';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export const JSON_TYPE = 'application/json; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** Writes a whole answer. The response must be alive; inside a route's own call it is. */
export function endWith(res: HttpResponse, status: number, type: string, body: string, headers: Headers): void {
  res.cork(() => {
    res.writeStatus(`${status} ${REASONS[status]}`);
    res.writeHeader('content-type', type);
    writeHeaders(res, headers);
    if (status === 401) res.writeHeader('www-authenticate', 'Bearer');
    res.end(body);
  });
}

/** HEAD has no answer with a body (RFC 9110 §9.3.2): its bytes would stand before the connection's next answer. */
export function endWithoutBody(res: HttpResponse, status: number, headers: Headers): void {
  res.cork(() => {
    res.writeStatus(`${status} ${REASONS[status]}`);
    writeHeaders(res, headers);
    res.endWithoutBody();
  });
}

export function errorBody(category: string, message: string): string {
  return JSON.stringify({ error: { category, message } });
}

export function endWithError(
  res: HttpResponse,
  status: number,
  category: string,
  message: string,
  headers: Headers,
): void {
  endWith(res, status, JSON_TYPE, errorBody(category, message), headers);
}

/** Every refusal has the category of a missing token: INTERFACES knows no other. */
export function endRefused(res: HttpResponse, { status, message }: Refusal, headers: Headers): void {
  endWithError(res, status, 'unauthorized', message, headers);
}

/** What a handler wants to answer; thrown ones are errors for the client. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly category: string;

  constructor(status: number, category: string, message: string) {
    super(message);
    this.status = status;
    this.category = category;
  }
}

export type Reply = { readonly status?: number; readonly type?: string; readonly body: string };

/** What a handler may know of a request: uWebSockets.js' own object is dead once the route returns. */
export type Query = { readonly path: string; readonly params: URLSearchParams };

export type Handler = (query: Query) => Reply | Promise<Reply>;

/** How answers are given: what is told of faults, and the headers of each. */
export type Answering = { readonly fault: (error: unknown) => void; readonly headers: Headers };

/** Runs a handler now or later, and answers unless the client has gone. */
export function respond(res: HttpResponse, req: HttpRequest, handler: Handler, { fault, headers }: Answering): void {
  let isAborted = false;
  res.onAborted(() => {
    isAborted = true;
  });
  const query = { path: req.getUrl(), params: new URLSearchParams(req.getQuery()) };
  const fail = (error: unknown): void => {
    if (!(error instanceof HttpError)) fault(error);
    if (isAborted) return;
    if (error instanceof HttpError) endWithError(res, error.status, error.category, error.message, headers);
    else endWithError(res, 500, 'internal', 'a fault of the engine', headers);
  };
  const done = (reply: Reply): void => {
    if (!isAborted) endWith(res, reply.status ?? 200, reply.type ?? JSON_TYPE, reply.body, headers);
  };
  try {
    const reply = handler(query);
    if (reply instanceof Promise) reply.then(done).catch(fail);
    else done(reply);
  } catch (error) {
    fail(error);
  }
}

/** The part of a path after its prefix, decoded. */
export function decodeTail(path: string, prefix: string): string {
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    throw new HttpError(400, 'shape', 'expected a URL-encoded name, was not decodable');
  }
}

/** A whole number in a range, or the default where it is not given. */
export function wholeNumber(params: URLSearchParams, name: string, usual: number, min: number, max: number): number {
  const text = params.get(name);
  if (text === null) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new HttpError(
    400,
    'range',
    `${name}: expected a whole number from ${min} to ${max}, was ${JSON.stringify(text)}`,
  );
}
