// Price trend: how fast, and how steadily, the prices of trades rise or fall, over a time or a number of trades. Hot path.
//
// Definition  Least-squares line of the prices of the trades in the window, each trade a point of the same weight.
//             `price-trend` over the venue's times of the trades of the last windowS seconds (time-window.ts: between
//             59/60 and the whole of it); `price-trend-count` over the places of the last `count` trades.
//             value: its slope; second: r², the share of the variance of prices that it explains.
// Events      trend-up, trend-down as trend-events.ts says.
// Units       quote currency per unit, per second or per trade; r² 0 to 1.
// Seeding     none: the trades there are.
// Warm-up     once times have spanned windowS; `count` trades. Slope NaN while all times are equal or there is one
//             trade; r² NaN too while all prices are equal.
// Exactness   moments about the means (moments.ts), made anew per sub-bucket or never subtracted (rolling-trend.ts).
//             Memory 60 × 48 bytes, or 24 a trade.
// Source      ordinary least squares; r² as the square of Pearson's correlation.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { addPoint, MOMENT_WORDS, mergeMoments, rSquaredOf, slopeOf } from './moments.ts';
import { RollingTrend } from './rolling-trend.ts';
import { TimeWindow, WINDOW_BUCKETS } from './time-window.ts';
import { TrendEvents } from './trend-events.ts';

export class PriceTrend implements TradeSignal {
  readonly third = Number.NaN;
  event: number = SignalEvent.none;
  private readonly events = new TrendEvents();
  private readonly window: TimeWindow;
  /** Of all sub-buckets but the newest; x in seconds from the start of the newest. */
  private readonly older = new Float64Array(MOMENT_WORDS);
  private readonly whole = new Float64Array(MOMENT_WORDS);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, MOMENT_WORDS);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    return slopeOf(this.whole, 0);
  }

  get second(): number {
    return rSquaredOf(this.whole, 0);
  }

  trade(view: TradeView): void {
    const { window } = this;
    if (window.move(view.timeUs) > 0) this.mergeOlder();
    addPoint(window.values, window.at, window.elapsedS, view.price);
    this.merge();
    this.event = this.events.judge(this.isWarm, slopeOf(this.whole, 0), rSquaredOf(this.whole, 0));
  }

  private mergeOlder(): void {
    const { window, older } = this;
    older.fill(0);
    for (let age = WINDOW_BUCKETS - 1; age > 0; age--) {
      mergeMoments(older, 0, window.values, window.rowAt(age), -age * window.bucketS);
    }
  }

  private merge(): void {
    this.whole.set(this.older);
    mergeMoments(this.whole, 0, this.window.values, this.window.at, 0);
  }
}

export class PriceTrendCount implements TradeSignal {
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
    this.trend.add(view.price);
    this.event = this.events.judge(this.isWarm, this.value, this.second);
  }
}
