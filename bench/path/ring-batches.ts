// How many records a second go through a ring between two threads, in batches?
//
//   this thread: claim, write 8 words, endFrame ×64, commit ──ring──► peer thread: available, read 8 words, release
//
// The baseline is the same loop over a plain SharedArrayBuffer with no peer: a bare copy in and out.

import { Worker } from 'node:worker_threads';
import { entryUrl } from '../../engine/base/entry.ts';
import { DOORBELL_BYTES, Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, RING_FULL, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { check, type Results, type Size } from '../harness.ts';

const BATCH = 256;
const RING_SLOTS = 16_384;

export type RingPeerPlan = {
  readonly ring: ReturnType<typeof createRing>;
  readonly doorbell: SharedArrayBuffer;
  readonly records: number;
};

/** Sum of the first word over 0..records-1, which the peer must come to. */
const sumTo = (records: number): number => (records * (records - 1)) / 2;

async function throughRing(records: number): Promise<number> {
  const ring = createRing(RING_SLOTS);
  const doorbell = new SharedArrayBuffer(DOORBELL_BYTES);
  const plan: RingPeerPlan = { ring, doorbell, records };
  const worker = new Worker(entryUrl('./ring-peer.ts', import.meta.url), { workerData: plan });
  await new Promise((resolve) => worker.once('message', resolve));
  const answer = new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const writer = new RingWriter(ring, new Doorbell(doorbell));
  const start = performance.now();
  produce(writer, records);
  const sum = await answer;
  const seconds = (performance.now() - start) / 1000;
  check(sum === sumTo(records), `ring: expected the sum ${sumTo(records)}, was ${sum}`);
  await worker.terminate();
  return records / seconds;
}

function produce(writer: RingWriter, records: number): void {
  const f64 = writer.f64;
  let inBatch = 0;
  for (let i = 0; i < records; i++) {
    let slot = writer.claim();
    while (slot === RING_FULL) {
      writer.commit();
      writer.waitForRoom(10);
      slot = writer.claim();
    }
    const at = slot * SLOT_F64;
    for (let word = 0; word < SLOT_F64; word++) f64[at + word] = i;
    writer.endFrame();
    if (++inBatch < BATCH) continue;
    inBatch = 0;
    writer.commit();
  }
  writer.commit();
}

function bareCopy(records: number): number {
  const memory = new Float64Array(new SharedArrayBuffer(RING_SLOTS * SLOT_F64 * 8));
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < records; i += BATCH) {
    for (let j = i; j < i + BATCH; j++) {
      const at = (j & (RING_SLOTS - 1)) * SLOT_F64;
      for (let word = 0; word < SLOT_F64; word++) memory[at + word] = j;
    }
    for (let j = i; j < i + BATCH; j++) {
      const at = (j & (RING_SLOTS - 1)) * SLOT_F64;
      let all = 0;
      for (let word = 0; word < SLOT_F64; word++) all += memory[at + word];
      sum += all / SLOT_F64;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  check(sum === sumTo(records), `copy: expected the sum ${sumTo(records)}, was ${sum}`);
  return records / seconds;
}

export async function ringBatches(results: Results, size: Size): Promise<void> {
  const records = size === 'full' ? 64 * 1024 * 1024 : 64 * 1024;
  const repeats = size === 'full' ? 5 : 1;
  const ring: number[] = [];
  const copy: number[] = [];
  for (let i = 0; i < repeats; i++) {
    copy.push(bareCopy(records));
    ring.push(await throughRing(records));
  }
  results.add(`ring, 64-byte records in batches of ${BATCH}, two threads`, 'records/s', ring, null, '≥ 50 M');
  results.add('bare copy in and out, one thread', 'records/s', copy);
  results.ratio('ring / bare copy', ring, copy, 'bare copy');
}
