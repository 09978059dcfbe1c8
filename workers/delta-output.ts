// Tells one book delta level by level while it is applied: its head is claimed first and filled at its end. Hot path.

import { LevelFlag, RecordType } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { level } from '../schemas/market-data.ts';
import { type Ladder, LEVEL_STRIDE } from './book/ladder.ts';
import { BookOutcome } from './book/market-book.ts';
import type { Uncross } from './book/uncross.ts';
import type { Market } from './market.ts';
import { fillBookHead, writeLevel } from './output/answers.ts';
import type { OutputWriter } from './output/writer.ts';

export class DeltaOutput {
  /** A delta has begun that someone listens to. */
  isOpen = false;
  private readonly output: OutputWriter;
  private headSlot = -1;
  private count = 0;

  constructor(output: OutputWriter) {
    this.output = output;
  }

  begin(market: Market): void {
    this.isOpen = true;
    this.output.begin(market.id);
    this.headSlot = this.output.claim(RecordType.bookChange, 0, 0);
    this.count = 0;
  }

  /** A level record that the book took. */
  level(u8: Uint8Array, f64: Float64Array, slot: number): void {
    const flags = u8[slot * SLOT_BYTES + level.at.flags];
    writeLevel(this.output, flags, f64, slot * SLOT_F64 + level.at.priceMilli, false);
    this.count++;
  }

  /** Levels that were cut are told as removals, else a subscriber's copy would keep them. */
  end(market: Market, outcome: number): void {
    this.isOpen = false;
    const { book } = market;
    if ((outcome & BookOutcome.cut) !== 0) {
      this.cut(book.bids, 0);
      this.cut(book.asks, LevelFlag.ask);
    }
    if ((outcome & BookOutcome.uncrossed) !== 0 && book.uncross !== null) this.uncrossed(book.uncross);
    if (this.headSlot >= 0) fillBookHead(this.output, this.headSlot, book, this.count);
    this.output.end();
  }

  /** Levels shown again or otherwise, and with quantity zero those not shown any more. */
  private uncrossed({ told, toldFlags, toldCount }: Uncross): void {
    for (let i = 0; i < toldCount; i++) writeLevel(this.output, toldFlags[i], told, i * LEVEL_STRIDE, false);
    this.count += toldCount;
  }

  private cut(side: Ladder, flags: number): void {
    for (let i = 0; i < side.cutCount; i++) writeLevel(this.output, flags, side.cutPrices, i * 2, true);
    this.count += side.cutCount;
  }
}
