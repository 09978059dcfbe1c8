// The last trade ids of one market, to tell repeats where ids do not rise by one. Hot path.

import { TRADE_ID_WINDOW } from '../../schemas/config.ts';

/** Ids a window begins with; it doubles as it fills, so a quiet market stays small. */
const IDS_START = 64;
/** Places in the table for each id: open addressing stays short below half full. */
const PLACES_PER_ID = 2;
const NONE = -1;

/**
 * Ids in the order they came lie in a circle of numbers; a table of places finds one by its hash:
 *
 *   places  [ -1 | 4 | -1 | 0 | 1 | -1 … ]   index into ids, linear probing
 *   ids     [ 17 | 23 | … ]                  circle, the oldest makes room for the newest
 */
export class TradeIdWindow {
  /** Ids remembered at most; a window that has become larger stays so. */
  sizeMax = TRADE_ID_WINDOW;
  private ids = new Float64Array(IDS_START);
  private places = new Int32Array(IDS_START * PLACES_PER_ID).fill(NONE);
  private mask = IDS_START * PLACES_PER_ID - 1;
  private next = 0;
  private count = 0;

  /** Remembers the id at `values[at]`; false where it is among those remembered. */
  add(values: Float64Array, at: number): boolean {
    const { ids, places, mask } = this;
    const id = values[at];
    let place = placeOf(values, at, mask);
    for (; places[place] !== NONE; place = (place + 1) & mask) if (ids[places[place]] === id) return false;
    if (this.count < ids.length) this.count++;
    else if (ids.length < this.sizeMax) {
      this.grow();
      return this.add(values, at);
    } else {
      this.forgetOldest();
      place = placeOf(values, at, mask);
      while (places[place] !== NONE) place = (place + 1) & mask;
    }
    ids[this.next] = id;
    places[place] = this.next;
    this.next = (this.next + 1) & (ids.length - 1);
    return true;
  }

  /** Empties the place of the id that is overwritten next, and moves those behind it that would not be found then. */
  private forgetOldest(): void {
    const { ids, places, mask } = this;
    let empty = placeOf(ids, this.next, mask);
    while (places[empty] !== this.next) empty = (empty + 1) & mask;
    for (let place = (empty + 1) & mask; places[place] !== NONE; place = (place + 1) & mask) {
      const wanted = placeOf(ids, places[place], mask);
      if (((place - wanted) & mask) < ((place - empty) & mask)) continue;
      places[empty] = places[place];
      empty = place;
    }
    places[empty] = NONE;
  }

  /** The circle is full here: the oldest id comes first again. */
  private grow(): void {
    const size = this.ids.length * 2;
    const ids = new Float64Array(size);
    ids.set(this.ids.subarray(this.next));
    ids.set(this.ids.subarray(0, this.next), this.ids.length - this.next);
    this.ids = ids;
    this.mask = size * PLACES_PER_ID - 1;
    this.places = new Int32Array(size * PLACES_PER_ID).fill(NONE);
    this.next = this.count;
    for (let index = 0; index < this.count; index++) {
      let place = placeOf(ids, index, this.mask);
      while (this.places[place] !== NONE) place = (place + 1) & this.mask;
      this.places[place] = index;
    }
  }
}

/** Ids often rise by small steps: both halves are spread by odd constants (xxHash32's primes). */
function placeOf(values: Float64Array, at: number, mask: number): number {
  const id = values[at];
  const hash = Math.imul(id | 0, 0x9e3779b1) ^ Math.imul(Math.floor(id / 2 ** 32) | 0, 0x85ebca77);
  return (hash ^ (hash >>> 15)) & mask;
}

/**
 * Writes a 53-bit hash of `length` bytes at `from` to `out[at]`: two FNV-1a lanes with different offsets. Two of 4096
 * remembered texts meet once in 10^12 trades.
 */
export function hashText(bytes: Uint8Array, from: number, length: number, out: Float64Array, at: number): void {
  let low = 0x811c9dc5 | 0;
  let high = 0xc2b2ae3d | 0;
  for (let index = 0; index < length; index++) {
    const byte = bytes[from + index];
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x27d4eb2f);
    high ^= high >>> 15;
  }
  low ^= low >>> 16;
  out[at] = (high >>> 11) * 2 ** 32 + (low >>> 0);
}
