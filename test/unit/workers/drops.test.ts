// What a shard tells of frames that were dropped, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { marketPlansOf } from '../../../engine/base/market-plans.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../../engine/ingress/frame-writer.ts';
import { Session } from '../../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { RingReader } from '../../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../../engine/route/markets.ts';
import { Interest, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_U32 } from '../../../schemas/layout.ts';
import { ShardCore } from '../../simulation/shard-core.ts';

const LEVELS = 10;

/** Types of the groups that main is given; each group of a book has the levels it says. */
function groupsOf(memory: EngineMemory): number[] {
  const output = new RingReader(memory.shards[0].output);
  const typeAt = (offset: number): number => output.u8[output.slotAt(offset) * SLOT_BYTES];
  const types: number[] = [];
  for (let offset = 0; offset < output.available(); ) {
    const type = typeAt(offset);
    const levels = type === RecordType.bookChange ? output.u32[output.slotAt(offset) * SLOT_U32 + 1] : 0;
    for (let level = 1; level <= levels; level++) assert.equal(typeAt(offset + level), RecordType.level);
    types.push(type);
    offset += 1 + levels;
  }
  return types;
}

test('a shard tells of dropped frames between two changes of a book, and never in the middle of one', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 256, outputSlots: 256 });
  const writer = new FrameWriter(memory, new EngineClock(memory.anchor), 'drop');
  const markets = new MarketDirectory(memory);
  const session = new Session('json', DECODERS.json, writer, markets, memory.marketsMax, () => undefined);
  const take = (isSnapshot: boolean, levels: number): void => {
    const bids = Array.from({ length: levels }, (_, index) => ({ price: String(index + 1), amount: '1' }));
    const message = { type: 'book_change', exchange: 'x', symbol: 'A', isSnapshot, bids, asks: [] };
    const bytes = new TextEncoder().encode(JSON.stringify({ ...message, timestamp: '2026-01-01T00:00:00Z' }));
    writer.begin();
    session.take(new DataView(bytes.buffer), 0, bytes.length);
    writer.commit();
  };
  Atomics.or(new Int32Array(memory.interest), 0, Interest.book | Interest.status);
  const shard = new ShardCore(memory, 0, marketPlansOf(), false);
  take(true, 1);
  shard.turn(100);
  take(false, LEVELS);
  shard.turn(LEVELS / 2);
  writer.markDropped(0);
  shard.turn(100);
  take(false, 1);
  shard.turn(100);
  const { bookChange, status, stamp } = RecordType;
  const told = groupsOf(memory).filter((type) => type !== stamp);
  assert.deepEqual(told, [bookChange, status, bookChange, bookChange, status]);
});
