// VWAP bands: the volume-weighted average price of the last bars, and so many deviations above and below it. Hot path.
//
// Definition  vwap = Σ notional / Σ volume over the last N bars, as the mean of the bars' own exact VWAPs weighted by
//             their volumes; upper, lower = vwap ± D σ; σ² = Σ volume (bar's VWAP − vwap)² / Σ volume over the same N.
// Units       quote currency per unit; float.
// Seeding     none: a function of the last N bars. A bar without volume is one of the N and weighs nothing.
// Warm-up     N bars; NaN before, and where none of the N has volume.
// Source      the usual VWAP and its weighted population deviation, over N bars in place of a session.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowSpread } from './window-spread.ts';

export class VwapBands extends BarIndicator {
  private readonly prices: WindowSpread;
  private readonly deviations: number;

  constructor(period: number, deviations: number) {
    super(period);
    this.prices = new WindowSpread(period);
    this.deviations = deviations;
  }

  protected take(view: BarView): void {
    this.prices.given = view.vwap;
    this.prices.givenWeight = view.volume;
    this.prices.push();
    const { mean, deviation } = this.prices;
    this.outputs[output.value] = mean;
    this.outputs[output.second] = mean + this.deviations * deviation;
    this.outputs[output.third] = mean - this.deviations * deviation;
  }

  protected undo(): void {
    this.prices.undo();
  }
}
