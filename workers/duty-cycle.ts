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
import { engineWords, shardWords } from '../schemas/shared-state.ts';
import type { Dispatch } from './dispatch.ts';

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
  private dropVersion = 0;

  constructor(memory: EngineMemory, shard: number, clock: EngineClock, dispatch: Dispatch) {
    const own = memory.shards[shard];
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
    this.lookForDrops();
    const commands = this.answerCommands();
    const available = this.input.available();
    if (available === 0) {
      if (commands > 0) this.flush();
      return commands;
    }
    const count = Math.min(available, BATCH_RECORDS_MAX);
    this.times[DEQUEUE] = this.clock.nowNs();
    this.times[RECEIVE] = this.times[DEQUEUE];
    Atomics.store(this.words, shardWords.at.batchEnd, (this.input.position + count) | 0);
    const frames = this.applyRecords(count);
    // With more to come trades may wait for others of their market, until the clock goes on.
    if (this.input.available() === count) this.dispatch.trades.settleAll();
    this.input.release(count);
    Atomics.store(this.words, shardWords.at.waiting, this.dispatch.trades.waitingCount);
    this.flush();
    if (frames > 0) this.apply.record(this.times[APPLIED] - this.times[DEQUEUE], frames);
    this.counters[shardCounter.records] += count;
    this.counters[shardCounter.frames] += frames;
    this.counters[shardCounter.batches]++;
    this.naps = count >= BUSY_RECORDS ? 0 : this.naps;
    return count;
  }

  /** Applies `count` records; returns the frames their stamps speak of. */
  private applyRecords(count: number): number {
    const { input, dispatch } = this;
    let frames = 0;
    let beatAt = BEAT_RECORDS;
    for (let offset = 0; offset < count; ) {
      if (offset >= beatAt) {
        this.beat();
        beatAt = offset + BEAT_RECORDS;
      }
      const slot = input.slotAt(offset);
      const type = input.u8[slot * SLOT_BYTES];
      if (type === RecordType.stamp) {
        frames += this.readStamp(slot);
        offset++;
      } else offset += dispatch.take(type, slot, Math.min(count - offset, RUN_RECORDS_MAX, input.slots - slot));
    }
    return frames;
  }

  private readStamp(slot: number): number {
    const frames = this.input.u32[slot * SLOT_U32 + stamp.at.count];
    const base = slot * SLOT_F64;
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

  /** Frames of this shard's markets were dropped: their books say so before anything else of them is shown. */
  private lookForDrops(): void {
    const version = Atomics.load(this.words, shardWords.at.dropVersion);
    if (version === this.dropVersion) return;
    this.dropVersion = version;
    this.dispatch.markDrops();
  }

  private flush(): void {
    this.times[APPLIED] = this.clock.nowNs();
    // Inside a change nothing is shown: its book is between two states, and its group of output records is not whole.
    if (this.dispatch.isInChange) return;
    this.dispatch.showLatest();
    this.dispatch.output.commit(this.times, RECEIVE, APPLIED);
  }

  private isOver(): boolean {
    if (Atomics.load(this.engine, engineWords.at.stop) === 0) return false;
    return Atomics.load(this.engine, engineWords.at.ingressDone) === 1 && this.input.available() === 0;
  }

  private hasWork(): boolean {
    return (
      this.input.available() > 0 ||
      this.command.available() > 0 ||
      Atomics.load(this.words, shardWords.at.dropVersion) !== this.dropVersion
    );
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
