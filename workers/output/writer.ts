// Writes a shard's output records for the main thread, each group whole or not at all. Hot path.

import { Doorbell } from '../../engine/ring/doorbell.ts';
import { type RingMemory, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { shardCounter } from '../../schemas/counters.ts';
import { outputGap, outputStamp } from '../../schemas/derived.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { shardMarks } from '../../schemas/shared-state.ts';
import type { OutputPatience } from './patience.ts';

/** Markets whose output found no room and are told so as soon as there is some. */
const LOST_MAX = 65_536;

/** Where nobody asks: writers of no shard. */
const NO_MARKS = new SharedArrayBuffer(shardMarks.sizeBytes);
const MARKS = [
  { tail: shardMarks.at.firstOutputTail, position: shardMarks.at.firstPosition },
  { tail: shardMarks.at.secondOutputTail, position: shardMarks.at.secondPosition },
] as const;

/**
 * The main thread may fall behind: then a group that finds no room is left out and counted, and its market is noted;
 * the next group with room is preceded by an outputGap record for each, upon which main asks for a fresh snapshot.
 */
export class OutputWriter {
  readonly ring: RingWriter;
  /** Main has been told by the shard's forerunner: groups are built and thrown away. Changed between two groups alone. */
  isMuted = false;
  /** Of a replay that is read as a stream: a group that finds no room waits for it. Null in an engine, which never waits. */
  patience: OutputPatience | null = null;
  private readonly counters: Float64Array;
  private readonly lost = new Uint8Array(LOST_MAX);
  private lostCount = 0;
  private group = 0;
  private hasFailed = false;
  private recordsInBatch = 0;
  private readonly marks: Float64Array;
  private nextMark: number;
  /** The furthest input position whose output main has: a shard that applies again what was told stands behind it. */
  private told: number;

  /** `marks` are the shard's (shardMarks). */
  constructor(output: RingMemory, mainDoorbell: SharedArrayBuffer, counters: Float64Array, marks = NO_MARKS) {
    this.ring = new RingWriter(output, new Doorbell(mainDoorbell));
    this.counters = counters;
    this.marks = new Float64Array(marks);
    this.nextMark = olderMark(this.marks, this.ring.endedTail);
    this.told = this.marks[MARKS[1 - this.nextMark].position];
  }

  /** Markets whose output found no room and are not told yet. */
  get lostMarkets(): number {
    return this.lostCount;
  }

  /** The shard's forerunner left this market without output that main must be told of. */
  noteLost(market: number): void {
    if (this.lost[market] !== 0) return;
    this.lost[market] = 1;
    this.lostCount++;
  }

  /** Starts a group of records about one market. */
  begin(market: number): void {
    if (this.lostCount > 0 && !this.isMuted) this.tellLost();
    this.group = market;
    this.hasFailed = false;
  }

  /** A slot with its header written, or -1 once the group has found no room. */
  claim(type: number, flags: number, count: number): number {
    if (this.hasFailed) return -1;
    const slot = this.claimSlot();
    if (slot < 0) {
      this.hasFailed = true;
      return -1;
    }
    this.ring.u32[slot * SLOT_U32] = type | (flags << 8) | (this.group << 16);
    this.ring.u32[slot * SLOT_U32 + 1] = count;
    return slot;
  }

  private claimSlot(): number {
    const slot = this.ring.claim();
    return slot < 0 && this.patience !== null ? this.patience.claim(this.ring) : slot;
  }

  /** Copies a whole record of the input ring. */
  copy(u32: Uint32Array, slot: number): void {
    if (this.hasFailed) return;
    const to = this.claimSlot();
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
    if (this.isMuted) {
      this.ring.abandonFrame();
      return true;
    }
    if (this.hasFailed) {
      this.counters[shardCounter.outputLost] += this.ring.frameSlots;
      this.ring.abandonFrame();
      this.noteLost(this.group);
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

  /**
   * Shows the batch to the main thread, with a stamp behind it. `position` is where the shard stands in its input: all
   * records before it have been applied, and what they tell is in this commit or was in one before.
   */
  commit(times: Float64Array, receiveAt: number, appliedAt: number, position = 0): void {
    if (this.lostCount > 0) this.tellLost();
    if (!this.ring.hasEnded) {
      this.mark(position);
      return;
    }
    const slot = this.ring.claim();
    if (slot >= 0) {
      this.ring.u32[slot * SLOT_U32] = RecordType.stamp;
      this.ring.u32[slot * SLOT_U32 + 1] = this.recordsInBatch;
      this.ring.f64[slot * SLOT_F64 + outputStamp.at.receiveTimeNs] = times[receiveAt];
      this.ring.f64[slot * SLOT_F64 + outputStamp.at.appliedTimeNs] = times[appliedAt];
      this.ring.endFrame();
    }
    this.recordsInBatch = 0;
    this.mark(position);
    this.ring.commit();
  }

  /**
   * Notes what the commit that follows covers. The mark that is overwritten is the older one; its tail goes first, so that
   * it counts for nothing until the commit, wherever between two stores the shard may end. It never goes back: what a
   * forerunner told stays told, though this shard may end before it has come so far.
   */
  private mark(position: number): void {
    if (((position - this.told) | 0) > 0) this.told = position;
    const { tail, position: positionAt } = MARKS[this.nextMark];
    this.marks[tail] = this.ring.endedTail;
    this.marks[positionAt] = this.told;
    this.nextMark = 1 - this.nextMark;
  }
}

/** The mark that a forerunner's last commit does not stand on. */
function olderMark(marks: Float64Array, outputTail: number): number {
  const [first, second] = MARKS;
  if (marks[first.tail] !== outputTail) return 0;
  if (marks[second.tail] !== outputTail) return 1;
  return ((marks[second.position] - marks[first.position]) | 0) > 0 ? 0 : 1;
}
