// Follows one counter over all channels of a connection, and tells its markets when numbers are missing. Hot path.
//
// Recipe (Coinbase Advanced Trade WebSocket docs, "Sequence Numbers", 2026-08, `sequence_num`; Bitfinex docs, "WS General",
// flag SEQ_ALL, 2026-07; scope seen in recordings of both):
//  1. equal or smaller than the last: an old message, dropped whole; but one of the first two numbers behind a higher one
//     is the beginning of another connection to the venue, under the name of the same producer: as 3;
//  2. one more: in order;
//  3. larger: messages were lost, so every book of the connection is doubtful and gets a gap record;
//  4. the counter moves only when the whole message was accepted, so a refused message shows as a gap at the next one.

import { RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { gap } from '../../schemas/market-data.ts';
import { scanState } from './scan.ts';
import { RECEIVE, type RecordSink } from './sink.ts';

/** What follow() found. Negative results are FrameResults of a full ring. */
export const Follow = { old: 0, inOrder: 1, gap: 2 } as const;

/** Indexes of the counter's row: last number accepted (-1: none), that before the last pass, the pass's own, lost. */
const LAST = 0;
const BEFORE = 1;
const THIS = 2;
const LOST = 3;

const MARKETS_START = 64;

/** Coinbase counts from 0, Bitfinex from 1. */
const FIRST_NUMBER_MAX = 1;

/** Beside a market's id, which is below 2^15 (MARKETS_MAX): its book comes from this connection. */
export const HAS_BOOK = 0x8000;

export class ConnectionSequence {
  /** Old messages dropped. */
  duplicates = 0;
  /** Jumps of the counter. */
  gaps = 0;
  private readonly sink: RecordSink;
  private readonly numbers = Float64Array.of(-1, -1, -1, 0);
  /** Markets with a book snapshot or trades on this connection: [0..marketCount) accepted, up to marketCountNext by this pass. */
  private markets = new Uint16Array(MARKETS_START);
  private marketCount = 0;
  private marketCountNext = 0;
  private found: number = Follow.inOrder;
  private hasNumber = false;
  private duplicatesBefore = 0;
  private gapsBefore = 0;
  private marketCountBefore = 0;
  /** The last pass met escapes: the session may decode the same message again, unescaped. */
  private canRepeat = false;
  private isRepeat = false;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  begin(): void {
    this.marketCountNext = this.marketCount;
    this.hasNumber = false;
    this.isRepeat = false;
  }

  /** True where values[index] is the number that follows the last, of a message that is surely no repeat. */
  isNext(values: Float64Array, index: number): boolean {
    return !this.canRepeat && this.numbers[LAST] >= 0 && values[index] === this.numbers[LAST] + 1;
  }

  /** Accepts a message that is next, whole and without escapes, and that tells of no new market: a pass of its own. */
  acceptNext(values: Float64Array, index: number): void {
    const numbers = this.numbers;
    numbers[BEFORE] = numbers[LAST];
    numbers[THIS] = values[index];
    numbers[LAST] = values[index];
    this.hasNumber = false;
    this.canRepeat = false;
  }

  /** Compares the message's number, values[index], with the last one; writes the gap records, which come before any of its own. */
  follow(values: Float64Array, index: number): number {
    const numbers = this.numbers;
    if (this.canRepeat && values[index] === numbers[THIS]) {
      this.undo();
      this.isRepeat = true;
    }
    this.hasNumber = true;
    numbers[THIS] = values[index];
    if (numbers[LAST] < 0 || numbers[THIS] === numbers[LAST] + 1) this.found = Follow.inOrder;
    else this.found = numbers[THIS] <= numbers[LAST] && !this.isFirst() ? Follow.old : this.writeGaps();
    return this.found;
  }

  private isFirst(): boolean {
    return this.numbers[THIS] <= FIRST_NUMBER_MAX && this.numbers[LAST] > FIRST_NUMBER_MAX;
  }

  /** Notes that the market has trades, or its book (`flag` HAS_BOOK), from this connection: a loss may be theirs. */
  addMarket(market: number, flag: number): void {
    for (let i = 0; i < this.marketCountNext; i++) {
      if ((this.markets[i] & ~HAS_BOOK) !== market) continue;
      this.markets[i] |= flag;
      return;
    }
    if (this.marketCountNext === this.markets.length) this.growMarkets();
    this.markets[this.marketCountNext++] = market | flag;
  }

  /** Ends the pass: keeps what it found where the message was accepted. */
  finish(result: number): void {
    if (result < 0) {
      if (this.canRepeat) this.undo();
      return;
    }
    if (this.hasNumber) this.keep();
    this.canRepeat = this.hasNumber && scanState.sawEscape && !this.isRepeat;
  }

  private keep(): void {
    const numbers = this.numbers;
    numbers[BEFORE] = numbers[LAST];
    this.duplicatesBefore = this.duplicates;
    this.gapsBefore = this.gaps;
    this.marketCountBefore = this.marketCount;
    if (this.found === Follow.old) {
      this.duplicates++;
      return;
    }
    if (this.found === Follow.gap) this.gaps++;
    numbers[LAST] = numbers[THIS];
    this.marketCount = this.marketCountNext;
  }

  /** Takes the last pass back. */
  private undo(): void {
    this.numbers[LAST] = this.numbers[BEFORE];
    this.duplicates = this.duplicatesBefore;
    this.gaps = this.gapsBefore;
    this.marketCount = this.marketCountBefore;
    this.marketCountNext = this.marketCountBefore;
    this.canRepeat = false;
  }

  private writeGaps(): number {
    this.numbers[LOST] = Math.max(0, this.numbers[THIS] - this.numbers[LAST] - 1);
    for (let i = 0; i < this.marketCount; i++) {
      const slot = this.sink.claim(this.markets[i] & ~HAS_BOOK, RecordType.gap);
      if (slot < 0) return slot;
      // A book that comes from another connection is whole: then only trades are lost.
      const hasBook = (this.markets[i] & HAS_BOOK) !== 0;
      this.sink.u8[slot * SLOT_BYTES + gap.at.flags] = hasBook ? StateReason.gap : StateReason.none;
      this.sink.f64[slot * SLOT_F64 + gap.at.receiveTimeNs] = this.sink.frame[RECEIVE];
      this.sink.f64[slot * SLOT_F64 + gap.at.lost] = this.numbers[LOST];
      this.sink.f64[slot * SLOT_F64 + gap.at.sinceTimeUs] = 0;
    }
    return Follow.gap;
  }

  private growMarkets(): void {
    const markets = new Uint16Array(2 * this.markets.length);
    markets.set(this.markets);
    this.markets = markets;
  }
}
