// The waits of one connection between attempts: doubling up to a cap, partly drawn at random, anew after success.

import type { ReconnectSettings } from './options.ts';

export class ReconnectDelay {
  /** Attempts that failed since the last success. */
  attempts = 0;
  private readonly settings: ReconnectSettings;
  private readonly random: () => number;

  constructor(settings: ReconnectSettings, random: () => number = Math.random) {
    this.settings = settings;
    this.random = random;
  }

  /** The next wait, ms; at least `leastMs` before its random part is taken off. */
  next(leastMs = 0): number {
    const { delayMs, delayMaxMs, factor, jitter } = this.settings;
    const delay = Math.min(delayMaxMs, Math.max(leastMs, delayMs * factor ** this.attempts));
    this.attempts++;
    return delay * (1 - jitter * this.random());
  }

  reset(): void {
    this.attempts = 0;
  }
}
