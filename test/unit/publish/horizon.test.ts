// Owns the tests of a book's horizon on its way out: from a shard's book through output records to messages and JSON.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { streamJson } from '../../../engine/publish/encode-json.ts';
import { addressOf, type BookChangeMessage } from '../../../engine/publish/messages.ts';
import { OutputRecords } from '../../../engine/publish/output-records.ts';
import { DOORBELL_BYTES } from '../../../engine/ring/doorbell.ts';
import { createRing, RingReader } from '../../../engine/ring/spsc-ring.ts';
import { SHARD_COUNTERS } from '../../../schemas/counters.ts';
import { ChangeFlag } from '../../../schemas/ids.ts';
import { writeWholeBook } from '../../../workers/output/answers.ts';
import { OutputWriter } from '../../../workers/output/writer.ts';
import { BookUnderTest, type Change } from '../workers/book/book-records.ts';

const REST = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
const address = addressOf('book.x:A', { venue: 'x', symbol: 'A' });
const clock = new EngineClock(createEngineMemory({ shards: 1, marketsMax: 1, inputSlots: 64, outputSlots: 64 }).anchor);

/** What main reads of the book after one change, with the slots it took. */
function told(venue: string, change: Change, limit = 0): { book: BookChangeMessage; slots: number } {
  const test = new BookUnderTest(venue);
  test.feed(change);
  const ring = createRing(64);
  const counters = new Float64Array(SHARD_COUNTERS.length);
  const out = new OutputWriter(ring, new SharedArrayBuffer(DOORBELL_BYTES), counters);
  out.begin(0);
  writeWholeBook(out, test.book, limit);
  out.end();
  out.ring.commit();
  const records = new OutputRecords(new RingReader(ring), clock, { barKinds: [], signals: [] });
  return { book: records.book(0), slots: 1 + records.count(0) };
}

const BOOK = {
  bids: [
    ['10', '1'],
    ['9.5', '2'],
  ],
  asks: [
    ['11', '1'],
    ['12.000000000000000003', '4'],
    ['13', '1'],
  ],
} satisfies Partial<Change>;

describe('a whole book told by a shard', () => {
  it('has its horizons beside its levels', () => {
    const { book, slots } = told('binance', { flags: REST, last: 5, ...BOOK });
    assert.equal(slots, 1 + 5 + 2);
    assert.deepEqual([...book.bids], [10_000, 0, 1000, 0, 9500, 0, 2000, 0]);
    assert.deepEqual([book.asks.length, book.levelsBid, book.levelsAsk], [12, 2, 3]);
    assert.deepEqual([...(book.horizonBid ?? [])], [9500, 0, 0, 0]);
    assert.deepEqual([...(book.horizonAsk ?? [])], [13_000, 0, 0, 0]);
  });

  it('tells the horizon of the book, not of what is shown of it', () => {
    const { book, slots } = told('binance', { flags: REST, last: 5, ...BOOK }, 1);
    assert.equal(slots, 1 + 2 + 2);
    assert.deepEqual([...book.asks], [11_000, 0, 1000, 0]);
    assert.deepEqual([...(book.horizonBid ?? [])], [9500, 0, 0, 0]);
  });

  it('has one side alone, or none', () => {
    const asks = told('kraken', { flags: ChangeFlag.snapshot, depth: 3, ...BOOK }).book;
    assert.deepEqual([asks.horizonBid, [...(asks.horizonAsk ?? [])]], [null, [13_000, 0, 0, 0]]);
    const bids = told('kraken', { flags: ChangeFlag.snapshot, depth: 2, bids: BOOK.bids, asks: [['11', '1']] }).book;
    assert.deepEqual([[...(bids.horizonBid ?? [])], bids.horizonAsk], [[9500, 0, 0, 0], null]);
    const whole = told('coinbase', { flags: ChangeFlag.snapshot, ...BOOK });
    assert.deepEqual([whole.slots, whole.book.horizonBid, whole.book.horizonAsk], [6, null, null]);
    const empty = told('binance', { flags: REST, last: 5 });
    assert.deepEqual([empty.slots, empty.book.bids.length, empty.book.horizonBid], [1, 0, null]);
  });
});

describe('a book change in JSON', () => {
  const json = (book: BookChangeMessage, quote: '"' | '' = '"'): Record<string, unknown> =>
    JSON.parse(streamJson(book, address, 1, null, quote)) as Record<string, unknown>;

  it('says the horizon in snapshots, and nothing of it in deltas', () => {
    const { book } = told('kraken', { flags: ChangeFlag.snapshot, depth: 3, ...BOOK });
    assert.deepEqual(json(book)['horizon'], { bid: null, ask: '13' });
    assert.deepEqual(json(book, '')['horizon'], { bid: null, ask: 13 });
    assert.equal('horizon' in json({ ...book, isSnapshot: false }), false);
    const whole = told('coinbase', { flags: ChangeFlag.snapshot, ...BOOK }).book;
    assert.equal(json(whole)['horizon'], null);
  });
});
