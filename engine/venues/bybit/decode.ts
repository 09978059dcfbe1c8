// Decodes the messages of one Bybit v5 connection, linear or spot: tells answers from data, and who reads the data. Hot path.
//
// Source: Bybit API v5 docs, "Connect", "Orderbook", "Trade", "Ticker", "Kline" (2026-08); docs/venues/bybit.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  booleanEnd,
  documentEnd,
  keyBytes,
  matches,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { refusal, textEnd } from '../../decode/walk.ts';
import { BestData } from './best.ts';
import { BookData } from './book.ts';
import { CandleEntries } from './candles.ts';
import { BookDepths } from './depths.ts';
import { InOrderBooks } from './in-order.ts';
import { LiquidationEntries } from './liquidations.ts';
import { TickerData } from './tickers.ts';
import { Kind, TopicReader } from './topics.ts';
import { FetchedTrades, PushedTrades } from './trades.ts';

const KEY_TOPIC = keyBytes('topic');
const KEY_TYPE = keyBytes('type');
const KEY_TIME = keyBytes('ts');
const KEY_MATCH_TIME = keyBytes('cts');
const KEY_DATA = keyBytes('data');
const KEY_OPERATION = keyBytes('op');
const KEY_SUCCESS = keyBytes('success');

/** `op` of answers; a spot server answers a ping with `ping`. */
const OPERATIONS = ['subscribe', 'unsubscribe', 'ping', 'pong', 'auth'].map(keyBytes);

const SNAPSHOT = keyBytes('snapshot');
const DELTA = keyBytes('delta');
/** The answer to a subscription of options, which has no `op`. */
const COMMAND_RESPONSE = keyBytes('COMMAND_RESP');
const Type = { none: 0, snapshot: 1, delta: 2, commandResponse: 3, other: 4 } as const;

const HAS_TOPIC = 1;
const HAS_TYPE = 2;
const HAS_TIME = 4;
const HAS_MATCH_TIME = 8;
const HAS_DATA = 16;
const HAS_OPERATION = 32;
const HAS_SUCCESS = 64;
const HAS_BACKFILL = 128;

/** Times of the message: when it was made, and when the matching engine changed its book. */
const TIME = 0;
const MATCH_TIME = 1;

export class BybitDecoder extends ObjectReader implements FrameDecoder {
  private readonly sink: RecordSink;
  private readonly topic = new TopicReader();
  private readonly symbol = { from: 0, to: 0 };
  private readonly times = new Float64Array(2);
  private readonly depths = new BookDepths();
  private readonly inOrder: InOrderBooks;
  private readonly book: BookData;
  private readonly best: BestData;
  private readonly trades: PushedTrades;
  private readonly tickers: TickerData;
  private readonly candles: CandleEntries;
  private readonly liquidations: LiquidationEntries;
  private readonly backfill = new BackfillEnvelope();
  private readonly fetched: FetchedTrades;
  private type: number = Type.none;
  private isKnownOperation = false;
  private isOtherDepth = false;
  private market = 0;
  /** Where the data lie if they came before their topic; 0 is nowhere. */
  private dataAt = 0;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.sink = sink;
    this.inOrder = new InOrderBooks(sink, this.depths);
    this.book = new BookData(sink, this.symbol);
    this.best = new BestData(sink, this.symbol);
    this.trades = new PushedTrades(sink, this.symbol);
    this.tickers = new TickerData(sink, this.symbol);
    this.candles = new CandleEntries(sink);
    this.liquidations = new LiquidationEntries(sink, this.symbol);
    this.fetched = new FetchedTrades(sink, this.symbol);
  }

  decode(bytes: Uint8Array, end: number): number {
    const result = this.frame(bytes, end);
    return result < 0 ? refusal(bytes, end, result) : result;
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
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
    this.topic.kind = Kind.unknown;
    this.type = Type.none;
    this.isKnownOperation = false;
    this.isOtherDepth = false;
    this.dataAt = 0;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TOPIC))
      return this.once(HAS_TOPIC) ? this.readTopic(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TYPE))
      return this.once(HAS_TYPE) ? this.readType(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? integerTime(bytes, at, end, this.times, TIME) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_DATA)) return this.once(HAS_DATA) ? this.data(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_MATCH_TIME))
      return this.once(HAS_MATCH_TIME) ? integerTime(bytes, at, end, this.times, MATCH_TIME) : FrameResult.shape;
    return this.rareMember(bytes, from, to, at, end);
  }

  private rareMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_OPERATION))
      return this.once(HAS_OPERATION) ? this.operation(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SUCCESS))
      return this.once(HAS_SUCCESS) ? booleanEnd(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BACKFILL))
      return this.once(HAS_BACKFILL) ? this.readBackfill(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private readTopic(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.topic.read(bytes, at + 1, close);
    this.symbol.from = this.topic.symbolFrom;
    this.symbol.to = close;
    return close + 1;
  }

  private readType(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, DELTA)) this.type = Type.delta;
    else if (matches(bytes, at + 1, close, SNAPSHOT)) this.type = Type.snapshot;
    else this.type = matches(bytes, at + 1, close, COMMAND_RESPONSE) ? Type.commandResponse : Type.other;
    return close + 1;
  }

  private operation(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    for (let i = 0; i < OPERATIONS.length && !this.isKnownOperation; i++) {
      this.isKnownOperation = matches(bytes, at + 1, close, OPERATIONS[i]);
    }
    return close + 1;
  }

  /** Reads the data in passing where the topic came before them; else keeps their place for conclude(). */
  private data(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_TOPIC) !== 0) return this.readData(bytes, at, end);
    this.dataAt = at;
    return skipValue(bytes, at, end);
  }

  private readData(bytes: Uint8Array, at: number, end: number): number {
    const { kind, depth, intervalMs } = this.topic;
    if (kind === Kind.unknown) return skipValue(bytes, at, end);
    const market = this.sink.market(bytes, this.symbol.from, this.symbol.to);
    if (market < 0) return market;
    this.market = market;
    switch (kind) {
      case Kind.book:
        this.isOtherDepth = !this.depths.admits(market, depth);
        return this.isOtherDepth ? skipValue(bytes, at, end) : this.book.decode(bytes, at, end, market, depth);
      case Kind.best:
        return this.best.decode(bytes, at, end);
      case Kind.trades:
        return this.trades.decode(bytes, at, end, market);
      case Kind.tickers:
        return this.tickers.decode(bytes, at, end);
      case Kind.candles:
        return this.candles.decode(bytes, at, end, market, intervalMs);
      default:
        return this.liquidations.decode(bytes, at, end, market);
    }
  }

  private readBackfill(bytes: Uint8Array, at: number, end: number): number {
    const after = this.backfill.read(bytes, at, end);
    if (after < 0) return after;
    this.symbol.from = this.backfill.symbolFrom;
    this.symbol.to = this.backfill.symbolTo;
    const market = this.sink.market(bytes, this.symbol.from, this.symbol.to);
    if (market < 0) return market;
    const read = this.fetched.decode(bytes, this.backfill.tradesAt, end, market);
    return read < 0 ? read : after;
  }

  private conclude(bytes: Uint8Array, end: number): number {
    const { seen } = this;
    if ((seen & HAS_BACKFILL) !== 0) return (seen & HAS_TOPIC) === 0 ? FrameResult.applied : FrameResult.shape;
    if ((seen & HAS_TOPIC) === 0) return this.concludeAnswer();
    if (this.topic.kind === Kind.unknown) return FrameResult.unknown;
    if ((seen & HAS_DATA) === 0) return FrameResult.missingField;
    if (this.dataAt !== 0) {
      const read = this.readData(bytes, this.dataAt, end);
      if (read < 0) return read;
    }
    return this.write();
  }

  /** Writes what could not be before the whole message was read. */
  private write(): number {
    const { kind } = this.topic;
    if (kind === Kind.book) return this.writeBook();
    if (kind !== Kind.best && kind !== Kind.tickers) return FrameResult.applied;
    if ((this.seen & HAS_TIME) === 0) return FrameResult.missingField;
    const written =
      kind === Kind.best
        ? this.best.write(this.market, this.times, this.bookTime())
        : this.tickers.write(this.market, this.times, TIME);
    return written < 0 ? written : FrameResult.applied;
  }

  private writeBook(): number {
    if ((this.seen & (HAS_TYPE | HAS_TIME)) !== (HAS_TYPE | HAS_TIME)) return FrameResult.missingField;
    if (this.type !== Type.snapshot && this.type !== Type.delta) return FrameResult.type;
    if (this.isOtherDepth) return FrameResult.ignored;
    this.book.writeHead(this.type === Type.snapshot, this.times, this.bookTime());
    this.depths.hold(this.market, this.topic.depth);
    return FrameResult.applied;
  }

  /** The matching engine's time where the message has it. */
  private bookTime(): number {
    return (this.seen & HAS_MATCH_TIME) !== 0 ? MATCH_TIME : TIME;
  }

  /** Answers have an `op`, those of options a type; `success` alone is an answer, too. */
  private concludeAnswer(): number {
    if ((this.seen & HAS_OPERATION) !== 0) return this.isKnownOperation ? FrameResult.control : FrameResult.unknown;
    const isAnswer = this.type === Type.commandResponse || (this.seen & HAS_SUCCESS) !== 0;
    return isAnswer ? FrameResult.control : FrameResult.unknown;
  }
}

/** A list or a plain value: JSON of a kind not known; or no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}
