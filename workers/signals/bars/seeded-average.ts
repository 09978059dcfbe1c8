// An exponentially smoothed average that starts from a plain mean: EMA and Wilder's. Hot path.

export class SeededAverage {
  /** The value for push(). A field, since a number handed to a function that is not compiled into its caller is allocated. */
  given = Number.NaN;
  /** NaN until the average has started. */
  value = Number.NaN;
  private readonly seedValues: number;
  private readonly weight: number;
  private count = 0;
  /** The sum of the values so far until there are `seedValues`. */
  private mean = 0;
  private meanBefore = 0;

  /** Starts with the mean of the first `seedValues`; then mean += weight × (value − mean). */
  constructor(seedValues: number, weight: number) {
    this.seedValues = seedValues;
    this.weight = weight;
  }

  get isReady(): boolean {
    return this.count >= this.seedValues;
  }

  push(): void {
    const value = this.given;
    this.count += 1;
    this.meanBefore = this.mean;
    if (this.count < this.seedValues) this.mean += value;
    else if (this.count === this.seedValues) this.mean = (this.mean + value) / this.seedValues;
    else this.mean += this.weight * (value - this.mean);
    if (this.isReady) this.value = this.mean;
  }

  /** Takes the last value out again. At most once after each value. */
  undo(): void {
    this.count -= 1;
    this.mean = this.meanBefore;
    this.value = this.isReady ? this.mean : Number.NaN;
  }
}

/** The weight of the newest value in an EMA of N values. */
export function emaWeight(period: number): number {
  return 2 / (period + 1);
}

/** EMA_N: starts with the mean of N values, weight 2 / (N + 1). */
export function emaAverage(period: number): SeededAverage {
  return new SeededAverage(period, emaWeight(period));
}

/** Wilder's average (1978): starts with the mean of N values, weight 1 / N. */
export function wilderAverage(period: number): SeededAverage {
  return new SeededAverage(period, 1 / period);
}
