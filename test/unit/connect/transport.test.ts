// Real sockets and requests against local servers: plain, over TLS by a test authority, through a proxy, and every way to fail.

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { WebSocketServer } from 'ws';
import type { Route } from '../../../engine/connect/socket.ts';
import { SystemTransport } from '../../../engine/connect/system-transport.ts';
import {
  type Failure,
  type FeedSocket,
  failureOf,
  type RestAnswer,
  TransportError,
} from '../../../engine/connect/transport.ts';
import { testCertificates } from '../../support/test-certificates.ts';

const DIRECT: Route = { token: null, proxy: null, ca: null };
const { ca, server: certificate } = testCertificates();
const closers: Array<() => void> = [];
after(() => {
  for (const close of closers) close();
});

async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

type Heard = { authorization: string | undefined; url: string | undefined };

/** Echoes on WebSockets; answers REST by its path. */
async function startVenue(isSecure = false): Promise<{ port: number; heard: Heard[] }> {
  const heard: Heard[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    heard.push({ authorization: request.headers.authorization, url: request.url });
    if (request.url === '/hang') return;
    if (request.url === '/trickle') {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return;
    }
    if (request.url === '/cut') {
      request.socket.destroy();
      return;
    }
    if (request.url === '/limited') response.writeHead(429, { 'Retry-After': '3' });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      response.end(
        request.url === '/large' ? 'x'.repeat(100_000) : `${request.method} ${request.url} ${Buffer.concat(chunks)}`,
      ),
    );
  };
  const server: Server = isSecure ? createSecureServer(certificate, answer) : createServer(answer);
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    heard.push({ authorization: request.headers.authorization, url: request.url });
    if (request.url === '/refused') {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    if (request.url === '/silent') return;
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text === 'close') webSocket.close(4001, 'enough');
        else if (text === 'cut') webSocket.terminate();
        else if (text === 'large') webSocket.send('x'.repeat(5_000));
        else if (text === 'ping') webSocket.ping();
        else webSocket.send(data);
      });
    });
  });
  closers.push(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { port: await listen(server), heard };
}

/** A proxy that takes CONNECT, with a password or without. */
async function startProxy(password: string | null): Promise<{ port: number; targets: string[] }> {
  const targets: string[] = [];
  const open = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const expected = password === null ? undefined : `Basic ${Buffer.from(password).toString('base64')}`;
    if (request.headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    targets.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const venue = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      venue.pipe(client).pipe(venue);
    });
    for (const socket of [client, venue]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
  });
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: await listen(server), targets };
}

type End = { code: number; reason: string; failure: Failure | null };

/** A socket whose events can be waited for. */
class Watched {
  readonly seen: string[] = [];
  readonly socket: FeedSocket;
  closes = 0;
  readonly ended: Promise<End>;
  private wake: () => void = () => {};

  constructor(transport: SystemTransport, url: string, handshakeTimeoutMs = 2_000) {
    let end: (value: End) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    const note = (text: string): void => {
      this.seen.push(text);
      this.wake();
    };
    this.socket = transport.open(
      { url, payloadBytesMax: 1_000, handshakeTimeoutMs },
      {
        opened: () => note('opened'),
        message: (bytes) => note(`message ${bytes.toString()}`),
        ping: () => note('ping'),
        pong: () => note('pong'),
        closed: (code, reason, failure) => {
          this.closes++;
          end({ code, reason, failure });
        },
      },
    );
  }

  async until(text: string): Promise<void> {
    while (!this.seen.includes(text)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

async function roundTrip(transport: SystemTransport, url: string): Promise<void> {
  const watched = new Watched(transport, url);
  await watched.until('opened');
  watched.socket.send('hello');
  await watched.until('message hello');
  watched.socket.ping();
  await watched.until('pong');
  watched.socket.send('ping');
  await watched.until('ping');
  watched.socket.close(1000, 'done');
  assert.deepEqual([(await watched.ended).code, (await watched.ended).failure], [1000, null]);
  assert.equal(watched.closes, 1);
}

async function ask(
  transport: SystemTransport,
  url: string,
  changes: { timeoutMs?: number; signal?: AbortSignal; body?: string } = {},
): Promise<RestAnswer> {
  const { timeoutMs = 2_000, signal = new AbortController().signal, body = null } = changes;
  return transport.request({
    method: body === null ? 'GET' : 'POST',
    url,
    body,
    timeoutMs,
    bodyBytesMax: 10_000,
    signal,
  });
}

/** The failure of what must fail. */
async function failing(run: Promise<unknown>): Promise<Failure> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error.failure;
  }
  throw new Error('expected a failure, was none');
}

function transportBy(route: Partial<Route>): SystemTransport {
  const transport = new SystemTransport({ ...DIRECT, ...route });
  closers.push(() => transport.close());
  return transport;
}

test('messages, pings and closes go both ways; the token goes along', async () => {
  const { port, heard } = await startVenue();
  await roundTrip(transportBy({ token: 'secret' }), `ws://127.0.0.1:${port}/stream?of=a`);
  assert.deepEqual(heard, [{ authorization: 'Bearer secret', url: '/stream?of=a' }]);
  await roundTrip(transportBy({}), `ws://127.0.0.1:${port}/`);
  assert.equal(heard[1].authorization, undefined);
});

test('TLS by an authority of the user works, and without it is a failure of TLS', async () => {
  const { port } = await startVenue(true);
  await roundTrip(transportBy({ ca }), `wss://localhost:${port}/`);
  assert.equal((await ask(transportBy({ ca }), `https://localhost:${port}/x`)).body, 'GET /x ');
  const stranger = new Watched(transportBy({}), `wss://localhost:${port}/`);
  assert.equal((await stranger.ended).failure?.kind, 'tls');
  assert.equal((await failing(ask(transportBy({}), `https://localhost:${port}/x`))).kind, 'tls');
});

test('everything goes through a proxy, TLS inside it too, and its refusal is told', async () => {
  const plain = await startVenue();
  const secure = await startVenue(true);
  const open = await startProxy(null);
  const guarded = await startProxy('user:pass word');
  for (const proxy of [`http://127.0.0.1:${open.port}`, `http://user:pass%20word@127.0.0.1:${guarded.port}`]) {
    const transport = transportBy({ proxy, ca });
    await roundTrip(transport, `ws://127.0.0.1:${plain.port}/`);
    await roundTrip(transport, `wss://localhost:${secure.port}/`);
    assert.equal((await ask(transport, `http://127.0.0.1:${plain.port}/x`)).body, 'GET /x ');
    assert.equal((await ask(transport, `https://localhost:${secure.port}/x`)).body, 'GET /x ');
  }
  const expected = [plain, secure, plain, secure].map(
    ({ port }, i) => `${i % 2 === 0 ? '127.0.0.1' : 'localhost'}:${port}`,
  );
  assert.deepEqual(open.targets, expected);
  assert.deepEqual(guarded.targets, expected);
  const refused = transportBy({ proxy: `http://127.0.0.1:${guarded.port}` });
  const { failure } = await new Watched(refused, `ws://127.0.0.1:${plain.port}/`).ended;
  assert.deepEqual([failure?.kind, failure?.status], ['proxy', 407]);
  assert.equal((await failing(ask(refused, `http://127.0.0.1:${plain.port}/x`))).status, 407);
});

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Takes connections and says nothing. */
async function startMute(): Promise<number> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
  });
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return listen(server);
}

test('each way to fail has its word, and each end comes once', async () => {
  const { port } = await startVenue();
  const mute = await startMute();
  const transport = transportBy({});
  const cases: Array<[string, string, number | null]> = [
    [`ws://127.0.0.1:${await closedPort()}/`, 'refused', null],
    ['ws://no-such-host.invalid/', 'dns', null],
    [`ws://127.0.0.1:${port}/refused`, 'handshake', 429],
    [`ws://127.0.0.1:${port}/silent`, 'timeout', null],
    [`ws://127.0.0.1:${mute}/`, 'timeout', null],
    [`wss://127.0.0.1:${port}/`, 'tls', null],
    ['nonsense', 'other', null],
  ];
  for (const [url, kind, status] of cases) {
    const watched = new Watched(transport, url, 300);
    const { failure } = await watched.ended;
    assert.deepEqual([failure?.kind, failure?.status], [kind, status], url);
    assert.deepEqual([watched.closes, watched.seen], [1, []], url);
  }
  for (const [text, kind, code] of [
    ['close', 'closed', 4001],
    ['cut', 'reset', 1006],
    ['large', 'too-large', 1006],
  ] as const) {
    const watched = new Watched(transport, `ws://127.0.0.1:${port}/`);
    await watched.until('opened');
    watched.socket.send(text);
    const end = await watched.ended;
    assert.deepEqual([end.failure?.kind, end.code, watched.closes], [kind, code, 1]);
  }
});

test('cut by its user at any stage, it ends without a failure', async () => {
  const { port } = await startVenue();
  const mute = await startMute();
  for (const [proxy, url] of [
    [null, `ws://127.0.0.1:${port}/`],
    [null, `ws://127.0.0.1:${mute}/`],
    [`http://127.0.0.1:${mute}`, `ws://127.0.0.1:${port}/`],
  ] as const) {
    for (const stage of ['at once', 'soon', 'later'] as const) {
      for (const way of ['terminate', 'close'] as const) {
        const watched = new Watched(transportBy({ proxy }), url);
        if (stage === 'soon') await new Promise((resolve) => setImmediate(resolve));
        if (stage === 'later') await new Promise((resolve) => setTimeout(resolve, 30));
        if (way === 'terminate') watched.socket.terminate();
        else watched.socket.close(1000, 'done');
        assert.equal((await watched.ended).failure, null, `${url} ${stage} ${way}`);
        watched.socket.terminate();
        watched.socket.send('after the end');
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(watched.closes, 1);
      }
    }
  }
});

test('requests have method, body, status and headers, and a bound for size and time', async () => {
  const { port, heard } = await startVenue();
  const transport = transportBy({ token: 'secret' });
  const base = `http://127.0.0.1:${port}`;
  assert.equal((await ask(transport, `${base}/a?b=c`)).body, 'GET /a?b=c ');
  assert.equal((await ask(transport, `${base}/p`, { body: '{"a":"é"}' })).body, 'POST /p {"a":"é"}');
  assert.equal(heard[0].authorization, 'Bearer secret');
  const limited = await ask(transport, `${base}/limited`);
  assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '3']);
  assert.equal((await failing(ask(transport, `${base}/large`))).kind, 'too-large');
  assert.equal((await failing(ask(transport, `${base}/hang`, { timeoutMs: 100 }))).kind, 'timeout');
  assert.equal((await failing(ask(transport, `${base}/trickle`, { timeoutMs: 150 }))).kind, 'timeout');
  assert.equal((await failing(ask(transport, `${base}/cut`))).kind, 'reset');
  assert.equal((await failing(ask(transport, `http://127.0.0.1:${await closedPort()}/`))).kind, 'refused');
  assert.equal((await failing(ask(transport, 'http://no-such-host.invalid/'))).kind, 'dns');
  const controller = new AbortController();
  const aborted = failing(ask(transport, `${base}/hang`, { signal: controller.signal }));
  controller.abort();
  assert.equal((await aborted).kind, 'aborted');
});

test('what is no error of Node has a word too', () => {
  assert.deepEqual(failureOf('text'), { kind: 'other', message: 'text', status: null });
  const several = new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]);
  assert.equal(failureOf(several).kind, 'refused');
});
