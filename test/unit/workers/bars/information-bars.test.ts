// Owns the checks of bars that trades bound, each kind by a table with exact values, and their gaps, splits and limits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barKindOf } from '../../../../engine/base/bar-kinds.ts';
import { BAR_HISTORY, SPLIT_BARS_MAX } from '../../../../schemas/config.ts';
import { BookState } from '../../../../schemas/ids.ts';
import { BarChange, BarChanges } from '../../../../workers/bars/bar-changes.ts';
import { InformationBars } from '../../../../workers/bars/information-bars.ts';
import { BarsSubject, units } from '../../../support/information-bars.ts';
import { formatDecimal } from '../../../support/reference/decimal.ts';
import type { InformationBar, Print, Taker } from '../../../support/reference/information-bars.ts';

const { updated, opened, closed } = BarChange;
const TAKERS = { b: 'buy', s: 'sell', u: 'unknown' } as const satisfies Record<string, Taker>;

/** `price quantity side [timeUs [matches]]`, side as b, s or u. */
function print(text: string): Print {
  const [price, quantity, side, timeUs = '0', matches = '1'] = text.split(' ');
  return {
    price: units(price),
    quantity: units(quantity),
    taker: TAKERS[side as keyof typeof TAKERS],
    timeUs: Number(timeUs),
    receiveNs: Number(timeUs) * 10,
    matches: Number(matches),
  };
}

/** `open high low close | volume buy sell | notional | trades`, and a star where the bar is final. */
function brief({ prices, sides, notional, trades, isFinal }: InformationBar): string {
  const volume = sides[0] + sides[1] + sides[2];
  const volumes = [volume, sides[1], sides[2]];
  const texts = (values: readonly bigint[]): string => values.map((value) => formatDecimal(value)).join(' ');
  return `${texts(prices)} | ${texts(volumes)} | ${formatDecimal(notional, 36)} | ${trades}${isFinal ? ' *' : ''}`;
}

function play(name: string, prints: readonly string[]): BarsSubject {
  const subject = new BarsSubject(name);
  for (const text of prints) subject.add(print(text));
  return subject;
}

type Table = readonly {
  readonly it: string;
  readonly kind: string;
  readonly trades: string[];
  readonly bars: string[];
}[];

const TABLE: Table = [
  {
    it: 'tick bars close with every Nth record, however many matches it stands for',
    kind: '2t',
    trades: ['10 1 b 0 7', '12 2 s 0 3', '11 5 u'],
    bars: ['10 12 10 12 | 3 1 2 | 34 | 10 *', '11 11 11 11 | 5 0 0 | 55 | 1'],
  },
  {
    it: 'volume bars hold N exactly, and a trade goes on over as many as it takes',
    kind: '2v',
    trades: ['10 1.5 b', '11 4.75 s 0 4', '12 1.75 u'],
    bars: [
      '10 11 10 11 | 2 1.5 0.5 | 20.5 | 5 *',
      '11 11 11 11 | 2 0 2 | 22 | 0 *',
      '11 11 11 11 | 2 0 2 | 22 | 0 *',
      '11 12 11 12 | 2 0 0.25 | 23.75 | 1 *',
    ],
  },
  {
    it: 'volume bars are split at the last of 18 decimals',
    kind: '0.000000000000000003v',
    trades: ['9000000000000 0.000000000000000002 b', '0.1 0.000000000000000005 s'],
    bars: [
      '9000000000000 9000000000000 0.1 0.1 | 0.000000000000000003 0.000000000000000002 0.000000000000000001 | 0.0000180000000000001 | 2 *',
      '0.1 0.1 0.1 0.1 | 0.000000000000000003 0 0.000000000000000003 | 0.0000000000000000003 | 0 *',
      '0.1 0.1 0.1 0.1 | 0.000000000000000001 0 0.000000000000000001 | 0.0000000000000000001 | 0',
    ],
  },
  {
    it: 'notional bars that N divides close at N exactly',
    kind: '100n',
    trades: ['10 3 b', '20 12 s'],
    bars: [
      '10 20 10 20 | 6.5 3 3.5 | 100 | 2 *',
      '20 20 20 20 | 5 0 5 | 100 | 0 *',
      '20 20 20 20 | 3.5 0 3.5 | 70 | 0',
    ],
  },
  {
    it: 'notional bars that it does not take the next step of 10^-18, and the parts still add up',
    kind: '1n',
    trades: ['3 1 b'],
    bars: [
      '3 3 3 3 | 0.333333333333333334 0.333333333333333334 0 | 1.000000000000000002 | 1 *',
      '3 3 3 3 | 0.333333333333333334 0.333333333333333334 0 | 1.000000000000000002 | 0 *',
      '3 3 3 3 | 0.333333333333333332 0.333333333333333332 0 | 0.999999999999999996 | 0',
    ],
  },
  {
    it: 'a trade that costs nothing never fills a notional bar',
    kind: '1n',
    trades: ['0 9000000000000 b', '0 9000000000000 s'],
    bars: ['0 0 0 0 | 18000000000000 9000000000000 9000000000000 | 0 | 2'],
  },
  {
    it: 'range bars close with the trade that makes them N high, and the next opens at the price that comes',
    kind: '2r',
    trades: ['10 1 b', '11 1 b', '9 1 s', '9 1 s', '8.5 1 s'],
    bars: ['10 11 9 9 | 3 2 1 | 30 | 3 *', '9 9 8.5 8.5 | 2 0 2 | 17.5 | 2'],
  },
  {
    it: 'range bars take no trade that would make them higher than N, and invent no price between',
    kind: '2r',
    trades: ['10 1 b', '11.5 1 b', '12.000000000000000001 1 b', '9 1 s'],
    bars: [
      '10 11.5 10 11.5 | 2 2 0 | 21.5 | 2 *',
      '12.000000000000000001 12.000000000000000001 12.000000000000000001 12.000000000000000001 | 1 1 0 | 12.000000000000000001 | 1 *',
      '9 9 9 9 | 1 0 1 | 9 | 1',
    ],
  },
  {
    it: 'tick imbalance bars close where buys and sells differ by N',
    kind: '2ti',
    trades: ['10 1 b', '10 1 s', '10 1 s', '10 1 s', '10 1 b'],
    bars: ['10 10 10 10 | 4 1 3 | 40 | 4 *', '10 10 10 10 | 1 1 0 | 10 | 1'],
  },
  {
    it: 'the tick rule takes trades without a side: a first as a buy, a price as it was as the trade before',
    kind: '3ti',
    trades: ['10 1 u', '10 1 u', '9 1 u', '9 1 u', '9 1 u', '9 1 u', '9 1 u'],
    bars: ['10 10 9 9 | 7 0 0 | 65 | 7 *'],
  },
  {
    it: 'the tick rule looks at the trade before, whichever side that had',
    kind: '3ti',
    trades: ['10 1 s', '10 1 u', '11 1 u', '11 1 s', '11 1 u', '12 1 s'],
    bars: ['10 11 10 11 | 5 0 2 | 53 | 5 *', '12 12 12 12 | 1 0 1 | 12 | 1'],
  },
  {
    it: 'volume imbalance bars split the trade that crosses, on either side',
    kind: '2vi',
    trades: ['10 1.5 b', '10 3 s', '10 4.25 s'],
    bars: [
      '10 10 10 10 | 5 1.5 3.5 | 50 | 3 *',
      '10 10 10 10 | 2 0 2 | 20 | 0 *',
      '10 10 10 10 | 1.75 0 1.75 | 17.5 | 0',
    ],
  },
  {
    it: 'notional imbalance bars count by price and close less than a step of 10^-18 past N',
    kind: '10ni',
    trades: ['3 2 b', '7 1 s', '3 4 b'],
    bars: [
      '3 7 3 3 | 6.666666666666666667 5.666666666666666667 1 | 24.000000000000000001 | 3 *',
      '3 3 3 3 | 0.333333333333333333 0.333333333333333333 0 | 0.999999999999999999 | 0',
    ],
  },
];

describe('InformationBars', () => {
  for (const row of TABLE) {
    it(row.it, () => assert.deepEqual(play(row.kind, row.trades).all().map(brief), row.bars));
  }

  it('take times and prices in order of arrival, whatever the venue’s time of a trade', () => {
    const [bar] = play('9t', ['10 1 b 500', '12 1 b 300', '11 1 b 400']).all();
    assert.deepEqual([bar.startUs, bar.openUs, bar.closeUs, bar.receiveNs], [500, 500, 400, 4000]);
    assert.deepEqual(bar.prices, [units('10'), units('12'), units('10'), units('11')]);
  });

  it('tell every bar a trade touched once, oldest first', () => {
    const subject = new BarsSubject('2v');
    assert.deepEqual(subject.add(print('10 1 b')), { bits: opened, notes: [[0, opened]] });
    assert.deepEqual(subject.add(print('10 0.5 b')), { bits: updated, notes: [[0, updated]] });
    assert.deepEqual(subject.add(print('10 2.75 b')), {
      bits: updated | opened | closed,
      notes: [
        [0, updated | closed],
        [1, opened | closed],
        [2, opened],
      ],
    });
    assert.equal(subject.bars.openRow, 2);
    assert.deepEqual(subject.add(print('10 1.75 b')), { bits: updated | closed, notes: [[2, updated | closed]] });
    assert.equal(subject.bars.openRow, -1);
  });

  it('tell the range bar that a trade closed without being in it', () => {
    const subject = new BarsSubject('2r');
    subject.add(print('10 1 b'));
    const { bits, notes } = subject.add(print('20 1 b'));
    assert.equal(bits, closed | opened);
    assert.deepEqual(notes, [
      [0, closed],
      [1, opened],
    ]);
  });

  it('begin with a partial bar; where trades were lost the open and the next bar say gap', () => {
    const subject = new BarsSubject('1v');
    subject.add(print('10 1.5 b'));
    subject.bars.noteGap();
    subject.add(print('10 2.5 b'));
    const completeness = subject.all().map((bar) => bar.completeness);
    assert.deepEqual(completeness, ['partial', 'gap', 'gap', 'complete']);
  });

  it('say gap from the first bar on where trades were lost before it', () => {
    const subject = new BarsSubject('1v');
    subject.bars.noteGap();
    subject.add(print('10 2 b'));
    assert.deepEqual(
      subject.all().map((bar) => bar.completeness),
      ['gap', 'complete'],
    );
  });

  it('carry the state of the book at their last change, beside a gap', () => {
    const subject = new BarsSubject('2v');
    subject.add(print('10 1 b'), BookState.live);
    subject.bars.noteGap();
    assert.equal(subject.all()[0].state, BookState.live);
    subject.add(print('10 2 b'), BookState.resyncing);
    subject.add(print('10 0.5 b'), BookState.stale);
    assert.deepEqual(
      subject.all().map((bar) => bar.state),
      [BookState.resyncing, BookState.stale],
    );
  });

  it('keep the extremes of the spread while they are open, the one they began with among them', () => {
    const subject = new BarsSubject('2v');
    subject.add(print('10 1 b'));
    assert.deepEqual(subject.all()[0].spreads, [null, null]);
    for (const spread of ['0.5', '0.000000000000000001', '3']) subject.see(units(spread));
    subject.see(null);
    subject.add(print('10 2.5 b'));
    subject.see(units('7'));
    subject.add(print('10 1 b'));
    assert.deepEqual(
      subject.all().map((bar) => bar.spreads),
      [
        [units('3'), 1n],
        [units('7'), units('7')],
        [units('7'), units('7')],
      ],
    );
  });

  it(`close at most ${SPLIT_BARS_MAX} bars with one trade: the last takes what is left, and it is counted`, () => {
    const subject = new BarsSubject('1v');
    subject.add(print('10 0.5 b'));
    subject.add(print('10 1000 s'));
    const bars = subject.all();
    assert.equal(bars.length, SPLIT_BARS_MAX);
    assert.ok(bars.every(({ isFinal }) => isFinal));
    assert.deepEqual(bars[SPLIT_BARS_MAX - 2].sides, [0n, 0n, units('1')]);
    assert.deepEqual(bars[SPLIT_BARS_MAX - 1].sides, [0n, 0n, units('801.5')]);
    assert.equal(subject.unsplit, 1);
  });

  it(`count a trade as unsplit from the first step on that ${SPLIT_BARS_MAX} bars cannot hold exactly`, () => {
    for (const [quantity, unsplit] of [
      [`${SPLIT_BARS_MAX}`, 0],
      [`${SPLIT_BARS_MAX}.000000000000000001`, 1],
    ] as const) {
      const subject = play('1v', [`10 ${quantity} b`]);
      assert.deepEqual([subject.all().length, subject.unsplit], [SPLIT_BARS_MAX, unsplit], quantity);
    }
  });

  it('keep the newest bars where the history is full, and tell rows that still hold what was told', () => {
    const subject = new BarsSubject('1v', { keepAll: false });
    for (let trade = 0; trade < 7; trade++) subject.add(print(`${trade + 1} 100 b`));
    const { notes } = subject.add(print('8 200 b'));
    assert.equal(subject.all().length, BAR_HISTORY);
    assert.equal(new Set(notes.map(([row]) => row)).size, SPLIT_BARS_MAX);
    assert.ok(
      subject
        .all()
        .slice(-SPLIT_BARS_MAX)
        .every(({ prices }) => prices[0] === units('8')),
    );
  });

  it('are none of time', () => {
    const make = (): unknown => new InformationBars(0, barKindOf('1m'), false, new BarChanges(), new Float64Array(1));
    assert.throws(make, /without time/);
  });
});
