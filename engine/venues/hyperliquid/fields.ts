// Scratch numbers of one Hyperliquid message or entry: where each field's value lies until its record is written.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. Those of a record lie in the record's order. */
export const field = Object.freeze({
  timeUs: 0,
  id: 1,
  price: 2,
  quantity: 4,
  bidPrice: 6,
  bidQuantity: 8,
  askPrice: 10,
  askQuantity: 12,
  close: 14,
  volume: 16,
  open: 18,
  high: 20,
  low: 22,
  trades: 24,
  mark: 26,
  oracle: 28,
  funding: 30,
  openInterest: 32,
});
export const SCRATCH_FIELDS = 34;
