// Scratch numbers of one dYdX message or entry: where each field's value lies until its record is written.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. */
export const field = Object.freeze({
  timeUs: 0,
  messageId: 1,
  price: 2,
  quantity: 4,
  close: 6,
  volume: 8,
  open: 10,
  high: 12,
  low: 14,
  trades: 16,
  oraclePrice: 18,
  fundingRate: 20,
  openInterest: 22,
  noTime: 24,
});
export const SCRATCH_FIELDS = 25;
