// A response as long as it takes: what a process writes, at the pace of the client, in bounded memory.

import type { HttpResponse } from 'uWebSockets.js';
import type { Readable } from 'node:stream';
import { REPLAY_NUDGE_BYTES, REPLAY_NUDGE_MS, REPLAY_STALL_MS } from '../../schemas/config.ts';

/**
 * uWebSockets.js gathers up to 16 KiB while it is corked and then says that there is room; what is larger is handed to the system
 * at once, and its answer is true. So writes are larger, but for what would else wait.
 */
const WRITE_BYTES_LEAST = 20 * 1024;
/** Bytes of small writes that no larger one has confirmed: beyond it they wait for company. */
const UNCONFIRMED_BYTES_MAX = 256 * 1024;
const SMALL_WRITE_MS = 250;
/** Kept for nudges: while the client takes nothing, a few of them are written now and then, else its connection is cut. */
const KEPT_BYTES = 64 * REPLAY_NUDGE_BYTES;

export type StreamedOptions = {
  /** Ends the source: the client has gone, or takes nothing. */
  readonly abandon: (reason: string) => void;
  readonly stallMs?: number;
  /** The source goes on without an end and writes every few seconds: nothing is kept back, and what it writes next is the nudge. */
  readonly isLive?: boolean;
};

/**
 * Begins when status and headers are written. The source is read only while the client takes what was read before: this holds at
 * most two pieces of the pipe, and uWebSockets.js one.
 */
export class StreamedResponse {
  private readonly res: HttpResponse;
  private readonly source: Readable;
  private readonly options: StreamedOptions;
  private readonly timer: NodeJS.Timeout;
  private readonly keptBytes: number;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private unconfirmedBytes = 0;
  private firstPendingMs = 0;
  /** When the client began to take nothing; 0 while it takes. */
  private stalledMs = 0;
  private nudgedMs = 0;
  /** The source has ended: with null, or with what went wrong. */
  private ended: string | null | undefined = undefined;
  private isOver = false;

  constructor(res: HttpResponse, source: Readable, options: StreamedOptions) {
    this.res = res;
    this.source = source;
    this.options = options;
    this.keptBytes = options.isLive === true ? 0 : KEPT_BYTES;
    this.timer = setInterval(() => this.tick(performance.now()), SMALL_WRITE_MS);
    res.onWritable(() => {
      this.writable();
      return true;
    });
    source.on('data', (chunk: Buffer) => this.take(chunk));
  }

  /** The client has gone: the response must not be touched any more. */
  aborted(): void {
    if (!this.isOver) this.over('the client has gone');
  }

  /** The source has ended and given all it had; `problem` is what kept it from its end, which the client must not take for one. */
  end(problem: string | null): void {
    this.ended = problem;
    this.finish();
  }

  /** Ends the connection at once. */
  cut(reason: string): void {
    if (this.isOver) return;
    this.over(reason);
    this.res.close();
  }

  private over(reason: string | null): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.pending = [];
    this.source.destroy();
    if (reason !== null) this.options.abandon(reason);
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return;
    if (this.pendingBytes <= this.keptBytes) this.firstPendingMs = performance.now();
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.stalledMs > 0) this.source.pause();
    else if (this.pendingBytes >= WRITE_BYTES_LEAST + this.keptBytes) this.write(this.pendingBytes - this.keptBytes);
  }

  /** Takes bytes from what waits. */
  private cutBytes(count: number): Buffer {
    const all = this.pending.length === 1 ? this.pending[0] : Buffer.concat(this.pending);
    const rest = all.subarray(count);
    this.pending = rest.length === 0 ? [] : [rest];
    this.pendingBytes = rest.length;
    return all.subarray(0, count);
  }

  private write(count: number): void {
    if (count <= 0) return;
    const bytes = this.cutBytes(count);
    let isTaken = false;
    this.res.cork(() => {
      isTaken = this.res.write(bytes);
    });
    if (!isTaken) this.stalledMs = performance.now();
    else if (bytes.length >= WRITE_BYTES_LEAST) this.unconfirmedBytes = 0;
    else this.unconfirmedBytes += bytes.length;
  }

  private writable(): void {
    if (this.isOver) return;
    this.stalledMs = 0;
    this.write(this.ended === undefined ? this.pendingBytes - this.keptBytes : this.pendingBytes);
    if (this.stalledMs > 0) return;
    this.source.resume();
    this.finish();
  }

  private tick(nowMs: number): void {
    if (this.stalledMs > 0 && nowMs - this.stalledMs >= (this.options.stallMs ?? REPLAY_STALL_MS)) {
      this.cut('the client took nothing for too long');
      return;
    }
    if (this.stalledMs === 0 && this.pendingBytes > this.keptBytes && nowMs - this.firstPendingMs >= SMALL_WRITE_MS)
      this.writeSmall();
    // A small write may be waiting, too: nobody has said that it was taken.
    if (this.stalledMs > 0 || this.unconfirmedBytes > 0) this.nudge(nowMs);
  }

  private writeSmall(): void {
    if (this.unconfirmedBytes + this.pendingBytes <= UNCONFIRMED_BYTES_MAX)
      this.write(this.pendingBytes - this.keptBytes);
  }

  private nudge(nowMs: number): void {
    if (nowMs - Math.max(this.stalledMs, this.nudgedMs) < REPLAY_NUDGE_MS) return;
    if (this.pendingBytes === 0) {
      // One more piece, with which the source is held again.
      this.source.resume();
      return;
    }
    this.nudgedMs = nowMs;
    const bytes = this.cutBytes(Math.min(REPLAY_NUDGE_BYTES, this.pendingBytes));
    this.res.cork(() => this.res.write(bytes));
  }

  private finish(): void {
    if (this.isOver || this.ended === undefined || this.stalledMs > 0) return;
    if (this.ended !== null) {
      this.cut(this.ended);
      return;
    }
    // What is left behind the kept bytes is written first, so that there is something to nudge with.
    if (this.pendingBytes > this.keptBytes) this.write(this.pendingBytes - this.keptBytes);
    if (this.stalledMs > 0) return;
    const last = this.cutBytes(this.pendingBytes);
    this.over(null);
    this.res.cork(() => this.res.end(last));
  }
}
