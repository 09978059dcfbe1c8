// Which time bucket a moment belongs to. Hot path.

/**
 * Writes the start of the bucket that holds `times[timeAt]` to `times[startAt]`, all in µs since 1970; buckets are
 * aligned to 1970-01-01T00:00Z. Exact: the float quotient of integers under 2^53 has the right floor.
 */
export function bucketStart(times: Float64Array, timeAt: number, intervalUs: number, startAt: number): void {
  times[startAt] = Math.floor(times[timeAt] / intervalUs) * intervalUs;
}
