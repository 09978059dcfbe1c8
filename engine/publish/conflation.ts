// Takes subscribers that read too slowly out of the shared topics, and gives them what they missed when they read again:
// of trades what is left, of all else the newest, each linked by `prevSeq` to what they had got before.

import { SUBSCRIBER_RESUME_BYTES } from '../../schemas/config.ts';
import type { CurrentValues } from './current-values.ts';
import type { DepthTimers } from './depth.ts';
import type { History } from './history.ts';
import type { GapMessage } from './messages.ts';
import type { Subscriber } from './subscriber.ts';
import type { Held } from './topic-lane.ts';
import type { Topic } from './topics.ts';

const gapOf = (lost: number): GapMessage => ({
  type: 'gap',
  timestampUs: 0,
  localTimestampUs: 0,
  reason: 'slow',
  lost,
});

/** Messages published to a topic since a subscriber was taken out of it. */
const missedBy = (topic: Topic, held: Held): number => topic.published - held.published;

export class Conflation {
  /** No shard answers any more: books come from the history, where it reaches back. */
  isEnding = false;
  /** Books that could not be given in the end. */
  dropped = 0;
  private readonly current: CurrentValues;
  private readonly depth: DepthTimers;

  constructor(current: CurrentValues, depth: DepthTimers) {
    this.current = current;
    this.depth = depth;
  }

  /** Everything published until now is queued to it; from here on nothing is. */
  enter(subscriber: Subscriber): void {
    // Asked at each look for as long as the queue is long, and a subscriber may have thousands of topics.
    if (subscriber.held.size === subscriber.topics.size) return;
    const shared = [...subscriber.topics.values()].filter((topic) => topic.subscribers.has(subscriber));
    if (shared.length === 0) return;
    subscriber.settle();
    for (const topic of shared) topic.hold(subscriber);
    subscriber.slow.conflations++;
  }

  /** Gives as much of the newest state as a reader may have queued, and takes it back into those topics. */
  resume(subscriber: Subscriber): void {
    for (const [topic, held] of subscriber.held) {
      if (subscriber.bufferedBytes > SUBSCRIBER_RESUME_BYTES) return;
      if (missedBy(topic, held) === 0) this.join(topic, subscriber);
      else if (topic.isBook) this.giveBook(topic, subscriber, held);
      else if (topic.channel.kind === 'trade') this.giveTrades(topic, subscriber, held);
      else this.giveNewest(topic, subscriber, held);
    }
  }

  private join(topic: Topic, subscriber: Subscriber): void {
    topic.waiting.delete(subscriber);
    topic.release(subscriber);
    topic.join(subscriber);
    this.depth.add(topic);
  }

  /** The shard is asked; its answer takes the subscriber in where it stands among the changes. */
  private giveBook(topic: Topic, subscriber: Subscriber, held: Held): void {
    if (!this.isEnding) {
      if (topic.waiting.has(subscriber)) return;
      topic.waiting.set(subscriber, false);
      this.current.ask(topic);
      this.depth.add(topic);
      return;
    }
    const { history } = topic.variant(subscriber.encoding);
    const missed = held.seq === null ? null : history.after(held.seq, topic.lastSeq);
    if (missed === null) this.dropped++;
    else subscriber.sendSnapshot(missed);
    this.join(topic, subscriber);
  }

  /** Until it has all of them, or enough to read: one that reads well again is back at once, however much comes. */
  private giveTrades(topic: Topic, subscriber: Subscriber, held: Held): void {
    const { history } = topic.variant(subscriber.encoding);
    while (held.position < history.position && subscriber.bufferedBytes <= SUBSCRIBER_RESUME_BYTES) {
      this.givePiece(topic, subscriber, held, history);
    }
    if (held.position === history.position) this.join(topic, subscriber);
  }

  private givePiece(topic: Topic, subscriber: Subscriber, held: Held, history: History): void {
    const left = history.since(held.position, SUBSCRIBER_RESUME_BYTES);
    const lost = left === null ? history.position - held.position : left.lost;
    if (lost > 0) this.tellGap(topic, subscriber, held, left === null ? topic.lastSeq : left.before, lost);
    if (left !== null) {
      subscriber.sendAll(left.messages);
      held.seq = left.last;
    }
    held.position = left?.position ?? history.position;
  }

  /** `seq` is the number before the next message. */
  private tellGap(topic: Topic, subscriber: Subscriber, held: Held, seq: number | null, lost: number): void {
    const number = seq ?? held.seq ?? 0;
    subscriber.send(topic.encodeFor(subscriber, gapOf(lost), number, held.seq));
    subscriber.slow.gapNotices++;
    subscriber.slow.lost += lost;
    held.seq = number;
  }

  private giveNewest(topic: Topic, subscriber: Subscriber, held: Held): void {
    if (topic.lane === null) throw new Error(`conflation: expected messages kept of ${topic.key}`);
    const { messages, lost } = topic.lane.after(held);
    if (lost > 0) this.tellGap(topic, subscriber, held, messages[0].seq - 1, lost);
    for (const { message, seq } of messages) {
      subscriber.send(topic.encodeFor(subscriber, message, seq, held.seq));
      held.seq = seq;
    }
    subscriber.slow.conflatedMessages += missedBy(topic, held) - messages.length - lost;
    this.join(topic, subscriber);
  }

  /** Messages a subscriber has still to be given: of trades each, of all else the newest. */
  pending(subscriber: Subscriber): number {
    let pending = 0;
    for (const [topic, held] of subscriber.held) {
      if (topic.channel.kind === 'trade') {
        pending += topic.variant(subscriber.encoding).history.position - held.position;
      } else if (missedBy(topic, held) > 0) pending++;
    }
    return pending;
  }
}
