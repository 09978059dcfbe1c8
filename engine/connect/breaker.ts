// The circuit breaker of one destination: when an attempt may be made, and what its end means.
//
//   closed    --failure, the Nth in a row-->  open (wait)
//   closed    --success, held for stableMs-->  closed (count 0, waits begin again)
//   open      --wait over-->                   half-open (one probe)
//   half-open --probe succeeded and stable-->  closed
//   half-open --failed, or no answer in time-> open (next wait); after retriesMax probes: given-up
//   given-up  --reviveMs, or revive()-->       half-open (one probe)
//   any       --stop()-->                      stopped

import { BACKOFF, Backoff, type BackoffSettings } from './backoff.ts';
import type { Timers } from './timers.ts';

export const BREAKER_STATES = ['closed', 'open', 'half-open', 'given-up', 'stopped'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export type BreakerSettings = {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  readonly backoff: BackoffSettings;
  /** A success counts only when it has held for this long: a venue that accepts and closes at once has not succeeded. */
  readonly stableMs: number;
  /** A probe without an answer has failed after this. */
  readonly probeTimeoutMs: number;
  /** Failed probes in a row after which it gives up; null for never. */
  readonly retriesMax: number | null;
  /** Given up, one probe is let through this often; null waits for revive(). */
  readonly reviveMs: number | null;
  /** True where each failure is followed by a wait, also before it opens: reconnects, not calls of many. */
  readonly waitsWhileClosed: boolean;
};

export const BREAKER: BreakerSettings = {
  failuresMax: 3,
  backoff: BACKOFF,
  stableMs: 10_000,
  probeTimeoutMs: 30_000,
  retriesMax: 10,
  reviveMs: 60_000,
  waitsWhileClosed: true,
};

export type BreakerTransition = {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly atMs: number;
  readonly reason: string;
};

export type BreakerListener = {
  /** After each change of state. */
  changed?(transition: BreakerTransition): void;
  /** An attempt may be made now: a wait is over. */
  ready?(): void;
  /** The probe got no answer: whoever makes it lets it go. The failure is counted already. */
  probeTimedOut?(): void;
};

export type BreakerReport = {
  readonly state: BreakerState;
  readonly failuresInARow: number;
  readonly transitions: Readonly<Record<BreakerState, number>>;
  readonly sinceMs: number;
  readonly waitMs: number;
  readonly lastReason: string;
};

export class Breaker {
  state: BreakerState = 'closed';
  failuresInARow = 0;
  /** Length of the wait that runs, or ran last, ms. */
  waitMs = 0;
  /** How often each state was entered. */
  readonly transitions: Record<BreakerState, number> = {
    closed: 0,
    open: 0,
    'half-open': 0,
    'given-up': 0,
    stopped: 0,
  };
  private readonly timers: Timers;
  private readonly settings: BreakerSettings;
  private readonly listener: BreakerListener;
  private readonly backoff: Backoff;
  private sinceMs: number;
  private lastReason = '';
  private failedProbes = 0;
  private isProbeOut = false;
  private isWaiting = false;
  private cancelWait: () => void = () => {};
  private cancelProbe: () => void = () => {};
  private cancelStable: () => void = () => {};

  constructor(
    timers: Timers,
    settings: BreakerSettings = BREAKER,
    listener: BreakerListener = {},
    random?: () => number,
  ) {
    this.timers = timers;
    this.settings = settings;
    this.listener = listener;
    this.backoff = new Backoff(settings.backoff, random);
    this.sinceMs = timers.nowMs();
  }

  /** No attempt may be made now, and ready() will tell when one may. */
  get isWaitOn(): boolean {
    return this.isWaiting || this.state === 'open' || this.state === 'given-up';
  }

  /** Whether an attempt may be made now. Half-open it says yes once: the caller then is the probe. */
  admit(): boolean {
    if (this.state === 'closed') return !this.isWaiting;
    if (this.state !== 'half-open' || this.isProbeOut) return false;
    this.isProbeOut = true;
    this.cancelProbe = this.timers.after(this.settings.probeTimeoutMs, () => this.loseProbe());
    return true;
  }

  /** The attempt works. It counts when nothing failed for stableMs from here; a probe is answered by it. */
  succeeded(): void {
    if (this.state !== 'closed' && !(this.state === 'half-open' && this.isProbeOut)) return;
    this.cancelProbe();
    if (this.settings.stableMs === 0) this.settle();
    else this.restartStable();
  }

  /** An attempt, or what it had brought about, has failed. Failures that come late, while it is open, say nothing new. */
  failed(reason: string): void {
    if (this.state === 'closed') this.failClosed(reason);
    else if (this.state === 'half-open' && this.isProbeOut) this.failProbe(reason);
  }

  /** The probe was given back unused: it neither worked nor failed. */
  withdraw(): void {
    if (this.state !== 'half-open') return;
    this.cancelProbe();
    this.cancelStable();
    this.isProbeOut = false;
  }

  /** Ends giving up by hand. */
  revive(): void {
    if (this.state === 'given-up') this.halfOpen('revived');
  }

  stop(): void {
    if (this.state === 'stopped') return;
    this.cancelAll();
    this.isWaiting = false;
    this.enter('stopped', 'stopped');
  }

  report(): BreakerReport {
    const { state, failuresInARow, transitions, sinceMs, waitMs, lastReason } = this;
    return { state, failuresInARow, transitions: { ...transitions }, sinceMs, waitMs, lastReason };
  }

  private failClosed(reason: string): void {
    this.cancelStable();
    this.failuresInARow++;
    if (this.failuresInARow >= this.settings.failuresMax) this.open(reason);
    else if (this.settings.waitsWhileClosed) {
      this.isWaiting = true;
      this.wait(this.backoff.next(), () => {
        this.isWaiting = false;
        this.listener.ready?.();
      });
    }
  }

  private failProbe(reason: string): void {
    this.cancelStable();
    this.cancelProbe();
    this.isProbeOut = false;
    this.failuresInARow++;
    this.failedProbes++;
    const { retriesMax } = this.settings;
    if (retriesMax !== null && this.failedProbes >= retriesMax) this.giveUp(reason);
    else this.open(reason);
  }

  private open(reason: string): void {
    this.enter('open', reason);
    this.wait(this.backoff.next(), () => this.halfOpen('wait over'));
  }

  private giveUp(reason: string): void {
    this.enter('given-up', reason);
    const { reviveMs } = this.settings;
    if (reviveMs !== null) this.wait(reviveMs, () => this.halfOpen('revived'));
  }

  private halfOpen(reason: string): void {
    this.cancelWait();
    this.isProbeOut = false;
    this.enter('half-open', reason);
    this.listener.ready?.();
  }

  private loseProbe(): void {
    this.failProbe('probe timed out');
    this.listener.probeTimedOut?.();
  }

  private restartStable(): void {
    this.cancelStable();
    this.cancelStable = this.timers.after(this.settings.stableMs, () => this.settle());
  }

  private settle(): void {
    this.failuresInARow = 0;
    this.failedProbes = 0;
    this.backoff.reset();
    if (this.state === 'closed') return;
    this.isProbeOut = false;
    this.enter('closed', 'stable');
    this.listener.ready?.();
  }

  private wait(waitMs: number, run: () => void): void {
    this.cancelWait();
    this.waitMs = waitMs;
    this.cancelWait = this.timers.after(waitMs, run);
  }

  private enter(to: BreakerState, reason: string): void {
    const transition = { from: this.state, to, atMs: this.timers.nowMs(), reason };
    this.state = to;
    this.sinceMs = transition.atMs;
    this.lastReason = reason;
    this.transitions[to]++;
    this.listener.changed?.(transition);
  }

  private cancelAll(): void {
    this.cancelWait();
    this.cancelProbe();
    this.cancelStable();
  }
}
