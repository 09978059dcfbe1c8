// The thread of a sender on schedule: open loop, each update is due at its time whatever became of those before it.
//
// It sleeps until shortly before an update is due and looks at the clock for the rest, so that it is late by
// microseconds; where updates are due more often than it may sleep, those due since its last sleep go together.

import { parentPort, workerData } from 'node:worker_threads';
import { type ClockAnchor, EngineClock } from '../../engine/base/clock.ts';
import { openFrameSocket } from '../../engine/load/frame-socket.ts';
import { LatencyRecorder } from '../../engine/observe/latency.ts';
import { readerWords } from './reader-words.ts';
import { tradeWire, type WireFrames } from './trade-wire.ts';

export type PacedPlan = {
  readonly port: number;
  readonly path: string;
  readonly words: SharedArrayBuffer;
  readonly anchor: ClockAnchor;
  readonly markets: number;
  readonly connections: number;
  readonly ratePerS: number;
  readonly updates: number;
  readonly firstId: number;
  /** Sent − due, by update. */
  readonly lateness: SharedArrayBuffer;
};

/** The kernel ends a sleep late, by its timer slack of 50 µs and the switch. */
const WATCH_NS = 150_000;
/** Sleep at least this long where updates are due more often. */
const SLEEP_MS_MIN = 0.2;
/** Between the word to start and the first update. */
const LEAD_NS = 20_000_000;
const NS_PER_MS = 1_000_000;

const plan = workerData as PacedPlan;
const clock = new EngineClock(plan.anchor);
const lateness = new LatencyRecorder(plan.lateness);
const cell = new Int32Array(new SharedArrayBuffer(4));
const periodNs = 1e9 / plan.ratePerS;

/** Updates below `count` that go over a connection. */
const shareOf = (count: number, connection: number): number =>
  Math.max(0, Math.ceil((count - connection) / plan.connections));

const startOf = ({ ends }: WireFrames, frame: number): number => (frame === 0 ? 0 : ends[frame - 1]);

const lanes = await Promise.all(
  Array.from({ length: plan.connections }, async (_, connection) => ({
    socket: await openFrameSocket(plan.port, plan.path),
    wire: tradeWire(plan.updates, plan.markets, plan.firstId, connection, plan.connections),
  })),
);

function sendBetween(from: number, to: number, startNs: number): void {
  for (const [connection, { socket, wire }] of lanes.entries()) {
    const [first, end] = [shareOf(from, connection), shareOf(to, connection)];
    if (end > first) socket.write(wire.bytes.subarray(startOf(wire, first), startOf(wire, end)));
  }
  const nowNs = clock.nowNs();
  for (let update = from; update < to; update++) lateness.record(Math.round(nowNs - startNs - update * periodNs), 1);
}

/** Sleeps until shortly before `dueNs`, then watches the clock. */
function waitUntil(dueNs: number): void {
  const leftNs = dueNs - clock.nowNs();
  const sleepMs = (leftNs - WATCH_NS) / NS_PER_MS;
  if (periodNs < SLEEP_MS_MIN * NS_PER_MS) Atomics.wait(cell, 0, 0, Math.max(sleepMs, SLEEP_MS_MIN));
  else if (sleepMs > 0) Atomics.wait(cell, 0, 0, sleepMs);
  while (clock.nowNs() < dueNs);
}

async function run(): Promise<void> {
  const startNs = clock.nowNs() + LEAD_NS;
  new Float64Array(plan.words)[readerWords.startNs] = startNs;
  let sent = 0;
  while (sent < plan.updates) {
    waitUntil(startNs + sent * periodNs);
    const due = Math.min(plan.updates, Math.floor((clock.nowNs() - startNs) / periodNs) + 1);
    sendBetween(sent, due, startNs);
    sent = due;
    // Sockets that could not take all at once go on.
    await new Promise(setImmediate);
  }
}

parentPort?.on('message', (op: 'start' | 'close') => {
  if (op === 'start') void run().then(() => parentPort?.postMessage('sent'));
  else {
    for (const { socket } of lanes) socket.destroy();
    parentPort?.close();
  }
});
parentPort?.postMessage('ready');
