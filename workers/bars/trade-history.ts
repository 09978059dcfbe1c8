// The last trades of one market as the records they came in, for requests. Hot path.

import { TRADE_HISTORY } from '../../schemas/config.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';

/** Trades a history begins with; it doubles up to TRADE_HISTORY. */
const TRADES_START = 8;
/** The slot header's first word is type, flags, market (schemas/layout.ts). */
const FLAGS_SHIFT = 8;
const FLAGS_MASK = 255;

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
  private readonly last = new Float64Array(3);

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

  private noteLast(slot: number): void {
    const { f64, last } = this;
    const at = slot * SLOT_F64;
    const isPast = ((this.slots[slot * SLOT_U32] >> FLAGS_SHIFT) & TradeFlag.history) !== 0;
    if (isPast && f64[at + trade.at.exchangeTimeUs] < last[0]) return;
    last[0] = f64[at + trade.at.exchangeTimeUs];
    last[1] = f64[at + trade.at.priceMilli];
    last[2] = f64[at + trade.at.priceAtto];
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
    out[outAt] = this.last[1];
    out[outAt + 1] = this.last[2];
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

function copySlot(from: Uint32Array, fromSlot: number, to: Uint32Array, toSlot: number): void {
  const source = fromSlot * SLOT_U32;
  const target = toSlot * SLOT_U32;
  for (let word = 0; word < SLOT_U32; word++) to[target + word] = from[source + word];
}
