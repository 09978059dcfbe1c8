// Who gets what: joins subscribers to topics, expands wildcards to markets as they appear, and answers resumes.

import { SUBSCRIPTIONS_MAX } from '../../schemas/config.ts';
import type { MarketNames } from '../memory/market-names.ts';
import { type Channel, type ChannelError, type Named, parseChannel, wildcardVenue } from './channels.ts';
import type { CurrentValues } from './current-values.ts';
import type { DepthTimers } from './depth.ts';
import type { MarketOffers } from './market-offers.ts';
import type { Subscriber } from './subscriber.ts';
import { type OptionError, type ReadItem, readItem, type View, viewOf } from './subscription-options.ts';
import type { TopicRegistry } from './topic-registry.ts';
import type { Topic } from './topics.ts';

export type ItemError = { readonly arg: unknown; readonly category: string; readonly message: string };
/** `args` are the items that hold, as they were given. */
export type Outcome = { readonly args: unknown[]; readonly errors: ItemError[] };
type Act = { readonly act: () => void };
type Options = Readonly<Record<string, unknown>>;

/** A channel of all markets, or of all of one venue. */
type Pattern = { readonly channel: Channel; readonly venue: string; readonly subscribers: Set<Subscriber> };
/** What one item names: `arg` is its channel as text. */
type Target = {
  readonly arg: string;
  readonly channel: Channel;
  readonly market: number;
  readonly venue: string | null;
  readonly view: View;
};

type Parts = {
  readonly topics: TopicRegistry;
  readonly names: MarketNames;
  readonly current: CurrentValues;
  readonly depth: DepthTimers;
  readonly named: Named;
  readonly offers: MarketOffers;
  /** Topics open at once. */
  readonly topicsMax: number;
};

/** A resume item has a number beside its channel and options. */
const RESUME_KEYS = ['seq'];
/** Wildcards that left markets out for want of topics try again this often. */
const RETRY_MS = 1_000;

export class Subscriptions {
  private readonly parts: Parts;
  private readonly patterns = new Map<string, Pattern>();
  /** Topics not opened, as too many are open. */
  refusedTopics = 0;
  /** Markets the patterns have been applied to. */
  private marketsSeen: number;
  /** Those who join now have waited for a market that begins. */
  private isMeeting = false;
  /** A wildcard has left markets out, and when they are tried again. */
  private hasLeftOut = false;
  private retryAtMs = 0;

  constructor(parts: Parts) {
    this.parts = parts;
    this.marketsSeen = parts.names.count;
  }

  private resolve(item: unknown, shared: Options, also: readonly string[] = []): Target | ChannelError | OptionError {
    const read = readItem(item, shared, also);
    if ('category' in read) return read;
    const parsed = parseChannel(read.channel, this.parts.named);
    if ('category' in parsed) return parsed;
    const { channel, market } = parsed;
    const view = viewOf(read, channel);
    if ('category' in view) return view;
    return this.place(read, channel, market, view);
  }

  private place({ channel: arg }: ReadItem, channel: Channel, name: string, view: View): Target | ChannelError {
    if (!channel.hasMarket) return { arg, channel, market: -1, venue: null, view };
    const venue = wildcardVenue(name);
    if (venue !== null) return { arg, channel, market: -1, venue, view };
    const market = this.parts.names.idOf(name);
    if (market < 0) {
      return { category: 'unknown-market', message: `expected a known market, was ${JSON.stringify(name)}` };
    }
    return this.parts.offers.refusal(channel, market) ?? { arg, channel, market, venue, view };
  }

  /** Why no topic can be opened beside `opening` others; null where one can, or is open already. */
  private roomFor(key: string, opening: number): ChannelError | null {
    const { topics, topicsMax } = this.parts;
    if (topics.find(key) !== undefined) return null;
    while (topics.size + opening >= topicsMax) if (!topics.makeRoom()) return this.noRoom();
    return null;
  }

  private noRoom(): ChannelError {
    this.refusedTopics++;
    return { category: 'range', message: `expected at most ${this.parts.topicsMax} topics over all subscribers` };
  }

  /** What keeps a target from being taken. One that is held may need a topic of its own too, for other options. */
  private refusal({ arg, venue, view }: Target, held: ReadonlySet<string>, opening: number): ChannelError | null {
    if (!held.has(arg) && held.size >= SUBSCRIPTIONS_MAX) {
      return { category: 'range', message: `expected at most ${SUBSCRIPTIONS_MAX} subscriptions` };
    }
    // A wildcard opens nothing by itself.
    return venue === null ? this.roomFor(view.prefix + arg, opening) : null;
  }

  /**
   * Sorts items into those that hold and those that do not; `act` runs after the reply was sent. `shared` are the options
   * of the items that are text.
   */
  subscribe(subscriber: Subscriber, items: readonly unknown[], shared: Options = {}): { outcome: Outcome } & Act {
    const outcome: Outcome = { args: [], errors: [] };
    const wanted = new Map<string, Target>();
    const held = new Set(subscriber.args.keys());
    for (const item of items) {
      const target = this.resolve(item, shared);
      const error = 'category' in target || isAgain(target, wanted) ? null : this.refusal(target, held, wanted.size);
      if ('category' in target) outcome.errors.push({ arg: item, ...target });
      else if (error !== null) outcome.errors.push({ arg: item, ...error });
      else {
        outcome.args.push(item);
        held.add(target.arg);
        wanted.set(target.arg, target);
      }
    }
    const act = (): void => {
      for (const target of wanted.values()) this.add(subscriber, target, false);
    };
    return { outcome, act };
  }

  /** A channel that the subscriber has with the same options stays as it is. */
  private add(subscriber: Subscriber, target: Target, isRefused: boolean): void {
    const { arg, channel, market, venue, view } = target;
    if (subscriber.args.get(arg)?.prefix === view.prefix) return;
    subscriber.args.set(arg, view);
    if (venue === null) {
      this.settle(subscriber, channel, market, isRefused);
      return;
    }
    const pattern = this.patterns.get(arg) ?? { channel, venue, subscribers: new Set<Subscriber>() };
    this.patterns.set(arg, pattern);
    pattern.subscribers.add(subscriber);
    this.parts.topics.expect(channel);
    for (let each = 0; each < this.marketsSeen; each++) this.joinPattern(subscriber, pattern, each);
  }

  /** Someone waits for what this names of a market that has not begun. */
  expect(item: unknown): void {
    const read = readItem(item, {});
    const parsed = 'category' in read ? read : parseChannel(read.channel, this.parts.named);
    if (!('category' in parsed)) this.parts.topics.expect(parsed.channel);
  }

  private joinPattern(subscriber: Subscriber, pattern: Pattern, market: number): void {
    const { channel, venue } = pattern;
    const name = this.parts.names.of(market);
    if (venue !== '' && name.venue !== venue) return;
    if (this.parts.offers.refusal(channel, market) !== null) return;
    const key = channel.words + name.name;
    if (this.roomFor((this.viewFor(subscriber, channel, market)?.prefix ?? '') + key, 0) === null) {
      this.settle(subscriber, channel, market, false);
    } else this.hasLeftOut = true;
  }

  /** How the subscriber is told a channel of one market: as it named it, else by the narrowest of its wildcards. */
  private viewFor({ args }: Subscriber, { words, hasMarket }: Channel, market: number): View | undefined {
    if (!hasMarket) return args.get(words);
    const { name, venue } = this.parts.names.of(market);
    return args.get(words + name) ?? args.get(`${words}${venue}:*`) ?? args.get(`${words}*`);
  }

  /** Brings what the subscriber is told of one channel in line with what it has named. */
  private settle(subscriber: Subscriber, channel: Channel, market: number, isRefused: boolean): void {
    const view = this.viewFor(subscriber, channel, market);
    const text = channel.words + (market < 0 ? '' : this.parts.names.of(market).name);
    const current = subscriber.topics.get(text);
    if (current !== undefined && current.view.prefix === view?.prefix) return;
    if (current !== undefined) this.leave(subscriber, current);
    if (view !== undefined) this.join(subscriber, this.parts.topics.open(channel, market, view), isRefused);
  }

  /** Joins now, or with the current value once it is there. */
  private join(subscriber: Subscriber, topic: Topic, isRefused: boolean): void {
    subscriber.topics.set(topic.address.channel, topic);
    this.parts.topics.use(topic, subscriber);
    if (this.parts.current.has(topic.channel) && !this.isFromStart(topic)) {
      topic.waiting.set(subscriber, isRefused);
      this.parts.current.ask(topic);
    } else topic.join(subscriber);
    this.parts.depth.add(topic);
  }

  /** Events of a market that begins, for one who has waited for it: there is none before those that its shard writes now. */
  private isFromStart({ channel, market, view }: Topic): boolean {
    return this.isMeeting && view.prefix === '' && this.parts.topics.isWrittenFromStart(channel, market);
  }

  private leave(subscriber: Subscriber, topic: Topic): void {
    subscriber.topics.delete(topic.address.channel);
    topic.part(subscriber);
    topic.variant(subscriber.encoding).leave(subscriber);
    this.parts.topics.release(topic, subscriber);
  }

  unsubscribe(subscriber: Subscriber, items: readonly unknown[]): Outcome {
    const outcome: Outcome = { args: [], errors: [] };
    let hasWildcard = false;
    for (const item of items) {
      const read = readItem(item);
      if ('channel' in read && subscriber.args.delete(read.channel)) {
        outcome.args.push(item);
        if (this.dropPattern(subscriber, read.channel)) hasWildcard = true;
        else this.settleTopic(subscriber, subscriber.topics.get(read.channel));
      } else outcome.errors.push({ arg: item, category: 'range', message: 'expected a subscribed channel' });
    }
    if (hasWildcard) for (const topic of [...subscriber.topics.values()]) this.settleTopic(subscriber, topic);
    return outcome;
  }

  private settleTopic(subscriber: Subscriber, topic: Topic | undefined): void {
    if (topic !== undefined) this.settle(subscriber, topic.channel, topic.market, false);
  }

  /** False where it is none of the subscriber's. */
  private dropPattern(subscriber: Subscriber, arg: string): boolean {
    const pattern = this.patterns.get(arg);
    const isDropped = pattern?.subscribers.delete(subscriber) ?? false;
    if (pattern?.subscribers.size === 0) this.patterns.delete(arg);
    return isDropped;
  }

  /** Continues after the stated number where the history reaches back to it, else as a fresh subscription. */
  resume(subscriber: Subscriber, items: readonly unknown[], isSameEngine: boolean): Outcome & Act {
    const outcome: Outcome = { args: [], errors: [] };
    const acts: (() => void)[] = [];
    const held = new Set(subscriber.args.keys());
    const named = new Set<string>();
    for (const item of items) {
      const target = this.resumed(item);
      const error = 'category' in target ? null : this.resumeRefusal(target, named, held, acts.length);
      if ('category' in target) outcome.errors.push({ arg: item, ...target });
      else if (error !== null) outcome.errors.push({ arg: item, ...error });
      else {
        held.add(target.arg);
        named.add(target.arg);
        const { resumed, act } = this.planResume(subscriber, target, isSameEngine);
        outcome.args.push({ ...(item as object), resumed });
        acts.push(act);
      }
    }
    const act = (): void => {
      for (const each of acts) each();
    };
    return { ...outcome, act };
  }

  /** A channel that goes on behind two numbers at once would be told twice. */
  private resumeRefusal(
    target: Target,
    named: ReadonlySet<string>,
    held: ReadonlySet<string>,
    opening: number,
  ): ChannelError | null {
    if (named.has(target.arg)) return { category: 'range', message: 'expected each channel once in a resume' };
    return this.refusal(target, held, opening);
  }

  private resumed(item: unknown): (Target & { readonly seq: number }) | ChannelError | OptionError {
    const seq = typeof item === 'object' && item !== null && 'seq' in item ? item.seq : null;
    if (!Number.isSafeInteger(seq)) return { category: 'shape', message: 'expected {channel, seq}' };
    const target = this.resolve(item, {}, RESUME_KEYS);
    if ('category' in target) return target;
    if (target.venue !== null) return { category: 'range', message: 'expected a channel of one market' };
    return { ...target, seq: Number(seq) };
  }

  private planResume(
    subscriber: Subscriber,
    target: Target & { readonly seq: number },
    isSameEngine: boolean,
  ): Act & { readonly resumed: boolean } {
    const { arg, view, seq } = target;
    const topic = subscriber.topics.has(arg) ? undefined : this.parts.topics.find(view.prefix + arg);
    const variant = topic?.variants.find((each) => each.encoding === subscriber.encoding);
    const missed = isSameEngine && topic && variant ? variant.history.after(seq, topic.lastSeq) : null;
    if (topic === undefined || missed === null) {
      return { resumed: false, act: () => this.add(subscriber, target, true) };
    }
    // From here on: what other items of the request open must not take its place.
    this.parts.topics.use(topic, subscriber);
    subscriber.args.set(arg, view);
    return { resumed: true, act: () => this.continue(subscriber, topic, missed) };
  }

  private continue(subscriber: Subscriber, topic: Topic, missed: readonly (string | Uint8Array)[]): void {
    subscriber.topics.set(topic.address.channel, topic);
    subscriber.sendSnapshot(missed);
    topic.join(subscriber);
    this.parts.depth.add(topic);
  }

  /** A thousand may go at once: its socket has left its topics by itself, and its own lists go whole. */
  closed(subscriber: Subscriber): void {
    if (this.patterns.size > 0) for (const arg of subscriber.args.keys()) this.dropPattern(subscriber, arg);
    for (const topic of subscriber.topics.values()) {
      topic.part(subscriber);
      topic.variant(subscriber.encoding).compressed.delete(subscriber);
      this.parts.topics.release(topic, subscriber);
    }
    subscriber.args.clear();
    subscriber.topics.clear();
  }

  /** Applies wildcards to markets that have appeared, and lets others join who have waited for them. Cheap when there are none. */
  meet(join: () => void): void {
    const { count } = this.parts.names;
    if (this.marketsSeen === count) return;
    this.isMeeting = true;
    for (; this.marketsSeen < count; this.marketsSeen++) this.applyPatterns(this.marketsSeen);
    join();
    this.isMeeting = false;
    this.parts.topics.met(count);
  }

  /** Tries the markets again that wildcards have left out, where topics have become free. */
  retry(nowMs: number): void {
    const { topics, topicsMax } = this.parts;
    if (!this.hasLeftOut || nowMs < this.retryAtMs || topics.size >= topicsMax) return;
    this.retryAtMs = nowMs + RETRY_MS;
    this.hasLeftOut = false;
    // Those that are left out once more have been counted.
    const { refusedTopics } = this;
    for (let market = 0; market < this.marketsSeen; market++) this.applyPatterns(market);
    this.refusedTopics = refusedTopics;
  }

  private applyPatterns(market: number): void {
    for (const pattern of this.patterns.values()) {
      for (const subscriber of pattern.subscribers) this.joinPattern(subscriber, pattern, market);
    }
  }
}

/** The same request has named it already, with the same options: that takes no more room. */
function isAgain({ arg, view }: Target, wanted: ReadonlyMap<string, Target>): boolean {
  return wanted.get(arg)?.view.prefix === view.prefix;
}
