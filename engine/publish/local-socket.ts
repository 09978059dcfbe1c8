// The socket of a subscriber inside the process: what uWebSockets.js does for one outside of it, without bytes or a queue.

import type { StreamMessage } from '../../schemas/feed.ts';
import type { Encoded } from './history.ts';
import type { LocalOutlet } from './local-outlet.ts';
import type { StreamSocket } from './subscriber.ts';

/** ws.send() of uWebSockets.js: sent, nothing is buffered. */
const SENT = 1;

/** What a Subscriber does with its socket. */
type Used = Pick<
  StreamSocket,
  'subscribe' | 'unsubscribe' | 'send' | 'cork' | 'ping' | 'end' | 'getBufferedAmount' | 'getUserData'
>;
type Text = Parameters<StreamSocket['subscribe']>[0];

export class LocalSocket implements Omit<Used, 'getUserData' | 'cork' | 'send'> {
  private readonly outlet: LocalOutlet;
  private readonly deliver: (message: StreamMessage) => void;
  private readonly topics = new Set<string>();

  constructor(outlet: LocalOutlet, deliver: (message: StreamMessage) => void) {
    this.outlet = outlet;
    this.deliver = deliver;
  }

  /** Seen as the socket it stands for. */
  get asStream(): StreamSocket {
    return this as unknown as StreamSocket;
  }

  take(message: StreamMessage): void {
    this.deliver(message);
  }

  send(message: Encoded): number {
    this.deliver(parsed(message));
    return SENT;
  }

  cork(sendAll: () => void): this {
    sendAll();
    return this;
  }

  subscribe(topic: Text): boolean {
    this.topics.add(String(topic));
    this.outlet.join(String(topic), this);
    return true;
  }

  unsubscribe(topic: Text): boolean {
    this.outlet.leave(String(topic), this);
    return this.topics.delete(String(topic));
  }

  /** Listeners take all that comes at once. */
  getBufferedAmount(): number {
    return 0;
  }

  ping(): number {
    return SENT;
  }

  end(): void {
    for (const topic of this.topics) this.outlet.leave(topic, this);
    this.topics.clear();
  }
}

const decoder = new TextDecoder();

/** Of an encoder of ours, whose type it has. */
export function parsed(message: string | Uint8Array): StreamMessage {
  return JSON.parse(typeof message === 'string' ? message : decoder.decode(message)) as StreamMessage;
}
