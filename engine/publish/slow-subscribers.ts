// Looks at the queues of all subscribers: who is conflated, who is given the newest state again, who is closed.

import { CLOSE_SILENT, CLOSE_SLOW, FIRST_REQUEST_MS, SUBSCRIBERS_BYTES_MAX } from '../../schemas/config.ts';
import type { Conflation } from './conflation.ts';
import { SLOW_CAUSES, type SlowCause, type Step } from './queue-ladder.ts';
import type { SlowCounts, Subscriber } from './subscriber.ts';

const REASONS: Readonly<Record<SlowCause, string>> = {
  bytes: 'slow subscriber: too much is queued',
  stuck: 'slow subscriber: nothing was read',
  dropped: 'slow subscriber: a message found no room',
  total: 'slow subscriber: all queues together are too long',
};

export type SlowOptions = {
  readonly subscribers: ReadonlySet<Subscriber>;
  readonly conflation: Conflation;
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void;
  /** Shorter in tests. */
  readonly stuckMs?: number;
  readonly firstRequestMs?: number;
};

const isCause = (step: Step): step is SlowCause => (SLOW_CAUSES as readonly string[]).includes(step);

export class SlowSubscribers {
  /** Closed for reading too slowly, by cause. */
  readonly closed: Record<SlowCause, number> = { bytes: 0, stuck: 0, dropped: 0, total: 0 };
  /** Closed for never asking for anything. */
  neverAsked = 0;
  /** Bytes queued to all at the last look, and the most there ever were. */
  bytes = 0;
  bytesMost = 0;
  /** Of the longest queue, at the last look. */
  longestBytes = 0;
  private readonly options: SlowOptions;
  /** What subscribers that have left had lost. */
  private readonly past: SlowCounts = { conflations: 0, conflatedMessages: 0, gapNotices: 0, lost: 0 };

  constructor(options: SlowOptions) {
    this.options = options;
  }

  get closedCount(): number {
    return SLOW_CAUSES.reduce((sum, cause) => sum + this.closed[cause], 0);
  }

  /** Nobody is sent a stream with a hole in silence, and nobody's queue grows without end. */
  look(nowMs: number): void {
    let bytes = 0;
    let longest = 0;
    for (const subscriber of this.options.subscribers) {
      const { bufferedBytes } = subscriber;
      bytes += bufferedBytes;
      if (bufferedBytes > longest) longest = bufferedBytes;
      this.step(subscriber, nowMs);
    }
    this.bytes = bytes;
    this.longestBytes = longest;
    this.bytesMost = Math.max(this.bytesMost, bytes);
    if (bytes > SUBSCRIBERS_BYTES_MAX) this.closeLargest(bytes);
  }

  private step(subscriber: Subscriber, nowMs: number): void {
    const { conflation, stuckMs, firstRequestMs = FIRST_REQUEST_MS } = this.options;
    const step = subscriber.look(nowMs, stuckMs);
    if (isCause(step)) this.close(subscriber, step);
    else if (step === 'conflate') conflation.enter(subscriber);
    else if (step === 'resume' && subscriber.held.size > 0) conflation.resume(subscriber);
    if (subscriber.requests === 0 && nowMs - subscriber.openedMs > firstRequestMs) {
      this.neverAsked++;
      subscriber.end(CLOSE_SILENT, 'no request came');
    }
  }

  private close(subscriber: Subscriber, cause: SlowCause): void {
    this.closed[cause]++;
    const { bufferedBytes } = subscriber;
    this.options.log('warn', 'closed a slow subscriber', { cause, bufferedBytes, closed: this.closedCount });
    subscriber.end(CLOSE_SLOW, REASONS[cause]);
  }

  private closeLargest(bytes: number): void {
    let left = bytes;
    for (const subscriber of this.byQueue()) {
      if (left <= SUBSCRIBERS_BYTES_MAX) return;
      left -= subscriber.bufferedBytes;
      this.close(subscriber, 'total');
    }
  }

  /** Longest queue first. */
  byQueue(): Subscriber[] {
    return [...this.options.subscribers]
      .map((subscriber) => ({ subscriber, bytes: subscriber.bufferedBytes }))
      .sort((a, b) => b.bytes - a.bytes)
      .map(({ subscriber }) => subscriber);
  }

  /** A subscriber has left: what it had lost stays in the sums. */
  left({ slow }: Subscriber): void {
    this.past.conflations += slow.conflations;
    this.past.conflatedMessages += slow.conflatedMessages;
    this.past.gapNotices += slow.gapNotices;
    this.past.lost += slow.lost;
  }

  /** Sums over all subscribers so far, and how many are conflated now. */
  counts(): SlowCounts & { conflated: number } {
    const sum = { ...this.past, conflated: 0 };
    for (const { slow, held } of this.options.subscribers) {
      sum.conflations += slow.conflations;
      sum.conflatedMessages += slow.conflatedMessages;
      sum.gapNotices += slow.gapNotices;
      sum.lost += slow.lost;
      if (held.size > 0) sum.conflated++;
    }
    return sum;
  }

  /** Messages that conflated subscribers have still to be given. */
  pending(): number {
    let pending = 0;
    for (const subscriber of this.options.subscribers) pending += this.options.conflation.pending(subscriber);
    return pending;
  }
}
