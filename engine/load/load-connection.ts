// Owns one connection of a generator: frames of one turn in one buffer and one write; what finds no room waits, up to a second.
// Hot path.

import type { Socket } from 'node:net';
import type { LatencyRecorder } from '../observe/latency.ts';
import { AnswerReader, errorOf } from './answers.ts';
import { closeFrame, pongFrame } from './frame-socket.ts';
import type { FrameSource } from './sources.ts';

/** An update that found no room for this long is left out: after a stall at most a second of the schedule is caught up. */
export const CATCH_UP_NS = 1e9;
/** Bytes handed to a socket at once; below what a socket takes at once on all systems we know. */
const BUFFER_BYTES = 64 * 1024;
/** Frames of one write at most, so that the first of them does not wait for the last. */
const FRAMES_MAX = 1_024;
const WAITING_START = 1_024;

/** What all connections of a generator count together, and tell the time by. */
export type ConnectionParts = {
  readonly source: FrameSource;
  readonly batch: number;
  /** Nanoseconds since update 0 was due. */
  readonly nowNs: () => number;
  /** Wall microseconds of such a time. */
  readonly wallUs: (ns: number) => number;
  readonly lateness: LatencyRecorder;
  readonly totals: Totals;
};

export class Totals {
  sent = 0;
  bytes = 0;
  leftOut = 0;
  disconnects = 0;
  readonly rejected: Record<string, number> = {};
}

/** First updates of frames that wait, and when they were due; a ring that grows. */
class WaitingFrames {
  private updates = new Float64Array(WAITING_START);
  private dues = new Float64Array(WAITING_START);
  private head = 0;
  count = 0;

  push(update: number, dueNs: number): void {
    if (this.count === this.updates.length) this.grow();
    const at = (this.head + this.count++) % this.updates.length;
    this.updates[at] = update;
    this.dues[at] = dueNs;
  }

  get firstUpdate(): number {
    return this.updates[this.head];
  }

  get firstDueNs(): number {
    return this.dues[this.head];
  }

  drop(): void {
    this.head = (this.head + 1) % this.updates.length;
    this.count--;
  }

  private grow(): void {
    const { updates, dues, head, count } = this;
    this.updates = new Float64Array(2 * count);
    this.dues = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      this.updates[i] = updates[(head + i) % count];
      this.dues[i] = dues[(head + i) % count];
    }
    this.head = 0;
  }
}

export class LoadConnection {
  private readonly parts: ConnectionParts;
  private readonly buffer: Buffer;
  private readonly answers: AnswerReader;
  private readonly waiting = new WaitingFrames();
  /** When the frames in the buffer were due. */
  private readonly dues = new Float64Array(FRAMES_MAX);
  private socket: Socket | null = null;
  private size = 0;
  private frames = 0;
  private isLost = false;
  private isClosing = false;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, 2 * parts.source.frameBytesMax));
    this.answers = new AnswerReader({
      onText: (text) => this.takeAnswer(text),
      onPing: (payload) => this.socket?.write(pongFrame(payload)),
      onClose: () => this.lose(),
    });
  }

  /** Reads what the engine sends; may be called before begin(). */
  readonly read = (chunk: Buffer): void => this.answers.take(chunk);

  begin(socket: Socket): void {
    this.socket = socket;
    socket.once('close', () => this.lose());
    socket.once('end', () => this.lose());
    if (socket.destroyed) this.lose();
  }

  /** True while the socket still has bytes of before: the event loop must turn for it. */
  get isBlocked(): boolean {
    return this.socket !== null && !this.isLost && this.socket.writableLength > 0;
  }

  /** Takes the frame whose first update is due: written at once, or waiting behind others. */
  offer(update: number, dueNs: number): void {
    if (this.isLost) this.parts.totals.leftOut += this.parts.batch;
    else if (this.waiting.count > 0 || !this.put(update, dueNs)) this.waiting.push(update, dueNs);
  }

  /** Sends what waited, if there is room again, and what the turn has put into the buffer. */
  turn(): void {
    if (this.waiting.count > 0) this.takeWaiting();
    if (this.frames > 0) this.flush();
  }

  private takeWaiting(): void {
    const { waiting, parts } = this;
    const oldestNs = parts.nowNs() - CATCH_UP_NS;
    while (waiting.count > 0) {
      if (waiting.firstDueNs < oldestNs) parts.totals.leftOut += parts.batch;
      else if (!this.put(waiting.firstUpdate, waiting.firstDueNs)) return;
      waiting.drop();
    }
  }

  /** False where there is no room. */
  private put(update: number, dueNs: number): boolean {
    const { parts, buffer } = this;
    const { source } = parts;
    if (this.frames === FRAMES_MAX || buffer.length - this.size < source.frameBytesMax) this.flush();
    // The buffer is the socket's until it has all of it.
    if (this.frames === 0 && this.isBlocked) return false;
    this.size = source.write(update, parts.wallUs(dueNs), buffer, this.size);
    this.dues[this.frames++] = dueNs;
    return true;
  }

  private flush(): void {
    const { socket, parts, dues, frames } = this;
    if (socket === null || this.isLost) return;
    socket.write(this.buffer.subarray(0, this.size));
    const nowNs = parts.nowNs();
    for (let i = 0; i < frames; i++) parts.lateness.record(nowNs - dues[i], parts.batch);
    parts.totals.sent += frames * parts.batch;
    parts.totals.bytes += this.size;
    this.size = 0;
    this.frames = 0;
  }

  private takeAnswer(text: string): void {
    const error = errorOf(text);
    if (error === null) return;
    const { rejected } = this.parts.totals;
    rejected[error.category] = (rejected[error.category] ?? 0) + error.count;
  }

  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    if (this.isClosing) return;
    const { totals, batch } = this.parts;
    totals.disconnects++;
    totals.leftOut += (this.waiting.count + this.frames) * batch;
    this.frames = 0;
    while (this.waiting.count > 0) this.waiting.drop();
  }

  /** All that waits is left out; resolves once the socket is closed. */
  async close(): Promise<void> {
    const { socket } = this;
    this.isClosing = true;
    if (socket === null || socket.destroyed) return;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    socket.end(closeFrame());
    const timer = setTimeout(() => socket.destroy(), CLOSE_WITHIN_MS);
    await closed;
    clearTimeout(timer);
  }

  get waitingCount(): number {
    return this.waiting.count;
  }
}

const CLOSE_WITHIN_MS = 1_000;
