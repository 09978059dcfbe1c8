// All topics in use, by name and by market, and their end: a topic nobody used for the resume window is forgotten.

import { IDLE_VIEWS_MAX } from '../../schemas/stream-limits.ts';
import type { MarketNames } from '../memory/market-names.ts';
import { type Channel, isOfEvents } from './channels.ts';
import type { InterestCounts } from './interest.ts';
import { addressOf } from './messages.ts';
import type { Subscriber } from './subscriber.ts';
import { PLAIN_VIEW, type View } from './subscription-options.ts';
import { Topic, type TopicPlace, type TopicShared, type Variant } from './topics.ts';

/** Topics of one market by what the shard writes; depth topics are driven by their interval instead. */
export class MarketTopics {
  trade: Topic | null = null;
  bbo: Topic | null = null;
  book: Topic | null = null;
  status: Topic | null = null;
  /** By number of the kind. */
  readonly bars = new Map<number, Topic>();
  /** By number of the signal. */
  readonly signals: (Topic | null | undefined)[] = [];
  /** Number of the last trade the shard told: that of the market's accepted trades. */
  tradesTold = 0;
  /** Subscribers know that trades before the next one are missing. */
  isTradeLossTold = false;

  noteTrade(): void {
    this.tradesTold++;
    this.isTradeLossTold = false;
  }

  place(channel: Channel, topic: Topic | null): void {
    const { kind } = channel;
    if (kind === 'trade' || kind === 'bbo' || kind === 'book' || kind === 'status') this[kind] = topic;
    else if (kind === 'signal') this.signals[channel.number] = topic;
    else if (kind === 'bar' && topic === null) this.bars.delete(channel.number);
    else if (kind === 'bar' && topic !== null) this.bars.set(channel.number, topic);
  }

  all(): Topic[] {
    const topics = [this.trade, this.bbo, this.book, this.status, ...this.bars.values(), ...this.signals];
    return topics.filter((topic) => topic !== null && topic !== undefined);
  }
}

/** Nobody is told anything by the topic, nor by another one that it is the source of. */
function isUnused({ variants, views }: Topic): boolean {
  return views.length === 0 && variants.every(({ users }) => users === 0);
}

export class TopicRegistry {
  readonly shared: TopicShared;
  private readonly byKey = new Map<string, Topic>();
  private readonly byMarket: (MarketTopics | undefined)[] = [];
  private readonly idle = new Set<Topic>();
  private readonly names: MarketNames;
  private readonly interest: InterestCounts;
  /**
   * No forgotten topic has used a number above this one, so a topic that is opened anew never repeats a number, and a
   * resume from before is never taken for a resume of now.
   */
  private seqFloor: number;
  /** Markets whose listeners have joined: a record of a later one is the first that main sees of it. */
  marketsMet: number;
  /** By the words of a channel that someone listens to of markets to come: the first market that began after that was known. */
  private readonly expectedFrom = new Map<string, number>();

  /** `seqFloor` is above every number that an engine before this one has used. */
  constructor(shared: TopicShared, names: MarketNames, interest: InterestCounts, seqFloor = 0) {
    this.seqFloor = seqFloor;
    this.shared = shared;
    this.names = names;
    this.interest = interest;
    this.marketsMet = names.count;
  }

  /** Someone listens to such a channel of markets to come. */
  expect(channel: Channel): void {
    if (!isOfEvents(channel) || this.expectedFrom.has(channel.words)) return;
    if (channel.kind === 'signal') this.interest.expectSignal(channel.number, this.marketsMet);
    this.interest.expect(channel.interest, this.marketsMet);
    // Counted once the bits are set: the shard of a market that is named later finds them from its first record on.
    this.expectedFrom.set(channel.words, this.names.count);
  }

  /** Of a market that main meets: its shard has written such a channel from the first event on. */
  isWrittenFromStart(channel: Channel, market: number): boolean {
    return market >= (this.expectedFrom.get(channel.words) ?? Number.POSITIVE_INFINITY);
  }

  /** Whoever listens to markets below `count` has joined. Their trades are counted from the first on, heard or not. */
  met(count: number): void {
    for (; this.marketsMet < count; this.marketsMet++) {
      const market = this.marketsMet;
      const hears = (signal: number): boolean => (this.byMarket[market]?.signals[signal] ?? null) !== null;
      if (this.interest.met(market, hears)) this.byMarket[market] ??= new MarketTopics();
    }
  }

  get size(): number {
    return this.byKey.size;
  }

  ofMarket(market: number): MarketTopics | undefined {
    return this.byMarket[market];
  }

  find(key: string): Topic | undefined {
    return this.byKey.get(key);
  }

  ofKind(kind: Channel['kind']): Topic[] {
    return [...this.byKey.values()].filter((topic) => topic.channel.kind === kind);
  }

  /** The topic of a channel and market, opened if it is not; from then on the shard emits what it needs. */
  open(channel: Channel, market: number, view: View = PLAIN_VIEW): Topic {
    const name = market < 0 ? null : this.names.of(market);
    const text = channel.words + (name?.name ?? '');
    const known = this.byKey.get(view.prefix + text);
    if (known !== undefined) return known;
    const place = { channel, market, address: addressOf(text, name) };
    return view.prefix === '' ? this.openPlain(place) : this.openView(place, view);
  }

  /** The best levels of a book are asked for, all else is told by the channel as it is. */
  private openView(place: TopicPlace, view: View): Topic {
    const source = view.depth > 0 ? null : this.open(place.channel, place.market);
    const topic = new Topic({ ...place, view, source }, this.shared, this.seqFloor);
    this.byKey.set(topic.key, topic);
    source?.views.push(topic);
    return topic;
  }

  private openPlain(place: TopicPlace): Topic {
    const { channel, market } = place;
    const floor = channel.kind === 'trade' ? (this.byMarket[market]?.tradesTold ?? 0) : this.seqFloor;
    const topic = new Topic(place, this.shared, floor);
    this.byKey.set(topic.key, topic);
    if (market >= 0) {
      this.byMarket[market] ??= new MarketTopics();
      this.byMarket[market].place(channel, topic);
      this.interest.add(market, channel.interest);
      if (channel.kind === 'signal') this.interest.addSignal(market, channel.number);
    }
    return topic;
  }

  /** One more subscriber uses this encoding of the topic. */
  use(topic: Topic, subscriber: Subscriber): Variant {
    const variant = topic.variant(subscriber.encoding);
    variant.users++;
    this.idle.delete(topic);
    return variant;
  }

  /** One fewer. */
  release(topic: Topic, subscriber: Subscriber): void {
    const variant = topic.variant(subscriber.encoding);
    variant.users--;
    variant.idleSinceMs = this.shared.nowMs;
    if (variant.users > 0) return;
    this.idle.add(topic);
    const others = topic.source?.views.filter(isUnused) ?? [];
    // In the order in which they were opened, which is nearly that in which they were left.
    if (others.length > IDLE_VIEWS_MAX) this.drop(others[0]);
  }

  /** Forgets the topic that has gone unused longest, before its time; false where all are used. */
  makeRoom(): boolean {
    for (const topic of this.idle) {
      if (!isUnused(topic)) continue;
      this.drop(topic);
      return true;
    }
    return false;
  }

  private drop(topic: Topic): void {
    for (const variant of topic.variants.splice(0)) variant.history.clear();
    this.idle.delete(topic);
    this.forget(topic);
  }

  /** Forgets encodings, and then topics, that nobody used for the resume window. */
  sweep(): void {
    const { nowMs, windowMs } = this.shared;
    for (const topic of this.idle) {
      const isOver = (variant: Variant): boolean => variant.users === 0 && nowMs - variant.idleSinceMs >= windowMs;
      for (const variant of topic.variants.filter(isOver)) {
        variant.history.clear();
        topic.variants.splice(topic.variants.indexOf(variant), 1);
      }
      if (topic.variants.every((variant) => variant.users > 0)) this.idle.delete(topic);
      if (topic.variants.length + topic.views.length === 0) this.forget(topic);
    }
  }

  private forget(topic: Topic): void {
    this.byKey.delete(topic.key);
    topic.isForgotten = true;
    if (topic.view.prefix !== '') {
      this.forgetView(topic);
      return;
    }
    this.seqFloor = Math.max(this.seqFloor, topic.currentSeq + 1);
    if (topic.market < 0) return;
    this.byMarket[topic.market]?.place(topic.channel, null);
    this.interest.remove(topic.market, topic.channel.interest);
    if (topic.channel.kind === 'signal') this.interest.removeSignal(topic.market, topic.channel.number);
  }

  private forgetView({ source, key }: Topic): void {
    if (source === null) return;
    source.views.splice(
      source.views.findIndex((view) => view.key === key),
      1,
    );
    this.idle.add(source);
  }
}
