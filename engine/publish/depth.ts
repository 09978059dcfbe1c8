// Depth channels: asks for the best N levels at each interval, only while someone listens, and adds the measures.

import { RequestKind } from '../../schemas/ids.ts';
import { areBestKnown } from '../measures/side.ts';
import type { Channel } from './channels.ts';
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

export class DepthTimers {
  private readonly requests: Requests;
  private readonly nowMs: () => number;
  private readonly groups = new Map<number, Group>();

  constructor(requests: Requests, nowMs: () => number) {
    this.requests = requests;
    this.nowMs = nowMs;
  }

  /** A subscriber came to the topic: it is asked for now and then at its interval. */
  add(topic: Topic): void {
    const { intervalMs } = topic.channel;
    let group = this.groups.get(intervalMs);
    if (group === undefined) {
      group = { timer: setInterval(() => this.tick(intervalMs), intervalMs), topics: new Set() };
      this.groups.set(intervalMs, group);
    }
    group.topics.add(topic);
    this.ask(topic);
  }

  private tick(intervalMs: number): void {
    const group = this.groups.get(intervalMs);
    if (group === undefined) return;
    for (const topic of group.topics) {
      if (topic.subscribers.size === 0) group.topics.delete(topic);
      else this.ask(topic);
    }
    if (group.topics.size > 0) return;
    clearInterval(group.timer);
    this.groups.delete(intervalMs);
  }

  /** A shard that answers slower than the interval is asked less often, not more. */
  private ask(topic: Topic): void {
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
