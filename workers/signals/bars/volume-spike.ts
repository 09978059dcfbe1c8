// Volume spike: the volume of a bar against the mean of the bars before it. Hot path.
//
// Definition  ratio = volume / mean volume of the N bars before this one. Event spike where ratio ≥ factor.
// Units       a ratio, 0 and more; float.
// Seeding     none: a function of this bar and the N before it.
// Warm-up     N + 1 bars; NaN before, and where the N bars before had no volume at all: 0 / 0 says nothing.
// Revisions   a spike is told once for a bar.
// Source      relative volume in its usual form; this bar is not in the mean it is held against.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowMean } from './window-mean.ts';

export class VolumeSpike extends BarIndicator {
  private readonly mean: WindowMean;
  private readonly factor: number;

  constructor(period: number, factor: number) {
    super(period + 1);
    this.mean = new WindowMean(period);
    this.factor = factor;
  }

  protected take(view: BarView): void {
    const mean = this.mean.value;
    this.outputs[output.value] = mean > 0 ? view.volume / mean : Number.NaN;
    this.mean.given = view.volume;
    this.mean.push();
  }

  protected undo(): void {
    this.mean.undo();
  }

  protected override detect(isRevision: boolean): number {
    const isSpike = this.isTaken && this.outputs[output.value] >= this.factor;
    return this.tellOnce(isSpike ? SignalEvent.spike : SignalEvent.none, isRevision);
  }
}
