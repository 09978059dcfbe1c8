// Current value first: asks the shard, and joins subscribers to the topic exactly where the answer stands among the
// deltas, so that nothing is missing or doubled between the two.

import { SNAPSHOT_PART_LEVELS, SUBSCRIBER_CONFLATE_BYTES } from '../../schemas/config.ts';
import { RequestKind } from '../../schemas/ids.ts';
import type { Channel } from './channels.ts';
import { type BookChangeMessage, LEVEL_NUMBERS, type StreamMessage } from './messages.ts';
import type { Answer, Question, Requests } from './requests.ts';
import type { Subscriber } from './subscriber.ts';
import { splitSnapshot, type Topic } from './topics.ts';

/**
 * A socket with more than this in its buffer gets its next snapshot later: a wildcard over thousands of books is sent
 * as fast as the subscriber reads, and one subscriber holds at most this, one snapshot and its cap of deltas.
 */
const SNAPSHOT_PACE_BYTES = SUBSCRIBER_CONFLATE_BYTES;

/** What to ask for the current value of a channel; null for channels that have none. */
function questionOf(channel: Channel, market: number): Question | null {
  switch (channel.kind) {
    case 'book':
      return { market, kind: RequestKind.book, limit: 0, barKind: 0 };
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
function valuesOf(channel: Channel, answer: Answer): StreamMessage[] {
  const { book } = answer;
  switch (channel.kind) {
    case 'book':
      return book === null ? [] : splitSnapshot({ ...book, isSnapshot: true }, SNAPSHOT_PART_LEVELS);
    case 'bbo': {
      if (book === null || (book.bids.length === 0 && book.asks.length === 0)) return [];
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

  /** Asks once, however many wait. The interest bit is set by then, so the answer and the deltas meet. */
  ask(topic: Topic): void {
    if (topic.isAsked) return;
    const question = questionOf(topic.channel, topic.market);
    if (question === null) return;
    topic.isAsked = true;
    this.retry.delete(topic);
    this.requests.ask(question, this.nowMs(), (answer) => {
      topic.isAsked = false;
      if (answer !== null) this.deliver(topic, valuesOf(topic.channel, answer));
      if (topic.waiting.size > 0 || topic.isSuspended) this.retry.add(topic);
    });
  }

  /** Something of this topic was lost: holds its changes back until a fresh value went to everyone. */
  refresh(topic: Topic): void {
    topic.isSuspended = topic.isBook;
    if (this.has(topic.channel)) this.ask(topic);
  }

  /** The shard replaced the whole book: everyone gets it, in parts where it is big. */
  replace(topic: Topic, book: BookChangeMessage): void {
    topic.isSuspended = false;
    for (const part of splitSnapshot(book, SNAPSHOT_PART_LEVELS)) topic.publish(part);
  }

  private deliver(topic: Topic, values: readonly StreamMessage[]): void {
    if (topic.isSuspended || this.isBehind(topic, values)) {
      for (const value of values) topic.publish(value);
      topic.isSuspended = false;
    }
    topic.noteCurrent(values);
    for (const [subscriber, isRefused] of topic.waiting) {
      if (subscriber.bufferedBytes > SNAPSHOT_PACE_BYTES) continue;
      this.join(topic, subscriber, isRefused ? values.map(refused) : values);
    }
  }

  /** The book went on without its topic: a shard that began anew. Everyone gets the whole book. */
  private isBehind(topic: Topic, values: readonly StreamMessage[]): boolean {
    const first = values[0];
    const isUnused = topic.subscribers.size === 0 && topic.lane === null;
    if (!topic.isBook || isUnused || first?.type !== 'book_change') return false;
    return topic.lastSeq !== first.bookSequence;
  }

  private join(topic: Topic, subscriber: Subscriber, values: readonly StreamMessage[]): void {
    topic.waiting.delete(subscriber);
    const held = topic.release(subscriber);
    subscriber.sendSnapshot(topic.encodeCurrent(values, subscriber.encoding, held?.seq ?? null));
    if (held !== null) subscriber.slow.conflatedMessages += topic.published - held.published;
    topic.join(subscriber);
  }

  /** Asks again where someone who is ready still waits. */
  tick(): void {
    for (const topic of this.retry) {
      if (topic.waiting.size === 0 && !topic.isSuspended) this.retry.delete(topic);
      else if (topic.isSuspended || someReady(topic)) this.ask(topic);
    }
  }
}

function someReady(topic: Topic): boolean {
  for (const subscriber of topic.waiting.keys()) if (subscriber.bufferedBytes <= SNAPSHOT_PACE_BYTES) return true;
  return false;
}

function refused(message: StreamMessage): StreamMessage {
  return message.type === 'book_change' ? { ...message, isResumeRefused: true } : message;
}
