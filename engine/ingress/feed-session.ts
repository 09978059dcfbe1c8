// One connection to a venue as the ingress thread sees it: its frames become records that say which connection they are from.

import { RecordType, StateReason } from '../../schemas/ids.ts';
import { JournalFlag } from '../../schemas/journal.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { backfill, source } from '../../schemas/market-data.ts';
import type { EngineClock } from '../base/clock.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import { RING_FULL } from '../ring/spsc-ring.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { FrameWriter } from './frame-writer.ts';
import { fillGap, missingSinceUs, ownSlot } from './own-records.ts';
import { Session, SessionSink } from './session.ts';

/** By market, over all feeds of the thread: the connection that its last record came from; 0 for none. */
export class FeedMarkets {
  readonly connection: Float64Array;

  constructor(marketsMax: number) {
    this.connection = new Float64Array(marketsMax);
  }
}

/** Words of a market's times in one session: when its book, and its trades, last came; NaN for never. */
export const dataTime = { bookNs: 0, tradeNs: 1 } as const;
const DATA_TIMES = 2;

/** Puts a source record ahead of the first record of a market that comes from this connection. */
export class FeedSink extends SessionSink {
  private readonly feeds: FeedMarkets;
  private readonly connection: number;
  readonly times = new Map<number, Float64Array>();
  /** Markets with a source record in the frame at hand. */
  private readonly announced: number[] = [];

  constructor(writer: FrameWriter, markets: MarketDirectory, venue: string, feeds: FeedMarkets, connection: number) {
    super(writer, markets, venue);
    this.feeds = feeds;
    this.connection = connection;
  }

  override claim(market: number, type: number): number {
    const { feeds } = this;
    if (feeds.connection[market] !== this.connection && !this.announced.includes(market)) {
      const slot = super.claim(market, RecordType.source);
      if (slot < 0) return slot;
      this.f64[slot * SLOT_F64 + source.at.connection] = this.connection;
      this.announced.push(market);
    }
    if (type === RecordType.bookChange) this.timesOf(market)[dataTime.bookNs] = this.frame[0];
    else if (type === RecordType.trade) this.timesOf(market)[dataTime.tradeNs] = this.frame[0];
    return super.claim(market, type);
  }

  /** Levels follow a head, whose claim() put the source ahead; any other record is claimed alone, so that its own may. */
  override claimRun(market: number, type: number, count: number): number {
    return type === RecordType.level ? super.claimRun(market, type, count) : RING_FULL;
  }

  private timesOf(market: number): Float64Array {
    const known = this.times.get(market);
    if (known !== undefined) return known;
    const times = new Float64Array(DATA_TIMES).fill(Number.NaN);
    this.times.set(market, times);
    return times;
  }

  override restart(): void {
    this.announced.length = 0;
  }

  /** The frame ended: what it said of its connection stands, or not. */
  settle(isGood: boolean): void {
    if (isGood) for (const market of this.announced) this.feeds.connection[market] = this.connection;
    this.announced.length = 0;
  }
}

/** Called before a frame is written, so that pushed frames that wait keep their own receive time. */
export type BeforeFrame = () => void;

/** Venue connections are never waited for: a full ring drops (DESIGN §5). Thread: ingress. */
export class FeedSession {
  /** Receive time of the last frame of the stream, engine time in ns. */
  lastFrameNs = Number.NEGATIVE_INFINITY;
  readonly session: Session;
  private readonly sink: FeedSink;
  private readonly writer: FrameWriter;
  private readonly before: BeforeFrame;

  constructor(
    venue: string,
    connection: number,
    factory: DecoderFactory,
    writer: FrameWriter,
    markets: MarketDirectory,
    feeds: FeedMarkets,
    before: BeforeFrame,
    answer: (category: string, message: string, count: number) => void,
  ) {
    this.writer = writer;
    this.before = before;
    this.sink = new FeedSink(writer, markets, venue, feeds, connection);
    this.session = new Session(venue, factory, writer, markets, feeds.connection.length, answer, this.sink);
    this.session.connection = connection;
  }

  /** Decodes one frame; its records are visible after the next commit. `isRest` where it came by REST. Returns its FrameResult. */
  take(bytes: Uint8Array, isRest = false): number {
    const { writer } = this;
    this.before();
    writer.receive();
    writer.begin();
    if (!isRest) this.lastFrameNs = writer.frame[0];
    const { policy } = writer;
    writer.policy = 'drop';
    this.session.journalFlags = isRest ? JournalFlag.rest : 0;
    const result = this.session.take(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
    writer.policy = policy;
    this.sink.settle(result >= 0);
    return result;
  }

  /** A text was sent on this connection. */
  sent(text: string): void {
    this.session.sent(text);
  }

  /** When data of a market last came, engine time in ns; `word` is one of dataTime. NaN for never. */
  dataNs(market: number, word: number): number {
    return this.sink.times.get(market)?.[word] ?? Number.NaN;
  }

  /** As missingSinceUs(), were this connection's end now. */
  missingSinceUs(clock: EngineClock): number {
    const lastNs = Number.isFinite(this.lastFrameNs) ? this.lastFrameNs : clock.nowNs();
    return missingSinceUs(clock.wallUs(lastNs));
  }

  /** Nothing more comes of this market from here; what was made since `sinceUs` (µs since 1970) may be missing. */
  lose(market: number, reason: number, sinceUs: number): void {
    this.write(market, RecordType.gap, (slot) => fillGap(this.sink, slot, reason, this.writer.frame[0], sinceUs, 0));
  }

  /** Begins or ends a back-fill of [fromUs, toUs] (BackfillFlag). */
  backfill(market: number, flags: number, fromUs: number, toUs: number, fromId: number): void {
    this.write(market, RecordType.backfill, (slot, at) => {
      this.sink.u8[slot * SLOT_BYTES + backfill.at.flags] = flags;
      this.sink.f64[at + backfill.at.receiveTimeNs] = this.writer.frame[0];
      this.sink.f64[at + backfill.at.fromTimeUs] = fromUs;
      this.sink.f64[at + backfill.at.toTimeUs] = toUs;
      this.sink.f64[at + backfill.at.fromId] = fromId;
    });
  }

  /** A record of our own, as a frame of its own. At a full ring the market is marked as having lost something instead. */
  private write(market: number, type: number, fill: (slot: number, at: number) => void): void {
    const { writer } = this;
    this.before();
    writer.receive();
    writer.begin();
    const { policy } = writer;
    writer.policy = 'drop';
    const slot = this.sink.claim(market, type);
    writer.policy = policy;
    const isWritten = slot >= 0 && !writer.isDropping;
    this.sink.settle(isWritten);
    if (!isWritten) {
      writer.abandon();
      this.noteDropped(market);
      return;
    }
    fill(slot, slot * SLOT_F64);
    writer.endRecords(this.session.connection);
  }

  /** A gap of no count tells the journal that one is owed, as a dropped frame does: the gap itself follows once it is written. */
  private noteDropped(market: number): void {
    const { writer } = this;
    const nowNs = writer.frame[0];
    writer.journal?.records(
      this.session.connection,
      ownSlot(RecordType.gap, market, (views, slot) => fillGap(views, slot, StateReason.drop, nowNs, 0, 0)),
      nowNs,
    );
    writer.markDropped(market);
  }

  /** Counts of the decoder that are taken over each second. */
  takeCounts(): void {
    this.session.takeCounts();
  }

  /** Markets that this connection brought books of. */
  get bookMarkets(): number[] {
    return [...this.sink.times].filter(([, times]) => !Number.isNaN(times[dataTime.bookNs])).map(([market]) => market);
  }
}
