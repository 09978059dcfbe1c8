// Decodes `bookTicker` payloads into quote records, which feed no book. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64 } from '../../../schemas/layout.ts';
import { quote, quoteAsk } from '../../../schemas/market-data.ts';
import { CLOSE_OBJECT, decimalString, findValue, integerNumber, keyBytes, next, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT, HAS_EVENT_TIME, HAS_SYMBOL, LETTER } from './frame.ts';

const KEY_SYMBOL = keyBytes('s');

const HAS_LAST = 8;
const HAS_BID = 16;
const HAS_BID_QUANTITY = 32;
const HAS_ASK = 64;
const HAS_ASK_QUANTITY = 128;
const HAS_QUOTE = HAS_BID | HAS_BID_QUANTITY | HAS_ASK | HAS_ASK_QUANTITY;
const NEEDS = HAS_SYMBOL | HAS_LAST | HAS_QUOTE;

export class TickerFrames extends FrameKind {
  /** Decodes the payload at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    const after = this.walk(bytes, at, end);
    if (after < 0) return after;
    const written = (this.seen & NEEDS) === NEEDS ? this.write(bytes) : FrameResult.missingField;
    return written < 0 ? written : after;
  }

  /** As decode(), for a payload that may be no bookTicker: 0 where it has an event's name or lacks a field. */
  decodeBare(bytes: Uint8Array, at: number, end: number): number {
    const after = this.walk(bytes, at, end);
    if (after < 0 || (this.seen & (NEEDS | HAS_EVENT)) !== NEEDS) return 0;
    const written = this.write(bytes);
    return written < 0 ? written : after;
  }

  /** A ticker of the day: its best quotes where it has them (spot), else only a sign of the market. */
  decodeDay(bytes: Uint8Array, at: number, end: number): number {
    const after = this.walk(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & HAS_SYMBOL) === 0) return FrameResult.missingField;
    const hasQuote = (this.seen & HAS_QUOTE) === HAS_QUOTE;
    const written = hasQuote ? this.write(bytes) : this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    return written < 0 ? written : after;
  }

  /** A frame of which only the market is read. */
  decodeSign(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    const symbol = findValue(bytes, at, end, KEY_SYMBOL);
    if (symbol <= 0) return symbol < 0 ? symbol : FrameResult.missingField;
    const read = this.symbol(bytes, symbol, end);
    if (read < 0) return read;
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    return market < 0 ? market : skipValue(bytes, at, end);
  }

  private walk(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.values[field.eventTime] = 0;
    this.values[field.lastSequence] = 0;
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after =
        keyTo - keyFrom === 1 ? this.field(bytes, bytes[keyFrom], value, end) : skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private field(bytes: Uint8Array, key: number, at: number, end: number): number {
    const values = this.values;
    switch (key) {
      case LETTER.s:
        return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
      case LETTER.u:
        return this.once(HAS_LAST) ? integerNumber(bytes, at, end, values, field.lastSequence) : FrameResult.shape;
      case LETTER.e:
        return this.once(HAS_EVENT) ? skipValue(bytes, at, end) : FrameResult.shape;
      case LETTER.E:
        return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
      case LETTER.b:
        return this.once(HAS_BID) ? decimalString(bytes, at, end, values, field.bidPrice) : FrameResult.shape;
      case LETTER.B:
        return this.once(HAS_BID_QUANTITY)
          ? decimalString(bytes, at, end, values, field.bidQuantity)
          : FrameResult.shape;
      case LETTER.a:
        return this.once(HAS_ASK) ? decimalString(bytes, at, end, values, field.askPrice) : FrameResult.shape;
      case LETTER.A:
        return this.once(HAS_ASK_QUANTITY)
          ? decimalString(bytes, at, end, values, field.askQuantity)
          : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  private write(bytes: Uint8Array): number {
    const sink = this.sink;
    const market = sink.market(bytes, this.symbolFrom, this.symbolTo);
    return market < 0 ? market : writeNumberedQuote(sink, market, this.values);
  }
}

/** Writes the quote in the scratch row with its book sequence. Returns 1 or a negative FrameResult. */
export function writeNumberedQuote(sink: RecordSink, market: number, values: Float64Array): number {
  const slot = sink.claim(market, RecordType.quote);
  if (slot < 0) return slot;
  const f64 = sink.f64;
  const bid = slot * SLOT_F64;
  f64[bid + quote.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[bid + quote.at.exchangeTimeUs] = values[field.eventTime];
  f64[bid + quote.at.sequence] = values[field.lastSequence];
  f64[bid + quote.at.bidPriceMilli] = values[field.bidPrice];
  f64[bid + quote.at.bidPriceAtto] = values[field.bidPrice + 1];
  f64[bid + quote.at.bidQuantityMilli] = values[field.bidQuantity];
  f64[bid + quote.at.bidQuantityAtto] = values[field.bidQuantity + 1];
  const askSlot = sink.claim(market, RecordType.quoteAsk);
  if (askSlot < 0) return askSlot;
  const ask = askSlot * SLOT_F64;
  f64[ask + quoteAsk.at.askPriceMilli] = values[field.askPrice];
  f64[ask + quoteAsk.at.askPriceAtto] = values[field.askPrice + 1];
  f64[ask + quoteAsk.at.askQuantityMilli] = values[field.askQuantity];
  f64[ask + quoteAsk.at.askQuantityAtto] = values[field.askQuantity + 1];
  return 1;
}
