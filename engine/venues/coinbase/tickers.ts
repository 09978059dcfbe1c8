// Reads ticker and ticker_batch: a quote where both best sides came, else no record. Hot path.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Ticker Channel", "Ticker Batch Channel" (2026-08).

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import {
  CLOSE_OBJECT,
  decimalString,
  keyBytes,
  matches,
  next,
  QUOTE,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { EntryList } from './entry-list.ts';
import { envelope, field, SCRATCH_FIELDS } from './fields.ts';

const KEY_PRODUCT = keyBytes('product_id');
const KEY_BID = keyBytes('best_bid');
const KEY_BID_QUANTITY = keyBytes('best_bid_quantity');
const KEY_ASK = keyBytes('best_ask');
const KEY_ASK_QUANTITY = keyBytes('best_ask_quantity');

const HAS_PRODUCT = 1;
const HAS_BID = 2;
const HAS_BID_QUANTITY = 4;
const HAS_ASK = 8;
const HAS_ASK_QUANTITY = 16;
const QUOTE_NEEDS = HAS_BID | HAS_BID_QUANTITY | HAS_ASK | HAS_ASK_QUANTITY;

export class TickerEvents extends EntryList {
  private readonly sink: RecordSink;
  private readonly envelope: Float64Array;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private seen = 0;
  private empty = 0;
  private productFrom = 0;
  private productTo = 0;

  constructor(sink: RecordSink, envelopeRow: Float64Array) {
    super('tickers');
    this.sink = sink;
    this.envelope = envelopeRow;
  }

  protected entry(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.empty = 0;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.write(bytes);
    return written < 0 ? written : position + 1;
  }

  private member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_PRODUCT)) return this.product(bytes, at, end);
    if (matches(bytes, from, to, KEY_BID)) return this.part(HAS_BID, bytes, at, end, field.bidPrice);
    if (matches(bytes, from, to, KEY_ASK)) return this.part(HAS_ASK, bytes, at, end, field.askPrice);
    if (matches(bytes, from, to, KEY_BID_QUANTITY))
      return this.part(HAS_BID_QUANTITY, bytes, at, end, field.bidQuantity);
    if (matches(bytes, from, to, KEY_ASK_QUANTITY))
      return this.part(HAS_ASK_QUANTITY, bytes, at, end, field.askQuantity);
    return skipValue(bytes, at, end);
  }

  private product(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_PRODUCT) !== 0) return FrameResult.shape;
    this.seen |= HAS_PRODUCT;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.productFrom = at + 1;
    this.productTo = close;
    return close + 1;
  }

  /** One number of the quote. An empty text says that there is none (an empty side). */
  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    if ((this.seen & bit) !== 0) return FrameResult.shape;
    this.seen |= bit;
    if (at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === QUOTE) {
      this.empty |= bit;
      return at + 2;
    }
    return decimalString(bytes, at, end, this.values, index);
  }

  private write(bytes: Uint8Array): number {
    if ((this.seen & HAS_PRODUCT) === 0) return FrameResult.missingField;
    // The market begins with its first valid message, be there a quote in it or not.
    const market = this.sink.market(bytes, this.productFrom, this.productTo);
    if (market < 0) return market;
    if ((this.seen & ~this.empty & QUOTE_NEEDS) !== QUOTE_NEEDS) return 1;
    return writeQuote(this.sink, market, this.envelope, envelope.timestampUs, this.values, field.bidPrice);
  }
}
