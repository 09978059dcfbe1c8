// Pieces of messages that are put together by hand, against what the runtime makes.

import '../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { streamJson } from '../../engine/publish/encode-json.ts';
import { integerText } from '../../engine/publish/integer-text.ts';
import { addressOf, type TradeMessage } from '../../engine/publish/messages.ts';
import { isoText } from '../../engine/publish/time-text.ts';

/** Whole microseconds up to it are exact: the year 2255. */
const LAST_SECOND = 9_000_000_000;
const address = addressOf('trade.binance:X', { venue: 'binance', symbol: 'X' });

function tradeOf(id: string): TradeMessage {
  const times = { timestampUs: 0, localTimestampUs: 0 };
  const decimals = { priceMilli: 1000, priceAtto: 0, quantityMilli: 1000, quantityAtto: 0 };
  return { type: 'trade', ...times, id, ...decimals, side: 0, matches: 1, isOutlier: false };
}

test('a whole number as text is what the runtime makes of it', () => {
  const anyLength = fc.tuple(fc.maxSafeNat(), fc.nat(15)).map(([value, cut]) => Math.floor(value / 10 ** cut));
  const beforeMillions = fc.integer({ min: 0, max: 9_007_199_253 }).map((millions) => millions * 1e6 + 999_999);
  fc.assert(
    fc.property(fc.oneof(anyLength, beforeMillions), (value) => {
      assert.equal(integerText(value), String(value));
    }),
    { numRuns: 2_000 },
  );
  for (const value of [0, 2 ** 31 - 1, 2 ** 31, (2 ** 31 - 1) * 1e6, (2 ** 31 - 1) * 1e6 + 1, Number.MAX_SAFE_INTEGER])
    assert.equal(integerText(value), String(value));
});

test('a timestamp is the text of its second with six digits behind it', () => {
  const times = fc.tuple(fc.integer({ min: 1, max: LAST_SECOND }), fc.nat(999_999));
  fc.assert(
    fc.property(times, ([second, us]) => {
      const head = new Date(second * 1000).toISOString().slice(0, 19);
      assert.equal(isoText(second * 1e6 + us), `${head}.${String(us).padStart(6, '0')}Z`);
    }),
  );
});

test('any text in a message is written as JSON.stringify writes it', () => {
  const lone = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
  const control = fc.nat(0x9f).map((unit) => String.fromCharCode(unit));
  const piece = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), lone, control, fc.constantFrom('"', '\\', '/'));
  const texts = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(texts, (id) => {
      const json = streamJson(tradeOf(id), address, 1, null, '"');
      assert.ok(json.includes(`"id":${JSON.stringify(id)},"price"`), json);
    }),
    { numRuns: 500 },
  );
});
