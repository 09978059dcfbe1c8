// Owns the book changes of one market that wait for its snapshot, as copied 64-byte slots. Hot path.

import { SYNC_BUFFER_RECORDS_MAX } from '../../schemas/config.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { bookChange, level } from '../../schemas/market-data.ts';

const SLOTS_START = 256;
/** Shared by all empty buffers. */
const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Uint32Array(0);
const NO_NUMBERS = new Float64Array(0);
/** Float64 fields of a head and of a level, which lie one behind the other. */
const HEAD_FIELDS = bookChange.at.depth - bookChange.at.receiveTimeNs + 1;
const LEVEL_FIELDS = level.at.quantityAtto - level.at.priceMilli + 1;

/**
 *   position    0        1       2                      used
 *             | head A | level | level | head B | head C | level |  free …
 *   slot = (first + position) & (slots - 1)
 *
 * A ring, so that dropping the oldest changes moves nothing. Memory is taken with the first change held and given back
 * by release(). Fields are copied one by one: bytes that are no float64 must not pass through one.
 */
export class HoldBuffer {
  u8 = NO_BYTES;
  u32 = NO_WORDS;
  f64 = NO_NUMBERS;
  /** Last sequence of the newest change held since the buffer was last empty by clear() or release(); -1 is none. */
  lastSequence = -1;
  private slots = 0;
  private first = 0;
  private used = 0;

  /** Slots held. */
  get count(): number {
    return this.used;
  }

  slotAt(position: number): number {
    return (this.first + position) & (this.slots - 1);
  }

  /** Slots of the change whose head is in `slot`. */
  slotsOf(slot: number): number {
    return 1 + this.u32[slot * SLOT_U32 + bookChange.at.count];
  }

  /**
   * Holds the head of a change; its levels follow by level(). Returns how many changes were lost for it: the oldest are
   * dropped where SYNC_BUFFER_RECORDS_MAX would be passed. A change larger than that is lost itself, with all others.
   */
  begin(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const need = 1 + u32[slot * SLOT_U32 + bookChange.at.count];
    const isTooLarge = need > SYNC_BUFFER_RECORDS_MAX;
    let lost = isTooLarge ? 1 : 0;
    while (this.used > 0 && (isTooLarge || this.used + need > SYNC_BUFFER_RECORDS_MAX)) {
      this.dropFirst();
      lost++;
    }
    if (isTooLarge) return lost;
    while (this.used + need > this.slots) this.grow();
    const to = this.slotAt(this.used++);
    this.u8[to * SLOT_BYTES + bookChange.at.flags] = u8[slot * SLOT_BYTES + bookChange.at.flags];
    this.u32[to * SLOT_U32 + bookChange.at.count] = need - 1;
    this.copyFields(to, f64, slot, bookChange.at.receiveTimeNs, HEAD_FIELDS);
    this.lastSequence = f64[slot * SLOT_F64 + bookChange.at.lastSequence];
    return lost;
  }

  /** Holds one level of the change begun last. */
  level(u8: Uint8Array, f64: Float64Array, slot: number): void {
    const to = this.slotAt(this.used++);
    const from8 = slot * SLOT_BYTES;
    const to8 = to * SLOT_BYTES;
    this.u8[to8 + level.at.flags] = u8[from8 + level.at.flags];
    this.u8[to8 + level.at.priceDecimals] = u8[from8 + level.at.priceDecimals];
    this.u8[to8 + level.at.quantityDecimals] = u8[from8 + level.at.quantityDecimals];
    this.copyFields(to, f64, slot, level.at.priceMilli, LEVEL_FIELDS);
  }

  /** Drops what lies before the head at `position`. */
  dropBefore(position: number): void {
    this.first = this.slotAt(position);
    this.used -= position;
  }

  /** Forgets all, keeps the memory. */
  clear(): void {
    this.first = 0;
    this.used = 0;
    this.lastSequence = -1;
  }

  /** Forgets all and gives the memory back. */
  release(): void {
    this.clear();
    this.u8 = NO_BYTES;
    this.u32 = NO_WORDS;
    this.f64 = NO_NUMBERS;
    this.slots = 0;
  }

  private dropFirst(): void {
    this.dropBefore(this.slotsOf(this.first));
  }

  private copyFields(to: number, f64: Float64Array, slot: number, field: number, count: number): void {
    const target = to * SLOT_F64 + field;
    const source = slot * SLOT_F64 + field;
    for (let i = 0; i < count; i++) this.f64[target + i] = f64[source + i];
  }

  /** Doubles the ring; what it holds moves to the front. */
  private grow(): void {
    const before = this.u8;
    const from = this.first * SLOT_BYTES;
    this.allocate(this.slots === 0 ? SLOTS_START : this.slots * 2);
    this.u8.set(before.subarray(from));
    this.u8.set(before.subarray(0, from), before.length - from);
    this.first = 0;
  }

  private allocate(slots: number): void {
    const memory = new ArrayBuffer(slots * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
    this.slots = slots;
  }
}
