// One client of /stream: what it asked for, and how much of what lies in its socket is snapshots.

import type { WebSocket } from 'uWebSockets.js';
import { COMPRESSED_FROM, type Compression, type EncodingId } from './encodings.ts';
import type { Encoded } from './history.ts';
import { QueueLadder, type Step } from './queue-ladder.ts';
import type { RequestLimit } from './request-limit.ts';
import type { View } from './subscription-options.ts';
import type { Held } from './topic-lane.ts';
import type { Topic } from './topics.ts';

/** What uWebSockets.js keeps for a socket; it copies plain properties, so the object with methods lies one level down. */
export type SocketData = { readonly subscriber: Subscriber };
export type StreamSocket = WebSocket<SocketData>;

/** ws.send() of uWebSockets.js: the message was left out, the socket's buffer is over its hard limit. */
const SEND_DROPPED = 2;

/** What reading too slowly has cost a subscriber. */
export type SlowCounts = {
  /** Times it was taken out of its topics. */
  conflations: number;
  /** Messages that newer ones took the place of. */
  conflatedMessages: number;
  gapNotices: number;
  /** Messages that gap notices told it of. */
  lost: number;
};

export class Subscriber {
  readonly encoding: EncodingId;
  readonly compression: Compression;
  readonly openedAt = new Date().toISOString();
  /** Requests so far. */
  requests = 0;
  /** Where it stands between reading well and being closed. */
  readonly ladder = new QueueLadder();
  /** Topics it was taken out of, and how far it had come. */
  readonly held = new Map<Topic, Held>();
  readonly slow: SlowCounts = { conflations: 0, conflatedMessages: 0, gapNotices: 0, lost: 0 };
  /** How it is told the channels and wildcards that it named. */
  readonly args = new Map<string, View>();
  /** Topics it is joined to or waits for, by channel: it has each once. */
  readonly topics = new Map<string, Topic>();
  /** Bytes of big snapshots that may still lie in the socket: they do not count against the cap. */
  snapshotBytes = 0;
  /** Messages uWebSockets.js left out; a subscriber that lost one is closed. */
  droppedMessages = 0;
  /** When it came, on main's clock, and how often it may ask; null is as often as it likes. */
  openedMs = 0;
  limit: RequestLimit | null = null;
  private socket: StreamSocket | null = null;

  constructor(encoding: EncodingId, compression: Compression = 'none') {
    this.encoding = encoding;
    this.compression = compression;
  }

  get isOpen(): boolean {
    return this.socket !== null;
  }

  opened(socket: StreamSocket): void {
    this.socket = socket;
  }

  /** From here on the socket must not be touched: uWebSockets.js throws. */
  closed(): void {
    this.socket = null;
  }

  get bufferedBytes(): number {
    return this.socket === null ? 0 : this.socket.getBufferedAmount();
  }

  /**
   * What its queue asks for. Buffered bytes that are snapshots do not count as lagging; what drains may be either, so
   * snapshots count as draining last.
   */
  look(nowMs: number, stuckMs?: number): Step {
    if (this.droppedMessages > 0) return 'dropped';
    const buffered = this.bufferedBytes;
    if (this.snapshotBytes > buffered) this.snapshotBytes = buffered;
    return this.ladder.look(buffered, buffered - this.snapshotBytes, nowMs, stuckMs);
  }

  /** As `/v1/stats` lists it. */
  report(): object {
    const { openedAt, requests, slow, held, ladder, args, bufferedBytes, droppedMessages } = this;
    const { mostBytes } = ladder;
    const state = held.size > 0 ? 'conflated' : 'live';
    const subscriptions = args.size;
    return { openedAt, state, subscriptions, requests, bufferedBytes, mostBytes, ...slow, droppedMessages };
  }

  /** Hands over what was published to it in this turn: a send does that before anything, and a ping is the smallest. */
  settle(): void {
    this.socket?.ping();
  }

  send(message: Encoded): void {
    if (this.socket === null) return;
    const sent = this.socket.send(
      message,
      typeof message !== 'string',
      message.length >= COMPRESSED_FROM[this.compression],
    );
    if (sent === SEND_DROPPED) this.droppedMessages++;
  }

  /** Sends several messages in one system call. */
  sendAll(messages: readonly Encoded[]): void {
    this.socket?.cork(() => {
      for (const message of messages) this.send(message);
    });
  }

  sendSnapshot(messages: readonly Encoded[]): void {
    const before = this.bufferedBytes;
    this.sendAll(messages);
    // Compressed ones are told by what they have become, else a queue of changes could hide behind them.
    if (this.compression !== 'none') this.snapshotBytes += Math.max(0, this.bufferedBytes - before);
    else for (const message of messages) this.snapshotBytes += message.length;
  }

  reply(answer: object): void {
    this.send(JSON.stringify(answer));
  }

  join(topic: string): void {
    this.socket?.subscribe(topic);
  }

  leave(topic: string): void {
    this.socket?.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    this.socket?.end(code, reason);
  }
}
