// The main thread's only loop: takes what the shards wrote, in bounded rounds, and sleeps on the main doorbell.

import { outputStamp } from '../../schemas/derived.ts';
import { RecordType } from '../../schemas/ids.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../observe/latency.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { RingReader } from '../ring/spsc-ring.ts';
import type { FanOut } from './fan-out.ts';
import { OutputRecords, type OutputWords } from './output-records.ts';

/** Records of one ring per round, then sockets and timers get their turn: a few milliseconds at most. */
const ROUND_RECORDS_MAX = 4096;
/** After a round of at least this many records main looks again before it sleeps: more has gathered meanwhile. */
const BUSY_RECORDS = 16;

function recorder(): LatencyRecorder {
  return new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
}

export class Drain {
  /** Applied → main's dequeue, dequeue → handed to the sockets, receive → handed; in frames. */
  readonly outputWait = recorder();
  readonly publish = recorder();
  readonly engine = recorder();
  private readonly rings: readonly OutputRecords[];
  private readonly bell: Doorbell;
  private readonly clock: EngineClock;
  private readonly fanOut: FanOut;
  private readonly onRound: (nowNs: number) => void;
  private isStopped = false;

  constructor(
    memory: EngineMemory,
    clock: EngineClock,
    words: OutputWords,
    fanOut: FanOut,
    onRound: (nowNs: number) => void,
  ) {
    this.rings = memory.shards.map((shard) => new OutputRecords(new RingReader(shard.output), clock, words));
    this.bell = new Doorbell(memory.mainDoorbell);
    this.clock = clock;
    this.fanOut = fanOut;
    this.onRound = onRound;
  }

  start(onFault: (error: unknown) => void): void {
    this.run().catch(onFault);
  }

  /** Ends the loop at its next turn. */
  stop(): void {
    this.isStopped = true;
    this.bell.ring();
  }

  get isEmpty(): boolean {
    return this.rings.every((records) => records.ring.available() === 0);
  }

  /** Only a guard, called by a timer: wakes main where records wait, as the doorbell does in microseconds. */
  guard(): void {
    if (!this.isEmpty) this.bell.ring();
  }

  /** Between two rounds the event loop always gets a turn, in which uWebSockets.js sends what was published. */
  private async run(): Promise<void> {
    while (!this.isStopped) {
      const isBusy = this.round() >= BUSY_RECORDS;
      if (isBusy || !(await this.slept())) await new Promise(setImmediate);
    }
  }

  /** Announce, look again, sleep: a shard that commits in between either sees us parked or is seen (Doorbell). */
  private async slept(): Promise<boolean> {
    const seen = this.bell.announce();
    if (this.isEmpty && !this.isStopped) return this.bell.sleepAsync(seen);
    this.bell.cancel();
    return false;
  }

  /** One turn over all rings; returns the records taken. */
  private round(): number {
    const nowNs = this.clock.nowNs();
    this.onRound(nowNs);
    let taken = 0;
    let dequeuedNs = nowNs;
    for (const records of this.rings) {
      const available = records.ring.available();
      if (available === 0) continue;
      if (taken > 0) dequeuedNs = this.clock.nowNs();
      taken += this.takeFrom(records, available, dequeuedNs);
    }
    return taken;
  }

  /** Frames are committed whole, so what is available ends with a whole group. */
  private takeFrom(records: OutputRecords, available: number, dequeuedNs: number): number {
    let offset = 0;
    while (offset < available && offset < ROUND_RECORDS_MAX) {
      if (records.type(offset) === RecordType.stamp) {
        dequeuedNs = this.stamp(records, offset, dequeuedNs);
        offset++;
      } else offset += this.fanOut.take(records, offset);
    }
    records.ring.release(offset);
    return offset;
  }

  /** One clock read per batch: the time its last message was handed over is when the next one was dequeued. */
  private stamp(records: OutputRecords, offset: number, dequeuedNs: number): number {
    const handedNs = this.clock.nowNs();
    const weight = Math.max(1, records.count(offset));
    this.outputWait.record(dequeuedNs - records.f64(offset, outputStamp.at.appliedTimeNs), weight);
    this.publish.record(handedNs - dequeuedNs, weight);
    this.engine.record(handedNs - records.f64(offset, outputStamp.at.receiveTimeNs), weight);
    return handedNs;
  }
}
