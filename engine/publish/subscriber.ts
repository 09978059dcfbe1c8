// One client of /stream: what it asked for, and how much of what lies in its socket is snapshots.

import type { WebSocket } from 'uWebSockets.js';
import type { EncodingId } from './encodings.ts';
import type { Encoded } from './history.ts';
import type { Topic } from './topics.ts';

/** What uWebSockets.js keeps for a socket; it copies plain properties, so the object with methods lies one level down. */
export type SocketData = { readonly subscriber: Subscriber };
export type StreamSocket = WebSocket<SocketData>;

/** ws.send() of uWebSockets.js: the message was left out, the socket's buffer is over its hard limit. */
const SEND_DROPPED = 2;

export class Subscriber {
  readonly encoding: EncodingId;
  /** Channels and wildcards as named by the client. */
  readonly args = new Set<string>();
  /** Topics it is joined to or waits for. */
  readonly topics = new Set<Topic>();
  /** Bytes of big snapshots that may still lie in the socket: they do not count against the cap. */
  snapshotBytes = 0;
  /** Messages uWebSockets.js left out; a subscriber that lost one is closed. */
  droppedMessages = 0;
  private socket: StreamSocket | null = null;

  constructor(encoding: EncodingId) {
    this.encoding = encoding;
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

  /** Buffered bytes that are not snapshots. What drains may be either, so snapshots count as draining last. */
  get laggingBytes(): number {
    const buffered = this.bufferedBytes;
    this.snapshotBytes = Math.min(this.snapshotBytes, buffered);
    return buffered - this.snapshotBytes;
  }

  send(message: Encoded): void {
    if (this.socket === null) return;
    const sent = this.socket.send(message, typeof message !== 'string');
    if (sent === SEND_DROPPED) this.droppedMessages++;
  }

  /** Sends several messages in one system call. */
  sendAll(messages: readonly Encoded[]): void {
    this.socket?.cork(() => {
      for (const message of messages) this.send(message);
    });
  }

  sendSnapshot(messages: readonly Encoded[]): void {
    for (const message of messages) this.snapshotBytes += message.length;
    this.sendAll(messages);
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
