// What all signals on closed bars share: outputs, warm-up, bars without prices, and revisions of the last bar. Hot path.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BarSignal, BarView } from '../signal.ts';

/** Words of the outputs, which are NaN where there is none. */
export const output = { value: 0, second: 1, third: 2 } as const;
const OUTPUT_WORDS = 3;

/**
 * A revision puts state and outputs back to those before the last bar and takes the bar anew: what follows equals never
 * having seen the old version, save for events, which tell what has changed since the last telling.
 * A bar without prices (an empty interval told as null) is passed over. One that gets prices by a revision is then taken.
 * Outputs lie in an array: a field read where many classes meet, or a getter that is called, would allocate its number.
 */
export abstract class BarIndicator implements BarSignal {
  event: number = SignalEvent.none;
  /** True while the last bar given is one that was taken, not passed over. */
  protected isTaken = false;
  protected readonly outputs = new Float64Array(OUTPUT_WORDS).fill(Number.NaN);
  private readonly warmUpBars: number;
  private bars = 0;
  private readonly outputsBefore = new Float64Array(OUTPUT_WORDS).fill(Number.NaN);
  /** Of the last bar, by tellOnce(). */
  private toldEvent: number = SignalEvent.none;

  /** `warmUpBars`: with which bar that has prices, counted from 1, all outputs have a value. */
  constructor(warmUpBars: number) {
    this.warmUpBars = warmUpBars;
  }

  get isWarm(): boolean {
    return this.bars >= this.warmUpBars;
  }

  get value(): number {
    return this.outputs[output.value];
  }

  get second(): number {
    return this.outputs[output.second];
  }

  get third(): number {
    return this.outputs[output.third];
  }

  bar(view: BarView, isRevision: boolean): void {
    if (isRevision) this.restore();
    else copyOutputs(this.outputs, this.outputsBefore);
    this.isTaken = !Number.isNaN(view.close);
    if (this.isTaken) {
      this.bars += 1;
      this.take(view);
    }
    this.event = this.detect(isRevision);
  }

  /** Takes a bar with prices into the state and sets the outputs that have a value. */
  protected abstract take(view: BarView): void;

  /** Puts the state back to before the last take(); the outputs are put back already. */
  protected abstract undo(): void;

  /** The event of this update, after the outputs are set. */
  protected detect(_isRevision: boolean): number {
    return SignalEvent.none;
  }

  /** An event of one bar alone: told once for it, and again only where a revision makes another of it. */
  protected tellOnce(event: number, isRevision: boolean): number {
    if (!isRevision) this.toldEvent = SignalEvent.none;
    if (event === SignalEvent.none || event === this.toldEvent) return SignalEvent.none;
    this.toldEvent = event;
    return event;
  }

  private restore(): void {
    copyOutputs(this.outputsBefore, this.outputs);
    if (!this.isTaken) return;
    this.bars -= 1;
    this.undo();
  }
}

function copyOutputs(from: Float64Array, to: Float64Array): void {
  to[output.value] = from[output.value];
  to[output.second] = from[output.second];
  to[output.third] = from[output.third];
}
