// A stream of one market's book changes, as the records of a ring: what every book of a comparison is fed from.

import { formatDecimal } from '../../../engine/base/decimal.ts';
import { ChangeFlag, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';

const SLOTS_START = 1024;

/**
 *   slots  | head 0 | level | level | head 1 | level | …
 *
 * The first change is a snapshot, which every book has before it is measured; all others apply one behind the other.
 */
export class BookStream {
  readonly name: string;
  /** Decides the rules of sequence. */
  readonly venue: string;
  u8: Uint8Array;
  u32: Uint32Array;
  f64: Float64Array;
  /** Slots of the changes' heads. */
  readonly heads: number[] = [];
  private slots = 0;
  private levelsLeft = 0;

  constructor(name: string, venue: string) {
    this.name = name;
    this.venue = venue;
    this.u8 = new Uint8Array(SLOTS_START * SLOT_BYTES);
    this.u32 = new Uint32Array(this.u8.buffer);
    this.f64 = new Float64Array(this.u8.buffer);
  }

  get changes(): number {
    return this.heads.length;
  }

  /** Level updates of all changes but the first. */
  get updates(): number {
    return this.slots - this.changes - this.levelsOf(0);
  }

  /** True where the levels of the last change are all there. */
  get isWhole(): boolean {
    return this.levelsLeft === 0;
  }

  levelsOf(change: number): number {
    return this.u32[this.heads[change] * SLOT_U32 + bookChange.at.count];
  }

  isSnapshot(change: number): boolean {
    return (this.u8[this.heads[change] * SLOT_BYTES + bookChange.at.flags] & ChangeFlag.snapshot) !== 0;
  }

  isAsk(slot: number): boolean {
    return (this.u8[slot * SLOT_BYTES + level.at.flags] & LevelFlag.ask) !== 0;
  }

  /** A number of a level's, as the float nearest to it: what a book of floats is given. `field` is its milli. */
  float(slot: number, field: number): number {
    const at = slot * SLOT_F64 + field;
    return Number(formatDecimal(this.f64[at], this.f64[at + 1]));
  }

  /** Copies the head or level at a slot of other records. */
  copy(u32: Uint32Array, slot: number): void {
    const to = this.claim();
    for (let word = 0; word < SLOT_U32; word++) this.u32[to * SLOT_U32 + word] = u32[slot * SLOT_U32 + word];
    this.place(to);
  }

  /** Begins a change of so many levels that has one number. */
  change(isSnapshot: boolean, sequence: number, levels: number): void {
    const slot = this.claim();
    const at = slot * SLOT_F64;
    this.u8[slot * SLOT_BYTES] = RecordType.bookChange;
    this.u8[slot * SLOT_BYTES + bookChange.at.flags] = ChangeFlag.hasSequence | (isSnapshot ? ChangeFlag.snapshot : 0);
    this.u32[slot * SLOT_U32 + bookChange.at.count] = levels;
    this.f64[at + bookChange.at.receiveTimeNs] = sequence * 1e6;
    this.f64[at + bookChange.at.firstSequence] = sequence;
    this.f64[at + bookChange.at.lastSequence] = sequence;
    this.place(slot);
  }

  /** One level of the change begun last, of two and five decimals. */
  level(isAsk: boolean, priceMilli: number, quantityMilli: number, quantityAtto: number): void {
    const slot = this.claim();
    const at = slot * SLOT_F64;
    this.u8[slot * SLOT_BYTES] = RecordType.level;
    this.u8[slot * SLOT_BYTES + level.at.flags] = isAsk ? LevelFlag.ask : 0;
    this.u8[slot * SLOT_BYTES + level.at.priceDecimals] = 2;
    this.u8[slot * SLOT_BYTES + level.at.quantityDecimals] = 5;
    this.f64[at + level.at.priceMilli] = priceMilli;
    this.f64[at + level.at.quantityMilli] = quantityMilli;
    this.f64[at + level.at.quantityAtto] = quantityAtto;
    this.place(slot);
  }

  private claim(): number {
    if (this.slots * SLOT_BYTES === this.u8.length) {
      const before = this.u8;
      this.u8 = new Uint8Array(before.length * 2);
      this.u8.set(before);
      this.u32 = new Uint32Array(this.u8.buffer);
      this.f64 = new Float64Array(this.u8.buffer);
    }
    return this.slots++;
  }

  private place(slot: number): void {
    if (this.levelsLeft > 0) {
      this.levelsLeft--;
      return;
    }
    this.heads.push(slot);
    this.levelsLeft = this.u32[slot * SLOT_U32 + bookChange.at.count];
  }
}
