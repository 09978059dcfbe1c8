// Owns the tests of /v1/measures without a socket: parameters as asked, answers as JSON.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HttpError } from '../../../engine/publish/http.ts';
import { measureQuestionOf, measuresJson } from '../../../engine/publish/measures-api.ts';
import type { BookChangeMessage } from '../../../engine/publish/messages.ts';
import { openApiJson } from '../../../engine/publish/openapi.ts';

const ask = (query: string) => measureQuestionOf(new URLSearchParams(query));

const book = (part: Partial<BookChangeMessage> = {}): BookChangeMessage => ({
  ...{ type: 'book_change', timestampUs: 1_767_225_600_000_001, localTimestampUs: 0, isSnapshot: true },
  bids: Float64Array.of(100_000, 0, 1000, 0, 99_000, 0, 2000, 0),
  asks: Float64Array.of(101_000, 0, 3000, 0),
  ...{ bookSequence: 7, venueSequence: -1, levelsBid: 2, levelsAsk: 1, horizonBid: null, horizonAsk: null },
  ...{ state: 'live', reason: null, part: 1, parts: 1, checksum: 7, isResumeRefused: false },
  ...part,
});

describe('what is asked for', () => {
  it('has usual levels and distances, and no quantity', () => {
    assert.deepEqual(ask(''), { levels: [1, 5, 10, 20], bps: [5, 10, 25, 50], quantity: null });
  });

  it('is read exactly', () => {
    assert.deepEqual(ask('levels=3,1,131072&bps=10000&quantity=0.000000000000000001'), {
      ...{ levels: [3, 1, 131_072], bps: [10_000], quantity: 1n },
    });
    assert.equal(ask('quantity=12').quantity, 12n * 10n ** 18n);
    assert.equal(ask('quantity=9000000000000.5').quantity, 9_000_000_000_000_500_000_000_000_000_000n);
  });

  const WRONG: readonly [query: string, sentence: RegExp][] = [
    ['levels=', /^levels: expected 1 to 16 whole numbers from 1 to 131072 with commas between them, was ""$/],
    ['levels=0', /^levels: /],
    ['levels=1.5', /^levels: /],
    ['levels=1,,2', /^levels: /],
    ['levels=131073', /^levels: /],
    [`levels=${Array.from({ length: 17 }, () => 1).join(',')}`, /^levels: /],
    ['bps=10001', /^bps: expected 1 to 16 whole numbers from 1 to 10000 with commas between them, was "10001"$/],
    ['bps=-5', /^bps: /],
    ['quantity=', /^quantity: expected a decimal above 0 with up to 13 digits before and 18 after the point, was ""$/],
    ['quantity=0', /^quantity: /],
    ['quantity=0.0', /^quantity: /],
    ['quantity=-1', /^quantity: /],
    ['quantity=1e3', /^quantity: /],
    ['quantity=1.', /^quantity: /],
    ['quantity=0.0000000000000000001', /^quantity: /],
    ['quantity=10000000000000', /^quantity: /],
  ];
  for (const [query, message] of WRONG) {
    it(`is refused with a sentence for ${query.slice(0, 40)}`, () => {
      const isRefusal = (error: unknown): boolean =>
        error instanceof HttpError && error.status === 400 && error.category === 'range' && message.test(error.message);
      assert.throws(() => ask(query), isRefusal);
    });
  }
});

describe('the answer', () => {
  it('has the book it is of, then the measures', () => {
    const text = measuresJson('x:"A"', book(), ask('levels=1&bps=60&quantity=4'));
    assert.deepEqual(JSON.parse(text), {
      ...{ market: 'x:"A"', state: 'live', reason: null, seq: 7 },
      ...{ timestamp: '2026-01-01T00:00:00.000001Z', localTimestamp: null, horizon: null },
      ...{ spread: '1', mid: '100.5', microprice: '100.25', weightedMid: '100.166666666666666667', pressure: -0.2 },
      depth: [{ levels: 1, bid: '1', ask: '3', imbalance: -0.5, isKnown: true }],
      within: [{ bps: 60, bid: '1', ask: '3', imbalance: -0.5, isKnown: true }],
      fill: {
        buy: {
          ...{ quantity: '4', filled: '3', average: '101', worst: '101' },
          ...{ slippageBps: 5000 / 100.5, isKnown: true },
        },
        sell: {
          ...{ quantity: '4', filled: '3', average: '99.333333333333333333', worst: '99' },
          ...{ slippageBps: 35_000 / 301.5, isKnown: true },
        },
      },
    });
    assert.deepEqual(Object.keys(JSON.parse(text) as object).slice(0, 8), [
      ...['market', 'state', 'reason', 'seq', 'timestamp', 'localTimestamp', 'horizon', 'spread'],
    ]);
  });

  it('shows the horizon, and what lies behind it', () => {
    const horizonBid = Float64Array.of(100_000, 0, 0, 0);
    const answer = JSON.parse(measuresJson('x:A', book({ horizonBid }), ask('levels=1,2&quantity=2'))) as {
      horizon: unknown;
      weightedMid: unknown;
      depth: { isKnown: boolean }[];
      fill: { buy: { isKnown: boolean }; sell: { isKnown: boolean } };
    };
    assert.deepEqual([answer.horizon, answer.weightedMid], [{ bid: '100', ask: null }, null]);
    assert.deepEqual(
      [...answer.depth, answer.fill.buy, answer.fill.sell].map(({ isKnown }) => isKnown),
      [true, false, true, false],
    );
  });

  it('of a book that is not live measures nothing, and says why', () => {
    for (const state of ['syncing', 'suspect', 'stale', 'resyncing']) {
      const text = measuresJson('x:A', book({ state, reason: 'gap' }), ask('levels=1&bps=5'));
      const answer = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual([answer['state'], answer['reason'], answer['mid'], answer['fill']], [state, 'gap', null, null]);
      assert.deepEqual(answer['depth'], [{ levels: 1, bid: null, ask: null, imbalance: null, isKnown: false }]);
    }
  });
});

it('/openapi.json describes the route and its parameters', () => {
  const document = JSON.parse(openApiJson(['1m'], { depthMax: 9, barsMax: 5, tradesMax: 5 })) as {
    paths: Record<string, { get: { parameters: { name: string; schema: { items?: { maximum: number } } }[] } }>;
  };
  const { parameters } = document.paths['/v1/measures/{market}'].get;
  assert.deepEqual(
    parameters.map(({ name, schema }) => [name, schema.items?.maximum]),
    [
      ['market', undefined],
      ['levels', 9],
      ['bps', 10_000],
      ['quantity', undefined],
    ],
  );
});
