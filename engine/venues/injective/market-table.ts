// Remembers the decimals of markets by their id: what the indexer's chain-scaled numbers are multiplied by. Hot path.
//
// Source: Injective docs, "Market", unit conversions (2026-08); venues.md §6.1.

import { SYMBOL_BYTES_MAX } from '../../../schemas/config.ts';
import type { MarketId } from './market-id.ts';

/** Markets of one connection whose decimals can be known; Injective listed 198 in September 2025. */
export const MARKETS_KNOWN_MAX = 4096;
const BUCKETS = 2 * MARKETS_KNOWN_MAX;

export class MarketTable {
  /** Powers of ten of the market found last. */
  priceShift = 0;
  quantityShift = 0;
  private count = 0;
  /** Row + 1 of each bucket; 0 is empty. */
  private readonly buckets = new Uint16Array(BUCKETS);
  private readonly texts: Uint8Array[] = [];
  private readonly priceShifts = new Int8Array(MARKETS_KNOWN_MAX);
  private readonly quantityShifts = new Int8Array(MARKETS_KNOWN_MAX);

  /** True where the decimals of the id are known; they are then in priceShift and quantityShift. */
  find(id: MarketId): boolean {
    const row = this.buckets[this.bucketOf(id)] - 1;
    if (row < 0) return false;
    this.priceShift = this.priceShifts[row];
    this.quantityShift = this.quantityShifts[row];
    return true;
  }

  /** Price is chain × 10^(base - quote), quantity chain / 10^base. */
  addSpot(id: MarketId, baseDecimals: number, quoteDecimals: number): boolean {
    return this.add(id, baseDecimals - quoteDecimals, -baseDecimals);
  }

  /** Price is chain / 10^quote, the quantity is human. */
  addDerivative(id: MarketId, quoteDecimals: number): boolean {
    return this.add(id, -quoteDecimals, 0);
  }

  /** False where there is no room. */
  private add(id: MarketId, priceShift: number, quantityShift: number): boolean {
    const bucket = this.bucketOf(id);
    if (this.buckets[bucket] === 0) {
      if (this.count === MARKETS_KNOWN_MAX) return false;
      this.texts.push(id.text.slice(0, Math.min(id.length, SYMBOL_BYTES_MAX)));
      this.count++;
      this.buckets[bucket] = this.count;
    }
    this.priceShifts[this.buckets[bucket] - 1] = priceShift;
    this.quantityShifts[this.buckets[bucket] - 1] = quantityShift;
    return true;
  }

  /** The bucket that holds the id, or the empty one where it belongs. */
  private bucketOf(id: MarketId): number {
    let bucket = hashOf(id) & (BUCKETS - 1);
    for (;;) {
      const row = this.buckets[bucket] - 1;
      if (row < 0 || id.equals(this.texts[row], this.texts[row].length)) return bucket;
      bucket = (bucket + 1) & (BUCKETS - 1);
    }
  }
}

/** FNV-1a of the id's text. */
function hashOf(id: MarketId): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.text[i], 0x01000193);
  return hash >>> 0;
}
