// Who may come in: tokens by header or subprotocol, and what their roles let them do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccessToken, ROLES, type Standing, tokenCheck, tokensOf } from '../../engine/base/token.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { SEED } from '../support/seed.ts';
import { tokenTiming } from '../support/token-timing.ts';

const encoded = (token: string): string => Buffer.from(token).toString('base64url');
const protocolOf = (token: string): string => `millrace, bearer.${encoded(token)}`;

/** What one token for everything comes to. */
const checkOf = (token: string | null): ((header: string, protocols: string) => Standing) => {
  const check = tokenCheck(tokensOf(token));
  return (header, protocols) => check(header, protocols, 'read');
};

test('without a token everyone may come in', () => {
  assert.equal(checkOf(null)('', ''), 'granted');
  assert.equal(checkOf(null)('Bearer any', 'bearer.any'), 'granted');
});

test('the token is taken from the header or the subprotocol, in any characters', () => {
  for (const token of ['secret', 'a b', 'tøken-✓', 'x'.repeat(5000), 'a,b', 'Bearer x']) {
    const check = checkOf(token);
    assert.equal(check(`Bearer ${token}`, ''), 'granted');
    assert.equal(check('', protocolOf(token)), 'granted');
    assert.equal(check('', `other,bearer.${encoded(token)} ,millrace`), 'granted');
    assert.equal(check('Basic eDp5', protocolOf(token)), 'granted', 'another scheme presents no token');
  }
});

test('the scheme is read in any case, the token is not', () => {
  const check = checkOf('secret');
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR'])
    assert.equal(check(`${scheme} secret`, ''), 'granted', scheme);
  assert.equal(check('Bearer Secret', ''), 'unknown');
});

test('everything else is refused', () => {
  const check = checkOf('secret');
  const headers = [
    '',
    'secret',
    'Bearer',
    'Bearer ',
    'Bearer  secret',
    'Bearer secret ',
    'Basic secret',
    'Bearersecret',
  ];
  for (const header of headers) assert.equal(check(header, ''), 'unknown', header);
  const protocols = ['millrace', 'secret', 'bearer.', 'bearer.secret', protocolOf('Secret'), protocolOf('secre')];
  for (const protocol of protocols) assert.equal(check('', protocol), 'unknown', protocol);
  assert.equal(check('Bearer wrong', protocolOf('secret')), 'unknown', 'a header that is wrong is not mended');
  assert.equal(checkOf('')('', ''), 'unknown', 'presenting nothing is never right');
});

test('a token has one spelling in base64url, and is given once', () => {
  const secret = 'se?ret>~é';
  const check = checkOf(secret);
  const own = encoded(secret);
  assert.equal(check('', `bearer.${own}`), 'granted');
  const padded = Buffer.from(secret).toString('base64');
  assert.notEqual(padded, own);
  for (const text of [padded, `${own}=`, `${own}==`, `${own}.`, `${own}A`, `\t${own}`, `${own.slice(1)}`])
    assert.equal(check('', `bearer.${text}`), 'unknown', text);
  assert.equal(check('', `bearer.${own}, bearer.${own}`), 'unknown');
  assert.equal(check('', `bearer.${own}, bearer.${encoded('other')}`), 'unknown');
});

const TOKENS: readonly AccessToken[] = [
  { secret: 'pusher', roles: ['ingest'] },
  { secret: 'reader', roles: ['read'] },
  { secret: 'both', roles: ['ingest', 'read'] },
  { secret: 'master', roles: ['admin'] },
];

test('a role lets do its own, admin everything, and a known token without the role is told so', () => {
  const check = tokenCheck(TOKENS);
  const may = (secret: string): Standing[] => ROLES.map((role) => check(`Bearer ${secret}`, '', role));
  assert.deepEqual(may('pusher'), ['granted', 'lacking', 'lacking']);
  assert.deepEqual(may('reader'), ['lacking', 'granted', 'lacking']);
  assert.deepEqual(may('both'), ['granted', 'granted', 'lacking']);
  assert.deepEqual(may('master'), ['granted', 'granted', 'granted']);
  assert.deepEqual(may('nobody'), ['unknown', 'unknown', 'unknown']);
});

test('no text but the secrets is let in, by header or subprotocol', () => {
  const check = tokenCheck(TOKENS);
  const secrets = TOKENS.map(({ secret }) => secret);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...secrets),
    fc.mixedCase(fc.constantFrom(...secrets)),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(...ROLES), (secret, role) => {
      const roles = TOKENS.find((token) => token.secret === secret)?.roles;
      const isRight = roles?.some((own) => own === role || own === 'admin') === true;
      const expected = roles === undefined ? 'unknown' : isRight ? 'granted' : 'lacking';
      assert.equal(check(`Bearer ${secret}`, '', role), expected);
      // Bytes of half a surrogate pair are those of U+FFFD: no text of a secret has them.
      assert.equal(check('', `bearer.${encoded(secret)}`, role), expected);
    }),
  );
});

test('the measurement of times tries both kinds and lets neither in', () => {
  const random = seededRandom(SEED, 'token timing');
  const { tries, granted, t, meanNs } = tokenTiming(400, () => random.uniform());
  assert.deepEqual([tries, granted], [400, 0]);
  assert.ok(Number.isFinite(t) && meanNs.wrong > 0 && meanNs.unknown > 0);
});
