// The steps between a subscriber that reads well and one that is closed: what its queue says, without sockets.

import {
  SUBSCRIBER_BACKPRESSURE_BYTES_MAX,
  SUBSCRIBER_CONFLATE_BYTES,
  SUBSCRIBER_OVER_MS,
  SUBSCRIBER_RESUME_BYTES,
  SUBSCRIBER_STUCK_MS,
} from '../../schemas/config.ts';

/** Why a slow subscriber is closed: `total` is that all queues together are too much. */
export const SLOW_CAUSES = ['bytes', 'stuck', 'dropped', 'total'] as const;
export type SlowCause = (typeof SLOW_CAUSES)[number];

/** `none`: leave it; `conflate`: take it out of its topics; `resume`: give it the newest state; else close it. */
export type Step = 'none' | 'conflate' | 'resume' | SlowCause;

export class QueueLadder {
  /** Longest queue seen, in bytes. */
  mostBytes = 0;
  private bytes = 0;
  /** When bytes were last taken; counts from when there were some. */
  private takenAtMs = 0;
  /** Fewest bytes since it came over the hard bound, and since when it is longer than that; -1 below the bound. */
  private overBytes = 0;
  private overSinceMs = -1;

  /**
   * `bytes` are all that is queued, `laggingBytes` those that are not big snapshots. A queue that was empty or has become
   * shorter since the last look is being read: what is added to one that is held is added here, after the look.
   */
  look(bytes: number, laggingBytes: number, nowMs: number, stuckMs = SUBSCRIBER_STUCK_MS): Step {
    if (this.bytes === 0 || bytes < this.bytes) this.takenAtMs = nowMs;
    this.bytes = bytes;
    if (bytes > this.mostBytes) this.mostBytes = bytes;
    if (bytes > 0 && nowMs - this.takenAtMs >= stuckMs) return 'stuck';
    if (this.isOver(laggingBytes, nowMs)) return 'bytes';
    if (laggingBytes > SUBSCRIBER_CONFLATE_BYTES) return 'conflate';
    return bytes <= SUBSCRIBER_RESUME_BYTES ? 'resume' : 'none';
  }

  /**
   * Over the hard bound and still growing, by more than pings: as nothing is published to one that is conflated, it asks and
   * does not read the answers. What one burst left may be read as slowly as one likes, while it is read.
   */
  private isOver(laggingBytes: number, nowMs: number): boolean {
    if (laggingBytes <= SUBSCRIBER_BACKPRESSURE_BYTES_MAX) {
      this.overSinceMs = -1;
      return false;
    }
    if (this.overSinceMs < 0 || laggingBytes < this.overBytes) this.overBytes = laggingBytes;
    const isGrown = laggingBytes > this.overBytes + SUBSCRIBER_RESUME_BYTES;
    if (this.overSinceMs < 0 || !isGrown) this.overSinceMs = nowMs;
    return nowMs - this.overSinceMs >= SUBSCRIBER_OVER_MS;
  }
}
