// Reads the engine over HTTP: one JSON answer, or one line of NDJSON after another.

import { AuthorizationError, ClientError, RequestError } from './errors.ts';

export type HttpParts = {
  readonly baseUrl: string;
  readonly token: string | null;
  readonly fetch: typeof fetch;
};

type ErrorBody = { readonly error?: { readonly category?: string; readonly message?: string } };

export class Http {
  private readonly parts: HttpParts;

  constructor(parts: HttpParts) {
    this.parts = parts;
  }

  /** @throws RequestError, AuthorizationError */
  async json<T>(path: string, alsoTaken: readonly number[] = []): Promise<T> {
    const response = await this.response(path);
    if (!response.ok && !alsoTaken.includes(response.status)) throw await refusalOf(path, response);
    try {
      return (await response.json()) as T;
    } catch (error) {
      // It broke off, or something else than an engine answers there.
      throw new RequestError(path, 0, 'unreachable', `expected JSON, was something else: ${textOf(error)}`);
    }
  }

  /** The status of a path; null without an answer. */
  async status(path: string, signal?: AbortSignal): Promise<number | null> {
    try {
      const response = await this.response(path, signal);
      await response.body?.cancel();
      return response.status;
    } catch {
      return null;
    }
  }

  /** Each line as JSON. Ends the request where the loop is left. */
  async *lines<T>(path: string, signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
    const response = await this.response(path, signal);
    if (!response.ok || response.body === null) throw await refusalOf(path, response);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
        rest = done ? '' : (lines.pop() ?? '');
        for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
        if (done) return;
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof ClientError) throw error;
      throw new RequestError(path, 0, 'unreachable', `expected an answer to its end, it broke off: ${textOf(error)}`);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  private async response(path: string, signal?: AbortSignal): Promise<Response> {
    const { baseUrl, token, fetch } = this.parts;
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    try {
      return await fetch(baseUrl + path, { headers, signal: signal ?? null });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new RequestError(path, 0, 'unreachable', `expected an answer of ${baseUrl}, was none: ${textOf(error)}`);
    }
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function refusalOf(path: string, response: Response): Promise<ClientError> {
  const { status } = response;
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const message = body.error?.message ?? `expected status 200, was ${status}`;
  if (status === 401 || status === 403) return new AuthorizationError(`${path}: ${message}`, status);
  return new RequestError(path, status, body.error?.category ?? 'internal', message);
}
