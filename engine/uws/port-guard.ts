// What every port does against too many, too silent and too noisy clients: counts sockets and connections, answers the
// refused, and looks for those that hold a socket without using it.

import type { HttpResponse, TemplatedApp, WebSocket } from 'uWebSockets.js';
import {
  CLOSE_RATE,
  CLOSE_SILENT,
  HTTP_SOCKETS_MAX,
  PING_BURST,
  PINGS_PER_SECOND,
  SILENCE_LOOK_MS,
  SILENT_LOOKS_MAX,
} from '../../schemas/config.ts';
import {
  CONNECTION_REFUSALS,
  ConnectionCounts,
  type ConnectionLimits,
  type ConnectionRefusal,
} from '../base/connection-counts.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** What was done to sockets and connections, by name. */
export const GUARD_ACTS = [...CONNECTION_REFUSALS, 'sockets-max', 'pingsClosed', 'silentClosed'] as const;
export type GuardAct = (typeof GUARD_ACTS)[number];

export type PortGuardOptions = {
  readonly limits: ConnectionLimits;
  readonly nowMs: () => number;
  /** Called once per act. */
  readonly count: (act: GuardAct) => void;
  /** Where queues have a limit in time of their own: one that has not read cannot have seen the pings. */
  readonly isQueueWatched: boolean;
  /** Both smaller in tests. */
  readonly silenceLookMs?: number;
  readonly httpSocketsMax?: number;
};

/** What a client sent so far, in whole messages: the owner's count, so that the hot path need not tell. */
type Heard = () => number;

/** A client's signs of life between two looks. */
class Watched<Data> {
  readonly socket: WebSocket<Data>;
  readonly address: string;
  readonly pings: TokenBucket;
  /** Control frames since the last look. */
  control = 0;
  private readonly heard: Heard;
  private heardBefore = 0;
  private silentLooks = 0;

  constructor(socket: WebSocket<Data>, address: string, heard: Heard, nowMs: number) {
    this.socket = socket;
    this.address = address;
    this.heard = heard;
    this.pings = new TokenBucket(PINGS_PER_SECOND, PING_BURST, nowMs);
  }

  /** Looks in a row that found nothing new. */
  look(): number {
    const heard = this.heard();
    this.silentLooks = heard !== this.heardBefore || this.control > 0 ? 0 : this.silentLooks + 1;
    this.heardBefore = heard;
    this.control = 0;
    return this.silentLooks;
  }
}

const decoder = new TextDecoder();

const SENTENCES: Readonly<Record<ConnectionRefusal, string>> = {
  'connections-max': 'expected fewer connections, the limit of --connections-max is reached',
  'connections-per-address': 'expected fewer connections from this address, --connections-per-address is reached',
};

/** Thread: the app's own. `Data` is what upgrade() attaches. */
export class PortGuard<Data> {
  readonly counts: ConnectionCounts;
  private readonly options: PortGuardOptions;
  private readonly watched = new Map<WebSocket<Data>, Watched<Data>>();
  /** TCP sockets, in any state. */
  private sockets = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: PortGuardOptions) {
    this.options = options;
    this.counts = new ConnectionCounts(options.limits);
  }

  /** Counts sockets from their accept on, and begins to look. */
  attach(app: TemplatedApp): void {
    app.filter((res, change) => this.accepted(res, Number(change)));
    this.timer = setInterval(() => this.look(), this.options.silenceLookMs ?? SILENCE_LOOK_MS);
  }

  /** A socket came (1) or went (-1). One too many is closed at once: it has not asked for anything yet. */
  private accepted(res: HttpResponse, change: number): void {
    this.sockets += change;
    const { connectionsMax } = this.options.limits;
    const most = connectionsMax + (this.options.httpSocketsMax ?? HTTP_SOCKETS_MAX);
    if (change < 0 || connectionsMax === 0 || this.sockets <= most) return;
    this.options.count('sockets-max');
    res.close();
  }

  /** Why a WebSocket may not be opened, counted; null where it may. */
  refusal(res: HttpResponse): { readonly name: ConnectionRefusal; readonly message: string } | null {
    const name = this.counts.refusal(decoder.decode(res.getRemoteAddressAsText()));
    if (name === null) return null;
    this.options.count(name);
    return { name, message: SENTENCES[name] };
  }

  opened(socket: WebSocket<Data>, heard: Heard): void {
    const address = decoder.decode(socket.getRemoteAddressAsText());
    this.counts.opened(address);
    this.watched.set(socket, new Watched(socket, address, heard, this.options.nowMs()));
  }

  /** An upgraded socket leaves the filter in silence (20.51.4 and 20.69.0), so it is counted out here. */
  closed(socket: WebSocket<Data>): void {
    const watched = this.watched.get(socket);
    if (watched === undefined) return;
    this.watched.delete(socket);
    this.counts.closed(watched.address);
    this.sockets--;
  }

  /** A ping or pong came; uWebSockets.js answers pings itself. */
  control(socket: WebSocket<Data>, isPing: boolean): void {
    const watched = this.watched.get(socket);
    if (watched === undefined) return;
    watched.control++;
    if (!isPing || watched.pings.take(1, this.options.nowMs())) return;
    this.options.count('pingsClosed');
    socket.end(CLOSE_RATE, `over ${PINGS_PER_SECOND} pings a second`);
  }

  private look(): void {
    for (const watched of [...this.watched.values()]) {
      const silentLooks = watched.look();
      if (silentLooks > SILENT_LOOKS_MAX) this.cut(watched.socket);
      else if (silentLooks > 0) watched.socket.ping();
    }
  }

  private cut(socket: WebSocket<Data>): void {
    if (this.options.isQueueWatched && socket.getBufferedAmount() > 0) return;
    this.options.count('silentClosed');
    socket.end(CLOSE_SILENT, 'no whole message and no pong');
  }

  /** Ends the looking; sockets are the owner's to close. */
  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
