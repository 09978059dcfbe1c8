// Owns the checks of merging bars where hand-made trades do not reach: sums whose limbs are about to be carried.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { notionalUnits, volumeUnits } from '../../../../engine/publish/wide-decimal.ts';
import { BAR_WORDS, barRow, blankBar, mergeBar } from '../../../../workers/bars/ohlcv.ts';
import { emitNotional, emitTotal } from '../../../../workers/bars/sums.ts';

/** A limb is carried at 8·10^15, so a bar of many trades may hold this in each; two of them are beyond 2^53. */
const LIMB_FULL = 7_999_999_999_999_999;
const PART_FULL = 999_999_999_999_999;
const LIMBS = 7;
const MERGES = 3;

it('bars merge exactly where every limb of their sums is as full as it can be', () => {
  const rows = new Float64Array(2 * BAR_WORDS);
  blankBar(rows, 0);
  blankBar(rows, BAR_WORDS);
  // One less in the bar merged into: the sum is odd, which no float beyond 2^53 is.
  for (let limb = 0; limb < LIMBS - 1; limb++) {
    rows[barRow.at.notional0 + limb] = LIMB_FULL - 1;
    rows[BAR_WORDS + barRow.at.notional0 + limb] = LIMB_FULL;
  }
  for (const at of [barRow.at.unknownTera, barRow.at.buyTera, barRow.at.sellTera]) {
    rows.set([7, PART_FULL, PART_FULL], BAR_WORDS + at);
  }
  for (let merge = 0; merge < MERGES; merge++) mergeBar(rows, 0, rows, BAR_WORDS);
  let notional = 0n;
  const limbTotal = BigInt(LIMB_FULL) * BigInt(MERGES + 1) - 1n;
  for (let limb = 0; limb < LIMBS - 1; limb++) notional = notional * 10n ** 10n + limbTotal;
  const limbs = new Float64Array(6);
  emitNotional(rows, barRow.at.notional0, limbs, 0);
  assert.equal(notionalUnits(limbs), notional);
  const total = new Float64Array(3);
  emitTotal(rows, barRow.at.unknownTera, total, 0);
  assert.equal(volumeUnits(total[0], total[1], total[2]), BigInt(3 * MERGES) * (8n * 10n ** 30n - 1n));
});
