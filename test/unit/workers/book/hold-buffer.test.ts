// Owns the tests of the changes held for a snapshot: copying, growth, wrap-around, and what overflows.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SYNC_BUFFER_RECORDS_MAX } from '../../../../schemas/config.ts';
import { ChangeFlag } from '../../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../../schemas/layout.ts';
import { bookChange, level } from '../../../../schemas/market-data.ts';
import { HoldBuffer } from '../../../../workers/book/hold-buffer.ts';
import { type Change, RecordTape } from './book-records.ts';

const tape = new RecordTape();

/** Returns how many changes were lost. */
function hold(buffer: HoldBuffer, change: Change): number {
  const count = tape.write(change);
  const lost = buffer.begin(tape.u8, tape.u32, tape.f64, 0);
  for (let slot = 1; slot <= count; slot++) buffer.level(tape.u8, tape.f64, slot);
  return lost;
}

/** A change with levels that are all alike, written without text. */
function holdMany(buffer: HoldBuffer, last: number, levels: number): number {
  tape.write({ flags: ChangeFlag.hasSequence, last });
  tape.u32[bookChange.at.count] = levels;
  const lost = buffer.begin(tape.u8, tape.u32, tape.f64, 0);
  if (levels < SYNC_BUFFER_RECORDS_MAX) for (let i = 0; i < levels; i++) buffer.level(tape.u8, tape.f64, 1);
  return lost;
}

function heldSequences(buffer: HoldBuffer): number[] {
  const sequences = [];
  for (let position = 0; position < buffer.count; ) {
    const slot = buffer.slotAt(position);
    sequences.push(buffer.f64[slot * SLOT_F64 + bookChange.at.lastSequence]);
    position += buffer.slotsOf(slot);
  }
  return sequences;
}

describe('holding', () => {
  it('takes no memory before the first change and gives it back', () => {
    const buffer = new HoldBuffer();
    assert.equal(buffer.f64.length, 0);
    hold(buffer, { flags: 0, last: 5 });
    assert.ok(buffer.f64.length > 0);
    buffer.release();
    assert.equal(buffer.f64.length, 0);
    assert.equal(buffer.count, 0);
    assert.equal(buffer.lastSequence, -1);
  });

  it('copies every field of head and levels', () => {
    const buffer = new HoldBuffer();
    hold(buffer, { flags: 24, first: 1, last: 2, previous: 3, checksum: 4, depth: 5, timeNs: 6, exchangeTimeUs: 7 });
    hold(buffer, { flags: 8, last: 9, bids: [['1.50', '2.000']], asks: [['3.000000000000000001', '4']] });
    const { at } = bookChange;
    const fields = [at.firstSequence, at.lastSequence, at.previousSequence, at.checksum, at.depth];
    assert.deepEqual(
      [...fields, at.receiveTimeNs, at.exchangeTimeUs].map((field) => buffer.f64[field]),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(buffer.u8[at.flags], 24);
    const bid = 2;
    const ask = 3;
    assert.deepEqual(
      [...buffer.f64.subarray(bid * SLOT_F64 + level.at.priceMilli, bid * SLOT_F64 + level.at.quantityAtto + 1)],
      [1500, 0, 2000, 0],
    );
    assert.deepEqual(
      [...buffer.f64.subarray(ask * SLOT_F64 + level.at.priceMilli, ask * SLOT_F64 + level.at.quantityAtto + 1)],
      [3000, 1, 4000, 0],
    );
    assert.equal(buffer.u8[bid * SLOT_BYTES + level.at.priceDecimals], 2);
    assert.equal(buffer.u8[bid * SLOT_BYTES + level.at.quantityDecimals], 3);
    assert.equal(buffer.u8[bid * SLOT_BYTES + level.at.flags], 0);
    assert.equal(buffer.u8[ask * SLOT_BYTES + level.at.flags], 1);
  });

  it('keeps what it holds when it grows after its start has moved', () => {
    const buffer = new HoldBuffer();
    for (let last = 1; last <= 60; last++) holdMany(buffer, last, 3);
    buffer.dropBefore(4 * 40);
    for (let last = 61; last <= 1000; last++) holdMany(buffer, last, 3);
    assert.deepEqual(
      heldSequences(buffer),
      Array.from({ length: 960 }, (_, i) => i + 41),
    );
    assert.equal(buffer.lastSequence, 1000);
  });
});

describe('overflow', () => {
  it('drops the oldest changes, whole ones, for a new one', () => {
    const buffer = new HoldBuffer();
    const levels = SYNC_BUFFER_RECORDS_MAX / 4 - 1;
    for (let last = 1; last <= 4; last++) assert.equal(holdMany(buffer, last, levels), 0);
    assert.equal(buffer.count, SYNC_BUFFER_RECORDS_MAX);
    assert.equal(holdMany(buffer, 5, 0), 1);
    assert.deepEqual(heldSequences(buffer), [2, 3, 4, 5]);
    assert.equal(holdMany(buffer, 6, 2 * levels + 2), 2);
    assert.deepEqual(heldSequences(buffer), [4, 5, 6]);
    assert.ok(buffer.f64.length <= SYNC_BUFFER_RECORDS_MAX * SLOT_F64);
  });

  it('holds nothing where one change alone is too large', () => {
    const buffer = new HoldBuffer();
    holdMany(buffer, 1, 3);
    assert.equal(holdMany(buffer, 2, SYNC_BUFFER_RECORDS_MAX), 2);
    assert.equal(buffer.count, 0);
  });
});
