// When a trend begins, and which way: the events of the trend signals. Hot path.
//
// Definition  trend-up (trend-down) when a line with r² of at least 0.5 rises (falls) and the last trend told was another
//             or has ended. A trend ends when r² falls under 0.25; that is not told.
// Source      r² as the share of the variance that the line explains; the two bounds are ours, apart so that a line near
//             one of them does not tell the same trend again and again.

import { SignalEvent } from '../../../schemas/ids.ts';

const R2_BEGIN = 0.5;
const R2_END = 0.25;

export class TrendEvents {
  private side = 0;

  /** The SignalEvent of a line with this slope and r²; either may be NaN. */
  judge(isWarm: boolean, slope: number, rSquared: number): number {
    if (!isWarm || !(rSquared >= R2_END)) {
      this.side = 0;
      return SignalEvent.none;
    }
    const side = Math.sign(slope);
    if (rSquared < R2_BEGIN || side === 0 || side === this.side) return SignalEvent.none;
    this.side = side;
    return side > 0 ? SignalEvent.trendUp : SignalEvent.trendDown;
  }
}
