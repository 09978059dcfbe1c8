// Reads the entries of `kline`, each one candle with the length that its topic names. Hot path.
//
// Source: Bybit API v5 docs, "Kline" (2026-08): `confirm` is true in the last push of a candle.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import { booleanEnd, decimalString, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const KEY_START = keyBytes('start');
const KEY_OPEN = keyBytes('open');
const KEY_HIGH = keyBytes('high');
const KEY_LOW = keyBytes('low');
const KEY_CLOSE = keyBytes('close');
const KEY_VOLUME = keyBytes('volume');
const KEY_CONFIRM = keyBytes('confirm');

const HAS_START = 1;
const HAS_OPEN = 2;
const HAS_HIGH = 4;
const HAS_LOW = 8;
const HAS_CLOSE = 16;
const HAS_VOLUME = 32;
const HAS_CONFIRM = 64;
const NEEDS = 127;

const LETTER_T = 0x74;
/** Flag of a candle record that the venue closed. */
const IS_CLOSED = 1;

export class CandleEntries extends ObjectList {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private intervalMs = 0;
  private flags = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, intervalMs: number): number {
    this.market = market;
    this.intervalMs = intervalMs;
    return this.entries(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_START))
      return this.once(HAS_START) ? integerTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_OPEN)) return this.decimal(HAS_OPEN, bytes, at, end, field.open);
    if (matches(bytes, from, to, KEY_HIGH)) return this.decimal(HAS_HIGH, bytes, at, end, field.high);
    if (matches(bytes, from, to, KEY_LOW)) return this.decimal(HAS_LOW, bytes, at, end, field.low);
    if (matches(bytes, from, to, KEY_CLOSE)) return this.decimal(HAS_CLOSE, bytes, at, end, field.close);
    if (matches(bytes, from, to, KEY_VOLUME)) return this.decimal(HAS_VOLUME, bytes, at, end, field.volume);
    if (!matches(bytes, from, to, KEY_CONFIRM)) return skipValue(bytes, at, end);
    return this.once(HAS_CONFIRM) ? this.confirm(bytes, at, end) : FrameResult.shape;
  }

  private decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private confirm(bytes: Uint8Array, at: number, end: number): number {
    const after = booleanEnd(bytes, at, end);
    this.flags = bytes[at] === LETTER_T ? IS_CLOSED : 0;
    return after;
  }

  protected endEntry(): number {
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const { sink, values } = this;
    const slot = sink.claim(this.market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + candle.at.flags] = this.flags;
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.timeUs];
    sink.f64[base + candle.at.intervalMs] = this.intervalMs;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, this.market, values, field.open);
  }
}
