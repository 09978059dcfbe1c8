// Who may come in: tokens by header or subprotocol.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenCheck } from '../../engine/base/token.ts';

const protocolOf = (token: string): string => `millrace, bearer.${Buffer.from(token).toString('base64url')}`;

test('without a token everyone may come in', () => {
  assert.ok(tokenCheck(null)('', ''));
  assert.ok(tokenCheck(null)('Bearer any', 'bearer.any'));
});

test('the token is taken from the header or the subprotocol, in any characters', () => {
  for (const token of ['secret', 'a b', 'tøken-✓', 'x'.repeat(5000), 'a,b', 'Bearer x']) {
    const check = tokenCheck(token);
    assert.ok(check(`Bearer ${token}`, ''));
    assert.ok(check('', protocolOf(token)));
    assert.ok(check('', `other,bearer.${Buffer.from(token).toString('base64url')} ,millrace`));
  }
});

test('everything else is refused', () => {
  const check = tokenCheck('secret');
  for (const header of [
    '',
    'secret',
    'bearer secret',
    'Bearer',
    'Bearer ',
    'Bearer  secret',
    'Bearer secret ',
    'Basic secret',
  ]) {
    assert.equal(check(header, ''), false, header);
  }
  for (const protocols of [
    'millrace',
    'secret',
    'bearer.',
    'bearer.secret',
    protocolOf('Secret'),
    protocolOf('secre'),
  ]) {
    assert.equal(check('', protocols), false, protocols);
  }
  assert.equal(check('Bearer wrong', protocolOf('secret')), false, 'a header that is wrong is not mended');
  assert.equal(tokenCheck('')('', ''), true, 'an empty secret is refused by the settings, never here');
});
