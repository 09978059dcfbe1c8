// Owns how tests of the book make records: changes written as objects become slots, and go through a MarketBook.

import { MARKET_COUNTER_COLUMNS, type MarketCounterName, marketCounter } from '../../../../schemas/counters.ts';
import { LevelFlag } from '../../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../../schemas/layout.ts';
import { bookChange, level } from '../../../../schemas/market-data.ts';
import { venueRule } from '../../../../schemas/venue-rules.ts';
import type { Ladder } from '../../../../workers/book/ladder.ts';
import { MarketBook } from '../../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../../workers/book/snapshot-stage.ts';

/** Price and quantity as the venue writes them. */
export type TextLevel = readonly [price: string, quantity: string];

export type Change = {
  readonly flags: number;
  readonly first?: number;
  readonly last?: number;
  readonly previous?: number;
  readonly checksum?: number;
  readonly depth?: number;
  readonly timeNs?: number;
  readonly exchangeTimeUs?: number;
  readonly bids?: readonly TextLevel[];
  readonly asks?: readonly TextLevel[];
};

export function writeDecimal(text: string, f64: Float64Array, at: number): number {
  const [whole, fraction = ''] = text.split('.');
  const digits = fraction.padEnd(18, '0');
  f64[at] = Number(whole) * 1000 + Number(digits.slice(0, 3));
  f64[at + 1] = Number(digits.slice(3));
  return fraction.length;
}

/** Canonical text of a decimal of a ladder. */
export function readDecimal(f64: Float64Array, at: number): string {
  const fraction = String(f64[at] % 1000).padStart(3, '0') + String(f64[at + 1]).padStart(15, '0');
  const trimmed = fraction.replace(/0+$/, '');
  return `${Math.floor(f64[at] / 1000)}${trimmed === '' ? '' : `.${trimmed}`}`;
}

/** Levels of a ladder, best first. */
export function levelsOf(ladder: Ladder): [string, string][] {
  return Array.from({ length: ladder.count }, (_, rank) => {
    const at = ladder.offsetOf(rank);
    return [readDecimal(ladder.values, at), readDecimal(ladder.values, at + 2)];
  });
}

export class RecordTape {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;

  constructor(slots = 512) {
    const memory = new SharedArrayBuffer(slots * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  /** Head in slot 0, levels behind it; returns how many levels. Bytes not written keep whatever was there. */
  write(change: Change): number {
    const levels = [
      ...(change.bids ?? []).map((entry) => ({ entry, flags: 0 })),
      ...(change.asks ?? []).map((entry) => ({ entry, flags: LevelFlag.ask })),
    ];
    this.u8[bookChange.at.flags] = change.flags;
    this.u32[bookChange.at.count] = levels.length;
    this.f64[bookChange.at.receiveTimeNs] = change.timeNs ?? 0;
    this.f64[bookChange.at.exchangeTimeUs] = change.exchangeTimeUs ?? 0;
    this.f64[bookChange.at.firstSequence] = change.first ?? change.last ?? 0;
    this.f64[bookChange.at.lastSequence] = change.last ?? 0;
    this.f64[bookChange.at.previousSequence] = change.previous ?? 0;
    this.f64[bookChange.at.checksum] = change.checksum ?? 0;
    this.f64[bookChange.at.depth] = change.depth ?? 0;
    levels.forEach(({ entry, flags }, index) => {
      this.writeLevel(index + 1, entry, flags);
    });
    return levels.length;
  }

  private writeLevel(slot: number, [price, quantity]: TextLevel, flags: number): void {
    const bytes = slot * SLOT_BYTES;
    this.u8[bytes + level.at.flags] = flags;
    this.u32[slot * SLOT_U32 + level.at.count] = 0;
    this.u8.fill(255, bytes + level.at.quantityDecimals + 1, bytes + SLOT_BYTES);
    const at = slot * SLOT_F64;
    this.u8[bytes + level.at.priceDecimals] = writeDecimal(price, this.f64, at + level.at.priceMilli);
    this.u8[bytes + level.at.quantityDecimals] = writeDecimal(quantity, this.f64, at + level.at.quantityMilli);
  }
}

/** A book of one venue and the tape that feeds it. */
export class BookUnderTest {
  readonly counters = new Float64Array(MARKET_COUNTER_COLUMNS);
  readonly book: MarketBook;
  private readonly tape: RecordTape;
  private readonly numbers = new Float64Array(2);
  /** Of each level of the last change: whether the book took it. */
  taken: boolean[] = [];
  /** Levels are given to the book all at once, as a shard does where no one listens; `taken` then stays as it is. */
  takesRuns = false;

  constructor(venue: string, stage = new SnapshotStage(), slots = 512, levelsKept = 0) {
    this.book = new MarketBook(venueRule(venue), this.counters, stage, levelsKept);
    this.tape = new RecordTape(slots);
  }

  /** Returns the outcome bits. */
  feed(change: Change): number {
    this.begin(change);
    return this.book.end();
  }

  /** All records of the change, without its end; returns the action. */
  begin(change: Change): number {
    const levels = this.tape.write(change);
    const action = this.book.begin(this.tape.u8, this.tape.u32, this.tape.f64, 0);
    // The head's slot may be written again before end().
    this.tape.f64.fill(-1, bookChange.at.receiveTimeNs, bookChange.at.depth + 1);
    if (this.takesRuns) {
      this.book.levels(this.tape.u8, this.tape.f64, 1, levels);
      return action;
    }
    const slots = Array.from({ length: levels }, (_, index) => index + 1);
    this.taken = slots.map((slot) => this.book.level(this.tape.u8, this.tape.f64, slot));
    return action;
  }

  /** Prices down to which bids and asks are known; null is whole. */
  get horizon(): [string | null, string | null] {
    const of = (side: Ladder): string | null => (side.hasHorizon ? readDecimal(side.horizon, 0) : null);
    return [of(this.book.bids), of(this.book.asks)];
  }

  breakBook(reason: 1 | 2 | 5 | 7, lost: number, timeNs = 0): number {
    this.numbers[0] = timeNs;
    this.numbers[1] = lost;
    return this.book.breakBook(reason, this.numbers, 0, 1);
  }

  counted(name: MarketCounterName): number {
    return this.counters[marketCounter[name]];
  }

  get bids(): [string, string][] {
    return levelsOf(this.book.bids);
  }

  get asks(): [string, string][] {
    return levelsOf(this.book.asks);
  }
}
