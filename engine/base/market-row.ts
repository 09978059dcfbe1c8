// Where in one row of float64 words the parts of a market keep their few: neighbours in memory, not an array each.

/**
 * An array of three words is an object, a buffer and its store, each in lines of the processor's cache of its own. With
 * thousands of markets none of them is in the cache any more when the market's next trade comes; one row is five lines.
 * Who owns which words, each with as many as it says:
 */
export const marketRow = {
  /** Market: 3 */
  times: 0,
  /** TradeFilter: 3 */
  filter: 3,
  /** MarketQuality: 3 */
  quality: 6,
  /** GapRate of records, of book changes: 4 each */
  records: 9,
  changes: 13,
  /** OutlierRule: 2 */
  outliers: 17,
  /** TradeHistory: 3 */
  history: 19,
  /** MarketBars: 8 */
  bars: 22,
} as const;
/** Words of MarketBars that its time kinds share; the spread's milli is negative where there is none. */
export const barsWord = {
  clockUs: marketRow.bars,
  newestTradeUs: marketRow.bars + 1,
  spreadMilli: marketRow.bars + 2,
  spreadAtto: marketRow.bars + 3,
} as const;
const MARKET_ROW_WORDS = 30;

export function makeMarketRow(): Float64Array {
  return new Float64Array(MARKET_ROW_WORDS);
}
