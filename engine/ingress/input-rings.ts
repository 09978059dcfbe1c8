// The input rings of all shards as their one producer has them: frames end, are shown with a stamp, and wait for room. Hot path.

import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_U32 } from '../../schemas/layout.ts';
import type { EngineClock } from '../base/clock.ts';
import type { JournalLog } from '../journal/journal-log.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LatencyRecorder } from '../observe/latency.ts';
import { DOORBELL_BYTES, Doorbell } from '../ring/doorbell.ts';
import { createRing, RingWriter } from '../ring/spsc-ring.ts';
import { OwedGaps } from './owed-gaps.ts';
import { fillCheckpoint, fillGap, fillStamp } from './own-records.ts';
import { type FullPolicy, RingPatience } from './ring-patience.ts';

/** One slot of each input ring is kept for the stamp, so that every commit ends with one. */
const STAMP_SLOTS = 1;

/** Slots that records nobody reads are written to, over and over. */
const SCRATCH_SLOTS = 4096;

export type InputRingsOptions = {
  /** Everything that makes records is written down here first; null for nowhere. */
  readonly journal?: JournalLog | null;
  /** The only shard whose records are wanted; those of others go nowhere. */
  readonly onlyShard?: number;
};

/**
 * Ended frames become visible with commit(): after COMMIT_FRAMES_MAX frames, or when the session calls it at the end of
 * the event loop's burst. A stamp record closes each commit and carries its time, so no record needs a word for it; and
 * the journal's last entry, so that a shard which takes a ring over knows what lies in it (decisions/0016).
 *
 * Frames that wait for their commit hold at most a quarter of a ring and one frame at most a half, so while a frame finds
 * no room there is something to release: whole commits, each with its stamp. None is ever needed amid a frame.
 *
 * A market that lost a frame is owed a gap record. Until all that a shard's markets are owed is written, its ring takes
 * nothing else: so the gap stands where the frame would have stood, and no record from before the loss, which may still lie
 * in the ring, makes good what was lost behind it. The journal has the gap as it has any record of our own.
 */
export class InputRings {
  readonly counters: Float64Array;
  protected readonly writers: RingWriter[];
  protected readonly doorbells: Doorbell[];
  protected readonly shards: number;
  protected readonly clock: EngineClock;
  private readonly decode: LatencyRecorder;
  /** What is done at a full ring: a session may have its own while it writes. */
  policy: FullPolicy;
  private readonly patience: RingPatience;
  /** Null where nothing is written down. */
  journal: JournalLog | null;
  /** The frame at hand found no room: it is decoded to its end, so that its decoder has seen it, and then thrown away. */
  isDropping = false;
  private readonly scratch: RingWriter;
  /** Where claims go: the entrances, or nowhere. */
  protected targets: RingWriter[];
  /** The ring of each shard, or one that is always full where gaps are owed. */
  private readonly entrances: RingWriter[];
  private readonly closed: RingWriter;
  private readonly nowhere: RingWriter[];
  private readonly owed: OwedGaps;
  /** A journal is being read, which says where each gap was written: what is owed meanwhile closes no ring. */
  areGapsTold = false;
  /** Slots that may wait for a commit, and that a frame may have. */
  private readonly waitingSlotsMax: number;
  private readonly frameSlotsMax: number;
  /** Frames of this commit that a stamp has told the shard of. */
  private readonly stamped: Int32Array;
  protected framesInCommit = 0;
  protected firstReceiveNs = 0;

  constructor(memory: EngineMemory, clock: EngineClock, policy: FullPolicy, options: InputRingsOptions = {}) {
    const { journal = null, onlyShard = -1 } = options;
    this.clock = clock;
    this.policy = policy;
    this.journal = journal;
    this.shards = memory.shards.length;
    this.doorbells = memory.shards.map((shard) => new Doorbell(shard.doorbell));
    this.scratch = new RingWriter(createRing(SCRATCH_SLOTS), new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)));
    this.writers = memory.shards.map((shard, index) =>
      onlyShard < 0 || onlyShard === index
        ? new RingWriter(shard.input, this.doorbells[index], STAMP_SLOTS)
        : this.scratch,
    );
    this.closed = new RingWriter(createRing(1), new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)), 1);
    this.entrances = this.writers.slice();
    this.targets = this.entrances;
    this.nowhere = memory.shards.map(() => this.scratch);
    this.owed = new OwedGaps(this.shards, memory.marketsMax);
    const { slots } = memory.shards[Math.max(onlyShard, 0)].input;
    this.waitingSlotsMax = slots >> 2;
    // A clock record may go ahead of the frame.
    this.frameSlotsMax = slots - STAMP_SLOTS - 1 - this.waitingSlotsMax;
    this.stamped = new Int32Array(this.shards);
    this.counters = new Float64Array(memory.ingressCounters);
    this.decode = new LatencyRecorder(memory.ingressLatency);
    this.patience = new RingPatience(memory, clock, this.counters);
  }

  /** A frame is whole. */
  protected endFrame(): void {
    const waitingSlots = this.shards === 1 ? this.endFrameOf(this.writers[0]) : this.endFrames();
    if (++this.framesInCommit >= COMMIT_FRAMES_MAX || waitingSlots > this.waitingSlotsMax) this.commit();
  }

  /** Records of our own are whole: they count as no frame. */
  protected endOwn(): void {
    if (this.endFrames() > this.waitingSlotsMax) this.commit();
  }

  /** Returns the most slots that wait in a ring. */
  protected endFrames(): number {
    let most = 0;
    for (let shard = 0; shard < this.shards; shard++) most = Math.max(most, this.endFrameOf(this.writers[shard]));
    return most;
  }

  protected endFrameOf(writer: RingWriter): number {
    if (writer !== this.scratch) return writer.endFrame();
    writer.abandonFrame();
    return 0;
  }

  /** The frame found no room, or must not be applied: whatever else it has goes nowhere. */
  drop(): void {
    this.abandon();
    this.isDropping = true;
    this.targets = this.nowhere;
  }

  protected stopDropping(): void {
    this.isDropping = false;
    this.targets = this.entrances;
    this.scratch.abandonFrame();
  }

  /** The frame is bad: nothing of it stays. */
  abandon(): void {
    for (let shard = 0; shard < this.shards; shard++) this.writers[shard].abandonFrame();
  }

  /**
   * Makes all ended frames visible, with a stamp behind them in each ring that got some. What they were made of goes to
   * the journal first: nothing is shown that a journal with room does not get.
   */
  commit(): void {
    if (this.journal !== null) this.journal.commit();
    let committed = 0;
    let nowNs = this.framesInCommit > 0 ? this.clock.nowNs() : 0;
    for (let shard = 0; shard < this.shards; shard++) {
      const writer = this.writers[shard];
      if (!writer.hasEnded) continue;
      if (nowNs === 0) nowNs = this.clock.nowNs();
      this.commitStamped(writer, shard, nowNs);
      committed = 1;
    }
    if (this.framesInCommit > 0 && this.policy !== 'block-without-limit')
      this.decode.record(nowNs - this.firstReceiveNs, this.framesInCommit);
    this.counters[ingressCounter.commits] += committed;
    this.framesInCommit = 0;
    this.stamped.fill(0);
  }

  /** As commit(), for one ring. */
  private commitAlone(writer: RingWriter, shard: number): void {
    if (this.journal !== null) this.journal.commit();
    this.commitStamped(writer, shard, this.clock.nowNs());
  }

  /** The stamp tells of the frames since the one before; of none where only clock records and records of our own came. */
  private commitStamped(writer: RingWriter, shard: number, nowNs: number): void {
    const frames = this.framesInCommit - this.stamped[shard];
    this.stamped[shard] = this.framesInCommit;
    const receiveNs = frames > 0 ? this.firstReceiveNs : nowNs;
    const sequence = this.journal === null ? 0 : this.journal.sequence;
    fillStamp(writer, writer.claimReserve(), frames, receiveNs, nowNs, sequence);
    writer.endFrame();
    writer.commit();
  }

  /** Shows everything, with a stamp of now behind it also where a shard was given nothing since the one before. */
  stampAnyway(shard: number): void {
    this.commit();
    const writer = this.writers[shard];
    if (this.patience.wait(writer, shard, 1, this.policy)) this.commitStamped(writer, shard, this.clock.nowNs());
  }

  /**
   * Puts a checkpoint between two frames and shows it. Returns the journal's entry that it stands behind, or 0 where there
   * is no journal or a ring has no room: then it is not written. No market is owed a gap behind it.
   */
  checkpoint(number: number): number {
    const { journal } = this;
    this.commit();
    if (journal === null || !this.payAll('drop') || !this.writers.every((writer) => writer.hasRoom(1))) return 0;
    const sequence = journal.checkpoint(number, this.clock.nowNs());
    for (const writer of this.writers) {
      fillCheckpoint(writer, writer.claim(), number, sequence);
      writer.endFrame();
    }
    this.commit();
    return sequence;
  }

  /** True where every ring has room for so many records now; waits for it as the policy says. */
  waitForRoom(slots: number): boolean {
    const wanted = Math.min(slots, this.frameSlotsMax);
    for (let shard = 0; shard < this.shards; shard++) {
      const writer = this.writers[shard];
      if (writer === this.scratch) continue;
      if (!this.payGaps(shard, this.policy)) return false;
      if (writer.hasRoom(wanted)) continue;
      if (writer.hasEnded) this.commit();
      if (!this.patience.wait(writer, shard, wanted, this.policy)) return false;
    }
    return true;
  }

  /** Engine time, ns. */
  nowNs(): number {
    return this.clock.nowNs();
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
  protected claimFull(writer: RingWriter, shard: number): number {
    if (writer === this.scratch) return this.scratchAgain();
    if (writer === this.closed) return this.claimBehindGaps(shard);
    if (writer.frameSlots >= this.frameSlotsMax) return FrameResult.tooLarge;
    if (writer.frameSlots === 0 && writer.hasEnded) this.commitAlone(writer, shard);
    return this.patience.wait(writer, shard, 1, this.policy) ? writer.claim() : FrameResult.dropped;
  }

  private claimBehindGaps(shard: number): number {
    if (!this.payGaps(shard, this.policy)) return FrameResult.dropped;
    const writer = this.writers[shard];
    const slot = writer.claim();
    return slot < 0 ? this.claimFull(writer, shard) : slot;
  }

  // ---- gaps that are owed

  /** A frame of this market, received at `receiveNs`, is lost. */
  protected owe(market: number, receiveNs: number): void {
    const shard = market % this.shards;
    if (this.writers[shard] === this.scratch) return;
    this.owed.owe(market, receiveNs);
    if (!this.areGapsTold) this.entrances[shard] = this.closed;
  }

  /** The market has its gap: it was written, or a journal has it that is being read. */
  settle(market: number): void {
    const shard = market % this.shards;
    this.owed.settle(market);
    if (this.owed.countOf(shard) === 0) this.entrances[shard] = this.writers[shard];
  }

  /** Writes every gap that is owed; false where some stay owed because a ring has no room as long as the policy waits. */
  payAll(policy: FullPolicy): boolean {
    let isPaid = true;
    for (let shard = 0; shard < this.shards; shard++) if (!this.payGaps(shard, policy)) isPaid = false;
    return isPaid;
  }

  /**
   * As payAll(), for one shard, nothing of a frame at hand being in its ring. A quarter of the ring must be free beside: one
   * that stays full would else be full of gaps alone, each written for frames that were lost for those before.
   */
  protected payGaps(shard: number, policy: FullPolicy): boolean {
    if (this.areGapsTold) return true;
    const writer = this.writers[shard];
    for (let count = this.owed.countOf(shard); count > 0; count = this.owed.countOf(shard)) {
      const wanted = Math.min(count + this.waitingSlotsMax, this.frameSlotsMax);
      if (!writer.hasRoom(wanted)) {
        if (writer.hasEnded) this.commitAlone(writer, shard);
        if (!this.patience.wait(writer, shard, wanted, policy)) return false;
      }
      this.writeGaps(writer, shard, Math.min(count, wanted));
    }
    return true;
  }

  private writeGaps(writer: RingWriter, shard: number, count: number): void {
    for (let written = 0; written < count; written++) {
      const market = this.owed.nextOf(shard);
      const slot = writer.claim();
      writer.u32[slot * SLOT_U32] = RecordType.gap | (market << 16);
      writer.u32[slot * SLOT_U32 + 1] = 0;
      fillGap(writer, slot, StateReason.drop, this.owed.receiveNs[market], 0, this.owed.lost[market]);
      this.settle(market);
    }
    if (this.journal !== null) this.journal.records(0, writer.frameBytes(), this.clock.nowNs());
    writer.endFrame();
    this.commitAlone(writer, shard);
  }

  /** What was written nowhere is written over. */
  private scratchAgain(): number {
    this.scratch.abandonFrame();
    return this.scratch.claim();
  }
}
