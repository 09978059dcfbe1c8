// Scratch numbers of one OKX entry: where each field's value lies until its record is written.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. Those of a quote lie in the order of its records. */
export const field = Object.freeze({
  timeUs: 0,
  sequence: 1,
  previousSequence: 2,
  checksum: 3,
  id: 4,
  matches: 5,
  price: 6,
  quantity: 8,
  bidPrice: 10,
  bidQuantity: 12,
  askPrice: 14,
  askQuantity: 16,
  close: 18,
  volume: 20,
  open: 22,
  high: 24,
  low: 26,
  dueTimeUs: 28,
});
export const SCRATCH_FIELDS = 29;
