// Writes a shard's output records for the main thread, each group whole or not at all. Hot path.

import { Doorbell } from '../../engine/ring/doorbell.ts';
import { type RingMemory, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { shardCounter } from '../../schemas/counters.ts';
import { outputGap, outputStamp } from '../../schemas/derived.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';

/** Markets whose output found no room and are told so as soon as there is some. */
const LOST_MAX = 65_536;

/**
 * The main thread may fall behind: then a group that finds no room is left out and counted, and its market is noted;
 * the next group with room is preceded by an outputGap record for each, upon which main asks for a fresh snapshot.
 */
export class OutputWriter {
  readonly ring: RingWriter;
  private readonly counters: Float64Array;
  private readonly lost = new Uint8Array(LOST_MAX);
  private lostCount = 0;
  private group = 0;
  private hasFailed = false;
  private recordsInBatch = 0;

  constructor(output: RingMemory, mainDoorbell: SharedArrayBuffer, counters: Float64Array) {
    this.ring = new RingWriter(output, new Doorbell(mainDoorbell));
    this.counters = counters;
  }

  /** Starts a group of records about one market. */
  begin(market: number): void {
    if (this.lostCount > 0) this.tellLost();
    this.group = market;
    this.hasFailed = false;
  }

  /** A slot with its header written, or -1 once the group has found no room. */
  claim(type: number, flags: number, count: number): number {
    if (this.hasFailed) return -1;
    const slot = this.ring.claim();
    if (slot < 0) {
      this.hasFailed = true;
      return -1;
    }
    this.ring.u32[slot * SLOT_U32] = type | (flags << 8) | (this.group << 16);
    this.ring.u32[slot * SLOT_U32 + 1] = count;
    return slot;
  }

  /** Copies a whole record of the input ring. */
  copy(u32: Uint32Array, slot: number): void {
    if (this.hasFailed) return;
    const to = this.ring.claim();
    if (to < 0) {
      this.hasFailed = true;
      return;
    }
    const out = this.ring.u32;
    const from = slot * SLOT_U32;
    const at = to * SLOT_U32;
    for (let i = 0; i < SLOT_U32; i++) out[at + i] = u32[from + i];
  }

  /** The group is whole; false where it was left out. */
  end(): boolean {
    if (this.hasFailed) {
      this.counters[shardCounter.outputLost] += this.ring.frameSlots;
      this.ring.abandonFrame();
      if (this.lost[this.group] === 0) {
        this.lost[this.group] = 1;
        this.lostCount++;
      }
      return false;
    }
    const slots = this.ring.frameSlots;
    this.counters[shardCounter.outputRecords] += slots;
    this.recordsInBatch += slots;
    this.ring.endFrame();
    return true;
  }

  /** The group turned out not to be wanted. */
  abandon(): void {
    this.ring.abandonFrame();
  }

  private tellLost(): void {
    for (let market = 0; market < LOST_MAX && this.lostCount > 0; market++) {
      if (this.lost[market] === 0) continue;
      const slot = this.ring.claim();
      if (slot < 0) return;
      this.ring.u32[slot * SLOT_U32] = RecordType.gap | (market << 16);
      this.ring.u32[slot * SLOT_U32 + 1] = 0;
      this.ring.f64[slot * SLOT_F64 + outputGap.at.receiveTimeNs] = 0;
      this.ring.f64[slot * SLOT_F64 + outputGap.at.bookSequence] = 0;
      this.ring.endFrame();
      this.recordsInBatch++;
      this.lost[market] = 0;
      this.lostCount--;
    }
  }

  /** Shows the batch to the main thread, with a stamp behind it. */
  commit(times: Float64Array, receiveAt: number, appliedAt: number): void {
    if (this.lostCount > 0) this.tellLost();
    if (!this.ring.hasEnded) return;
    const slot = this.ring.claim();
    if (slot >= 0) {
      this.ring.u32[slot * SLOT_U32] = RecordType.stamp;
      this.ring.u32[slot * SLOT_U32 + 1] = this.recordsInBatch;
      this.ring.f64[slot * SLOT_F64 + outputStamp.at.receiveTimeNs] = times[receiveAt];
      this.ring.f64[slot * SLOT_F64 + outputStamp.at.appliedTimeNs] = times[appliedAt];
      this.ring.endFrame();
    }
    this.recordsInBatch = 0;
    this.ring.commit();
  }
}
