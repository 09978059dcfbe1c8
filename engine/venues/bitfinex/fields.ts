// Scratch numbers of one Bitfinex frame: where each field's value lies until its record is written.

/** Indexes (float64) of the frame's own row: what may stand behind a payload, and the number of its channel. */
export const frameField = Object.freeze({ channelId: 0, sequence: 1, timeUs: 2 });
export const FRAME_FIELDS = 3;

/** Indexes (float64) of the row of one entry. Decimals take two: milli, atto. Those of a quote lie in the order of its records. */
export const field = Object.freeze({
  timeUs: 0,
  dueTimeUs: 1,
  count: 2,
  bidPrice: 4,
  bidQuantity: 6,
  askPrice: 8,
  askQuantity: 10,
  close: 12,
  volume: 14,
  open: 16,
  high: 18,
  low: 20,
  price: 22,
  quantity: 24,
  indexPrice: 26,
  fundingRate: 28,
  markPrice: 30,
  openInterest: 32,
});
export const SCRATCH_FIELDS = 34;
