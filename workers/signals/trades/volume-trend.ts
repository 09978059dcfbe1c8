// Volume trend: whether trading grows or dries up, over a time or a number of trades. Hot path.
//
// Definition  `volume-trend`: least-squares line, over time, of the rate of trading (quantity per second) in the whole
//             sub-buckets of the window (time-window.ts): the 59 before the one that is still forming, those without
//             trades as 0. `volume-trend-count`: of the quantities of the last `count` trades over their places.
//             value: its slope; second: r², the share of the variance that it explains.
// Events      trend-up, trend-down as trend-events.ts says.
// Units       quantity per second, per second; or quantity per trade. r² 0 to 1.
// Seeding     the sub-bucket of the first trade, of which only a part was seen, is left out.
// Warm-up     once times have spanned windowS; `count` trades. Slope NaN before two sub-buckets or trades; r² NaN too
//             while all are equal.
// Exactness   the line is made anew when a sub-bucket begins; the other never subtracts (rolling-trend.ts).
//             Memory 60 × 8 bytes, or 24 a trade.
// Source      ordinary least squares; r² as the square of Pearson's correlation.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { addPoint, MOMENT_WORDS, rSquaredOf, slopeOf } from './moments.ts';
import { RollingTrend } from './rolling-trend.ts';
import { TimeWindow, WINDOW_BUCKETS } from './time-window.ts';
import { TrendEvents } from './trend-events.ts';

export class VolumeTrend implements TradeSignal {
  readonly third = Number.NaN;
  event: number = SignalEvent.none;
  private readonly events = new TrendEvents();
  private readonly window: TimeWindow;
  private readonly line = new Float64Array(MOMENT_WORDS);
  /** Sub-buckets that began after that of the first trade and are whole; -1 before the first trade. */
  private wholeBuckets = -1;

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, 1);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    return slopeOf(this.line, 0);
  }

  get second(): number {
    return rSquaredOf(this.line, 0);
  }

  trade(view: TradeView): void {
    const { window } = this;
    const begun = window.move(view.timeUs);
    if (begun > 0) this.draw(begun);
    window.values[window.at] += view.quantity;
    this.event = this.events.judge(this.isWarm, this.value, this.second);
  }

  private draw(begun: number): void {
    const { window, line } = this;
    // The first of all begins none that is whole; the first to end is that of the first trade.
    this.wholeBuckets = this.wholeBuckets < 0 ? 0 : Math.min(this.wholeBuckets + begun, WINDOW_BUCKETS);
    const { bucketS } = window;
    line.fill(0);
    for (let age = Math.min(this.wholeBuckets - 1, WINDOW_BUCKETS - 1); age > 0; age--) {
      addPoint(line, 0, -age * bucketS, window.values[window.rowAt(age)] / bucketS);
    }
  }
}

export class VolumeTrendCount implements TradeSignal {
  readonly third = Number.NaN;
  event: number = SignalEvent.none;
  private readonly events = new TrendEvents();
  private readonly trend: RollingTrend;

  constructor(count: number) {
    this.trend = new RollingTrend(count);
  }

  get isWarm(): boolean {
    return this.trend.isFull;
  }

  get value(): number {
    return this.trend.slope;
  }

  get second(): number {
    return this.trend.rSquared;
  }

  trade(view: TradeView): void {
    this.trend.add(view.quantity);
    this.event = this.events.judge(this.isWarm, this.value, this.second);
  }
}
