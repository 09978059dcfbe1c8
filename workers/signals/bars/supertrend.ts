// Supertrend: a stop that follows the price at some average true ranges, and changes sides when the close passes it. Hot path.
//
// Definition  basic bands = (high + low) / 2 ± M × ATR_N. The upper band falls to the basic one, or is set to it where the
//             close before was above the upper band; the lower band rises to it, or is set to it where the close before
//             was below. While the trend is up the value is the lower band, and a close ≤ it turns the trend down; while
//             it is down the value is the upper band, and a close > it turns the trend up.
//             Event trendUp, trendDown when the trend turns.
// Units       quote currency per unit; float.
// Seeding     ATR as Wilder's (atr.ts); the bands with the first basic bands; the trend is up where the first close is at
//             or above (high + low) / 2. None of these is an event.
// Warm-up     N + 1 bars; NaN before.
// Revisions   an event says that the trend differs from that told before.
// Source      Seban (2009), as in Stock.Indicators; others begin with a trend down, which differs until the first turn.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { type SeededAverage, wilderAverage } from './seeded-average.ts';
import { TrueRange } from './true-range.ts';

const Trend = { none: 0, up: 1, down: 2 } as const;

export class Supertrend extends BarIndicator {
  private readonly multiplier: number;
  private readonly range = new TrueRange();
  private readonly average: SeededAverage;
  private upper = Number.NaN;
  private upperBefore = Number.NaN;
  private lower = Number.NaN;
  private lowerBefore = Number.NaN;
  private trend: number = Trend.none;
  private trendBefore: number = Trend.none;
  private toldTrend: number = Trend.none;

  constructor(period: number, multiplier: number) {
    super(period + 1);
    this.multiplier = multiplier;
    this.average = wilderAverage(period);
  }

  protected take(view: BarView): void {
    this.upperBefore = this.upper;
    this.lowerBefore = this.lower;
    this.trendBefore = this.trend;
    this.range.push(view);
    if (Number.isNaN(this.range.value)) return;
    this.average.given = this.range.value;
    this.average.push();
    if (!this.average.isReady) return;
    const middle = (view.high + view.low) / 2;
    this.moveBands(middle, this.multiplier * this.average.value);
    this.turn(view.close, middle);
  }

  protected undo(): void {
    this.upper = this.upperBefore;
    this.lower = this.lowerBefore;
    this.trend = this.trendBefore;
    if (!Number.isNaN(this.range.closeBefore)) this.average.undo();
    this.range.undo();
  }

  protected override detect(): number {
    const told = this.toldTrend;
    this.toldTrend = this.trend;
    if (told === Trend.none || this.trend === Trend.none || told === this.trend) return SignalEvent.none;
    return this.trend === Trend.up ? SignalEvent.trendUp : SignalEvent.trendDown;
  }

  private moveBands(middle: number, distance: number): void {
    const { closeBefore } = this.range;
    const isFirst = this.trend === Trend.none;
    const upper = middle + distance;
    const lower = middle - distance;
    if (isFirst || upper < this.upper || closeBefore > this.upper) this.upper = upper;
    if (isFirst || lower > this.lower || closeBefore < this.lower) this.lower = lower;
  }

  private turn(close: number, middle: number): void {
    if (this.trend === Trend.none) this.trend = close >= middle ? Trend.up : Trend.down;
    const stop = this.trend === Trend.up ? this.lower : this.upper;
    this.trend = close <= stop ? Trend.down : Trend.up;
    this.outputs[output.value] = this.trend === Trend.up ? this.lower : this.upper;
  }
}
