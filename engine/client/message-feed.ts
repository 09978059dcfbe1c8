// A feed of messages of any channel but books: checks their numbers, and hands each to every loop.

import type { BookSnapshot, BookTicker, Gap, Status, StreamMessage, SubscriptionOptions } from '../../schemas/feed.ts';
import type { ClientError } from './errors.ts';
import { Feed, type FeedParts } from './feed.ts';
import { gapOf } from './gaps.ts';
import type { QueuedMailbox } from './mailbox.ts';

type Trusted = BookTicker | BookSnapshot | Status;
type Sink = QueuedMailbox<StreamMessage, StreamMessage>;

export type MessageFeedRules = {
  /** Every message counts, so loops are told what was lost; else the newest state makes up for it. */
  readonly isTold: boolean;
  /** The newest message is a current value that a loop that joins later begins with. */
  readonly isState: boolean;
  /** Messages say whether their book is to be trusted, so they are told again while the client itself is out of touch. */
  readonly hasTrust: boolean;
};

/** The same state told once more, as nothing new: its number follows itself. */
function again<Message extends StreamMessage>(message: Message): Message {
  return { ...message, prevSeq: message.seq };
}

/** In the words of a local book that is out of touch. */
function distrusted(message: Trusted): Trusted {
  return { ...again(message), state: 'resyncing', reason: 'disconnected' };
}

export class MessageFeed extends Feed {
  private readonly rules: MessageFeedRules;
  private readonly sinks = new Set<Sink>();
  /** `seq` of the last message, by channel. */
  private readonly seqs = new Map<string, number>();
  private readonly newest = new Map<string, StreamMessage>();
  /** Those who came while the engine was out of touch: what was newest then may be long past. */
  private readonly late = new Set<Sink>();
  private isInterrupted = false;
  /** The last that loops were told is the client's own word. */
  private isDistrusted = false;

  constructor(channel: string, options: SubscriptionOptions, parts: FeedParts, rules: MessageFeedRules) {
    super(channel, options, parts);
    this.rules = rules;
  }

  get loops(): number {
    return this.sinks.size;
  }

  join(sink: Sink): void {
    this.sinks.add(sink);
    if (this.isInterrupted) this.late.add(sink);
    else this.begin(sink);
  }

  private begin(sink: Sink): void {
    for (const message of this.newest.values()) sink.put(message);
  }

  leave(sink: Sink): void {
    this.sinks.delete(sink);
    this.late.delete(sink);
  }

  take(message: StreamMessage): void {
    const { channel, seq, prevSeq } = message;
    const held = this.seqs.get(channel);
    if (held !== undefined && prevSeq !== null && prevSeq !== held) {
      const lost = Math.max(0, prevSeq - held);
      this.tell(gapOf(channel, 'missed', lost, prevSeq, held, message));
    }
    this.seqs.set(channel, seq);
    if (message.type === 'gap') {
      this.tell(message);
      return;
    }
    if (this.rules.isState) this.newest.set(channel, message);
    // What was missed of a state is past: only its end is of use, and it is told as such.
    if (this.isBehind && this.rules.hasTrust && !this.rules.isTold) return;
    this.put(message);
  }

  private put(message: StreamMessage): void {
    this.isDistrusted = false;
    for (const sink of this.sinks) sink.put(message);
  }

  private tell(gap: Gap): void {
    this.parts.stats.gaps++;
    this.parts.onGap(gap);
    if (this.rules.isTold) for (const sink of this.sinks) sink.put(gap);
  }

  protected get heldSeq(): number | null {
    return this.seqs.get(this.channel) ?? null;
  }

  override interrupted(): void {
    super.interrupted();
    this.isInterrupted = true;
    if (!this.rules.hasTrust || this.isDistrusted) return;
    for (const message of this.newest.values()) this.put(distrusted(message as Trusted));
    this.isDistrusted = true;
  }

  protected resumed(): void {
    if (!this.rules.hasTrust) this.welcome();
  }

  protected current(): void {
    if (!this.rules.hasTrust) return;
    if (this.isDistrusted) {
      for (const message of this.newest.values()) this.put(again(message));
      this.late.clear();
    }
    this.welcome();
  }

  /** What is newest is so indeed. */
  private welcome(): void {
    this.isInterrupted = false;
    for (const sink of this.late) this.begin(sink);
    this.late.clear();
  }

  /** Current values follow, of the markets there still are. */
  protected begun(): void {
    const seq = this.heldSeq;
    const like = this.newest.get(this.channel);
    this.seqs.clear();
    this.newest.clear();
    this.late.clear();
    if (!this.isInterrupted) return;
    this.isInterrupted = false;
    this.tell(gapOf(this.channel, 'reconnect', 0, seq ?? 0, seq, like));
  }

  protected failLoops(error: ClientError): void {
    for (const sink of this.sinks) sink.fail(error);
  }
}
