// Owns the tests of what a depth channel shows of a book: levels, measures of these, horizon, and refusals.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel } from '../../../engine/publish/channels.ts';
import { toSnapshot } from '../../../engine/publish/depth.ts';
import { streamJson } from '../../../engine/publish/encode-json.ts';
import { addressOf, type BookChangeMessage } from '../../../engine/publish/messages.ts';

const channel: Channel = {
  ...{ kind: 'depth', words: 'depth.2.1s.', hasMarket: true, interest: 0, number: 2, intervalMs: 1000, name: '1s' },
};

const book = (part: Partial<BookChangeMessage> = {}): BookChangeMessage => ({
  ...{ type: 'book_change', timestampUs: 1_767_225_600_000_001, localTimestampUs: 0, isSnapshot: true },
  bids: Float64Array.of(100_000, 0, 1000, 0, 99_000, 0, 2000, 0, 98_000, 0, 50_000, 0),
  asks: Float64Array.of(101_000, 0, 3000, 1),
  ...{ bookSequence: 7, venueSequence: -1, levelsBid: 3, levelsAsk: 1, horizonBid: null, horizonAsk: null },
  ...{ state: 'live', reason: null, part: 1, parts: 1, checksum: 7, isResumeRefused: false },
  ...part,
});

const MEASURES = ['spread', 'mid', 'microprice', 'imbalance', 'weightedMid', 'bidDepth', 'askDepth', 'pressure'];

function shown(part: Partial<BookChangeMessage>): Record<string, unknown> {
  const text = streamJson(toSnapshot(channel, book(part)), addressOf('d', { venue: 'x', symbol: 'A' }), 1, null, '"');
  return JSON.parse(text) as Record<string, unknown>;
}

describe('a depth snapshot', () => {
  it('measures exactly the levels it shows', () => {
    const message = shown({});
    assert.equal((message['bids'] as unknown[]).length, 2);
    assert.deepEqual(
      MEASURES.map((name) => message[name]),
      ['1', '100.5', '100.25', -1e-18 / 6, '100.166666666666666667', '3', '3.000000000000000001', -0.2],
    );
    assert.equal(message['horizon'], null);
  });

  it('of a book that is not live shows levels and no measure', () => {
    for (const state of ['suspect', 'stale', 'resyncing']) {
      const message = shown({ state, reason: 'gap' });
      assert.equal((message['bids'] as unknown[]).length, 2);
      assert.deepEqual(
        MEASURES.map((name) => message[name]),
        MEASURES.map(() => null),
      );
    }
  });

  it('carries the horizon, and no price between best levels that lie behind it', () => {
    const beside = shown({ horizonBid: Float64Array.of(100_000, 0, 0, 0) });
    assert.deepEqual([beside['horizon'], beside['mid'], beside['bidDepth']], [{ bid: '100', ask: null }, '100.5', '3']);
    const behind = shown({ horizonAsk: Float64Array.of(100_999, 0, 0, 0) });
    assert.deepEqual([behind['horizon'], behind['askDepth']], [{ bid: null, ask: '100.999' }, '3.000000000000000001']);
    assert.deepEqual([behind['spread'], behind['mid'], behind['microprice']], [null, null, null]);
  });
});
