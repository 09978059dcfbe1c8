// Owns the checks of what time bars alone have: lower and higher ones, empty intervals, the book's spread and state.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EMPTY_BARS_MAX } from '../../../../schemas/config.ts';
import { BookState, Completeness, EmptyBars } from '../../../../schemas/ids.ts';
import { BarChange } from '../../../../workers/bars/bar-changes.ts';
import { BAR_WORDS, barRow } from '../../../../workers/bars/ohlcv.ts';
import { Market, SECOND_US, T0_US } from './market.ts';
import { countersOf } from './records.ts';

describe('a bar of 100 ms', () => {
  it('is closed by the clock record at its end', () => {
    const market = new Market(['100ms']);
    market.trade(0.25);
    assert.equal(market.clock(0.2), BarChange.none);
    assert.equal(market.clock(0.3), BarChange.closed);
    assert.deepEqual(market.rows(), [[0.2, '100 100 100 100', 0, true]]);
  });
});

describe('a higher time frame', () => {
  it('leaves the trades to the lower one until a bar of that closes, and is told whole all the same', () => {
    const market = new Market(['1m', '1s']);
    market.trade(0.1, '5');
    market.trade(0.2, '8');
    const tradesOf = (): number => market.bars.rows(0)[market.bars.openRow(0) * BAR_WORDS + barRow.at.trades];
    assert.equal(tradesOf(), 0);
    assert.deepEqual(market.rows(0), [[0, '5 8 5 8', 0, false]]);
    assert.deepEqual(market.changes(), [
      [1, 0, BarChange.updated],
      [0, 0, BarChange.updated],
    ]);
    market.clock(1);
    assert.equal(tradesOf(), 2);
    assert.deepEqual(market.rows(0), [[0, '5 8 5 8', 0, false]]);
    market.trade(1.5, '4');
    assert.equal(tradesOf(), 2);
    assert.deepEqual(market.rows(0), [[0, '5 8 4 4', 0, false]]);
    assert.deepEqual([market.texts(0)[0].trades, market.texts(0)[0].volume], [3, '3']);
  });

  it('takes a trade itself that revises the lower one, makes a bar there or is too late for it', () => {
    const market = new Market(['1s', '1m'], { latenessMs: 2000 });
    market.trade(0, '5');
    market.trade(2, '6');
    const steps = [
      [0.5, '9', BarChange.revised],
      [1.5, '2', BarChange.created],
    ] as const;
    for (const [seconds, price, change] of steps) {
      assert.equal(market.trade(seconds, price), change);
      assert.deepEqual(market.changes().at(-1), [1, 0, BarChange.updated]);
    }
    market.trade(9, '7');
    assert.equal(market.trade(0.75, '1'), BarChange.late);
    assert.deepEqual(market.changes(), [[1, 0, BarChange.updated]]);
    assert.deepEqual(market.rows(1), [[0, '5 9 1 7', 0, false]]);
    assert.equal(market.texts(1)[0].trades, 6);
  });

  it('closes with everything the lower ones held, rung by rung', () => {
    const market = new Market(['1m', '5s', '1s', '1h']);
    for (const [seconds, price] of [
      [0, '5'],
      [4, '6'],
      [59.5, '9'],
      [60, '3'],
    ] as const) {
      market.trade(seconds, price);
    }
    assert.deepEqual(market.rows(0), [
      [0, '5 9 5 9', 0, true],
      [60, '3 3 3 3', 0, false],
    ]);
    // The hour of T0 began before it.
    assert.deepEqual(
      market.rows(3).map(([, prices]) => prices),
      ['5 9 3 3'],
    );
    assert.deepEqual(market.changes(), [
      [2, 2, BarChange.closed],
      [2, 3, BarChange.opened],
      [1, 1, BarChange.closed],
      [1, 2, BarChange.opened],
      [0, 0, BarChange.closed],
      [0, 1, BarChange.opened],
      [3, 0, BarChange.updated],
    ]);
  });
});

describe('empty intervals', () => {
  const empty = (seconds: number, price: string): unknown[] => [
    seconds,
    `${price} ${price} ${price} ${price}`,
    0,
    true,
  ];

  it('have flat bars of the last close where asked for, made by a trade of a later bucket', () => {
    const market = new Market(['1s'], { emptyBars: EmptyBars.flat });
    market.trade(0, '5', { receiveNs: 70 });
    assert.equal(market.trade(3.5, '6'), BarChange.closed | BarChange.created | BarChange.opened);
    assert.deepEqual(market.changes(), [
      [0, 0, BarChange.closed],
      [0, 1, BarChange.created],
      [0, 2, BarChange.created],
      [0, 3, BarChange.opened],
    ]);
    assert.deepEqual(market.rows().slice(1), [empty(1, '5'), empty(2, '5'), [3, '6 6 6 6', 0, false]]);
    const [, bar] = market.texts();
    assert.deepEqual(bar, {
      startUs: T0_US + SECOND_US,
      openUs: T0_US + SECOND_US,
      closeUs: T0_US + SECOND_US,
      receiveNs: 70,
      kind: 0,
      open: '5',
      high: '5',
      low: '5',
      close: '5',
      volume: '0',
      buy: '0',
      sell: '0',
      notional: '0',
      trades: 0,
      revision: 0,
      isFinal: true,
      completeness: Completeness.complete,
      state: BookState.live,
      hasPrices: true,
      spreadHigh: null,
      spreadLow: null,
    });
  });

  it('have bars without prices where asked for', () => {
    const market = new Market(['1s'], { emptyBars: EmptyBars.null });
    market.trade(0, '5');
    market.trade(2, '6');
    assert.deepEqual(market.rows()[1], empty(1, '0'));
    assert.deepEqual(
      market.texts().map(({ hasPrices }) => hasPrices),
      [true, false, true],
    );
  });

  it('are closed on time by the clock, one after another', () => {
    const market = new Market(['1s', '5s'], { emptyBars: EmptyBars.flat });
    assert.equal(market.clock(-3), BarChange.none);
    market.trade(0.5, '5');
    assert.equal(market.clock(1), BarChange.closed);
    assert.equal(market.clock(1.9), BarChange.none);
    assert.equal(market.clock(2), BarChange.created);
    assert.deepEqual(market.changes(), [[0, 1, BarChange.created]]);
    assert.equal(market.clock(6), BarChange.created | BarChange.closed);
    assert.deepEqual(
      market.rows(0),
      [0, 1, 2, 3, 4, 5].map((seconds) => empty(seconds, '5')),
    );
    assert.equal(market.clock(10), BarChange.created);
    assert.deepEqual(market.rows(1), [empty(0, '5'), empty(5, '5')]);
  });

  it('have none before the first bar, and are limited to the newest of a long stretch', () => {
    const market = new Market(['1s'], { emptyBars: EmptyBars.flat });
    market.clock(-100);
    market.trade(0, '5');
    market.trade(10_000, '6');
    assert.equal(market.bars.barCount(0), EMPTY_BARS_MAX + 2);
    assert.deepEqual(market.rows()[1], empty(10_000 - EMPTY_BARS_MAX, '5'));
    market.clock(2_000_000);
    assert.equal(market.bars.barCount(0), 2 * EMPTY_BARS_MAX + 2);
    assert.deepEqual(market.rows().at(-1), empty(1_999_999, '6'));
  });

  for (const emptyBars of [EmptyBars.flat, EmptyBars.null]) {
    it(`become real by a late trade, and those behind keep what they said (setting ${emptyBars})`, () => {
      const market = new Market(['1s'], { emptyBars });
      market.trade(0, '5');
      market.clock(4);
      const before = market.texts();
      assert.equal(market.trade(1.5, '7'), BarChange.revised);
      assert.equal(market.trade(1.25, '8'), BarChange.revised);
      const after = market.texts();
      assert.deepEqual(market.rows()[1], [1, '8 8 7 7', 2, true]);
      assert.deepEqual([after[1].trades, after[1].volume, after[1].hasPrices], [2, '2', true]);
      assert.deepEqual(after.toSpliced(1, 1), before.toSpliced(1, 1));
      assert.deepEqual(countersOf(market.counters, 'revised'), [2]);
    });
  }

  it('are gap where trades were lost, as is the bar that a trade opens behind them', () => {
    const market = new Market(['1s'], { emptyBars: EmptyBars.flat });
    market.trade(0);
    market.clock(1);
    market.bars.noteGap();
    market.clock(2);
    market.clock(3);
    market.bars.noteGap();
    for (const seconds of [5, 6]) market.trade(seconds);
    const { complete, gap } = Completeness;
    assert.deepEqual(market.completeness(), [complete, gap, complete, gap, gap, gap, complete]);
  });
});

describe('the spread of a bar', () => {
  const spreads = (market: Market, kind: number): (string | null)[][] =>
    market.texts(kind).map(({ spreadHigh, spreadLow }) => [spreadHigh, spreadLow]);

  it('has the extremes while it was open, the one at its opening included, in every kind', () => {
    const market = new Market(['1s', '5s']);
    market.bars.noteSpread(1000, 0);
    market.trade(0);
    market.bars.noteSpread(3000, 5);
    market.bars.noteSpread(2000, 0);
    market.clock(1);
    // Only the bar of 5 s is open now.
    market.bars.noteSpread(500, 0);
    market.bars.noteSpread(700, 0);
    market.trade(2);
    market.bars.noteSpread(-1, 0);
    market.trade(3);
    market.trade(4);
    assert.deepEqual(spreads(market, 0), [
      ['3.000000000000000005', '1'],
      ['0.7', '0.7'],
      [null, null],
      [null, null],
    ]);
    assert.deepEqual(spreads(market, 1), [['3.000000000000000005', '0.5']]);
  });

  it('is none in a bar that was never open', () => {
    const market = new Market(['1s'], { emptyBars: EmptyBars.flat });
    market.bars.noteSpread(1000, 0);
    market.trade(0);
    market.trade(2);
    market.trade(-1);
    assert.deepEqual(spreads(market, 0), [
      [null, null],
      ['1', '1'],
      [null, null],
      ['1', '1'],
    ]);
  });
});

describe('the state of a bar', () => {
  it('is that of the book when the bar changed last: by a trade, its closing, or a revision', () => {
    const market = new Market(['1s', '1m']);
    const states = (kind: number): number[] => market.texts(kind).map(({ state }) => state);
    market.state = BookState.syncing;
    market.trade(0);
    market.state = BookState.stale;
    market.trade(0.5);
    assert.deepEqual([states(0), states(1)], [[BookState.stale], [BookState.stale]]);
    market.state = BookState.resyncing;
    market.clock(1);
    assert.deepEqual([states(0), states(1)], [[BookState.resyncing], [BookState.stale]]);
    market.state = BookState.live;
    market.trade(0.75);
    assert.deepEqual([states(0), states(1)], [[BookState.live], [BookState.live]]);
  });
});
