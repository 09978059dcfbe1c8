// Scratch numbers of one Binance frame: where the value of each field lies until the market is known.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto. */
export const field = Object.freeze({
  eventTime: 0,
  tradeTime: 1,
  price: 2,
  quantity: 4,
  id: 6,
  firstId: 7,
  lastId: 8,
  firstSequence: 9,
  lastSequence: 10,
  previousSequence: 11,
  bidPrice: 12,
  bidQuantity: 14,
  askPrice: 16,
  askQuantity: 18,
  open: 20,
  high: 22,
  low: 24,
  close: 26,
  volume: 28,
  startTime: 30,
  trades: 31,
  intervalMs: 32,
  average: 33,
  indexPrice: 35,
  rate: 37,
  dueTime: 39,
});

export const SCRATCH_FIELDS = 40;
