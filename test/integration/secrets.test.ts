// No secret is told: all that a run prints, answers and writes is searched for secrets that bear a mark.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { eventually } from '../support/live-engine.ts';
import { ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';
import { askRaw } from '../support/raw-request.ts';

const MARK = 'hush7d1f';
const secret = (name: string): string => `${name}-${MARK}-${name}`;
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

const SECRETS = ['flag', 'file', 'role', 'listed', 'venue', 'relay', 'proxy', 'tried', 'wrong', 'passphrase'].map(
  secret,
);

/** The forms in which a secret may slip out: as it is, encoded, as the digest it is compared by. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  return ['base64', 'base64url', 'hex'].map((form) => bytes.toString(form as BufferEncoding).replace(/=+$/, ''));
}

function assertSilent(what: string, text: string): void {
  for (const form of [MARK, ...SECRETS.flatMap(formsOf)])
    assert.equal(
      text.includes(form),
      false,
      `${what} tells a secret: …${text.slice(Math.max(0, text.indexOf(form) - 200)).slice(0, 300)}…`,
    );
}

describe('secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
  before(ensureBuilt);
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  const settings = (): string[] => [
    ...['--feed', 'binance:BTCUSDT', '--feed', 'kraken:BTC/USD', '--log-level', 'trace'],
    ...['--venue-url', `binance=ws://user:${secret('relay')}@${NOWHERE}/path`],
    ...['--venue-token', `binance=${secret('venue')}`, '--venue-proxy', `http://user:${secret('proxy')}@${NOWHERE}`],
    ...['--token', secret('flag'), '--role-token', `read=${secret('role')}`],
    ...['--role-token-file', `ingest=${file('token', `${secret('file')}\n`)}`],
  ];
  const environment = (): Record<string, string> => ({
    MILLRACE_TOKENS: JSON.stringify([{ roles: ['ingest', 'read'], secret: secret('listed'), name: 'desk' }]),
  });

  /** Tokens that are wrong but nearly right are secrets too. */
  async function attempts(port: number, ingestPort: number): Promise<string> {
    const wrong = [['Authorization', `Bearer ${secret('wrong')}`]] as const;
    const protocol = [
      ['Sec-WebSocket-Protocol', `bearer.${Buffer.from(secret('wrong')).toString('base64url')}`],
    ] as const;
    const query = `token=${secret('tried')}`;
    const answers = await Promise.all([
      askRaw({ port, path: '/v1/stats', headers: wrong }),
      askRaw({ port, path: `/v1/stats?${query}` }),
      askRaw({ port, path: `/stream?${query}`, isUpgrade: true, headers: protocol }),
      askRaw({ port: ingestPort, path: `/ingest/json?${query}`, isUpgrade: true }),
      askRaw({ port: ingestPort, path: '/ingest/json', isUpgrade: true, headers: wrong }),
    ]);
    return JSON.stringify(answers);
  }

  async function rightOnes(port: number, ingestPort: number): Promise<string> {
    const headers = { authorization: `Bearer ${secret('role')}` };
    const paths = ['/', '/health', '/ready', '/metrics', '/openapi.json', '/v1/stats', '/v1/markets', '/v1/latency'];
    const texts = paths.map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text());
    const protocols = ['millrace', `bearer.${Buffer.from(secret('file')).toString('base64url')}`];
    const socket = new WebSocket(`ws://127.0.0.1:${ingestPort}/ingest/json`, protocols);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send('no frame');
    const answer = await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
    socket.close();
    return `${(await Promise.all(texts)).join('\n')}\n${answer}`;
  }

  test('are in nothing that a running engine prints, answers or writes', async () => {
    const running = new RunningCommand(
      'engine/cli.js',
      ['start', ...ports(), ...settings(), ...files()],
      environment(),
    );
    try {
      const { port, ingestPort } = await running.ports();
      assertSilent('a refusal', await attempts(port, ingestPort));
      assertSilent('an answer', await rightOnes(port, ingestPort));
      await eventually('log lines of the feeds', () => /connection|breaker|refused/.test(running.stderr));
      const list = `/proc/${running.child.pid}/cmdline`;
      if (existsSync(list)) assertSilent('the list of processes', readFileSync(list, 'latin1'));
      running.child.kill('SIGTERM');
      const { stdout, stderr } = await running.ended;
      assertSilent('stdout', stdout);
      assertSilent('stderr', stderr);
      assert.match(stderr, /"settings":/);
      const written = join(folder, 'journal');
      const names = readdirSync(written);
      assert.ok(names.length > 0, 'a journal was written');
      for (const name of names) assertSilent(name, readFileSync(join(written, name), 'latin1'));
    } finally {
      await running.kill();
    }
  });

  const ports = (): string[] => ['--port', '0', '--ingest-port', '0', '--workers', '1'];
  const files = (): string[] => ['--journal', join(folder, 'journal')];

  test('are hidden by config, and in every sentence about what is wrong', async () => {
    const shown = await millrace(['config', ...settings()], environment());
    assert.equal(shown.code, 0, shown.stderr);
    assertSilent('config', shown.stdout + shown.stderr);
    const token = secret('flag');
    const broken = file('broken.json', `{"port": 1, "token": "${token}", }`);
    const twice = file('twice.json', JSON.stringify({ tokens: [{ role: 'reader', secret: token }] }));
    const wrong: readonly (readonly [readonly string[], Record<string, string>?])[] = [
      [['start', `--tokn=${token}`]],
      [['start', '--role-token', token]],
      [['start', '--role-token', `reader=${token}`]],
      [['start', '--token', token, '--role-token', `read=${token}`]],
      [['start', '--token', `${token}\n`]],
      [['start', '--token', `${token}${'x'.repeat(2000)}`]],
      [['start', '--config', broken]],
      [['start', '--config', twice]],
      [['start'], { MILLRACE_TOKENS: `[{"secret":"${token}"` }],
      [['start'], { MILLRACE_TOKENS: `{"secret":"${token}"}` }],
      [['start', '--feed', 'binance:X', '--venue-url', `binance=ftp://u:${token}@h`]],
      [['start', '--feed', 'binance:X', '--venue-token', token]],
      [['start', '--venue-proxy', `ftp://u:${token}@h`, '--feed', 'binance:X']],
      [['load', '--target', `ws://user:${token}@127.0.0.1:9002/x`]],
      [['load', '--token', `${token}é`]],
      [['load', '--token', token, '--target', `ws://${NOWHERE}`, '--duration', '1s']],
    ];
    const ended = await Promise.all(wrong.map(([parameters, extra]) => millrace(parameters, extra)));
    for (const [index, { code, stdout, stderr }] of ended.entries()) {
      const what = wrong[index][0].join(' ').slice(0, 60);
      assert.equal(code, 2, `${what}: ${stderr}`);
      assert.match(stderr, /^millrace: [^\n]+\n$/);
      assertSilent(what, stdout + stderr);
    }
  });
});
