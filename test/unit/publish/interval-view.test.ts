// A whole book of more levels than an interval gathers is told whole, not in two halves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChannel } from '../../../engine/publish/channels.ts';
import { HistoryBudget } from '../../../engine/publish/history.ts';
import { addressOf, type BookChangeMessage, LEVEL_NUMBERS } from '../../../engine/publish/messages.ts';
import { Topic, type TopicShared } from '../../../engine/publish/topics.ts';
import { MERGED_LEVELS_MAX } from '../../../schemas/config.ts';

const BOOK: Omit<BookChangeMessage, 'isSnapshot' | 'bids' | 'asks' | 'bookSequence'> = {
  type: 'book_change',
  timestampUs: 0,
  localTimestampUs: 0,
  state: 'live',
  reason: null,
  checksum: 1,
  horizonBid: null,
  horizonAsk: null,
  part: 1,
  parts: 1,
  isResumeRefused: false,
  venueSequence: 0,
  levelsBid: 0,
  levelsAsk: 0,
};

function side(count: number, isAsk: boolean): Float64Array {
  const levels = new Float64Array(count * LEVEL_NUMBERS);
  for (let rank = 0; rank < count; rank++) {
    levels[rank * LEVEL_NUMBERS] = isAsk ? 1_000_001 + rank : 1_000_000 - rank;
    levels[rank * LEVEL_NUMBERS + 2] = 1_000;
  }
  return levels;
}

test('a whole book of more levels than an interval gathers is told as one', () => {
  const outlet = { publish: () => true };
  const budget = new HistoryBudget();
  const shared: TopicShared = { outlet, budget, windowMs: 1e6, nowMs: 0, publishedMessages: 0, publishedBytes: 0 };
  const parsed = parseChannel('book.a:B', { bars: [], signals: [] });
  assert.ok('channel' in parsed);
  const place = {
    channel: parsed.channel,
    market: 0,
    address: addressOf('book.a:B', { venue: 'a', symbol: 'B' }),
  };
  const source = new Topic(place, shared, 0);
  const view = new Topic(
    { ...place, view: { intervalMs: 100, depth: 0, hasChecksum: true, prefix: '100|0|1|' }, source },
    shared,
    0,
  );
  source.views.push(view);
  const told: BookChangeMessage[] = [];
  view.tell = (message) => told.push(message as BookChangeMessage);
  const bids = side(MERGED_LEVELS_MAX + 500, false);
  const asks = side(2_500, true);
  for (const part of source.parts({ ...BOOK, isSnapshot: true, bids, asks, bookSequence: 5 })) source.publish(part);
  view.interval?.turn();
  const levelsOf = (name: 'bids' | 'asks'): number =>
    told.reduce((sum, message) => sum + message[name].length / LEVEL_NUMBERS, 0);
  assert.ok(told.every(({ isSnapshot, parts }) => isSnapshot && parts === told.length));
  assert.deepEqual([levelsOf('bids'), levelsOf('asks')], [MERGED_LEVELS_MAX + 500, 2_500]);
});
