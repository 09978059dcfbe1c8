// Spread regime: whether the spread is wide for this market. Hot path.
//
// Definition  value: the spread, (ask − bid) / mid of the best prices. second: the mean of the spreads after the last
//             `changes` book changes before this one. third: value ÷ mean. Event wide when the ratio is ≥ factor, then
//             normal once it is under (1 + factor) / 2: half-way back to the mean, so that a spread that hovers about
//             the factor does not tell it over and over.
// Units       value and second in basis points (10^-4) of the mid; third a ratio.
// Seeding     none. A reset forgets the spreads before it, and that the regime was wide, without an event.
// Warm-up     `changes` changes before this one; no event before. Mean and ratio NaN at the first change, and the ratio
//             where the mean is not above 0 (locked or crossed).
// Exactness   a sum of floats from which none is ever subtracted (trades/rolling-sum.ts). Memory 8 bytes a change.
// Source      relative quoted spread as in Hasbrouck, "Empirical market microstructure" (2007); two thresholds as in
//             a Schmitt trigger (1938), placed by us.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BookSignal, BookView } from '../signal.ts';
import { RollingSum } from '../trades/rolling-sum.ts';

const BPS = 1e4;

/** Words of the state. */
const state = { bps: 0, mean: 1 } as const;
const STATE_WORDS = 2;

export class SpreadRegime implements BookSignal {
  readonly isStateless = false;
  event: number = SignalEvent.none;
  isWarm = false;
  private readonly factor: number;
  private readonly spreads: RollingSum;
  private readonly state = new Float64Array(STATE_WORDS).fill(Number.NaN);
  private isWide = false;

  constructor(changes: number, factor: number) {
    this.spreads = new RollingSum(changes);
    this.factor = factor;
  }

  get value(): number {
    return this.state[state.bps];
  }

  get second(): number {
    return this.state[state.mean];
  }

  get third(): number {
    return this.state[state.mean] > 0 ? this.state[state.bps] / this.state[state.mean] : Number.NaN;
  }

  book(view: BookView): void {
    const { spreads, state: words } = this;
    const bps = ((view.askPrice - view.bidPrice) * BPS) / ((view.askPrice + view.bidPrice) / 2);
    words[state.bps] = bps;
    words[state.mean] = spreads.sum / spreads.count;
    this.isWarm = spreads.isFull;
    this.event = this.isWarm ? this.judge(this.third) : SignalEvent.none;
    spreads.add(bps);
  }

  reset(): void {
    this.spreads.clear();
    this.state.fill(Number.NaN);
    this.isWarm = false;
    this.isWide = false;
    this.event = SignalEvent.none;
  }

  private judge(ratio: number): number {
    if (!this.isWide && ratio >= this.factor) {
      this.isWide = true;
      return SignalEvent.wide;
    }
    if (this.isWide && ratio < (1 + this.factor) / 2) {
      this.isWide = false;
      return SignalEvent.normal;
    }
    return SignalEvent.none;
  }
}
