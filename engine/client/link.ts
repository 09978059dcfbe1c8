// One WebSocket that comes back: opens it, watches it, waits longer after each failure, and ends where trying is no use.

import { CLOSE_RATE } from '../../schemas/config.ts';
import { AuthorizationError, type ClientError, ConnectionError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ClientSettings } from './options.ts';
import { ReconnectDelay } from './reconnect-delay.ts';
import type { SocketClose, SocketOpener, WebSocketLike } from './socket.ts';
import type { ClientStats } from './stats.ts';

/** `idle`: not asked for; `waiting`: between two attempts. */
export type LinkState = 'idle' | 'connecting' | 'open' | 'waiting' | 'failed';

/** Why a connection was lost, and what comes next. */
export type Loss = {
  readonly closeCode: number;
  readonly reason: string;
  /** Attempts that failed in a row. */
  readonly attempt: number;
  readonly retryInMs: number;
};

export type LinkParts = {
  readonly queueMax: number;
  readonly settings: ClientSettings;
  readonly stats: ClientStats;
  /** Whether an engine has answered to any connection of the client. */
  readonly met: { isEngine: boolean };
  readonly open: SocketOpener;
  /** The HTTP status of a guarded path, null without an answer: a browser tells no one why a socket was refused. */
  readonly probe: (signal: AbortSignal) => Promise<number | null>;
};

export type LinkHooks = {
  readonly opened: () => void;
  readonly received: (text: string) => void;
  readonly ping: () => void;
  readonly lost: (loss: Loss) => void;
  readonly failed: (error: ClientError) => void;
};

const NO_CLOSE_FRAME = 1006;
const NORMAL = 1000;
const ignore = (): void => undefined;

export class Link {
  state: LinkState = 'idle';
  /** There was a connection some time. */
  private wasOpen = false;
  private socket: WebSocketLike | null = null;
  /** For the next attempt, or for the one that is under way to come to an end. */
  private timer: ReturnType<typeof setTimeout> | null = null;
  private probing: AbortController | null = null;
  private lastError = '';
  private openedMs = 0;
  private readonly parts: LinkParts;
  private readonly hooks: LinkHooks;
  private readonly delay: ReconnectDelay | null;
  private readonly heartbeat: Heartbeat;

  constructor(parts: LinkParts, hooks: LinkHooks) {
    const { reconnect, idleTimeoutMs } = parts.settings;
    this.parts = parts;
    this.hooks = hooks;
    this.delay = reconnect === null ? null : new ReconnectDelay(reconnect);
    this.heartbeat = new Heartbeat(idleTimeoutMs, { ping: () => hooks.ping(), dead: () => this.dead() });
  }

  private get delayMaxMs(): number {
    return this.parts.settings.reconnect?.delayMaxMs ?? 0;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  start(): void {
    if (this.state === 'idle') this.connect();
  }

  /** Ends it for good, or until the next start. */
  stop(): void {
    this.state = 'idle';
    this.clearTimer();
    this.probing?.abort();
    this.probing = null;
    this.abandon();
    this.delay?.reset();
  }

  send(text: string): void {
    this.socket?.send(text);
  }

  private connect(): void {
    this.state = 'connecting';
    this.lastError = '';
    const socket = this.make();
    this.socket = socket;
    if (socket === null) return;
    // An engine that hangs takes connections, as its kernel does it for it, and answers none.
    this.timer = setTimeout(() => {
      if (this.socket === socket) this.broken('not open in time');
    }, this.parts.settings.idleTimeoutMs);
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }: { data: unknown }) => this.received(data);
    // The reason alone; that it is over is said by onclose, which always follows.
    socket.onerror = ({ message }: { message?: unknown }) => {
      if (typeof message === 'string') this.lastError = message;
    };
    socket.onclose = ({ code, reason }: SocketClose) => this.closed(code, reason || this.lastError);
  }

  /** Null where the platform will not: no WebSocket at all, or `ws:` in a page of https. The caller goes on first. */
  private make(): WebSocketLike | null {
    const { open, settings } = this.parts;
    try {
      return open(settings.streamUrl, settings.token);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.fail(new ConnectionError(text, NO_CLOSE_FRAME)));
      return null;
    }
  }

  private opened(): void {
    const { stats } = this.parts;
    this.clearTimer();
    this.state = 'open';
    stats.connections++;
    if (this.wasOpen) stats.reconnects++;
    this.wasOpen = true;
    this.openedMs = performance.now();
    this.heartbeat.start();
    this.hooks.opened();
  }

  private received(data: unknown): void {
    this.heartbeat.heard();
    if (typeof data === 'string') this.hooks.received(data);
    else this.broken('expected text, was something else');
  }

  /** An engine has answered: address and token are right, so that it is worth waiting for it from here on. */
  met(): void {
    this.parts.met.isEngine = true;
    this.delay?.metAgain();
  }

  /** Silent for too long. The close handshake of a dead connection would take minutes: it is not waited for. */
  private dead(): void {
    this.parts.stats.silent++;
    this.broken('nothing came in time');
  }

  /** Gives the connection up as if it were lost. */
  broken(reason: string): void {
    this.abandon();
    this.closed(NO_CLOSE_FRAME, reason);
  }

  /** `ws` needs its handlers to the end: an error no one takes would end the process. */
  private abandon(): void {
    const { socket } = this;
    this.heartbeat.stop();
    this.socket = null;
    if (socket === null) return;
    socket.onopen = ignore;
    socket.onmessage = ignore;
    socket.onclose = ignore;
    socket.onerror = ignore;
    socket.close(NORMAL);
  }

  private closed(code: number, reason: string): void {
    const wasOpened = this.state === 'open';
    if (wasOpened && performance.now() - this.openedMs > this.delayMaxMs) this.delay?.lasted();
    this.clearTimer();
    this.heartbeat.stop();
    this.socket = null;
    if (wasOpened) this.retry(code, reason);
    else void this.judge(code, reason);
  }

  /** Never opened: a refusal of the token is final, all else may pass. */
  private async judge(code: number, reason: string): Promise<void> {
    const probing = new AbortController();
    this.probing = probing;
    const timer = setTimeout(() => probing.abort(), this.parts.settings.idleTimeoutMs);
    const status = await this.parts.probe(probing.signal);
    clearTimeout(timer);
    if (this.probing !== probing) return;
    this.probing = null;
    if (status === 401) {
      const was = (this.parts.settings.token ?? '') === '' ? 'there was none' : 'it refused this one';
      this.fail(new AuthorizationError(`expected a token the engine knows, ${was}`, status));
    } else if (status === 403) {
      this.fail(new AuthorizationError('expected a token with the role read, and a page of an allowed origin', status));
    } else this.retry(code, reason);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /**
   * Without limit where an engine has answered once. One that takes connections and ends them soon is asked less and
   * less often, as one that takes none.
   */
  private retry(closeCode: number, reason: string): void {
    const { delay } = this;
    const settings = this.parts.settings.reconnect;
    const attemptsMax = this.parts.met.isEngine ? settings?.attemptsMax : settings?.firstAttemptsMax;
    if (delay === null || settings === null || delay.attempts >= (attemptsMax ?? 0)) {
      this.fail(new ConnectionError(this.goneText(closeCode, reason), closeCode));
      return;
    }
    const retryInMs = delay.next(closeCode === CLOSE_RATE ? settings.delayMaxMs : 0);
    this.state = 'waiting';
    this.timer = setTimeout(() => this.connect(), retryInMs);
    this.hooks.lost({ closeCode, reason, attempt: delay.attempts, retryInMs });
  }

  private goneText(code: number, reason: string): string {
    const attempts = this.delay?.attempts ?? 0;
    const tries = attempts > 0 ? ` after ${attempts} attempts` : '';
    const why = reason === '' ? `code ${code}` : `code ${code}: ${reason}`;
    return `expected a connection to ${this.parts.settings.streamUrl}, there is none${tries} (${why})`;
  }

  private fail(error: ClientError): void {
    this.state = 'failed';
    this.hooks.failed(error);
  }
}
