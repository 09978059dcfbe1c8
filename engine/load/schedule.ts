// Owns the open-loop schedule of a load run: when each update is due, whatever becomes of the others. Pure arithmetic.
// Hot path: countDueAt() runs once per turn of a generator, dueNs() once per frame.
//
//   steady   n / rate
//   burst    the updates of each second in its first tenth:  |||||               |||||               |||||
//   ramp     warm-up at a tenth of the rate, then ever faster up to the rate at the end of the measured time
//
// The updates of one frame (`batch`) are due together, when the first of them is: nobody waits for a frame to fill.

import type { LoadPlan } from './protocol.ts';

export type ScheduleOptions = Pick<LoadPlan, 'profile' | 'ratePerS' | 'warmupS' | 'durationS' | 'batch'>;

const NS = 1e9;
/** The part of each second in which a burst sends all of it. */
const BURST_SHARE = 0.1;
/** Where a ramp begins, as a part of its rate. */
const RAMP_START = 0.1;
const RAMP_RISE = 1 - RAMP_START;

/** Offset of update n of a burst, in seconds. */
function burstS(n: number, ratePerS: number): number {
  const position = n / ratePerS;
  const second = Math.floor(position);
  return second + (position - second) * BURST_SHARE;
}

/**
 * Offset of update n of a ramp over `durationS`, in seconds: the number sent until t is rate × (0.1 t + 0.45 t² / duration),
 * and this is its inverse.
 */
function rampS(n: number, ratePerS: number, durationS: number): number {
  const part = n / (ratePerS * durationS);
  return ((Math.sqrt(RAMP_START * RAMP_START + 2 * RAMP_RISE * part) - RAMP_START) / RAMP_RISE) * durationS;
}

export class LoadSchedule {
  /** Updates of the whole run, a whole number of frames. */
  readonly total: number;
  /** Updates due in the warm-up; the first measured one has this number. */
  readonly warmupCount: number;
  /** End of the measured time, after the start. */
  readonly endNs: number;
  private readonly options: ScheduleOptions;

  constructor(options: ScheduleOptions) {
    const { profile, ratePerS, warmupS, durationS, batch } = options;
    this.options = options;
    const isRamp = profile === 'ramp';
    const warmup = ratePerS * warmupS * (isRamp ? RAMP_START : 1);
    const measured = ratePerS * durationS * (isRamp ? (1 + RAMP_START) / 2 : 1);
    const wholeFrames = (count: number): number => Math.round(count / batch) * batch;
    this.warmupCount = wholeFrames(warmup);
    this.total = Math.max(batch, wholeFrames(warmup + measured));
    this.endNs = (warmupS + durationS) * NS;
  }

  /** When update n is due, in whole nanoseconds after the start; never before that of update n - 1. */
  dueNs(n: number): number {
    const { profile, ratePerS, warmupS, durationS, batch } = this.options;
    const first = batch === 1 ? n : n - (n % batch);
    switch (profile) {
      case 'steady':
        return Math.floor((first / ratePerS) * NS);
      case 'burst':
        return Math.floor(burstS(first, ratePerS) * NS);
      default: {
        const { warmupCount } = this;
        if (first < warmupCount) return Math.floor((first / (ratePerS * RAMP_START)) * NS);
        return Math.floor((warmupS + rampS(first - warmupCount, ratePerS, durationS)) * NS);
      }
    }
  }

  /** How many updates are due at `ns` after the start or before. */
  countDueAt(ns: number): number {
    const { batch } = this.options;
    const { total } = this;
    let count = Math.min(total, Math.max(0, Math.floor(this.estimate(ns) / batch) * batch));
    while (count < total && this.dueNs(count) <= ns) count += batch;
    while (count > 0 && this.dueNs(count - batch) > ns) count -= batch;
    return count;
  }

  /** countDueAt() but for what rounding does: a frame more or less. */
  private estimate(ns: number): number {
    const { profile, ratePerS, warmupS, durationS } = this.options;
    const timeS = ns / NS;
    if (profile === 'steady') return timeS * ratePerS;
    if (profile === 'burst') {
      const second = Math.floor(timeS);
      return (second + Math.min(1, (timeS - second) / BURST_SHARE)) * ratePerS;
    }
    if (timeS < warmupS) return timeS * ratePerS * RAMP_START;
    const rampedS = Math.min(timeS - warmupS, durationS);
    return this.warmupCount + ratePerS * rampedS * (RAMP_START + (RAMP_RISE / 2) * (rampedS / durationS));
  }
}
