// What a slow loop still gets, by kind of channel: every message up to a bound, the newest alone, or bars by their own rule.

import type { Gap, Numbering, StreamMessage, TradeBar } from '../../schemas/feed.ts';
import { gapOf } from './gaps.ts';
import type { Store } from './mailbox.ts';

type Entry<Message> = { message: Message };

/** A first-in first-out list whose head moves; what was taken is let go in halves. */
class Fifo<T> {
  private items: T[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  /** The next to be taken; undefined where there is none. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.items[this.head++];
    if (this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}

/** The same message as one that follows what came before `before`: the loop's chain of numbers stays whole. */
export function following<Message extends Numbering>(message: Message, before: Numbering): Message {
  return { ...message, prevSeq: before.prevSeq };
}

/** Every message; above `sizeMax` the oldest go, and a Gap for each channel that lost some stands in their place. */
export class EveryStore<Message extends StreamMessage> implements Store<Message | Gap, Message | Gap> {
  private readonly fifo = new Fifo<Entry<Message | Gap>>();
  /** Of what went, by channel; told before all of the channel that is still kept. */
  private readonly gaps = new Map<string, Gap>();
  /** Follows the notice told last: it is not lost in its turn, or a loop far too slow would get notices alone. */
  private promised: Message | Gap | undefined;
  private readonly sizeMax: number;
  private readonly countLost: (lost: number) => void;

  constructor(sizeMax: number, countLost: (lost: number) => void) {
    this.sizeMax = sizeMax;
    this.countLost = countLost;
  }

  put(message: Message | Gap): void {
    this.keep({ message });
  }

  protected keep(entry: Entry<Message | Gap>): void {
    this.fifo.push(entry);
    if (this.fifo.size > this.sizeMax) this.drop();
  }

  private drop(): void {
    const message = this.fifo.shift()?.message;
    if (message === undefined) return;
    const { channel, seq } = message;
    this.went(message);
    // A notice of loss that goes stands for what it tells.
    const lost = message.type === 'gap' ? message.lost : 1;
    const before = this.gaps.get(channel);
    const prevSeq = before === undefined ? message.prevSeq : before.prevSeq;
    this.gaps.set(channel, gapOf(channel, 'client-slow', (before?.lost ?? 0) + lost, seq, prevSeq, message));
    if (message.type !== 'gap') this.countLost(1);
  }

  /** For stores that know more of what they keep. */
  protected went(_message: Message | Gap): void {}

  shift(): Message | Gap | undefined {
    const { promised } = this;
    this.promised = undefined;
    if (promised !== undefined) return promised;
    const notice = this.notice();
    if (notice === undefined) return this.oldest();
    this.gaps.delete(notice.channel);
    const next = this.fifo.first?.message.channel;
    if (next !== undefined && !this.gaps.has(next)) this.promised = this.oldest();
    return notice;
  }

  /** That of the oldest message's channel first, so that the message can follow it. */
  private notice(): Gap | undefined {
    if (this.gaps.size === 0) return undefined;
    const next = this.fifo.first?.message.channel;
    return (next === undefined ? undefined : this.gaps.get(next)) ?? this.gaps.values().next().value;
  }

  private oldest(): Message | Gap | undefined {
    const message = this.fifo.shift()?.message;
    if (message !== undefined) this.went(message);
    return message;
  }
}

/** Every closed bar, and of a forming one the newest message alone: it says all that the ones before said. */
export class BarStore extends EveryStore<TradeBar> {
  /** The last kept message of each channel, where it is a forming bar. */
  private readonly forming = new Map<string, { message: TradeBar | Gap }>();

  override put(message: TradeBar | Gap): void {
    const kept = this.forming.get(message.channel);
    if (kept !== undefined && isSameBar(kept.message, message)) {
      kept.message = following(message, kept.message);
      if (message.type === 'gap' || message.isFinal) this.forming.delete(message.channel);
      return;
    }
    const entry = { message };
    if (message.type === 'trade_bar' && !message.isFinal) this.forming.set(message.channel, entry);
    else this.forming.delete(message.channel);
    this.keep(entry);
  }

  protected override went(message: TradeBar | Gap): void {
    if (this.forming.get(message.channel)?.message === message) this.forming.delete(message.channel);
  }
}

function isSameBar(a: TradeBar | Gap, b: TradeBar | Gap): boolean {
  return a.type === 'trade_bar' && b.type === 'trade_bar' && a.startTimestamp === b.startTimestamp;
}

/** The newest message of each channel, in the order in which the channels first had something to tell. */
export class NewestStore<Message extends StreamMessage> implements Store<Message, Message> {
  private readonly newest = new Map<string, Message>();

  put(message: Message): void {
    const kept = this.newest.get(message.channel);
    this.newest.set(message.channel, kept === undefined ? message : following(message, kept));
  }

  shift(): Message | undefined {
    for (const [channel, message] of this.newest) {
      this.newest.delete(channel);
      return message;
    }
    return undefined;
  }
}

/** Things that are always as new as can be: a thing is told once, however often it changed since. */
export class ChangedStore<T> implements Store<T, T> {
  private readonly changed = new Set<T>();

  put(thing: T): void {
    this.changed.add(thing);
  }

  shift(): T | undefined {
    for (const thing of this.changed) {
      this.changed.delete(thing);
      return thing;
    }
    return undefined;
  }
}
