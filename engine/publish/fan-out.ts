// Hands each group of output records to the topics of its market. Hot path on main: runs once per group.

import { BAR_SLOTS, tradeNumber } from '../../schemas/derived.ts';
import { RecordType } from '../../schemas/ids.ts';
import type { CurrentValues } from './current-values.ts';
import type { BookChangeMessage, GapMessage } from './messages.ts';
import type { OutputRecords } from './output-records.ts';
import type { Requests } from './requests.ts';
import type { MarketTopics, TopicRegistry } from './topic-registry.ts';
import type { Topic } from './topics.ts';

/** Slots of a bbo group: bbo, bboAsk. */
const BBO_SLOTS = 2;

export class FanOut {
  /** Groups of a type this build does not know: a bug, or mixed builds. */
  unknownRecords = 0;
  /** Books whose next change did not follow: each got a fresh snapshot. */
  holes = 0;
  private readonly topics: TopicRegistry;
  private readonly requests: Requests;
  private readonly current: CurrentValues;
  private readonly meet: () => void;

  /** `meet` joins whoever listens to markets that have begun. */
  constructor(topics: TopicRegistry, requests: Requests, current: CurrentValues, meet: () => void) {
    this.topics = topics;
    this.requests = requests;
    this.current = current;
    this.meet = meet;
  }

  /** Takes the group at an offset and returns its slots. */
  take(records: OutputRecords, offset: number): number {
    const market = records.market(offset);
    // Names are shown before records of theirs are written, so that by now it can be met, and its first trade is told.
    if (market >= this.topics.marketsMet) this.meet();
    const topics = this.topics.ofMarket(market);
    switch (records.type(offset)) {
      case RecordType.trade:
        if (topics !== undefined) topics.noteTrade();
        if (topics?.trade) topics.trade.publish(records.trade(offset), topics.tradesTold);
        return records.tradeSlots(offset);
      case RecordType.tradeNumber:
        if (topics !== undefined) this.takeTradeNumber(topics, records.f64(offset, tradeNumber.at.number) - 1);
        return 1;
      case RecordType.bookChange:
        if (topics?.book) this.takeBook(topics.book, records, offset);
        return 1 + records.count(offset);
      case RecordType.bbo:
        if (topics?.bbo) topics.bbo.publish(records.ticker(offset));
        return BBO_SLOTS;
      case RecordType.bar:
        this.takeBar(records, offset);
        return BAR_SLOTS;
      case RecordType.signal:
        topics?.signals[records.flags(offset)]?.publish(records.signal(offset));
        return 1;
      case RecordType.status:
        if (topics?.status) topics.status.publish(records.status(offset));
        return 1;
      case RecordType.answer:
        return this.requests.take(records, offset);
      case RecordType.gap:
        this.takeGap(records, offset);
        return 1;
      default:
        this.unknownRecords++;
        return 1;
    }
  }

  /**
   * The shard goes on behind `before`. Trades between that and the last one told were applied by a shard that ended before its
   * output was committed, where there is no journal: nobody has them any more.
   */
  private takeTradeNumber(topics: MarketTopics, before: number): void {
    const { trade, isTradeLossTold } = topics;
    topics.tradesTold = before;
    if (trade === null || trade.lastSeq === null || isTradeLossTold || before <= trade.lastSeq) return;
    const lost = before - trade.lastSeq;
    trade.tell({ type: 'gap', timestampUs: 0, localTimestampUs: 0, reason: 'restart', lost }, before);
  }

  private takeBar(records: OutputRecords, offset: number): void {
    const bars = this.topics.ofMarket(records.market(offset))?.bars;
    if (bars === undefined || bars.size === 0) return;
    const bar = records.bar(offset);
    bars.get(bar.kindNumber)?.publish(bar);
  }

  private takeBook(topic: Topic, records: OutputRecords, offset: number): void {
    const change = records.book(offset);
    if (change.isSnapshot) {
      this.current.replace(topic, change);
      return;
    }
    if (topic.isSuspended) return;
    if (follows(topic, change)) topic.publish(change);
    else this.lose(topic, 0, change.localTimestampUs, 'hole');
  }

  /** Nothing shown may be wrong in silence: a change that does not follow is not shown, a fresh book is. */
  private lose(topic: Topic, lost: number, localTimestampUs: number, reason: string): void {
    if (reason === 'hole') this.holes++;
    const gap: GapMessage = { type: 'gap', timestampUs: 0, localTimestampUs, reason, lost };
    topic.publish(gap);
    this.current.refresh(topic);
  }

  private takeGap(records: OutputRecords, offset: number): void {
    const lost = records.count(offset);
    const topics = this.topics.ofMarket(records.market(offset));
    if (topics === undefined) return;
    topics.isTradeLossTold = true;
    for (const topic of topics.all()) this.lose(topic, lost, records.gapTimeUs(offset), 'output-full');
  }
}

/** A change follows the one before it, or says something new about the same book (its state). */
function follows(topic: Topic, change: BookChangeMessage): boolean {
  const { lastSeq } = topic;
  return lastSeq === null || change.bookSequence === lastSeq + 1 || change.bookSequence === lastSeq;
}
