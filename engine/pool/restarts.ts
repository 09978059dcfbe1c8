// When a shard that died may begin anew: at once the first time, then after longer and longer waits, and at last never.

import {
  RESTART_CALM_MS,
  RESTART_DELAY_MS,
  RESTART_DELAY_MS_MAX,
  SHARD_RESTARTS_MAX,
  SHARD_RESTARTS_WINDOW_MS,
} from '../../schemas/config.ts';

export type RestartRules = {
  /** Restarts within `windowMs` before the shard is given up. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Without a death for this long the next start comes at once again. */
  readonly calmMs: number;
  readonly delayMs: number;
  readonly delayMsMax: number;
};

export const RESTART_RULES: RestartRules = {
  restartsMax: SHARD_RESTARTS_MAX,
  windowMs: SHARD_RESTARTS_WINDOW_MS,
  calmMs: RESTART_CALM_MS,
  delayMs: RESTART_DELAY_MS,
  delayMsMax: RESTART_DELAY_MS_MAX,
};

/** Of one shard. */
export class Restarts {
  private readonly rules: RestartRules;
  private deathsAtMs: number[] = [];
  private inARow = 0;

  constructor(rules: RestartRules) {
    this.rules = rules;
  }

  /** Notes a death; returns how long the next start waits in ms, or null where there is none. */
  next(nowMs: number): number | null {
    const { restartsMax, windowMs, calmMs, delayMs, delayMsMax } = this.rules;
    const last = this.deathsAtMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    this.inARow = nowMs - last < calmMs ? this.inARow + 1 : 0;
    this.deathsAtMs = [...this.deathsAtMs.filter((atMs) => nowMs - atMs < windowMs), nowMs];
    if (this.deathsAtMs.length > restartsMax) return null;
    return this.inARow === 0 ? 0 : Math.min(delayMsMax, delayMs * 2 ** (this.inARow - 1));
  }
}
