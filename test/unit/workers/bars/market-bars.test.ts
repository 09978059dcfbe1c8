// Owns the checks of a market's bars by hand-made trades: closing, revising, lateness, completeness, order of changes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BookState, Completeness, EmptyBars, Side } from '../../../../schemas/ids.ts';
import { BarChange } from '../../../../workers/bars/bar-changes.ts';
import { MarketBars } from '../../../../workers/bars/market-bars.ts';
import { Market, SECOND_US, T0_US } from './market.ts';
import { barText, countersOf, makeCounters, planOf, Records, SLOT, unitsOf } from './records.ts';

describe('a bar', () => {
  it('has every field of its trades, sums beyond one decimal included', () => {
    const market = new Market(['1m']);
    const big = unitsOf('9000000000000.999999999999999999');
    market.trade(1, '3', { quantity: unitsOf('0.000000000000000001'), side: Side.buy, matches: 3, receiveNs: 10 });
    market.trade(2, '0.5', { quantity: big, side: Side.sell, receiveNs: 20 });
    market.trade(3, '7.000000000000000001', { quantity: big, side: Side.sell, receiveNs: 30 });
    market.trade(2.5, '6', { quantity: unitsOf('2'), receiveNs: 40 });
    assert.deepEqual(market.texts(), [
      {
        startUs: T0_US,
        openUs: T0_US + SECOND_US,
        closeUs: T0_US + 3 * SECOND_US,
        receiveNs: 40,
        kind: 0,
        open: '3',
        high: '7.000000000000000001',
        low: '0.5',
        close: '7.000000000000000001',
        volume: '18000000000003.999999999999999999',
        buy: '0.000000000000000001',
        sell: '18000000000001.999999999999999998',
        notional: '67500000000019.500008999999999996499999999999999999',
        trades: 6,
        revision: 0,
        isFinal: false,
        completeness: Completeness.partial,
        state: BookState.live,
        hasPrices: true,
        spreadHigh: null,
        spreadLow: null,
      },
    ]);
  });

  it('opens with the earliest and closes with the latest trade, ties by arrival', () => {
    const market = new Market(['1s']);
    for (const [seconds, price] of [
      [0.5, '5'],
      [0.5, '6'],
      [0.2, '2'],
      [0.2, '3'],
      [0.4, '9'],
    ] as const) {
      market.trade(seconds, price);
    }
    assert.deepEqual(market.rows(), [[0, '2 9 2 6', 0, false]]);
  });

  it('is final when the clock reaches its end, not before', () => {
    const market = new Market(['1s']);
    assert.equal(market.clock(-5), BarChange.none);
    assert.equal(market.trade(0.5), BarChange.opened);
    assert.equal(market.clock(0.9), BarChange.none);
    assert.equal(market.texts()[0].isFinal, false);
    assert.equal(market.clock(1), BarChange.closed);
    assert.deepEqual(market.changes(), [[0, 0, BarChange.closed]]);
    assert.equal(market.clock(2), BarChange.none);
    assert.equal(market.clock(-9), BarChange.none);
    assert.equal(market.trade(0.6), BarChange.revised);
    assert.deepEqual(market.rows(), [[0, '100 100 100 100', 1, true]]);
  });

  it('is final when a trade of a later bucket comes; empty intervals have none', () => {
    const market = new Market(['1s', '1m']);
    market.trade(0.5);
    assert.equal(market.trade(7), BarChange.closed | BarChange.opened);
    assert.deepEqual(market.changes(), [
      [0, 0, BarChange.closed],
      [0, 1, BarChange.opened],
      [1, 0, BarChange.updated],
    ]);
    assert.deepEqual(
      market.rows().map(([seconds, , , isFinal]) => [seconds, isFinal]),
      [
        [0, true],
        [7, false],
      ],
    );
    assert.equal(market.bars.openRow(0), 1);
    assert.equal(market.bars.openRow(1), 0);
  });
});

describe('a late trade', () => {
  it('revises the bar it belongs to, each time one more, and the open bar never', () => {
    const market = new Market(['1s']);
    market.trade(0, '5');
    market.trade(1, '6');
    assert.equal(market.trade(0.5, '9'), BarChange.revised);
    assert.equal(market.trade(0.25, '1'), BarChange.revised);
    assert.equal(market.trade(1.5, '7'), BarChange.updated);
    assert.equal(market.trade(1.1, '8'), BarChange.updated);
    assert.deepEqual(market.rows(), [
      [0, '5 9 1 9', 2, true],
      [1, '6 8 6 7', 0, false],
    ]);
    assert.deepEqual(countersOf(market.counters, 'revised', 'late'), [2, 0]);
  });

  it('makes a bar where its bucket had none, in time order, final at once', () => {
    const market = new Market(['1s']);
    for (const seconds of [0, 5, 8]) market.trade(seconds, String(seconds + 1));
    assert.equal(market.trade(3, '4'), BarChange.created);
    assert.equal(market.trade(8.5, '10'), BarChange.updated);
    assert.deepEqual(market.rows(), [
      [0, '1 1 1 1', 0, true],
      [3, '4 4 4 4', 0, true],
      [5, '6 6 6 6', 0, true],
      [8, '9 10 9 10', 0, false],
    ]);
    assert.deepEqual(market.bars.openRow(0), 3);
    assert.deepEqual(countersOf(market.counters, 'revised', 'late'), [0, 0]);
  });

  it('makes a final bar also in a bucket that only the clock has closed', () => {
    const market = new Market(['1s']);
    market.trade(0);
    market.clock(4);
    assert.equal(market.trade(2.5), BarChange.created);
    assert.equal(market.trade(1.5), BarChange.created);
    assert.equal(market.trade(4.5), BarChange.opened);
    assert.deepEqual(
      market.rows().map(([seconds, , , isFinal]) => [seconds, isFinal]),
      [
        [0, true],
        [1, true],
        [2, true],
        [4, false],
      ],
    );
  });

  it('counts as late from one microsecond after the allowed lateness, by the newest trade', () => {
    const market = new Market(['1s']);
    market.trade(0);
    market.trade(11);
    assert.equal(market.trade(0.5), BarChange.revised);
    market.trade(11.000001);
    assert.equal(market.trade(0.5), BarChange.late);
    assert.equal(market.texts()[0].revision, 1);
    assert.deepEqual(countersOf(market.counters, 'revised', 'late'), [1, 1]);
  });

  it('counts as late by the newest clock', () => {
    const market = new Market(['1s', '1m']);
    market.trade(0);
    market.clock(11);
    assert.equal(market.trade(0.5), BarChange.revised);
    market.clock(11.1);
    assert.equal(market.trade(0.5), BarChange.late);
    assert.deepEqual(market.changes(), [[1, 0, BarChange.updated]]);
  });

  it('is left out of the kinds it is late for, and counted once', () => {
    const market = new Market(['1s', '5s', '1m']);
    market.trade(0, '5');
    market.trade(20, '6');
    assert.equal(market.trade(1, '9'), BarChange.late);
    assert.deepEqual(market.changes(), [[2, 0, BarChange.updated]]);
    assert.deepEqual(market.rows(2), [[0, '5 9 5 6', 0, false]]);
    assert.deepEqual(countersOf(market.counters, 'late'), [1]);
  });

  it('is late where its bucket lies before the oldest bar kept', () => {
    const market = new Market(['100ms'], { latenessMs: 3_600_000 });
    for (let bar = 0; bar < 600; bar++) market.trade(bar / 10);
    assert.equal(market.bars.barCount(0), 500);
    assert.equal(market.trade(10), BarChange.revised);
    assert.equal(market.trade(9.99), BarChange.late);
    assert.equal(market.trade(-0.5) & BarChange.late, BarChange.late);
    assert.equal(market.bars.barCount(0), 500);
  });
});

describe('a trade far ahead of the clock', () => {
  const day = 86_400;

  it('is in no time bar and closes none, and the trades behind it count as before', () => {
    const market = new Market(['1s', '1m', '2t'], { emptyBars: EmptyBars.flat });
    market.clock(0);
    market.trade(0);
    assert.equal(market.trade(60 * 365 * day, '9') & BarChange.late, BarChange.late);
    assert.equal(market.trade(0.5), BarChange.updated);
    assert.deepEqual(
      [0, 1].map((kind) => market.rows(kind)),
      [[[0, '100 100 100 100', 0, false]], [[0, '100 100 100 100', 0, false]]],
    );
    assert.equal(market.rows(2)[0][1], '100 100 9 9');
    assert.deepEqual(countersOf(market.counters, 'late'), [1]);
  });

  it('is so from one microsecond beyond a day, and never without a clock', () => {
    const market = new Market(['1s']);
    market.trade(-3 * day);
    market.clock(0);
    assert.equal(market.trade(day + 0.000001), BarChange.late);
    assert.notEqual(market.trade(day), BarChange.late);
  });
});

describe('completeness', () => {
  it('is partial for the first bar alone, unless its first trade is at its very start', () => {
    const late = new Market(['1s']);
    for (const seconds of [0.000001, 1.5]) late.trade(seconds);
    assert.deepEqual(late.completeness(), [Completeness.partial, Completeness.complete]);
    const whole = new Market(['1s']);
    for (const seconds of [0, 1.5]) whole.trade(seconds);
    assert.deepEqual(whole.completeness(), [Completeness.complete, Completeness.complete]);
  });

  it('is gap for the bar open at a loss and for the next one to open', () => {
    const market = new Market(['1s']);
    market.trade(0.5);
    market.bars.noteGap();
    for (const seconds of [0.6, 1, 1.5, 2]) market.trade(seconds);
    assert.deepEqual(market.completeness(), [Completeness.gap, Completeness.gap, Completeness.complete]);
    assert.deepEqual(
      market.rows().map(([, , , isFinal]) => isFinal),
      [true, true, false],
    );
  });

  it('is gap for a first bar after a loss', () => {
    const market = new Market(['1s']);
    market.bars.noteGap();
    for (const seconds of [0.5, 1]) market.trade(seconds);
    assert.deepEqual(market.completeness(), [Completeness.gap, Completeness.complete]);
  });
});

describe('allowed lateness', () => {
  for (const latenessMs of [0, 500, 60_000]) {
    it(`of ${latenessMs} ms lets a trade in up to there and no further`, () => {
      const market = new Market(['1s'], { latenessMs });
      market.trade(0);
      market.trade(1 + latenessMs / 1000);
      assert.equal(market.trade(0.5), BarChange.revised);
      market.trade(1.000001 + latenessMs / 1000);
      assert.equal(market.trade(0.5), BarChange.late);
    });
  }
});

describe('kinds', () => {
  it('are known by index, by number in the engine’s list, and as visible or not', () => {
    const [hidden, second] = planOf(['1m', '1s'], {}, 7).kinds;
    const kinds = [second, { ...hidden, isVisible: false }];
    const bars = new MarketBars({ ...planOf([]), kinds }, makeCounters());
    assert.deepEqual([bars.kinds, bars.kindNumber(0), bars.kindNumber(1)], [2, 8, 7]);
    assert.deepEqual([bars.indexOf(7), bars.indexOf(8), bars.indexOf(9)], [1, 0, -1]);
    assert.deepEqual([bars.isVisible(0), bars.isVisible(1)], [true, false]);
    assert.deepEqual([bars.barCount(0), bars.openRow(0)], [0, -1]);
  });

  it('are told by their number', () => {
    const bars = new MarketBars(planOf(['1s', '100t'], {}, 40), makeCounters());
    const records = new Records();
    records.writeTrade({ timeUs: T0_US, price: unitsOf('1'), quantity: unitsOf('1') });
    bars.trade(records.u8, records.u32, records.f64, SLOT, BookState.live);
    assert.deepEqual(
      [0, 1].map((index) => barText(bars, index, bars.openRow(index)).kind),
      [40, 41],
    );
  });

  it('that are hidden count nothing', () => {
    const [minute] = planOf(['1m']).kinds;
    const market = new Market([], { kinds: [{ ...minute, isVisible: false }] });
    market.trade(0);
    market.trade(60);
    assert.equal(market.trade(59), BarChange.revised);
    market.trade(80);
    assert.equal(market.trade(59), BarChange.none);
    assert.deepEqual(countersOf(market.counters, 'late', 'revised'), [0, 0]);
  });
});
