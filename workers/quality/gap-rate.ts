// Owns what one market's rate is: the mean and the longest gap between moments at which something came. Hot path.

import {
  DEAD_LONGEST_GAPS,
  DEAD_MEAN_GAPS,
  LONGEST_GAP_FADE_MS,
  RATE_MEAN_GAPS,
  RATE_WARM_GAPS,
} from '../../schemas/config.ts';

const FADE_US = LONGEST_GAP_FADE_MS * 1000;
const at = { last: 0, mean: 1, longest: 2, limit: 3 } as const;
const WORDS = 4;

/**
 * 1. Records of the same moment are one arrival, so a burst does not pass for a rate.
 * 2. The mean is plain over the first RATE_MEAN_GAPS gaps, exponentially weighted after them.
 * 3. The longest gap fades with time, by T / (T + gap) at each gap: many short ones come to exp(-time / T).
 * 4. Once warm, a gap teaches no more than the silence allowed before it. So one outage at most doubles the limit, and a
 *    market that has become 2^n times slower is known after about n gaps.
 */
export class GapRate {
  /** Gaps seen, up to RATE_MEAN_GAPS. */
  count = 0;
  private readonly floorUs: number;
  private readonly words: Float64Array;
  private readonly from: number;

  /** `floorUs` is the silence that is always allowed; four words of `words` from `from` on are this one's own. */
  constructor(floorUs: number, words: Float64Array = new Float64Array(WORDS), from = 0) {
    this.floorUs = floorUs;
    this.words = words;
    this.from = from;
    this.words[this.from + at.last] = Number.NEGATIVE_INFINITY;
    this.words[this.from + at.limit] = Number.POSITIVE_INFINITY;
  }

  get meanUs(): number {
    return this.words[this.from + at.mean];
  }

  get longestUs(): number {
    return this.words[this.from + at.longest];
  }

  /** Something came at the receive time at `times[timeAt]`. One that is no number, or not after the last, is no arrival. */
  add(times: Float64Array, timeAt: number): void {
    const { words, from } = this;
    const timeUs = times[timeAt];
    const gapUs = timeUs - words[from + at.last];
    if (!(gapUs > 0)) return;
    words[from + at.last] = timeUs;
    if (gapUs === Number.POSITIVE_INFINITY) return;
    const taughtUs = Math.min(gapUs, words[from + at.limit]);
    if (this.count < RATE_MEAN_GAPS) this.count++;
    words[from + at.mean] += (taughtUs - words[from + at.mean]) / this.count;
    words[from + at.longest] = Math.max(taughtUs, (words[from + at.longest] * FADE_US) / (FADE_US + gapUs));
    if (this.count < RATE_WARM_GAPS) return;
    words[from + at.limit] = Math.max(
      this.floorUs,
      DEAD_MEAN_GAPS * words[from + at.mean],
      DEAD_LONGEST_GAPS * words[from + at.longest],
    );
  }

  /** When something came last; -Infinity where nothing ever did. */
  get lastUs(): number {
    return this.words[this.from + at.last];
  }

  /** Silence until `nowUs`; infinite where nothing ever came. */
  silenceUs(nowUs: number): number {
    return nowUs - this.words[this.from + at.last];
  }

  /** Silence longer than this is none of the market's own; infinite until the rate is known. */
  limitUs(): number {
    return this.words[this.from + at.limit];
  }
}
