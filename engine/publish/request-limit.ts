// How often one subscriber may ask: a budget of requests that refills, and the end of one that goes on regardless.

import { REFUSED_REQUESTS_MAX, REQUEST_BURST_SECONDS } from '../../schemas/config.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** A request costs one, and one more for each of these: lists of channels are work. */
const REQUEST_UNIT_BYTES = 1_024;

/** `take`: do it; `refuse`: answer with an error; `close`: it was told often enough. */
export type Verdict = 'take' | 'refuse' | 'close';

export class RequestLimit {
  private readonly bucket: TokenBucket | null;
  private refused = 0;

  /** `perSecond` 0 is no limit. */
  constructor(perSecond: number, nowMs: number) {
    this.bucket = perSecond === 0 ? null : new TokenBucket(perSecond, perSecond * REQUEST_BURST_SECONDS, nowMs);
  }

  judge(bytes: number, nowMs: number): Verdict {
    if (this.bucket === null || this.bucket.take(1 + Math.floor(bytes / REQUEST_UNIT_BYTES), nowMs)) {
      // Not back to none: of a thousand requests a second some are always taken, and it would never end.
      this.refused = Math.max(0, this.refused - 1);
      return 'take';
    }
    this.refused++;
    return this.refused > REFUSED_REQUESTS_MAX ? 'close' : 'refuse';
  }
}
