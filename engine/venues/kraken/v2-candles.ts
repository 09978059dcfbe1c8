// Reads the entries of the v2 `ohlc` channel. Hot path.
//
// Source: Kraken WebSocket v2 docs, "Candles (OHLC)" (2026-05): `interval_begin` is the bar, the inner `timestamp` is
// deprecated; nothing says that a bar is closed.

import { FrameResult } from '../../../schemas/ids.ts';
import { decimalNumber, integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { isoTime } from '../../decode/time.ts';
import { EntryList, HAS_SYMBOL } from './entry-list.ts';
import { field } from './fields.ts';
import { writeCandle } from './records.ts';

const KEY_SYMBOL = keyBytes('symbol');
const KEY_OPEN = keyBytes('open');
const KEY_HIGH = keyBytes('high');
const KEY_LOW = keyBytes('low');
const KEY_CLOSE = keyBytes('close');
const KEY_VOLUME = keyBytes('volume');
const KEY_TRADES = keyBytes('trades');
const KEY_BEGIN = keyBytes('interval_begin');
const KEY_INTERVAL = keyBytes('interval');

const HAS_OPEN = 2;
const HAS_HIGH = 4;
const HAS_LOW = 8;
const HAS_CLOSE = 16;
const HAS_VOLUME = 32;
const HAS_TRADES = 64;
const HAS_BEGIN = 128;
const HAS_INTERVAL = 256;
const PRICES = HAS_OPEN | HAS_HIGH | HAS_LOW | HAS_CLOSE;
const NEEDS = HAS_SYMBOL | PRICES | HAS_VOLUME | HAS_TRADES | HAS_BEGIN | HAS_INTERVAL;

/** Minutes of the longest bar a venue could have; Kraken's has 21,600. Bounds the product below. */
const INTERVAL_MINUTES_MAX = 10_000_000;
const MINUTE_MS = 60_000;

export class V2Candles extends EntryList {
  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.symbol(bytes, at, end);
    if (matches(bytes, from, to, KEY_OPEN)) return this.part(HAS_OPEN, bytes, at, end, field.open);
    if (matches(bytes, from, to, KEY_HIGH)) return this.part(HAS_HIGH, bytes, at, end, field.high);
    if (matches(bytes, from, to, KEY_LOW)) return this.part(HAS_LOW, bytes, at, end, field.low);
    if (matches(bytes, from, to, KEY_CLOSE)) return this.part(HAS_CLOSE, bytes, at, end, field.close);
    if (matches(bytes, from, to, KEY_VOLUME)) return this.part(HAS_VOLUME, bytes, at, end, field.volume);
    if (matches(bytes, from, to, KEY_TRADES))
      return this.once(HAS_TRADES) ? integerNumber(bytes, at, end, this.values, field.trades) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BEGIN))
      return this.once(HAS_BEGIN) ? isoTime(bytes, at, end, this.values, field.startTime) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_INTERVAL))
      return this.once(HAS_INTERVAL) ? this.interval(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalNumber(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private interval(bytes: Uint8Array, at: number, end: number): number {
    const values = this.values;
    const after = integerNumber(bytes, at, end, values, field.intervalMs);
    if (after < 0) return after;
    if (values[field.intervalMs] > INTERVAL_MINUTES_MAX) return FrameResult.range;
    values[field.intervalMs] *= MINUTE_MS;
    return after;
  }

  protected endEntry(bytes: Uint8Array): number {
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    return market < 0 ? market : writeCandle(this.sink, market, this.values);
  }
}
