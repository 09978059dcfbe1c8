// Every choice of a simulated run, drawn from its seed alone.

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough for choices and the same on every machine. */
export class Choices {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** The next 32 bits, as a whole number from 0 up. */
  private next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number from 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** A whole number from least to most. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** One of several things to do, each as often as its weight. */
  weighted<T>(entries: readonly (readonly [weight: number, T])[]): T {
    let left = this.below(entries.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, entry] of entries) {
      left -= weight;
      if (left < 0) return entry;
    }
    return entries[entries.length - 1][1];
  }

  /** Choices of their own: what one part draws does not move those of another. */
  fork(): Choices {
    return new Choices(this.next());
  }
}
