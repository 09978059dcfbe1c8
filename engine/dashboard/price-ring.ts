// The past of a market's price, up to an hour in a bounded number of points: what a sparkline draws and a change is told from.

/** Steps double as the past grows: two minutes in seconds at first, an hour in steps of 32 s at last. */
const POINTS_MAX = 120;
const STEP_MS_MIN = 1_000;
const STEP_MS_MAX = 32_000;
const HOUR_MS = 3_600_000;

export type PricePoint = { readonly atMs: number; readonly price: number };

export class PriceRing {
  private past: PricePoint[] = [];
  private stepMs = STEP_MS_MIN;

  get count(): number {
    return this.past.length;
  }

  get first(): number | null {
    return this.past[0]?.price ?? null;
  }

  get last(): number | null {
    return this.past.at(-1)?.price ?? null;
  }

  get spanMs(): number {
    return this.count < 2 ? 0 : this.past[this.count - 1].atMs - this.past[0].atMs;
  }

  /** Times go forward; one that goes back counts as the newest. */
  add(atMs: number, price: number): void {
    if (!Number.isFinite(price) || !Number.isFinite(atMs)) return;
    const { past } = this;
    const point = { atMs: Math.max(atMs, past.at(-1)?.atMs ?? atMs), price };
    if (past.length > 1 && this.stepOf(past[past.length - 1]) === this.stepOf(point)) past[past.length - 1] = point;
    else past.push(point);
    this.bound();
  }

  private stepOf({ atMs }: PricePoint): number {
    return Math.floor(atMs / this.stepMs);
  }

  /** Prices of before the first one known, in order of time. */
  prepend(points: readonly PricePoint[]): void {
    const known = this.past;
    const from = known[0]?.atMs ?? Number.POSITIVE_INFINITY;
    this.past = [];
    for (const { atMs, price } of points) if (atMs < from) this.add(atMs, price);
    for (const { atMs, price } of known) this.add(atMs, price);
  }

  /** Forgets what is older than an hour; beyond the bound keeps the last point of every two steps. The first point stays. */
  private bound(): void {
    const oldest = (this.past.at(-1)?.atMs ?? 0) - HOUR_MS;
    const gone = this.past.findIndex(({ atMs }) => atMs >= oldest);
    if (gone > 0) this.past.splice(0, gone);
    while (this.past.length > POINTS_MAX) {
      if (this.stepMs >= STEP_MS_MAX) this.past.shift();
      else {
        this.stepMs *= 2;
        this.past = this.past.filter(
          (point, at, all) => at === 0 || at === all.length - 1 || this.stepOf(point) !== this.stepOf(all[at + 1]),
        );
      }
    }
  }

  /** Points in a box of this size, by time and price; flat prices lie in the middle. */
  points(width: number, height: number): { readonly x: number; readonly y: number }[] {
    const prices = this.past.map(({ price }) => price);
    const low = Math.min(...prices);
    const range = Math.max(...prices) - low;
    const span = Math.max(1, this.spanMs);
    return this.past.map(({ atMs, price }) => ({
      x: ((atMs - this.past[0].atMs) / span) * width,
      y: range === 0 ? height / 2 : height - ((price - low) / range) * height,
    }));
  }
}
