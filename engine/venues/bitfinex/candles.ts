// Reads candle payloads, `[ms, open, close, high, low, volume]` or a list of them, as they were sent. Hot path.
//
// Source: Bitfinex docs, "Candles" (2026-07): the running candle is resent, never marked closed.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { isZero, writeCandlePrices } from '../../decode/records.ts';
import { decimalNumber, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { RowReader } from './rows.ts';

/** Where each element goes; the first is the time. */
const FIELDS = [field.timeUs, field.open, field.close, field.high, field.low, field.volume] as const;

export class CandlePayload extends RowReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private intervalMs = 0;

  constructor(sink: RecordSink) {
    super(FIELDS.length);
    this.sink = sink;
  }

  decode(bytes: Uint8Array, at: number, end: number, market: number, intervalMs: number): number {
    this.market = market;
    this.intervalMs = intervalMs;
    return this.payload(bytes, at, end);
  }

  protected element(bytes: Uint8Array, at: number, end: number, index: number): number {
    if (index === 0) return integerTime(bytes, at, end, this.values, field.timeUs);
    return index < FIELDS.length
      ? decimalNumber(bytes, at, end, this.values, FIELDS[index])
      : skipValue(bytes, at, end);
  }

  protected endRow(): number {
    const { sink, values, market } = this;
    if (isZero(values, field.close)) return FrameResult.range;
    const slot = sink.claim(market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.timeUs];
    sink.f64[base + candle.at.intervalMs] = this.intervalMs;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, market, values, field.open);
  }
}
