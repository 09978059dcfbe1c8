// Decodes `kline` payloads into candle records, the venue's own running candle, which feed no bars. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import {
  booleanEnd,
  CLOSE_OBJECT,
  decimalAny,
  integerNumber,
  next,
  OPEN_OBJECT,
  QUOTE,
  skipValue,
  stringEnd,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT, HAS_SYMBOL, LETTER } from './frame.ts';

const HAS_CANDLE = 8;

/** Fields of the object `k`, as bits of their own. */
const HAS_OPEN = 1;
const HAS_HIGH = 2;
const HAS_LOW = 4;
const HAS_CLOSE = 8;
const HAS_VOLUME = 16;
const HAS_START = 32;
const HAS_TRADES = 64;
const HAS_CLOSED = 128;
const HAS_INTERVAL = 256;
const CANDLE_NEEDS = 511;

/** Milliseconds of an interval's unit by its letter; a month (`M`) has no fixed length and stays 0. */
const UNIT_MS = new Float64Array(128);
UNIT_MS[LETTER.s] = 1000;
UNIT_MS[LETTER.m] = 60_000;
UNIT_MS[LETTER.h] = 3_600_000;
UNIT_MS[LETTER.d] = 86_400_000;
UNIT_MS[LETTER.w] = 604_800_000;

/** Quote, up to three digits and the unit: longer text is no interval. */
const INTERVAL_BYTES_MAX = 5;

const COUNT_MAX = 0xffffffff;

export class KlineFrames extends FrameKind {
  private candleSeen = 0;
  private flags = 0;

  /** Decodes the payload at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.candleSeen = 0;
    this.flags = 0;
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after =
        keyTo - keyFrom === 1 ? this.field(bytes, bytes[keyFrom], value, end) : skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.write(bytes);
    return written < 0 ? written : position + 1;
  }

  private field(bytes: Uint8Array, key: number, at: number, end: number): number {
    switch (key) {
      case LETTER.s:
        return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
      case LETTER.k:
        return this.once(HAS_CANDLE) ? this.candle(bytes, at, end) : FrameResult.shape;
      case LETTER.e:
        return this.once(HAS_EVENT) ? skipValue(bytes, at, end) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  /** The object `k`; field letters mean other things here than outside it. */
  private candle(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const bit = keyTo - keyFrom === 1 ? candleBit(bytes[keyFrom]) : 0;
      if ((this.candleSeen & bit) !== 0) return FrameResult.shape;
      this.candleSeen |= bit;
      const after = this.candleField(bytes, bit, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private candleField(bytes: Uint8Array, bit: number, at: number, end: number): number {
    const values = this.values;
    switch (bit) {
      case HAS_OPEN:
        return decimalAny(bytes, at, end, values, field.open);
      case HAS_HIGH:
        return decimalAny(bytes, at, end, values, field.high);
      case HAS_LOW:
        return decimalAny(bytes, at, end, values, field.low);
      case HAS_CLOSE:
        return decimalAny(bytes, at, end, values, field.close);
      case HAS_VOLUME:
        return decimalAny(bytes, at, end, values, field.volume);
      case HAS_START:
        return this.time(bytes, at, end, field.startTime);
      case HAS_TRADES:
        return integerNumber(bytes, at, end, values, field.trades);
      case HAS_CLOSED:
        this.flags = bytes[at] === LETTER.t ? 1 : 0;
        return booleanEnd(bytes, at, end);
      case HAS_INTERVAL:
        return this.interval(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  /** `1m`, `4h`, …: milliseconds; 0 where the length is not fixed or not understood. */
  private interval(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
    const close = stringEnd(bytes, at + 1, end);
    if (close < 0) return close;
    const unit = close > at + 1 && bytes[close - 1] < UNIT_MS.length ? UNIT_MS[bytes[close - 1]] : 0;
    let count = 0;
    let isNumber = close - at <= INTERVAL_BYTES_MAX;
    for (let i = at + 1; i < close - 1 && isNumber; i++) {
      const digit = bytes[i] - 0x30;
      isNumber = digit >= 0 && digit <= 9;
      count = count * 10 + digit;
    }
    this.values[field.intervalMs] = isNumber ? count * unit : 0;
    return close + 1;
  }

  private write(bytes: Uint8Array): number {
    const needs = HAS_SYMBOL | HAS_CANDLE;
    if ((this.seen & needs) !== needs || this.candleSeen !== CANDLE_NEEDS) return FrameResult.missingField;
    const values = this.values;
    if (values[field.trades] > COUNT_MAX) return FrameResult.range;
    const sink = this.sink;
    const market = sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + candle.at.flags] = this.flags;
    sink.u32[slot * SLOT_U32 + candle.at.count] = values[field.trades];
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.startTime];
    sink.f64[base + candle.at.intervalMs] = values[field.intervalMs];
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, market, values, field.open);
  }
}

/** The bit of a field of `k` by its letter; 0 for one that is passed over. */
function candleBit(letter: number): number {
  switch (letter) {
    case LETTER.o:
      return HAS_OPEN;
    case LETTER.h:
      return HAS_HIGH;
    case LETTER.l:
      return HAS_LOW;
    case LETTER.c:
      return HAS_CLOSE;
    case LETTER.v:
      return HAS_VOLUME;
    case LETTER.t:
      return HAS_START;
    case LETTER.n:
      return HAS_TRADES;
    case LETTER.x:
      return HAS_CLOSED;
    case LETTER.i:
      return HAS_INTERVAL;
    default:
      return 0;
  }
}
