// Reads one side of a book: a list of objects on subscribing, a list of pairs after it, into level records. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets", "Orders" (2026-04); venues.md §5.2.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { LevelRows } from '../../decode/level-rows.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import {
  decimalString,
  keyBytes,
  lastDecimals,
  matches,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';

const KEY_PRICE = keyBytes('price');
const KEY_SIZE = keyBytes('size');

const HAS_PRICE = 1;
const HAS_SIZE = 2;
const NEEDS = HAS_PRICE | HAS_SIZE;

/** Levels as objects, `{"price":"28194","size":"4.764826096"}`. */
class LevelObjects extends ObjectList {
  count = 0;
  private readonly sink: RecordSink;
  private market = 0;
  private flags = 0;
  private slot = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    this.count = 0;
    this.market = market;
    this.flags = flags;
    return this.entries(bytes, at, end);
  }

  protected override beginEntry(): number {
    this.slot = this.sink.claim(this.market, RecordType.level);
    if (this.slot < 0) return this.slot;
    this.sink.u8[this.slot * SLOT_BYTES + level.at.flags] = this.flags;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const { f64, u8 } = this.sink;
    const base = this.slot * SLOT_F64 + level.at.priceMilli;
    if (matches(bytes, from, to, KEY_PRICE)) {
      if (!this.once(HAS_PRICE)) return FrameResult.shape;
      const after = decimalString(bytes, at, end, f64, base);
      u8[this.slot * SLOT_BYTES + level.at.priceDecimals] = lastDecimals;
      return after >= 0 && f64[base] === 0 && f64[base + 1] === 0 ? FrameResult.range : after;
    }
    if (!matches(bytes, from, to, KEY_SIZE)) return skipValue(bytes, at, end);
    if (!this.once(HAS_SIZE)) return FrameResult.shape;
    const after = decimalString(bytes, at, end, f64, base + 2);
    u8[this.slot * SLOT_BYTES + level.at.quantityDecimals] = lastDecimals;
    return after;
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    this.count++;
    return 1;
  }
}

export class LevelLists {
  /** Levels written by the last call of decode(). */
  count = 0;
  private readonly objects: LevelObjects;
  private readonly pairs: LevelRows;

  constructor(sink: RecordSink) {
    this.objects = new LevelObjects(sink);
    this.pairs = new LevelRows(sink);
  }

  /** Writes one record for each entry of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    const first = at < end && bytes[at] === OPEN_ARRAY ? skipSpace(bytes, at + 1, end) : end;
    const reader = first < end && bytes[first] === OPEN_OBJECT ? this.objects : this.pairs;
    const after = reader.decode(bytes, at, end, market, flags);
    this.count = reader.count;
    return after;
  }
}
