// What does a record cost through a ring, written and read on one thread, beside a bare copy of its 64 bytes in and out?
//
//   claim, write 8 words, endFrame … commit ──► available, read 8 words … release
//
// One thread does both, so this is the ring's arithmetic alone; the path suite has two threads.

import { DOORBELL_BYTES, Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { check, type Results, type Size } from '../harness.ts';
import { bench } from '../support/turns.ts';

const RING_SLOTS = 16_384;

/** Sum of 0..records-1: each record holds its number eight times. */
const sumTo = (records: number): number => (records * (records - 1)) / 2;

/** The reading side of both ways: a record's number, from all of its words. */
function readRecord(f64: Float64Array, at: number): number {
  let all = 0;
  for (let word = 0; word < SLOT_F64; word++) all += f64[at + word];
  return all / SLOT_F64;
}

function throughRing(records: number, batch: number): () => number {
  const ring = createRing(RING_SLOTS);
  const writer = new RingWriter(ring, new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)));
  const reader = new RingReader(ring);
  return () => {
    let sum = 0;
    for (let from = 0; from < records; from += batch) {
      for (let record = from; record < from + batch; record++) {
        const at = writer.claim() * SLOT_F64;
        for (let word = 0; word < SLOT_F64; word++) writer.f64[at + word] = record;
        writer.endFrame();
      }
      writer.commit();
      const count = reader.available();
      for (let offset = 0; offset < count; offset++) sum += readRecord(reader.f64, reader.slotAt(offset) * SLOT_F64);
      reader.release(count);
    }
    return sum;
  };
}

function bareCopy(records: number, batch: number): () => number {
  const memory = new Float64Array(new SharedArrayBuffer(RING_SLOTS * SLOT_F64 * 8));
  return () => {
    let sum = 0;
    for (let from = 0; from < records; from += batch) {
      for (let record = from; record < from + batch; record++) {
        const at = (record & (RING_SLOTS - 1)) * SLOT_F64;
        for (let word = 0; word < SLOT_F64; word++) memory[at + word] = record;
      }
      for (let record = from; record < from + batch; record++)
        sum += readRecord(memory, (record & (RING_SLOTS - 1)) * SLOT_F64);
    }
    return sum;
  };
}

export function ring(results: Results, size: Size): void {
  const records = size === 'full' ? 256 * 1024 : 4096;
  for (const batch of [1, 256]) {
    const way = (name: string, run: () => number) => ({
      name,
      run: () => {
        const sum = run();
        check(sum === sumTo(records), `${name}: expected the sum ${sumTo(records)}, was ${sum}`);
      },
    });
    bench(results, size, {
      name: `records in batches of ${batch}`,
      operation: 'record',
      operations: records,
      ways: [way('ring, one thread', throughRing(records, batch)), way('bare copy', bareCopy(records, batch))],
    });
  }
}
