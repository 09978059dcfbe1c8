// Trade bursts: how often trades happen now, against how often they usually do. Hot path.
//
// Definition  value: matches of the last windowS seconds ÷ windowS (time-window.ts: the window reaches back between
//             59/60 and the whole of it, so this is at most a sixtieth low). second: the long-run mean rate, an
//             exponentially weighted mean of the rates of the sub-buckets that have ended, of half-life 12 × windowS,
//             divided by the sum of its weights. Event burst once when value ≥ factor × mean; it is told again only
//             after value has been under (1 + factor) / 2 × mean.
// Units       matches per second; an aggregate counts as the matches it stands for.
// Seeding     none: dividing by the weights takes the start out of the mean. The sub-bucket of the first trade, of which
//             only a part was seen, is left out of it.
// Warm-up     a half-life of whole sub-buckets; no event before, nor while the mean is 0. NaN: value before the first
//             trade, mean before the first whole sub-bucket.
// Exactness   the rate is a whole number over windowS. The mean forgets half its rounding errors each half-life, and
//             there is one step a sub-bucket: relative error under 10^-12. Memory 60 × 8 bytes.
// Source      the bias-corrected exponential mean of Kingma, Ba, "Adam" (2015), §3; the half-life is our choice.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { TimeWindow, WINDOW_BUCKETS } from './time-window.ts';

const HALF_LIFE_WINDOWS = 12;
const HALF_LIFE_BUCKETS = HALF_LIFE_WINDOWS * WINDOW_BUCKETS;
const DECAY = 2 ** (-1 / HALF_LIFE_BUCKETS);

/** Words of the state: matches of the window but for the newest sub-bucket, the weighted sum and its weights. */
const state = { older: 0, sum: 1, weight: 2 } as const;
const STATE_WORDS = 3;

const BEFORE_FIRST = -2;
/** One less than none: the sub-bucket of the first trade does not count when it ends. */
const IN_FIRST = -1;

export class TradeBurst implements TradeSignal {
  readonly third = Number.NaN;
  event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly factor: number;
  private readonly state = new Float64Array(STATE_WORDS);
  /** Whole sub-buckets that have ended, up to a half-life; or that there was no trade yet, or none after its own. */
  private wholeBuckets = BEFORE_FIRST;
  private isBurst = false;

  constructor(windowS: number, factor: number) {
    this.window = new TimeWindow(windowS, 1);
    this.factor = factor;
  }

  get isWarm(): boolean {
    return this.wholeBuckets >= HALF_LIFE_BUCKETS;
  }

  get value(): number {
    if (this.wholeBuckets === BEFORE_FIRST) return Number.NaN;
    return (this.state[state.older] + this.window.values[this.window.at]) / this.window.spanS;
  }

  get second(): number {
    return this.state[state.sum] / this.state[state.weight] / this.window.bucketS;
  }

  trade(view: TradeView): void {
    const { window } = this;
    const matches = window.values[window.at];
    const begun = window.move(view.timeUs);
    if (begun > 0) this.end(matches, begun);
    window.values[window.at] += view.matches;
    this.judge();
  }

  /** The newest sub-bucket, with these matches, ended, and `begun` - 1 without trades after it. */
  private end(matches: number, begun: number): void {
    const words = this.state;
    words[state.older] = this.window.sumOlder(0);
    if (this.wholeBuckets === BEFORE_FIRST) {
      this.wholeBuckets = IN_FIRST;
      return;
    }
    if (this.wholeBuckets !== IN_FIRST) this.weigh(matches, 1);
    if (begun > 1) this.weigh(0, begun - 1);
    this.wholeBuckets = Math.min(this.wholeBuckets + begun, HALF_LIFE_BUCKETS);
  }

  /** Takes `buckets` sub-buckets of as many matches each. */
  private weigh(matches: number, buckets: number): void {
    const kept = buckets === 1 ? DECAY : DECAY ** buckets;
    const words = this.state;
    words[state.sum] = words[state.sum] * kept + matches * (1 - kept);
    words[state.weight] = words[state.weight] * kept + (1 - kept);
  }

  private judge(): void {
    this.event = SignalEvent.none;
    const { value, second: mean, factor } = this;
    if (!this.isWarm || !(mean > 0)) return;
    if (this.isBurst) {
      if (value < ((1 + factor) / 2) * mean) this.isBurst = false;
    } else if (value >= factor * mean) {
      this.isBurst = true;
      this.event = SignalEvent.burst;
    }
  }
}
