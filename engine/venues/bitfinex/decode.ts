// Decodes the frames of one Bitfinex v2 connection: events, numbers and channels, and who reads a payload. Hot path.
//
// Source: Bitfinex docs, "WS General", "Public Channels" (2026-07); docs/venues/bitfinex.md. `[channel, payload, number]`.

import { FrameResult, RecordType, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { gap } from '../../../schemas/market-data.ts';
import { BackfillEnvelope } from '../../decode/backfill.ts';
import { ConnectionSequence, Follow, HAS_BOOK } from '../../decode/connection-sequence.ts';
import {
  CLOSE_ARRAY,
  documentEnd,
  integerNumber,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  scanState,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import { type FrameDecoder, RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { passElements, refusal, textEnd } from '../../decode/walk.ts';
import { BookPayload } from './book.ts';
import { CandlePayload } from './candles.ts';
import { CHANNEL_CLASSES, type Channel, ChannelTable, channelOf, Kind } from './channels.ts';
import { Event, EventReader } from './events.ts';
import { frameField } from './fields.ts';
import { HeldFrames } from './held.ts';
import { InOrderBooks } from './in-order.ts';
import { DerivativePayload, LiquidationPayload } from './status.ts';
import { ConfFlag, FLAGS_UNKNOWN, Tail } from './tail.ts';
import { TickerPayload } from './ticker.ts';
import { LAST_ID, TradePayload } from './trades.ts';

const HEARTBEAT = keyBytes('hb');
const CHECKSUM = keyBytes('cs');
const EXECUTED = keyBytes('te');
const UPDATED = keyBytes('tu');

/** What stands where the payload is expected. */
const Word = { none: 0, other: 1, heartbeat: 2, checksum: 3, executed: 4, updated: 5 } as const;

export class BitfinexDecoder implements FrameDecoder {
  private readonly sink: RecordSink;
  private readonly sequence: ConnectionSequence;
  private readonly channels = new ChannelTable();
  private readonly held = new HeldFrames();
  private readonly events = new EventReader();
  private readonly backfill = new BackfillEnvelope();
  private readonly tail = new Tail();
  private readonly book: BookPayload;
  private readonly inOrder: InOrderBooks;
  private readonly trades: TradePayload;
  private readonly ticker: TickerPayload;
  private readonly candles: CandlePayload;
  private readonly derivatives: DerivativePayload;
  private readonly liquidations: LiquidationPayload;
  /** Flags of the last `conf`. */
  private flags: number = FLAGS_UNKNOWN;
  /** The channel whose payload was read, whose state changes when the frame is accepted. */
  private current: Channel | null = null;
  /** Its market, where that was looked up; kept when the frame is accepted, since before it might be taken back. */
  private found = -1;

  constructor(sink: RecordSink, _venue: string) {
    this.sink = sink;
    this.sequence = new ConnectionSequence(sink);
    this.book = new BookPayload(sink, this.tail);
    this.inOrder = new InOrderBooks(sink, this.book, this.tail, this.channels, this.sequence);
    this.trades = new TradePayload(sink);
    this.ticker = new TickerPayload(sink, this.tail);
    this.candles = new CandlePayload(sink);
    this.derivatives = new DerivativePayload(sink);
    this.liquidations = new LiquidationPayload(sink);
  }

  /** Not a field, so that what is remembered stays free of functions. */
  get stateClasses(): typeof CHANNEL_CLASSES {
    return CHANNEL_CLASSES;
  }

  /** Old frames dropped whole: they return `applied` and leave no record. */
  get duplicates(): number {
    return this.sequence.duplicates;
  }

  /** Jumps of the connection's numbers. */
  get gaps(): number {
    return this.sequence.gaps;
  }

  decode(bytes: Uint8Array, end: number): number {
    this.sequence.begin();
    this.current = null;
    this.found = -1;
    const result = this.frame(bytes, end);
    this.sequence.finish(result);
    if (result < 0) return refusal(bytes, end, result);
    if (this.current !== null) this.accept(this.current);
    return result;
  }

  /** Book frames in the venue's own writing that follow the last frame; 0 for all others. */
  decodeInOrder(view: DataView, from: number, end: number): number {
    // A session comes here with every frame, once: what the event before it gave out is done with.
    this.held.drop();
    if (this.flags === FLAGS_UNKNOWN || (this.flags & ~ConfFlag.sequence) !== 0) return 0;
    return this.inOrder.decode(view, from, end);
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] === OPEN_ARRAY) return this.data(bytes, at, end);
    if (bytes[at] === OPEN_OBJECT) return this.object(bytes, at, end);
    const after = skipValue(bytes, at, end);
    if (after < 0) return after;
    return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : FrameResult.shape;
  }

  // ---- data

  private data(bytes: Uint8Array, at: number, end: number): number {
    this.held.drop();
    let position = skipSpace(bytes, at + 1, end);
    if (bytes[position] === CLOSE_ARRAY) return this.shapeless(bytes, at, end);
    position = integerNumber(bytes, position, end, this.tail.values, frameField.channelId);
    if (position < 0) return position === FrameResult.type ? this.shapeless(bytes, at, end) : position;
    position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    return bytes[position] === QUOTE ? this.named(bytes, position, end) : this.plain(bytes, position, end);
  }

  /** A list that is no frame of a channel. */
  private shapeless(bytes: Uint8Array, at: number, end: number): number {
    const after = skipValue(bytes, at, end);
    if (after < 0) return after;
    return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : FrameResult.unknown;
  }

  /** `[channel, payload, number]`. */
  private plain(bytes: Uint8Array, at: number, end: number): number {
    const followed = this.follow(bytes, at, end);
    if (followed !== Follow.inOrder && followed !== Follow.gap) return this.passed(bytes, at, end, followed);
    const index = this.channels.find(this.tail.values, frameField.channelId);
    if (index < 0) return this.keep(bytes, at, end);
    return this.closed(bytes, this.payload(bytes, at, end, this.channels.channel(index), Word.none), end);
  }

  /** `[channel, "te", payload, number]`, `[channel, "hb", number]`, `[channel, "cs", checksum, number]`. */
  private named(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const word = wordOf(bytes, at + 1, close);
    let before = at;
    let payload = next(bytes, close + 1, end, CLOSE_ARRAY);
    if (payload < 0) return payload;
    const hasPayload = word !== Word.heartbeat && bytes[payload] !== CLOSE_ARRAY;
    if (hasPayload) before = payload;
    else payload = at;
    const followed = this.follow(bytes, before, end);
    if (followed !== Follow.inOrder && followed !== Follow.gap) return this.passed(bytes, before, end, followed);
    const index = this.channels.find(this.tail.values, frameField.channelId);
    if (word === Word.heartbeat || (word === Word.checksum && hasPayload))
      return this.control(bytes, before, end, FrameResult.control);
    if (index < 0) return this.keep(bytes, before, end);
    const channel = this.channels.channel(index);
    if (word < Word.executed || channel.kind !== Kind.trades)
      return this.control(bytes, before, end, FrameResult.unknown);
    if (!hasPayload) return FrameResult.shape;
    return this.closed(bytes, this.payload(bytes, payload, end, channel, word), end);
  }

  /** Reads the number behind the value at `at` and compares it; a Follow, or a negative FrameResult. */
  private follow(bytes: Uint8Array, at: number, end: number): number {
    const tail = this.tail.read(bytes, at, end, this.flags);
    if (tail < 0) return tail;
    return this.tail.hasSequence ? this.sequence.follow(this.tail.values, frameField.sequence) : Follow.inOrder;
  }

  /** An old frame, or one whose number could not be followed. */
  private passed(bytes: Uint8Array, at: number, end: number, followed: number): number {
    return followed < 0 ? followed : this.control(bytes, at, end, FrameResult.applied);
  }

  /** Passes the rest of the frame from the value at `at` on, of which nothing is read. */
  private control(bytes: Uint8Array, at: number, end: number, result: number): number {
    const closed = this.closed(bytes, skipValue(bytes, at, end), end);
    return closed < 0 ? closed : result;
  }

  /** Passes what stands behind the payload, to the end of the frame. A negative `after` is given back. */
  private closed(bytes: Uint8Array, after: number, end: number): number {
    if (after < 0) return after;
    const position = passElements(bytes, next(bytes, after, end, CLOSE_ARRAY), end);
    if (position < 0) return position;
    if (documentEnd(bytes, position, end) < 0) return FrameResult.syntax;
    return this.current === null || this.current.kind === Kind.unknown ? FrameResult.unknown : FrameResult.applied;
  }

  /** A frame of a channel that is not known yet. Channel 0 is that of accounts. */
  private keep(bytes: Uint8Array, at: number, end: number): number {
    const passed = this.control(bytes, at, end, FrameResult.control);
    if (passed < 0) return passed;
    const id = this.tail.values[frameField.channelId];
    return id !== 0 && this.held.keep(id, bytes, end) ? FrameResult.control : FrameResult.unknown;
  }

  /** Decodes the payload at `at`; returns the offset after it, or a negative FrameResult. */
  private payload(bytes: Uint8Array, at: number, end: number, channel: Channel, word: number): number {
    this.current = channel;
    this.found = -1;
    if (channel.kind === Kind.unknown) return skipValue(bytes, at, end);
    if (channel.kind === Kind.liquidations) return this.liquidations.decode(bytes, at, end);
    const market = this.market(channel);
    if (market < 0) return market;
    if (channel.owesGap) {
      const written = this.writeGap(market, channel.kind);
      if (written < 0) return written;
    }
    return this.marketPayload(bytes, at, end, channel, word, market);
  }

  private market(channel: Channel): number {
    if (channel.market >= 0) return channel.market;
    this.found = this.sink.market(channel.symbol, 0, channel.symbol.length);
    return this.found;
  }

  private marketPayload(
    bytes: Uint8Array,
    at: number,
    end: number,
    channel: Channel,
    word: number,
    market: number,
  ): number {
    switch (channel.kind) {
      case Kind.book: {
        const after = this.book.decode(bytes, at, end, market, channel, this.isBulk());
        if (this.book.isSnapshot) this.sequence.addMarket(market, HAS_BOOK);
        return after;
      }
      case Kind.trades:
        this.sequence.addMarket(market, 0);
        return this.trade(bytes, at, end, channel, word, market);
      case Kind.ticker:
        return this.ticker.decode(bytes, at, end, market);
      case Kind.candles:
        return this.candles.decode(bytes, at, end, market, channel.intervalMs);
      default:
        return this.derivatives.decode(bytes, at, end, market);
    }
  }

  /** `te` comes first and counts; its `tu` repeats it, and counts where the `te` was before the subscription or lost. */
  private trade(bytes: Uint8Array, at: number, end: number, channel: Channel, word: number, market: number): number {
    const flags = word === Word.none ? TradeFlag.history : 0;
    return this.trades.decode(bytes, at, end, market, flags, word === Word.updated ? channel.lastTradeId : -1);
  }

  private isBulk(): boolean {
    return this.flags !== FLAGS_UNKNOWN && (this.flags & ConfFlag.bulkBook) !== 0;
  }

  private writeGap(market: number, kind: number): number {
    const slot = this.sink.claim(market, RecordType.gap);
    if (slot < 0) return slot;
    this.sink.u8[slot * SLOT_BYTES + gap.at.flags] = kind === Kind.book ? StateReason.gap : StateReason.none;
    this.sink.f64[slot * SLOT_F64 + gap.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    this.sink.f64[slot * SLOT_F64 + gap.at.lost] = 0;
    this.sink.f64[slot * SLOT_F64 + gap.at.sinceTimeUs] = 0;
    return 1;
  }

  /** The frame was accepted. One with escapes is decoded again, and must find its channel as it was. */
  private accept(channel: Channel): void {
    if (scanState.sawEscape) return;
    channel.owesGap = false;
    if (this.found >= 0) channel.market = this.found;
    if (channel.kind === Kind.book) channel.hasSnapshot = channel.hasSnapshot || this.book.isSnapshot;
    if (channel.kind === Kind.trades) channel.lastTradeId = Math.max(channel.lastTradeId, this.trades.ids[LAST_ID]);
  }

  // ---- objects

  private object(bytes: Uint8Array, at: number, end: number): number {
    const after = this.events.read(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    if (this.events.backfillAt > 0) return this.pastTrades(bytes, this.events.backfillAt, end);
    const kind = this.events.kind(bytes, end);
    switch (kind) {
      case Event.subscribed:
        return this.subscribed(bytes, end);
      case Event.unsubscribed:
        return this.unsubscribed(bytes, end);
      case Event.conf:
        return this.conf(bytes, end);
      case Event.control:
        return FrameResult.control;
      default:
        return kind < 0 ? kind : FrameResult.unknown;
    }
  }

  /** Notes the channel, then decodes what came of it before. */
  private subscribed(bytes: Uint8Array, end: number): number {
    const read = this.events.readSubscribed(bytes, end);
    if (read < 0) return read;
    const id = this.events.channelId;
    const channel = channelOf(bytes, this.events, id, this.held.isCut(id));
    if (channel === null) return FrameResult.missingField;
    this.channels.set(channel);
    for (const frame of this.held.give(id)) {
      const result = this.replay(frame, channel);
      if (result >= 0) continue;
      // What was claimed is abandoned with this event. The channel begins anew, and its next frame tells the loss.
      const anew = channelOf(bytes, this.events, id, true);
      if (anew !== null) this.channels.set(anew);
      return result;
    }
    return FrameResult.control;
  }

  /** A frame kept: it was walked and its number followed when it came. */
  private replay(frame: Uint8Array, channel: Channel): number {
    const end = frame.length;
    const idAt = skipSpace(frame, skipSpace(frame, 0, end) + 1, end);
    const idEnd = integerNumber(frame, idAt, end, this.tail.values, frameField.channelId);
    let at = next(frame, idEnd, end, CLOSE_ARRAY);
    let word: number = Word.none;
    if (frame[at] === QUOTE) {
      const close = textEnd(frame, at, end);
      word = wordOf(frame, at + 1, close);
      at = next(frame, close + 1, end, CLOSE_ARRAY);
      if (word < Word.executed || channel.kind !== Kind.trades || frame[at] === CLOSE_ARRAY) return 1;
    }
    const tail = this.tail.read(frame, at, end, this.flags);
    if (tail < 0) return tail;
    const after = this.payload(frame, at, end, channel, word);
    if (after >= 0) this.accept(channel);
    return after;
  }

  private unsubscribed(bytes: Uint8Array, end: number): number {
    const read = this.events.readChannelId(bytes, end);
    if (read < 0) return read;
    this.channels.delete(this.events.channelId);
    return FrameResult.control;
  }

  private conf(bytes: Uint8Array, end: number): number {
    const read = this.events.readFlags(bytes, end);
    if (read < 0) return read;
    if (this.events.flags >= 0) this.flags = this.events.flags;
    return FrameResult.control;
  }

  /** Our own pushed form of a REST answer: trades of the past, outside the connection's numbers. */
  private pastTrades(bytes: Uint8Array, at: number, end: number): number {
    const read = this.backfill.read(bytes, at, end);
    if (read < 0) return read;
    const { symbolFrom, symbolTo, tradesAt } = this.backfill;
    const market = this.sink.market(bytes, symbolFrom, symbolTo);
    if (market < 0) return market;
    const after = this.trades.decode(bytes, tradesAt, end, market, TradeFlag.history, -1);
    return after < 0 ? after : FrameResult.applied;
  }
}

function wordOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, EXECUTED)) return Word.executed;
  if (matches(bytes, from, to, UPDATED)) return Word.updated;
  if (matches(bytes, from, to, HEARTBEAT)) return Word.heartbeat;
  return matches(bytes, from, to, CHECKSUM) ? Word.checksum : Word.other;
}
