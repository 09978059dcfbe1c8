// What is told at intervals: depth channels, which ask for the best N levels and add the measures, and views of channels.

import { RequestKind } from '../../schemas/ids.ts';
import { areBestKnown } from '../measures/side.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LatestReader } from '../memory/latest-values.ts';
import type { Channel } from './channels.ts';
import type { CurrentValues } from './current-values.ts';
import { DepthPace } from './depth-pace.ts';
import type { DepthView } from './depth-view.ts';
import { sideOf } from './measures-api.ts';
import { type BookChangeMessage, type BookSnapshotMessage, LEVEL_NUMBERS, type Levels } from './messages.ts';
import type { Requests } from './requests.ts';
import type { Topic } from './topics.ts';
import { NO_MEASURES, type TopMeasures, topMeasures } from './wide-decimal.ts';

/** Topics of one interval. */
type Group = {
  readonly timer: NodeJS.Timeout;
  /** Depth channels and views with a depth, which are asked for. */
  readonly asked: Set<Topic>;
  /** Views of channels, and those of them with something to tell: thousands may have nothing. */
  readonly views: Set<Topic>;
  readonly pending: Set<Topic>;
};

/** Views of a group that are looked at each time for those that are forgotten. */
const LOOKED_AT = 64;

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

type Told = (tookMs: number) => void;

/** Tells topics by their interval: depth channels, and views of any channel. Thread: main. */
export class DepthTimers {
  private readonly requests: Requests;
  private readonly nowMs: () => number;
  private readonly current: CurrentValues;
  private readonly latest: LatestReader;
  private readonly pace: DepthPace;
  private readonly groups = new Map<number, Group>();

  constructor(requests: Requests, nowMs: () => number, current: CurrentValues, memory: EngineMemory) {
    this.requests = requests;
    this.nowMs = nowMs;
    this.current = current;
    this.latest = new LatestReader(memory);
    const ask = (topic: Topic, told: Told): void => this.ask(topic, told);
    this.pace = new DepthPace({ shards: memory.shards.length, nowMs, ask });
  }

  /** Tellings left out, as those before were still due. */
  get late(): number {
    return this.pace.late;
  }

  /** A subscriber came to the topic: where it has an interval it is told by it, and what is asked for is so at once. */
  add(topic: Topic): void {
    if (topic.source !== null) this.add(topic.source);
    const intervalMs = topic.view.intervalMs || topic.channel.intervalMs;
    if (intervalMs === 0) return;
    const group = this.groupOf(intervalMs);
    if (topic.interval !== null) {
      group.views.add(topic);
      group.pending.add(topic);
      topic.interval.onPending = () => this.groupOf(intervalMs).pending.add(topic);
      return;
    }
    group.asked.add(topic);
    this.pace.add(topic, intervalMs);
    this.pace.turn();
  }

  private groupOf(intervalMs: number): Group {
    const known = this.groups.get(intervalMs);
    if (known !== undefined) return known;
    const timer = setInterval(() => this.tick(intervalMs), intervalMs);
    const group = { timer, asked: new Set<Topic>(), views: new Set<Topic>(), pending: new Set<Topic>() };
    this.groups.set(intervalMs, group);
    return group;
  }

  private tick(intervalMs: number): void {
    const group = this.groups.get(intervalMs);
    if (group === undefined) return;
    for (const topic of group.pending) {
      group.pending.delete(topic);
      topic.interval?.turn();
    }
    for (const topic of group.asked) {
      if (topic.hasReaders) this.pace.addAgain(topic, intervalMs);
      else group.asked.delete(topic);
    }
    this.pace.turn();
    this.dropForgotten(group);
    if (group.asked.size + group.views.size > 0) return;
    clearInterval(group.timer);
    this.groups.delete(intervalMs);
  }

  /** What is gathered goes on without readers, as it lies in the history for a resume, until the topic is forgotten. */
  private dropForgotten({ views }: Group): void {
    let looks = 0;
    for (const topic of views) {
      if (looks++ === LOOKED_AT) return;
      views.delete(topic);
      // To the end of the row.
      if (!topic.isForgotten) views.add(topic);
    }
  }

  /** A shard that answers slower than the interval is asked less often, not more. */
  private ask(topic: Topic, told: Told): void {
    if (topic.isAsked || !topic.hasReaders) told(0);
    else if (topic.depth !== null) this.askView(topic, topic.depth, told);
    else this.askChannel(topic, told);
  }

  /** Of a market of which nothing was shown since the last answer there is nothing to tell. */
  private askView(topic: Topic, depth: DepthView, told: Told): void {
    const version = this.latest.versionOf(topic.market);
    if (version !== 0 && version === depth.askedVersion && topic.waiting.size === 0) {
      told(0);
      return;
    }
    depth.askedVersion = 0;
    this.current.ask(topic, (isAnswered) => {
      if (isAnswered) depth.askedVersion = version;
      told(isAnswered ? this.requests.answeringMs() : 0);
    });
  }

  private askChannel(topic: Topic, told: Told): void {
    topic.isAsked = true;
    const { market, channel } = topic;
    this.requests.ask({ market, kind: RequestKind.book, limit: channel.number, barKind: 0 }, this.nowMs(), (answer) => {
      topic.isAsked = false;
      if (answer !== null && answer.book !== null) topic.publish(toSnapshot(channel, answer.book));
      told(answer === null ? 0 : this.requests.answeringMs());
    });
  }

  close(): void {
    this.pace.close();
    for (const { timer } of this.groups.values()) clearInterval(timer);
    this.groups.clear();
  }
}
