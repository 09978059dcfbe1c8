// The latest values of every market: written by its shard under a version word, read whole by the main thread.

import { BOOK_STATE_NAMES, type BookState, STATE_REASON_NAMES, type StateReason } from '../../schemas/ids.ts';
import { ACTIVITY_NAMES, latest } from '../../schemas/shared-state.ts';
import { formatDecimal } from '../base/decimal.ts';
import type { EngineMemory } from './engine-memory.ts';

const ROW_I32 = latest.sizeBytes / 4;
const ROW_F64 = latest.sizeBytes / 8;

export const PRESENT_BID = 1;
export const PRESENT_ASK = 2;
export const PRESENT_LAST = 4;

type PricedQuantity = { readonly price: string; readonly amount: string };

export type LatestMarket = {
  readonly state: (typeof BOOK_STATE_NAMES)[number];
  readonly reason: (typeof STATE_REASON_NAMES)[number];
  readonly receiveTimeNs: number;
  readonly exchangeTimeUs: number;
  readonly sinceNs: number;
  readonly bookSequence: number;
  readonly bid: PricedQuantity | null;
  readonly ask: PricedQuantity | null;
  readonly lastPrice: string | null;
  readonly activity: (typeof ACTIVITY_NAMES)[number];
};

export type MarketMarks = {
  readonly state: BookState;
  readonly reason: StateReason;
  readonly sinceNs: number;
  /** Losses of trades that no back-fill has made good, and the last trade before the first of these (as lastTrade…). */
  readonly openLosses: number;
  readonly lossFromId: number;
  readonly lossFromTimeUs: number;
  /** NaN where ids are text, or there was no trade. */
  readonly lastTradeId: number;
  /** 0 where there was none. */
  readonly lastTradeTimeUs: number;
};

/**
 * Writer's side: begin(), plain stores through the views at base(), end(). Thread: the market's shard.
 * Ordering: the odd version is stored before the data and the even one after, both atomic. The data words are plain;
 * the reader copies them between two atomic loads of the version and throws the copy away when the versions differ, so
 * at worst a whole read is repeated; a stale but whole copy is allowed.
 */
export class LatestWriter {
  readonly i32: Int32Array;
  readonly f64: Float64Array;

  constructor(memory: EngineMemory) {
    this.i32 = new Int32Array(memory.latest);
    this.f64 = new Float64Array(memory.latest);
  }

  /** Index of the row's first f64; i32 fields lie at twice that. */
  begin(market: number): number {
    const at = market * ROW_I32 + latest.at.version;
    Atomics.store(this.i32, at, (this.i32[at] + 1) | 0);
    return market * ROW_F64;
  }

  /** A writer before this one ended inside a row: makes its version even again. */
  repair(market: number): void {
    const at = market * ROW_I32 + latest.at.version;
    if ((this.i32[at] & 1) === 1) this.end(market);
  }

  end(market: number): void {
    const at = market * ROW_I32 + latest.at.version;
    Atomics.store(this.i32, at, (this.i32[at] + 1) | 0);
  }
}

const READ_TRIES = 1000;

/** Reader's side. Thread: any. */
export class LatestReader {
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  private readonly copy = new ArrayBuffer(latest.sizeBytes);
  private readonly copyI32 = new Int32Array(this.copy);
  private readonly copyF64 = new Float64Array(this.copy);

  constructor(memory: EngineMemory) {
    this.i32 = new Int32Array(memory.latest);
    this.f64 = new Float64Array(memory.latest);
  }

  read(market: number): LatestMarket {
    this.take(market);
    return this.decode();
  }

  /** Another number than before where anything of the market was shown since; 0 where nothing ever was. */
  versionOf(market: number): number {
    return Atomics.load(this.i32, market * ROW_I32 + latest.at.version);
  }

  /** Copies a row whole. */
  private take(market: number): void {
    const versionAt = market * ROW_I32 + latest.at.version;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const before = Atomics.load(this.i32, versionAt);
      if ((before & 1) === 1) continue;
      this.copyF64.set(this.f64.subarray(market * ROW_F64, (market + 1) * ROW_F64));
      if (Atomics.load(this.i32, versionAt) === before) break;
    }
  }

  /** State of a book and marks of the trades of a market, for connectors. */
  readMarks(market: number): MarketMarks {
    this.take(market);
    const { copyF64: f64, copyI32: i32 } = this;
    const at = latest.at;
    return {
      state: i32[at.state] as BookState,
      reason: i32[at.reason] as StateReason,
      sinceNs: f64[at.sinceNs],
      openLosses: i32[at.openLosses],
      lossFromId: f64[at.lossFromId],
      lossFromTimeUs: f64[at.lossFromTimeUs],
      lastTradeId: f64[at.lastTradeId],
      lastTradeTimeUs: f64[at.lastTradeTimeUs],
    };
  }

  private decode(): LatestMarket {
    const f64 = this.copyF64;
    const at = latest.at;
    const present = this.copyI32[at.present];
    return {
      state: BOOK_STATE_NAMES[this.copyI32[at.state]],
      reason: STATE_REASON_NAMES[this.copyI32[at.reason]],
      receiveTimeNs: f64[at.receiveTimeNs],
      exchangeTimeUs: f64[at.exchangeTimeUs],
      sinceNs: f64[at.sinceNs],
      bookSequence: f64[at.bookSequence],
      bid: present & PRESENT_BID ? this.level(at.bidPriceMilli) : null,
      ask: present & PRESENT_ASK ? this.level(at.askPriceMilli) : null,
      lastPrice: present & PRESENT_LAST ? formatDecimal(f64[at.lastPriceMilli], f64[at.lastPriceAtto]) : null,
      activity: ACTIVITY_NAMES[this.copyI32[at.activity]],
    };
  }

  private level(at: number): PricedQuantity {
    const f64 = this.copyF64;
    return { price: formatDecimal(f64[at], f64[at + 1]), amount: formatDecimal(f64[at + 2], f64[at + 3]) };
  }
}
