// Limits of `/metrics`: how many series it may have, and the bounds of its histograms.

/** Markets with series of their own in `/metrics`: those that came first. The others share one; a scrape stays small. */
export const METRIC_MARKETS_MAX = 100;

/** Venues with series of their own, the first that came: all dialects, and as many names again that producers choose. */
export const METRIC_VENUES_MAX = 32;

/** Slots of connections with series of their own over all venues, the first of each list: a slot serves tens of markets. */
export const METRIC_SLOTS_MAX = 64;

/** What one answer of `/metrics` may hold at the most, whatever names clients choose: a test fills all of the above. */
export const METRIC_SERIES_MAX = 4_000;
export const METRIC_BYTES_MAX = 320 * 1024;

/**
 * Upper bounds of the buckets of latencies, seconds. From 50 µs, what an idle engine shows, to 10 s, a stream that stands
 * still, three to a decade: a quantile between two is at most a factor of 2.5 off. Below lie decoding and applying one
 * frame. 50 ms, 100 ms and 1 s are there, as goals are set at them.
 */
export const LATENCY_BOUNDS_S: readonly number[] = [
  ...[5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005],
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** The same for pauses and delays of the process, from what no one notices to what a reader of the stream would. */
export const PAUSE_BOUNDS_S: readonly number[] = [
  ...[1e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
];
