// A process that holds many WebSocket connections and lets all go at once when told; its own time is no one else's.

import type { Socket } from 'node:net';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';

export type SocketsTask =
  | {
      readonly op: 'open';
      readonly port: number;
      readonly path: string;
      readonly count: number;
      readonly first: string;
    }
  | { readonly op: 'close' };

/** Connections that are being opened at a time: fewer than a listen queue holds. */
const OPENING_MAX = 50;

let sockets: Socket[] = [];

async function open({ port, path, count, first }: Extract<SocketsTask, { op: 'open' }>): Promise<void> {
  while (sockets.length < count) {
    const some = Math.min(OPENING_MAX, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openFrameSocket(port, path)))));
  }
  if (first === '') return;
  const frame = wireFrame(new TextEncoder().encode(first));
  await Promise.all(sockets.map((socket) => write(socket, frame)));
}

async function close(): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await Promise.all(closed);
}

process.on('message', (task: SocketsTask) => {
  (task.op === 'open' ? open(task) : close()).then(() => process.send?.(task.op));
});
process.on('disconnect', () => process.exit(0));
