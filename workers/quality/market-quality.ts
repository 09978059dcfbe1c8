// Owns what is counted of one market's data quality: time order, skew, activity, crossings, outliers. Hot path.

import { lookBy, type MarketClock, makeMarketClock } from '../../engine/base/market-clock.ts';
import { makeMarketRow, marketRow } from '../../engine/base/market-row.ts';
import { DEAD_AFTER_MS, QUIET_AFTER_MS, QUIET_MEAN_GAPS } from '../../schemas/config.ts';
import { marketCounter, marketMeasure } from '../../schemas/counters.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { Activity } from '../../schemas/shared-state.ts';
import { GapRate } from './gap-rate.ts';
import { OutlierRule } from './outlier-rule.ts';

/** Columns, taken once. */
const TRADE_RECORDS = marketCounter.tradeRecords;
const OUT_OF_ORDER = marketCounter.outOfOrder;
const CROSSED = marketCounter.crossed;
const LOCKED = marketCounter.locked;
const OUTLIERS = marketCounter.outliers;
const SKEW_COUNT = marketMeasure.skewCount;
const SKEW_SUM = marketMeasure.skewSumUs;
const SKEW_MIN = marketMeasure.skewMinUs;
const SKEW_MAX = marketMeasure.skewMaxUs;

const US_PER_MS = 1000;
const QUIET_AFTER_US = QUIET_AFTER_MS * US_PER_MS;
const DEAD_AFTER_US = DEAD_AFTER_MS * US_PER_MS;

/** Words of `times`: the receive time of the last record, and the last venue time of each channel. */
const time = { receiveUs: marketRow.quality, bookUs: marketRow.quality + 1, tradeUs: marketRow.quality + 2 } as const;

/**
 * Times come as two float64 behind one another, receive time (ns since the clock's anchor) and venue time (µs since
 * 1970, 0 where the venue gives none), as trade and book-change records have them. Nothing here looks at a clock: what
 * is learned and judged comes from records and clock records alone, so a replay judges as the live engine did.
 * Thread: the market's shard.
 */
export class MarketQuality {
  /** How the silence since the last record compares with the market's own rate. */
  activity: Activity = Activity.quiet;
  /** No book change was applied for longer than the market's rate and the setting allow. Judged at clock records. */
  isSilent = false;
  /** Gaps between records of any kind, and between applied book changes. */
  readonly records: GapRate;
  readonly changes: GapRate;
  private readonly counters: Float64Array;
  private readonly judgesSilence: boolean;
  /** The venue pushes at a cadence: silence for longer is a fault, whatever the market's rate. Infinite for none. */
  private readonly silentAfterUs: number;
  /** No silence of book changes is judged that is shorter; infinite where none is. */
  private readonly silenceMinUs: number;
  private readonly anchorWallUs: number;
  private readonly time: MarketClock;
  private readonly times: Float64Array;
  private readonly outliers: OutlierRule;
  private isCrossed = false;
  private isLocked = false;

  /**
   * `counters` is the market's own row, to which a shard that starts anew adds on. `staleAfterMs` 0 turns `isSilent`
   * off. `anchorWallUs` is the wall time at receive time 0.
   */
  constructor(
    counters: Float64Array,
    staleAfterMs: number,
    anchorWallUs: number,
    silentAfterMs: number | null = null,
    time: MarketClock = makeMarketClock(),
    words: Float64Array = makeMarketRow(),
  ) {
    this.times = words;
    this.outliers = new OutlierRule(words);
    this.records = new GapRate(DEAD_AFTER_US, words, marketRow.records);
    this.counters = counters;
    this.time = time;
    this.judgesSilence = staleAfterMs > 0;
    this.silentAfterUs = silentAfterMs === null ? Number.POSITIVE_INFINITY : silentAfterMs * US_PER_MS;
    this.changes = new GapRate(staleAfterMs * US_PER_MS, words, marketRow.changes);
    const leastUs = Math.min(staleAfterMs * US_PER_MS, this.silentAfterUs);
    this.silenceMinUs = this.judgesSilence ? leastUs : Number.POSITIVE_INFINITY;
    this.anchorWallUs = anchorWallUs;
  }

  /** A record whose venue time says nothing of order or skew: a quote, a candle, a past trade, a snapshot by REST. */
  arrived(f64: Float64Array, timesAt: number): void {
    this.times[time.receiveUs] = this.anchorWallUs + Math.round(f64[timesAt] / 1000);
    this.records.add(this.times, time.receiveUs);
    this.activity = Activity.active;
    // However its rate changes by this record: the market is not quiet before.
    lookBy(this.time, this.records.lastUs + QUIET_AFTER_US);
  }

  /** The head of a book change. */
  bookTimes(f64: Float64Array, timesAt: number): void {
    this.arrived(f64, timesAt);
    this.venueTime(f64, timesAt + 1, time.bookUs);
  }

  /** A trade record. */
  tradeTimes(f64: Float64Array, timesAt: number): void {
    this.arrived(f64, timesAt);
    this.venueTime(f64, timesAt + 1, time.tradeUs);
  }

  /**
   * Accepted trade records one behind the other, from `slot` on, none of them past ones: what tradeTimes() and trade() do
   * for each. Outliers get their flag.
   */
  tradeRun(u8: Uint8Array, f64: Float64Array, slot: number, count: number): void {
    this.runTimes(f64, slot, count);
    this.counters[TRADE_RECORDS] += count;
    for (let done = 0; done < count; ) {
      const priceAt = (slot + done) * SLOT_F64 + trade.at.priceMilli;
      done += this.outliers.passRun(f64, priceAt, SLOT_F64, count - done);
      if (done === count) return;
      if (this.outliers.isOutlier(f64, (slot + done) * SLOT_F64 + trade.at.priceMilli)) {
        this.counters[OUTLIERS]++;
        u8[(slot + done) * SLOT_BYTES + trade.at.flags] |= TradeFlag.outlier;
      }
      done++;
    }
  }

  private runTimes(f64: Float64Array, slot: number, count: number): void {
    const { counters, times } = this;
    let receiveNs = Number.NaN;
    let receiveUs = 0;
    let newestUs = times[time.tradeUs];
    let samples = counters[SKEW_COUNT];
    let sumUs = counters[SKEW_SUM];
    let leastUs = samples === 0 ? Number.POSITIVE_INFINITY : counters[SKEW_MIN];
    let mostUs = samples === 0 ? Number.NEGATIVE_INFINITY : counters[SKEW_MAX];
    for (let base = slot * SLOT_F64; base < (slot + count) * SLOT_F64; base += SLOT_F64) {
      if (f64[base + trade.at.receiveTimeNs] !== receiveNs) {
        receiveNs = f64[base + trade.at.receiveTimeNs];
        this.arrived(f64, base + trade.at.receiveTimeNs);
        receiveUs = times[time.receiveUs];
      }
      const venueUs = f64[base + trade.at.exchangeTimeUs];
      if (!(venueUs > 0)) continue;
      if (venueUs < newestUs) counters[OUT_OF_ORDER]++;
      newestUs = venueUs;
      const skewUs = receiveUs - venueUs;
      if (skewUs < leastUs) leastUs = skewUs;
      if (skewUs > mostUs) mostUs = skewUs;
      sumUs += skewUs;
      samples++;
    }
    times[time.tradeUs] = newestUs;
    if (samples === 0) return;
    counters[SKEW_COUNT] = samples;
    counters[SKEW_SUM] = sumUs;
    counters[SKEW_MIN] = leastUs;
    counters[SKEW_MAX] = mostUs;
  }

  private venueTime(f64: Float64Array, timeAt: number, channel: number): void {
    const venueUs = f64[timeAt];
    if (!(venueUs > 0)) return;
    const { counters, times } = this;
    if (venueUs < times[channel]) counters[OUT_OF_ORDER]++;
    times[channel] = venueUs;
    const skewUs = times[time.receiveUs] - venueUs;
    if (Number.isNaN(skewUs)) return;
    const isFirst = counters[SKEW_COUNT] === 0;
    if (isFirst || skewUs < counters[SKEW_MIN]) counters[SKEW_MIN] = skewUs;
    if (isFirst || skewUs > counters[SKEW_MAX]) counters[SKEW_MAX] = skewUs;
    counters[SKEW_SUM] += skewUs;
    counters[SKEW_COUNT]++;
  }

  /** An accepted trade, whose price lies at `priceAt`: true where it is to be flagged as an outlier. */
  trade(f64: Float64Array, priceAt: number): boolean {
    this.counters[TRADE_RECORDS]++;
    if (!this.outliers.isOutlier(f64, priceAt)) return false;
    this.counters[OUTLIERS]++;
    return true;
  }

  /** A change was applied to the book, which is now as said. Becoming crossed or locked is counted, staying so is not. */
  bookApplied(isCrossed: boolean, isLocked: boolean): void {
    this.changes.add(this.times, time.receiveUs);
    this.isSilent = false;
    lookBy(this.time, this.changes.lastUs + this.silenceMinUs);
    if (isCrossed && !this.isCrossed) this.counters[CROSSED]++;
    if (isLocked && !this.isLocked) this.counters[LOCKED]++;
    this.isCrossed = isCrossed;
    this.isLocked = isLocked;
  }

  /** A clock record, whose time (µs since 1970) lies at `timeAt`: judges the silence up to it. */
  clock(f64: Float64Array, timeAt: number): Activity {
    const nowUs = f64[timeAt];
    const silenceUs = this.records.silenceUs(nowUs);
    if (silenceUs > this.records.limitUs()) this.activity = Activity.dead;
    else if (silenceUs > Math.max(QUIET_AFTER_US, QUIET_MEAN_GAPS * this.records.meanUs))
      this.activity = Activity.quiet;
    else this.activity = Activity.active;
    const unchangedUs = this.changes.silenceUs(nowUs);
    this.isSilent = this.judgesSilence && (unchangedUs > this.changes.limitUs() || unchangedUs > this.silentAfterUs);
    return this.activity;
  }

  /** When clock() says something else next if nothing comes before, µs since 1970, or Infinity. */
  get nextLookUs(): number {
    const { records, changes, activity } = this;
    let limitUs = activity === Activity.dead ? Number.POSITIVE_INFINITY : records.limitUs();
    if (activity === Activity.active)
      limitUs = Math.min(limitUs, Math.max(QUIET_AFTER_US, QUIET_MEAN_GAPS * records.meanUs));
    const otherUs = endOf(records.lastUs, limitUs);
    if (this.isSilent || !this.judgesSilence) return otherUs;
    return Math.min(otherUs, endOf(changes.lastUs, Math.min(changes.limitUs(), this.silentAfterUs)));
  }
}

/** When a silence since `lastUs`, which may be -Infinity, is as long as allowed. */
function endOf(lastUs: number, limitUs: number): number {
  return limitUs === Number.POSITIVE_INFINITY ? limitUs : lastUs + limitUs;
}
