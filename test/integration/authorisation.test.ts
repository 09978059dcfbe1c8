// Who comes in: every way of presenting a token × every role × every endpoint of both ports, and nobody else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { wireFrame } from '../../engine/load/frame-socket.ts';
import { ENDPOINTS, type Endpoint, MARKET_TRADE, statusFor, TOKENS } from '../support/access-matrix.ts';
import { Client, eventually, LiveEngine } from '../support/live-engine.ts';
import { askRaw, type RawAnswer } from '../support/raw-request.ts';
import { type Presentation, presentationsOf } from '../support/token-presentations.ts';

const CONCURRENT = 24;

/** Paths and methods that are no endpoints: with any token and without, they give nothing away. */
const NOTHING_THERE: readonly (readonly [method: string, path: string])[] = [
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].map((method) => [method, '/v1/markets'] as const),
  ...['//v1/markets', '/V1/markets', '/v1/markets/', '/v1/%6darkets', '/./v1/markets', '/health/../v1/markets'].map(
    (path) => ['GET', path] as const,
  ),
  ...['/v1', '/v1/', '/v1/markets%00', '/v1;/markets', '/v1/admin/checkpoint', '/ready/../metrics', '/%2fmetrics'].map(
    (path) => ['GET', path] as const,
  ),
];

describe('access', () => {
  let engine: LiveEngine;
  before(async () => {
    const access = { host: '127.0.0.1', isLocal: true, tokens: TOKENS, origins: ['https://market.example'], tls: null };
    engine = await LiveEngine.start({ access });
    await push();
    await eventually('a market', () => engine.ingress('applied') === 1);
  });
  after(() => engine.stop());

  const portOf = (endpoint: Pick<Endpoint, 'port'>): number =>
    endpoint.port === 'public' ? engine.engine.port : engine.engine.ingestPort;

  async function push(): Promise<void> {
    const protocols = ['millrace', `bearer.${Buffer.from(TOKENS[0].secret).toString('base64url')}`];
    const producer = await Client.open(`ws://127.0.0.1:${engine.engine.ingestPort}/ingest/binance`, protocols);
    producer.send(MARKET_TRADE);
    await producer.close();
  }

  function ask(endpoint: Endpoint, { headers, query }: Presentation): Promise<RawAnswer> {
    const { path, isUpgrade = false } = endpoint;
    const whole = query === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    return askRaw({ port: portOf(endpoint), path: whole, headers, isUpgrade });
  }

  test('is given to the right token, rightly presented, for its role, and to nothing else', async (t) => {
    const cases = TOKENS.flatMap((token) =>
      presentationsOf(token.secret).flatMap((presentation) =>
        ENDPOINTS.map((endpoint) => ({ token, presentation, endpoint })),
      ),
    );
    const wrong: string[] = [];
    let next = 0;
    async function lane(): Promise<void> {
      for (let at = next++; at < cases.length; at = next++) {
        const { token, presentation, endpoint } = cases[at];
        const { status } = await ask(endpoint, presentation);
        const right = statusFor(endpoint, presentation, token);
        if (status !== right)
          wrong.push(`${token.roles}: ${presentation.name}: ${endpoint.path}: expected ${right}, was ${status}`);
      }
    }
    await Promise.all(Array.from({ length: CONCURRENT }, lane));
    assert.deepEqual(wrong, []);
    t.diagnostic(`${cases.length} requests`);
  });

  test('has one answer for a token that is missing, empty, unknown, nearly right, or in the address', async () => {
    for (const endpoint of ENDPOINTS.filter(({ role }) => role !== null)) {
      const answers = new Set<string>();
      for (const presentation of presentationsOf('reading-Secret-Ok7').filter(({ isRight }) => !isRight.upgrade)) {
        const { head, body } = await ask(endpoint, presentation);
        answers.add(`${head}\n${body}`);
      }
      assert.equal(answers.size, 1, endpoint.path);
      assert.match([...answers][0], /401 Unauthorized[\s\S]*www-authenticate: Bearer[\s\S]*"unauthorized"/);
    }
  });

  test('is not to be had by other methods and spellings of a path', async () => {
    for (const [method, path] of NOTHING_THERE) {
      for (const headers of [[], [['Authorization', `Bearer ${TOKENS[3].secret}`] as const]]) {
        const { status, body } = await askRaw({ port: engine.engine.port, method, path, headers });
        assert.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`);
        assert.doesNotMatch(body, /BTCUSDT|millrace_/);
      }
    }
  });

  test('is not to be had by frames behind a refused upgrade', async () => {
    const applied = engine.ingress('frames');
    const subscribe = wireFrame(Buffer.from('{"op":"subscribe","args":["trade.binance:BTCUSDT"]}'));
    const stream = { port: engine.engine.port, path: '/stream', isUpgrade: true, behind: subscribe };
    // The answer is that to the request, or, where its bytes come with it, that to what is no HTTP.
    const refused = await askRaw(stream);
    assert.ok(refused.status >= 400 && !/subscribed/.test(refused.body), refused.head);
    const frame = { port: engine.engine.ingestPort, path: '/ingest/binance', isUpgrade: true };
    assert.ok((await askRaw({ ...frame, behind: wireFrame(Buffer.from(MARKET_TRADE)) })).status >= 400);
    await push();
    await eventually('the frame of one who may', () => engine.ingress('frames') > applied);
    assert.equal(engine.ingress('frames'), applied + 1);
  });

  test('is asked for anew with each request of a connection', async () => {
    const second = Buffer.from(`GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const headers = [['Authorization', `Bearer ${TOKENS[1].secret}`]] as const;
    const answer = await new Promise<string>((resolve) => {
      import('node:net').then(({ connect }) => {
        const socket = connect(engine.engine.port, '127.0.0.1');
        const [[header, value]] = headers;
        let text = '';
        socket.write(`GET /v1/markets HTTP/1.1\r\nHost: localhost\r\n${header}: ${value}\r\n\r\n`);
        socket.once('data', () => socket.write(second));
        socket.on('data', (chunk) => {
          text += String(chunk);
          if (text.split('HTTP/1.1').length > 2) socket.destroy();
        });
        socket.once('close', () => resolve(text));
      });
    });
    assert.deepEqual(
      [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
      ['200', '401'],
    );
  });

  test('is refused to pages of other origins and to names that are not ours, whatever their token', async () => {
    const right = ['Authorization', `Bearer ${TOKENS[3].secret}`] as const;
    const { port } = engine.engine;
    const cases: readonly (readonly [origin: string | null, host: string, isRight: boolean])[] = [
      [null, `127.0.0.1:${port}`, true],
      [null, `localhost:${port}`, true],
      [null, `[::1]:${port}`, true],
      [null, 'market.example', true],
      [null, `evil.example:${port}`, false],
      [null, `127.0.0.1.evil.example:${port}`, false],
      [null, `localhost.evil.example`, false],
      [`http://127.0.0.1:${port}`, `127.0.0.1:${port}`, true],
      [`http://localhost:${port}`, `localhost:${port}`, true],
      ['https://market.example', `127.0.0.1:${port}`, true],
      ['http://market.example', `127.0.0.1:${port}`, false],
      ['https://market.example.evil', `127.0.0.1:${port}`, false],
      [`http://localhost:${port}`, `127.0.0.1:${port}`, false],
      [`http://127.0.0.1:${port + 1}`, `127.0.0.1:${port}`, false],
      [`http://evil.example:${port}`, `evil.example:${port}`, false],
      ['http://evil.example', `127.0.0.1:${port}`, false],
      ['null', `127.0.0.1:${port}`, false],
      ['', `127.0.0.1:${port}`, false],
      ['file://', `127.0.0.1:${port}`, false],
    ];
    for (const endpoint of ENDPOINTS.filter(({ role, status }) => role !== null && status < 300)) {
      for (const [origin, host, isRight] of cases) {
        const headers = [right, ['Host', host] as const, ...(origin === null ? [] : [['Origin', origin] as const])];
        const { status, head } = await askRaw({ ...endpoint, port: portOf(endpoint), headers });
        assert.equal(status, isRight ? endpoint.status : 403, `${endpoint.path}: ${origin} at ${host}`);
        const shared = /^access-control-allow-origin: (.*)$/im.exec(head)?.[1] ?? null;
        const isShared = endpoint.isUpgrade !== true && origin === 'https://market.example';
        assert.equal(shared, isShared ? origin : null);
      }
    }
  });

  test('counts each refusal by port and cause', async () => {
    const count = async (): Promise<Record<string, number>> => {
      const headers = { authorization: `Bearer ${TOKENS[3].secret}` };
      const response = await fetch(`http://127.0.0.1:${engine.engine.port}/metrics`, { headers });
      const lines = [
        ...(await response.text()).matchAll(/^millrace_refused_total\{port="(.*)",cause="(.*)"\} (\d+)/gm),
      ];
      return Object.fromEntries(lines.map(([, port, cause, value]) => [`${port} ${cause}`, Number(value)]));
    };
    const earlier = await count();
    const reader = ['Authorization', `Bearer ${TOKENS[1].secret}`] as const;
    const pusher = ['Authorization', `Bearer ${TOKENS[0].secret}`] as const;
    for (const [port, path, own] of [
      [engine.engine.port, '/stream', pusher],
      [engine.engine.ingestPort, '/ingest/json', reader],
    ] as const) {
      for (const headers of [[], [own], [own, ['Origin', 'http://x'] as const], [own, ['Host', 'x'] as const]])
        await askRaw({ port, path, headers, isUpgrade: true });
    }
    const later = await count();
    assert.deepEqual(
      Object.keys(later).map((key) => [key, later[key] - earlier[key]]),
      Object.keys(later).map((key) => [key, 1]),
    );
    assert.equal(Object.keys(later).length, 8);
  });
});
