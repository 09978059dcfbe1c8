// Decodes the messages that are objects: all of v2, and the events of v1. Hot path.
//
// Source: Kraken WebSocket v2 docs, "Introduction", "Channels" (2026-05); docs/venues/kraken.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { KEY_BACKFILL } from '../../decode/backfill.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { documentEnd, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { noteAnswer } from './answers.ts';
import { SymbolDepths } from './depths.ts';
import { noteInstruments } from './instruments.ts';
import { PastTrades } from './past-trades.ts';

import { V2Book } from './v2-book.ts';
import { V2Candles } from './v2-candles.ts';
import { V2InOrder } from './v2-in-order.ts';
import { V2Tickers } from './v2-tickers.ts';
import { V2Trades } from './v2-trades.ts';

const KEY_CHANNEL = keyBytes('channel');
const KEY_TYPE = keyBytes('type');
const KEY_DATA = keyBytes('data');
const KEY_EVENT = keyBytes('event');
const KEY_ERROR = keyBytes('error');
const KEY_METHOD = keyBytes('method');
const KEY_RESULT = keyBytes('result');
const KEY_SUCCESS = keyBytes('success');

const CHANNELS_CONTROL = [keyBytes('heartbeat'), keyBytes('status')];
const CHANNEL_INSTRUMENT = keyBytes('instrument');
const CHANNEL_BOOK = keyBytes('book');
const CHANNEL_TRADE = keyBytes('trade');
const CHANNEL_TICKER = keyBytes('ticker');
const CHANNEL_OHLC = keyBytes('ohlc');

/** `event` of v1 messages that carry no data. */
const EVENTS = [
  keyBytes('heartbeat'),
  keyBytes('systemStatus'),
  keyBytes('subscriptionStatus'),
  keyBytes('pong'),
  keyBytes('ping'),
  keyBytes('error'),
];

const SNAPSHOT = keyBytes('snapshot');
const UPDATE = keyBytes('update');

const HAS_CHANNEL = 1;
const HAS_TYPE = 2;
const HAS_DATA = 4;
const HAS_EVENT = 8;
const HAS_ERROR = 16;
const HAS_METHOD = 32;
const HAS_RESULT = 64;
const HAS_SUCCESS = 128;
const HAS_BACKFILL = 256;
/** What must have come for the data to be read in passing. */
const BEFORE_DATA = HAS_CHANNEL | HAS_TYPE;

const Kind = { unknown: 0, control: 1, book: 2, trades: 3, tickers: 4, candles: 5, instruments: 6 } as const;
const MessageType = { other: 0, snapshot: 1, update: 2 } as const;

export class ObjectMessages extends ObjectReader {
  private readonly depths = new SymbolDepths();
  private readonly book: V2Book;
  private readonly trades: V2Trades;
  private readonly tickers: V2Tickers;
  private readonly candles: V2Candles;
  private readonly pastTrades: PastTrades;
  private readonly inOrder: V2InOrder;
  private kind: number = Kind.unknown;
  private type: number = MessageType.other;
  private isEvent = false;
  private dataAt = 0;
  private methodAt = 0;
  private resultAt = 0;
  private successAt = 0;
  private backfillAt = 0;

  constructor(sink: RecordSink) {
    super();
    this.book = new V2Book(sink, this.depths);
    this.trades = new V2Trades(sink);
    this.tickers = new V2Tickers(sink);
    this.candles = new V2Candles(sink);
    this.pastTrades = new PastTrades(sink);
    this.inOrder = new V2InOrder(sink, this.depths);
  }

  /** Book updates in the venue's own writing; 0 for all others. */
  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
  }

  /** Decodes the message at bytes[at] (its `{`); returns a FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.begin();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    const result = this.conclude(bytes, end);
    if (result === FrameResult.applied) this.depths.accept();
    return result;
  }

  private begin(): void {
    this.seen = 0;
    this.kind = Kind.unknown;
    this.type = MessageType.other;
    this.isEvent = false;
    this.dataAt = 0;
    this.methodAt = 0;
    this.resultAt = 0;
    this.successAt = 0;
    this.depths.begin();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_DATA)) return this.once(HAS_DATA) ? this.data(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_CHANNEL))
      return this.once(HAS_CHANNEL) ? this.channel(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TYPE))
      return this.once(HAS_TYPE) ? this.messageType(bytes, at, end) : FrameResult.shape;
    return this.controlMember(bytes, from, to, at, end);
  }

  private controlMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_EVENT))
      return this.once(HAS_EVENT) ? this.event(bytes, at, end) : FrameResult.shape;
    let isNew = true;
    if (matches(bytes, from, to, KEY_METHOD)) {
      isNew = this.once(HAS_METHOD);
      this.methodAt = at;
    } else if (matches(bytes, from, to, KEY_RESULT)) {
      isNew = this.once(HAS_RESULT);
      this.resultAt = at;
    } else if (matches(bytes, from, to, KEY_SUCCESS)) {
      isNew = this.once(HAS_SUCCESS);
      this.successAt = at;
    } else if (matches(bytes, from, to, KEY_BACKFILL)) {
      isNew = this.once(HAS_BACKFILL);
      this.backfillAt = at;
    } else if (matches(bytes, from, to, KEY_ERROR)) isNew = this.once(HAS_ERROR);
    return isNew ? skipValue(bytes, at, end) : FrameResult.shape;
  }

  private channel(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.kind = kindOf(bytes, at + 1, close);
    return close + 1;
  }

  private messageType(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, UPDATE)) this.type = MessageType.update;
    else if (matches(bytes, at + 1, close, SNAPSHOT)) this.type = MessageType.snapshot;
    return close + 1;
  }

  private event(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.isEvent = isOneOf(bytes, at + 1, close, EVENTS);
    return close + 1;
  }

  /** Reads the data in passing where all it needs came before it; else keeps its place for conclude(). */
  private data(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & BEFORE_DATA) === BEFORE_DATA) return this.readData(bytes, at, end);
    this.dataAt = at;
    return skipValue(bytes, at, end);
  }

  private readData(bytes: Uint8Array, at: number, end: number): number {
    const isSnapshot = this.type === MessageType.snapshot;
    switch (this.kind) {
      case Kind.book:
        return this.type === MessageType.other ? FrameResult.type : this.book.decode(bytes, at, end, isSnapshot);
      case Kind.trades:
        return this.trades.decode(bytes, at, end, isSnapshot);
      case Kind.tickers:
        return this.tickers.decode(bytes, at, end, isSnapshot);
      case Kind.candles:
        return this.candles.decode(bytes, at, end, isSnapshot);
      case Kind.instruments:
        this.dataAt = at;
        return skipValue(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private conclude(bytes: Uint8Array, end: number): number {
    if ((this.seen & HAS_EVENT) !== 0) return this.isEvent ? FrameResult.control : FrameResult.unknown;
    if ((this.seen & HAS_METHOD) !== 0)
      return noteAnswer(bytes, end, this.methodAt, this.resultAt, this.successAt, this.depths);
    if ((this.seen & HAS_BACKFILL) !== 0) return this.pastTrades.decode(bytes, this.backfillAt, end);
    if ((this.seen & HAS_CHANNEL) === 0)
      return (this.seen & HAS_ERROR) !== 0 ? FrameResult.control : FrameResult.unknown;
    if (this.kind === Kind.control) return FrameResult.control;
    if (this.kind === Kind.instruments) return noteInstruments(bytes, this.dataAt, end, this.depths);
    if (this.kind === Kind.unknown) return FrameResult.unknown;
    if ((this.seen & HAS_DATA) === 0) return FrameResult.missingField;
    if (this.kind === Kind.book && (this.seen & HAS_TYPE) === 0) return FrameResult.missingField;
    const read = this.dataAt > 0 ? this.readData(bytes, this.dataAt, end) : 1;
    return read < 0 ? read : FrameResult.applied;
  }
}

function isOneOf(bytes: Uint8Array, from: number, to: number, names: readonly Uint8Array[]): boolean {
  for (let i = 0; i < names.length; i++) if (matches(bytes, from, to, names[i])) return true;
  return false;
}

function kindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, CHANNEL_BOOK)) return Kind.book;
  if (matches(bytes, from, to, CHANNEL_TRADE)) return Kind.trades;
  if (matches(bytes, from, to, CHANNEL_TICKER)) return Kind.tickers;
  if (matches(bytes, from, to, CHANNEL_OHLC)) return Kind.candles;
  if (matches(bytes, from, to, CHANNEL_INSTRUMENT)) return Kind.instruments;
  return isOneOf(bytes, from, to, CHANNELS_CONTROL) ? Kind.control : Kind.unknown;
}
