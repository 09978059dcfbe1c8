// The latest values of every market: written by its shard under a version word, read whole by the main thread.

import { BOOK_STATE_NAMES, STATE_REASON_NAMES } from '../../schemas/ids.ts';
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
    const versionAt = market * ROW_I32 + latest.at.version;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const before = Atomics.load(this.i32, versionAt);
      if ((before & 1) === 1) continue;
      this.copyF64.set(this.f64.subarray(market * ROW_F64, (market + 1) * ROW_F64));
      if (Atomics.load(this.i32, versionAt) === before) break;
    }
    return this.decode();
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
