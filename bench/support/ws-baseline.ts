// What baselines on a thread of their own share: a `ws` server on a free port that hands over the text of each message.

import { parentPort } from 'node:worker_threads';
import { type RawData, WebSocketServer } from 'ws';

/** Tells the parent its port once it listens, and closes at the parent's first message. */
export function serveTexts(take: (text: string) => void): void {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (message: RawData) => take(message.toString()));
  });
  server.on('listening', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) parentPort?.postMessage(address.port);
  });
  parentPort?.on('message', () => {
    for (const client of server.clients) client.terminate();
    server.close(() => parentPort?.close());
  });
}
