// Reads candles: Coinbase's own 5-minute buckets, resent while they run, never marked closed. Hot path.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Candles Channel" (2026-08): `start` is Unix seconds as text.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import {
  CLOSE_OBJECT,
  decimalString,
  integerString,
  keyBytes,
  matches,
  next,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { EntryList } from './entry-list.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const KEY_PRODUCT = keyBytes('product_id');
const KEY_START = keyBytes('start');
const KEY_OPEN = keyBytes('open');
const KEY_HIGH = keyBytes('high');
const KEY_LOW = keyBytes('low');
const KEY_CLOSE = keyBytes('close');
const KEY_VOLUME = keyBytes('volume');

const HAS_PRODUCT = 1;
const HAS_START = 2;
const HAS_OPEN = 4;
const HAS_HIGH = 8;
const HAS_LOW = 16;
const HAS_CLOSE = 32;
const HAS_VOLUME = 64;
const NEEDS = 127;

/** The channel has no other buckets (docs, 2026-08). */
const INTERVAL_MS = 300_000;
/** Seconds up to which µs are exact in float64: the year 2255. */
const SECONDS_MAX = 9e9;

export class CandleEvents extends EntryList {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private seen = 0;
  private productFrom = 0;
  private productTo = 0;

  constructor(sink: RecordSink) {
    super('candles');
    this.sink = sink;
  }

  protected entry(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
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
    if (matches(bytes, from, to, KEY_START)) return this.start(bytes, at, end);
    if (matches(bytes, from, to, KEY_OPEN)) return this.part(HAS_OPEN, bytes, at, end, field.open);
    if (matches(bytes, from, to, KEY_HIGH)) return this.part(HAS_HIGH, bytes, at, end, field.high);
    if (matches(bytes, from, to, KEY_LOW)) return this.part(HAS_LOW, bytes, at, end, field.low);
    if (matches(bytes, from, to, KEY_CLOSE)) return this.part(HAS_CLOSE, bytes, at, end, field.close);
    if (matches(bytes, from, to, KEY_VOLUME)) return this.part(HAS_VOLUME, bytes, at, end, field.volume);
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

  private start(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_START) !== 0) return FrameResult.shape;
    this.seen |= HAS_START;
    const after = integerString(bytes, at, end, this.values, field.startTime);
    if (after < 0) return after;
    if (this.values[field.startTime] > SECONDS_MAX) return FrameResult.range;
    this.values[field.startTime] *= 1e6;
    return after;
  }

  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    if ((this.seen & bit) !== 0) return FrameResult.shape;
    this.seen |= bit;
    return decimalString(bytes, at, end, this.values, index);
  }

  private write(bytes: Uint8Array): number {
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const sink = this.sink;
    const values = this.values;
    const market = sink.market(bytes, this.productFrom, this.productTo);
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.startTime];
    sink.f64[base + candle.at.intervalMs] = INTERVAL_MS;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, market, values, field.open);
  }
}
