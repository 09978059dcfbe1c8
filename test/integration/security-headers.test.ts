// What browsers are told with every answer of both ports.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { plainAccess } from '../../engine/base/access.ts';
import { headersOf } from '../../engine/uws/security-headers.ts';
import { LiveEngine } from '../support/live-engine.ts';
import { askRaw, type RawRequest } from '../support/raw-request.ts';

const NEEDED: readonly RegExp[] = [
  /^content-security-policy: default-src 'none'.*frame-ancestors 'none'/im,
  /^x-content-type-options: nosniff$/im,
  /^x-frame-options: DENY$/im,
  /^referrer-policy: no-referrer$/im,
  /^cross-origin-opener-policy: same-origin$/im,
  /^cross-origin-resource-policy: same-origin$/im,
  /^permissions-policy: .*camera=\(\)/im,
  /^cache-control: no-store$/im,
];

describe('answers', () => {
  let engine: LiveEngine;
  before(async () => {
    engine = await LiveEngine.start({ token: 'secret' });
  });
  after(() => engine.stop());

  test('have the headers that browsers heed, whatever the status', async () => {
    const { port, ingestPort } = engine.engine;
    const headers = [['Authorization', 'Bearer secret']] as const;
    const cases: readonly (readonly [status: number, request: RawRequest])[] = [
      [200, { port, path: '/' }],
      [200, { port, path: '/health' }],
      [200, { port, path: '/v1/stats', headers }],
      [200, { port, path: '/metrics', headers }],
      [400, { port, path: '/v1/stats?markets=x', headers }],
      [400, { port, path: '/stream?encoding=x', headers, isUpgrade: true }],
      [401, { port, path: '/v1/stats' }],
      [401, { port, path: '/stream', isUpgrade: true }],
      [403, { port, path: '/v1/stats', headers: [...headers, ['Origin', 'http://x']] }],
      [404, { port, path: '/nothing' }],
      [404, { port, path: '/v1/book/no:such', headers }],
      [405, { port, path: '/v1/stats', method: 'POST' }],
      [405, { port, path: '/v1/stats', method: 'OPTIONS' }],
      [405, { port, path: '/health', method: 'HEAD' }],
      [404, { port: ingestPort, path: '/', method: 'HEAD' }],
      [401, { port: ingestPort, path: '/ingest/json', isUpgrade: true }],
      [403, { port: ingestPort, path: '/ingest/json', isUpgrade: true, headers: [...headers, ['Origin', 'http://x']] }],
      [404, { port: ingestPort, path: '/ingest/none', isUpgrade: true, headers }],
      [404, { port: ingestPort, path: '/' }],
    ];
    for (const [expected, request] of cases) {
      const { status, head, body } = await askRaw(request);
      const what = `${request.method ?? 'GET'} ${request.path}`;
      assert.equal(status, expected, what);
      if (request.method === 'HEAD') assert.equal(body, '', what);
      for (const needed of NEEDED) assert.match(head, needed, what);
      assert.doesNotMatch(head, /access-control-allow-origin|strict-transport-security/i, what);
    }
  });

  test('let the page run its own script and style, by their hashes, and nothing else', async () => {
    const { head, body } = await askRaw({ port: engine.engine.port, path: '/' });
    const policy = /^content-security-policy: (.*)$/im.exec(head)?.[1] ?? '';
    for (const element of ['script', 'style']) {
      const inside = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(body)?.[1] ?? '';
      const hash = createHash('sha256').update(inside).digest('base64');
      assert.ok(inside.length > 100 && policy.includes(`${element}-src 'sha256-${hash}'`), element);
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.doesNotMatch(body, /\son\w+=|\sstyle=|<script [^>]*src/, 'nothing that the policy would stop');
  });

  test('ask for TLS alone where the port has it and is not this machine alone', () => {
    const tls = { cert: 'c', key: 'k', passphrase: null };
    const isStrict = (host: string, isTls: boolean): boolean =>
      headersOf({ ...plainAccess(host, null), tls: isTls ? tls : null }).some(
        ([name]) => name === 'strict-transport-security',
      );
    assert.deepEqual(
      [isStrict('0.0.0.0', true), isStrict('0.0.0.0', false), isStrict('localhost', true)],
      [true, false, false],
    );
  });
});
