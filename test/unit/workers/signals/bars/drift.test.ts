// Owns the checks that bar signals neither drift nor keep a trace of what has left their window, over millions of updates,
// and that an update allocates nothing.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { GcCount } from '../../../../../engine/observe/gc.ts';
import { SIGNAL_CATALOGUE } from '../../../../../schemas/signals.ts';
import { BAR_SIGNALS } from '../../../../../workers/signals/bars/registry.ts';
import type { BarSignal, BarView } from '../../../../../workers/signals/signal.ts';
import { barView, numbersFrom, outputsAfter, outputsOf, walkBars } from '../../../../support/bar-views.ts';
import { PLAIN_INDICATORS, shareApart } from '../../../../support/plain-indicators.ts';

/** A sum from which values are taken again keeps some 10^-6 of each wrong price that left it; rounding alone is 10^-15. */
const TOLERANCE = 1e-13;

/** `memory` is the bars that are enough to compute a value anew; `scale` the price where values come near 0, else 0. */
type Run = {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly memory: number;
  readonly scale: number;
};

const run = (name: string, parameters: readonly number[], memory: number, scale = 0): Run => ({
  name,
  parameters,
  memory,
  scale,
});

const PRICE = 50_000;

/** Fills one view with a walk's next bar: one in 100,000 is a wrong price, a million times the right one. */
class Market {
  readonly view: BarView = barView(PRICE, PRICE, PRICE, PRICE, 1);
  private readonly draw = numbersFrom(71);
  private price = PRICE;

  step(): void {
    const { view, draw } = this;
    this.price = Math.max(1, this.price + (draw() - 0.5) * 20);
    const price = draw() < 1e-5 ? this.price * 1e6 : this.price;
    view.open = price;
    view.close = price + draw() - 0.5;
    view.high = price + 1;
    view.low = price - 1;
    view.volume = draw() < 0.05 ? 0 : 100 * draw();
    view.vwap = view.volume > 0 ? price : Number.NaN;
    view.notional = view.volume > 0 ? view.volume * price : 0;
  }
}

/** Runs signals side by side and compares them `checks` times with the plain computation over the bars they must remember. */
function measureDrift(t: TestContext, runs: readonly Run[], updates: number, checks: number): void {
  const market = new Market();
  const signals = runs.map(({ name, parameters }) => BAR_SIGNALS[name](parameters));
  const memory = Math.max(...runs.map((one) => one.memory));
  // Not a multiple of any window, so that the checks fall at all places of a ring.
  const every = Math.floor(updates / checks) - 1;
  const recent: BarView[] = [];
  const furthest = runs.map(() => 0);
  for (let i = 1; i <= updates; i++) {
    market.step();
    for (const signal of signals) signal.bar(market.view, false);
    const isLast = i % every === 0;
    if (i % every > every - memory || isLast) recent.push({ ...market.view });
    if (!isLast) continue;
    for (const [at, one] of runs.entries()) {
      furthest[at] = Math.max(furthest[at], furthestOutput(one, signals[at], recent.slice(-one.memory)));
    }
    recent.length = 0;
  }
  for (const [at, { name, parameters }] of runs.entries()) {
    t.diagnostic(`${name}(${parameters}) after ${updates}: ${furthest[at].toExponential(1)} from a fresh computation`);
    assert.ok(furthest[at] <= TOLERANCE, `${name}: ${furthest[at]}`);
  }
}

function furthestOutput({ name, parameters, scale }: Run, signal: BarSignal, bars: readonly BarView[]): number {
  const plain = PLAIN_INDICATORS[name](bars, parameters)[bars.length - 1];
  return Math.max(...plain.map((value, output) => shareApart(outputsOf(signal)[output], value, scale)));
}

describe('drift', () => {
  it('over ten million updates, of SMA, Bollinger and VWAP bands', (t) => {
    const runs = [run('sma', [20], 20), run('bollinger', [20, 2], 20), run('vwap-bands', [20, 2], 20)];
    measureDrift(t, runs, 1e7, 50);
  });

  it('over a million updates, of the other windows', (t) => {
    const runs = [
      run('wma', [20], 20),
      run('sma-cross', [50, 200], 200, PRICE),
      run('price-cross', [20], 20, PRICE),
      run('volume-spike', [20, 3], 21),
      run('donchian', [20], 21),
      run('stochastic', [14, 3, 3], 18),
    ];
    measureDrift(t, runs, 1e6, 50);
  });

  it('over a million updates, of averages that smooth, which forget what is 50 periods ago', (t) => {
    const runs = [
      run('ema', [20], 1_000),
      run('dema', [20], 1_000),
      run('rsi', [14], 700),
      run('macd', [12, 26, 9], 1_000, PRICE),
      run('ema-cross', [12, 26], 1_000, PRICE),
      run('atr', [14], 700),
      run('adx', [14], 700),
      run('supertrend', [10, 3], 1_000),
    ];
    measureDrift(t, runs, 1e6, 3);
  });

  it('of OBV, whose sum has no end, from the exact sum of its floats', (t) => {
    const signal = BAR_SIGNALS['obv']([]);
    const market = new Market();
    // Volumes are 100 times a multiple of about 2^-31, so that all digits of each are above 2^-80.
    const exactUnits = 2 ** 80;
    let exact = 0n;
    let plain = 0;
    let closeBefore = Number.NaN;
    for (let i = 0; i < 1e6; i++) {
      market.step();
      const { close, volume } = market.view;
      const sign = i === 0 ? 0 : Math.sign(close - closeBefore);
      closeBefore = close;
      exact += BigInt(sign * volume * exactUnits);
      plain += sign * volume;
      signal.bar(market.view, false);
    }
    const expected = Number(exact) / exactUnits;
    t.diagnostic(
      `obv ${Math.abs(signal.value - expected)} from the exact sum, a plain one ${Math.abs(plain - expected)}`,
    );
    assert.equal(signal.value, expected);
    assert.notEqual(plain, expected);
  });
});

const ROUNDS_MAX = 60;
const ROUND_UPDATES = 100_000;

/** Rounds until one allocates less than a tenth of a byte an update; a boxed number is 16. */
function roundsUntilQuiet(signal: BarSignal, bars: readonly BarView[]): number {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const count = new GcCount();
    for (let i = 0; i < ROUND_UPDATES; i++) signal.bar(bars[i % bars.length], i % 3 === 0);
    if (count.stop().allocatedBytes < ROUND_UPDATES / 10) return round;
  }
  return ROUNDS_MAX + 1;
}

describe('an update', () => {
  it('allocates nothing once it is compiled, be it a new bar or a revision', (t) => {
    const bars = walkBars(1_000, 73);
    for (const { name, input, parameters } of SIGNAL_CATALOGUE) {
      if (input !== 'bar') continue;
      const signal = BAR_SIGNALS[name](parameters.map(({ usual }) => usual));
      const rounds = roundsUntilQuiet(signal, bars);
      t.diagnostic(`${name}: quiet in round ${rounds}`);
      assert.ok(rounds <= ROUNDS_MAX, `${name} allocates in each of ${ROUNDS_MAX} rounds`);
    }
  });

  it('of the longest window equals the plain computation too', () => {
    const bars = walkBars(4_500, 79);
    for (const [name, parameters] of [
      ['sma', [2_000]],
      ['wma', [2_000]],
      ['bollinger', [2_000, 2]],
      ['vwap-bands', [2_000, 2]],
      ['donchian', [2_000]],
    ] as const) {
      const rows = outputsAfter(BAR_SIGNALS[name](parameters), bars);
      for (const at of [1_999, 2_000, 2_001, 3_500, 3_999, 4_000, 4_499]) {
        const plain = PLAIN_INDICATORS[name](bars.slice(Math.max(0, at - 2_000), at + 1), parameters).at(-1) ?? [];
        for (const [output, value] of plain.entries()) {
          assert.ok(shareApart(rows[at][output], value, 0) <= TOLERANCE, `${name} bar ${at} output ${output}`);
        }
      }
    }
  });
});
