// A single-producer single-consumer ring of 64-byte slots in shared memory; everything is arithmetic on two sequences.
// Hot path.

import { SLOT_BYTES } from '../../schemas/layout.ts';
import { RING_CONTROL_BYTES, ringControl } from '../../schemas/ring.ts';
import { assert } from '../base/assert.ts';
import { DOORBELL_BYTES, Doorbell } from './doorbell.ts';

/**
 *        head                 tail       ended      next
 *   ──────┼────────────────────┼───────────┼──────────┼──────► sequence (Int32, wraps)
 *         │  visible, unread   │ frames    │ frame    │
 *         │                    │ ended,    │ being    │
 *         │                    │ not seen  │ written  │
 *   consumer moves head;  producer moves the other three; only head and tail are shared.
 *   slot = sequence & (capacity - 1);  held = (next - head) | 0 <= capacity
 */
export type RingMemory = {
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
};

/** claim() found no room. */
export const RING_FULL = -1;

/** Two doorbells follow the control block: room (the producer sleeps) in the ring, work lies with the consumer. */
const HEADER_BYTES = RING_CONTROL_BYTES + DOORBELL_BYTES;

export function createRing(slots: number): RingMemory {
  assert(
    slots > 0 && (slots & (slots - 1)) === 0 && slots <= 2 ** 24,
    `ring: expected slots a power of two <= 2^24, was ${slots}`,
  );
  return { memory: new SharedArrayBuffer(HEADER_BYTES + slots * SLOT_BYTES), slots };
}

/** Makes a ring as new. Thread: any, while neither side is in use: what they keep of its positions is wrong from here on. */
export function clearRing({ memory }: RingMemory): void {
  new Uint8Array(memory, 0, HEADER_BYTES).fill(0);
}

/** The producer's side. Thread: the one producer. */
export class RingWriter {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly slots: number;
  /** Slots that claim() and claimRun() may fill; the rest is in reserve. */
  private readonly limit: number;
  private readonly control: Int32Array;
  private readonly mask: number;
  private readonly work: Doorbell;
  private readonly room: Doorbell;
  private headSeen: number;
  private tail: number;
  private ended: number;
  private next: number;

  /**
   * `work` is the doorbell of the consumer's thread, rung after a commit. `reserveSlots` are kept for claimReserve(), so
   * that a commit can end with a record of its own however full the ring is.
   */
  constructor(ring: RingMemory, work: Doorbell, reserveSlots = 0) {
    this.control = new Int32Array(ring.memory, 0, RING_CONTROL_BYTES / 4);
    this.room = new Doorbell(ring.memory, RING_CONTROL_BYTES);
    this.work = work;
    const bytes = ring.slots * SLOT_BYTES;
    this.u8 = new Uint8Array(ring.memory, HEADER_BYTES, bytes);
    this.u16 = new Uint16Array(ring.memory, HEADER_BYTES, bytes / 2);
    this.u32 = new Uint32Array(ring.memory, HEADER_BYTES, bytes / 4);
    this.f64 = new Float64Array(ring.memory, HEADER_BYTES, bytes / 8);
    this.slots = ring.slots;
    this.limit = ring.slots - reserveSlots;
    this.mask = ring.slots - 1;
    this.headSeen = Atomics.load(this.control, ringControl.head);
    this.tail = Atomics.load(this.control, ringControl.tail);
    this.ended = this.tail;
    this.next = this.tail;
  }

  /** Takes the next slot for writing: its index, or RING_FULL. The consumer's position is read again only when needed. */
  claim(): number {
    if (((this.next - this.headSeen) | 0) >= this.limit) {
      this.headSeen = Atomics.load(this.control, ringControl.head);
      if (((this.next - this.headSeen) | 0) >= this.limit) return RING_FULL;
    }
    const slot = this.next & this.mask;
    this.next = (this.next + 1) | 0;
    return slot;
  }

  /** Takes a slot of the reserve too; there is one after every commit before which claim() took any. */
  claimReserve(): number {
    const slot = this.next & this.mask;
    this.next = (this.next + 1) | 0;
    if (((this.next - this.headSeen) | 0) > this.slots)
      assert(this.heldSlots <= this.slots, `ring: expected a slot in reserve, was none of ${this.slots}`);
    return slot;
  }

  /** Takes `count` slots that follow one another in memory: the index of the first, or RING_FULL where they would not, too. */
  claimRun(count: number): number {
    const slot = this.next & this.mask;
    if (slot + count > this.slots || !this.hasRoom(count)) return RING_FULL;
    this.next = (this.next + count) | 0;
    return slot;
  }

  /** True when `count` more slots can be claimed. */
  hasRoom(count: number): boolean {
    if (((this.next - this.headSeen) | 0) + count <= this.limit) return true;
    this.headSeen = Atomics.load(this.control, ringControl.head);
    return ((this.next - this.headSeen) | 0) + count <= this.limit;
  }

  /** Slots claimed since the last frame ended. */
  get frameSlots(): number {
    return (this.next - this.ended) | 0;
  }

  /** Slots the consumer has not released. */
  get heldSlots(): number {
    return (this.next - Atomics.load(this.control, ringControl.head)) | 0;
  }

  /** The frame being written is whole: the next commit makes it visible. Returns how many slots wait for that. */
  endFrame(): number {
    this.ended = this.next;
    return (this.next - this.tail) | 0;
  }

  /** The frame being written is bad: its slots are taken again by the next one. */
  abandonFrame(): void {
    this.next = this.ended;
  }

  /** A copy of the frame being written. */
  frameBytes(): Uint8Array {
    const bytes = new Uint8Array(this.frameSlots * SLOT_BYTES);
    for (let i = 0; i < this.frameSlots; i++) {
      const from = ((this.ended + i) & this.mask) * SLOT_BYTES;
      bytes.set(this.u8.subarray(from, from + SLOT_BYTES), i * SLOT_BYTES);
    }
    return bytes;
  }

  /** Takes the slots for which `isOut` out of the frame being written; the others move together. */
  leaveOut(isOut: (slot: number) => boolean): void {
    let kept = this.ended;
    for (let sequence = this.ended; sequence !== this.next; sequence = (sequence + 1) | 0) {
      const slot = sequence & this.mask;
      if (isOut(slot)) continue;
      this.u8.copyWithin((kept & this.mask) * SLOT_BYTES, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
      kept = (kept + 1) | 0;
    }
    this.next = kept;
  }

  /** The tail that the next commit makes. */
  get endedTail(): number {
    return this.ended;
  }

  /** True when ended frames wait for a commit. */
  get hasEnded(): boolean {
    return this.ended !== this.tail;
  }

  /**
   * Makes all ended frames visible and wakes the consumer if it sleeps. Allocates nothing.
   * Ordering: the records are plain stores; this atomic store releases them and pairs with the load in
   * RingReader.available(). Moving it above the records lets a reader see half of one; moving the bell above it lets a
   * sleeper miss it (decisions/0003).
   */
  commit(): void {
    if (this.ended === this.tail) return;
    this.tail = this.ended;
    Atomics.store(this.control, ringControl.tail, this.tail);
    this.work.ring();
  }

  /**
   * After claim() or hasRoom() found no room: sleeps until the consumer has released something since, or the time is
   * over. Ended frames must have been committed, else the consumer may have nothing to release. Not on the main thread.
   * Ordering: the head compared with is the one that showed no room. One loaded anew here may already be the consumer's
   * last, and the producer would sleep beside an empty ring (decisions/0003).
   */
  waitForRoom(timeoutMs: number): void {
    const seen = this.room.announce();
    if (Atomics.load(this.control, ringControl.head) !== this.headSeen) this.room.cancel();
    else this.room.sleep(seen, timeoutMs);
  }
}

/** The consumer's side. Thread: the one consumer. */
export class RingReader {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly slots: number;
  private readonly control: Int32Array;
  private readonly mask: number;
  private readonly room: Doorbell;
  private head: number;

  constructor(ring: RingMemory) {
    this.control = new Int32Array(ring.memory, 0, RING_CONTROL_BYTES / 4);
    this.room = new Doorbell(ring.memory, RING_CONTROL_BYTES);
    const bytes = ring.slots * SLOT_BYTES;
    this.u8 = new Uint8Array(ring.memory, HEADER_BYTES, bytes);
    this.u16 = new Uint16Array(ring.memory, HEADER_BYTES, bytes / 2);
    this.u32 = new Uint32Array(ring.memory, HEADER_BYTES, bytes / 4);
    this.f64 = new Float64Array(ring.memory, HEADER_BYTES, bytes / 8);
    this.slots = ring.slots;
    this.mask = ring.slots - 1;
    this.head = Atomics.load(this.control, ringControl.head);
  }

  /**
   * Slots that may be read; the most there were is noted for main, on a line that this thread writes anyway.
   * Ordering: this load pairs with the store in RingWriter.commit().
   */
  available(): number {
    const available = (Atomics.load(this.control, ringControl.tail) - this.head) | 0;
    if (available > this.control[ringControl.most]) this.control[ringControl.most] = available;
    return available;
  }

  /** Records released so far; wraps. */
  get position(): number {
    return this.head;
  }

  /** Index of the slot `offset` after the first unread one; offset < available(). */
  slotAt(offset: number): number {
    return (this.head + offset) & this.mask;
  }

  /**
   * Gives `count` slots back once they are no longer needed. Ordering: an atomic store after the reads, so the producer
   * cannot overwrite a slot still being read; then the producer is woken if it sleeps.
   */
  release(count: number): void {
    this.head = (this.head + count) | 0;
    Atomics.store(this.control, ringControl.head, this.head);
    this.room.ring();
  }
}
