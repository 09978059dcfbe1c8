// The sender's thread: writes prepared frames over several raw sockets as fast as they are taken.

import { parentPort, workerData } from 'node:worker_threads';
import { depthFrames, tradeFrames, type Workload } from '../workloads.ts';
import { batchFrames } from '../workloads-batch.ts';
import { openFrameSocket, wireFrame, write } from './frame-socket.ts';

export type GeneratorPlan = {
  readonly kind: 'trades' | 'depth' | 'batches';
  readonly frames: number;
  readonly markets: number;
  readonly connections: number;
};

export type GeneratorTask = { readonly port: number; readonly path: string; readonly part: 'before' | 'frames' };

/** Bytes handed to a socket at once; a few socket buffers. */
const CHUNK_BYTES = 256 * 1024;

const plan = workerData as GeneratorPlan;

function workloadOf({ kind, frames, markets }: GeneratorPlan): Workload {
  if (kind === 'trades') return tradeFrames(frames, markets);
  return kind === 'depth' ? depthFrames(frames, markets) : batchFrames(frames, markets);
}

const workload = workloadOf(plan);

/** Frames of one connection joined into chunks; a market always goes over the same connection, so its order holds. */
function chunksOf(frames: readonly Uint8Array[], connection: number): Buffer[] {
  const chunks: Buffer[] = [];
  let parts: Buffer[] = [];
  let size = 0;
  for (let i = 0; i < frames.length; i++) {
    if (((i * 7919) % plan.markets) % plan.connections !== connection) continue;
    const frame = wireFrame(frames[i], plan.kind === 'batches');
    parts.push(frame);
    size += frame.length;
    if (size < CHUNK_BYTES) continue;
    chunks.push(Buffer.concat(parts));
    parts = [];
    size = 0;
  }
  if (parts.length > 0) chunks.push(Buffer.concat(parts));
  return chunks;
}

const prepared = {
  before: Array.from({ length: plan.connections }, (_, connection) =>
    workload.before.filter((_, market) => market % plan.connections === connection).map((frame) => wireFrame(frame)),
  ),
  frames: Array.from({ length: plan.connections }, (_, connection) => chunksOf(workload.frames, connection)),
};

async function send(task: GeneratorTask): Promise<void> {
  await Promise.all(
    prepared[task.part].map(async (chunks) => {
      const socket = await openFrameSocket(task.port, task.path);
      for (const chunk of chunks) await write(socket, chunk);
      await new Promise<void>((resolve) => socket.end(resolve));
    }),
  );
}

parentPort?.on('message', (task: GeneratorTask) => {
  send(task).then(() => parentPort?.postMessage('sent'));
});
parentPort?.postMessage('ready');
