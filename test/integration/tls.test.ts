// Both ports by TLS, with real clients: sockets, requests, the engine's own feed and load tests.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { WebSocket } from 'ws';
import { accessOf } from '../../engine/access-settings.ts';
import type { AccessPlan } from '../../engine/base/access.ts';
import { loadSettings } from '../../engine/config.ts';
import { FeedThread } from '../../engine/synthetic/feed-thread.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { ensureBuilt, millrace } from '../support/live-engine-process.ts';
import { TEST_CERTIFICATE } from '../support/test-certificate.ts';
import { testCertificates } from '../support/test-certificates.ts';
import { lockedKey } from '../support/test-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const { ca, server } = testCertificates();
const PASSPHRASE = 'open sésame';

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const files = { tlsCert: file('cert.pem', server.cert), tlsKey: file('key.pem', server.key) };
const locked = {
  tlsCert: files.tlsCert,
  tlsKey: file('locked.pem', lockedKey(server.key, PASSPHRASE)),
  tlsPassphraseFile: file('passphrase', `${PASSPHRASE}\n`),
};

type Answer = { readonly status: number; readonly headers: NodeJS.Dict<string | string[]> };

function ask(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, ca, ...options }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    }).once('error', reject);
  });
}

function open(url: string, protocols: string[]): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { ca });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** What a client that takes no other version of TLS is answered. */
function handshake(port: number, version: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    // Old versions are shut out of OpenSSL's own usual level as well, which is not what is asked here.
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const socket = connectTls({ host: '127.0.0.1', port, ca, minVersion: version, maxVersion: version, ciphers });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
  });
}

async function planOf(flags: Record<string, unknown>): Promise<AccessPlan> {
  return (await accessOf(loadSettings(flags, {}))).plan;
}

describe('both ports by TLS', () => {
  test('serve sockets and requests, push and read, and refuse what is older than TLS 1.2', async (t) => {
    const engine = await LiveEngine.start({ access: await planOf({ ...files, token: 'secret' }) });
    t.after(() => engine.stop());
    const { port, ingestPort } = engine.engine;
    const authorization = 'Bearer secret';
    assert.equal((await ask(port, '/ready')).status, 200);
    assert.equal((await ask(port, '/v1/stats')).status, 401);
    assert.equal((await ask(port, '/v1/stats', { headers: { authorization } })).status, 200);
    await assert.rejects(ask(port, '/ready', { ca: TEST_CERTIFICATE }), /self-signed|unable to verify/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/ready`), 'without TLS nothing is answered');
    const protocols = ['millrace', `bearer.${Buffer.from('secret').toString('base64url')}`];
    const pushed = await open(`wss://127.0.0.1:${ingestPort}/ingest/json`, protocols);
    const stream = await open(`wss://localhost:${port}/stream`, protocols);
    stream.send('{"op":"ping"}');
    assert.match(await new Promise((resolve) => stream.once('message', (data) => resolve(String(data)))), /pong/);
    pushed.close();
    stream.close();
    for (const each of [port, ingestPort]) {
      assert.equal(await handshake(each, 'TLSv1.3'), 'TLSv1.3');
      assert.equal(await handshake(each, 'TLSv1.2'), 'TLSv1.2');
      assert.equal(await handshake(each, 'TLSv1.1'), 'refused');
      assert.equal(await handshake(each, 'TLSv1'), 'refused');
    }
  });

  test("are fed by the engine's own feed, whatever the certificate names, with a key that is locked", async (t) => {
    const access = await accessOf(loadSettings({ ...locked, roleToken: ['read=only readers'] }, {}));
    const host = '127.0.0.2';
    const engine = await LiveEngine.start({ host, access: { ...access.plan, host } });
    t.after(() => engine.stop());
    // The certificate names localhost and 127.0.0.1 alone.
    const url = `wss://${host}:${engine.engine.ingestPort}/ingest/json`;
    const feed = await FeedThread.start({ url, ...access.own, rate: 1000, seed: 1 });
    t.after(() => feed.stop());
    await eventually('frames of the feed', () => engine.ingress('applied') > 100);
    assert.equal(engine.ingress('unauthorized'), 0);
  });

  test('are measured by a load test', async (t) => {
    await ensureBuilt();
    const engine = await LiveEngine.start({ access: await planOf({ ...files, token: 'secret' }) });
    t.after(() => engine.stop());
    const { port, ingestPort } = engine.engine;
    const target = ['--target', `wss://localhost:${port}`, '--ingest-target', `wss://127.0.0.1:${ingestPort}`];
    const work = [
      '--duration',
      '1s',
      '--warmup',
      '0s',
      '--markets',
      '4',
      '--rate',
      '200',
      '--threshold',
      'counts.lost==0',
    ];
    const trusted = { NODE_EXTRA_CA_CERTS: file('ca.pem', ca), MILLRACE_TOKEN: 'secret' };
    const ended = await millrace(['load', ...target, ...work], trusted);
    assert.equal(ended.code, 0, ended.stderr + ended.stdout);
    assert.ok(engine.ingress('applied') >= 200);
    const stranger = await millrace(['load', ...target, ...work], { MILLRACE_TOKEN: 'secret' });
    assert.equal(stranger.code, 2);
    assert.match(stranger.stderr, /--target .*: expected a running engine, was: .*certificate/);
  });

  test('compress nothing that comes in, and nothing for a client that wants none', async (t) => {
    const engine = await LiveEngine.start();
    t.after(() => engine.stop());
    for (const url of [
      `ws://127.0.0.1:${engine.engine.port}/stream?compress=0`,
      `ws://127.0.0.1:${engine.engine.ingestPort}/ingest/json`,
    ]) {
      const socket = new WebSocket(url, { perMessageDeflate: true });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      assert.equal(socket.extensions, '');
      socket.terminate();
    }
  });
});
