// Who gets what: joins subscribers to topics, expands wildcards to markets as they appear, and answers resumes.

import { SUBSCRIPTIONS_MAX } from '../../schemas/config.ts';
import type { MarketNames } from '../memory/market-names.ts';
import { type Channel, type ChannelError, type Named, parseChannel, wildcardVenue } from './channels.ts';
import type { CurrentValues } from './current-values.ts';
import type { DepthTimers } from './depth.ts';
import type { MarketOffers } from './market-offers.ts';
import type { Subscriber } from './subscriber.ts';
import type { TopicRegistry } from './topic-registry.ts';
import type { Topic } from './topics.ts';

export type ItemError = { readonly arg: unknown; readonly category: string; readonly message: string };
export type Outcome = { readonly args: string[]; readonly errors: ItemError[] };
export type ResumeItem = { readonly channel: string; readonly seq: number };
type Resumed = ResumeItem & { readonly resumed: boolean };
type ResumePlan = Resumed & { readonly act: () => void };
export type ResumeOutcome = { readonly args: Resumed[]; readonly errors: ItemError[]; readonly act: () => void };

/** A channel of all markets, or of all of one venue. */
type Pattern = { readonly channel: Channel; readonly venue: string; readonly subscribers: Set<Subscriber> };
/** What one argument names. */
type Target = { readonly channel: Channel; readonly market: number; readonly venue: string | null };

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

export class Subscriptions {
  private readonly parts: Parts;
  private readonly patterns = new Map<string, Pattern>();
  /** Topics not opened, as too many are open. */
  refusedTopics = 0;
  /** Markets the patterns have been applied to. */
  private marketsSeen: number;

  constructor(parts: Parts) {
    this.parts = parts;
    this.marketsSeen = parts.names.count;
  }

  private resolve(arg: unknown): Target | ChannelError {
    if (typeof arg !== 'string') return { category: 'shape', message: 'expected a channel as text' };
    const parsed = parseChannel(arg, this.parts.named);
    if ('category' in parsed) return parsed;
    const { channel, market } = parsed;
    if (!channel.hasMarket) return { channel, market: -1, venue: null };
    const venue = wildcardVenue(market);
    if (venue !== null) return { channel, market: -1, venue };
    const id = this.parts.names.idOf(market);
    if (id < 0)
      return { category: 'unknown-market', message: `expected a known market, was ${JSON.stringify(market)}` };
    return this.parts.offers.refusal(channel, id) ?? { channel, market: id, venue };
  }

  /** Why no topic can be opened for a target; null where one can, or is open already. */
  private roomFor(arg: string, opening: number): ChannelError | null {
    const { topics } = this.parts;
    if (topics.size + opening < this.parts.topicsMax || topics.find(arg) !== undefined) return null;
    this.refusedTopics++;
    return { category: 'range', message: `expected at most ${this.parts.topicsMax} topics over all subscribers` };
  }

  /** Sorts arguments into those that hold and those that do not; `act` runs after the reply was sent. */
  subscribe(subscriber: Subscriber, args: readonly unknown[]): { outcome: Outcome; act: () => void } {
    const targets: { arg: string; target: Target }[] = [];
    const outcome: Outcome = { args: [], errors: [] };
    const known = new Set(subscriber.args);
    for (const arg of args) {
      const target = this.resolve(arg);
      const isNew = !known.has(arg as string);
      if ('category' in target) outcome.errors.push({ arg, ...target });
      else if (isNew && known.size >= SUBSCRIPTIONS_MAX) {
        const message = `expected at most ${SUBSCRIPTIONS_MAX} subscriptions`;
        outcome.errors.push({ arg, category: 'range', message });
      } else {
        const full = isNew ? this.roomFor(arg as string, targets.length) : null;
        if (full !== null) {
          outcome.errors.push({ arg, ...full });
          continue;
        }
        outcome.args.push(arg as string);
        known.add(arg as string);
        if (isNew) targets.push({ arg: arg as string, target });
      }
    }
    const act = (): void => {
      for (const { arg, target } of targets) this.add(subscriber, arg, target);
    };
    return { outcome, act };
  }

  private add(subscriber: Subscriber, arg: string, target: Target): void {
    subscriber.args.add(arg);
    if (target.venue === null) {
      this.join(subscriber, this.parts.topics.open(target.channel, target.market), false);
      return;
    }
    const known = this.patterns.get(arg);
    const pattern = known ?? { channel: target.channel, venue: target.venue, subscribers: new Set<Subscriber>() };
    this.patterns.set(arg, pattern);
    pattern.subscribers.add(subscriber);
    for (let market = 0; market < this.marketsSeen; market++) this.joinPattern(subscriber, pattern, market);
  }

  private joinPattern(subscriber: Subscriber, pattern: Pattern, market: number): void {
    if (pattern.venue !== '' && this.parts.names.of(market).venue !== pattern.venue) return;
    if (this.parts.offers.refusal(pattern.channel, market) !== null) return;
    const key = pattern.channel.words + this.parts.names.of(market).name;
    if (this.roomFor(key, 0) !== null) return;
    this.join(subscriber, this.parts.topics.open(pattern.channel, market), false);
  }

  /** Joins now, or with the current value once it is there. */
  private join(subscriber: Subscriber, topic: Topic, isRefused: boolean): void {
    if (subscriber.topics.has(topic)) return;
    subscriber.topics.add(topic);
    this.parts.topics.use(topic, subscriber);
    if (this.parts.current.has(topic.channel)) {
      topic.waiting.set(subscriber, isRefused);
      this.parts.current.ask(topic);
      return;
    }
    topic.join(subscriber);
    if (topic.channel.kind === 'depth') this.parts.depth.add(topic);
  }

  private leave(subscriber: Subscriber, topic: Topic): void {
    if (!subscriber.topics.delete(topic)) return;
    topic.waiting.delete(subscriber);
    topic.subscribers.delete(subscriber);
    topic.release(subscriber);
    subscriber.leave(topic.variant(subscriber.encoding).name);
    this.parts.topics.release(topic, subscriber);
  }

  unsubscribe(subscriber: Subscriber, args: readonly unknown[]): Outcome {
    const outcome: Outcome = { args: [], errors: [] };
    for (const arg of args) {
      if (typeof arg === 'string' && subscriber.args.delete(arg)) {
        outcome.args.push(arg);
        this.dropPattern(subscriber, arg);
      } else outcome.errors.push({ arg, category: 'range', message: 'expected a subscribed channel' });
    }
    if (outcome.args.length > 0) {
      for (const topic of subscriber.topics) if (!this.covers(subscriber, topic)) this.leave(subscriber, topic);
    }
    return outcome;
  }

  private dropPattern(subscriber: Subscriber, arg: string): void {
    const pattern = this.patterns.get(arg);
    pattern?.subscribers.delete(subscriber);
    if (pattern?.subscribers.size === 0) this.patterns.delete(arg);
  }

  /** True while some argument of the subscriber still names the topic. */
  private covers(subscriber: Subscriber, topic: Topic): boolean {
    const { words } = topic.channel;
    const { args } = subscriber;
    return args.has(topic.key) || args.has(`${words}*`) || args.has(`${words}${topic.address.exchange}:*`);
  }

  /** Continues after the stated number where the history reaches back to it, else as a fresh subscription. */
  resume(subscriber: Subscriber, items: readonly ResumeItem[], isSameEngine: boolean): ResumeOutcome {
    const channels = items.map((item) => item.channel);
    const { args, errors } = this.subscribe(subscriber, channels).outcome;
    const plans: ResumePlan[] = [];
    for (const item of items.filter(({ channel }) => args.includes(channel))) {
      const target = this.resolve(item.channel) as Target;
      if (target.venue === null) plans.push(this.planResume(subscriber, item, target, isSameEngine));
      else errors.push({ arg: item.channel, category: 'range', message: 'expected a channel of one market' });
    }
    const act = (): void => {
      for (const plan of plans) plan.act();
    };
    return { args: plans.map(({ channel, seq, resumed }) => ({ channel, seq, resumed })), errors, act };
  }

  private planResume(subscriber: Subscriber, item: ResumeItem, target: Target, isSameEngine: boolean): ResumePlan {
    const { channel, seq } = item;
    const topic = this.parts.topics.find(channel);
    const variant = topic?.variants.find((each) => each.encoding === subscriber.encoding);
    const missed = isSameEngine && topic && variant ? variant.history.after(seq, topic.lastSeq) : null;
    const isJoined = topic !== undefined && subscriber.topics.has(topic);
    const resumed = missed !== null && !isJoined;
    const act = (): void => {
      subscriber.args.add(channel);
      const opened = this.parts.topics.open(target.channel, target.market);
      if (resumed) this.continue(subscriber, opened, missed);
      else this.join(subscriber, opened, true);
    };
    return { channel, seq, resumed, act };
  }

  private continue(subscriber: Subscriber, topic: Topic, missed: readonly (string | Uint8Array)[]): void {
    subscriber.topics.add(topic);
    this.parts.topics.use(topic, subscriber);
    subscriber.sendSnapshot(missed);
    topic.join(subscriber);
    if (topic.channel.kind === 'depth') this.parts.depth.add(topic);
  }

  /** A thousand may go at once: its socket has left its topics by itself, and its own lists go whole. */
  closed(subscriber: Subscriber): void {
    if (this.patterns.size > 0) for (const arg of subscriber.args) this.dropPattern(subscriber, arg);
    for (const topic of subscriber.topics) {
      if (topic.waiting.size > 0) topic.waiting.delete(subscriber);
      topic.subscribers.delete(subscriber);
      topic.release(subscriber);
      this.parts.topics.release(topic, subscriber);
    }
    subscriber.args.clear();
    subscriber.topics.clear();
  }

  /** Applies wildcards to markets that have appeared. Cheap when there are none. */
  expand(): void {
    const count = this.parts.names.count;
    for (; this.marketsSeen < count; this.marketsSeen++) {
      for (const pattern of this.patterns.values()) {
        for (const subscriber of pattern.subscribers) this.joinPattern(subscriber, pattern, this.marketsSeen);
      }
    }
  }
}
