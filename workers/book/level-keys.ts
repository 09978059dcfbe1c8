// Owns the keys that say where in a ladder's order to look for a price, and the search among them. Hot path.

/** A price as one number, in milli. */
const UNIT_PER_ATTO = 1e-15;

/** One float32 and its bits. */
const keyFloat = new Float32Array(1);
const keyBits = new Int32Array(keyFloat.buffer);

/**
 * An int32 that is never lower for a better price: rounding to float32 keeps the order, and so do the bits of those not
 * negative. Prices may share a key, so it says where to look and never what is equal. `sign` is 1 for bids, -1 for asks.
 * The difference of two keys of a side is an int32.
 */
export function keyOf(milli: number, atto: number, sign: number): number {
  keyFloat[0] = Math.max(milli + atto * UNIT_PER_ATTO, 0);
  return Math.imul(keyBits[0], sign);
}

/**
 * The first of `count` indexes from `low` on whose key is not below `key`, or the one behind them. `order` has two numbers
 * an index, the second its key, and keys that do not fall.
 *
 * By arithmetic, as half of the branches on prices would be guessed wrong; by quarters, as three looks at a time wait for
 * memory but once (docs/decisions/0010-ladder.md).
 */
export function lowerBound(order: Int32Array, low: number, count: number, key: number): number {
  let first = low;
  let left = count;
  while (left >= 4) {
    const quarter = left >> 2;
    const step = quarter * 2;
    const at = (first + quarter) * 2 - 1;
    const below = (order[at] - key) >> 31;
    first -= quarter * (below + ((order[at + step] - key) >> 31) + ((order[at + 2 * step] - key) >> 31));
    left -= 3 * quarter;
  }
  while (left > 1) {
    const half = left >> 1;
    first += half & ((order[(first + half) * 2 - 1] - key) >> 31);
    left -= half;
  }
  return left > 0 ? first - ((order[first * 2 + 1] - key) >> 31) : first;
}
