// The client over HTTP against a fake fetch: addresses, errors, and lines of a replay however they are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createClient } from '../../../engine/client/index.ts';
import '../../support/seed.ts';

type Asked = { readonly url: string; readonly authorization: string | null };

/** A client whose fetch notes what it is asked and gives `answer`. */
function clientOf(answer: () => Response, asked: Asked[] = []): ReturnType<typeof createClient> {
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, authorization: new Headers(init.headers).get('authorization') });
    return answer();
  };
  return createClient({ url: 'wss://host/base', token: 'T', fetch: fetch as typeof globalThis.fetch });
}

const REPLAY = { from: '2026-01-01T00:00:00Z', to: new Date(0), markets: ['x:A/B', 'y:C'] };

test('addresses are encoded, and the token goes in a header', async () => {
  const asked: Asked[] = [];
  const client = clientOf(() => new Response('[]'), asked);
  await client.candles('x:A/B', '0.5v', 7);
  await client.bookSnapshot('x:A');
  for await (const _ of client.replay({ ...REPLAY, channels: ['trade', 'bar.1m'] }));
  assert.deepEqual(
    asked.map(({ url }) => url),
    [
      'https://host/base/v1/bars/x%3AA%2FB?kind=0.5v&limit=7',
      'https://host/base/v1/book/x%3AA?depth=20',
      'https://host/base/v1/replay?from=2026-01-01T00%3A00%3A00Z&to=1970-01-01T00%3A00%3A00.000Z&markets=x%3AA%2FB%2Cy%3AC&channels=trade%2Cbar.1m',
    ],
  );
  assert.deepEqual(new Set(asked.map(({ authorization }) => authorization)), new Set(['Bearer T']));
});

test('an error of the engine comes with its status, category and words', async () => {
  const body = JSON.stringify({ error: { category: 'unknown-market', message: 'expected a known market, was "x"' } });
  const refused = { name: 'RequestError', status: 404, category: 'unknown-market' };
  await assert.rejects(clientOf(() => new Response(body, { status: 404 })).recentTrades('x'), {
    ...refused,
    message: '/v1/trades/x?: expected a known market, was "x"',
  });
  await assert.rejects(clientOf(() => new Response('<html>', { status: 502 })).markets(), { status: 502 });
  await assert.rejects(clientOf(() => new Response('', { status: 401 })).markets(), { name: 'AuthorizationError' });
  const isDown = (): never => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  };
  await assert.rejects(clientOf(isDown).markets(), { name: 'RequestError', status: 0, message: /ECONNREFUSED/ });
  const failed = { status: 'failed', reasons: ['no shard'] };
  assert.deepEqual(await clientOf(() => Response.json(failed, { status: 503 })).health(), failed);
});

function bodyOf(chunks: readonly Uint8Array[], end: (controller: ReadableStreamDefaultController) => void): Response {
  const left = [...chunks];
  const pull = (controller: ReadableStreamDefaultController): void => {
    const chunk = left.shift();
    if (chunk === undefined) end(controller);
    else controller.enqueue(chunk);
  };
  return new Response(new ReadableStream({ pull }));
}

test('a replay gives each line, wherever its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
      fc.array(fc.nat(60)),
      async (symbols, cuts) => {
        const lines = symbols.map((symbol) => ({ type: 'trade', symbol }));
        const bytes = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
        const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
        const chunks = ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1], end));
        const found: unknown[] = [];
        const client = clientOf(() => bodyOf(chunks, (controller) => controller.close()));
        for await (const message of client.replay(REPLAY)) found.push(message);
        assert.deepEqual(found, lines);
      },
    ),
    { numRuns: 50 },
  );
});

test('a replay asks for what it is told, and for all without', async () => {
  const asked: Asked[] = [];
  const client = clientOf(() => new Response(''), asked);
  for await (const _ of client.replay());
  for await (const _ of client.replay({ markets: ['x:*'] }));
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['https://host/base/v1/replay', 'https://host/base/v1/replay?markets=x%3A*'],
  );
});

test('an answer that is no JSON is a RequestError, as any other that is of no use', async () => {
  const client = clientOf(() => new Response('<html>'));
  await assert.rejects(client.markets(), { name: 'RequestError', status: 0, category: 'unreachable' });
});

test('a replay that breaks off is an error after its last line, and leaving the loop ends the request', async () => {
  const line = new TextEncoder().encode('{"type":"trade"}\n');
  const broken = clientOf(() => bodyOf([line], (controller) => controller.error(new Error('reset'))));
  const loop = broken.replay(REPLAY);
  assert.equal((await loop.next()).done, false);
  await assert.rejects(loop.next(), { name: 'RequestError', message: /broke off: reset/ });
  let isCancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(line),
    cancel: () => {
      isCancelled = true;
    },
  });
  for await (const message of clientOf(() => new Response(endless)).replay(REPLAY)) {
    assert.equal(message.type, 'trade');
    break;
  }
  assert.equal(isCancelled, true);
});

/** Answers nothing, or begins an answer and never ends it; `isDeaf` takes no notice of the request's end. */
function hangingClient(body: string | null, isDeaf: boolean): ReturnType<typeof createClient> {
  const fetch = (_url: string, { signal }: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const begun = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(body ?? ''));
          if (!isDeaf) signal?.addEventListener('abort', () => controller.error(signal.reason));
        },
      });
      if (body !== null) resolve(new Response(begun));
      else if (!isDeaf) signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  return createClient({ fetch: fetch as typeof globalThis.fetch });
}

const CLOSED = { name: 'RequestError', status: 0, category: 'closed' };

test('close ends requests that run and those to come, each with an error that says so', async () => {
  for (const isDeaf of [false, true]) {
    for (const body of [null, '{"type":"trade"}\n[']) {
      const client = hangingClient(body, isDeaf);
      const replay = client.replay();
      // Only an answer that has begun gives its first line.
      if (body !== null) assert.equal((await replay.next()).done, false);
      const ends = [client.markets(), client.health(), replay.next()].map((end) => assert.rejects(end, CLOSED));
      await client.close();
      await Promise.all(ends);
      assert.deepEqual(await replay.next(), { done: true, value: undefined });
      await assert.rejects(client.candles('x:A', '1m'), CLOSED);
      await assert.rejects(client.replay().next(), CLOSED);
    }
  }
});

test('lines of a replay that came before the close are not told after it', async () => {
  const client = clientOf(() => new Response('{"type":"trade"}\n{"type":"trade"}\n'));
  const replay = client.replay();
  assert.equal((await replay.next()).done, false);
  await client.close();
  await assert.rejects(replay.next(), CLOSED);
});

test('a signal of the caller ends a replay with its own reason, and is let go of with it', async () => {
  const leaving = new AbortController();
  const client = hangingClient('{"type":"trade"}\n', true);
  const replay = client.replay({ signal: leaving.signal });
  assert.equal((await replay.next()).done, false);
  const end = assert.rejects(replay.next(), { message: 'enough' });
  leaving.abort(new Error('enough'));
  await end;
  await client.close();
});
