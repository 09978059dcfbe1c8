// Writes the records of one frame into the rings of its markets' shards: whole, or not at all. Hot path.

import {
  BLOCK_STEP_MS,
  BLOCK_TOTAL_MS,
  CLOCK_STEP_US,
  COMMIT_FRAMES_MAX,
  FRAME_RECORDS_MAX,
  HEARTBEAT_STALE_MS,
} from '../../schemas/config.ts';
import { ingressCounter, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { clock as clockRecord, stamp } from '../../schemas/market-data.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LatencyRecorder } from '../observe/latency.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { RING_FULL, RingWriter } from '../ring/spsc-ring.ts';

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

/** Markets one frame may touch before their counters are kept no more apart; frames of more are batches of our own making. */
const TOUCHED_MAX = 4096;

export type FullPolicy = 'block' | 'block-without-limit' | 'drop';

/**
 * Frames of one ingress thread, one at a time:
 *
 *   begin(receive time) → claim() … claim() → end()  or  abandon()
 *
 * Ended frames become visible with commit(): after COMMIT_FRAMES_MAX frames, or when the session calls it at the end of
 * the event loop's burst. A stamp record closes each commit and carries its time, so no record needs a word for it.
 */
export class FrameWriter {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  f64: Float64Array;
  readonly frame = new Float64Array(1);
  readonly counters: Float64Array;
  /** Markets touched by the frame being written, each once in a row. */
  readonly touched = new Int32Array(TOUCHED_MAX);
  touchedCount = 0;
  private readonly writers: RingWriter[];
  private readonly shardWords: Int32Array[];
  private readonly doorbells: Doorbell[];
  private readonly shards: number;
  private readonly marketCounters: Float64Array;
  private readonly drops: Int32Array;
  private readonly clock: EngineClock;
  private readonly decode: LatencyRecorder;
  /** What is done at a full ring: a session may have its own while it writes. */
  policy: FullPolicy;
  /** Heartbeat at which a shard was given up, -1 for none (it counts from 0 up and wraps past it once in years). */
  private readonly givenUpBeats: Int32Array;
  private current: RingWriter;
  private lastMarket = -1;
  private records = 0;
  private readonly updates = new Float64Array(TOUCHED_MAX);
  /** Number of the last frame ended, and the one each market was counted in last. */
  private frameNumber = 0;
  private readonly countedIn: Int32Array;
  private framesInCommit = 0;
  private firstReceiveNs = 0;
  private nextClockUs = 0;

  constructor(memory: EngineMemory, clock: EngineClock, policy: FullPolicy) {
    this.clock = clock;
    this.policy = policy;
    this.shards = memory.shards.length;
    this.doorbells = memory.shards.map((shard) => new Doorbell(shard.doorbell));
    this.writers = memory.shards.map((shard, index) => new RingWriter(shard.input, this.doorbells[index]));
    this.shardWords = memory.shards.map((shard) => new Int32Array(shard.words));
    this.marketCounters = new Float64Array(memory.marketCounters);
    this.counters = new Float64Array(memory.ingressCounters);
    this.drops = new Int32Array(memory.drops);
    this.decode = new LatencyRecorder(memory.ingressLatency);
    this.countedIn = new Int32Array(memory.marketsMax);
    this.givenUpBeats = new Int32Array(this.shards).fill(-1);
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
    this.records = 0;
    this.lastMarket = -1;
    this.touchedCount = 0;
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
   * Sends the latest multiple of 100 ms to every shard (INTERFACES, replay). Thread: this one, between frames.
   */
  tick(nowNs: number): void {
    const nowUs = this.clock.wallUs(nowNs);
    if (nowUs < this.nextClockUs) return;
    const multiple = nowUs - (nowUs % CLOCK_STEP_US);
    this.nextClockUs = multiple + CLOCK_STEP_US;
    for (let shard = 0; shard < this.shards; shard++) {
      const writer = this.writers[shard];
      let slot = writer.claim();
      if (slot === RING_FULL) slot = this.claimFull(writer, shard);
      if (slot < 0) continue;
      writer.u32[slot * SLOT_U32] = RecordType.clock;
      writer.u32[slot * SLOT_U32 + 1] = 0;
      writer.f64[slot * SLOT_F64 + clockRecord.at.timeUs] = multiple;
      writer.endFrame();
    }
  }

  /** As RecordSink.claim. */
  claim(market: number, type: number): number {
    const shard = market % this.shards;
    const writer = this.writers[shard];
    let slot = writer.claim();
    if (slot < 0) {
      slot = this.claimFull(writer, shard);
      if (slot < 0) {
        this.touch(market);
        return slot;
      }
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
    const writer = this.writers[market % this.shards];
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
    if (this.touchedCount === TOUCHED_MAX) this.touchedCount--;
    this.touched[this.touchedCount] = market;
    this.updates[this.touchedCount] = 0;
    this.touchedCount++;
  }

  /** The frame is whole: it becomes visible with the next commit. */
  end(): void {
    this.frameNumber = (this.frameNumber + 1) | 0;
    for (let i = 0; i < this.touchedCount; i++) {
      const market = this.touched[i];
      const row = market * MARKET_COUNTER_COLUMNS;
      // Markets may take turns in a frame: it counts once for each.
      if (this.countedIn[market] !== this.frameNumber) this.marketCounters[row + marketCounter.frames]++;
      this.countedIn[market] = this.frameNumber;
      this.marketCounters[row + marketCounter.updates] += this.updates[i];
    }
    if (this.shards === 1) this.writers[0].endFrame();
    else for (let shard = 0; shard < this.shards; shard++) this.writers[shard].endFrame();
    if (++this.framesInCommit >= COMMIT_FRAMES_MAX) this.commit();
  }

  /** Records of our own that no frame brought: they become visible with the next commit and count as none. */
  endRecords(): void {
    for (let shard = 0; shard < this.shards; shard++) this.writers[shard].endFrame();
  }

  /** The frame is decoded once more: nothing of the pass before stays. */
  restart(): void {
    if (this.touchedCount === 0) return;
    this.abandon();
    this.begin();
  }

  /** The frame is bad: nothing of it stays. */
  abandon(): void {
    for (let shard = 0; shard < this.shards; shard++) this.writers[shard].abandonFrame();
  }

  /** Makes all ended frames visible, with a stamp behind them in each ring that got some. */
  commit(): void {
    let committed = 0;
    const nowNs = this.framesInCommit > 0 ? this.clock.nowNs() : 0;
    for (let shard = 0; shard < this.shards; shard++) {
      const writer = this.writers[shard];
      if (!writer.hasEnded) continue;
      if (this.framesInCommit > 0) this.writeStamp(writer, nowNs);
      writer.commit();
      committed = 1;
    }
    if (this.framesInCommit > 0 && this.policy !== 'block-without-limit')
      this.decode.record(nowNs - this.firstReceiveNs, this.framesInCommit);
    this.counters[ingressCounter.commits] += committed;
    this.framesInCommit = 0;
  }

  private writeStamp(writer: RingWriter, nowNs: number): void {
    const slot = writer.claim();
    if (slot < 0) return; // a full ring has no room to be measured in
    writer.u32[slot * SLOT_U32] = RecordType.stamp;
    writer.u32[slot * SLOT_U32 + 1] = this.framesInCommit;
    writer.f64[slot * SLOT_F64 + stamp.at.receiveTimeNs] = this.firstReceiveNs;
    writer.f64[slot * SLOT_F64 + stamp.at.commitTimeNs] = nowNs;
    writer.endFrame();
  }

  /** Frames ended and not yet visible. */
  get uncommitted(): number {
    return this.framesInCommit;
  }

  /** Slots held in a shard's ring, for reports. */
  heldSlots(shard: number): number {
    return this.writers[shard].heldSlots;
  }

  /** The ring is full: earlier frames are shown to the shard, then the policy waits for room or gives up (DESIGN §5). */
  private claimFull(writer: RingWriter, shard: number): number {
    writer.commit();
    if (writer.frameSlots >= writer.slots) return FrameResult.tooLarge;
    if (this.policy === 'drop') return FrameResult.dropped;
    const words = this.shardWords[shard];
    const start = this.clock.nowNs();
    let heartbeat = Atomics.load(words, shardWords.at.heartbeat);
    // A shard given up on that has not beaten since is not waited for again, else each frame would cost a second.
    if (heartbeat === this.givenUpBeats[shard]) return FrameResult.dropped;
    let beatNs = start;
    for (;;) {
      writer.waitForRoom(BLOCK_STEP_MS);
      const now = this.clock.nowNs();
      const slot = writer.claim();
      if (slot >= 0) {
        this.counters[ingressCounter.blockedNs] += now - start;
        return slot;
      }
      const beat = Atomics.load(words, shardWords.at.heartbeat);
      if (beat !== heartbeat) {
        heartbeat = beat;
        beatNs = now;
      }
      const isDown = now - beatNs > HEARTBEAT_STALE_MS * 1e6;
      const isOver = this.policy === 'block' && now - start > BLOCK_TOTAL_MS * 1e6;
      if ((isDown && this.policy === 'block') || isOver) {
        this.counters[ingressCounter.blockedNs] += now - start;
        if (isDown) this.givenUpBeats[shard] = heartbeat;
        return FrameResult.dropped;
      }
    }
  }

  /** Marks a market as having lost a frame; its shard makes the book say so before anything else of it is shown. */
  markDropped(market: number): void {
    Atomics.add(this.drops, market, 1);
    this.marketCounters[market * MARKET_COUNTER_COLUMNS + marketCounter.dropped]++;
    const shard = market % this.shards;
    Atomics.add(this.shardWords[shard], shardWords.at.dropVersion, 1);
    this.doorbells[shard].ring();
  }
}
