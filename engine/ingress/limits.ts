// What the ingest port lets one producer do: connections in all and by address, frames and bytes a second, pings, silence.

import type { HttpResponse, TemplatedApp, WebSocket } from 'uWebSockets.js';
import { CLOSE_RATE, CONNECTIONS_MAX, RATE_BURST_SECONDS } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import type { ConnectionLimits, ConnectionRefusal } from '../base/connection-counts.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import { PortGuard } from '../uws/port-guard.ts';

/** 0 is no limit. Plain data: it goes to the ingress thread. */
export type IngestLimits = ConnectionLimits & {
  /** Of one connection. */
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Shorter in tests. */
  readonly silenceLookMs?: number;
};

/** Nobody knows what a venue sends at its worst, and a cut loses data: rates are for the operator to set. */
export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  connectionsMax: CONNECTIONS_MAX,
  connectionsPerAddress: 0,
  framesPerSecond: 0,
  bytesPerSecond: 0,
};

type Rates = { readonly frames: TokenBucket | null; readonly bytes: TokenBucket | null };

/** Thread: ingress. `Data` is what upgrade() attaches. */
export class ProducerLimits<Data> {
  /** Whether frames or bytes have a budget: else nothing is done per frame. */
  readonly isRated: boolean;
  private readonly limits: IngestLimits;
  private readonly counters: Float64Array;
  private readonly nowMs: () => number;
  private readonly guard: PortGuard<Data>;
  private readonly rates = new Map<WebSocket<Data>, Rates>();

  constructor(limits: IngestLimits, counters: Float64Array, nowMs: () => number = () => performance.now()) {
    this.limits = limits;
    this.counters = counters;
    this.nowMs = nowMs;
    this.isRated = limits.framesPerSecond > 0 || limits.bytesPerSecond > 0;
    const { silenceLookMs } = limits;
    this.guard = new PortGuard({
      limits,
      nowMs,
      isQueueWatched: false,
      count: (act) => {
        counters[ingressCounter[act]]++;
      },
      ...(silenceLookMs === undefined ? {} : { silenceLookMs }),
    });
  }

  attach(app: TemplatedApp): void {
    this.guard.attach(app);
  }

  refusal(res: HttpResponse): { readonly name: ConnectionRefusal; readonly message: string } | null {
    return this.guard.refusal(res);
  }

  /** `heard` counts the frames that came. */
  opened(socket: WebSocket<Data>, heard: () => number): void {
    this.guard.opened(socket, heard);
    if (!this.isRated) return;
    const bucket = (perSecond: number): TokenBucket | null =>
      perSecond === 0 ? null : new TokenBucket(perSecond, perSecond * RATE_BURST_SECONDS, this.nowMs());
    this.rates.set(socket, {
      frames: bucket(this.limits.framesPerSecond),
      bytes: bucket(this.limits.bytesPerSecond),
    });
  }

  control(socket: WebSocket<Data>, isPing: boolean): void {
    this.guard.control(socket, isPing);
  }

  closed(socket: WebSocket<Data>): void {
    this.guard.closed(socket);
    this.rates.delete(socket);
  }

  /**
   * Whether a frame is within its connection's budget. uWebSockets.js cannot pause a WebSocket, and a frame left out
   * in the middle would be a hole; so the first one over ends the connection, which is told why.
   */
  takes(socket: WebSocket<Data>, sizeBytes: number): boolean {
    const rates = this.rates.get(socket);
    if (rates === undefined) return true;
    const nowMs = this.nowMs();
    if (rates.frames !== null && !rates.frames.take(1, nowMs)) {
      return this.end(socket, `${this.limits.framesPerSecond} frames a second (--frames-per-second)`);
    }
    if (rates.bytes === null || rates.bytes.takeLarge(sizeBytes, nowMs)) return true;
    return this.end(socket, `${this.limits.bytesPerSecond} bytes a second (--bytes-per-second)`);
  }

  private end(socket: WebSocket<Data>, limit: string): false {
    this.counters[ingressCounter.rateClosed]++;
    socket.send(JSON.stringify({ op: 'error', category: 'rate', message: `expected at most ${limit}`, count: 1 }));
    socket.end(CLOSE_RATE, `over ${limit}`);
    return false;
  }

  close(): void {
    this.guard.close();
  }
}
