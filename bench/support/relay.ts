// Baseline: a bare uWebSockets.js app that hands frames on to subscribers, on a thread of its own.
//
// `/stream` takes the subscribers' requests as the engine does. What comes over any other path is sent as it is to every
// subscriber (an echo to the far end), or, with texts prepared, published as the next text to the next topic.

import type { WebSocket } from 'uWebSockets.js';
import { parentPort, workerData } from 'node:worker_threads';
import { loadUws } from '../../engine/uws/load.ts';

export type RelayPlan = {
  /** Topics in turn and what is published to each; without them, frames are sent on as they are. */
  readonly topics: readonly string[];
  readonly texts: readonly string[];
};

const LIMITS = { maxPayloadLength: 64 * 1024 * 1024, maxBackpressure: 64 * 1024 * 1024 } as const;

const { topics, texts } = workerData as RelayPlan;
const uws = loadUws();
const app = uws.App();
const subscribers = new Set<WebSocket<object>>();
const decoder = new TextDecoder();
let published = 0;
let pending = 0;

/** Outside of any handler, where uWebSockets.js sends what a subscriber gets in one system call. */
function publishPending(): void {
  for (; pending > 0; pending--) {
    const index = published++ % topics.length;
    app.publish(topics[index], texts[index]);
  }
}

app.ws<object>('/stream', {
  ...LIMITS,
  message: (socket, message) => {
    const { args } = JSON.parse(decoder.decode(message)) as { args: string[] };
    for (const topic of args) socket.subscribe(topic);
    socket.send('{"op":"subscribed"}');
    subscribers.add(socket);
  },
  close: (socket) => void subscribers.delete(socket),
});
app.ws('/*', {
  ...LIMITS,
  message: (_socket, message, isBinary) => {
    if (topics.length === 0) {
      for (const subscriber of subscribers) subscriber.send(message, isBinary);
      return;
    }
    if (pending++ === 0) setImmediate(publishPending);
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('relay: expected a free port');
  parentPort?.postMessage(uws.us_socket_local_port(socket));
});
parentPort?.on('message', () => {
  app.close();
  parentPort?.close();
});
