// The sender's thread: writes prepared frames over several raw sockets as fast as they are taken.

import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { type DepthShape, depthFrames, jsonTradeFrames, tradeFrames, type Workload } from '../workloads.ts';
import { batchFrames } from '../workloads-batch.ts';

export type GeneratorPlan = {
  readonly kind: 'trades' | 'json' | 'depth' | 'batches';
  /** Frames to measure, and as many of the same kind that come first, in the part `before`. */
  readonly frames: number;
  readonly warmup?: number;
  readonly markets: number;
  readonly connections: number;
  readonly depth?: DepthShape;
};

export type GeneratorTask = { readonly port: number; readonly path: string; readonly part: 'before' | 'frames' };

/** Bytes handed to a socket at once; a few socket buffers. */
const CHUNK_BYTES = 256 * 1024;
/**
 * A market's first frame makes the engine begin it, which takes far longer than any other: thousands at once would fill
 * its ring until frames are dropped. So the first frames of many markets go in small chunks with pauses between.
 */
const FIRST_CHUNK_BYTES = 32 * 1024;
const PAUSE_MS = 60;
const MANY_MARKETS = 1_000;
/** Of one trade frame, about. */
const FRAME_BYTES = 180;

const plan = workerData as GeneratorPlan;
const warmup = plan.warmup ?? 0;
const isMany = plan.markets > MANY_MARKETS;

function workloadOf({ kind, frames, markets, depth }: GeneratorPlan): Workload {
  const count = frames + warmup;
  if (kind === 'trades') return tradeFrames(count, markets);
  if (kind === 'json') return jsonTradeFrames(count, markets);
  return kind === 'depth'
    ? depthFrames(count, markets, undefined, depth?.levels, depth?.band)
    : batchFrames(count, markets);
}

/** Payloads as wire frames, joined into chunks. */
function chunksOf(payloads: readonly Uint8Array[], chunkBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  let parts: Buffer[] = [];
  let size = 0;
  for (const payload of payloads) {
    const frame = wireFrame(payload, plan.kind === 'batches');
    parts.push(frame);
    size += frame.length;
    if (size < chunkBytes) continue;
    chunks.push(Buffer.concat(parts));
    parts = [];
    size = 0;
  }
  if (parts.length > 0) chunks.push(Buffer.concat(parts));
  return chunks;
}

/** What goes over each connection; a market always goes over the same one, so its order holds. */
function prepare(): Record<GeneratorTask['part'], Buffer[][]> {
  const { before, frames } = workloadOf(plan);
  const byConnection = (from: number, to: number, connection: number): Uint8Array[] =>
    frames.slice(from, to).filter((_, i) => (((from + i) * 7919) % plan.markets) % plan.connections === connection);
  const each = (make: (connection: number) => Uint8Array[], chunkBytes: number): Buffer[][] =>
    Array.from({ length: plan.connections }, (_, connection) => chunksOf(make(connection), chunkBytes));
  return {
    before: each(
      (connection) => [
        ...before.filter((_, market) => market % plan.connections === connection),
        ...byConnection(0, warmup, connection),
      ],
      isMany ? FIRST_CHUNK_BYTES : CHUNK_BYTES,
    ),
    frames: each((connection) => byConnection(warmup, warmup + plan.frames, connection), CHUNK_BYTES),
  };
}

const prepared = prepare();

/** Of one connection, until each of its markets has had a frame: rounds go over all markets in turn. */
const firstBytes = (plan.markets / plan.connections) * wireFrame(new Uint8Array(FRAME_BYTES)).length;

async function send(task: GeneratorTask): Promise<void> {
  await Promise.all(
    prepared[task.part].map(async (chunks) => {
      const socket = await openFrameSocket(task.port, task.path);
      let bytes = 0;
      for (const chunk of chunks) {
        await write(socket, chunk);
        bytes += chunk.length;
        if (isMany && task.part === 'before' && bytes < firstBytes) await delay(PAUSE_MS);
      }
      await new Promise<void>((resolve) => socket.end(resolve));
    }),
  );
}

parentPort?.on('message', (task: GeneratorTask) => {
  send(task).then(() => parentPort?.postMessage('sent'));
});
parentPort?.postMessage('ready');
