// Settings of access: who may listen where, secrets from files, TLS files, and a sentence for each wrong one.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Access, accessOf } from '../../engine/access-settings.ts';
import { Gate } from '../../engine/base/access.ts';
import { UsageError } from '../../engine/base/errors.ts';
import { hostnameOf, isLoopback, reachableHost, withoutUser } from '../../engine/base/hosts.ts';
import { loadSettings, withoutSecrets } from '../../engine/config.ts';
import { TOKEN_CHARACTERS_MAX } from '../../schemas/config.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/test-certificate.ts';
import { testCertificates } from '../support/test-certificates.ts';
import { lockedKey } from '../support/test-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-access-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

const LONG = 'a-token-that-is-long-enough';

const of = (flags: Record<string, unknown>, environment = {}): Promise<Access> =>
  accessOf(loadSettings(flags, environment));

async function assertRefused(flags: Record<string, unknown>, sentence: RegExp): Promise<void> {
  await assert.rejects(of(flags), (error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, sentence);
    assert.doesNotMatch(error.message, /\n|hush/);
    return true;
  });
}

describe('the address of the ports', () => {
  test('is of this machine alone, or guarded by a token, or insecure by choice', async () => {
    for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST'])
      assert.deepEqual((await of({ host })).warnings, [], host);
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.5',
      '128.0.0.1',
      '192.168.1.1',
      '2001:db8::1',
      'no.such.host.invalid',
    ]) {
      await assertRefused({ host }, /^--host: expected a loopback address .* no --token \(or --insecure\), was "/);
      const [warning] = (await of({ host, insecure: true })).warnings;
      assert.match(warning, /everyone who reaches .* may push and read/);
      assert.equal((await of({ host, token: LONG })).plan.tokens[0].secret, LONG);
    }
  });

  test('has known names only where nobody else can reach it, however it is written', async () => {
    const facts = { authorization: '', protocols: '', origin: null, query: '' };
    // Resolved without DNS to 127.0.0.1, as names of the machine are.
    const local = new Gate((await of({ host: '127.1' })).plan);
    assert.equal(local.refusal({ ...facts, host: 'evil.example' }, 'ingest')?.cause, 'host');
    for (const host of ['127.1', 'localhost:9002', '127.0.0.1:9002'])
      assert.equal(local.refusal({ ...facts, host }, 'read'), null);
    const open = new Gate((await of({ host: '0.0.0.0', insecure: true })).plan);
    assert.equal(open.refusal({ ...facts, host: 'market.example' }, 'read'), null);
  });

  test('is warned of where tokens are short or cross a network unencrypted', async () => {
    const { warnings } = await of({ host: '0.0.0.0', token: 'short' });
    assert.equal(warnings.length, 2);
    assert.match(warnings[0], /^token 1: shorter than 16 characters/);
    assert.match(warnings[1], /unencrypted/);
    const tls = { tlsCert: file('w.pem', TEST_CERTIFICATE), tlsKey: file('w.key', TEST_KEY) };
    assert.deepEqual((await of({ host: '0.0.0.0', token: LONG, ...tls })).warnings, []);
  });

  test('is told as others reach it', () => {
    const reached = ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost', 'fe80::1'].map(reachableHost);
    assert.deepEqual(reached, ['127.0.0.1', '127.0.0.1', '[::1]', '[::1]', 'localhost', '[fe80::1]']);
    for (const host of ['127.0.0.1.evil', '1127.0.0.1', '0', '', 'localhost.evil', '::2', '127.1'])
      assert.equal(isLoopback(host), false, host);
  });

  test('is read from a Host header as a name alone', () => {
    const headers = [
      'a:1',
      'A.b.',
      'a.:80',
      '[::1]:9',
      '[::1]',
      'a',
      '',
      ':80',
      'a:b',
      'a@b',
      'a/b',
      'a b',
      '[::1',
      'a,b:1',
    ];
    const names = ['a', 'a.b', 'a', '[::1]', '[::1]', 'a', null, null, null, null, null, null, null, 'a,b'];
    assert.deepEqual(headers.map(hostnameOf), names);
    assert.equal(withoutUser('ws://me:hush@h/a@b'), 'ws://(set)@h/a@b');
  });
});

describe('tokens', () => {
  test('come from flags, files, variables and the settings file, with their roles', async () => {
    const flags = {
      tokenFile: file('all', 'from a file\n'),
      roleToken: ['read=r=1', 'ingest+read=both'],
      roleTokenFile: [`ingest=${file('in', 'pushed\r\n')}`],
    };
    const tokens = [
      { role: 'read', secret: 'listed', name: 'desk' },
      { roles: ['admin'], secretFile: file('ad', 'min') },
    ];
    const { plan } = await of(flags, { MILLRACE_TOKENS: JSON.stringify(tokens) });
    assert.deepEqual(plan.tokens.map(({ secret, roles }) => [secret, roles.join('+')]).slice(0, -1), [
      ['listed', 'read'],
      ['min', 'admin'],
      ['from a file', 'admin'],
      ['r=1', 'read'],
      ['both', 'ingest+read'],
      ['pushed', 'ingest'],
    ]);
  });

  test("leave the engine's own feed one that nobody else knows", async () => {
    const first = await of({ token: LONG });
    const second = await of({ token: LONG });
    assert.notEqual(first.own.token, second.own.token);
    assert.deepEqual(first.plan.tokens.at(-1)?.roles, ['ingest']);
    assert.equal((await of({})).own.token, null);
  });

  test('are warned of where a file is open to all, or a role is nobody has', async () => {
    const { warnings } = await of({ roleTokenFile: [`read=${file('open', LONG, 0o644)}`] });
    assert.match(warnings[0], /^--role-token-file .*open: everyone on this machine may read it/);
    assert.match(warnings[1], /^no token has the role ingest: nobody may push$/);
  });

  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ token: 'hush', tokenFile: 'x' }, /^--token-file: expected no --token beside it/],
    [
      { tokenFile: join(folder, 'missing') },
      /^--token-file .*missing: expected a readable file, was: not there \(ENOENT\)$/,
    ],
    [{ tokenFile: folder }, /^--token-file .*: expected a readable file, was: a folder \(EISDIR\)$/],
    [{ tokenFile: file('none', '\n') }, /^--token-file: expected a secret, was empty$/],
    [{ token: ' hush' }, /^--token: expected no control characters and no blank at an end/],
    [{ token: 'hu\nsh' }, /^--token: expected no control characters/],
    [{ token: 'x'.repeat(TOKEN_CHARACTERS_MAX + 1) }, /^--token: expected at most 1024 characters, was 1025$/],
    [{ roleToken: ['hush'] }, /^--role-token: expected ROLE=VALUE with a role of ingest, read, admin, was a value not/],
    [{ roleToken: ['reader=hush'] }, /^--role-token: expected ROLE=VALUE/],
    [{ roleToken: ['read='] }, /^--role-token: expected ROLE=VALUE/],
    [{ roleToken: ['read=hush', 'ingest=hush'] }, /^tokens: expected each secret once/],
    [{ tokens: [{ secret: 'hush' }] }, /^tokens\.0: expected either role or roles, was neither$/],
    [{ tokens: [{ role: 'read' }] }, /^tokens\.0: expected either secret or secretFile, was neither$/],
    [{ origin: ['*'] }, /^--origin: expected an origin such as https:\/\/market\.example, was "\*"$/],
    [{ origin: ['null'] }, /^--origin: expected an origin/],
    [{ origin: ['https://a.example/path'] }, /^--origin: expected an origin/],
  ];
  for (const [flags, sentence] of wrong)
    test(`are refused: ${sentence.source.slice(0, 70)}`, () => assertRefused(flags, sentence));

  test('are in no settings that are shown', () => {
    const tokens = [{ role: 'read', secret: 'hush' }];
    const shown = withoutSecrets(loadSettings({ token: 'hush', roleToken: ['read=hush', 'hush'], tokens }, {}));
    assert.doesNotMatch(JSON.stringify(shown), /hush/);
    assert.deepEqual(
      [shown['roleToken'], shown['tokens']],
      [['read=(set)', '(set)'], [{ role: 'read', secret: '(set)' }]],
    );
  });
});

describe('TLS files', () => {
  const { server } = testCertificates();
  const cert = file('cert', TEST_CERTIFICATE);
  const key = file('key', TEST_KEY);
  const locked = file('locked', lockedKey(TEST_KEY, 'hush'));
  const junk = file('junk', 'no PEM');

  test('are taken where they belong together', async () => {
    assert.deepEqual((await of({ tlsCert: cert, tlsKey: key })).plan.tls, { cert, key, passphrase: null });
    const opened = await of({ tlsCert: cert, tlsKey: locked, tlsPassphraseFile: file('right', 'hush\n') });
    assert.equal(opened.plan.tls?.passphrase, 'hush');
  });

  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ tlsCert: cert }, /^--tls-key: expected a file beside the other, was none$/],
    [{ tlsKey: key }, /^--tls-cert: expected a file beside the other, was none$/],
    [{ tlsPassphraseFile: key }, /^--tls-cert: expected a file/],
    [
      { tlsCert: join(folder, 'gone'), tlsKey: key },
      /^--tls-cert .*gone: expected a readable file, was: not there \(ENOENT\)$/,
    ],
    [
      { tlsCert: cert, tlsKey: join(folder, 'gone') },
      /^--tls-key .*gone: expected a readable file, was: not there \(ENOENT\)$/,
    ],
    [{ tlsCert: junk, tlsKey: key }, /^--tls-cert .*junk: expected a certificate in PEM, was something else$/],
    [{ tlsCert: key, tlsKey: key }, /^--tls-cert .*key: expected a certificate in PEM/],
    [
      { tlsCert: file('chain', `${TEST_CERTIFICATE}${TEST_CERTIFICATE.replace('MIIB', 'MIIC')}`), tlsKey: key },
      /^--tls-cert .*chain: expected a certificate in PEM, number 2 in it, was something else$/,
    ],
    [{ tlsCert: cert, tlsKey: junk }, /^--tls-key .*junk: expected a private key in PEM, was something else$/],
    [{ tlsCert: cert, tlsKey: locked }, /^--tls-key .*locked: expected a private key in PEM, was locked, without/],
    [
      { tlsCert: cert, tlsKey: locked, tlsPassphraseFile: file('other', 'other') },
      /^--tls-passphrase-file: expected the passphrase of .*locked, was another$/,
    ],
    [
      { tlsCert: file('theirs', server.cert), tlsKey: key },
      /^--tls-key .*key: expected the key of the certificate .*theirs, was another$/,
    ],
  ];
  for (const [flags, sentence] of wrong)
    test(`are refused: ${sentence.source.slice(0, 70)}`, () => assertRefused(flags, sentence));
});
