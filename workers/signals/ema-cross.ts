// EMA cross: a fast less a slow exponential moving average of the closes of closed one-minute bars, and its changes of sign.
//
// Definition  EMA_12 − EMA_26 of the closes; EMA_N(t) = EMA_N(t−1) + α (close(t) − EMA_N(t−1)), α = 2 / (N + 1).
//             Event crossUp when the value goes from ≤ 0 to > 0, crossDown when it goes from ≥ 0 to < 0.
// Units       quote currency per unit; float.
// Seeding     each EMA with the mean of its first N closes.
// Warm-up     26 closes; NaN before, and no event with the first value.
// Revisions   a revised close of the last bar takes the place of the old one: both averages are computed again from the
//             state before it, and an event says that the sign differs from the value told before. A bar that
//             becomes final behind a newer one, or is revised there, changes nothing.
//             Minutes without trades have no bar and no close.
// Source      Appel's MACD line (1979), periods 12 and 26, without its signal line; seeding as in TA-Lib's EMA.

import { decimalToFloat } from '../../engine/base/decimal.ts';
import { EMA_FAST_PERIOD, EMA_SLOW_PERIOD } from '../../schemas/config.ts';
import { SignalEvent } from '../../schemas/ids.ts';

/** Words of the state. An average that is still being seeded is the sum of its closes so far. */
const state = {
  fast: 0,
  slow: 1,
  fastBefore: 2,
  slowBefore: 3,
  closes: 4,
  lastStartUs: 5,
  value: 6,
  lastClose: 7,
} as const;
const STATE_WORDS = 8;

export class EmaCross {
  private readonly state = new Float64Array(STATE_WORDS);

  constructor() {
    this.state[state.lastStartUs] = Number.NEGATIVE_INFINITY;
    this.state[state.value] = Number.NaN;
  }

  /**
   * Takes a one-minute bar that became final or was revised: its start in µs at `bars[startAt]`, its close [milli, atto]
   * at `bars[closeAt]`. Returns the SignalEvent.
   */
  add(bars: Float64Array, startAt: number, closeAt: number): number {
    const ema = this.state;
    const startUs = bars[startAt];
    if (startUs < ema[state.lastStartUs]) return SignalEvent.none;
    if (startUs > ema[state.lastStartUs]) {
      ema[state.lastStartUs] = startUs;
      ema[state.fastBefore] = ema[state.fast];
      ema[state.slowBefore] = ema[state.slow];
      ema[state.closes] += 1;
    }
    ema[state.lastClose] = decimalToFloat(bars[closeAt], bars[closeAt + 1]);
    average(ema, state.fastBefore, state.fast, EMA_FAST_PERIOD);
    average(ema, state.slowBefore, state.slow, EMA_SLOW_PERIOD);
    return this.isWarm ? cross(ema) : SignalEvent.none;
  }

  get isWarm(): boolean {
    return this.state[state.closes] >= EMA_SLOW_PERIOD;
  }

  /** Writes the value and the closes it was computed from; returns 1 when warm. */
  write(out: Float64Array, valueAt: number, inputAt: number): number {
    out[valueAt] = this.state[state.value];
    out[inputAt] = this.state[state.closes];
    return this.isWarm ? 1 : 0;
  }
}

/** One average after the last close, from the one before it. */
function average(ema: Float64Array, before: number, after: number, period: number): void {
  const closes = ema[state.closes];
  const close = ema[state.lastClose];
  const mean = ema[before];
  if (closes < period) ema[after] = mean + close;
  else if (closes === period) ema[after] = (mean + close) / period;
  else ema[after] = mean + (2 / (period + 1)) * (close - mean);
}

/** The new value, and whether its sign is another than that of the value told before. */
function cross(ema: Float64Array): number {
  const before = ema[state.value];
  const value = ema[state.fast] - ema[state.slow];
  ema[state.value] = value;
  if (before <= 0 && value > 0) return SignalEvent.crossUp;
  return before >= 0 && value < 0 ? SignalEvent.crossDown : SignalEvent.none;
}
