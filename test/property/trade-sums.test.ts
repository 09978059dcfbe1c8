// Owns the property test of what a run of trades adds to a bar's sums, at the ends of what a float64 holds exactly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordType, Side } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { extendRun } from '../../workers/bars/extend-run.ts';
import { BAR_WORDS, barRow, openBar } from '../../workers/bars/ohlcv.ts';
import { NOTIONAL_WORDS } from '../../workers/bars/sums.ts';
import { Cvd } from '../../workers/signals/trades/cvd.ts';
import { fillTradeView, tradeView } from '../../workers/views.ts';
import '../support/seed.ts';

const TRADES_MAX = 256;
const EXACT_MAX = 9e15;
const EIGHT_DECIMALS = 1e10;
const RUNS = 150;

/** [price milli, atto, quantity milli, atto, side] */
type Amounts = readonly [number, number, number, number, number];

const side = fc.constantFrom(Side.buy, Side.sell, Side.unknown, 3);
const price = fc.constantFrom(1, 3, 3001, 60_000_000, 90_000_901, 94_868_329, 90_071_992_547, 8_999_999_999_999_999);
const largest = Number.MAX_SAFE_INTEGER;
const shapes: fc.Arbitrary<Amounts>[] = [
  // Products around the largest that are added up as they are, and around halves of it.
  fc
    .tuple(price, fc.integer({ min: -2, max: 2 }), fc.constantFrom(1, 2), fc.constantFrom(0, 1, 99_999), side)
    .map(([milli, off, part, parts, of]) => {
      const quantity = Math.min(Math.max(Math.floor(EXACT_MAX / milli / part) + off, 0), largest);
      return [milli, 0, quantity, parts * EIGHT_DECIMALS, of];
    }),
  fc.tuple(price, fc.integer({ min: -2, max: 2 }), side).map(([milli, off, of]) => {
    const parts = Math.min(Math.max(Math.floor(EXACT_MAX / milli) + off, 0), 99_999);
    return [milli, 0, 1, parts * EIGHT_DECIMALS, of];
  }),
  // Attos and millis that carry as often as can be.
  fc.tuple(
    fc.constantFrom(0, 7),
    fc.constant(0),
    fc.constantFrom(0, 1e12 - 1, 1e12, largest),
    fc.integer({ min: 999_999_999_999_990, max: 999_999_999_999_999 }),
    side,
  ),
  // A price whose decimals need the long way, between others.
  fc.tuple(price, fc.constantFrom(1, 999_999_999_999_999), fc.constantFrom(0, 1, largest), fc.constantFrom(0, 1), side),
];
/** One kind of trades over and over, now and then another. */
const trades = fc.tuple(fc.constantFrom(...shapes), fc.constantFrom(...shapes)).chain(([often, seldom]) =>
  fc.array(fc.oneof({ weight: 40, arbitrary: often }, { weight: 1, arbitrary: seldom }), {
    minLength: 1,
    maxLength: TRADES_MAX,
    size: 'max',
  }),
);

const memory = new ArrayBuffer(TRADES_MAX * SLOT_BYTES);
const u8 = new Uint8Array(memory);
const u32 = new Uint32Array(memory);
const f64 = new Float64Array(memory);

function write(list: readonly Amounts[]): void {
  for (const [slot, [milli, atto, quantityMilli, quantityAtto, of]] of list.entries()) {
    u32[slot * SLOT_U32] = RecordType.trade | (of << 8);
    u32[slot * SLOT_U32 + 1] = 1;
    const words = [0, 1, milli, atto, quantityMilli, quantityAtto, slot];
    f64.set(words, slot * SLOT_F64 + trade.at.receiveTimeNs);
  }
}

const whole = (milli: number, atto: number): bigint => BigInt(milli) * 10n ** 15n + BigInt(atto);

test('a run of trades adds to a bar exactly what its trades come to, however large, small or long', () => {
  fc.assert(
    fc.property(trades, (list) => {
      write(list);
      const row = new Float64Array(BAR_WORDS);
      openBar(row, 0, f64, 0);
      assert.equal(extendRun(row, 0, u8, u32, f64, 0, list.length, 2, 2), list.length);
      let notional = 0n;
      const volumes = [0n, 0n, 0n];
      for (const [milli, atto, quantityMilli, quantityAtto, of] of list) {
        const quantity = whole(quantityMilli, quantityAtto);
        notional += whole(milli, atto) * quantity;
        volumes[of < 3 ? of : 0] += quantity;
      }
      let limbs = 0n;
      for (let limb = NOTIONAL_WORDS - 1; limb >= 0; limb--)
        limbs = limbs * 10n ** 10n + BigInt(row[barRow.at.notional0 + limb]);
      assert.equal(limbs, notional);
      const sums = [barRow.at.unknownTera, barRow.at.buyTera, barRow.at.sellTera].map(
        (at) => BigInt(row[at]) * 10n ** 30n + whole(row[at + 1], row[at + 2]),
      );
      assert.deepEqual(sums, volumes);
    }),
    { numRuns: RUNS },
  );
});

test('cumulative volume delta over a run of trades and the same trades of the other side, one by one, is nothing', () => {
  fc.assert(
    fc.property(trades, (list) => {
      write(list);
      const cvd = new Cvd();
      cvd.tradeRun(u8, f64, 0, list.length);
      for (let slot = 0; slot < list.length; slot++) {
        fillTradeView(u8, u32, f64, slot);
        if (tradeView.side === Side.buy) tradeView.side = Side.sell;
        else if (tradeView.side === Side.sell) tradeView.side = Side.buy;
        cvd.trade(tradeView);
      }
      assert.equal(cvd.value, 0);
    }),
    { numRuns: RUNS },
  );
});
