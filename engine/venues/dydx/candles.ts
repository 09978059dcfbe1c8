// Reads the contents of `v4_candles`: a list of candles on subscribing, one candle after it. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets", "Candles" (2026-04); venues.md §5.2. No field says that a candle is closed.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  integerNumber,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { Contents } from './contents.ts';
import { field } from './fields.ts';

const KEY_CANDLES = keyBytes('candles');
const KEY_START = keyBytes('startedAt');
const KEY_OPEN = keyBytes('open');
const KEY_HIGH = keyBytes('high');
const KEY_LOW = keyBytes('low');
const KEY_CLOSE = keyBytes('close');
const KEY_VOLUME = keyBytes('baseTokenVolume');
const KEY_TRADES = keyBytes('trades');

const HAS_START = 1;
const HAS_OPEN = 2;
const HAS_HIGH = 4;
const HAS_LOW = 8;
const HAS_CLOSE = 16;
const HAS_VOLUME = 32;
const HAS_TRADES = 64;
const NEEDS = HAS_START | HAS_OPEN | HAS_HIGH | HAS_LOW | HAS_CLOSE | HAS_VOLUME;
/** Of the contents on subscribing. */
const HAS_CANDLES = 128;

/** Trades beyond a u32 in one candle do not exist. */
const TRADES_MAX = 0xffffffff;

export class CandleContents extends Contents {
  private intervalMs = 0;
  private isEntry = false;

  /** Milliseconds of the message's candles; 0 where its id does not say. */
  setInterval(intervalMs: number): void {
    this.intervalMs = intervalMs;
  }

  one(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    if (!this.isInitial) return this.candle(bytes, at, end);
    this.isEntry = false;
    this.seen = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    return (this.seen & HAS_CANDLES) === 0 ? FrameResult.missingField : after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (this.isEntry) return this.candleMember(bytes, from, to, at, end);
    if (!matches(bytes, from, to, KEY_CANDLES)) return skipValue(bytes, at, end);
    if (!this.once(HAS_CANDLES)) return FrameResult.shape;
    const after = this.list(bytes, at, end);
    this.isEntry = false;
    this.seen = HAS_CANDLES;
    return after;
  }

  private list(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.candle(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private candle(bytes: Uint8Array, at: number, end: number): number {
    this.isEntry = true;
    this.seen = 0;
    this.values[field.trades] = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const written = this.write();
    return written < 0 ? written : after;
  }

  private candleMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_START))
      return this.once(HAS_START) ? isoTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_LOW)) return this.decimal(HAS_LOW, bytes, at, end, field.low);
    if (matches(bytes, from, to, KEY_HIGH)) return this.decimal(HAS_HIGH, bytes, at, end, field.high);
    if (matches(bytes, from, to, KEY_OPEN)) return this.decimal(HAS_OPEN, bytes, at, end, field.open);
    if (matches(bytes, from, to, KEY_CLOSE)) return this.decimal(HAS_CLOSE, bytes, at, end, field.close);
    if (matches(bytes, from, to, KEY_VOLUME)) return this.decimal(HAS_VOLUME, bytes, at, end, field.volume);
    if (!matches(bytes, from, to, KEY_TRADES)) return skipValue(bytes, at, end);
    return this.once(HAS_TRADES) ? this.trades(bytes, at, end) : FrameResult.shape;
  }

  private decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private trades(bytes: Uint8Array, at: number, end: number): number {
    const after = integerNumber(bytes, at, end, this.values, field.trades);
    return after >= 0 && this.values[field.trades] > TRADES_MAX ? FrameResult.range : after;
  }

  private write(): number {
    const { sink, values } = this;
    const slot = sink.claim(this.market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u32[slot * SLOT_U32 + candle.at.count] = values[field.trades];
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.timeUs];
    sink.f64[base + candle.at.intervalMs] = this.intervalMs;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, this.market, values, field.open);
  }
}
