// What is told at intervals: depth channels, which ask for the best N levels and add the measures, and views of channels.

import { RequestKind } from '../../schemas/ids.ts';
import { areBestKnown } from '../measures/side.ts';
import type { Channel } from './channels.ts';
import type { CurrentValues } from './current-values.ts';
import { sideOf } from './measures-api.ts';
import { type BookChangeMessage, type BookSnapshotMessage, LEVEL_NUMBERS, type Levels } from './messages.ts';
import type { Requests } from './requests.ts';
import type { Topic } from './topics.ts';
import { NO_MEASURES, type TopMeasures, topMeasures } from './wide-decimal.ts';

type Group = { readonly timer: NodeJS.Timeout; readonly topics: Set<Topic> };

/** Nothing is measured of a book that is not live, and no price between sides whose best levels are not known. */
function measuresOf(book: BookChangeMessage, bids: Levels, asks: Levels): TopMeasures {
  if (book.state !== 'live') return NO_MEASURES;
  const measures = topMeasures(bids, asks);
  const isKnown =
    areBestKnown(sideOf(bids, book.horizonBid, true), 1) && areBestKnown(sideOf(asks, book.horizonAsk, false), 1);
  return isKnown ? measures : { ...measures, spread: null, mid: null, microprice: null };
}

/** What a depth channel shows of a book: its best levels, and the measures of these. */
export function toSnapshot(channel: Channel, book: BookChangeMessage): BookSnapshotMessage {
  const { number: depth, intervalMs, name } = channel;
  const bids = book.bids.subarray(0, depth * LEVEL_NUMBERS);
  const asks = book.asks.subarray(0, depth * LEVEL_NUMBERS);
  const { timestampUs, localTimestampUs, state, reason, bookSequence, horizonBid, horizonAsk } = book;
  return {
    type: 'book_snapshot',
    timestampUs,
    localTimestampUs,
    state,
    reason,
    name,
    depth,
    intervalMs,
    bids,
    asks,
    bookSequence,
    horizonBid,
    horizonAsk,
    ...measuresOf(book, bids, asks),
  };
}

/** Tells topics by their interval: depth channels, and views of any channel. Thread: main. */
export class DepthTimers {
  private readonly requests: Requests;
  private readonly nowMs: () => number;
  private readonly current: CurrentValues;
  private readonly groups = new Map<number, Group>();

  constructor(requests: Requests, nowMs: () => number, current: CurrentValues) {
    this.requests = requests;
    this.nowMs = nowMs;
    this.current = current;
  }

  /** A subscriber came to the topic: where it has an interval it is told by it, and what is asked for is so at once. */
  add(topic: Topic): void {
    if (topic.source !== null) this.add(topic.source);
    const intervalMs = topic.view.intervalMs || topic.channel.intervalMs;
    if (intervalMs === 0) return;
    this.groupOf(intervalMs).topics.add(topic);
    if (topic.interval === null) this.ask(topic);
  }

  private groupOf(intervalMs: number): Group {
    const known = this.groups.get(intervalMs);
    if (known !== undefined) return known;
    const group = { timer: setInterval(() => this.tick(intervalMs), intervalMs), topics: new Set<Topic>() };
    this.groups.set(intervalMs, group);
    return group;
  }

  private tick(intervalMs: number): void {
    const group = this.groups.get(intervalMs);
    if (group === undefined) return;
    for (const topic of group.topics) if (!this.turn(topic)) group.topics.delete(topic);
    if (group.topics.size > 0) return;
    clearInterval(group.timer);
    this.groups.delete(intervalMs);
  }

  /** False where no one needs it any more. What is gathered goes on without readers: it lies in the history for a resume. */
  private turn(topic: Topic): boolean {
    if (topic.interval !== null) {
      topic.interval.flush();
      return !topic.isForgotten;
    }
    if (!topic.hasReaders) return false;
    this.ask(topic);
    return true;
  }

  /** A shard that answers slower than the interval is asked less often, not more. */
  private ask(topic: Topic): void {
    if (topic.depth !== null) {
      this.current.ask(topic);
      return;
    }
    if (topic.isAsked) return;
    topic.isAsked = true;
    const { market, channel } = topic;
    this.requests.ask({ market, kind: RequestKind.book, limit: channel.number, barKind: 0 }, this.nowMs(), (answer) => {
      topic.isAsked = false;
      if (answer !== null && answer.book !== null) topic.publish(toSnapshot(channel, answer.book));
    });
  }

  close(): void {
    for (const { timer } of this.groups.values()) clearInterval(timer);
    this.groups.clear();
  }
}
