// Scratch numbers of one Kraken frame: where each field's value lies until the market is known.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. */
export const field = Object.freeze({
  timeUs: 0,
  checksum: 1,
  id: 2,
  price: 3,
  quantity: 5,
  bidPrice: 7,
  bidQuantity: 9,
  askPrice: 11,
  askQuantity: 13,
  close: 15,
  volume: 17,
  open: 19,
  high: 21,
  low: 23,
  startTime: 25,
  endTime: 26,
  trades: 27,
  intervalMs: 28,
  spare: 29,
});
export const SCRATCH_FIELDS = 31;
