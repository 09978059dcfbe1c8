// Decodes the messages of one OKX connection: tells event from data, and who reads the data. Hot path.
//
// Source: OKX API guide v5, "WebSocket", "Subscribe", "Notification" (2026-08); docs/venues/okx.md.

import { DerivativeKind, FrameResult, TradeFlag } from '../../../schemas/ids.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  CLOSE_OBJECT,
  documentEnd,
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
import { keyFrom, keyTo, member, refusal, textEnd } from '../../decode/walk.ts';
import { BboEntries } from './bbo.ts';
import { BookEntries } from './book.ts';
import { CandleRows } from './candles.ts';
import { candleInterval, depthOf, Kind, kindOf } from './channels.ts';
import { DerivativeEntries } from './derivatives.ts';
import { InOrderBooks } from './in-order.ts';
import { LiquidationEntries } from './liquidations.ts';
import { TickerEntries } from './tickers.ts';
import { TradeEntries } from './trades.ts';

const KEY_ARG = keyBytes('arg');
const KEY_CHANNEL = keyBytes('channel');
const KEY_INSTRUMENT = keyBytes('instId');
const KEY_ACTION = keyBytes('action');
const KEY_DATA = keyBytes('data');
const KEY_EVENT = keyBytes('event');

/** `event` of messages without data. */
const EVENTS = [
  keyBytes('subscribe'),
  keyBytes('unsubscribe'),
  keyBytes('error'),
  keyBytes('notice'),
  keyBytes('login'),
  keyBytes('channel-conn-count'),
  keyBytes('channel-conn-count-error'),
];
/** The answer to the text `ping`, which is no JSON. */
const PONG = keyBytes('pong');

const SNAPSHOT = keyBytes('snapshot');
const UPDATE = keyBytes('update');
const Action = { none: 0, snapshot: 1, update: 2, other: 3 } as const;

/** What the entries of a channel tell, by its kind. */
const DERIVATIVES: Readonly<Record<number, number>> = {
  [Kind.markPrice]: DerivativeKind.markPrice,
  [Kind.indexPrice]: DerivativeKind.indexPrice,
  [Kind.fundingRate]: DerivativeKind.fundingRate,
  [Kind.openInterest]: DerivativeKind.openInterest,
};

const HAS_ARG = 1;
const HAS_CHANNEL = 2;
const HAS_INSTRUMENT = 4;
const HAS_ACTION = 8;
const HAS_DATA = 16;
const HAS_EVENT = 32;
const HAS_BACKFILL = 64;

export class OkxDecoder extends ObjectReader implements FrameDecoder {
  private readonly sink: RecordSink;
  private readonly book: BookEntries;
  private readonly bbo: BboEntries;
  private readonly trades: TradeEntries;
  private readonly tickers: TickerEntries;
  private readonly candles: CandleRows;
  private readonly derivatives: DerivativeEntries;
  private readonly liquidations: LiquidationEntries;
  private readonly inOrder: InOrderBooks;
  private readonly backfill = new BackfillEnvelope();
  private kind: number = Kind.unknown;
  private action: number = Action.none;
  private isKnownEvent = false;
  private channelFrom = 0;
  private channelTo = 0;
  private instrumentFrom = 0;
  private instrumentTo = 0;
  /** Where the data lie if they came before what they need; 0 is nowhere. */
  private dataAt = 0;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.sink = sink;
    this.book = new BookEntries(sink);
    this.bbo = new BboEntries(sink);
    this.trades = new TradeEntries(sink);
    this.tickers = new TickerEntries(sink);
    this.candles = new CandleRows(sink);
    this.derivatives = new DerivativeEntries(sink);
    this.liquidations = new LiquidationEntries(sink);
    this.inOrder = new InOrderBooks(sink);
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
  }

  decode(bytes: Uint8Array, end: number): number {
    const result = this.frame(bytes, end);
    return result < 0 ? refusal(bytes, end, result) : result;
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return notAnObject(bytes, at, end);
    this.begin();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return this.conclude(bytes, end);
  }

  private begin(): void {
    this.seen = 0;
    this.kind = Kind.unknown;
    this.action = Action.none;
    this.isKnownEvent = false;
    this.dataAt = 0;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_ARG)) return this.once(HAS_ARG) ? this.arg(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_DATA)) return this.once(HAS_DATA) ? this.data(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ACTION))
      return this.once(HAS_ACTION) ? this.readAction(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_EVENT))
      return this.once(HAS_EVENT) ? this.event(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BACKFILL))
      return this.once(HAS_BACKFILL) ? this.readBackfill(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private arg(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.argMember(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private argMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const isChannel = matches(bytes, from, to, KEY_CHANNEL);
    if (!isChannel && !matches(bytes, from, to, KEY_INSTRUMENT)) return skipValue(bytes, at, end);
    if (!this.once(isChannel ? HAS_CHANNEL : HAS_INSTRUMENT)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (isChannel) {
      this.channelFrom = at + 1;
      this.channelTo = close;
      this.kind = kindOf(bytes, at + 1, close);
    } else {
      this.instrumentFrom = at + 1;
      this.instrumentTo = close;
    }
    return close + 1;
  }

  private readAction(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, UPDATE)) this.action = Action.update;
    else this.action = matches(bytes, at + 1, close, SNAPSHOT) ? Action.snapshot : Action.other;
    return close + 1;
  }

  private event(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    for (let i = 0; i < EVENTS.length && !this.isKnownEvent; i++) {
      this.isKnownEvent = matches(bytes, at + 1, close, EVENTS[i]);
    }
    return close + 1;
  }

  /** Reads the data in passing where all they need came before them; else keeps their place for conclude(). */
  private data(bytes: Uint8Array, at: number, end: number): number {
    const needs = this.kind === Kind.book ? HAS_ARG | HAS_ACTION : HAS_ARG;
    if ((this.seen & needs) === needs) return this.readData(bytes, at, end);
    this.dataAt = at;
    return skipValue(bytes, at, end);
  }

  private readData(bytes: Uint8Array, at: number, end: number): number {
    if (this.kind === Kind.unknown) return skipValue(bytes, at, end);
    if (this.kind === Kind.liquidations) return this.liquidations.decode(bytes, at, end);
    if ((this.seen & HAS_INSTRUMENT) === 0) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.instrumentFrom, this.instrumentTo);
    return market < 0 ? market : this.readList(bytes, at, end, market);
  }

  private readList(bytes: Uint8Array, at: number, end: number, market: number): number {
    const { kind, instrumentFrom: from, instrumentTo: to } = this;
    switch (kind) {
      case Kind.book:
      case Kind.wholeBook:
        if (kind === Kind.book && this.action === Action.other) return FrameResult.type;
        this.book.prepare(this.action !== Action.update, depthOf(bytes, this.channelFrom, this.channelTo));
        return this.book.decode(bytes, at, end, market, from, to);
      case Kind.bbo:
        return this.bbo.decode(bytes, at, end, market, from, to);
      case Kind.trades:
      case Kind.allTrades:
        this.trades.prepare(kind === Kind.trades ? TradeFlag.aggregate : 0);
        return this.trades.decode(bytes, at, end, market, from, to);
      case Kind.tickers:
        return this.tickers.decode(bytes, at, end, market, from, to);
      case Kind.candles:
        return this.candles.decode(bytes, at, end, market, candleInterval(bytes, this.channelFrom, this.channelTo));
      default:
        this.derivatives.prepare(DERIVATIVES[kind]);
        return this.derivatives.decode(bytes, at, end, market, from, to);
    }
  }

  /** Trades fetched after a loss, gathered as those of `trades`. */
  private readBackfill(bytes: Uint8Array, at: number, end: number): number {
    const after = this.backfill.read(bytes, at, end);
    if (after < 0) return after;
    const { symbolFrom, symbolTo, tradesAt } = this.backfill;
    const market = this.sink.market(bytes, symbolFrom, symbolTo);
    if (market < 0) return market;
    this.trades.prepare(TradeFlag.aggregate | TradeFlag.history);
    const read = this.trades.decode(bytes, tradesAt, end, market, symbolFrom, symbolTo);
    return read < 0 ? read : after;
  }

  private conclude(bytes: Uint8Array, end: number): number {
    const { seen, kind } = this;
    if ((seen & HAS_BACKFILL) !== 0) return seen === HAS_BACKFILL ? FrameResult.applied : FrameResult.shape;
    if ((seen & HAS_EVENT) !== 0) return this.concludeEvent();
    if ((seen & HAS_ARG) === 0) return FrameResult.unknown;
    if ((seen & HAS_CHANNEL) === 0) return FrameResult.missingField;
    if (kind === Kind.unknown) return FrameResult.unknown;
    if ((seen & HAS_DATA) === 0 || (kind === Kind.book && (seen & HAS_ACTION) === 0)) return FrameResult.missingField;
    // `books5` has no action and is a snapshot each time; read as anything else it would be wrong.
    if (kind === Kind.wholeBook && this.action > Action.snapshot) return FrameResult.type;
    if (this.dataAt === 0) return FrameResult.applied;
    const read = this.readData(bytes, this.dataAt, end);
    return read < 0 ? read : FrameResult.applied;
  }

  /** Acknowledgements, errors and notices carry no data. */
  private concludeEvent(): number {
    if ((this.seen & HAS_DATA) !== 0) return FrameResult.shape;
    return this.isKnownEvent ? FrameResult.control : FrameResult.unknown;
  }
}

/** The text `pong`; a list or a plain value: JSON of a kind not known; or no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  if (matches(bytes, 0, end, PONG)) return FrameResult.control;
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}
