// Ids that rise by one and have not come: ranges in rising order, so that a trade that comes later is known to be new. Hot path.

import { MISSING_RANGES_MAX } from '../../schemas/config.ts';

const FIRST = 0;
const LAST = 1;
const WORDS = 2;

/** Ranges [first, last]; with more than MISSING_RANGES_MAX the oldest are forgotten, and count as never to come. */
export class MissingIds {
  private readonly words = new Float64Array(MISSING_RANGES_MAX * WORDS);
  /** Ranges held. */
  count = 0;
  /** Ranges were forgotten: their trades would be taken for repeats. */
  hasForgotten = false;

  /** The lowest id missing, or NaN. */
  get first(): number {
    return this.count === 0 ? Number.NaN : this.words[FIRST];
  }

  /** Ids above all others are missing: `count` behind the last seen, at `values[lastAt]`. */
  add(values: Float64Array, lastAt: number, count: number): void {
    if (this.count === MISSING_RANGES_MAX) {
      this.words.copyWithin(0, WORDS);
      this.count--;
      this.hasForgotten = true;
    }
    this.words[this.count * WORDS + FIRST] = values[lastAt] + 1;
    this.words[this.count * WORDS + LAST] = values[lastAt] + count;
    this.count++;
  }

  /** True where the id at `values[at]` was missing; it is not any more. */
  take(values: Float64Array, at: number): boolean {
    const id = values[at];
    const { words } = this;
    let range = this.count - 1;
    while (range >= 0 && words[range * WORDS + FIRST] > id) range--;
    if (range < 0 || words[range * WORDS + LAST] < id) return false;
    this.cut(range, values, at);
    return true;
  }

  /** Takes one id out of a range: an end moves, or the range becomes two. */
  private cut(range: number, values: Float64Array, at: number): void {
    const { words } = this;
    const id = values[at];
    const first = range * WORDS + FIRST;
    const last = range * WORDS + LAST;
    if (words[first] === words[last]) {
      words.copyWithin(range * WORDS, (range + 1) * WORDS, this.count * WORDS);
      this.count--;
    } else if (id === words[first]) words[first] = id + 1;
    else if (id === words[last]) words[last] = id - 1;
    else this.split(range, values, at);
  }

  private split(range: number, values: Float64Array, at: number): void {
    const { words } = this;
    // Without room for one more, the lower half is given up: a backfill comes oldest first and has passed it.
    if (this.count < MISSING_RANGES_MAX) {
      words.copyWithin((range + 1) * WORDS, range * WORDS, this.count * WORDS);
      words[range * WORDS + LAST] = values[at] - 1;
      range++;
      this.count++;
    }
    words[range * WORDS + FIRST] = values[at] + 1;
  }
}
