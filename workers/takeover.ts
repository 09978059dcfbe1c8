// What a shard does first that takes the place of another: applies again what that one had applied, and tells none of it twice.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import type { Doorbell } from '../engine/ring/doorbell.ts';
import { RingReader } from '../engine/ring/spsc-ring.ts';
import { RecordType } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { stamp } from '../schemas/market-data.ts';
import type { ShardRebuild } from '../schemas/shard-task.ts';
import { engineWords, shardWords } from '../schemas/shared-state.ts';
import type { Dispatch } from './dispatch.ts';

/** Records between two beats. */
const BEAT_RECORDS = 16;
/** The rebuild thread is at work: a look at what it has every so often. */
const NAP_MS = 0.2;
/** Naps for nothing after which an engine that stops is not kept waiting. */
const STOP_NAPS = 1000;

/**
 * 1. The records since the checkpoint come in a ring of their own, from the thread that makes them again, up to the stamp
 *    of `untilSequence`.
 * 2. Of the shard's own ring the commits up to `skipUntilSequence` have come by 1 and are left out.
 * 3. The others follow, as far as the forerunner had taken them.
 * All are applied one by one: what ended the forerunner may be among them, and its place is to be known if it ends this
 * shard too. Output is muted up to the stamp of `mutedSequence` and for `mutedRecords` records behind it, in 1 or in 3.
 */
export class Takeover {
  private readonly dispatch: Dispatch;
  private readonly words: Int32Array;
  private readonly engine: Int32Array;
  private readonly doorbell: Doorbell;
  private readonly rebuild: ShardRebuild;
  /** Position of the shard's own ring up to which its forerunner had taken records. */
  private readonly takenUntil: number;
  /** The stamp of `mutedSequence` has come. */
  private isBehindMute: boolean;
  private mutedLeft: number;

  constructor(memory: EngineMemory, shard: number, dispatch: Dispatch, doorbell: Doorbell, rebuild: ShardRebuild) {
    this.dispatch = dispatch;
    this.words = new Int32Array(memory.shards[shard].words);
    this.engine = new Int32Array(memory.words);
    this.doorbell = doorbell;
    this.rebuild = rebuild;
    this.takenUntil = Atomics.load(this.words, shardWords.at.batchEnd);
    this.isBehindMute = rebuild.mutedSequence === 0;
    this.mutedLeft = rebuild.mutedRecords;
  }

  /** Steps 1 and 2; `input` is the shard's own ring, from which nothing has been taken yet. */
  run(input: RingReader): void {
    const { dispatch, words, rebuild } = this;
    Atomics.store(words, shardWords.at.rebuilding, 1);
    const ring = new RingReader(rebuild.ring);
    dispatch.beginRebuild(ring);
    this.applyAll(ring);
    dispatch.endRebuild(input);
    if (rebuild.untilSequence >= rebuild.mutedSequence) this.isBehindMute = true;
    this.leaveOut(input);
    dispatch.output.isMuted = false;
    // Until the first record of the shard's own ring none is being applied.
    words[shardWords.at.recordAt] = this.takenUntil;
    Atomics.store(words, shardWords.at.rebuilding, 0);
  }

  private beat(): void {
    Atomics.add(this.words, shardWords.at.heartbeat, 1);
  }

  private applyAll(ring: RingReader): void {
    for (let naps = 0; ; ) {
      const count = ring.available();
      if (count > 0) {
        const isLast = this.applySome(ring, count);
        ring.release(count);
        if (isLast) return;
        naps = 0;
        continue;
      }
      this.beat();
      if (++naps > STOP_NAPS && Atomics.load(this.engine, engineWords.at.stop) === 1) return;
      this.doorbell.nap(NAP_MS);
    }
  }

  /** True where the last stamp is among them. */
  private applySome(ring: RingReader, count: number): boolean {
    let isLast = false;
    for (let offset = 0; offset < count; offset++) {
      if (offset % BEAT_RECORDS === 0) this.beat();
      const slot = ring.slotAt(offset);
      const type = ring.u8[slot * SLOT_BYTES];
      this.words[shardWords.at.recordAt] = (ring.position + offset) | 0;
      if (type !== RecordType.stamp) this.takeAlone(type, slot);
      else {
        const sequence = ring.f64[slot * SLOT_F64 + stamp.at.sequence];
        this.passStamp(sequence);
        if (sequence >= this.rebuild.untilSequence) isLast = true;
      }
    }
    return isLast;
  }

  /** A stamp of either ring. */
  passStamp(sequence: number): void {
    if (sequence >= this.rebuild.mutedSequence) this.isBehindMute = true;
  }

  /** One record of either ring that is no stamp, muted where it is to be. Nothing waits: what fails, fails at its own record. */
  takeAlone(type: number, slot: number): void {
    const { dispatch } = this;
    dispatch.output.isMuted = !this.isBehindMute || this.mutedLeft > 0;
    dispatch.take(type, slot, 1);
    dispatch.trades.settleAll();
    if (this.isBehindMute && this.mutedLeft > 0) this.mutedLeft--;
  }

  /**
   * True once the record at this position of the shard's own ring is one that nobody has taken: none of it was told. A
   * forerunner that ended while it took over itself had not come as far as the one before it, which told more.
   */
  isOverAt(position: number): boolean {
    const hasMore = !this.isBehindMute || this.mutedLeft > 0;
    return !hasMore && ((this.takenUntil - position) | 0) <= 0;
  }

  /** Commits end with a stamp, and those that are to be left out were there before the forerunner ended. */
  private leaveOut(input: RingReader): void {
    const { skipUntilSequence } = this.rebuild;
    for (;;) {
      const commit = commitOf(input);
      if (commit === 0) return;
      const slot = input.slotAt(commit - 1);
      const sequence = input.f64[slot * SLOT_F64 + stamp.at.sequence];
      if (sequence > skipUntilSequence) return;
      this.passStamp(sequence);
      input.release(commit);
      this.beat();
    }
  }
}

/** Records of the first commit in a ring, its stamp included; 0 where there is none. */
function commitOf(ring: RingReader): number {
  const count = ring.available();
  for (let offset = 0; offset < count; offset++) {
    if (ring.u8[ring.slotAt(offset) * SLOT_BYTES] === RecordType.stamp) return offset + 1;
  }
  return 0;
}
