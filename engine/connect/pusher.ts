// Frames pushed by the process that holds the engine: a named producer of one dialect, over a socket of its own.

import { WebSocket } from 'ws';
import { PUSHED_BYTES_HIGH, PUSHED_BYTES_MAX } from '../../schemas/config.ts';
import { trustOf } from '../base/own-trust.ts';

export type PushError = { readonly category: string; readonly message: string; readonly count: number };

export type PusherOptions = {
  /** `ws://HOST:PORT/ingest/DIALECT?producer=NAME` */
  readonly url: string;
  readonly token: string | null;
  /** PEM of the engine's own certificate, where it has one. */
  readonly certificate: string | null;
  /** Called with what the engine refuses, at most once a second for each category. */
  readonly onError: (error: PushError) => void;
};

type Waiter = { readonly resolve: () => void; readonly reject: (error: Error) => void };
type Frame = string | Uint8Array;
type Answer = { op?: string; lastSeq?: number; seq?: number; category?: string; message?: string; count?: number };

/** Waiting time before a connection is tried anew: the engine is in this process, so it is there or it is ending. */
const RECONNECT_MS = 100;
const NORMAL = 1000;

/**
 * Keeps each frame until the engine has acknowledged it, and sends it again after a cut, so that each is taken exactly once
 * and in order (docs/producers.md).
 */
export class Pusher {
  private readonly options: PusherOptions;
  private socket: WebSocket;
  /** Not acknowledged, oldest first; the first has the number `acknowledged` + 1. */
  private frames: Frame[] = [];
  private bytes = 0;
  private acknowledged = 0;
  private isWelcome = false;
  private failure: Error | null = null;
  private isEnding = false;
  private retry: NodeJS.Timeout | null = null;
  private room: Waiter[] = [];
  private empty: Waiter[] = [];

  constructor(options: PusherOptions) {
    this.options = options;
    this.socket = this.connect();
  }

  private connect(): WebSocket {
    const { url, token, certificate } = this.options;
    // As a subprotocol, because a header cannot carry every character a token may have.
    const protocols = token === null ? [] : ['millrace', `bearer.${Buffer.from(token).toString('base64url')}`];
    const socket = new WebSocket(url, protocols, { ...trustOf(certificate), perMessageDeflate: false });
    socket.on('message', (data) => this.read(JSON.parse(String(data)) as Answer));
    socket.on('unexpected-response', (_request, response) => {
      this.fail(new Error(`pushed frames: expected the ingest port to take them, was HTTP ${response.statusCode}`));
      socket.terminate();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.closed());
    return socket;
  }

  private closed(): void {
    this.isWelcome = false;
    if (this.isEnding || this.failure !== null) return;
    this.retry = setTimeout(() => {
      this.socket = this.connect();
    }, RECONNECT_MS);
  }

  private read(answer: Answer): void {
    const { op, lastSeq = 0, seq = 0, category = '', message = '', count = 1 } = answer;
    if (op === 'error') this.options.onError({ category, message, count });
    else if (op === 'ack') this.acknowledge(seq);
    else if (op === 'welcome') this.welcome(lastSeq);
  }

  /** What was taken before the cut is not sent again; what is only taken, and not safe, is kept for the next cut. */
  private welcome(lastSeq: number): void {
    if (lastSeq < this.acknowledged) {
      this.fail(new Error(`pushed frames: expected frame ${this.acknowledged} to be known, was ${lastSeq}`));
      return;
    }
    this.isWelcome = true;
    for (const frame of this.frames.slice(lastSeq - this.acknowledged)) this.socket.send(frame);
  }

  private acknowledge(seq: number): void {
    const done = this.frames.splice(0, seq - this.acknowledged);
    this.acknowledged = seq;
    for (const frame of done) this.bytes -= frame.length;
    if (this.bytes <= PUSHED_BYTES_HIGH) settle(this.room, null);
    if (this.frames.length === 0) settle(this.empty, null);
  }

  private fail(error: Error): void {
    this.failure = error;
    settle(this.room, error);
    settle(this.empty, error);
  }

  /** Resolves when there is room for more. Rejects once frames cannot be pushed any more, and for one too many. */
  push(frame: Frame): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.isEnding) return Promise.reject(new Error('pushed frames: expected a running engine, was stopped'));
    if (this.bytes + frame.length > PUSHED_BYTES_MAX) {
      const limit = `expected at most ${PUSHED_BYTES_MAX} bytes that are not taken yet (await push())`;
      return Promise.reject(new Error(`pushed frames: ${limit}, was ${this.bytes + frame.length}`));
    }
    // A copy: it may be sent again long after the caller has used its buffer for the next frame.
    const kept = typeof frame === 'string' ? frame : new Uint8Array(frame);
    this.frames.push(kept);
    this.bytes += kept.length;
    if (this.isWelcome) this.socket.send(kept);
    if (this.bytes <= PUSHED_BYTES_HIGH) return Promise.resolve();
    return new Promise((resolve, reject) => this.room.push({ resolve, reject }));
  }

  /** Resolves when all pushed so far is acknowledged: with a journal, written down by its sync policy. */
  pushed(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.frames.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.empty.push({ resolve, reject }));
  }

  /** Ends the connection; what is not acknowledged by then is not sure to be taken. */
  close(): void {
    this.isEnding = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.fail(new Error('pushed frames: expected a running engine, was stopped'));
    this.socket.close(NORMAL);
  }
}

function settle(waiters: Waiter[], error: Error | null): void {
  for (const { resolve, reject } of waiters.splice(0)) {
    if (error === null) resolve();
    else reject(error);
  }
}
