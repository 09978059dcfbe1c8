// Owns the rule by which a trade's price is an outlier among those before it. Hot path.

import { makeMarketRow, marketRow } from '../../engine/base/market-row.ts';
import {
  OUTLIER_DEVIATION_MIN,
  OUTLIER_PRICE_TRADES,
  OUTLIER_SCALE_TRADES,
  OUTLIER_SCALES,
  OUTLIER_SHIFT_TRADES,
  OUTLIER_WARM_TRADES,
} from '../../schemas/config.ts';

const at = { reference: marketRow.outliers, scale: marketRow.outliers + 1 } as const;
const MILLI_PER_ATTO = 1e-15;

/**
 * ln(price / reference). Near 0 by the first term of its series 2·artanh((p − r) / (p + r)), which is right to 1 part in
 * 400,000 below OUTLIER_DEVIATION_MIN and spares nearly every trade the logarithm.
 */
function deviationOf(price: number, reference: number): number {
  const near = (2 * (price - reference)) / (price + reference);
  return Math.abs(near) < OUTLIER_DEVIATION_MIN ? near : Math.log(price / reference);
}

/**
 * The rule of Brownlees and Gallo (Financial econometric analysis at ultra-high frequency: data handling concerns,
 * Computational Statistics & Data Analysis 51, 2006) made one-sided, as the future is not known: a price is an
 * outlier where it is far from a mean of its neighbours, measured by their own dispersion, and never for a distance
 * below a set granularity.
 *
 *   deviation  |ln(price / reference)|
 *   limit      the greater of OUTLIER_DEVIATION_MIN and OUTLIER_SCALES scales
 *   reference  exponentially weighted mean of the prices within the limit
 *   scale      exponentially weighted mean of the deviations, each cut to the limit (Huber's way), outliers too
 *
 * An outlier does not move the reference. The OUTLIER_SHIFT_TRADES-th in a row on the same side is believed: the
 * reference starts anew there and it is no outlier, so a step to another level costs two flags. The first
 * OUTLIER_WARM_TRADES teach by the same rule and are never flagged.
 */
export class OutlierRule {
  private readonly words: Float64Array;
  /** Trades seen, up to OUTLIER_SCALE_TRADES. */
  private count = 0;
  /** Outliers in a row on one side: above the reference counted up, below it counted down. */
  private run = 0;

  /** `words` is the market's row. */
  constructor(words: Float64Array = makeMarketRow()) {
    this.words = words;
  }

  /** Judges the price whose milli and atto lie at `priceAt`, and learns from it. */
  isOutlier(f64: Float64Array, priceAt: number): boolean {
    const price = f64[priceAt] + f64[priceAt + 1] * MILLI_PER_ATTO;
    // Decoders refuse such prices; without a logarithm there is nothing to compare.
    if (!(price > 0)) return true;
    const { words } = this;
    if (this.count === 0) words[at.reference] = price;
    const deviation = deviationOf(price, words[at.reference]);
    const size = Math.abs(deviation);
    const limit = Math.max(OUTLIER_DEVIATION_MIN, OUTLIER_SCALES * words[at.scale]);
    const isWarm = this.count >= OUTLIER_WARM_TRADES;
    if (this.count < OUTLIER_SCALE_TRADES) this.count++;
    words[at.scale] += (Math.min(size, limit) - words[at.scale]) / this.count;
    if (size <= limit) {
      this.run = 0;
      words[at.reference] += (price - words[at.reference]) / Math.min(this.count, OUTLIER_PRICE_TRADES);
      return false;
    }
    return !this.isBelieved(price, deviation) && isWarm;
  }

  /**
   * As isOutlier() for each of the prices at `priceAt` and every `step` behind it, as long as none is one: how many that
   * were, which have been learned from. The next has not.
   */
  passRun(f64: Float64Array, priceAt: number, step: number, count: number): number {
    const { words } = this;
    // Before, the weights change with each trade.
    if (this.count < OUTLIER_SCALE_TRADES || this.run !== 0) return 0;
    let reference = words[at.reference];
    let scale = words[at.scale];
    let passed = 0;
    for (; passed < count; passed++) {
      const milliAt = priceAt + passed * step;
      const price = f64[milliAt] + f64[milliAt + 1] * MILLI_PER_ATTO;
      const deviation = (2 * (price - reference)) / (price + reference);
      const size = Math.abs(deviation);
      // Under the least limit no logarithm is needed and no price is an outlier; NaN goes the other way too.
      if (!(size < OUTLIER_DEVIATION_MIN && price > 0)) break;
      scale += (size - scale) / OUTLIER_SCALE_TRADES;
      reference += (price - reference) / OUTLIER_PRICE_TRADES;
    }
    words[at.reference] = reference;
    words[at.scale] = scale;
    return passed;
  }

  /** An outlier came: true where it ends a run that makes it the new level. */
  private isBelieved(price: number, deviation: number): boolean {
    this.run = deviation > 0 ? Math.max(this.run, 0) + 1 : Math.min(this.run, 0) - 1;
    if (Math.abs(this.run) < OUTLIER_SHIFT_TRADES) return false;
    this.run = 0;
    this.words[at.reference] = price;
    return true;
  }
}
