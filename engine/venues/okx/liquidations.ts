// Reads the entries of `liquidation-orders`: each names its market and lists its liquidations. Hot path.
//
// Source: OKX API guide v5, "Liquidation orders channel" (2026-08): the subscription is of a kind of instruments, so the
// message's own argument names no market; `side` is that of the order, `bkPx` the bankruptcy price, `sz` contracts.

import { FrameResult, Side } from '../../../schemas/ids.ts';
import { writeLiquidation } from '../../decode/derivatives.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { decimalString, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { timeText } from './numbers.ts';

const KEY_INSTRUMENT = keyBytes('instId');
const KEY_DETAILS = keyBytes('details');
const KEY_PRICE = keyBytes('bkPx');
const KEY_QUANTITY = keyBytes('sz');
const KEY_SIDE = keyBytes('side');
const KEY_TIME = keyBytes('ts');
const BUY = keyBytes('buy');
const SELL = keyBytes('sell');

const HAS_PRICE = 1;
const HAS_QUANTITY = 2;
const HAS_SIDE = 4;
const HAS_TIME = 8;
const DETAIL_NEEDS = 15;

class Details extends ObjectList {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private side = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    this.market = market;
    return this.entries(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const { values } = this;
    if (matches(bytes, from, to, KEY_PRICE))
      return this.once(HAS_PRICE) ? decimalString(bytes, at, end, values, field.price) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_QUANTITY))
      return this.once(HAS_QUANTITY) ? decimalString(bytes, at, end, values, field.quantity) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? timeText(bytes, at, end, values, field.timeUs) : FrameResult.shape;
    if (!matches(bytes, from, to, KEY_SIDE)) return skipValue(bytes, at, end);
    return this.once(HAS_SIDE) ? this.orderSide(bytes, at, end) : FrameResult.shape;
  }

  private orderSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  protected endEntry(): number {
    if (this.seen !== DETAIL_NEEDS) return FrameResult.missingField;
    const { sink, market, side, values } = this;
    return writeLiquidation(sink, market, side, values, field.timeUs, values, field.price);
  }
}

const HAS_INSTRUMENT = 1;
const HAS_DETAILS = 2;
const NEEDS = HAS_INSTRUMENT | HAS_DETAILS;

export class LiquidationEntries extends ObjectList {
  private readonly sink: RecordSink;
  private readonly details: Details;
  private instrumentFrom = 0;
  private instrumentTo = 0;
  private detailsAt = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
    this.details = new Details(sink);
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    return this.entries(bytes, at, end);
  }

  /** The details wait for the market, which comes behind them. */
  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_DETAILS)) {
      if (!this.once(HAS_DETAILS)) return FrameResult.shape;
      this.detailsAt = at;
      return skipValue(bytes, at, end);
    }
    if (!matches(bytes, from, to, KEY_INSTRUMENT)) return skipValue(bytes, at, end);
    return this.once(HAS_INSTRUMENT) ? this.instrument(bytes, at, end) : FrameResult.shape;
  }

  private instrument(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.instrumentFrom = at + 1;
    this.instrumentTo = close;
    return close + 1;
  }

  protected endEntry(bytes: Uint8Array, end: number): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.instrumentFrom, this.instrumentTo);
    if (market < 0) return market;
    const read = this.details.decode(bytes, this.detailsAt, end, market);
    return read < 0 ? read : 1;
  }
}
