// The reading side of the ring bench: sums the first word of every record and checks that the others agree.

import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../../engine/ring/doorbell.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import type { RingPeerPlan } from './ring-batches.ts';

const plan = workerData as RingPeerPlan;
const reader = new RingReader(plan.ring);
const doorbell = new Doorbell(plan.doorbell);

function consume(records: number): number {
  const f64 = reader.f64;
  let left = records;
  let sum = 0;
  while (left > 0) {
    const count = reader.available();
    if (count === 0) {
      const seen = doorbell.announce();
      if (reader.available() > 0) doorbell.cancel();
      else doorbell.sleep(seen, 100);
      continue;
    }
    for (let offset = 0; offset < count; offset++) {
      const at = reader.slotAt(offset) * SLOT_F64;
      let all = 0;
      for (let word = 0; word < SLOT_F64; word++) all += f64[at + word];
      sum += all / SLOT_F64;
    }
    reader.release(count);
    left -= count;
  }
  return sum;
}

parentPort?.postMessage('ready');
parentPort?.postMessage(consume(plan.records));
