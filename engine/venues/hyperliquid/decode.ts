// Decodes the messages of one Hyperliquid connection: tells answers from data, and who reads the data. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions" (2026-06); docs/venues/hyperliquid.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  documentEnd,
  findValue,
  keyBytes,
  matches,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { refusal, textEnd } from '../../decode/walk.ts';
import { BboReader } from './bbo.ts';
import { BookReader } from './book.ts';
import { CandleReader } from './candles.ts';
import { Kind, kindOf } from './channels.ts';
import { ContextReader } from './contexts.ts';
import { FirstPushes } from './first-pushes.ts';
import { TradeEntries } from './trades.ts';

const KEY_CHANNEL = keyBytes('channel');
const KEY_DATA = keyBytes('data');
const KEY_METHOD = keyBytes('method');
const KEY_SUBSCRIPTION = keyBytes('subscription');
const KEY_TYPE = keyBytes('type');
const SUBSCRIBE = keyBytes('subscribe');
const TRADES = keyBytes('trades');
/** The first frame of a connection, which is no JSON. */
const GREETING = keyBytes('Websocket connection established.');

const HAS_CHANNEL = 1;
const HAS_DATA = 2;
const HAS_BACKFILL = 4;

export class HyperliquidDecoder extends ObjectReader implements FrameDecoder {
  private readonly book: BookReader;
  private readonly bbo: BboReader;
  private readonly firstPushes = new FirstPushes();
  private readonly trades: TradeEntries;
  private readonly past = new BackfillEnvelope();
  private readonly candles: CandleReader;
  private readonly contexts: ContextReader;
  private kind: number = Kind.unknown;
  /** Where the data lie if they are still to be read; 0 is nowhere. */
  private dataAt = 0;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.book = new BookReader(sink);
    this.bbo = new BboReader(sink);
    this.trades = new TradeEntries(sink, this.firstPushes);
    this.candles = new CandleReader(sink);
    this.contexts = new ContextReader(sink);
  }

  decode(bytes: Uint8Array, end: number): number {
    this.firstPushes.begin();
    const result = this.frame(bytes, end);
    if (result >= 0) return result;
    this.firstPushes.abandon();
    return refusal(bytes, end, result);
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return notAnObject(bytes, at, end);
    this.seen = 0;
    this.kind = Kind.unknown;
    this.dataAt = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return this.conclude(bytes, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_CHANNEL))
      return this.once(HAS_CHANNEL) ? this.channel(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_DATA)) return this.once(HAS_DATA) ? this.data(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BACKFILL))
      return this.once(HAS_BACKFILL) ? this.backfill(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private backfill(bytes: Uint8Array, at: number, end: number): number {
    const { past } = this;
    const after = past.read(bytes, at, end);
    if (after < 0) return after;
    const read = this.trades.decodePast(bytes, past.tradesAt, end, past.symbolFrom, past.symbolTo);
    return read < 0 ? read : after;
  }

  private channel(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.kind = kindOf(bytes, at + 1, close);
    return close + 1;
  }

  private data(bytes: Uint8Array, at: number, end: number): number {
    if (this.kind >= Kind.book) return this.readData(bytes, at, end);
    this.dataAt = at;
    return skipValue(bytes, at, end);
  }

  private readData(bytes: Uint8Array, at: number, end: number): number {
    switch (this.kind) {
      case Kind.book:
        return this.book.decode(bytes, at, end);
      case Kind.trades:
        return this.trades.decode(bytes, at, end);
      case Kind.bbo:
        return this.bbo.decode(bytes, at, end);
      case Kind.candle:
        return this.candles.decode(bytes, at, end);
      default:
        return this.contexts.decode(bytes, at, end);
    }
  }

  private conclude(bytes: Uint8Array, end: number): number {
    const { seen, kind, dataAt } = this;
    if ((seen & HAS_BACKFILL) !== 0)
      return (seen & (HAS_CHANNEL | HAS_DATA)) === 0 ? FrameResult.applied : FrameResult.shape;
    if (kind === Kind.unknown) return FrameResult.unknown;
    if (kind === Kind.control) return FrameResult.control;
    if ((seen & HAS_DATA) === 0) return FrameResult.missingField;
    if (kind === Kind.answer) {
      if (isTradesAnswer(bytes, dataAt, end)) this.firstPushes.expect();
      return FrameResult.control;
    }
    if (dataAt === 0) return FrameResult.applied;
    const read = this.readData(bytes, dataAt, end);
    return read < 0 ? read : FrameResult.applied;
  }
}

/** True where the answer's data at `at`, found well-formed, say that trades were subscribed to. */
function isTradesAnswer(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] !== OPEN_OBJECT || !isText(bytes, findValue(bytes, at, end, KEY_METHOD), end, SUBSCRIBE)) return false;
  const subscription = findValue(bytes, at, end, KEY_SUBSCRIPTION);
  if (subscription === 0 || bytes[subscription] !== OPEN_OBJECT) return false;
  return isText(bytes, findValue(bytes, subscription, end, KEY_TYPE), end, TRADES);
}

function isText(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  return at > 0 && bytes[at] === QUOTE && matches(bytes, at + 1, stringEnd(bytes, at + 1, end), text);
}

/** The greeting; a list or a plain value: JSON of a kind not known; or no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  if (matches(bytes, 0, end, GREETING)) return FrameResult.control;
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}
