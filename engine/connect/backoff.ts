// A sequence of waits that doubles up to a cap and begins again after success.

export type BackoffSettings = {
  readonly delayMs: number;
  readonly factor: number;
  readonly delayMaxMs: number;
  /** Share of a wait that is drawn at random and taken off, 0 for none: fleets want some, tests none. */
  readonly jitter: number;
};

/** 1, 2, 4, 8, 8, … seconds. */
export const BACKOFF: BackoffSettings = { delayMs: 1_000, factor: 2, delayMaxMs: 8_000, jitter: 0 };

export class Backoff {
  /** Waits taken since the last success. */
  count = 0;
  private readonly settings: BackoffSettings;
  private readonly random: () => number;
  private delayMs: number;

  constructor(settings: BackoffSettings = BACKOFF, random: () => number = Math.random) {
    this.settings = settings;
    this.random = random;
    this.delayMs = settings.delayMs;
  }

  /** The next wait, ms. */
  next(): number {
    const { factor, delayMaxMs, jitter } = this.settings;
    const delayMs = Math.min(this.delayMs, delayMaxMs);
    this.delayMs = Math.min(this.delayMs * factor, delayMaxMs);
    this.count++;
    return jitter === 0 ? delayMs : delayMs * (1 - jitter * this.random());
  }

  reset(): void {
    this.delayMs = this.settings.delayMs;
    this.count = 0;
  }
}
