// Compares the chain stream's prices with those of the snapshots once per market: what is in another scale is not published.
//
// Source: venues.md §6.1, §10 point 6: "compare with the indexer at start". Two scales of a market lie 10^6 and more apart
// (10^12 for 18 and 6 decimals), so a level deep in the book is not mistaken for one.

import { decimalToFloat } from '../../base/decimal.ts';

/** A price this near to the snapshot's shows that both are in one scale. */
const CONFIRMS_FACTOR = 2;
/** A price this far from it shows that they are not. */
const CONTRADICTS_FACTOR = 1000;
const CONFIRMED = -1;
/** Changes of one frame that can be taken back: more markets do not have their first snapshot in one. */
const TOUCHED_MAX = 256;

export class ScaleGuard {
  /** By market: the price of its snapshot, 0 for none yet, or CONFIRMED. */
  private references = new Float64Array(64);
  /** Markets that the frame at hand has changed, and what they had before. */
  private readonly touched = new Int32Array(TOUCHED_MAX);
  private readonly before = new Float64Array(TOUCHED_MAX);
  private count = 0;

  /** A frame begins. */
  begin(): void {
    this.count = 0;
  }

  /** The frame was refused: its markets may be others in the next one. */
  undo(): void {
    while (this.count > 0) {
      this.count--;
      this.references[this.touched[this.count]] = this.before[this.count];
    }
  }

  private set(market: number, reference: number): void {
    if (this.count === TOUCHED_MAX) return;
    this.touched[this.count] = market;
    this.before[this.count++] = this.references[market];
    this.references[market] = reference;
  }

  /** True where the market's prices are still to be compared. */
  isOpen(market: number): boolean {
    return market < this.references.length && this.references[market] > 0;
  }

  /** The price in the middle of a snapshot, 0 for an empty one. */
  note(market: number, price: number): void {
    if (market >= this.references.length) {
      const grown = new Float64Array(Math.max(market + 1, 2 * this.references.length));
      grown.set(this.references);
      this.references = grown;
    }
    if (this.references[market] !== CONFIRMED && price > 0) this.set(market, price);
  }

  /** How far the price lies from the snapshot's, as a factor of at least 1. */
  distance(market: number, milli: number, atto: number): number {
    const ratio = decimalToFloat(milli, atto) / this.references[market];
    return ratio < 1 ? 1 / ratio : ratio;
  }

  /** Judges a market by the nearest of some prices; false where they are in another scale. */
  accepts(market: number, distance: number): boolean {
    if (distance <= CONFIRMS_FACTOR) this.set(market, CONFIRMED);
    return distance < CONTRADICTS_FACTOR;
  }
}
