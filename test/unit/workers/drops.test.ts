// What a shard tells of frames that were dropped, and where in the stream.

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
import { BookState, FrameResult, Interest, RecordType, StateReason } from '../../../schemas/ids.ts';
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

type Rig = {
  readonly memory: EngineMemory;
  readonly writer: FrameWriter;
  readonly shard: ShardCore;
  /** One frame of market A with these bids, `price: amount`; returns its FrameResult. */
  readonly take: (isSnapshot: boolean, bids: Readonly<Record<string, string>>) => number;
};

/** A connection that speaks for itself: nothing numbers its messages. */
function rig(inputSlots: number): Rig {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots, outputSlots: 256 });
  const writer = new FrameWriter(memory, new EngineClock(memory.anchor), 'drop');
  const markets = new MarketDirectory(memory);
  const session = new Session('json', DECODERS.json, writer, markets, memory.marketsMax, () => undefined);
  const take = (isSnapshot: boolean, bids: Readonly<Record<string, string>>): number => {
    const levels = Object.entries(bids).map(([price, amount]) => ({ price, amount }));
    const message = { type: 'book_change', exchange: 'x', symbol: 'A', isSnapshot, bids: levels, asks: [] };
    const bytes = new TextEncoder().encode(JSON.stringify({ ...message, timestamp: '2026-01-01T00:00:00Z' }));
    writer.begin();
    const result = session.take(new DataView(bytes.buffer), 0, bytes.length);
    writer.commit();
    return result;
  };
  Atomics.or(new Int32Array(memory.interest), 0, Interest.book | Interest.status);
  return { memory, writer, shard: new ShardCore(memory, 0, marketPlansOf(), () => undefined), take };
}

const ONE_LEVEL = { 1: '1' };
const LEVELS_BIDS = Object.fromEntries(Array.from({ length: LEVELS }, (_, index) => [index + 1, '1']));

test('a shard tells of dropped frames between two changes of a book, and never in the middle of one', () => {
  const { memory, writer, shard, take } = rig(256);
  take(true, ONE_LEVEL);
  shard.turn(100);
  take(false, LEVELS_BIDS);
  shard.turn(LEVELS / 2);
  writer.markDropped(0);
  take(false, ONE_LEVEL);
  shard.turn(100);
  shard.turn(100);
  const { bookChange, status, stamp } = RecordType;
  const told = groupsOf(memory).filter((type) => type !== stamp);
  assert.deepEqual(told, [bookChange, status, bookChange, bookChange, status]);
});

test('a snapshot from before a lost frame makes no book live that changes from behind the loss go into', () => {
  const { shard, take } = rig(16);
  take(true, ONE_LEVEL);
  shard.turn(100);
  assert.equal(take(true, { 1: '5', 2: '5', 3: '5', 4: '5', 5: '5', 6: '5', 7: '5' }), FrameResult.applied);
  assert.equal(take(false, { 2: '0', 3: '0', 4: '0', 5: '0', 6: '0', 7: '0' }), FrameResult.dropped);
  shard.turn(100);
  const [{ book }] = shard.dispatch.markets;
  take(false, { 8: '5' });
  shard.turn(100);
  assert.equal(book.state, BookState.resyncing);
  assert.equal(book.reason, StateReason.drop);
  assert.equal(book.bids.count, 7, 'nothing from behind the loss is in it');
  take(true, ONE_LEVEL);
  shard.turn(100);
  assert.equal(book.state, BookState.live);
});
