// Baseline: a bare uWebSockets.js app that only counts frames, on a thread of its own.

import { parentPort, workerData } from 'node:worker_threads';
import { GcCount } from '../../engine/observe/gc.ts';
import { loadUws } from '../../engine/uws/load.ts';

const counter = new Float64Array(workerData as SharedArrayBuffer);
const uws = loadUws();
const app = uws.App();
let gc = new GcCount();

app.ws('/*', {
  maxPayloadLength: 64 * 1024 * 1024,
  message: () => {
    counter[0]++;
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('sink: expected a free port');
  parentPort?.postMessage(uws.us_socket_local_port(socket));
});
parentPort?.on('message', (message: string) => {
  if (message === 'gc-start') gc = new GcCount();
  else if (message === 'gc-stop') parentPort?.postMessage(gc.stop());
  else {
    app.close();
    parentPort?.close();
  }
});
