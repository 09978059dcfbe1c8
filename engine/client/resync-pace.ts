// How often a feed is subscribed anew: at once, then less and less often while it goes wrong again and again.

import { CLIENT_RESYNC_MS, CLIENT_RESYNC_MS_MAX } from '../../schemas/config.ts';

/** A feed that was right for so long begins again with no wait. */
const CALM_MS = 2 * CLIENT_RESYNC_MS_MAX;

export class ResyncPace<Key extends object> {
  private readonly times = new WeakMap<Key, { count: number; lastMs: number }>();
  private readonly nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.nowMs = nowMs;
  }

  /** The wait before the next one, ms. */
  next(key: Key): number {
    const nowMs = this.nowMs();
    const before = this.times.get(key);
    const count = before === undefined || nowMs - before.lastMs > CALM_MS ? 0 : before.count;
    const delayMs = count === 0 ? 0 : Math.min(CLIENT_RESYNC_MS_MAX, CLIENT_RESYNC_MS * 2 ** (count - 1));
    this.times.set(key, { count: count + 1, lastMs: nowMs + delayMs });
    return delayMs;
  }
}
