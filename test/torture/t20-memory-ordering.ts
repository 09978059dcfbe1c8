// T20: two threads and a ring that wraps all the time: each record once, in order, whole.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DOORBELL_BYTES } from '../../engine/ring/doorbell.ts';
import { createRing } from '../../engine/ring/spsc-ring.ts';
import { ringControl } from '../../schemas/ring.ts';
import type { Job, Outcome as Side } from '../stress/ring-peer.ts';
import { type Scenario, told, zeroOf } from './scenario.ts';

const RECORDS = { tiny: 300_000, small: 10_000_000, full: 100_000_000 } as const;
/** Small rings wrap most often, large ones let both sides run. */
const SLOTS = [16, 1_024, 65_536] as const;
/** Shortly before an Int32 changes sign. */
const START = 2 ** 31 - 10_000;

function peer(): Worker {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const register = `data:text/javascript,import { register } from ${loader}; register();`;
  return new Worker(new URL('../stress/ring-peer.ts', import.meta.url), { execArgv: ['--import', register] });
}

async function work(worker: Worker, job: Job): Promise<Side> {
  const answer = once(worker, 'message');
  worker.postMessage(job);
  return (await answer)[0] as Side;
}

export const scenario: Scenario = {
  id: 'T20',
  title: 'Memory ordering',
  async run(size, seed, log) {
    const [producer, consumer] = [peer(), peer()];
    const sum = { records: 0, lost: 0, repeated: 0, torn: 0, abandonedSeen: 0, abandoned: 0, expected: 0 };
    const beganMs = performance.now();
    for (const slots of SLOTS) {
      const ring = createRing(slots);
      const control = new Int32Array(ring.memory);
      control[ringControl.head] = START;
      control[ringControl.tail] = START;
      // The smallest ring hands over one record at a time: few of them take as long.
      const records = Math.ceil(RECORDS[size] / (slots === 16 ? 100 : 2));
      const job = {
        ring,
        bell: new SharedArrayBuffer(DOORBELL_BYTES),
        records,
        seed,
        abandonOneIn: 10,
        napsMax: 20,
        pauses: [],
      };
      const frameMax = Math.min(50, slots >> 1);
      const [wrote, read] = await Promise.all([
        work(producer, { ...job, side: 'producer', frameMax, batchMax: 8 }),
        work(consumer, { ...job, side: 'consumer', frameMax, batchMax: 1_000 }),
      ]);
      sum.expected += records;
      sum.records += read.records;
      sum.abandoned += wrote.abandoned;
      for (const what of ['lost', 'repeated', 'torn', 'abandonedSeen'] as const) sum[what] += read[what];
      log(`slots ${slots} ${JSON.stringify(read)}`);
    }
    const seconds = (performance.now() - beganMs) / 1_000;
    await Promise.all([producer.terminate(), consumer.terminate()]);
    const errors = sum.lost + sum.repeated + sum.torn + sum.abandonedSeen + (sum.expected - sum.records);
    return {
      injected: sum.abandoned,
      detected: null,
      falseAlarms: null,
      figures: [
        zeroOf('records lost, repeated, torn, or abandoned and read', errors, sum.expected),
        told('records a second through rings of 16 to 65,536 slots', Math.round(sum.records / seconds), '/s'),
      ],
      accounting: null,
      knownHoles: [
        `Run on ${process.arch} alone; the model of the ring (scripts/model-check.ts) covers weaker orders.`,
      ],
      notes: ['One frame in ten is written and then abandoned: none of these may be seen.'],
    };
  },
};
