// Owns the stress test of the ring: two threads, numbered records in every word, all ways of waiting.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DOORBELL_BYTES, Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, type RingMemory } from '../../engine/ring/spsc-ring.ts';
import { RING_CONTROL_BYTES, ringControl } from '../../schemas/ring.ts';
import { SEED } from '../support/seed.ts';
import type { Job, Outcome } from './ring-peer.ts';

/** Sequences shortly before an Int32 changes sign, and before it passes zero. */
const BEFORE_SIGN = 2 ** 31 - 10_000;
const BEFORE_ZERO = -10_000;

/** A side that sleeps: looks at the CPU time of the whole process until one finds next to none. */
const LOOK_MS = 500;
const LOOKS_MAX = 40;
const BUSY_MS_MAX = 50;

const CANARY = 0x5afe_c0de;
const CANARY_WORDS = 1024;
/** Words of the doorbell in use (engine/ring/doorbell.ts): parked, bell, rings. */
const DOORBELL_WORDS = [0, 16, 17];

/** A ring whose memory goes on behind its last slot, with canaries there and in every unused word before its slots. */
class GuardedRing {
  readonly ring: RingMemory;
  readonly bell = new SharedArrayBuffer(DOORBELL_BYTES);
  private readonly words: Uint32Array;
  private readonly canaries: number[] = [];

  constructor(slots: number, start: number) {
    const ringWords = createRing(slots).memory.byteLength / 4;
    this.ring = { memory: new SharedArrayBuffer((ringWords + CANARY_WORDS) * 4), slots };
    this.words = new Uint32Array(this.ring.memory);
    const controlWords = RING_CONTROL_BYTES / 4;
    const used = new Set([ringControl.head, ringControl.tail, ...DOORBELL_WORDS.map((word) => controlWords + word)]);
    for (let word = 0; word < controlWords + DOORBELL_BYTES / 4; word++) if (!used.has(word)) this.canaries.push(word);
    for (let word = ringWords; word < this.words.length; word++) this.canaries.push(word);
    for (const word of this.canaries) this.words[word] = CANARY;
    this.words[ringControl.head] = start;
    this.words[ringControl.tail] = start;
  }

  get canariesHurt(): number {
    return this.canaries.filter((word) => this.words[word] !== CANARY).length;
  }

  /** Rings of the consumer's doorbell and of the producer's. */
  get rings(): number {
    return new Doorbell(this.bell).rings + new Doorbell(this.ring.memory, RING_CONTROL_BYTES).rings;
  }

  get tail(): number {
    return Atomics.load(new Int32Array(this.ring.memory), ringControl.tail);
  }
}

/** A worker under Node 20 does not inherit the loader that lets this thread read TypeScript, so it registers its own. */
function startPeer(): Worker {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const register = `data:text/javascript,import { register } from ${loader}; register();`;
  return new Worker(new URL('./ring-peer.ts', import.meta.url), { execArgv: ['--import', register] });
}

type Side = Pick<Job, 'batchMax' | 'pauses'>;
type Scenario = {
  readonly slots: number;
  readonly start: number;
  readonly records: number;
  readonly frameMax: number;
  readonly abandonOneIn: number;
  readonly napsMax: number;
  readonly producer: Side;
  readonly consumer: Side;
};

const BUSY: Scenario = {
  slots: 4096,
  start: BEFORE_SIGN,
  records: 2_000_000,
  frameMax: 50,
  abandonOneIn: 10,
  napsMax: 20,
  producer: { batchMax: 8, pauses: [] },
  consumer: { batchMax: 1000, pauses: [] },
};

describe('ring between two threads', () => {
  let producer: Worker;
  let consumer: Worker;

  before(async () => {
    producer = startPeer();
    consumer = startPeer();
    await Promise.all([once(producer, 'online'), once(consumer, 'online')]);
  });

  after(async () => {
    await Promise.all([producer.terminate(), consumer.terminate()]);
  });

  async function post(worker: Worker, job: Job): Promise<Outcome> {
    const answer = once(worker, 'message');
    worker.postMessage(job);
    return (await answer)[0] as Outcome;
  }

  /** Starts both sides, `lateSide` a while after the other, and checks what must hold for every run. */
  async function run(t: TestContext, scenario: Scenario, lateSide?: Job['side'], meanwhile?: () => Promise<void>) {
    const guarded = new GuardedRing(scenario.slots, scenario.start);
    const { records, frameMax, abandonOneIn, napsMax } = scenario;
    const job = { ring: guarded.ring, bell: guarded.bell, records, frameMax, abandonOneIn, napsMax, seed: SEED };
    const started = performance.now();
    const startProducer = () => post(producer, { ...job, ...scenario.producer, side: 'producer' });
    const startConsumer = () => post(consumer, { ...job, ...scenario.consumer, side: 'consumer' });
    const first = lateSide === 'producer' ? startConsumer() : startProducer();
    if (meanwhile !== undefined) await meanwhile();
    const second = lateSide === 'producer' ? startProducer() : startConsumer();
    const [one, other] = await Promise.all([first, second]);
    const [wrote, read] = lateSide === 'producer' ? [other, one] : [one, other];
    const tail = guarded.tail;
    t.diagnostic(
      `records ${records}, commits ${wrote.commits}, abandoned frames ${wrote.abandoned}, ` +
        `rings ${guarded.rings}, sleeps ${wrote.sleeps} and ${read.sleeps}, ${Math.round(performance.now() - started)} ms`,
    );
    const { lost, repeated, torn, abandonedSeen } = read;
    assert.deepEqual({ lost, repeated, torn, abandonedSeen }, { lost: 0, repeated: 0, torn: 0, abandonedSeen: 0 });
    assert.equal(read.records, records);
    assert.equal(tail, (scenario.start + records) | 0);
    assert.equal(guarded.canariesHurt, 0);
    if (abandonOneIn > 0) assert.ok(wrote.abandoned > 0);
    return { wrote, read, rings: guarded.rings };
  }

  it('keeps every record whole and in order at full speed, with few wake-ups', async (t) => {
    const { rings } = await run(t, BUSY);
    assert.ok(rings < BUSY.records / 200, `expected few rings, was ${rings}`);
  });

  it('keeps every record when each side parks whenever it can, across sequence zero', async (t) => {
    const side = { batchMax: 3, pauses: [] };
    const scenario = { ...BUSY, start: BEFORE_ZERO, slots: 16, records: 300_000, frameMax: 7, napsMax: 0 };
    const { wrote, read } = await run(t, { ...scenario, producer: side, consumer: side });
    assert.ok(wrote.sleeps > 0 && read.sleeps > 0, 'expected both sides to park');
  });

  it('keeps every record in the smallest ring there is', async (t) => {
    const side = { batchMax: 1, pauses: [] };
    const scenario = { ...BUSY, start: BEFORE_SIGN, slots: 1, records: 40_000, frameMax: 1, napsMax: 0 };
    await run(t, { ...scenario, producer: side, consumer: side });
  });

  it('keeps every record when frames are as large as the ring', async (t) => {
    const scenario = { ...BUSY, start: BEFORE_ZERO, slots: 64, records: 300_000, frameMax: 64, napsMax: 0 };
    await run(t, { ...scenario, producer: { batchMax: 2, pauses: [] }, consumer: { batchMax: 64, pauses: [] } });
  });

  it('blocks the producer and loses nothing while the consumer is slow, and once stops', async (t) => {
    const pauses = [
      { everyRecords: 5_000, forMs: 1 },
      { everyRecords: 400_000, forMs: 300 },
    ];
    const consumer = { batchMax: 200, pauses };
    const { wrote } = await run(t, { ...BUSY, start: BEFORE_ZERO, records: 600_000, slots: 1024, consumer });
    assert.ok(wrote.sleeps > 0, 'expected a full ring');
  });

  it('parks the consumer and loses nothing while the producer is slow, and once stops', async (t) => {
    const pauses = [
      { everyRecords: 5_000, forMs: 4 },
      { everyRecords: 400_000, forMs: 300 },
    ];
    const { read, rings } = await run(t, { ...BUSY, records: 600_000, producer: { batchMax: 8, pauses } });
    assert.ok(read.sleeps > 0, 'expected an empty ring');
    assert.ok(rings < 600_000 / 100, `expected few rings, was ${rings}`);
  });

  for (const lateSide of ['producer', 'consumer'] as const) {
    const name = lateSide === 'producer' ? 'consumer beside an empty ring' : 'producer beside a full ring';
    it(`costs next to no CPU while it sleeps: ${name}`, async (t) => {
      let busyMs = Number.POSITIVE_INFINITY;
      // The first looks may see its thread start, or this one collect; a side that spins is busy at every look.
      const idle = async () => {
        for (let look = 0; look < LOOKS_MAX && busyMs >= BUSY_MS_MAX; look++) {
          const from = process.cpuUsage();
          await sleep(LOOK_MS);
          const { user, system } = process.cpuUsage(from);
          busyMs = (user + system) / 1000;
        }
      };
      await run(t, { ...BUSY, records: 10_000, napsMax: 0 }, lateSide, idle);
      t.diagnostic(`CPU of the whole process in ${LOOK_MS} idle ms: ${busyMs.toFixed(1)} ms`);
      assert.ok(busyMs < BUSY_MS_MAX, `expected next to no CPU, was ${busyMs} ms`);
    });
  }
});
