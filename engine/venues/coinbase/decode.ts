// Decodes the messages of one Coinbase Advanced Trade connection: the envelope, and who reads its events. Hot path.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Channels" and "Sequence Numbers" (2026-08); docs/venues/coinbase.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { venueRule } from '../../../schemas/venue-rules.ts';
import { assert } from '../../base/assert.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import { ConnectionSequence, Follow } from '../../decode/connection-sequence.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  CLOSE_ARRAY,
  documentEnd,
  integerNumber,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { refusal, textEnd } from '../../decode/walk.ts';
import { BookEvents } from './book.ts';
import { CandleEvents } from './candles.ts';
import { Kind, kindOf } from './channels.ts';
import { ENVELOPE_FIELDS, envelope } from './fields.ts';
import { passHeartbeat } from './heartbeats.ts';
import { InOrderBooks } from './in-order.ts';
import { TickerEvents } from './tickers.ts';
import { TradeEvents } from './trades.ts';

const KEY_CHANNEL = keyBytes('channel');
const KEY_TIMESTAMP = keyBytes('timestamp');
const { connectionField } = venueRule('coinbase');
assert(connectionField !== null, 'coinbase: expected the rule to name the counter of the connection');
const KEY_SEQUENCE = keyBytes(connectionField);
const KEY_EVENTS = keyBytes('events');
const KEY_TYPE = keyBytes('type');

const TYPE_ERROR = keyBytes('error');

const HAS_CHANNEL = 1;
const HAS_TIMESTAMP = 2;
const HAS_SEQUENCE = 4;
const HAS_EVENTS = 8;
const HAS_TYPE = 16;
const HAS_BACKFILL = 32;
const NEEDS = HAS_CHANNEL | HAS_SEQUENCE | HAS_EVENTS;
/** What must have come for the events to be read in passing. */
const BEFORE_EVENTS = HAS_CHANNEL | HAS_TIMESTAMP | HAS_SEQUENCE;

export class CoinbaseDecoder extends ObjectReader implements FrameDecoder {
  private readonly envelope = new Float64Array(ENVELOPE_FIELDS);
  private readonly sequence: ConnectionSequence;
  private readonly inOrder: InOrderBooks;
  private readonly book: BookEvents;
  private readonly trades: TradeEvents;
  private readonly tickers: TickerEvents;
  private readonly candles: CandleEvents;
  private readonly backfill = new BackfillEnvelope();
  private kind: number = Kind.unknown;
  private isError = false;
  private eventsAt = 0;
  private backfillAt = 0;
  private followed: number = Follow.inOrder;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.sequence = new ConnectionSequence(sink);
    this.inOrder = new InOrderBooks(sink, this.sequence);
    this.book = new BookEvents(sink, this.envelope, this.sequence);
    this.trades = new TradeEvents(sink, this.sequence);
    this.tickers = new TickerEvents(sink, this.envelope);
    this.candles = new CandleEvents(sink);
  }

  /** Old messages dropped whole: they return `applied` and leave no record. */
  get duplicates(): number {
    return this.sequence.duplicates;
  }

  /** Jumps of the connection's counter. */
  get gaps(): number {
    return this.sequence.gaps;
  }

  /** Book updates in the venue's own writing that follow the last message; 0 for all others. */
  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
  }

  decode(bytes: Uint8Array, end: number): number {
    this.sequence.begin();
    const result = this.message(bytes, end);
    this.sequence.finish(result);
    return result < 0 ? refusal(bytes, end, result) : result;
  }

  private message(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return this.notAnObject(bytes, at, end);
    this.begin();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return this.conclude(bytes, end);
  }

  /** A list or a plain value: JSON of a kind not known, or no JSON. */
  private notAnObject(bytes: Uint8Array, at: number, end: number): number {
    const after = skipValue(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
  }

  private begin(): void {
    this.seen = 0;
    this.kind = Kind.unknown;
    this.isError = false;
    this.eventsAt = 0;
    this.backfillAt = 0;
    this.followed = Follow.inOrder;
    this.envelope[envelope.timestampUs] = 0;
    this.trades.begin();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_EVENTS))
      return this.once(HAS_EVENTS) ? this.events(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_CHANNEL))
      return this.once(HAS_CHANNEL) ? this.channel(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SEQUENCE)) {
      return this.once(HAS_SEQUENCE)
        ? integerNumber(bytes, at, end, this.envelope, envelope.sequence)
        : FrameResult.shape;
    }
    if (matches(bytes, from, to, KEY_TIMESTAMP)) {
      return this.once(HAS_TIMESTAMP)
        ? isoTime(bytes, at, end, this.envelope, envelope.timestampUs)
        : FrameResult.shape;
    }
    if (matches(bytes, from, to, KEY_TYPE)) return this.once(HAS_TYPE) ? this.type(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BACKFILL)) {
      if (!this.once(HAS_BACKFILL)) return FrameResult.shape;
      this.backfillAt = at;
    }
    return skipValue(bytes, at, end);
  }

  private channel(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.kind = kindOf(bytes, at + 1, close);
    return close + 1;
  }

  /** Of messages without a channel: `error`. */
  private type(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.isError = matches(bytes, at + 1, close, TYPE_ERROR);
    return close + 1;
  }

  /** Reads the events in passing where all they need came before them; else keeps their place for conclude(). */
  private events(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & BEFORE_EVENTS) === BEFORE_EVENTS) return this.readEvents(bytes, at, end);
    this.eventsAt = at;
    return skipValue(bytes, at, end);
  }

  private readEvents(bytes: Uint8Array, at: number, end: number): number {
    this.followed = this.sequence.follow(this.envelope, envelope.sequence);
    if (this.followed < 0) return this.followed;
    if (bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    if (this.followed === Follow.old) return skipValue(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.event(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private event(bytes: Uint8Array, at: number, end: number): number {
    switch (this.kind) {
      case Kind.book:
        return this.book.event(bytes, at, end);
      case Kind.trades:
        return this.trades.event(bytes, at, end);
      case Kind.tickers:
        return this.tickers.event(bytes, at, end);
      case Kind.candles:
        return this.candles.event(bytes, at, end);
      case Kind.heartbeats:
        return passHeartbeat(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private conclude(bytes: Uint8Array, end: number): number {
    if ((this.seen & HAS_CHANNEL) === 0) {
      if (this.backfillAt > 0) return this.pastTrades(bytes, end);
      return this.isError ? FrameResult.control : FrameResult.unknown;
    }
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (this.eventsAt > 0) {
      const read = this.readEvents(bytes, this.eventsAt, end);
      if (read < 0) return read;
    }
    if (this.followed === Follow.old) return FrameResult.applied;
    if (this.kind === Kind.trades) {
      const written = this.trades.write(bytes);
      if (written < 0) return written;
    }
    return this.result();
  }

  /** Our own pushed form of a REST answer: trades of the past, outside the connection's counter. */
  private pastTrades(bytes: Uint8Array, end: number): number {
    const read = this.backfill.read(bytes, this.backfillAt, end);
    if (read < 0) return read;
    const after = this.trades.pastEntries(bytes, this.backfill.tradesAt, end);
    if (after < 0) return after;
    const written = this.trades.write(bytes);
    return written < 0 ? written : FrameResult.applied;
  }

  /** The records of a control message, and the gap it may have shown, are kept (FrameDecoder). */
  private result(): number {
    if (this.kind >= Kind.book) return FrameResult.applied;
    return this.kind === Kind.unknown ? FrameResult.unknown : FrameResult.control;
  }
}
