// Scratch numbers of one Bybit message: where each field's value lies until its record is written.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. Those of a quote lie in the order of its records. */
export const field = Object.freeze({
  timeUs: 0,
  sequence: 1,
  dueTimeUs: 2,
  price: 4,
  quantity: 6,
  bidPrice: 8,
  bidQuantity: 10,
  askPrice: 12,
  askQuantity: 14,
  close: 16,
  volume: 18,
  open: 20,
  high: 22,
  low: 24,
  markPrice: 26,
  indexPrice: 28,
  fundingRate: 30,
  openInterest: 32,
});
export const SCRATCH_FIELDS = 34;
