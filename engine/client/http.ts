// Reads the engine over HTTP: one JSON answer, or one line of NDJSON after another, until the client is closed.

import { AuthorizationError, ClientError, RequestError } from './errors.ts';

export type HttpParts = {
  readonly baseUrl: string;
  readonly token: string | null;
  readonly fetch: typeof fetch;
};

type ErrorBody = { readonly error?: { readonly category?: string; readonly message?: string } };

/** One request that runs: `signal` ends it, and its reason is what the caller is told. */
class Run {
  readonly path: string;
  /** Rejects where the request is to end: a fetch that knows no signals is not waited for. */
  readonly ended: Promise<never>;
  private readonly controller = new AbortController();
  private readonly outer: AbortSignal | undefined;

  constructor(path: string, outer: AbortSignal | undefined) {
    this.path = path;
    this.outer = outer;
    this.ended = new Promise((_resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error), { once: true });
    });
    // Nobody may be waiting for anything at that time.
    this.ended.catch(() => undefined);
    outer?.addEventListener('abort', this.follow);
    if (outer?.aborted === true) this.follow();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  private readonly follow = (): void => this.controller.abort(this.outer?.reason);

  end(error: ClientError): void {
    this.controller.abort(error);
  }

  /** It has its answer: a signal that lives on holds nothing of it. */
  done(): void {
    this.outer?.removeEventListener('abort', this.follow);
  }
}

export class Http {
  private readonly parts: HttpParts;
  private readonly running = new Set<Run>();
  private isClosed = false;

  constructor(parts: HttpParts) {
    this.parts = parts;
  }

  /** @throws RequestError, AuthorizationError */
  async json<T>(path: string, alsoTaken: readonly number[] = []): Promise<T> {
    const run = this.begin(path);
    try {
      const response = await this.response(run);
      if (!response.ok && !alsoTaken.includes(response.status)) throw await refusalOf(run, response);
      return (await Promise.race([response.json(), run.ended])) as T;
    } catch (error) {
      // It broke off, or something else than an engine answers there.
      throw asTold(error, run, 'expected JSON, was something else');
    } finally {
      this.end(run);
    }
  }

  /** The status of a path; null without an answer. */
  async status(path: string, signal?: AbortSignal): Promise<number | null> {
    if (this.isClosed) return null;
    const run = this.begin(path, signal);
    try {
      const response = await this.response(run);
      await response.body?.cancel();
      return response.status;
    } catch {
      return null;
    } finally {
      this.end(run);
    }
  }

  /** Each line as JSON. Ends the request where the loop is left. */
  async *lines<T>(path: string, signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
    const run = this.begin(path, signal);
    let reader: Reader = null;
    try {
      const response = await this.response(run);
      if (!response.ok || response.body === null) throw await refusalOf(run, response);
      reader = response.body.getReader();
      // Ends a read that waits, whatever the body makes of the signal.
      run.signal.addEventListener('abort', () => cancel(reader), { once: true });
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        run.signal.throwIfAborted();
        const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
        rest = done ? '' : (lines.pop() ?? '');
        for (const line of lines) {
          run.signal.throwIfAborted();
          if (line !== '') yield JSON.parse(line) as T;
        }
        if (done) return;
      }
    } catch (error) {
      throw asTold(error, run, 'expected an answer to its end, it broke off');
    } finally {
      this.end(run);
      // Not waited for: a body that hangs would hold up the loop that leaves it.
      cancel(reader);
    }
  }

  /** Ends all that runs, and all that is to come: each is told so. */
  close(): void {
    this.isClosed = true;
    for (const run of this.running) run.end(closedError(run.path));
  }

  private begin(path: string, signal?: AbortSignal): Run {
    if (this.isClosed) throw closedError(path);
    const run = new Run(path, signal);
    this.running.add(run);
    return run;
  }

  private end(run: Run): void {
    run.done();
    this.running.delete(run);
  }

  private async response({ path, signal, ended }: Run): Promise<Response> {
    const { baseUrl, token, fetch } = this.parts;
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    try {
      return await Promise.race([fetch(baseUrl + path, { headers, signal }), ended]);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new RequestError(path, 0, 'unreachable', `expected an answer of ${baseUrl}, was none: ${textOf(error)}`);
    }
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array> | null;

function cancel(reader: Reader): void {
  void reader?.cancel().catch(() => undefined);
}

function closedError(path: string): RequestError {
  return new RequestError(path, 0, 'closed', 'expected an open client, it is closed');
}

/** What ended the request, where something did; else what it was refused with, or that it broke. */
function asTold(error: unknown, { path, signal }: Run, what: string): unknown {
  if (signal.aborted) return signal.reason;
  return error instanceof ClientError ? error : new RequestError(path, 0, 'unreachable', `${what}: ${textOf(error)}`);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function refusalOf({ path, ended }: Run, response: Response): Promise<ClientError> {
  const { status } = response;
  const body = (await Promise.race([response.json().catch(() => ({})), ended])) as ErrorBody | null;
  const message = body?.error?.message ?? `expected status 200, was ${status}`;
  if (status === 401 || status === 403) return new AuthorizationError(`${path}: ${message}`, status);
  return new RequestError(path, status, body?.error?.category ?? 'internal', message);
}
