// ADX: how strong a trend is, with the directional indicators of rise and fall it is made of, Wilder's. Hot path.
//
// Definition  up = high − high before, down = low before − low; +DM = up where up > down and up > 0, else 0; −DM = down
//             where down > up and down > 0, else 0. plusDi, minusDi = 100 × average of ±DM / average of the true range.
//             DX = 100 |plusDi − minusDi| / (plusDi + minusDi); adx = average of DX. All averages are Wilder's
//             (weight 1 / N). Without any range the indicators are 0, and DX is 0 where both are.
// Units       0 to 100; float.
// Seeding     the averages of ±DM and true range with the means of their first N, from the second bar; that of DX with
//             the mean of its first N.
// Warm-up     N + 1 bars for plusDi and minusDi, 2 N for adx and isWarm; NaN before. 2 % of the seed is left 4 N later.
// Source      Wilder, "New Concepts in Technical Trading Systems" (1978).

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { type SeededAverage, wilderAverage } from './seeded-average.ts';
import { TrueRange } from './true-range.ts';

export class Adx extends BarIndicator {
  private readonly range = new TrueRange();
  private readonly ranges: SeededAverage;
  private readonly rises: SeededAverage;
  private readonly falls: SeededAverage;
  private readonly strengths: SeededAverage;
  private high = Number.NaN;
  private highBefore = Number.NaN;
  private low = Number.NaN;
  private lowBefore = Number.NaN;

  constructor(period: number) {
    super(2 * period);
    this.ranges = wilderAverage(period);
    this.rises = wilderAverage(period);
    this.falls = wilderAverage(period);
    this.strengths = wilderAverage(period);
  }

  protected take(view: BarView): void {
    this.highBefore = this.high;
    this.lowBefore = this.low;
    this.high = view.high;
    this.low = view.low;
    this.range.push(view);
    if (Number.isNaN(this.range.value)) return;
    this.pushMoves();
    if (this.ranges.isReady) this.setOutputs();
  }

  protected undo(): void {
    if (!Number.isNaN(this.highBefore)) this.undoAverages();
    this.high = this.highBefore;
    this.low = this.lowBefore;
    this.range.undo();
  }

  private pushMoves(): void {
    const up = this.high - this.highBefore;
    const down = this.lowBefore - this.low;
    this.ranges.given = this.range.value;
    this.ranges.push();
    this.rises.given = up > down && up > 0 ? up : 0;
    this.rises.push();
    this.falls.given = down > up && down > 0 ? down : 0;
    this.falls.push();
  }

  private setOutputs(): void {
    const range = this.ranges.value;
    const plus = range > 0 ? (100 * this.rises.value) / range : 0;
    const minus = range > 0 ? (100 * this.falls.value) / range : 0;
    const sum = plus + minus;
    this.strengths.given = sum > 0 ? (100 * Math.abs(plus - minus)) / sum : 0;
    this.strengths.push();
    this.outputs[output.value] = this.strengths.value;
    this.outputs[output.second] = plus;
    this.outputs[output.third] = minus;
  }

  private undoAverages(): void {
    if (this.ranges.isReady) this.strengths.undo();
    this.ranges.undo();
    this.rises.undo();
    this.falls.undo();
  }
}
