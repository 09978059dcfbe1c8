// The thread of a sender that goes as fast as its updates arrive: rounds of one update a market, few of them under way.

import { parentPort, workerData } from 'node:worker_threads';
import { openFrameSocket, write } from '../../engine/load/frame-socket.ts';
import { readerWords } from './reader-words.ts';
import { tradeWire } from './trade-wire.ts';

export type WindowedPlan = {
  readonly port: number;
  readonly path: string;
  readonly words: SharedArrayBuffer;
  readonly markets: number;
  readonly firstId: number;
  /** Rounds prepared; each has one update of every market. */
  readonly rounds: number;
  /** Messages that come of one round. */
  readonly deliveries: number;
  /** Rounds sent and not yet delivered, at most. */
  readonly window: number;
};

const NAP_MS = 0.1;

const plan = workerData as WindowedPlan;
const words = new Float64Array(plan.words);
const cell = new Int32Array(new SharedArrayBuffer(4));
const { bytes, ends } = tradeWire(plan.rounds * plan.markets, plan.markets, plan.firstId, 0, 1);
const socket = await openFrameSocket(plan.port, plan.path);
let round = 0;

const endOf = (index: number): number => (index === 0 ? 0 : ends[index * plan.markets - 1]);

/** Sends the next rounds; each waits until all but the last few are delivered. */
async function send(count: number): Promise<void> {
  for (const last = round + count; round < last; round++) {
    while (words[readerWords.received] < (round - plan.window + 1) * plan.deliveries) Atomics.wait(cell, 0, 0, NAP_MS);
    await write(socket, bytes.subarray(endOf(round), endOf(round + 1)));
    await new Promise(setImmediate);
  }
}

parentPort?.on('message', (count: number) => {
  if (count > 0) void send(count).then(() => parentPort?.postMessage('sent'));
  else {
    socket.destroy();
    parentPort?.close();
  }
});
parentPort?.postMessage('ready');
