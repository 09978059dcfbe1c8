// The bytes of an image of state: small integers short, memory without what repeats. Equal values make equal bytes.

import { StateImageError } from './errors.ts';
import { DATA_VIEW, IMAGE_VERSION, Tag, TYPED_ARRAYS, type TypedArray } from './state-shape.ts';

const START_BYTES = 1 << 16;
/** Units whose codes share a word. */
const GROUP = 16;
/** Two bits a unit of memory: it is zero, as the one before it, given in full, or given as an integer of 32 bits. */
const Code = { zero: 0, same: 1, full: 2, integer: 3 } as const;

/** Memory of any type, seen as bytes, words and float64; `of` has a view for each type of array. */
class Room {
  sizeBytes: number;
  u8: Uint8Array<ArrayBuffer>;
  u32: Uint32Array;
  i32: Int32Array;
  f64: Float64Array;
  view: DataView;
  of: readonly TypedArray[];

  constructor(sizeBytes: number) {
    const memory = new ArrayBuffer(sizeBytes);
    this.sizeBytes = sizeBytes;
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.i32 = new Int32Array(memory);
    this.f64 = new Float64Array(memory);
    this.view = new DataView(memory);
    this.of = TYPED_ARRAYS.map((type) => new type(memory));
  }
}

/** The power of two that is not below. */
function roomFor(sizeBytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(sizeBytes, START_BYTES)));
}

/** Where memory is copied to be looked at: to ask a small array for its buffer would move it. One a thread. */
let scratch = new Room(START_BYTES);

function scratchOf(sizeBytes: number): Room {
  if (sizeBytes > scratch.sizeBytes) scratch = new Room(roomFor(sizeBytes));
  return scratch;
}

/** Most characters of a short text, whose length is one byte, and greatest code of one in a byte. */
const SHORT_MAX = 127;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes of a unit: memory that is not whole units of 8 has units of 4, or of 1. */
function unitOf(sizeBytes: number): number {
  return sizeBytes % 8 === 0 ? 8 : sizeBytes % 4 === 0 ? 4 : 1;
}

export class StateWriter {
  private out = new Room(START_BYTES);
  private at = 0;

  begin(): void {
    this.at = 0;
    this.byte(IMAGE_VERSION);
  }

  /** A copy of what was written. */
  end(): Uint8Array<ArrayBuffer> {
    return this.out.u8.slice(0, this.at);
  }

  byte(value: number): void {
    if (this.at === this.out.sizeBytes) this.reserve(1);
    this.out.u8[this.at++] = value;
  }

  /** An integer from 0 to 2^32 - 1, seven bits a byte. */
  count(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** An integer of 32 bits. */
  word(value: number): void {
    this.reserve(4);
    this.out.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** A number with its tag. */
  number(value: number): void {
    const integer = value | 0;
    if (integer === value && (value !== 0 || 1 / value > 0)) {
      this.byte(Tag.integer);
      this.count(((integer << 1) ^ (integer >> 31)) >>> 0);
      return;
    }
    this.byte(Tag.number);
    this.reserve(8);
    this.out.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  text(value: string): void {
    if (this.shortText(value)) return;
    const bytes = encoder.encode(value);
    this.count(bytes.length);
    this.reserve(bytes.length);
    this.out.u8.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Up to 127 characters of ASCII; false where it is none, and nothing is written. */
  private shortText(value: string): boolean {
    const { length } = value;
    if (length > SHORT_MAX) return false;
    this.reserve(1 + length);
    const { u8 } = this.out;
    u8[this.at] = length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > SHORT_MAX) return false;
      u8[this.at + 1 + i] = code;
    }
    this.at += 1 + length;
    return true;
  }

  /** The bytes of a typed array of this type; its length is written by the caller. */
  memory(array: TypedArray, type: number): void {
    const { byteLength } = array;
    if (byteLength === 0) return;
    const from = scratchOf(byteLength);
    (from.of[type - 1] as Uint8Array).set(array as Uint8Array);
    const unit = unitOf(byteLength);
    if (unit === 1) this.bytes(from.u8, byteLength);
    else this.units(from, byteLength / unit, unit / 4);
  }

  /** Units of one or two words, without those at the end that are all the same. */
  private units(from: Room, units: number, words: number): void {
    const kept = keptUnits(from.u32, units, words);
    this.count(kept);
    this.align();
    // A word of codes for each group, and at most all units in full.
    this.reserve(kept * words * 4 + (kept / GROUP + 1) * 4);
    let to = this.at >> 2;
    for (let unit = 0; unit < kept; unit += GROUP) {
      const end = Math.min(unit + GROUP, kept);
      to = words === 2 ? this.group8(from, unit, end, to) : this.group4(from, unit, end, to);
    }
    this.at = to * 4;
  }

  /** Eight bytes a unit; returns where the next group goes. */
  private group8({ u32, f64 }: Room, first: number, end: number, codesAt: number): number {
    const out = this.out.u32;
    let to = codesAt + 1;
    let codes = 0;
    for (let unit = first; unit < end; unit++) {
      const low = u32[2 * unit];
      const high = u32[2 * unit + 1];
      if ((low | high) === 0) continue;
      const shift = 2 * (unit - first);
      if (unit > 0 && low === u32[2 * unit - 2] && high === u32[2 * unit - 1]) {
        codes |= Code.same << shift;
        continue;
      }
      const value = f64[unit];
      if ((value | 0) === value && value !== 0) {
        codes |= Code.integer << shift;
        out[to++] = value | 0;
        continue;
      }
      codes |= Code.full << shift;
      out[to] = low;
      out[to + 1] = high;
      to += 2;
    }
    out[codesAt] = codes;
    return to;
  }

  private group4({ u32 }: Room, first: number, end: number, codesAt: number): number {
    const out = this.out.u32;
    let to = codesAt + 1;
    let codes = 0;
    for (let unit = first; unit < end; unit++) {
      const word = u32[unit];
      if (word === 0) continue;
      if (unit > 0 && word === u32[unit - 1]) codes |= Code.same << (2 * (unit - first));
      else {
        codes |= Code.full << (2 * (unit - first));
        out[to++] = word;
      }
    }
    out[codesAt] = codes;
    return to;
  }

  private bytes(u8: Uint8Array, length: number): void {
    let kept = length;
    while (kept > 1 && u8[kept - 1] === u8[kept - 2]) kept--;
    this.count(kept);
    this.reserve(kept);
    for (let i = 0; i < kept; i++) this.out.u8[this.at + i] = u8[i];
    this.at += kept;
  }

  private align(): void {
    while ((this.at & 3) !== 0) this.byte(0);
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.out.sizeBytes) return;
    const larger = new Room(roomFor(this.at + bytes));
    larger.u8.set(this.out.u8.subarray(0, this.at));
    this.out = larger;
  }
}

/** Units up to the first of those at the end that are the same. */
function keptUnits(u32: Uint32Array, units: number, words: number): number {
  let kept = units;
  if (words === 1) while (kept > 1 && u32[kept - 1] === u32[kept - 2]) kept--;
  else while (kept > 1 && u32[2 * kept - 1] === u32[2 * kept - 3] && u32[2 * kept - 2] === u32[2 * kept - 4]) kept--;
  return kept;
}

export class StateReader {
  private readonly u8: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(image: Uint8Array) {
    this.u8 = image;
    this.view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    const version = image.length === 0 ? 0 : this.byte();
    if (version !== IMAGE_VERSION) throw new StateImageError(`expected version ${IMAGE_VERSION}, was ${version}`);
  }

  /** Throws where something stands behind the end. */
  end(): void {
    if (this.at !== this.u8.length) {
      throw new StateImageError(`expected ${this.at} bytes, was ${this.u8.length}`);
    }
  }

  byte(): number {
    this.need(1);
    return this.u8[this.at++];
  }

  count(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  word(): number {
    this.need(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  integer(): number {
    const value = this.count();
    return (value >>> 1) ^ -(value & 1);
  }

  number(): number {
    this.need(8);
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  text(): string {
    const length = this.count();
    this.need(length);
    this.at += length;
    return decoder.decode(this.u8.subarray(this.at - length, this.at));
  }

  /** Fills an array of this type. */
  memory(array: TypedArray, type: number): void {
    const { byteLength } = array;
    if (byteLength === 0) return;
    const to = scratchOf(byteLength);
    const unit = unitOf(byteLength);
    const kept = this.count();
    if (kept === 0 || kept > byteLength / unit) {
      throw new StateImageError(`expected 1 to ${byteLength / unit} units, was ${kept}`);
    }
    if (unit === 1) this.bytes(to, kept, byteLength);
    else this.units(to, kept, byteLength / unit, unit / 4);
    (array as Uint8Array).set((to.of[type - 1] as Uint8Array).subarray(0, array.length));
  }

  private units({ u32, f64 }: Room, kept: number, units: number, words: number): void {
    while ((this.at & 3) !== 0) this.at++;
    let codes = 0;
    for (let unit = 0; unit < units; unit++) {
      if (unit < kept && unit % GROUP === 0) codes = this.word();
      const code = unit < kept ? (codes >>> (2 * (unit % GROUP))) & 3 : Code.same;
      if (code === Code.integer) f64[unit] = this.word() | 0;
      else {
        for (let word = unit * words; word < (unit + 1) * words; word++) {
          u32[word] = code === Code.full ? this.word() : code === Code.same ? u32[word - words] : 0;
        }
      }
    }
  }

  private bytes({ u8 }: Room, kept: number, length: number): void {
    this.need(kept);
    for (let i = 0; i < kept; i++) u8[i] = this.u8[this.at + i];
    u8.fill(u8[kept - 1], kept, length);
    this.at += kept;
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.u8.length) throw new StateImageError('expected more bytes: the image is cut');
  }
}

/** A new array of this type over its own memory, `byteLength` long. */
export function makeArray(type: number, byteLength: number): TypedArray {
  if (type < 1 || type >= DATA_VIEW) throw new StateImageError(`expected a type of array, was ${type}`);
  const made = TYPED_ARRAYS[type - 1];
  if (byteLength % made.BYTES_PER_ELEMENT !== 0)
    throw new StateImageError(`expected whole elements, was ${byteLength}`);
  return new made(byteLength / made.BYTES_PER_ELEMENT) as TypedArray;
}
