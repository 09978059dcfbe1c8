// A topic is one channel of one market: its numbering, its encodings and their last messages, and who waits for it.

import { SNAPSHOT_PART_LEVELS } from '../../schemas/config.ts';
import type { Channel } from './channels.ts';
import { DepthView } from './depth-view.ts';
import { COMPRESSED_FROM, ENCODERS, ENCODINGS, type EncodingId } from './encodings.ts';
import { type Encoded, History, type HistoryBudget } from './history.ts';
import { IntervalView } from './interval-view.ts';
import { type Address, type BookChangeMessage, LEVEL_NUMBERS, type StreamMessage } from './messages.ts';
import type { Subscriber } from './subscriber.ts';
import { PLAIN_VIEW, type View } from './subscription-options.ts';
import { type Held, TopicLane } from './topic-lane.ts';

/** Where topics publish: the uWebSockets.js app. It copies the message, whose bytes are valid only until it returns. */
export type Outlet = {
  publish(topic: string, message: Uint8Array, isBinary: boolean, isCompressed?: boolean): boolean;
};

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
  /** Name of the topic inside uWebSockets.js, and of the one of subscribers that ask for nearly all to be compressed. */
  readonly name: string;
  readonly compressedName: string;
  /** Who has joined that one. */
  readonly compressed = new Set<Subscriber>();
  readonly encoding: EncodingId;
  readonly history: History;
  users = 0;
  idleSinceMs = 0;

  constructor(key: string, encoding: EncodingId, shared: TopicShared) {
    this.name = `${ENCODINGS[encoding]}|${key}`;
    this.compressedName = `${ENCODINGS[encoding]}-compressed|${key}`;
    this.encoding = encoding;
    this.history = new History(shared.budget, shared.windowMs);
  }

  /** Hands a message to the sockets that have joined. */
  send(outlet: Outlet, bytes: Uint8Array, isBinary: boolean): void {
    outlet.publish(this.name, bytes, isBinary, bytes.length >= COMPRESSED_FROM.big);
    if (this.compressed.size === 0) return;
    outlet.publish(this.compressedName, bytes, isBinary, bytes.length >= COMPRESSED_FROM.all);
  }

  join(subscriber: Subscriber): void {
    const isCompressed = subscriber.compression === 'all';
    if (isCompressed) this.compressed.add(subscriber);
    subscriber.join(isCompressed ? this.compressedName : this.name);
  }

  leave(subscriber: Subscriber): void {
    subscriber.leave(this.compressed.delete(subscriber) ? this.compressedName : this.name);
  }
}

/** What a topic is of. */
export type TopicPlace = {
  readonly channel: Channel;
  readonly market: number;
  readonly address: Address;
  readonly view?: View;
  readonly source?: Topic | null;
};

export class Topic {
  /** The channel text behind what its view adds to it. */
  readonly key: string;
  readonly channel: Channel;
  readonly view: View;
  /** The channel as it is, which this tells in another way; null where it is that, or tells what shards answer. */
  readonly source: Topic | null;
  /** Topics that this is the source of. */
  readonly views: Topic[] = [];
  /** Null where each message is told. */
  readonly interval: IntervalView | null = null;
  readonly depth: DepthView | null = null;
  /** Market id; -1 for channels without one. */
  readonly market: number;
  readonly address: Address;
  readonly subscribers = new Set<Subscriber>();
  /** Subscribers that get the current value first; true where a resume was refused. */
  readonly waiting = new Map<Subscriber, boolean>();
  readonly variants: Variant[] = [];
  /** A request for the current value is on its way. */
  isAsked = false;
  /** Something was lost: a fresh value is told as soon as it is there, and until then no changes of a book. */
  isSuspended = false;
  /** `seq` of the last message; null before the first. */
  lastSeq: number | null = null;
  /** Messages published so far. */
  published = 0;
  /** What is kept for subscribers that read too slowly; null while there is none. */
  lane: TopicLane | null = null;
  /** Nothing is told any more: a topic that is opened anew is another one. */
  isForgotten = false;
  /** Last number of a channel that main counts. */
  private counted: number;
  private readonly shared: TopicShared;

  constructor(place: TopicPlace, shared: TopicShared, seqFloor: number) {
    const { channel, market, address, view = PLAIN_VIEW, source = null } = place;
    this.key = view.prefix + address.channel;
    this.channel = channel;
    this.view = view;
    this.source = source;
    this.market = market;
    this.address = address;
    if (view.depth > 0) this.depth = new DepthView(this);
    else if (view.intervalMs > 0) this.interval = new IntervalView(this);
    this.shared = shared;
    this.counted = seqFloor;
  }

  get isBook(): boolean {
    return this.channel.kind === 'book';
  }

  /** The number the next current value carries: that of the message before it. */
  get currentSeq(): number {
    return this.source === null ? this.counted : this.source.counted;
  }

  /** Someone is told what comes, or waits for it. */
  get hasReaders(): boolean {
    return this.subscribers.size + this.waiting.size > 0 || this.views.some((view) => view.hasReaders);
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
    this.tell(message, this.nextSeq(message, number));
  }

  /** As publish(), where the number is known. */
  tell(message: StreamMessage, seq: number): void {
    const { shared } = this;
    const prevSeq = this.lastSeq;
    for (const variant of this.variants) {
      const encoded = ENCODERS[variant.encoding](message, this.address, seq, prevSeq);
      const bytes = variant.history.push(encoded, seq, prevSeq, shared.nowMs);
      if (this.subscribers.size > 0) {
        variant.send(shared.outlet, bytes, typeof encoded !== 'string');
        shared.publishedMessages++;
        shared.publishedBytes += bytes.length;
      }
      if (message.type === 'book_change' && message.parts > 1) this.allowSnapshot(variant.encoding, bytes.length);
    }
    this.lastSeq = seq;
    this.published++;
    if (this.lane !== null) this.lane.take(message, seq);
    for (const view of this.views) view.retell(message, seq);
  }

  /** The source has told something. */
  private retell(message: StreamMessage, seq: number): void {
    if (this.interval !== null) this.interval.take(message, seq);
    else this.tell(this.shown(message), seq);
  }

  /** A message as this view shows it. */
  shown(message: BookChangeMessage): BookChangeMessage;
  shown(message: StreamMessage): StreamMessage;
  shown(message: StreamMessage): StreamMessage {
    if (this.view.hasChecksum || message.type !== 'book_change') return message;
    return { ...message, checksum: null };
  }

  /** A whole book as it is told: in parts where it is big. A change stays one. */
  parts(message: BookChangeMessage): readonly BookChangeMessage[] {
    return message.isSnapshot ? splitSnapshot(message, SNAPSHOT_PART_LEVELS) : [message];
  }

  /** Takes a subscriber out of the topic, for as long as it reads too slowly, and notes how far it has come. */
  hold(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    const variant = this.variant(subscriber.encoding);
    variant.leave(subscriber);
    this.lane ??= new TopicLane(this.channel.kind);
    this.lane.users++;
    const { published, lastSeq, lane } = this;
    subscriber.held.set(this, { published, seq: lastSeq, position: variant.history.position, ordinal: lane.next });
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
    this.variant(subscriber.encoding).join(subscriber);
    this.subscribers.add(subscriber);
  }

  /** Takes a subscriber in that has got the current value with this number. */
  joinAfter(subscriber: Subscriber, seq: number): void {
    if (this.interval === null) this.join(subscriber);
    else this.interval.join(subscriber, seq);
  }

  /** Takes a subscriber out, whatever it waits for. */
  part(subscriber: Subscriber): void {
    this.waiting.delete(subscriber);
    this.interval?.leave(subscriber);
    this.subscribers.delete(subscriber);
    this.release(subscriber);
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
      const seq = this.seqOf([message]);
      return ENCODERS[encoding](message, this.address, seq, index === 0 ? prevSeq : seq);
    });
  }

  /** The number that a current value stands at. */
  seqOf(values: readonly StreamMessage[]): number {
    const first = values[0];
    return first?.type === 'book_change' ? first.bookSequence : this.currentSeq;
  }

  /** What follows a current value is linked to it. */
  noteCurrent(messages: readonly StreamMessage[]): void {
    if (!this.isBook) this.lastSeq ??= this.currentSeq;
    else if (messages.length > 0) this.lastSeq = this.seqOf(messages);
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
