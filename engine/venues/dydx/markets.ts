// Reads the contents of `v4_markets`: oracle price, next funding rate and open interest of the markets they name. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets", "Markets" (2026-04); recorded frames. On subscribing `markets`, after it
// `trading` and `oraclePrices`: each an object with one object per market. The oracle price is the index price of a market.

import { DerivativeFlag, DerivativeKind, FrameResult } from '../../../schemas/ids.ts';
import { parseDecimal } from '../../decode/decimal.ts';
import { writeDerivative } from '../../decode/derivatives.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  CLOSE_OBJECT,
  keyBytes,
  matches,
  next,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { Contents } from './contents.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const KEY_MARKETS = keyBytes('markets');
const KEY_TRADING = keyBytes('trading');
const KEY_ORACLE_PRICES = keyBytes('oraclePrices');
const KEY_ORACLE_PRICE = keyBytes('oraclePrice');
const KEY_PRICE = keyBytes('price');
const KEY_EFFECTIVE = keyBytes('effectiveAt');
const KEY_FUNDING = keyBytes('nextFundingRate');
const KEY_INTEREST = keyBytes('openInterest');

const HAS_PRICE = 1;
const HAS_EFFECTIVE = 2;
const HAS_FUNDING = 4;
const HAS_INTEREST = 8;
const VALUES = HAS_PRICE | HAS_FUNDING | HAS_INTEREST;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_N = 0x6e;
/** Decimals a record holds. Rates come with 20, of which the last two are cut: they feed nothing. */
const DECIMALS_MAX = 18;
/** Bytes of a number written without its first zero. */
const TEXT_BYTES = 64;

/** One market's object. */
class MarketEntry extends ObjectReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private isNegative = false;
  private readonly text = new Uint8Array(TEXT_BYTES).fill(ZERO);

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Reads the object at `at`, of the market named by bytes[from..to); returns the offset after it, or a FrameResult. */
  read(bytes: Uint8Array, at: number, end: number, from: number, to: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.isNegative = false;
    this.values[field.timeUs] = 0;
    this.values[field.noTime] = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const written = this.write(bytes, from, to);
    return written < 0 ? written : after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_ORACLE_PRICE) || matches(bytes, from, to, KEY_PRICE))
      return this.value(HAS_PRICE, bytes, at, end, field.oraclePrice);
    if (matches(bytes, from, to, KEY_INTEREST)) return this.value(HAS_INTEREST, bytes, at, end, field.openInterest);
    if (matches(bytes, from, to, KEY_FUNDING)) return this.funding(bytes, at, end);
    if (!matches(bytes, from, to, KEY_EFFECTIVE)) return skipValue(bytes, at, end);
    return this.once(HAS_EFFECTIVE) ? isoTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
  }

  private funding(bytes: Uint8Array, at: number, end: number): number {
    const isNegative = at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === MINUS;
    const after = this.number(HAS_FUNDING, bytes, at, end, field.fundingRate, isNegative ? 2 : 1);
    const isZero = this.values[field.fundingRate] === 0 && this.values[field.fundingRate + 1] === 0;
    this.isNegative = isNegative && !isZero;
    return after;
  }

  private value(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.number(bit, bytes, at, end, index, 1);
  }

  /** A decimal text whose digits begin `skip` bytes behind `at`; null is none. */
  private number(bit: number, bytes: Uint8Array, at: number, end: number, index: number, skip: number): number {
    if (at < end && bytes[at] === LETTER_N) return skipValue(bytes, at, end);
    if (!this.once(bit)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const from = at + skip;
    if (bytes[from] === POINT) return this.fraction(bytes, from, close, index);
    const cut = cutDecimals(bytes, from, close);
    const after = parseDecimal(bytes, from, cut, this.values, index);
    if (after < 0) return after;
    return after === cut ? close + 1 : FrameResult.type;
  }

  /** `.4472`: the zero before the point is left out in a recorded oracle price. */
  private fraction(bytes: Uint8Array, from: number, close: number, index: number): number {
    const length = close - from + 1;
    if (length > TEXT_BYTES) return FrameResult.type;
    for (let i = 1; i < length; i++) this.text[i] = bytes[from + i - 1];
    const cut = cutDecimals(this.text, 0, length);
    const after = parseDecimal(this.text, 0, cut, this.values, index);
    if (after < 0) return after;
    return after === cut ? close + 1 : FrameResult.type;
  }

  private write(bytes: Uint8Array, from: number, to: number): number {
    const { seen } = this;
    if ((seen & VALUES) === 0) return 1;
    const market = this.sink.market(bytes, from, to);
    if (market < 0) return market;
    let written = 1;
    if ((seen & HAS_PRICE) !== 0)
      written = this.record(market, DerivativeKind.indexPrice, field.timeUs, field.oraclePrice);
    if (written > 0 && (seen & HAS_FUNDING) !== 0) {
      const sign = this.isNegative ? DerivativeFlag.negative : 0;
      written = this.record(market, DerivativeKind.fundingRate | sign, field.noTime, field.fundingRate);
    }
    if (written > 0 && (seen & HAS_INTEREST) !== 0)
      written = this.record(market, DerivativeKind.openInterest, field.noTime, field.openInterest);
    return written;
  }

  private record(market: number, flags: number, timeAt: number, valueAt: number): number {
    return writeDerivative(this.sink, market, flags, this.values, timeAt, -1, this.values, valueAt);
  }
}

/** The end of a decimal without what stands behind its 18th decimal, if that is digits; else `end`. */
function cutDecimals(bytes: Uint8Array, at: number, end: number): number {
  let point = at;
  while (point < end && bytes[point] !== POINT) point++;
  const cut = point + 1 + DECIMALS_MAX;
  if (cut >= end) return end;
  for (let i = cut; i < end; i++) if (bytes[i] < ZERO || bytes[i] > NINE) return end;
  return cut;
}

export class MarketContents extends Contents {
  private readonly entry: MarketEntry;

  constructor(sink: RecordSink) {
    super(sink);
    this.entry = new MarketEntry(sink);
  }

  one(bytes: Uint8Array, at: number, end: number): number {
    return at < end && bytes[at] === OPEN_OBJECT ? this.members(bytes, at, end) : wrongType(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const isKnown =
      matches(bytes, from, to, KEY_TRADING) ||
      matches(bytes, from, to, KEY_ORACLE_PRICES) ||
      matches(bytes, from, to, KEY_MARKETS);
    return isKnown && bytes[at] === OPEN_OBJECT ? this.entries(bytes, at, end) : skipValue(bytes, at, end);
  }

  private entries(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.entry.read(bytes, value, end, keyFrom, keyTo);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }
}
