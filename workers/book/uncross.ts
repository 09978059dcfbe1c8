// Owns the view without crossing levels of a book that is crossed by nature: what is not shown is put aside. Hot path.
//
// Recipe (dYdX v4, "Uncrossing the orderbook"; venues.md §5.4). There is no single book: each node has its own order of
// the same messages, so for a moment bids and asks may cross. While the best bid is not below the best ask:
//  1. the one set by the older change is not shown;
//  2. where one change has set both, the smaller quantity is taken from both.
// The venue knows nothing of this: it changes levels that are not shown, and one shows again when what crossed it goes.

import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';
import { LevelFlag } from '../../schemas/ids.ts';
import { type Ladder, LEVEL_STRIDE } from './ladder.ts';

/** Numbers of one level put aside: its price, its quantity, what is shown of that, and the change that set it. */
const ROW = 7;
const QUANTITY = 2;
const SHOWN = 4;
const STAMP = 6;
/** Bytes of one level put aside: LevelFlag, and the decimals of price and quantity. */
const BYTES = 3;
const ROWS_START = 16;

/** Levels put aside. */
class Aside {
  count = 0;
  rows = new Float64Array(ROWS_START * ROW);
  bytes = new Uint8Array(ROWS_START * BYTES);

  /** Index of a new row. */
  add(): number {
    if (this.count * ROW === this.rows.length) {
      const rows = new Float64Array(2 * this.rows.length);
      const bytes = new Uint8Array(2 * this.bytes.length);
      rows.set(this.rows);
      bytes.set(this.bytes);
      this.rows = rows;
      this.bytes = bytes;
    }
    return this.count++;
  }

  /** Index of the level of the other's row `index`, or -1. */
  find(other: Aside, index: number): number {
    const from = index * ROW;
    for (let i = 0; i < this.count; i++) {
      const at = i * ROW;
      if (this.bytes[i * BYTES] !== other.bytes[index * BYTES]) continue;
      if (this.rows[at] === other.rows[from] && this.rows[at + 1] === other.rows[from + 1]) return i;
    }
    return -1;
  }
}

/**
 * Before a change restore() puts back what is aside, so that the ladders are those of the venue; each level that the change
 * sets is stamped; show() puts aside what crosses. Between show() and restore() the ladders are the view. Thread: the
 * shard's.
 */
export class Uncross {
  /** What show() made other than the change says: four numbers a level as in level records, and its LevelFlag. */
  told = new Float64Array(ROWS_START * LEVEL_STRIDE);
  toldFlags = new Uint8Array(ROWS_START);
  toldCount = 0;
  private readonly bids: Ladder;
  private readonly asks: Ladder;
  /** By place in the ladder: the change that set the level last. */
  private bidStamps = new Float64Array(0);
  private askStamps = new Float64Array(0);
  private aside = new Aside();
  /** What was aside before the change that is open. */
  private before = new Aside();
  private readonly scratch = new Float64Array(2);

  constructor(bids: Ladder, asks: Ladder) {
    this.bids = bids;
    this.asks = asks;
  }

  /** A snapshot has replaced the ladders: nothing is aside, and all its levels are of one change. */
  begin(stamp: number): void {
    this.aside.count = 0;
    this.before.count = 0;
    this.reserve();
    this.bidStamps.fill(stamp);
    this.askStamps.fill(stamp);
  }

  /** The ladders become those of the venue. */
  restore(): void {
    const { aside } = this;
    for (let i = 0; i < aside.count; i++) {
      const isAsk = aside.bytes[i * BYTES] === LevelFlag.ask;
      const side = isAsk ? this.asks : this.bids;
      side.apply(aside.rows, i * ROW, aside.bytes[i * BYTES + 1], aside.bytes[i * BYTES + 2]);
      this.stamp(side, aside.rows, i * ROW, aside.rows[i * ROW + STAMP]);
    }
    this.aside = this.before;
    this.aside.count = 0;
    this.before = aside;
  }

  /** The change with this number has set the level whose price is at f64[at]; it may have removed it. */
  stamp(side: Ladder, f64: Float64Array, at: number, stamp: number): void {
    const place = side.placeOf(f64, at);
    if (place < 0) return;
    if (side.values.length > (side.isBid ? this.bidStamps : this.askStamps).length * LEVEL_STRIDE) this.reserve();
    (side.isBid ? this.bidStamps : this.askStamps)[place / LEVEL_STRIDE] = stamp;
  }

  /** Puts aside what crosses. True where something is told. */
  show(): boolean {
    const { bids, asks } = this;
    while (bids.count > 0 && asks.count > 0 && this.crosses(bids.offsetOf(0), asks.offsetOf(0))) {
      const bid = bids.offsetOf(0);
      const ask = asks.offsetOf(0);
      const older = this.bidStamps[bid / LEVEL_STRIDE] - this.askStamps[ask / LEVEL_STRIDE];
      if (older < 0) this.hide(bids, bid, 0, 0);
      else if (older > 0) this.hide(asks, ask, 0, 0);
      else this.subtract(bid, ask);
    }
    this.tell();
    return this.toldCount > 0;
  }

  /** The bid is not below the ask. */
  private crosses(bid: number, ask: number): boolean {
    const milli = this.bids.values[bid] - this.asks.values[ask];
    return milli > 0 || (milli === 0 && this.bids.values[bid + 1] >= this.asks.values[ask + 1]);
  }

  /** Step 2: of the larger level the difference is shown. */
  private subtract(bid: number, ask: number): void {
    const bidMilli = this.bids.values[bid + QUANTITY];
    const askMilli = this.asks.values[ask + QUANTITY];
    const bidAtto = this.bids.values[bid + QUANTITY + 1];
    const askAtto = this.asks.values[ask + QUANTITY + 1];
    const isBidLarger = bidMilli > askMilli || (bidMilli === askMilli && bidAtto >= askAtto);
    let milli = isBidLarger ? bidMilli - askMilli : askMilli - bidMilli;
    let atto = isBidLarger ? bidAtto - askAtto : askAtto - bidAtto;
    if (atto < 0) {
      milli--;
      atto += ATTO_PER_MILLI;
    }
    if (isBidLarger) {
      this.hide(this.asks, ask, 0, 0);
      this.hide(this.bids, bid, milli, atto);
    } else {
      this.hide(this.bids, bid, 0, 0);
      this.hide(this.asks, ask, milli, atto);
    }
  }

  /** Of the level at the place `at` only a quantity is shown, zero for nothing of it. */
  private hide(side: Ladder, at: number, milli: number, atto: number): void {
    const { aside, scratch } = this;
    const stamps = side.isBid ? this.bidStamps : this.askStamps;
    const index = this.rowOf(side, at);
    const row = (index < 0 ? aside.add() : index) * ROW;
    const bytes = (row / ROW) * BYTES;
    if (index < 0) {
      for (let i = 0; i < LEVEL_STRIDE; i++) aside.rows[row + i] = side.values[at + i];
      aside.rows[row + STAMP] = stamps[at / LEVEL_STRIDE];
      aside.bytes[bytes] = side.isBid ? 0 : LevelFlag.ask;
      aside.bytes[bytes + 1] = side.decimals[at >> 1];
      aside.bytes[bytes + 2] = side.decimals[(at >> 1) + 1];
    }
    aside.rows[row + SHOWN] = milli;
    aside.rows[row + SHOWN + 1] = atto;
    // apply() reads price and quantity from one row: for a moment the row has what is shown.
    scratch[0] = aside.rows[row + QUANTITY];
    scratch[1] = aside.rows[row + QUANTITY + 1];
    aside.rows[row + QUANTITY] = milli;
    aside.rows[row + QUANTITY + 1] = atto;
    side.apply(aside.rows, row, aside.bytes[bytes + 1], aside.bytes[bytes + 2]);
    aside.rows[row + QUANTITY] = scratch[0];
    aside.rows[row + QUANTITY + 1] = scratch[1];
  }

  /** Index of the level in what is aside: it may be shown in part already. -1 where it is not. */
  private rowOf(side: Ladder, at: number): number {
    const { rows, bytes, count } = this.aside;
    const flag = side.isBid ? 0 : LevelFlag.ask;
    for (let i = count - 1; i >= 0; i--) {
      if (bytes[i * BYTES] !== flag) continue;
      if (rows[i * ROW] === side.values[at] && rows[i * ROW + 1] === side.values[at + 1]) return i;
    }
    return -1;
  }

  /** Tells what is shown otherwise than before, beyond what the change itself said. */
  private tell(): void {
    const { aside, before } = this;
    this.toldCount = 0;
    for (let i = 0; i < before.count; i++) if (aside.find(before, i) < 0) this.tellCurrent(i);
    for (let i = 0; i < aside.count; i++) {
      const at = i * ROW;
      const same = before.find(aside, i);
      if (same < 0 || !this.isSame(same * ROW, at)) this.tellRow(aside, i, at + SHOWN, aside.rows);
    }
  }

  /** The level was aside with the same quantity shown, and the change did not touch it. */
  private isSame(beforeAt: number, at: number): boolean {
    for (let i = SHOWN; i < ROW; i++) if (this.before.rows[beforeAt + i] !== this.aside.rows[at + i]) return false;
    return true;
  }

  /** A level that was aside and is not any more: it shows what the ladder has. */
  private tellCurrent(index: number): void {
    const side = this.before.bytes[index * BYTES] === LevelFlag.ask ? this.asks : this.bids;
    const place = side.placeOf(this.before.rows, index * ROW);
    this.scratch[0] = 0;
    this.scratch[1] = 0;
    if (place < 0) this.tellRow(this.before, index, 0, this.scratch);
    else this.tellRow(this.before, index, place + QUANTITY, side.values);
  }

  private tellRow(from: Aside, index: number, quantityAt: number, quantities: Float64Array): void {
    if (this.toldCount === this.toldFlags.length) this.growTold();
    const to = this.toldCount * LEVEL_STRIDE;
    this.told[to] = from.rows[index * ROW];
    this.told[to + 1] = from.rows[index * ROW + 1];
    this.told[to + QUANTITY] = quantities[quantityAt];
    this.told[to + QUANTITY + 1] = quantities[quantityAt + 1];
    this.toldFlags[this.toldCount++] = from.bytes[index * BYTES];
  }

  private growTold(): void {
    const told = new Float64Array(2 * this.told.length);
    const flags = new Uint8Array(2 * this.toldFlags.length);
    told.set(this.told);
    flags.set(this.toldFlags);
    this.told = told;
    this.toldFlags = flags;
  }

  /** As many stamps as the ladders have places. */
  private reserve(): void {
    this.bidStamps = grown(this.bidStamps, this.bids.values.length / LEVEL_STRIDE);
    this.askStamps = grown(this.askStamps, this.asks.values.length / LEVEL_STRIDE);
  }
}

function grown(stamps: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (stamps.length >= length) return stamps;
  const longer = new Float64Array(length);
  longer.set(stamps);
  return longer;
}
