// Reads ticker payloads: a quote of both best prices, or no record where one is null. Hot path.
//
// Source: Bitfinex docs, "Ticker" (2026-07): `[bid, bidSize, ask, askSize, …]`. The sizes are sums over the 25 best levels,
// not what lies at the best price, so a quote has the quantity 0, which says that the frame does not tell.

import { writeQuote } from '../../decode/records.ts';
import { decimalNumber, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { field, frameField, SCRATCH_FIELDS } from './fields.ts';
import { isNull } from './numbers.ts';
import { RowReader } from './rows.ts';
import type { Tail } from './tail.ts';

const Element = { bid: 0, bidSize: 1, ask: 2, askSize: 3 } as const;

export class TickerPayload extends RowReader {
  private readonly sink: RecordSink;
  private readonly tail: Tail;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private prices = 0;

  constructor(sink: RecordSink, tail: Tail) {
    super(Element.askSize + 1);
    this.sink = sink;
    this.tail = tail;
  }

  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    this.market = market;
    this.prices = 0;
    return this.payload(bytes, at, end);
  }

  protected element(bytes: Uint8Array, at: number, end: number, index: number): number {
    if (index !== Element.bid && index !== Element.ask) return skipValue(bytes, at, end);
    if (isNull(bytes, at, end)) return skipValue(bytes, at, end);
    this.prices++;
    return decimalNumber(bytes, at, end, this.values, index === Element.bid ? field.bidPrice : field.askPrice);
  }

  protected endRow(): number {
    const bothPrices = this.prices === 2;
    this.prices = 0;
    if (!bothPrices) return 1;
    return writeQuote(this.sink, this.market, this.tail.values, frameField.timeUs, this.values, field.bidPrice);
  }
}
