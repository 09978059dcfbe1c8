// Decodes `markPriceUpdate` and `forceOrder` payloads into derivative and liquidation records. Hot path.
//
// Source: Binance USD-M and COIN-M WebSocket docs, "Mark Price Stream", "Liquidation Order Streams" (2026-07).

import { DerivativeFlag, DerivativeKind, FrameResult, Side } from '../../../schemas/ids.ts';
import { isNegative, signedDecimalString, writeDerivative, writeLiquidation } from '../../decode/derivatives.ts';
import { isZero } from '../../decode/records.ts';
import {
  CLOSE_OBJECT,
  decimalString,
  keyBytes,
  matches,
  next,
  OPEN_OBJECT,
  QUOTE,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { firstMember, keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT, HAS_EVENT_TIME, HAS_SYMBOL, LETTER } from './frame.ts';

const KEY_AVERAGE = keyBytes('ap');
const BUY = keyBytes('BUY');
const SELL = keyBytes('SELL');

const HAS_MARK = 8;
const HAS_INDEX = 16;
const HAS_RATE = 32;
const HAS_DUE = 64;
const MARK_NEEDS = HAS_SYMBOL | HAS_EVENT_TIME | HAS_MARK;

const HAS_ORDER = 8;
const HAS_SIDE = 16;
const HAS_PRICE = 32;
const HAS_AVERAGE = 64;
const HAS_FILLED = 128;
const HAS_TIME = 256;
const ORDER_NEEDS = HAS_SYMBOL | HAS_SIDE | HAS_PRICE | HAS_FILLED | HAS_TIME;

const NOTHING_DUE = -1;

export class ContractFrames extends FrameKind {
  private isRateNegative = false;
  private side: number = Side.unknown;
  /** What the object at hand is: the members of an order have other meanings. */
  private isOrder = false;

  /** Decodes a `markPriceUpdate` at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  markPrice(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.isOrder = false;
    const after = this.walk(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & MARK_NEEDS) !== MARK_NEEDS) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    const written = market < 0 ? market : this.writeMark(market);
    return written < 0 ? written : after;
  }

  /** Decodes a `forceOrder`, whose order lies in `o`. */
  forceOrder(bytes: Uint8Array, at: number, end: number): number {
    let orderAt = 0;
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      if (keyTo - keyFrom === 1 && bytes[keyFrom] === LETTER.o) {
        if (orderAt > 0) return FrameResult.shape;
        orderAt = value;
      }
      const after = skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    if (orderAt === 0) return FrameResult.missingField;
    const written = this.order(bytes, orderAt, end);
    return written < 0 ? written : position + 1;
  }

  private order(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = HAS_ORDER;
    this.isOrder = true;
    const after = this.walk(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & ORDER_NEEDS) !== ORDER_NEEDS) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    const { values } = this;
    if (isZero(values, field.quantity)) return 1;
    const hasAverage = (this.seen & HAS_AVERAGE) !== 0 && !isZero(values, field.average);
    if (hasAverage) {
      values[field.price] = values[field.average];
      values[field.price + 1] = values[field.average + 1];
    }
    if (isZero(values, field.price)) return FrameResult.range;
    return writeLiquidation(this.sink, market, this.side, values, field.tradeTime, values, field.price);
  }

  private walk(bytes: Uint8Array, at: number, end: number): number {
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.field(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private field(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const letter = to - from === 1 ? bytes[from] : 0;
    if (letter === LETTER.s) return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
    if (!this.isOrder) return this.markField(bytes, letter, at, end);
    if (matches(bytes, from, to, KEY_AVERAGE)) return this.decimal(HAS_AVERAGE, bytes, at, end, field.average);
    return this.orderField(bytes, letter, at, end);
  }

  private markField(bytes: Uint8Array, letter: number, at: number, end: number): number {
    const { values } = this;
    switch (letter) {
      case LETTER.e:
        return this.once(HAS_EVENT) ? skipValue(bytes, at, end) : FrameResult.shape;
      case LETTER.E:
        return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
      case LETTER.p:
        return this.decimal(HAS_MARK, bytes, at, end, field.price);
      case LETTER.i:
        return isEmptyText(bytes, at, end) ? at + 2 : this.decimal(HAS_INDEX, bytes, at, end, field.indexPrice);
      case LETTER.r: {
        if (isEmptyText(bytes, at, end)) return at + 2;
        if (!this.once(HAS_RATE)) return FrameResult.shape;
        const after = signedDecimalString(bytes, at, end, values, field.rate);
        this.isRateNegative = isNegative;
        return after;
      }
      case LETTER.T:
        return this.once(HAS_DUE) ? this.time(bytes, at, end, field.dueTime) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  private orderField(bytes: Uint8Array, letter: number, at: number, end: number): number {
    switch (letter) {
      case LETTER.S:
        return this.once(HAS_SIDE) ? this.orderSide(bytes, at, end) : FrameResult.shape;
      case LETTER.p:
        return this.decimal(HAS_PRICE, bytes, at, end, field.price);
      case LETTER.z:
        return this.decimal(HAS_FILLED, bytes, at, end, field.quantity);
      case LETTER.T:
        return this.once(HAS_TIME) ? this.time(bytes, at, end, field.tradeTime) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  private orderSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  private decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private writeMark(market: number): number {
    const { values, sink, seen } = this;
    const mark = DerivativeKind.markPrice;
    const written = writeDerivative(sink, market, mark, values, field.eventTime, NOTHING_DUE, values, field.price);
    if (written < 0) return written;
    if ((seen & HAS_INDEX) !== 0) {
      const index = DerivativeKind.indexPrice;
      const at = field.indexPrice;
      const more = writeDerivative(sink, market, index, values, field.eventTime, NOTHING_DUE, values, at);
      if (more < 0) return more;
    }
    if ((seen & HAS_RATE) === 0) return 1;
    const due = (seen & HAS_DUE) !== 0 ? field.dueTime : NOTHING_DUE;
    const rate = DerivativeKind.fundingRate | (this.isRateNegative ? DerivativeFlag.negative : 0);
    return writeDerivative(sink, market, rate, values, field.eventTime, due, values, field.rate);
  }
}

/** Delivery contracts have no funding and send an empty text for it. */
function isEmptyText(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === QUOTE;
}
