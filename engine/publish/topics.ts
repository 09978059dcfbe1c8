// A topic is one channel of one market: its numbering, its encodings and their last messages, and who waits for it.

import type { Channel } from './channels.ts';
import { ENCODERS, ENCODINGS, type EncodingId } from './encodings.ts';
import { type Encoded, History, type HistoryBudget } from './history.ts';
import { type Address, type BookChangeMessage, LEVEL_NUMBERS, type StreamMessage } from './messages.ts';
import type { Subscriber } from './subscriber.ts';
import { type Held, TopicLane } from './topic-lane.ts';

/** Where topics publish: the uWebSockets.js app. It copies the message, whose bytes are valid only until it returns. */
export type Outlet = { publish(topic: string, message: Uint8Array, isBinary: boolean): boolean };

/** What all topics of one engine share. */
export type TopicShared = {
  readonly outlet: Outlet;
  readonly budget: HistoryBudget;
  readonly windowMs: number;
  /** Main's clock, moved on once per round. */
  nowMs: number;
  publishedMessages: number;
  publishedBytes: number;
};

/** One encoding of a topic; kept for the resume window after its last user left. */
export class Variant {
  /** Name of the topic inside uWebSockets.js. */
  readonly name: string;
  readonly encoding: EncodingId;
  readonly history: History;
  users = 0;
  idleSinceMs = 0;

  constructor(key: string, encoding: EncodingId, shared: TopicShared) {
    this.name = `${ENCODINGS[encoding]}|${key}`;
    this.encoding = encoding;
    this.history = new History(shared.budget, shared.windowMs);
  }
}

export class Topic {
  readonly key: string;
  readonly channel: Channel;
  /** Market id; -1 for channels without one. */
  readonly market: number;
  readonly address: Address;
  readonly subscribers = new Set<Subscriber>();
  /** Subscribers that get the current value first; true where a resume was refused. */
  readonly waiting = new Map<Subscriber, boolean>();
  readonly variants: Variant[] = [];
  /** A request for the current value is on its way. */
  isAsked = false;
  /** Changes are held back until a fresh snapshot: something before it was lost. */
  isSuspended = false;
  /** `seq` of the last message; null before the first. */
  lastSeq: number | null = null;
  /** Messages published so far. */
  published = 0;
  /** What is kept for subscribers that read too slowly; null while there is none. */
  lane: TopicLane | null = null;
  /** Last number of a channel that main counts. */
  private counted: number;
  private readonly shared: TopicShared;

  constructor(channel: Channel, market: number, address: Address, shared: TopicShared, seqFloor: number) {
    this.key = address.channel;
    this.channel = channel;
    this.market = market;
    this.address = address;
    this.shared = shared;
    this.counted = seqFloor;
  }

  get isBook(): boolean {
    return this.channel.kind === 'book';
  }

  /** The number the next current value carries: that of the message before it. */
  get currentSeq(): number {
    return this.counted;
  }

  variant(encoding: EncodingId): Variant {
    let variant = this.variants.find((each) => each.encoding === encoding);
    if (variant === undefined) {
      variant = new Variant(this.key, encoding, this.shared);
      this.variants.push(variant);
    }
    return variant;
  }

  /** The number of a message to be published now; trades bring theirs, and what is no trade has that of the one before. */
  private nextSeq(message: StreamMessage, number: number | null): number {
    if (this.channel.kind === 'trade' && message.type !== 'trade') return this.lastSeq ?? this.counted;
    if (number !== null) this.counted = number - 1;
    if (!this.isBook) return ++this.counted;
    return message.type === 'book_change' ? message.bookSequence : (this.lastSeq ?? 0);
  }

  /** Encodes once per encoding in use and hands it to the sockets. */
  publish(message: StreamMessage, number: number | null = null): void {
    const { shared } = this;
    const seq = this.nextSeq(message, number);
    const prevSeq = this.lastSeq;
    for (const variant of this.variants) {
      const encoded = ENCODERS[variant.encoding](message, this.address, seq, prevSeq);
      const bytes = variant.history.push(encoded, seq, prevSeq, shared.nowMs);
      if (this.subscribers.size > 0) {
        shared.outlet.publish(variant.name, bytes, typeof encoded !== 'string');
        shared.publishedMessages++;
        shared.publishedBytes += bytes.length;
      }
      if (message.type === 'book_change' && message.parts > 1) this.allowSnapshot(variant.encoding, bytes.length);
    }
    this.lastSeq = seq;
    this.published++;
    if (this.lane !== null) this.lane.take(message, seq);
  }

  /** Takes a subscriber out of the topic, for as long as it reads too slowly, and notes how far it has come. */
  hold(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    const { name, history } = this.variant(subscriber.encoding);
    subscriber.leave(name);
    this.lane ??= new TopicLane(this.channel.kind);
    this.lane.users++;
    const { published, lastSeq, lane } = this;
    subscriber.held.set(this, { published, seq: lastSeq, position: history.position, ordinal: lane.next });
  }

  /** What hold() noted, forgotten; null where the subscriber was not held. */
  release(subscriber: Subscriber): Held | null {
    const held = subscriber.held.get(this);
    if (held === undefined) return null;
    subscriber.held.delete(this);
    if (this.lane !== null && --this.lane.users === 0) this.lane = null;
    return held;
  }

  /** Takes a subscriber in: from here on it gets what is published. */
  join(subscriber: Subscriber): void {
    subscriber.join(this.variant(subscriber.encoding).name);
    this.subscribers.add(subscriber);
  }

  /** A message for one subscriber alone. */
  encodeFor(subscriber: Subscriber, message: StreamMessage, seq: number, prevSeq: number | null): Encoded {
    return ENCODERS[subscriber.encoding](message, this.address, seq, prevSeq);
  }

  /** A big snapshot sent to everyone does not count against anyone's cap. */
  private allowSnapshot(encoding: EncodingId, bytes: number): void {
    for (const subscriber of this.subscribers) if (subscriber.encoding === encoding) subscriber.snapshotBytes += bytes;
  }

  /** Current values for one subscriber alone; `prevSeq` is the number it has got, null where it has none. */
  encodeCurrent(messages: readonly StreamMessage[], encoding: EncodingId, prevSeq: number | null = null): Encoded[] {
    return messages.map((message, index) => {
      const seq = message.type === 'book_change' ? message.bookSequence : this.currentSeq;
      return ENCODERS[encoding](message, this.address, seq, index === 0 ? prevSeq : seq);
    });
  }

  /** What follows a current value is linked to it. */
  noteCurrent(messages: readonly StreamMessage[]): void {
    const first = messages[0];
    if (this.isBook) this.lastSeq = first?.type === 'book_change' ? first.bookSequence : this.lastSeq;
    else this.lastSeq ??= this.counted;
  }
}

/** A big book in parts of at most `levelsMax` levels, bids then asks; a small one as it is. */
export function splitSnapshot(message: BookChangeMessage, levelsMax: number): BookChangeMessage[] {
  const bids = message.bids.length / LEVEL_NUMBERS;
  const asks = message.asks.length / LEVEL_NUMBERS;
  const parts = Math.ceil((bids + asks) / levelsMax);
  if (parts <= 1) return [message];
  const cut = (levels: Float64Array, from: number, to: number): Float64Array =>
    levels.subarray(Math.max(0, from) * LEVEL_NUMBERS, Math.max(0, to) * LEVEL_NUMBERS);
  return Array.from({ length: parts }, (_, index) => {
    const from = index * levelsMax;
    const to = from + levelsMax;
    return {
      ...message,
      bids: cut(message.bids, from, Math.min(to, bids)),
      asks: cut(message.asks, from - bids, to - bids),
      part: index + 1,
      parts,
    };
  });
}
