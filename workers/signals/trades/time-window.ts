// A window of time as a ring of sub-buckets, so that its length costs neither time nor memory. Hot path.
//
// The window is the sub-bucket of the newest time, as far as it has come, and the 59 before it: it reaches back between
// 59/60 of the window and the whole of it. Sub-buckets are a sixtieth of the window, rounded to a microsecond, and begin
// at multiples of that since 1970. Sums over the older ones are made anew whenever one begins, so nothing is ever
// subtracted and rounding errors live no longer than the window. Memory: 60 rows of the words asked for.

/** Sub-buckets of a window: five seconds each for five minutes, a usual interval to sample returns at. */
export const WINDOW_BUCKETS = 60;
const US_PER_S = 1e6;

export class TimeWindow {
  readonly bucketUs: number;
  /** WINDOW_BUCKETS rows of `words` floats, 0 when their sub-bucket begins. */
  readonly values: Float64Array;
  /** First word of the row of the newest sub-bucket. */
  at = 0;
  private readonly words: number;
  private firstUs = Number.NaN;
  private newestUs = Number.NEGATIVE_INFINITY;
  private bucket = Number.NaN;

  constructor(windowS: number, words: number) {
    this.bucketUs = Math.max(1, Math.round((windowS * US_PER_S) / WINDOW_BUCKETS));
    this.values = new Float64Array(WINDOW_BUCKETS * words);
    this.words = words;
  }

  get bucketS(): number {
    return this.bucketUs / US_PER_S;
  }

  /** Seconds the sub-buckets span together. */
  get spanS(): number {
    return (this.bucketUs * WINDOW_BUCKETS) / US_PER_S;
  }

  /** True once the times given have spanned the window. */
  get isSpanned(): boolean {
    return this.newestUs - this.firstUs >= this.bucketUs * WINDOW_BUCKETS;
  }

  /** Seconds from the start of the newest sub-bucket to the newest time. */
  get elapsedS(): number {
    return (this.newestUs - this.bucket * this.bucketUs) / US_PER_S;
  }

  /**
   * Moves on to a time (µs since 1970); one before the newest counts as the newest. Returns how many sub-buckets began,
   * those passed over included: 0 within the same one, 1 at the very first time.
   */
  move(timeUs: number): number {
    if (timeUs <= this.newestUs) return 0;
    this.newestUs = timeUs;
    const bucket = Math.floor(timeUs / this.bucketUs);
    if (bucket === this.bucket) return 0;
    const begun = bucket - this.bucket;
    this.bucket = bucket;
    if (!(begun > 0)) {
      this.firstUs = timeUs;
      return 1;
    }
    this.clear(Math.min(begun, WINDOW_BUCKETS));
    return begun;
  }

  private clear(begun: number): void {
    const { values, words } = this;
    for (let each = 0; each < begun; each++) {
      this.at = this.at + words === values.length ? 0 : this.at + words;
      for (let word = 0; word < words; word++) values[this.at + word] = 0;
    }
  }

  /** First word of the row `age` sub-buckets before the newest; `age` is 0 to WINDOW_BUCKETS - 1. */
  rowAt(age: number): number {
    const at = this.at - age * this.words;
    return at < 0 ? at + this.values.length : at;
  }

  /** Sum of one word over all rows but the newest. */
  sumOlder(word: number): number {
    let sum = 0;
    for (let age = WINDOW_BUCKETS - 1; age > 0; age--) sum += this.values[this.rowAt(age) + word];
    return sum;
  }

  reset(): void {
    this.values.fill(0);
    this.firstUs = Number.NaN;
    this.newestUs = Number.NEGATIVE_INFINITY;
    this.bucket = Number.NaN;
  }
}
