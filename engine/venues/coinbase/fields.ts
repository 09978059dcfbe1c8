// Scratch numbers of one Coinbase frame: where each field's value lies until the market is known.

/** Indexes (float64) of the envelope's row: what every message of a connection carries. */
export const envelope = Object.freeze({ timestampUs: 0, sequence: 1 });
export const ENVELOPE_FIELDS = 2;

/** Indexes (float64) of one entry's row. Decimals take two: milli, atto. */
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
  startTime: 24,
});
export const SCRATCH_FIELDS = 25;
