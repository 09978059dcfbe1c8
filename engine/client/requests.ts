// Requests on one connection: gathers what belongs together, keeps within the engine's size, and pairs replies with them.

import { CLIENT_REQUEST_BYTES } from '../../schemas/config.ts';
import type { StreamReply, StreamRequest } from '../../schemas/feed.ts';
import type { Feed } from './feed.ts';

export type RequestOp = 'subscribe' | 'unsubscribe' | 'resume';
export type Sent = { readonly id: number; readonly op: RequestOp | 'ping'; readonly feeds: readonly Feed[] };
type Waiting = { readonly op: RequestOp; readonly feed: Feed };

/** Characters are bytes for nearly all names; the engine takes twice as many. */
function sizeOf(arg: unknown): number {
  return JSON.stringify(arg).length + 1;
}

function argOf({ op, feed }: Waiting): unknown {
  if (op === 'unsubscribe') return feed.channel;
  return op === 'resume' ? (feed.resumeItem ?? feed.item) : feed.item;
}

export class Requests {
  /** Id of the engine the held numbers are of; null before the first answer. */
  engine: string | null = null;
  private readonly send: (request: StreamRequest) => void;
  private waiting: Waiting[] = [];
  /** The engine answers in the order of the requests. */
  private sent: Sent[] = [];
  private idLast = 0;
  private isFlushing = false;

  constructor(send: (request: StreamRequest) => void) {
    this.send = send;
  }

  /** A subscription that was not asked for yet need not be taken back. */
  ask(op: RequestOp, feed: Feed): void {
    const pending = this.waiting.findIndex((each) => each.feed === feed && each.op !== 'unsubscribe');
    if (op === 'unsubscribe' && pending >= 0) {
      this.waiting.splice(pending, 1);
      return;
    }
    this.waiting.push({ op, feed });
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      this.flush();
    });
  }

  ping(): void {
    this.transmit('ping', [], []);
  }

  /** Nothing is open any more: answers will not come. */
  forget(): void {
    this.waiting = [];
    this.sent = [];
  }

  /** What neighbours of one op ask for goes in one request, as far as it fits. */
  private flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    let from = 0;
    while (from < waiting.length) {
      const { op } = waiting[from];
      let to = from;
      let bytes = 0;
      while (to < waiting.length && waiting[to].op === op) {
        bytes += sizeOf(argOf(waiting[to]));
        if (to > from && bytes > CLIENT_REQUEST_BYTES) break;
        to++;
      }
      const group = waiting.slice(from, to);
      this.transmit(
        op,
        group.map(({ feed }) => feed),
        group.map(argOf),
      );
      // Answered after all that was missed: until then what the feeds hold is as old as the loss.
      if (op === 'resume') {
        this.transmit(
          'ping',
          group.map(({ feed }) => feed),
          [],
        );
      }
      from = to;
    }
  }

  private transmit(op: RequestOp | 'ping', feeds: readonly Feed[], args: readonly unknown[]): void {
    const id = ++this.idLast;
    this.sent.push({ id, op, feeds });
    const engine = op === 'resume' && this.engine !== null ? { engine: this.engine } : {};
    this.send({ op, id, ...(op === 'ping' ? {} : { args }), ...engine } as StreamRequest);
  }

  /** What a reply answers. One without id answers the oldest request: the engine refuses it unread, above its budget. */
  answered(reply: StreamReply): Sent | undefined {
    const index = reply.id === undefined ? 0 : this.sent.findIndex(({ id }) => id === reply.id);
    return index < 0 ? undefined : this.sent.splice(index, 1)[0];
  }
}
