// One side of the ring's stress test, on a thread of its own: writes or reads numbered records until told all are done.
import { parentPort } from 'node:worker_threads';
import { Doorbell } from '../../engine/ring/doorbell.ts';
import { RING_FULL, type RingMemory, RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { SLOT_U32 } from '../../schemas/layout.ts';

/** A stop of this side: after every `everyRecords`, for `forMs`. */
export type Pause = { readonly everyRecords: number; readonly forMs: number };

export type Job = {
  readonly side: 'producer' | 'consumer';
  readonly ring: RingMemory;
  readonly bell: SharedArrayBuffer;
  readonly records: number;
  readonly seed: number;
  /** Producer: records of a frame, and frames of a commit, at most. Consumer: records of a release, at most. */
  readonly frameMax: number;
  readonly batchMax: number;
  /** Producer: one frame in so many is written in part or whole and then abandoned; 0 for none. */
  readonly abandonOneIn: number;
  /** Consumer: timed naps that found nothing before it parks, as in workers/duty-cycle.ts. */
  readonly napsMax: number;
  readonly pauses: readonly Pause[];
};

export type Outcome = {
  readonly records: number;
  /** Consumer: what went wrong, by kind. A torn record is counted as nothing else. */
  readonly lost: number;
  readonly repeated: number;
  readonly torn: number;
  readonly abandonedSeen: number;
  readonly sleeps: number;
  readonly commits: number;
  readonly abandoned: number;
};

/** Far longer than any pause, so a sleep that lasts this long was not ended by its bell: a lost wake-up. */
const SLEEP_MS = 60_000;
const OVERSLEPT_MS = 50_000;
const NAP_MS = 0.05;
/** Numbers from here on belong to abandoned records. */
const ABANDONED = 0xf000_0000;
/** Word w of record n is n + w * STRIDE, modulo 2^32: no word of one record equals the same word of another. */
const STRIDE = 0x9e37_79b1;

/** xorshift32: the same seed gives the same frames. */
class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  /** 1 to max. */
  upTo(max: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return ((this.state >>> 0) % max) + 1;
  }
}

/** Stops where the job says so. */
class Pauses {
  private readonly pauses: readonly Pause[];
  private readonly next: number[];
  private readonly still = new Int32Array(new SharedArrayBuffer(4));

  constructor(pauses: readonly Pause[]) {
    this.pauses = pauses;
    this.next = pauses.map((pause) => pause.everyRecords);
  }

  at(record: number): void {
    for (let index = 0; index < this.next.length; index++) {
      if (record < this.next[index]) continue;
      this.next[index] += this.pauses[index].everyRecords;
      Atomics.wait(this.still, 0, 0, this.pauses[index].forMs);
    }
  }
}

/** Ends this thread, and with it the test, when a sleep begun at `before` was not ended by its bell. */
function checkWoken(side: string, before: number): void {
  const sleptMs = performance.now() - before;
  if (sleptMs > OVERSLEPT_MS)
    throw new Error(`${side}: expected to be woken, was asleep for ${Math.round(sleptMs)} ms`);
}

class Producer {
  private readonly job: Job;
  private readonly writer: RingWriter;
  private readonly random: Random;
  sleeps = 0;
  commits = 0;
  abandoned = 0;

  constructor(job: Job) {
    this.job = job;
    this.writer = new RingWriter(job.ring, new Doorbell(job.bell));
    this.random = new Random(job.seed);
  }

  run(): void {
    const { records, frameMax, batchMax, abandonOneIn } = this.job;
    const pauses = new Pauses(this.job.pauses);
    let number = 0;
    let framesLeft = this.random.upTo(batchMax);
    while (number < records) {
      const size = Math.min(this.random.upTo(frameMax), records - number);
      if (abandonOneIn > 0 && this.random.upTo(abandonOneIn) === 1) this.writeAbandoned(size);
      this.writeFrame(number, size);
      this.writer.endFrame();
      number += size;
      if (--framesLeft > 0) continue;
      this.commit();
      framesLeft = this.random.upTo(batchMax);
      pauses.at(number);
    }
    this.commit();
  }

  private commit(): void {
    this.writer.commit();
    this.commits++;
  }

  private writeAbandoned(size: number): void {
    this.writeFrame(ABANDONED, size);
    this.writer.abandonFrame();
    this.abandoned++;
  }

  private writeFrame(first: number, size: number): void {
    const { u32 } = this.writer;
    for (let record = 0; record < size; record++) {
      const start = this.claim() * SLOT_U32;
      for (let word = 0; word < SLOT_U32; word++) u32[start + word] = first + record + Math.imul(word, STRIDE);
    }
  }

  private claim(): number {
    let slot = this.writer.claim();
    if (slot !== RING_FULL) return slot;
    this.commit();
    for (;;) {
      const before = performance.now();
      this.writer.waitForRoom(SLEEP_MS);
      this.sleeps++;
      checkWoken('producer', before);
      slot = this.writer.claim();
      if (slot !== RING_FULL) return slot;
    }
  }
}

class Consumer {
  private readonly job: Job;
  private readonly reader: RingReader;
  private readonly bell: Doorbell;
  private naps = 0;
  expected = 0;
  lost = 0;
  repeated = 0;
  torn = 0;
  abandonedSeen = 0;
  sleeps = 0;

  constructor(job: Job) {
    this.job = job;
    this.reader = new RingReader(job.ring);
    this.bell = new Doorbell(job.bell);
  }

  run(): void {
    const { reader } = this;
    const random = new Random(this.job.seed);
    const pauses = new Pauses(this.job.pauses);
    while (this.expected < this.job.records) {
      const available = reader.available();
      if (available === 0) {
        this.idle();
        continue;
      }
      const count = Math.min(available, random.upTo(this.job.batchMax));
      for (let offset = 0; offset < count; offset++) this.read(reader.slotAt(offset) * SLOT_U32);
      reader.release(count);
      this.naps = 0;
      pauses.at(this.expected);
    }
  }

  private read(start: number): void {
    const { u32 } = this.reader;
    const number = u32[start];
    for (let word = 1; word < SLOT_U32; word++) {
      if (u32[start + word] === (number + Math.imul(word, STRIDE)) >>> 0) continue;
      this.torn++;
      this.expected++;
      return;
    }
    if (number >= ABANDONED) this.abandonedSeen++;
    else if (number < this.expected) this.repeated++;
    else {
      this.lost += number - this.expected;
      this.expected = number + 1;
    }
  }

  private idle(): void {
    if (this.naps < this.job.napsMax) {
      this.naps++;
      this.bell.nap(NAP_MS);
      return;
    }
    const seen = this.bell.announce();
    if (this.reader.available() > 0) {
      this.bell.cancel();
      return;
    }
    const before = performance.now();
    this.bell.sleep(seen, SLEEP_MS);
    this.sleeps++;
    checkWoken('consumer', before);
  }
}

function produce(job: Job): Outcome {
  const producer = new Producer(job);
  producer.run();
  const { sleeps, commits, abandoned } = producer;
  const seen = { lost: 0, repeated: 0, torn: 0, abandonedSeen: 0 };
  return { records: job.records, ...seen, sleeps, commits, abandoned };
}

function consume(job: Job): Outcome {
  const consumer = new Consumer(job);
  consumer.run();
  const { expected, lost, repeated, torn, abandonedSeen, sleeps } = consumer;
  return { records: expected, lost, repeated, torn, abandonedSeen, sleeps, commits: 0, abandoned: 0 };
}

parentPort?.on('message', (job: Job) => {
  parentPort?.postMessage(job.side === 'producer' ? produce(job) : consume(job));
});
