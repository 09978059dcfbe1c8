// Reads status payloads: mark and index price, funding and open interest of a contract, or positions liquidated. Hot path.
//
// Source: Bitfinex docs, "Status" and "Derivatives Status" (2026-07). Elements may be null: then there is no record of them.

import { DerivativeFlag, DerivativeKind, FrameResult, Side } from '../../../schemas/ids.ts';
import { writeDerivative, writeLiquidation } from '../../decode/derivatives.ts';
import { isZero } from '../../decode/records.ts';
import { decimalNumber, integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { fractionTime, isNegative, isNull, signedNumber } from './numbers.ts';
import { RowReader } from './rows.ts';

const Derivative = {
  time: 0,
  spotPrice: 3,
  fundingTime: 7,
  fundingAccrued: 8,
  markPrice: 14,
  openInterest: 17,
} as const;

/** Bits of the elements that came. */
const HAS_INDEX = 1;
const HAS_DUE = 2;
const HAS_FUNDING = 4;
const HAS_MARK = 8;
const HAS_INTEREST = 16;

export class DerivativePayload extends RowReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private seen = 0;
  private fundingFlags = 0;

  constructor(sink: RecordSink) {
    super(Derivative.spotPrice + 1);
    this.sink = sink;
  }

  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    this.market = market;
    this.seen = 0;
    return this.payload(bytes, at, end);
  }

  protected element(bytes: Uint8Array, at: number, end: number, index: number): number {
    if (index === Derivative.time) return integerTime(bytes, at, end, this.values, field.timeUs);
    if (isNull(bytes, at, end)) return skipValue(bytes, at, end);
    switch (index) {
      case Derivative.spotPrice:
        return this.number(HAS_INDEX, bytes, at, end, field.indexPrice);
      case Derivative.fundingTime:
        this.seen |= HAS_DUE;
        return integerTime(bytes, at, end, this.values, field.dueTimeUs);
      case Derivative.fundingAccrued:
        return this.funding(bytes, at, end);
      case Derivative.markPrice:
        return this.number(HAS_MARK, bytes, at, end, field.markPrice);
      case Derivative.openInterest:
        return this.number(HAS_INTEREST, bytes, at, end, field.openInterest);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private number(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    this.seen |= bit;
    return decimalNumber(bytes, at, end, this.values, index);
  }

  private funding(bytes: Uint8Array, at: number, end: number): number {
    this.seen |= HAS_FUNDING;
    const after = signedNumber(bytes, at, end, this.values, field.fundingRate);
    const isBelow = isNegative && !isZero(this.values, field.fundingRate);
    this.fundingFlags = DerivativeKind.fundingRate | (isBelow ? DerivativeFlag.negative : 0);
    return after;
  }

  protected endRow(): number {
    const seen = this.seen;
    this.seen = 0;
    if ((seen & HAS_MARK) !== 0) {
      const written = this.write(DerivativeKind.markPrice, field.markPrice, -1);
      if (written < 0) return written;
    }
    if ((seen & HAS_INDEX) !== 0) {
      const written = this.write(DerivativeKind.indexPrice, field.indexPrice, -1);
      if (written < 0) return written;
    }
    if ((seen & HAS_FUNDING) !== 0) {
      const dueAt = (seen & HAS_DUE) !== 0 ? field.dueTimeUs : -1;
      const written = this.write(this.fundingFlags, field.fundingRate, dueAt);
      if (written < 0) return written;
    }
    return (seen & HAS_INTEREST) === 0 ? 1 : this.write(DerivativeKind.openInterest, field.openInterest, -1);
  }

  private write(flags: number, valueAt: number, dueAt: number): number {
    const { sink, market, values } = this;
    return writeDerivative(sink, market, flags, values, field.timeUs, dueAt, values, valueAt);
  }
}

const Position = { type: 0, time: 2, symbol: 4, amount: 5, basePrice: 6, isMatch: 8, price: 11 } as const;
const POSITION = keyBytes('pos');
const LETTER_T = 0x74;

/** `["pos", id, ms, null, symbol, amount, basePrice, null, isMatch, isMarketSold, null, price]`, each of a market of its own. */
export class LiquidationPayload extends RowReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private isPosition = false;
  private isLong = false;
  private hasPrice = false;
  private symbolFrom = 0;
  private symbolTo = 0;

  constructor(sink: RecordSink) {
    super(Position.isMatch + 1);
    this.sink = sink;
  }

  decode(bytes: Uint8Array, at: number, end: number): number {
    this.hasPrice = false;
    return this.payload(bytes, at, end);
  }

  protected element(bytes: Uint8Array, at: number, end: number, index: number): number {
    const { values } = this;
    switch (index) {
      case Position.type:
      case Position.symbol:
        return this.text(bytes, at, end, index);
      case Position.time:
        return fractionTime(bytes, at, end, values, field.timeUs);
      case Position.amount: {
        const after = signedNumber(bytes, at, end, values, field.quantity);
        this.isLong = !isNegative;
        return after;
      }
      case Position.isMatch:
        return integerNumber(bytes, at, end, values, field.count);
      case Position.price:
        if (isNull(bytes, at, end)) return skipValue(bytes, at, end);
        this.hasPrice = true;
        return decimalNumber(bytes, at, end, values, field.price);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private text(bytes: Uint8Array, at: number, end: number, index: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (index === Position.type) this.isPosition = matches(bytes, at + 1, close, POSITION);
    else {
      this.symbolFrom = at + 1;
      this.symbolTo = close;
    }
    return close + 1;
  }

  /** The trigger (isMatch 0) has no price yet and comes again when it is executed. A long position is closed by a sale. */
  protected endRow(bytes: Uint8Array): number {
    const { sink, values, hasPrice } = this;
    this.hasPrice = false;
    if (!this.isPosition || bytes[this.symbolFrom] !== LETTER_T) return 1;
    if (values[field.count] === 0 || !hasPrice) return 1;
    if (isZero(values, field.quantity)) return FrameResult.range;
    const market = sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    const side = this.isLong ? Side.sell : Side.buy;
    return writeLiquidation(sink, market, side, values, field.timeUs, values, field.price);
  }
}
