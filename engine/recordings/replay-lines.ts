// Output records of a replay as the lines of /stream: numbered by channel and market, books whole first.

import { SNAPSHOT_PART_LEVELS } from '../../schemas/config.ts';
import { BAR_SLOTS, tradeNumber } from '../../schemas/derived.ts';
import { RecordType, STATE_REASON_NAMES } from '../../schemas/ids.ts';
import type { MarketName, MarketNames } from '../memory/market-names.ts';
import type { Channel } from '../publish/channels.ts';
import { streamJson } from '../publish/encode-json.ts';
import {
  type Address,
  addressOf,
  type BookChangeMessage,
  LEVEL_NUMBERS,
  type StreamMessage,
} from '../publish/messages.ts';
import type { OutputRecords } from '../publish/output-records.ts';
import type { Answer } from '../publish/requests.ts';
import { splitSnapshot } from '../publish/topics.ts';

const BBO_SLOTS = 2;

/** One channel of one market, and how far it is numbered. */
class Lane {
  readonly address: Address;
  /** Of the last line; null before the first. */
  lastSeq: number | null = null;
  /** Messages so far, where the channel has no numbers of its own. */
  counted = 0;

  constructor(words: string, name: MarketName) {
    this.address = addressOf(words + name.name, name);
  }

  /** The line of a message with its number. */
  line(message: StreamMessage, seq: number): string {
    const text = streamJson(message, this.address, seq, this.lastSeq, '"');
    this.lastSeq = seq;
    return `${text}\n`;
  }
}

/** The channels of one market that are asked for. */
class MarketLanes {
  trade: Lane | null = null;
  book: Lane | null = null;
  bbo: Lane | null = null;
  status: Lane | null = null;
  readonly bars = new Map<number, Lane>();
  readonly signals = new Map<number, Lane>();
  tradesTold = 0;

  constructor(channels: readonly Channel[], name: MarketName) {
    for (const { kind, words, number } of channels) {
      const lane = new Lane(words, name);
      if (kind === 'bar') this.bars.set(number, lane);
      else if (kind === 'signal') this.signals.set(number, lane);
      else if (kind === 'trade' || kind === 'book' || kind === 'bbo' || kind === 'status') this[kind] = lane;
    }
  }

  all(): Lane[] {
    const plain = [this.trade, this.book, this.bbo, this.status].filter((lane) => lane !== null);
    return [...plain, ...this.bars.values(), ...this.signals.values()];
  }
}

/** As engine/publish's fan-out, for one reader of everything and without sockets. Thread: main. */
export class ReplayLines {
  /** Lines made so far, and those not taken yet. */
  count = 0;
  text = '';
  /** Places where the journal does not say what came, one for each market and channel. */
  gaps = 0;
  private readonly names: MarketNames;
  private readonly channels: readonly Channel[];
  private readonly isWanted: (name: string) => boolean;
  private readonly markets: (MarketLanes | null | undefined)[] = [];

  constructor(names: MarketNames, channels: readonly Channel[], isWanted: (name: string) => boolean) {
    this.names = names;
    this.channels = channels;
    this.isWanted = isWanted;
  }

  /** Null where the market is not asked for. */
  private of(market: number): MarketLanes | null {
    let lanes = this.markets[market];
    if (lanes === undefined) {
      const name = this.names.of(market);
      lanes = this.isWanted(name.name) ? new MarketLanes(this.channels, name) : null;
      this.markets[market] = lanes;
    }
    return lanes;
  }

  private add(lane: Lane, message: StreamMessage, seq: number): void {
    this.text += lane.line(message, seq);
    this.count++;
  }

  private addNext(lane: Lane | null | undefined, message: () => StreamMessage): void {
    if (lane !== null && lane !== undefined) this.add(lane, message(), ++lane.counted);
  }

  /** Takes the group at an offset and returns its slots; answers are not among them. */
  take(records: OutputRecords, offset: number): number {
    const lanes = this.of(records.market(offset));
    switch (records.type(offset)) {
      case RecordType.trade:
        if (lanes !== null) this.trade(lanes, records, offset);
        return records.tradeSlots(offset);
      case RecordType.tradeNumber:
        if (lanes !== null) lanes.tradesTold = records.f64(offset, tradeNumber.at.number) - 1;
        return 1;
      case RecordType.bookChange:
        if (lanes !== null && lanes.book !== null) this.book(lanes.book, records.book(offset));
        return 1 + records.count(offset);
      case RecordType.bbo:
        this.addNext(lanes?.bbo, () => records.ticker(offset));
        return BBO_SLOTS;
      case RecordType.bar:
        if (lanes !== null && lanes.bars.size > 0) this.bar(lanes, records, offset);
        return BAR_SLOTS;
      case RecordType.signal:
        this.addNext(lanes?.signals.get(records.flags(offset)), () => records.signal(offset));
        return 1;
      case RecordType.status:
        this.addNext(lanes?.status, () => records.status(offset));
        return 1;
      case RecordType.gap:
        if (lanes !== null) this.gap(lanes, records, offset);
        return 1;
      default:
        throw new Error(`replay: expected an output record, was type ${records.type(offset)}`);
    }
  }

  private trade(lanes: MarketLanes, records: OutputRecords, offset: number): void {
    lanes.tradesTold++;
    if (lanes.trade !== null) this.add(lanes.trade, records.trade(offset), lanes.tradesTold);
  }

  private bar(lanes: MarketLanes, records: OutputRecords, offset: number): void {
    const bar = records.bar(offset);
    this.addNext(lanes.bars.get(bar.kindNumber), () => bar);
  }

  private book(lane: Lane, change: BookChangeMessage): void {
    for (const part of change.isSnapshot ? splitSnapshot(change, SNAPSHOT_PART_LEVELS) : [change])
      this.add(lane, part, part.bookSequence);
  }

  /** It counts as no message: its number is that of the one before, as in the stream. */
  private gap(lanes: MarketLanes, records: OutputRecords, offset: number): void {
    const localTimestampUs = records.gapTimeUs(offset);
    const reason = STATE_REASON_NAMES[records.flags(offset)] ?? 'unknown';
    const message = { type: 'gap', timestampUs: 0, localTimestampUs, reason, lost: 0 } as const;
    for (const lane of lanes.all()) {
      this.add(lane, message, lane.lastSeq ?? 0);
      this.gaps++;
    }
  }

  /** How a market stands where the replay begins to be shown: what a new subscriber gets first. */
  current(market: number, answers: readonly Answer[]): void {
    const lanes = this.of(market);
    if (lanes === null) return;
    for (const { book, bars, signals, status } of answers) {
      if (book !== null && lanes.book !== null) this.book(lanes.book, { ...book, isSnapshot: true });
      if (book !== null && lanes.bbo !== null) this.best(lanes.bbo, book);
      for (const bar of bars.slice(-1)) this.addFirst(lanes.bars.get(bar.kindNumber), bar);
      for (const signal of signals) this.addFirst(lanes.signals.get(signal.signalId), signal);
      if (status !== null) this.addFirst(lanes.status, status);
    }
  }

  private addFirst(lane: Lane | null | undefined, message: StreamMessage): void {
    if (lane !== null && lane !== undefined) this.add(lane, message, lane.counted);
  }

  private best(lane: Lane, { timestampUs, localTimestampUs, state, reason, bids, asks }: BookChangeMessage): void {
    if (bids.length === 0 && asks.length === 0) return;
    const sides = { bid: bids.subarray(0, LEVEL_NUMBERS), ask: asks.subarray(0, LEVEL_NUMBERS) };
    this.addFirst(lane, { type: 'book_ticker', timestampUs, localTimestampUs, ...sides, state, reason });
  }

  /** The lines made since the last call. */
  takeText(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}
