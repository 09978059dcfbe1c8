// Reads one side of a book, a list of objects with price and quantity, straight into level records. Hot path.
//
// Chain: `{"p":"…","q":"…"}`; indexer: `{"price":"…","quantity":"…","isActive":true,"timestamp":"…"}` (venues.md §6.2, §6.4).

import { FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { DECIMALS_MAX, decimalToFloat } from '../../base/decimal.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import {
  booleanEnd,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  keyBytes,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { startsWith } from '../../decode/walk.ts';
import { NameTable } from './names.ts';
import { printedDecimal, Rendering, type StreamNumbers, scaledAny } from './numbers.ts';
import type { ScaleGuard } from './scale-guard.ts';

const NAMES = new NameTable(['p', 'q', 'price', 'quantity', 'isActive']);
const Name = { p: 0, q: 1, price: 2, quantity: 3, isActive: 4 } as const;
/** How the chain stream writes a level. */
const PRICE_AHEAD = keyBytes('{"p":"');
const QUANTITY_AHEAD = keyBytes('","q":"');
const LETTER_F = 0x66;

const HAS_PRICE = 1;
const HAS_QUANTITY = 2;
const HAS_ACTIVE = 4;
const NEEDS = HAS_PRICE | HAS_QUANTITY;

export class LevelObjects extends ObjectList {
  /** Levels written by the last call of decode(). */
  count = 0;
  /** Best price of the last call of decode(), about; 0 for none. */
  best = 0;
  /** Nearest to the snapshot's price since it was last set, as a factor, while the market's scale is open. */
  nearest = 0;
  /** Powers of ten of prices and quantities. */
  priceShift = 0;
  quantityShift = 0;
  /** False where the decimals of the market are not known, so that no level can be read. */
  isScaleKnown = true;
  /** True for numbers of the chain stream. */
  isStream = false;
  private readonly sink: RecordSink;
  private readonly numbers: StreamNumbers;
  private readonly guard: ScaleGuard;
  private market = 0;
  private flags = 0;
  private slot = 0;
  private isGuarded = false;
  private isInactive = false;
  private isPlain = false;
  private readonly values = new Float64Array(4);

  constructor(sink: RecordSink, numbers: StreamNumbers, guard: ScaleGuard) {
    super();
    this.sink = sink;
    this.numbers = numbers;
    this.guard = guard;
  }

  /** Writes one record for each object of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    this.count = 0;
    this.best = 0;
    this.market = market;
    this.flags = flags;
    this.isGuarded = this.isStream && this.guard.isOpen(market);
    // How the stream prints must be settled before numbers are read without asking.
    this.isPlain =
      this.isStream && this.numbers.rendering === Rendering.plain && this.priceShift === 0 && this.quantityShift === 0;
    return this.list(bytes, at, end);
  }

  private list(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      let after = this.isPlain ? this.levelInOrder(bytes, position, end) : 0;
      if (after === 0) after = this.entry(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  protected override beginEntry(): number {
    if (!this.isScaleKnown) return FrameResult.missingField;
    const { sink } = this;
    this.slot = sink.claim(this.market, RecordType.level);
    if (this.slot < 0) return this.slot;
    const at = this.slot * SLOT_BYTES;
    sink.u8[at + level.at.flags] = this.flags;
    // No checksum is made of the digits; scaled ones are not those that were sent.
    sink.u8[at + level.at.priceDecimals] = DECIMALS_MAX;
    sink.u8[at + level.at.quantityDecimals] = DECIMALS_MAX;
    this.isInactive = false;
    return super.beginEntry();
  }

  /** The offset after the level; 0 where it is in another writing, or a negative FrameResult. */
  private levelInOrder(bytes: Uint8Array, at: number, end: number): number {
    const { values } = this;
    if (!startsWith(bytes, at, end, PRICE_AHEAD)) return 0;
    const price = printedDecimal(bytes, at + PRICE_AHEAD.length, end, values, 0);
    if (price === 0 || !startsWith(bytes, price, end, QUANTITY_AHEAD)) return 0;
    const quantity = printedDecimal(bytes, price + QUANTITY_AHEAD.length, end, values, 2);
    if (quantity === 0 || quantity + 2 >= end || bytes[quantity + 1] !== CLOSE_OBJECT) return 0;
    const begun = this.beginEntry();
    if (begun < 0) return begun;
    const { f64 } = this.sink;
    const base = this.slot * SLOT_F64 + level.at.priceMilli;
    f64[base] = values[0];
    f64[base + 1] = values[1];
    f64[base + 2] = values[2];
    f64[base + 3] = values[3];
    this.seen = NEEDS;
    const ended = this.endEntry();
    return ended < 0 ? ended : quantity + 2;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const base = this.slot * SLOT_F64;
    switch (NAMES.find(bytes, from, to)) {
      case Name.p:
      case Name.price:
        if (!this.once(HAS_PRICE)) return FrameResult.shape;
        return this.number(bytes, at, end, this.priceShift, base + level.at.priceMilli);
      case Name.q:
      case Name.quantity:
        if (!this.once(HAS_QUANTITY)) return FrameResult.shape;
        return this.number(bytes, at, end, this.quantityShift, base + level.at.quantityMilli);
      case Name.isActive:
        if (!this.once(HAS_ACTIVE)) return FrameResult.shape;
        this.isInactive = bytes[at] === LETTER_F;
        return booleanEnd(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private number(bytes: Uint8Array, at: number, end: number, shift: number, index: number): number {
    const { f64 } = this.sink;
    return this.isStream
      ? this.numbers.read(bytes, at, end, shift, f64, index)
      : scaledAny(bytes, at, end, shift, f64, index);
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const { f64 } = this.sink;
    const base = this.slot * SLOT_F64;
    const milli = f64[base + level.at.priceMilli];
    const atto = f64[base + level.at.priceAtto];
    if (milli === 0 && atto === 0) return FrameResult.range;
    if (this.isInactive) {
      f64[base + level.at.quantityMilli] = 0;
      f64[base + level.at.quantityAtto] = 0;
    }
    if (this.isGuarded) this.nearest = Math.min(this.nearest, this.guard.distance(this.market, milli, atto));
    if (!this.isStream) this.noteBest(decimalToFloat(milli, atto));
    this.count++;
    return 1;
  }

  private noteBest(price: number): void {
    const isBetter = (this.flags & LevelFlag.ask) !== 0 ? price < this.best : price > this.best;
    if (this.best === 0 || isBetter) this.best = price;
  }
}
