// Current value first: asks the shard, and joins subscribers to the topic exactly where the answer stands among the
// deltas, so that nothing is missing or doubled between the two.

import { SUBSCRIBER_CONFLATE_BYTES } from '../../schemas/config.ts';
import { RequestKind } from '../../schemas/ids.ts';
import type { Channel } from './channels.ts';
import type { DepthView } from './depth-view.ts';
import { type BookChangeMessage, LEVEL_NUMBERS, type StreamMessage } from './messages.ts';
import type { Answer, Question, Requests } from './requests.ts';
import type { Subscriber } from './subscriber.ts';
import type { Topic } from './topics.ts';

/**
 * A socket with more than this in its buffer gets its next snapshot later: a wildcard over thousands of books is sent
 * as fast as the subscriber reads, and one subscriber holds at most this, one snapshot and its cap of deltas.
 */
const SNAPSHOT_PACE_BYTES = SUBSCRIBER_CONFLATE_BYTES;

/** What to ask for the current value of a channel, of a book `levels` a side; null for channels that have none. */
function questionOf(channel: Channel, market: number, levels = 0): Question | null {
  switch (channel.kind) {
    case 'book':
      return { market, kind: RequestKind.book, limit: levels, barKind: 0 };
    case 'bbo':
      return { market, kind: RequestKind.book, limit: 1, barKind: 0 };
    case 'bar':
      return { market, kind: RequestKind.bars, limit: 1, barKind: channel.number };
    case 'signal':
      return { market, kind: RequestKind.signals, limit: 0, barKind: 0 };
    case 'status':
      return { market, kind: RequestKind.status, limit: 0, barKind: 0 };
    default:
      return null;
  }
}

/** The messages of an answer that are the channel's current value; none where there is no value yet. */
function valuesOf(topic: Topic, answer: Answer): readonly StreamMessage[] {
  const { book } = answer;
  const { channel } = topic;
  switch (channel.kind) {
    case 'book':
      return book === null ? [] : topic.parts({ ...book, isSnapshot: true });
    case 'bbo': {
      // Of an empty book nothing is told, unless something was lost: what was told before may have had prices.
      if (book === null || (book.bids.length + book.asks.length === 0 && !topic.isSuspended)) return [];
      const { timestampUs, localTimestampUs, state, reason } = book;
      const bid = book.bids.subarray(0, LEVEL_NUMBERS);
      const ask = book.asks.subarray(0, LEVEL_NUMBERS);
      return [{ type: 'book_ticker', timestampUs, localTimestampUs, bid, ask, state, reason }];
    }
    case 'bar':
      return answer.bars.slice(-1);
    case 'signal':
      return answer.signals.filter((signal) => signal.signalId === channel.number);
    case 'status':
      return answer.status === null ? [] : [answer.status];
    default:
      return [];
  }
}

const ignore = (): void => undefined;

export class CurrentValues {
  private readonly requests: Requests;
  private readonly nowMs: () => number;
  /** Topics to be asked for again: no answer came, or a subscriber was not ready for it. */
  private readonly retry = new Set<Topic>();

  constructor(requests: Requests, nowMs: () => number) {
    this.requests = requests;
    this.nowMs = nowMs;
  }

  /** True for channels that begin with their current value. */
  has(channel: Channel): boolean {
    return questionOf(channel, 0) !== null;
  }

  /**
   * Asks once, however many wait. The interest bit is set by then, so the answer and the deltas meet. `done` is told whether an
   * answer came, and may be so at once.
   */
  ask(asking: Topic, done: (isAnswered: boolean) => void = ignore): void {
    const topic = asking.source ?? asking;
    const question = topic.isAsked ? null : questionOf(topic.channel, topic.market, topic.view.depth);
    if (question === null) {
      done(false);
      return;
    }
    topic.isAsked = true;
    this.retry.delete(topic);
    this.requests.ask(question, this.nowMs(), (answer) => {
      topic.isAsked = false;
      if (answer !== null) this.deliver(topic, answer);
      if (isAwaited(topic) || topic.isSuspended) this.retry.add(topic);
      done(answer !== null);
    });
  }

  /** Something of this topic was lost: a fresh value goes to everyone, and a book's changes are held back until then. */
  refresh(topic: Topic): void {
    topic.isSuspended = this.has(topic.channel);
    if (topic.isSuspended) this.ask(topic);
  }

  /** The shard replaced the whole book: everyone gets it, in parts where it is big. */
  replace(topic: Topic, book: BookChangeMessage): void {
    topic.isSuspended = false;
    for (const part of topic.parts(book)) topic.publish(part);
  }

  private deliver(topic: Topic, answer: Answer): void {
    if (topic.depth === null) this.deliverValues(topic, valuesOf(topic, answer));
    else this.deliverDepth(topic, topic.depth, answer);
  }

  /** The best levels of a book have come: those who wait get what all have been told. */
  private deliverDepth(topic: Topic, depth: DepthView, { book }: Answer): void {
    if (book !== null) depth.answer(book);
    if (depth.whole !== null) this.serve(topic, topic.parts(depth.whole));
  }

  private deliverValues(topic: Topic, values: readonly StreamMessage[]): void {
    if (topic.isSuspended || this.isBehind(topic, values)) {
      for (const value of values) topic.publish(value);
      topic.isSuspended = false;
    }
    this.serve(topic, values);
    for (const view of topic.views) {
      if (view.waiting.size > 0) {
        this.serve(
          view,
          values.map((value) => view.shown(value)),
        );
      }
    }
  }

  /** Gives the value to those who wait for it and read well. */
  private serve(topic: Topic, values: readonly StreamMessage[]): void {
    if (topic.interval === null && topic.depth === null) topic.noteCurrent(values);
    for (const [subscriber, isRefused] of topic.waiting) {
      if (subscriber.bufferedBytes > SNAPSHOT_PACE_BYTES) continue;
      this.join(topic, subscriber, isRefused ? values.map(refused) : values);
    }
  }

  /** The book went on without its topic: a shard that began anew. Everyone gets the whole book. */
  private isBehind(topic: Topic, values: readonly StreamMessage[]): boolean {
    const first = values[0];
    const isUnused = topic.subscribers.size + topic.views.length === 0 && topic.lane === null;
    if (!topic.isBook || isUnused || first?.type !== 'book_change') return false;
    return topic.lastSeq !== first.bookSequence;
  }

  private join(topic: Topic, subscriber: Subscriber, values: readonly StreamMessage[]): void {
    topic.waiting.delete(subscriber);
    const held = topic.release(subscriber);
    subscriber.sendSnapshot(topic.encodeCurrent(values, subscriber.encoding, held?.seq ?? null));
    if (held !== null) subscriber.slow.conflatedMessages += topic.published - held.published;
    topic.joinAfter(subscriber, topic.seqOf(values));
  }

  /** Asks again where someone who is ready still waits. */
  tick(): void {
    for (const topic of this.retry) {
      if (!isAwaited(topic) && !topic.isSuspended) this.retry.delete(topic);
      else if (topic.isSuspended || someReady(topic) || topic.views.some(someReady)) this.ask(topic);
    }
  }
}

/** Someone waits for the value, of the channel or of a view of it. */
function isAwaited(topic: Topic): boolean {
  return topic.waiting.size > 0 || topic.views.some((view) => view.waiting.size > 0);
}

function someReady(topic: Topic): boolean {
  for (const subscriber of topic.waiting.keys()) if (subscriber.bufferedBytes <= SNAPSHOT_PACE_BYTES) return true;
  return false;
}

function refused(message: StreamMessage): StreamMessage {
  return message.type === 'book_change' ? { ...message, isResumeRefused: true } : message;
}
