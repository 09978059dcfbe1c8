// The last trades of one market as the records they came in, for requests. Hot path.

import { makeMarketRow, marketRow } from '../../engine/base/market-row.ts';
import { TRADE_HISTORY } from '../../schemas/config.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';

/** Trades a history begins with; it doubles up to TRADE_HISTORY. */
const TRADES_START = 8;
/** The slot header's first word is type, flags, market (schemas/layout.ts). */
const FLAGS_SHIFT = 8;
const FLAGS_MASK = 255;
/** Words of the last trade. */
const last = { timeUs: marketRow.history, milli: marketRow.history + 1, atto: marketRow.history + 2 } as const;

/**
 * A circle of slots, in which trade and, where one needed it, tradeId records have a half each:
 *
 *   slots  [ trade 0 | trade 1 | … | trade capacity-1 ][ tradeId 0 | tradeId 1 | … ]
 *
 * Index 0 is the oldest trade kept. The second half is there from the first trade with a text id on.
 */
export class TradeHistory {
  /** The records, to be read at slotAt() and textSlotAt(); another array once the history has grown. */
  slots = new Uint32Array(TRADES_START * SLOT_U32);
  private f64 = new Float64Array(this.slots.buffer);
  count = 0;
  private capacity = TRADES_START;
  private head = 0;
  private hasTexts = false;
  /** Venue time and price of the trade that is the last: one that comes by a back-fill is older than what stands. */
  private readonly last: Float64Array;

  /** `words` is the market's row. */
  constructor(words: Float64Array = makeMarketRow()) {
    this.last = words;
  }

  /** Copies a trade record, and where its id is a text the tradeId record in the slot behind it. */
  add(u32: Uint32Array, slot: number, hasText: boolean): void {
    const isFull = this.count === this.capacity;
    if (isFull && this.capacity < TRADE_HISTORY) this.resize(Math.min(this.capacity * 2, TRADE_HISTORY), this.hasTexts);
    if (hasText && !this.hasTexts) this.resize(this.capacity, true);
    if (this.count < this.capacity) this.count++;
    else this.head = this.head + 1 < this.capacity ? this.head + 1 : 0;
    const to = this.slotAt(this.count - 1);
    copySlot(u32, slot, this.slots, to);
    if (hasText) copySlot(u32, slot + 1, this.slots, this.capacity + to);
    this.noteLast(to);
  }

  /** Copies trade records that lie one behind the other; none is a past one, none has a text id. */
  addRun(u32: Uint32Array, f64: Float64Array, slot: number, count: number): void {
    while (this.capacity < TRADE_HISTORY && this.count + count > this.capacity)
      this.resize(Math.min(this.capacity * 2, TRADE_HISTORY), this.hasTexts);
    // Only the newest stay.
    let from = slot + Math.max(0, count - this.capacity);
    for (const end = slot + count; from < end; ) from += this.addPiece(u32, f64, from, end - from);
    this.noteLast(this.slotAt(this.count - 1));
  }

  /** Copies as many records as lie one behind the other in the circle; returns how many. */
  private addPiece(u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
    const to = this.slotAt(this.count < this.capacity ? this.count : 0);
    const taken = Math.min(count, this.count < this.capacity ? this.capacity - this.count : this.capacity - this.head);
    copySlots(u32, f64, slot, this.slots, this.f64, to, taken);
    if (this.count < this.capacity) this.count += taken;
    else this.head = this.head + taken < this.capacity ? this.head + taken : 0;
    return taken;
  }

  private noteLast(slot: number): void {
    const { f64, last: words } = this;
    const at = slot * SLOT_F64;
    const isPast = ((this.slots[slot * SLOT_U32] >> FLAGS_SHIFT) & TradeFlag.history) !== 0;
    if (isPast && f64[at + trade.at.exchangeTimeUs] < words[last.timeUs]) return;
    words[last.timeUs] = f64[at + trade.at.exchangeTimeUs];
    words[last.milli] = f64[at + trade.at.priceMilli];
    words[last.atto] = f64[at + trade.at.priceAtto];
  }

  /** Slot of a trade record. */
  slotAt(index: number): number {
    const slot = this.head + index;
    return slot < this.capacity ? slot : slot - this.capacity;
  }

  /** Flags of a trade record. */
  flagsAt(index: number): number {
    return (this.slots[this.slotAt(index) * SLOT_U32] >> FLAGS_SHIFT) & FLAGS_MASK;
  }

  /** Slot of the tradeId record of a trade with TradeFlag.textId. */
  textSlotAt(index: number): number {
    return this.capacity + this.slotAt(index);
  }

  /** Writes the price [milli, atto] of the newest trade, of which there must be one. */
  writeLastPrice(out: Float64Array, outAt: number): void {
    out[outAt] = this.last[last.milli];
    out[outAt + 1] = this.last[last.atto];
  }

  /** The circle turns only at its last size, so trades keep their slots. */
  private resize(capacity: number, hasTexts: boolean): void {
    const held = this.capacity * SLOT_U32;
    const bytes = new ArrayBuffer(capacity * SLOT_BYTES * (hasTexts ? 2 : 1));
    const slots = new Uint32Array(bytes);
    slots.set(this.slots.subarray(0, held));
    slots.set(this.slots.subarray(held), capacity * SLOT_U32);
    this.slots = slots;
    this.f64 = new Float64Array(bytes);
    this.capacity = capacity;
    this.hasTexts = hasTexts;
  }
}

/** The header as integers, since its bits may be those of no number; all else in trade records is float64. */
function copySlots(
  u32: Uint32Array,
  f64: Float64Array,
  slot: number,
  toU32: Uint32Array,
  toF64: Float64Array,
  toSlot: number,
  count: number,
): void {
  for (let index = 0; index < count; index++) {
    const from = (slot + index) * SLOT_F64;
    const to = (toSlot + index) * SLOT_F64;
    toU32[2 * to] = u32[2 * from];
    toU32[2 * to + 1] = u32[2 * from + 1];
    for (let word = 1; word < SLOT_F64; word++) toF64[to + word] = f64[from + word];
  }
}

function copySlot(from: Uint32Array, fromSlot: number, to: Uint32Array, toSlot: number): void {
  const source = fromSlot * SLOT_U32;
  const target = toSlot * SLOT_U32;
  for (let word = 0; word < SLOT_U32; word++) to[target + word] = from[source + word];
}
