// Owns the two ladders in which a shard gathers the snapshot coming in, so that the old book stands until its end.

import { assert } from '../../engine/base/assert.ts';
import { Ladder } from './ladder.ts';

/**
 * One for all markets of a shard: a frame's records follow one another in the ring, so one snapshot is open at most. A
 * snapshot of 46,000 levels spans several batches, and between two batches requests are answered from the old book.
 */
export class SnapshotStage {
  readonly bids = new Ladder(true);
  readonly asks = new Ladder(false);
  private isOpen = false;

  begin(): void {
    assert(!this.isOpen, 'snapshot stage: expected the snapshot before to have ended');
    this.isOpen = true;
    this.bids.beginSnapshot();
    this.asks.beginSnapshot();
  }

  /** Puts the gathered levels into a book's ladders. */
  endInto(bids: Ladder, asks: Ladder): void {
    assert(this.isOpen, 'snapshot stage: expected a snapshot to have begun');
    this.isOpen = false;
    this.bids.endSnapshot();
    this.asks.endSnapshot();
    bids.copyFrom(this.bids);
    asks.copyFrom(this.asks);
  }
}
