// Owns seeded chance: one small generator and the few distributions a synthetic market draws from.

/**
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna, 2018 (public domain),
 * https://prng.di.unimi.it/xoshiro128starstar.c. Same seed, same numbers, on every machine: `Math.log` and `Math.exp`
 * of V8 are its own port of fdlibm, not the platform's.
 */
export class Random {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;

  /** Four unsigned 32-bit words, not all zero. */
  constructor(state: readonly [number, number, number, number]) {
    this.s0 = state[0] | 0;
    this.s1 = state[1] | 0;
    this.s2 = state[2] | 0;
    this.s3 = state[3] | 0;
  }

  /** An unsigned 32-bit integer. */
  nextUint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.s1, 5), 7), 9) >>> 0;
    const shifted = this.s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= shifted;
    this.s3 = rotateLeft(this.s3, 11);
    return result;
  }

  /** At least 0, under 1, with all 53 bits of a double. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number of 0 to `limit` - 1. */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Waiting time of a memoryless process. */
  exponential(mean: number): number {
    return -Math.log(1 - this.uniform()) * mean;
  }

  /** Mean 0, deviation 1: the sum of twelve uniforms, whose additions are exact alike everywhere; within ±6. */
  gaussian(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum;
  }

  /** Zipf with exponent 1 over 0 to `count` - 1, 0 likeliest: inversion of the continuous law, so index k has ln((k+2)/(k+1)). */
  zipf(count: number): number {
    return Math.min(count - 1, Math.floor(Math.exp(this.uniform() * Math.log(count + 1))) - 1);
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** FNV-1a over UTF-16 units, 32 bits (Fowler, Noll, Vo); only spreads names. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

/** One word of a Weyl sequence through the finaliser of MurmurHash3 (Austin Appleby, public domain). */
function mix(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

const WEYL_STEP = 0x9e3779b9;

/** A generator of its own for each (seed, name). */
export function seededRandom(seed: number, name: string): Random {
  const start = mix(seed | 0) ^ mix(Math.floor(seed / 2 ** 32) + 1) ^ hashName(name);
  const word = (index: number): number => mix((start + Math.imul(WEYL_STEP, index)) | 0);
  // Never all zero: mix is a bijection and the four inputs differ.
  return new Random([word(1), word(2), word(3), word(4)]);
}
