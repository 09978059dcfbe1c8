// The waits of one connection between attempts: doubling up to a cap, partly drawn at random, anew after one that lasted.

import type { ReconnectSettings } from './options.ts';

export class ReconnectDelay {
  /** Attempts that failed since an engine answered. */
  attempts = 0;
  /** Waits since the last connection that lasted. */
  private waits = 0;
  private readonly settings: ReconnectSettings;
  private readonly random: () => number;

  constructor(settings: ReconnectSettings, random: () => number = Math.random) {
    this.settings = settings;
    this.random = random;
  }

  /** The next wait, ms; at least `leastMs` before its random part is taken off. */
  next(leastMs = 0): number {
    const { delayMs, delayMaxMs, factor, jitter } = this.settings;
    const delay = Math.min(delayMaxMs, Math.max(leastMs, delayMs * factor ** this.waits));
    this.waits++;
    this.attempts++;
    return delay * (1 - jitter * this.random());
  }

  /** A connection lasted. */
  lasted(): void {
    this.waits = 0;
  }

  /** An engine has answered; whether the connection lasts is to be seen. */
  metAgain(): void {
    this.attempts = 0;
  }

  reset(): void {
    this.attempts = 0;
    this.waits = 0;
  }
}
