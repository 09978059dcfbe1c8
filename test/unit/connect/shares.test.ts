// How subscriptions are shared out over connections.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shareOut } from '../../../engine/connect/shares.ts';
import '../../support/seed.ts';
import { LIMITS, PlainConnector } from './plain-connector.ts';
import { names } from './rig.ts';

test('each subscription is in one share, no share is over a limit, and a market stays together where it can', () => {
  const limit = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 120 }),
      limit,
      limit,
      fc.boolean(),
      (count, subscriptions, books, isParted) => {
        const limits = { ...LIMITS, subscriptionsPerConnection: subscriptions, booksPerConnection: books };
        const connector = new PlainConnector({ limits });
        if (isParted) Object.assign(connector, { group: ({ channel }: { channel: string }) => channel });
        const shares = shareOut(connector, names(count), ['book', 'trades']);
        const words = shares.map((share) => share.map(({ symbol, channel }) => `${channel}:${symbol}`));
        assert.equal(new Set(words.flat()).size, 2 * count);
        assert.equal(words.flat().length, 2 * count);
        for (const share of words) {
          const sharedBooks = share.filter((word) => word.startsWith('book')).length;
          assert.ok(share.length > 0 && share.length <= subscriptions && sharedBooks <= books);
          if (isParted) assert.ok(sharedBooks === 0 || sharedBooks === share.length);
          else if (subscriptions >= 2) assert.equal(sharedBooks * 2, share.length);
        }
      },
    ),
  );
});

test('a thousand markets share as few connections as fit', () => {
  const shares = shareOut(new PlainConnector(), names(1_000), ['book', 'trades']);
  assert.equal(shares.length, 20);
});

test('of a market without a book only the trades are asked for', () => {
  const shares = shareOut(new PlainConnector(), ['M0', 'M1'], ['book', 'trades'], new Set(['M0']));
  assert.deepEqual(
    shares.map((share) => share.map(({ symbol, channel }) => `${symbol} ${channel}`)),
    [['M0 trades', 'M1 book', 'M1 trades']],
  );
});
