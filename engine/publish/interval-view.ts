// A channel told at an interval: gathers what its source tells and hands on the newest of it, and all that nothing replaces.

import { LANE_KEPT_MAX, MERGED_LEVELS_MAX } from '../../schemas/config.ts';
import { BookMerge } from './book-merge.ts';
import type { StreamMessage } from './messages.ts';
import type { Subscriber } from './subscriber.ts';
import { isKept, type Numbered } from './topic-lane.ts';
import type { Topic } from './topics.ts';

export class IntervalView {
  private readonly topic: Topic;
  private readonly merge = new BookMerge();
  private newest: Numbered | null = null;
  private kept: Numbered[] = [];
  /** Subscribers whose current value is newer than what was told last, and its number: they come in with the next telling. */
  private readonly joining = new Map<Subscriber, number>();
  /** Called when there is something to tell where there was nothing. */
  onPending: () => void = () => undefined;
  private isPending = false;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  get isEmpty(): boolean {
    return this.newest === null && this.merge.isEmpty;
  }

  /** What waits is bounded: where it is too much it is told before its time, and none of it is lost. */
  take(message: StreamMessage, seq: number): void {
    this.notePending();
    if (message.type === 'book_change') {
      this.merge.take(message);
      // Not between the parts of a whole book: what was told then would be half of it and called whole.
      const isWhole = message.part === message.parts;
      if (isWhole && this.merge.size > MERGED_LEVELS_MAX) this.flush();
    } else if (this.topic.isBook) {
      this.flush();
      this.topic.tell(message, seq);
    } else this.keep(message, seq);
  }

  private notePending(): void {
    if (this.isPending) return;
    this.isPending = true;
    this.onPending();
  }

  private keep(message: StreamMessage, seq: number): void {
    this.newest = { message, seq };
    if (!isKept(message)) return;
    this.kept.push(this.newest);
    if (this.kept.length === LANE_KEPT_MAX) this.flush();
  }

  /** What there is to tell, oldest first; nothing of it is left. */
  private takePending(): readonly Numbered[] {
    const change = this.merge.flush();
    if (change !== null) {
      const shown = this.topic.shown(change);
      return this.topic.parts(shown).map((message) => ({ message, seq: change.bookSequence }));
    }
    const { kept, newest } = this;
    this.kept = [];
    this.newest = null;
    return newest === null || kept[kept.length - 1] === newest ? kept : [...kept, newest];
  }

  /** The interval is over. */
  turn(): void {
    this.isPending = false;
    this.flush();
  }

  private flush(): void {
    const messages = this.takePending();
    for (const { message, seq } of messages) this.topic.tell(message, seq);
    for (const [subscriber, seq] of this.joining) this.letIn(subscriber, seq, messages);
    this.joining.clear();
  }

  /** Amounts are absolute, so changes from before its value do no harm to one that has it. */
  private letIn(subscriber: Subscriber, from: number, messages: readonly Numbered[]): void {
    let prevSeq = from;
    for (const { message, seq } of messages) {
      const isWhole = message.type === 'book_change' && message.isSnapshot;
      if (seq <= from && !isWhole) continue;
      subscriber.send(this.topic.encodeFor(subscriber, message, seq, prevSeq));
      prevSeq = seq;
    }
    this.topic.join(subscriber);
  }

  /** A subscriber has got the current value with this number. */
  join(subscriber: Subscriber, seq: number): void {
    const { topic } = this;
    if (topic.lastSeq === null) {
      this.takePending();
      topic.lastSeq = seq;
    }
    if (topic.lastSeq === seq && this.isEmpty) topic.join(subscriber);
    else {
      this.joining.set(subscriber, seq);
      this.notePending();
    }
  }

  leave(subscriber: Subscriber): void {
    this.joining.delete(subscriber);
  }
}
