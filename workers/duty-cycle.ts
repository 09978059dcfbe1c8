// The only loop of a shard: poll, dispatch, flush, idle. Hot path.

import type { EngineClock } from '../engine/base/clock.ts';
import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../engine/observe/latency.ts';
import { Doorbell } from '../engine/ring/doorbell.ts';
import { RingReader } from '../engine/ring/spsc-ring.ts';
import { BATCH_RECORDS_MAX, PARK_MS, SPIN_LOOKS } from '../schemas/config.ts';
import { shardCounter } from '../schemas/counters.ts';
import { RecordType } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../schemas/layout.ts';
import { stamp } from '../schemas/market-data.ts';
import type { ShardRebuild } from '../schemas/shard-task.ts';
import { engineWords, shardMarks, shardWords } from '../schemas/shared-state.ts';
import type { Dispatch } from './dispatch.ts';
import { Takeover } from './takeover.ts';

/** After a batch of at least this many records the shard naps before it parks: more is surely coming. */
const BUSY_RECORDS = 16;
/** Length of a nap. The kernel rounds it up by its timer slack of 50 µs. */
const NAP_MS = 0.05;
/** Naps that found nothing before the shard parks. */
const NAPS_MAX = 20;

/**
 * Records between two beats inside a batch, more where they are trades of one market. One batch may begin thousands of markets, which takes
 * milliseconds each on a busy machine: a shard that works must not be taken for one that is stuck.
 */
const BEAT_RECORDS = 16;
/** Trades of one market that are applied together at most. */
const RUN_RECORDS_MAX = 256;

/** Indexes of this.times. */
const DEQUEUE = 0;
const APPLIED = 1;
const RECEIVE = 2;

/**
 * Waiting, and why so. A wake-up costs the ingress thread a system call, about as much as three frames. So a shard that
 * was just busy naps: a timed sleep no one has to end, in which a batch gathers. Only when several naps found nothing
 * does it park, with the flag set that makes the producer ring. An idle shard then wakes ten times a second to beat.
 */
export class DutyCycle {
  private readonly input: RingReader;
  private readonly command: RingReader;
  private readonly doorbell: Doorbell;
  private readonly engine: Int32Array;
  private readonly words: Int32Array;
  private readonly counters: Float64Array;
  private readonly ringWait: LatencyRecorder;
  private readonly apply: LatencyRecorder;
  private readonly clock: EngineClock;
  private readonly dispatch: Dispatch;
  private readonly times = new Float64Array(3);
  private naps = NAPS_MAX;
  private readonly memory: EngineMemory;
  private readonly shard: number;
  private readonly marks: Float64Array;
  /** With a journal the ring is given back commit by commit, so that it always begins behind a known entry. */
  private readonly releasesCommits: boolean;
  /** Records of the ring that are applied and not released. */
  private taken = 0;
  /** How many of them end with a stamp, the frames they are, and the journal entry and trades that waited at the last. */
  private stamped = 0;
  private stampedFrames = 0;
  private stampedSequence = 0;
  private stampedWaiting = 0;
  /** Null once this shard does nothing its forerunner has done. */
  private takeover: Takeover | null = null;

  constructor(memory: EngineMemory, shard: number, clock: EngineClock, dispatch: Dispatch) {
    const own = memory.shards[shard];
    this.memory = memory;
    this.shard = shard;
    this.marks = new Float64Array(own.marks);
    this.releasesCommits = memory.journal !== null;
    this.input = new RingReader(own.input);
    this.command = new RingReader(own.command);
    this.doorbell = new Doorbell(own.doorbell);
    this.engine = new Int32Array(memory.words);
    this.words = new Int32Array(own.words);
    this.counters = new Float64Array(own.counters);
    this.ringWait = new LatencyRecorder(own.latency, 0);
    this.apply = new LatencyRecorder(own.latency, LATENCY_BYTES);
    this.clock = clock;
    this.dispatch = dispatch;
  }

  /**
   * Leaves out the batch that the shard before this one did not live to finish: part of it was applied and counted, and
   * what ended the shard may lie in it. Trades that it took before and had not applied yet are lost with it.
   */
  skipCutShort(): void {
    this.counters[shardCounter.cutShort] += Atomics.exchange(this.words, shardWords.at.waiting, 0);
    const count = (Atomics.load(this.words, shardWords.at.batchEnd) - this.input.position) | 0;
    if (count <= 0) return;
    this.input.release(count);
    this.counters[shardCounter.cutShort] += count;
  }

  /** Applies again what the shard before this one had applied: what it told is not told again. */
  takeOver(rebuild: ShardRebuild): void {
    const { dispatch, words } = this;
    if (rebuild.isBehindAnew || Atomics.load(words, shardWords.at.lostOutputs) > 0) dispatch.noteOutputLost();
    Atomics.store(words, shardWords.at.waiting, 0);
    this.takeover = new Takeover(this.memory, this.shard, dispatch, this.doorbell, rebuild);
    this.takeover.run(this.input);
    this.endTakeover();
  }

  private endTakeover(): void {
    if (this.takeover?.isOverAt((this.input.position + this.taken) | 0) !== true) return;
    this.takeover = null;
    this.dispatch.output.isMuted = false;
    this.dispatch.catchUp();
    if (!this.dispatch.isInChange) this.dispatch.showLatest();
  }

  /** Runs until the engine stops and everything ingress committed is applied. */
  run(): void {
    for (;;) {
      this.beat();
      if (this.turn() > 0) continue;
      if (this.isOver()) break;
      this.idle();
    }
  }

  private beat(): void {
    Atomics.add(this.words, shardWords.at.heartbeat, 1);
  }

  /** One bounded piece of work; returns the records done. */
  private turn(): number {
    const commands = this.takeover === null ? this.answerCommands() : 0;
    const captured = this.captureSome();
    const available = this.input.available() - this.taken;
    if (available === 0) {
      if (commands > 0) this.flush();
      return commands + captured;
    }
    const count = Math.min(available, BATCH_RECORDS_MAX);
    this.times[DEQUEUE] = this.clock.nowNs();
    this.times[RECEIVE] = this.times[DEQUEUE];
    const from = this.taken;
    Atomics.store(this.words, shardWords.at.batchEnd, (this.input.position + from + count) | 0);
    const frames =
      this.takeover === null ? this.applyRecords(from, count) : this.applyAlone(this.takeover, from, count);
    this.taken = from + count;
    // With more to come trades may wait for others of their market, until the clock goes on.
    if (this.input.available() === this.taken && !this.dispatch.isInChange) this.dispatch.trades.settleAll();
    this.words[shardWords.at.recordAt] = (this.input.position + this.taken) | 0;
    if (!this.releasesCommits) this.release();
    this.flush();
    if (this.releasesCommits) this.release();
    if (frames > 0) this.apply.record(this.times[APPLIED] - this.times[DEQUEUE], frames);
    this.counters[shardCounter.batches]++;
    this.naps = count >= BUSY_RECORDS ? 0 : this.naps;
    return count;
  }

  /** Applies `count` records behind those taken before; returns the frames their stamps speak of. */
  private applyRecords(from: number, count: number): number {
    const { input, dispatch, words } = this;
    const end = from + count;
    let frames = 0;
    let beatAt = from + BEAT_RECORDS;
    for (let offset = from; offset < end; ) {
      if (offset >= beatAt) {
        this.beat();
        beatAt = offset + BEAT_RECORDS;
      }
      const slot = input.slotAt(offset);
      const type = input.u8[slot * SLOT_BYTES];
      if (type === RecordType.stamp) {
        offset++;
        frames += this.readStamp(slot, offset);
        continue;
      }
      words[shardWords.at.recordAt] = (input.position + offset) | 0;
      offset += dispatch.take(type, slot, Math.min(end - offset, RUN_RECORDS_MAX, input.slots - slot));
    }
    return frames;
  }

  /** As applyRecords(), one by one: records that a forerunner had taken may be among them. */
  private applyAlone(takeover: Takeover, from: number, count: number): number {
    const { input, words } = this;
    let frames = 0;
    for (let offset = from; offset < from + count; offset++) {
      this.beat();
      const slot = input.slotAt(offset);
      const type = input.u8[slot * SLOT_BYTES];
      if (type === RecordType.stamp) {
        frames += this.readStamp(slot, offset + 1);
        takeover.passStamp(this.stampedSequence);
        continue;
      }
      words[shardWords.at.recordAt] = (input.position + offset) | 0;
      takeover.takeAlone(type, slot);
    }
    return frames;
  }

  /** A few markets of a checkpoint that is being written; returns how many. */
  private captureSome(): number {
    const { dispatch } = this;
    if (!dispatch.capture.isRunning || dispatch.isInChange) return 0;
    return dispatch.capture.turn();
  }

  /**
   * Gives back what has been applied. With a journal up to the last stamp, and only once what it tells has been committed:
   * no other shard will tell it. The entry goes first, as its stamp says whether the ring still has what lies before it.
   */
  private release(): void {
    if (this.releasesCommits && this.dispatch.isInChange) return;
    const count = this.releasesCommits ? this.stamped : this.taken;
    if (count > 0) {
      this.marks[shardMarks.at.releasedSequence] = this.stampedSequence;
      this.input.release(count);
      this.counters[shardCounter.records] += count;
      this.counters[shardCounter.frames] += this.stampedFrames;
      this.taken -= count;
    }
    const waiting = this.dispatch.trades.waitingCount;
    // Trades that wait and lie in the ring too are counted by the ring.
    const held = this.taken === 0 ? waiting : Math.min(waiting, this.stampedWaiting);
    Atomics.store(this.words, shardWords.at.waiting, held);
    this.stamped = 0;
    this.stampedFrames = 0;
    if (this.takeover !== null) this.endTakeover();
  }

  /** `end` is the offset behind it. */
  private readStamp(slot: number, end: number): number {
    const frames = this.input.u32[slot * SLOT_U32 + stamp.at.count];
    const base = slot * SLOT_F64;
    this.stamped = end;
    this.stampedFrames += frames;
    this.stampedSequence = this.input.f64[base + stamp.at.sequence];
    this.stampedWaiting = this.dispatch.trades.waitingCount;
    if (this.stampedWaiting === 0) this.marks[shardMarks.at.waitingAfter] = this.stampedSequence;
    // Records of our own: no frame came, and none is timed.
    if (frames === 0) return 0;
    this.ringWait.record(this.times[DEQUEUE] - this.input.f64[base + stamp.at.commitTimeNs], frames);
    if (this.input.f64[base + stamp.at.receiveTimeNs] < this.times[RECEIVE]) {
      this.times[RECEIVE] = this.input.f64[base + stamp.at.receiveTimeNs];
    }
    return frames;
  }

  /** Requests wait while a change is open: its book is between two states. */
  private answerCommands(): number {
    if (this.dispatch.isInChange) return 0;
    const count = this.command.available();
    for (let offset = 0; offset < count; offset++) {
      this.beat();
      this.dispatch.request(this.command, this.command.slotAt(offset));
    }
    if (count > 0) {
      this.command.release(count);
      this.counters[shardCounter.requests] += count;
    }
    return count;
  }

  private flush(): void {
    this.times[APPLIED] = this.clock.nowNs();
    // Inside a change nothing is shown: its book is between two states, and its group of output records is not whole.
    if (this.dispatch.isInChange) return;
    this.dispatch.showLatest();
    const { output } = this.dispatch;
    // Ahead of the commit, which says that all of the batch was told: a shard may end between the two.
    if (output.lostMarkets > 0) this.words[shardWords.at.lostOutputs] = output.lostMarkets;
    output.commit(this.times, RECEIVE, APPLIED, (this.input.position + this.taken) | 0);
    if (output.lostMarkets !== this.words[shardWords.at.lostOutputs])
      this.words[shardWords.at.lostOutputs] = output.lostMarkets;
  }

  private isOver(): boolean {
    if (Atomics.load(this.engine, engineWords.at.stop) === 0) return false;
    return Atomics.load(this.engine, engineWords.at.ingressDone) === 1 && this.input.available() === this.taken;
  }

  private hasWork(): boolean {
    return this.input.available() > this.taken || this.command.available() > 0;
  }

  private idle(): void {
    for (let look = 0; look < SPIN_LOOKS; look++) if (this.hasWork()) return;
    if (this.naps < NAPS_MAX) {
      this.naps++;
      this.doorbell.nap(NAP_MS);
      return;
    }
    this.counters[shardCounter.parks]++;
    const seen = this.doorbell.announce();
    if (this.hasWork() || this.isOver()) this.doorbell.cancel();
    else this.doorbell.sleep(seen, PARK_MS);
  }
}
