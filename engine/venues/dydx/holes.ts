// Keeps the numbers of a connection that did not come yet, oldest first, and since when each is missing. Hot path.

/** Requests that can be unanswered at once: the venue's limits of all channels together come to about 640. */
export const HOLES_MAX = 1024;

const ROW = 3;
const TIME = 1;
/** 1 where the number is known to be lost, and has been told so; it is kept for the answer that may have it still. */
const TOLD = 2;

/** Numbers are opened in rising order and taken from anywhere. */
export class Holes {
  count = 0;
  /** Those that are not told as lost. */
  untold = 0;
  private readonly rows = new Float64Array(HOLES_MAX * ROW);

  clear(): void {
    this.count = 0;
    this.untold = 0;
  }

  /** Opens what lies between numbers[below] and numbers[above], both not in it; there is room. `told` is 1 or 0. */
  open(numbers: Float64Array, below: number, above: number, times: Float64Array, timeAt: number, told: number): void {
    for (let number = numbers[below] + 1; number < numbers[above]; number++) {
      this.rows[this.count * ROW] = number;
      this.rows[this.count * ROW + TIME] = times[timeAt];
      this.rows[this.count * ROW + TOLD] = told;
      this.count++;
      this.untold += 1 - told;
    }
  }

  /** Index of numbers[at], or -1. */
  indexOf(numbers: Float64Array, at: number): number {
    for (let i = 0; i < this.count; i++) if (this.rows[i * ROW] === numbers[at]) return i;
    return -1;
  }

  isTold(index: number): boolean {
    return this.rows[index * ROW + TOLD] === 1;
  }

  take(index: number): void {
    if (!this.isTold(index)) this.untold--;
    this.rows.copyWithin(index * ROW, (index + 1) * ROW, this.count * ROW);
    this.count--;
  }

  /**
   * How many of the oldest are overdue: open for longer than `ageNs` at times[timeAt]; where receive times are not known,
   * more than `numbersMax` below numbers[at].
   */
  overdue(
    numbers: Float64Array,
    at: number,
    numbersMax: number,
    times: Float64Array,
    timeAt: number,
    ageNs: number,
  ): number {
    let index = 0;
    for (; index < this.count; index++) {
      const age = times[timeAt] - this.rows[index * ROW + TIME];
      const isOverdue = Number.isNaN(age) ? numbers[at] - this.rows[index * ROW] > numbersMax : age > ageNs;
      if (!isOverdue) break;
    }
    return index;
  }

  /** How many of the first `count`, without the one at `except`, are not told. */
  untoldOf(count: number, except: number): number {
    let untold = 0;
    for (let i = 0; i < count; i++) if (i !== except && !this.isTold(i)) untold++;
    return untold;
  }

  /** The `count` oldest that are not told are so now. */
  tell(count: number): void {
    let left = count;
    for (let i = 0; i < this.count && left > 0; i++) {
      if (this.isTold(i)) continue;
      this.rows[i * ROW + TOLD] = 1;
      this.untold--;
      left--;
    }
  }
}
