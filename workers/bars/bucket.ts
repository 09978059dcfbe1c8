// Which time bucket a moment belongs to. Hot path.

const DAY_US = 86_400_000_000;
const WEEK_US = 7 * DAY_US;

/** 1970-01-05, a Monday. */
const FIRST_MONDAY_US = 4 * DAY_US;

/** Where buckets are counted from, in µs since 1970: whole weeks from a Monday, all others from 1970-01-01T00:00Z. */
export function bucketOrigin(intervalUs: number): number {
  return intervalUs % WEEK_US === 0 ? FIRST_MONDAY_US : 0;
}

/** True where every bucket of an interval is made of whole buckets of a lower one. */
export function isBuiltFrom(intervalUs: number, lowerUs: number): boolean {
  const apartUs = bucketOrigin(intervalUs) - bucketOrigin(lowerUs);
  return intervalUs % lowerUs === 0 && apartUs % lowerUs === 0;
}

/**
 * Writes the start of the bucket that holds `times[timeAt]` to `starts[startAt]`, all in µs since 1970. Exact: the float
 * quotient of integers under 2^53 has the right floor.
 */
export function bucketStart(
  times: Float64Array,
  timeAt: number,
  intervalUs: number,
  originUs: number,
  starts: Float64Array,
  startAt: number,
): void {
  starts[startAt] = Math.floor((times[timeAt] - originUs) / intervalUs) * intervalUs + originUs;
}
