// Writes the records of one frame into the rings of its markets' shards: whole, or not at all. Hot path.

import { CLOCK_STEP_US, FRAME_RECORDS_MAX } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { RING_FULL, type RingWriter } from '../ring/spsc-ring.ts';
import { InputRings, type InputRingsOptions } from './input-rings.ts';
import { fillClock, fillGap, ownSlot } from './own-records.ts';
import type { RejectedFrames } from './rejected-frames.ts';
import type { FullPolicy } from './ring-patience.ts';

export type { FullPolicy } from './ring-patience.ts';

/** Updates that one record of a type counts for; heads and continuations count none. */
const UPDATES = new Uint8Array(32);
for (const type of [
  RecordType.trade,
  RecordType.level,
  RecordType.quote,
  RecordType.candle,
  RecordType.derivative,
  RecordType.liquidation,
]) {
  UPDATES[type] = 1;
}

/** Markets one frame may touch, in turns, before their counters are kept no more apart; frames of more are batches of our own making. */
const TOUCHED_MAX = 4096;

const NO_SHARDS: readonly number[] = [];

/**
 * Frames of one ingress thread, one at a time:
 *
 *   begin(receive time) → claim() … claim() → end()  or  abandon()
 *
 * Ended frames become visible with commit() (InputRings).
 */
export class FrameWriter extends InputRings {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  f64: Float64Array;
  readonly frame = new Float64Array(1);
  /** Markets touched by the frame being written, each once in a row. */
  readonly touched = new Int32Array(TOUCHED_MAX);
  touchedCount = 0;
  /** Those that found no place there. */
  readonly touchedBeside = new Set<number>();
  /** Keeps frames that could not be taken; null where no one wants them. */
  rejected: RejectedFrames | null = null;
  /** Markets whose records the frame at hand must not have: gaps stand for them. Null for none. */
  poisoned: readonly number[] | null = null;
  private readonly marketCounters: Float64Array;
  private current: RingWriter;
  private lastMarket = -1;
  private records = 0;
  private readonly updates = new Float64Array(TOUCHED_MAX);
  /** Number of the last frame ended, and the one each market was counted in last. */
  private frameNumber = 0;
  private readonly countedIn: Int32Array;
  private nextClockUs = 0;

  constructor(memory: EngineMemory, clock: EngineClock, policy: FullPolicy, options: InputRingsOptions = {}) {
    super(memory, clock, policy, options);
    this.marketCounters = new Float64Array(memory.marketCounters);
    this.countedIn = new Int32Array(memory.marketsMax);
    this.current = this.writers[0];
    this.u8 = this.current.u8;
    this.u16 = this.current.u16;
    this.u32 = this.current.u32;
    this.f64 = this.current.f64;
  }

  /**
   * Notes that frames came in. Frames of one burst of the event loop lay in the socket's buffer together: they share the
   * time at which the first of them was taken, which is never later than their own (decisions/0004).
   */
  receive(): void {
    this.noteReceive(this.clock.nowNs());
  }

  /** Starts a frame of the burst for which receive() was called. */
  begin(): void {
    if (this.isDropping) this.stopDropping();
    this.clear();
  }

  private clear(): void {
    this.records = 0;
    this.lastMarket = -1;
    this.touchedCount = 0;
    if (this.touchedBeside.size > 0) this.touchedBeside.clear();
  }

  /** Starts a frame of the journal: its clock records are entries of their own. */
  beginEntry(receiveNs: number): void {
    this.frame[0] = receiveNs;
    if (this.framesInCommit === 0) this.firstReceiveNs = receiveNs;
    this.begin();
  }

  /** Starts a frame received at an engine time in ns, as recorded. */
  beginAt(receiveNs: number): void {
    this.noteReceive(receiveNs);
    this.begin();
  }

  /** A clock record goes ahead of the frame where one is due. */
  private noteReceive(receiveNs: number): void {
    this.frame[0] = receiveNs;
    if (this.framesInCommit === 0) this.firstReceiveNs = receiveNs;
    if (this.clock.anchor.wallUs + receiveNs / 1000 >= this.nextClockUs) this.tick(receiveNs);
  }

  /** Starts a frame of a recording without times: no clock passes, and the shard takes the venue's time instead. */
  beginTimeless(): void {
    this.frame[0] = Number.NaN;
    this.begin();
  }

  /**
   * Sends the latest multiple of 100 ms to every shard (INTERFACES, replay), and what gaps are owed where there is room.
   * Thread: this one, between frames.
   */
  tick(nowNs: number): void {
    this.payAll('drop');
    const nowUs = this.clock.wallUs(nowNs);
    if (nowUs < this.nextClockUs) return;
    const multiple = nowUs - (nowUs % CLOCK_STEP_US);
    const missing = this.writeClock(multiple);
    const { journal } = this;
    if (journal === null) return;
    if (missing.length === 0) journal.clock(multiple, nowNs);
    else journal.records(0, this.clocksWithout(missing, multiple), nowNs);
  }

  /** Time in µs since 1970 that the next clock record is due at. */
  get clockDueUs(): number {
    return this.nextClockUs;
  }

  set clockDueUs(timeUs: number) {
    this.nextClockUs = timeUs;
  }

  /** A clock record of this time has gone to shards. */
  clockPassed(timeUs: number): void {
    this.nextClockUs = Math.max(this.nextClockUs, timeUs + CLOCK_STEP_US);
  }

  get shardCount(): number {
    return this.shards;
  }

  /** A clock record for every shard; returns those whose ring stayed full. */
  writeClock(timeUs: number): readonly number[] {
    this.nextClockUs = timeUs + CLOCK_STEP_US;
    // A journal may have hours of them behind one another: what waits has its bound here, too.
    this.endOwn();
    let missing = NO_SHARDS;
    for (let shard = 0; shard < this.shards; shard++)
      if (!this.writeClockTo(shard, timeUs)) missing = [...missing, shard];
    return missing;
  }

  /** False where the ring stayed full. */
  writeClockTo(shard: number, timeUs: number): boolean {
    if (!this.payGaps(shard, this.policy)) return false;
    const writer = this.writers[shard];
    let slot = writer.claim();
    if (slot === RING_FULL) slot = this.claimFull(writer, shard);
    if (slot < 0) return false;
    fillClock(writer, slot, timeUs);
    this.endFrameOf(writer);
    return true;
  }

  /** The clock records of the other shards as slots; what is a market's id in other records is the shard here. */
  private clocksWithout(missing: readonly number[], timeUs: number): Uint8Array {
    const shards = Array.from({ length: this.shards }, (_, shard) => shard).filter((shard) => !missing.includes(shard));
    return Buffer.concat(
      shards.map((shard) => ownSlot(RecordType.clock, shard, (views, slot) => fillClock(views, slot, timeUs))),
    );
  }

  /** As RecordSink.claim. */
  claim(market: number, type: number): number {
    const shard = market % this.shards;
    let writer = this.targets[shard];
    let slot = writer.claim();
    if (slot < 0) {
      slot = this.claimFull(writer, shard);
      if (slot < 0) {
        this.touch(market);
        return slot;
      }
      // It is another where gaps went ahead.
      writer = this.targets[shard];
    }
    if (++this.records > FRAME_RECORDS_MAX) return FrameResult.tooLarge;
    if (writer !== this.current) this.turnTo(writer);
    // The slot header in two stores: type (u8), flags (u8), market (u16); count (u32). Little-endian, checked in layout.
    writer.u32[slot * SLOT_U32] = type | (market << 16);
    writer.u32[slot * SLOT_U32 + 1] = 0;
    if (market !== this.lastMarket) this.touch(market);
    this.updates[this.touchedCount - 1] += UPDATES[type];
    return slot;
  }

  /** As RecordSink.claimRun. What claim() would refuse, or wait for, is left to claim(). */
  claimRun(market: number, type: number, count: number): number {
    if (this.records + count > FRAME_RECORDS_MAX) return RING_FULL;
    const writer = this.targets[market % this.shards];
    const slot = writer.claimRun(count);
    if (slot < 0) return RING_FULL;
    this.records += count;
    if (writer !== this.current) this.turnTo(writer);
    if (market !== this.lastMarket) this.touch(market);
    this.updates[this.touchedCount - 1] += UPDATES[type] * count;
    return slot;
  }

  private turnTo(writer: RingWriter): void {
    this.current = writer;
    this.u8 = writer.u8;
    this.u16 = writer.u16;
    this.u32 = writer.u32;
    this.f64 = writer.f64;
  }

  private touch(market: number): void {
    this.lastMarket = market;
    if (this.touchedCount === TOUCHED_MAX) this.touchedBeside.add(this.touched[--this.touchedCount]);
    this.touched[this.touchedCount] = market;
    this.updates[this.touchedCount] = 0;
    this.touchedCount++;
  }

  /** The frame is whole: it becomes visible with the next commit. */
  end(): void {
    if (this.poisoned !== null) this.leaveOut(this.poisoned);
    this.frameNumber = (this.frameNumber + 1) | 0;
    for (let i = 0; i < this.touchedCount; i++) {
      const market = this.touched[i];
      const row = market * MARKET_COUNTER_COLUMNS;
      // Markets may take turns in a frame: it counts once for each.
      if (this.countedIn[market] !== this.frameNumber) this.marketCounters[row + marketCounter.frames]++;
      this.countedIn[market] = this.frameNumber;
      this.marketCounters[row + marketCounter.updates] += this.updates[i];
    }
    this.endFrame();
  }

  /** Records of our own that no frame brought: they become visible with the next commit and count as none. */
  endRecords(connection = 0): void {
    if (this.journal !== null) {
      for (const writer of this.writers)
        if (writer.frameSlots > 0) this.journal.records(connection, writer.frameBytes(), this.frame[0]);
    }
    this.endOwn();
  }

  /** Takes a record as it was in a ring, header and all, whatever is owed there. Returns false where the ring stayed full. */
  writeSlot(market: number, bytes: Uint8Array, from: number): boolean {
    const shard = market % this.shards;
    const writer = this.writers[shard];
    let slot = writer.claim();
    if (slot < 0) slot = this.claimFull(writer, shard);
    if (slot < 0) return false;
    writer.u8.set(bytes.subarray(from, from + SLOT_BYTES), slot * SLOT_BYTES);
    return true;
  }

  /** Updates of a market are lost, for a StateReason; what was made since a time (µs since 1970) may be missing. */
  writeGap(market: number, reason: number, sinceUs: number): void {
    const slot = this.claim(market, RecordType.gap);
    if (slot < 0) return;
    fillGap(this, slot, reason, this.frame[0], sinceUs, 0);
  }

  private leaveOut(markets: readonly number[]): void {
    for (const market of markets) {
      const writer = this.writers[market % this.shards];
      writer.leaveOut((slot) => writer.u16[slot * SLOT_U16 + 1] === market);
      this.writeGap(market, StateReason.poison, 0);
    }
  }

  /** The frame is decoded once more: nothing of the pass before stays. */
  restart(): void {
    if (this.touchedCount === 0) return;
    this.abandon();
    this.clear();
  }

  /** A market has lost the frame at hand: a gap says so ahead of the next record of its shard. */
  markDropped(market: number): void {
    this.marketCounters[market * MARKET_COUNTER_COLUMNS + marketCounter.dropped]++;
    this.owe(market, this.frame[0]);
  }
}
