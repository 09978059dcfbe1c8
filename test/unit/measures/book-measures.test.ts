// Owns the table tests of a book's measures: values by hand, and what each does where a side ends or is not known.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MeasureQuestion, measureBook, noMeasures } from '../../../engine/measures/book-measures.ts';
import { depthOf, pressureOf } from '../../../engine/measures/depth.ts';
import { fillFrom } from '../../../engine/measures/fill.ts';
import type { BookSide } from '../../../engine/measures/side.ts';
import { micropriceText, midText, spreadText, weightedMidText } from '../../../engine/measures/touch.ts';
import { type Pair, sideOf, unitsOf } from './levels.ts';

const BIDS: readonly Pair[] = [
  ['100', '1'],
  ['99.9', '2'],
  ['99', '5'],
];
const ASKS: readonly Pair[] = [
  ['100.1', '3'],
  ['100.2', '1'],
  ['102', '10'],
];
const bidsOf = (horizon: string | null = null): BookSide => sideOf(true, BIDS, horizon);
const asksOf = (horizon: string | null = null): BookSide => sideOf(false, ASKS, horizon);
const none = (isBid: boolean): BookSide => sideOf(isBid, []);
const question = (part: Partial<MeasureQuestion>): MeasureQuestion => ({
  levels: [],
  bps: [],
  quantity: null,
  ...part,
});

describe('the price between the sides', () => {
  it('is told exactly', () => {
    assert.equal(spreadText(bidsOf(), asksOf()), '0.1');
    assert.equal(midText(bidsOf(), asksOf()), '100.05');
    assert.equal(micropriceText(bidsOf(), asksOf()), '100.025');
  });

  it('keeps the last atto: a mid may have 19 decimals, a microprice is rounded half-even', () => {
    const bids = sideOf(true, [['1', '1']]);
    const asks = sideOf(false, [['1.000000000000000001', '1']]);
    assert.equal(spreadText(bids, asks), '0.000000000000000001');
    assert.equal(midText(bids, asks), '1.0000000000000000005');
    assert.equal(micropriceText(bids, asks), '1');
    const odd = [
      sideOf(true, [['1.000000000000000001', '1']]),
      sideOf(false, [['1.000000000000000002', '1']]),
    ] as const;
    assert.equal(micropriceText(...odd), '1.000000000000000002');
  });

  it('of several levels weighs average prices with the sums opposite', () => {
    assert.equal(weightedMidText(bidsOf(), asksOf(), 1), micropriceText(bidsOf(), asksOf()));
    // Bids 299.8 / 3, asks 400.5 / 4: (299.8/3 · 4 + 400.5/4 · 3) / 7.
    assert.equal(weightedMidText(bidsOf(), asksOf(), 2), '100.015476190476190476');
    assert.equal(weightedMidText(bidsOf(), asksOf(), 3), weightedMidText(bidsOf(), asksOf(), 99));
  });

  it('does not exist unless both sides do', () => {
    for (const measure of [spreadText, midText, micropriceText]) {
      assert.equal(measure(bidsOf(), none(false)), null);
      assert.equal(measure(none(true), asksOf()), null);
    }
    assert.equal(weightedMidText(bidsOf(), none(false), 5), null);
    assert.equal(pressureOf(none(true), asksOf(), 10), null);
  });

  it('is the same whichever end the best level is at', () => {
    const bids = sideOf(true, BIDS, null, true);
    const asks = sideOf(false, ASKS, null, true);
    const asked = question({ levels: [1, 2, 9], bps: [1, 100, 10_000], quantity: unitsOf('4.5') });
    assert.deepEqual(measureBook(bids, asks, asked), measureBook(bidsOf(), asksOf(), asked));
  });
});

describe('depth and imbalance', () => {
  it('sum the best levels, or those there are', () => {
    const { depth } = measureBook(bidsOf(), asksOf(), question({ levels: [1, 2, 50] }));
    assert.deepEqual(depth, [
      { levels: 1, bid: '1', ask: '3', imbalance: -0.5, isKnown: true },
      { levels: 2, bid: '3', ask: '4', imbalance: -1 / 7, isKnown: true },
      { levels: 50, bid: '8', ask: '14', imbalance: -6 / 22, isKnown: true },
    ]);
  });

  it('count what lies at the distance as inside', () => {
    const bids = sideOf(true, [
      ['99.5', '1'],
      ['99', '2'],
      ['98.999999999999999999', '4'],
    ]);
    const asks = sideOf(false, [
      ['100.5', '1'],
      ['101', '2'],
      ['101.000000000000000001', '4'],
    ]);
    const { within } = measureBook(bids, asks, question({ bps: [49, 50, 100, 101] }));
    assert.deepEqual(
      within.map(({ bid, ask }) => [bid, ask]),
      [
        ['0', '0'],
        ['1', '1'],
        ['3', '3'],
        ['7', '7'],
      ],
    );
    assert.equal(within[0].imbalance, null);
  });

  it('weigh the nearer levels more for pressure', () => {
    // Bids 1 + 2/2 + 5/3, asks 3 + 1/2 + 10/3, in sixths: 22 and 41.
    assert.equal(pressureOf(bidsOf(), asksOf(), 10), -19 / 63);
    assert.equal(pressureOf(bidsOf(), asksOf(), 1), -0.5);
    const many = (isBid: boolean): BookSide =>
      sideOf(
        isBid,
        Array.from({ length: 12 }, (_, rank): Pair => [`${isBid ? 50 - rank : 60 + rank}`, rank < 10 ? '1' : '900']),
      );
    assert.equal(pressureOf(many(true), many(false), 12), 0);
    assert.equal(depthOf(many(true), 12), unitsOf('1810'));
  });

  it('of one side alone are sums without a ratio', () => {
    const { depth, within } = measureBook(bidsOf(), none(false), question({ levels: [2], bps: [10] }));
    assert.deepEqual(depth, [{ levels: 2, bid: '3', ask: '0', imbalance: null, isKnown: true }]);
    assert.deepEqual(within, [{ bps: 10, bid: null, ask: null, imbalance: null, isKnown: false }]);
  });
});

describe('a fill', () => {
  const doubled = unitsOf('200.1');

  it('takes level by level, and says what it costs against the mid', () => {
    assert.deepEqual(fillFrom(asksOf(), unitsOf('3.5'), doubled), {
      quantity: '3.5',
      filled: '3.5',
      average: '100.114285714285714286',
      worst: '100.2',
      slippageBps: 450_000 / 70_035,
      isKnown: true,
    });
    const sell = fillFrom(bidsOf(), unitsOf('1'), doubled);
    assert.deepEqual([sell.average, sell.worst, sell.slippageBps], ['100', '100', 500 / 100.05]);
  });

  it('stops where the side ends, which a whole book knows', () => {
    const buy = fillFrom(asksOf(), unitsOf('15'), doubled);
    assert.deepEqual([buy.quantity, buy.filled, buy.worst, buy.isKnown], ['15', '14', '102', true]);
    assert.deepEqual(fillFrom(none(false), unitsOf('2'), null), {
      ...{ quantity: '2', filled: '0', average: null, worst: null, slippageBps: null, isKnown: true },
    });
  });

  it('has no slippage without a mid', () => {
    assert.equal(fillFrom(asksOf(), unitsOf('1'), null).slippageBps, null);
    assert.equal(fillFrom(asksOf(), unitsOf('1'), 0n).slippageBps, null);
  });

  it('is not known behind the horizon, nor where it would go on behind it', () => {
    const isKnown = (quantity: string, horizon: string): boolean =>
      fillFrom(asksOf(horizon), unitsOf(quantity), doubled).isKnown;
    assert.equal(isKnown('3', '100.1'), true);
    assert.equal(isKnown('3.000000000000000001', '100.1'), false);
    assert.equal(isKnown('4', '100.2'), true);
    assert.equal(isKnown('14', '102'), true);
    assert.equal(isKnown('14.1', '102'), false);
  });
});

describe('a horizon', () => {
  it('flags the depth that reaches behind it', () => {
    const known = (bid: string | null, ask: string | null): boolean[] =>
      measureBook(bidsOf(bid), asksOf(ask), question({ levels: [1, 2, 3, 4] })).depth.map(({ isKnown }) => isKnown);
    assert.deepEqual(known(null, null), [true, true, true, true]);
    assert.deepEqual(known('99', null), [true, true, true, false]);
    assert.deepEqual(known('99.9', null), [true, true, false, false]);
    assert.deepEqual(known(null, '100.1'), [true, false, false, false]);
    assert.deepEqual(known('100.000000000000000001', null), [false, false, false, false]);
  });

  it('flags the distance that reaches behind it, level or none', () => {
    const known = (bid: string | null, ask: string | null): boolean[] =>
      measureBook(bidsOf(bid), asksOf(ask), question({ bps: [100, 200] })).within.map(({ isKnown }) => isKnown);
    assert.deepEqual(known(null, null), [true, true]);
    // 100 bps below 100.05 is 99.0495, 100 bps above is 101.0505.
    assert.deepEqual(known('99.0495', null), [true, false]);
    assert.deepEqual(known('99.049500000000000001', null), [false, false]);
    assert.deepEqual(known(null, '101.0505'), [true, false]);
    assert.deepEqual(known(null, '101.050499999999999999'), [false, false]);
  });

  it('refuses what has no flag', () => {
    const asked = question({ bps: [5], quantity: unitsOf('1') });
    const near = measureBook(bidsOf('99'), asksOf(), asked);
    assert.deepEqual([near.mid, near.weightedMid, near.pressure], ['100.05', null, null]);
    const blind = measureBook(bidsOf('100.01'), asksOf(), asked);
    assert.deepEqual([blind.spread, blind.mid, blind.microprice], [null, null, null]);
    assert.deepEqual([blind.within[0].bid, blind.fill?.buy.slippageBps, blind.fill?.buy.filled], [null, null, '1']);
    const deep = (isBid: boolean): BookSide =>
      sideOf(
        isBid,
        Array.from({ length: 10 }, (_, rank): Pair => [`${isBid ? 50 - rank : 60 + rank}`, '1']),
        isBid ? '41' : '69',
      );
    const full = measureBook(deep(true), deep(false), question({}));
    assert.deepEqual([full.weightedMid, full.pressure], ['55', 0]);
  });
});

it('a book that is not live answers every question with nothing', () => {
  const answer = noMeasures(question({ levels: [1], bps: [5], quantity: unitsOf('2.5') }));
  const unknown = { bid: null, ask: null, imbalance: null, isKnown: false };
  const fill = { quantity: '2.5', filled: null, average: null, worst: null, slippageBps: null, isKnown: false };
  assert.deepEqual(answer, {
    ...{ spread: null, mid: null, microprice: null, weightedMid: null, pressure: null },
    depth: [{ levels: 1, ...unknown }],
    within: [{ bps: 5, ...unknown }],
    fill: { buy: fill, sell: fill },
  });
  assert.equal(noMeasures(question({})).fill, null);
});
