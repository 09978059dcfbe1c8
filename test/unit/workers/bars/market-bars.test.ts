// Owns the checks of a market's bars by hand-made trades: closing, revising, lateness, completeness, order of changes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Completeness, Side } from '../../../../schemas/ids.ts';
import { BAR_CHANGE_WORDS, MarketBars } from '../../../../workers/bars/market-bars.ts';
import { BarChange } from '../../../../workers/bars/time-bars.ts';
import { allBars, type BarText, countersOf, makeCounters, Records, SLOT, type TradeInput, unitsOf } from './records.ts';

const SECOND_US = 1_000_000;
/** A whole minute. */
const T0_US = 1_786_000_020 * SECOND_US;

class Market {
  readonly counters = makeCounters();
  readonly bars: MarketBars;
  private readonly records = new Records();

  constructor(...intervalsMs: number[]) {
    this.bars = new MarketBars(intervalsMs, false, this.counters);
  }

  /** A trade so many seconds after T0. Returns the bits of the first kind, and whether any counted it as late. */
  trade(seconds: number, price = '100', more: Partial<TradeInput> = {}): number {
    const timeUs = T0_US + Math.round(seconds * SECOND_US);
    this.records.writeTrade({ timeUs, price: unitsOf(price), quantity: unitsOf('1'), ...more });
    const { u8, u32, f64 } = this.records;
    const all = this.bars.trade(u8, u32, f64, SLOT);
    const first = this.changes().reduce((bits, [kind, , change]) => (kind === 0 ? bits | change : bits), 0);
    return first | (all & BarChange.late);
  }

  clock(seconds: number): number {
    this.records.writeClock(T0_US + seconds * SECOND_US);
    return this.bars.clock(this.records.f64, SLOT);
  }

  /** [seconds, open, high, low, close, revision, isFinal] of each bar. */
  rows(kind = 0): unknown[][] {
    return this.texts(kind).map((bar) => [
      (bar.startUs - T0_US) / SECOND_US,
      `${bar.open} ${bar.high} ${bar.low} ${bar.close}`,
      bar.revision,
      bar.isFinal,
    ]);
  }

  texts(kind = 0): BarText[] {
    return allBars(this.bars, kind);
  }

  completeness(kind = 0): number[] {
    return this.texts(kind).map((bar) => bar.completeness);
  }

  changes(): number[][] {
    return Array.from({ length: this.bars.changeCount }, (_, entry) => [
      ...this.bars.changes.subarray(entry * BAR_CHANGE_WORDS, (entry + 1) * BAR_CHANGE_WORDS),
    ]);
  }
}

describe('a bar', () => {
  it('has every field of its trades, sums beyond one decimal included', () => {
    const market = new Market(60_000);
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
        intervalMs: 60_000,
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
      },
    ]);
  });

  it('opens with the earliest and closes with the latest trade, ties by arrival', () => {
    const market = new Market(1000);
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
    const market = new Market(1000);
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
    const market = new Market(1000, 60_000);
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
    assert.equal(market.bars.lastClosedRow(0), 0);
    assert.equal(market.bars.openRow(0), 1);
    assert.equal(market.bars.lastClosedRow(1), -1);
  });
});

describe('a late trade', () => {
  it('revises the bar it belongs to, each time one more, and the open bar never', () => {
    const market = new Market(1000);
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
    const market = new Market(1000);
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
    const market = new Market(1000);
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
    const market = new Market(1000);
    market.trade(0);
    market.trade(11);
    assert.equal(market.trade(0.5), BarChange.revised);
    market.trade(11.000001);
    assert.equal(market.trade(0.5), BarChange.late);
    assert.equal(market.texts()[0].revision, 1);
    assert.deepEqual(countersOf(market.counters, 'revised', 'late'), [1, 1]);
  });

  it('counts as late by the newest clock', () => {
    const market = new Market(1000);
    market.trade(0);
    market.clock(11);
    assert.equal(market.trade(0.5), BarChange.revised);
    market.clock(11.1);
    assert.equal(market.trade(0.5), BarChange.late);
    assert.deepEqual(market.changes(), [[1, 0, BarChange.updated]]);
  });

  it('is left out of the kinds it is late for, and counted once', () => {
    const market = new Market(1000, 5000, 60_000);
    market.trade(0, '5');
    market.trade(20, '6');
    assert.equal(market.trade(1, '9'), BarChange.late);
    assert.deepEqual(market.changes(), [[2, 0, BarChange.updated]]);
    assert.deepEqual(market.rows(2), [[0, '5 9 5 6', 0, false]]);
    assert.deepEqual(countersOf(market.counters, 'late'), [1]);
  });

  it('is late where its bucket lies before the oldest bar kept', () => {
    const market = new Market(10);
    for (let bar = 0; bar < 600; bar++) market.trade(bar / 100);
    assert.equal(market.bars.barCount(0), 500);
    assert.equal(market.trade(1), BarChange.revised);
    assert.equal(market.trade(0.99), BarChange.late);
    assert.equal(market.trade(-0.5) & BarChange.late, BarChange.late);
    assert.equal(market.bars.barCount(0), 500);
  });
});

describe('completeness', () => {
  it('is partial for the first bar alone, unless its first trade is at its very start', () => {
    const late = new Market(1000);
    for (const seconds of [0.000001, 1.5]) late.trade(seconds);
    assert.deepEqual(late.completeness(), [Completeness.partial, Completeness.complete]);
    const whole = new Market(1000);
    for (const seconds of [0, 1.5]) whole.trade(seconds);
    assert.deepEqual(whole.completeness(), [Completeness.complete, Completeness.complete]);
  });

  it('is gap for the bar open at a loss and for the next one to open', () => {
    const market = new Market(1000);
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
    const market = new Market(1000);
    market.bars.noteGap();
    for (const seconds of [0.5, 1]) market.trade(seconds);
    assert.deepEqual(market.completeness(), [Completeness.gap, Completeness.complete]);
  });
});

describe('kinds', () => {
  it('have a hidden minute for the signals where none is asked for', () => {
    const market = new Market(1000);
    const { bars } = market;
    assert.deepEqual([bars.kinds, bars.visibleKinds, bars.signalKind, bars.intervalMs(1)], [2, 1, 1, 60_000]);
    assert.deepEqual([bars.kindOf(1000), bars.kindOf(60_000)], [0, -1]);
    const asked = new MarketBars([60_000, 1000], false, makeCounters());
    assert.deepEqual([asked.kinds, asked.visibleKinds, asked.signalKind, asked.kindOf(60_000)], [2, 2, 0, 0]);
  });

  it('that are hidden count nothing', () => {
    const hidden = new Market();
    assert.deepEqual([hidden.bars.kinds, hidden.bars.visibleKinds], [1, 0]);
    hidden.trade(0);
    hidden.trade(60);
    assert.equal(hidden.trade(59), BarChange.revised);
    hidden.trade(80);
    assert.equal(hidden.trade(59), BarChange.none);
    assert.deepEqual(countersOf(hidden.counters, 'late', 'revised'), [0, 0]);
  });
});
