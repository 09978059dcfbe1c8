// Reads the `data` of `tickers`: a quote where all four numbers came, and mark, index, funding, open interest. Hot path.
//
// Source: Bybit API v5 docs, "Ticker" (2026-08): a delta has the fields that changed and no others; a text may be empty.

import { DerivativeFlag, DerivativeKind, FrameResult } from '../../../schemas/ids.ts';
import { isNegative, signedDecimalString, writeDerivative } from '../../decode/derivatives.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { writeQuote } from '../../decode/records.ts';
import {
  decimalString,
  integerString,
  keyBytes,
  matches,
  OPEN_OBJECT,
  QUOTE,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { toMicroseconds } from '../../decode/time.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { repeatedSymbol, type TopicSymbol } from './symbol.ts';

const KEY_SYMBOL = keyBytes('symbol');
const KEY_BID = keyBytes('bid1Price');
const KEY_BID_QUANTITY = keyBytes('bid1Size');
const KEY_ASK = keyBytes('ask1Price');
const KEY_ASK_QUANTITY = keyBytes('ask1Size');
const KEY_MARK = keyBytes('markPrice');
const KEY_INDEX = keyBytes('indexPrice');
const KEY_OPEN_INTEREST = keyBytes('openInterest');
const KEY_FUNDING = keyBytes('fundingRate');
const KEY_DUE = keyBytes('nextFundingTime');

const HAS_BID = 1;
const HAS_BID_QUANTITY = 2;
const HAS_ASK = 4;
const HAS_ASK_QUANTITY = 8;
const QUOTE_NEEDS = HAS_BID | HAS_BID_QUANTITY | HAS_ASK | HAS_ASK_QUANTITY;
const HAS_MARK = 16;
const HAS_INDEX = 32;
const HAS_OPEN_INTEREST = 64;
const HAS_FUNDING = 128;
const HAS_DUE = 256;
const HAS_SYMBOL = 512;

export class TickerData extends ObjectReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly symbol: TopicSymbol;
  /** Bits of fields whose text is empty. */
  private empty = 0;
  private fundingSign = 0;

  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super();
    this.sink = sink;
    this.symbol = symbol;
  }

  /** Reads the object at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.empty = 0;
    return this.members(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_BID)) return this.part(HAS_BID, bytes, at, end, field.bidPrice);
    if (matches(bytes, from, to, KEY_BID_QUANTITY))
      return this.part(HAS_BID_QUANTITY, bytes, at, end, field.bidQuantity);
    if (matches(bytes, from, to, KEY_ASK)) return this.part(HAS_ASK, bytes, at, end, field.askPrice);
    if (matches(bytes, from, to, KEY_ASK_QUANTITY))
      return this.part(HAS_ASK_QUANTITY, bytes, at, end, field.askQuantity);
    if (matches(bytes, from, to, KEY_MARK)) return this.part(HAS_MARK, bytes, at, end, field.markPrice);
    if (matches(bytes, from, to, KEY_INDEX)) return this.part(HAS_INDEX, bytes, at, end, field.indexPrice);
    if (matches(bytes, from, to, KEY_OPEN_INTEREST))
      return this.part(HAS_OPEN_INTEREST, bytes, at, end, field.openInterest);
    if (matches(bytes, from, to, KEY_FUNDING)) return this.part(HAS_FUNDING, bytes, at, end, field.fundingRate);
    if (matches(bytes, from, to, KEY_DUE)) return this.part(HAS_DUE, bytes, at, end, field.dueTimeUs);
    if (!matches(bytes, from, to, KEY_SYMBOL)) return skipValue(bytes, at, end);
    return this.once(HAS_SYMBOL) ? repeatedSymbol(bytes, at, end, this.symbol) : FrameResult.shape;
  }

  /** One number as text; an empty one says that there is none. */
  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    if (at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === QUOTE) {
      this.empty |= bit;
      return at + 2;
    }
    if (bit === HAS_FUNDING) return this.funding(bytes, at, end);
    return bit === HAS_DUE ? this.due(bytes, at, end) : decimalString(bytes, at, end, this.values, index);
  }

  private funding(bytes: Uint8Array, at: number, end: number): number {
    const after = signedDecimalString(bytes, at, end, this.values, field.fundingRate);
    this.fundingSign = isNegative ? DerivativeFlag.negative : 0;
    return after;
  }

  private due(bytes: Uint8Array, at: number, end: number): number {
    const after = integerString(bytes, at, end, this.values, field.dueTimeUs);
    if (after < 0) return after;
    const fits = toMicroseconds(this.values, field.dueTimeUs);
    return fits < 0 ? fits : after;
  }

  /** Writes what the message had; its time is times[timeAt]. Returns 1 or a negative FrameResult. */
  write(market: number, times: Float64Array, timeAt: number): number {
    const given = this.seen & ~this.empty;
    if ((given & QUOTE_NEEDS) === QUOTE_NEEDS) {
      const written = writeQuote(this.sink, market, times, timeAt, this.values, field.bidPrice);
      if (written < 0) return written;
    }
    this.values[field.timeUs] = times[timeAt];
    if ((given & HAS_DUE) === 0) this.values[field.dueTimeUs] = 0;
    let written = this.derivative(given & HAS_MARK, market, DerivativeKind.markPrice, field.markPrice);
    if (written >= 0) written = this.derivative(given & HAS_INDEX, market, DerivativeKind.indexPrice, field.indexPrice);
    if (written >= 0)
      written = this.derivative(given & HAS_OPEN_INTEREST, market, DerivativeKind.openInterest, field.openInterest);
    const funding = DerivativeKind.fundingRate | this.fundingSign;
    return written < 0 ? written : this.derivative(given & HAS_FUNDING, market, funding, field.fundingRate);
  }

  private derivative(isGiven: number, market: number, flags: number, index: number): number {
    if (isGiven === 0) return 1;
    const dueAt = index === field.fundingRate ? field.dueTimeUs : -1;
    return writeDerivative(this.sink, market, flags, this.values, field.timeUs, dueAt, this.values, index);
  }
}
