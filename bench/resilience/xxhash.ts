// XXH32 and XXH64 in plain JavaScript (Yann Collet, xxHash fast digest algorithm, specification 0.1.1): what hashing a
// frame's content would cost without a dependency. Only the benches use it.

const PRIME32_1 = 0x9e3779b1 | 0;
const PRIME32_2 = 0x85ebca77 | 0;
const PRIME32_3 = 0xc2b2ae3d | 0;
const PRIME32_4 = 0x27d4eb2f | 0;
const PRIME32_5 = 0x165667b1 | 0;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const round32 = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, PRIME32_2)) | 0, 13), PRIME32_1);

/** XXH32 of the bytes from `from` up to `end`, as an unsigned number. */
export function xxHash32(view: DataView, from: number, end: number, seed = 0): number {
  const length = end - from;
  let at = from;
  let hash = (seed + PRIME32_5) | 0;
  if (length >= 16) {
    let a = (seed + PRIME32_1 + PRIME32_2) | 0;
    let b = (seed + PRIME32_2) | 0;
    let c = seed | 0;
    let d = (seed - PRIME32_1) | 0;
    for (; at <= end - 16; at += 16) {
      a = round32(a, view.getInt32(at, true));
      b = round32(b, view.getInt32(at + 4, true));
      c = round32(c, view.getInt32(at + 8, true));
      d = round32(d, view.getInt32(at + 12, true));
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; at <= end - 4; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), PRIME32_3)) | 0, 17), PRIME32_4);
  for (; at < end; at++) hash = Math.imul(rotate((hash + Math.imul(view.getUint8(at), PRIME32_5)) | 0, 11), PRIME32_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME32_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME32_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A 64-bit number as two halves: JavaScript has none that is fast. */
type Wide = readonly [high: number, low: number];
const PRIME_1: Wide = [0x9e3779b1 | 0, 0x85ebca87 | 0];
const PRIME_2: Wide = [0xc2b2ae3d | 0, 0x27d4eb4f | 0];
const PRIME_3: Wide = [0x165667b1 | 0, 0x9e3779f9 | 0];
const PRIME_4: Wide = [0x85ebca77 | 0, 0xc2b2ae63 | 0];
const PRIME_5: Wide = [0x27d4eb2f | 0, 0x165667c5 | 0];

/** Upper half of the product of two unsigned 32-bit numbers, by halves of 16 bits. */
function upperProduct(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000)) | 0;
}

/** One 64-bit value that steps are done on; objects of it are made once. */
class Lane {
  high = 0;
  low = 0;

  set(high: number, low: number): void {
    this.high = high | 0;
    this.low = low | 0;
  }

  add(high: number, low: number): void {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
  }

  xor(high: number, low: number): void {
    this.high ^= high;
    this.low ^= low;
  }

  multiply(factor: Wide): void {
    const { high, low } = this;
    this.high = (upperProduct(low, factor[1]) + Math.imul(high, factor[1]) + Math.imul(low, factor[0])) | 0;
    this.low = Math.imul(low, factor[1]);
  }

  /** `bits` from 1 to 31. */
  rotate(bits: number): void {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
  }

  /** x ^= x >>> bits. */
  fold(bits: number): void {
    const { high, low } = this;
    if (bits >= 32) this.low ^= bits === 32 ? high : high >>> (bits - 32);
    else this.xor(high >>> bits, (low >>> bits) | (high << (32 - bits)));
  }

  round(high: number, low: number): void {
    word.set(high, low);
    word.multiply(PRIME_2);
    this.add(word.high, word.low);
    this.rotate(31);
    this.multiply(PRIME_1);
  }

  /** Takes one of the four lanes into the hash. */
  merge(lane: Lane): void {
    lane.multiply(PRIME_2);
    lane.rotate(31);
    lane.multiply(PRIME_1);
    this.xor(lane.high, lane.low);
    this.multiply(PRIME_1);
    this.add(PRIME_4[0], PRIME_4[1]);
  }
}

const word = new Lane();
const hash = new Lane();
const lanes = [new Lane(), new Lane(), new Lane(), new Lane()] as const;

function beginLanes(): void {
  const [a, b, c, d] = lanes;
  a.set(PRIME_1[0], PRIME_1[1]);
  a.add(PRIME_2[0], PRIME_2[1]);
  b.set(PRIME_2[0], PRIME_2[1]);
  c.set(0, 0);
  // Zero minus the first prime: the complement plus one.
  d.set(~PRIME_1[0], ~PRIME_1[1]);
  d.add(0, 1);
}

/** Four lanes over all whole blocks of 32 bytes; returns where the rest begins. */
function takeBlocks(view: DataView, from: number, end: number): number {
  const [a, b, c, d] = lanes;
  beginLanes();
  let at = from;
  for (; at <= end - 32; at += 32) {
    a.round(view.getInt32(at + 4, true), view.getInt32(at, true));
    b.round(view.getInt32(at + 12, true), view.getInt32(at + 8, true));
    c.round(view.getInt32(at + 20, true), view.getInt32(at + 16, true));
    d.round(view.getInt32(at + 28, true), view.getInt32(at + 24, true));
  }
  hash.set(0, 0);
  for (const [lane, bits] of [
    [a, 1],
    [b, 7],
    [c, 12],
    [d, 18],
  ] as const) {
    word.set(lane.high, lane.low);
    word.rotate(bits);
    hash.add(word.high, word.low);
  }
  for (const lane of lanes) hash.merge(lane);
  return at;
}

/** The bytes that fill no block: eights, a four, single ones. */
function takeRest(view: DataView, from: number, end: number): void {
  let at = from;
  for (; at <= end - 8; at += 8) {
    word.set(view.getInt32(at + 4, true), view.getInt32(at, true));
    word.multiply(PRIME_2);
    word.rotate(31);
    word.multiply(PRIME_1);
    hash.xor(word.high, word.low);
    hash.rotate(27);
    hash.multiply(PRIME_1);
    hash.add(PRIME_4[0], PRIME_4[1]);
  }
  if (at <= end - 4) {
    word.set(0, view.getInt32(at, true));
    word.multiply(PRIME_1);
    hash.xor(word.high, word.low);
    hash.rotate(23);
    hash.multiply(PRIME_2);
    hash.add(PRIME_3[0], PRIME_3[1]);
    at += 4;
  }
  for (; at < end; at++) {
    word.set(0, view.getUint8(at));
    word.multiply(PRIME_5);
    hash.xor(word.high, word.low);
    hash.rotate(11);
    hash.multiply(PRIME_1);
  }
}

/** Writes XXH64 of the bytes from `from` up to `end`, seed 0, to `out`: the upper half, then the lower. */
export function xxHash64(view: DataView, from: number, end: number, out: Uint32Array): void {
  const length = end - from;
  let at = from;
  if (length >= 32) at = takeBlocks(view, from, end);
  else hash.set(PRIME_5[0], PRIME_5[1]);
  hash.add(0, length);
  takeRest(view, at, end);
  hash.fold(33);
  hash.multiply(PRIME_2);
  hash.fold(29);
  hash.multiply(PRIME_3);
  hash.fold(32);
  out[0] = hash.high;
  out[1] = hash.low;
}
