// The engine's books as they are compared: two ladders alone, and a market's whole book with sequence and state.

import { formatDecimal } from '../../../engine/base/decimal.ts';
import { MARKET_COUNTERS } from '../../../schemas/counters.ts';
import { BookState, LevelFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { venueRule } from '../../../schemas/venue-rules.ts';
import { Ladder } from '../../../workers/book/ladder.ts';
import { MarketBook } from '../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../workers/book/snapshot-stage.ts';
import { check } from '../../harness.ts';
import type { BookSubject, Levels, Pair } from './book-subject.ts';
import { BookStream } from './stream.ts';

const UNIT_PER_MILLI = 1e-3;
const UNIT_PER_ATTO = 1e-18;

function pairsOf(side: Ladder, count: number): Pair[] {
  return Array.from({ length: Math.min(count, side.count) }, (_, rank): Pair => {
    const at = side.offsetOf(rank);
    const { values } = side;
    return [Number(formatDecimal(values[at], values[at + 1])), Number(formatDecimal(values[at + 2], values[at + 3]))];
  });
}

function levelsOf(bids: Ladder, asks: Ladder, count: number): Levels {
  return { bids: pairsOf(bids, count), asks: pairsOf(asks, count) };
}

/** The best price; 0 where the side is empty. */
function bestPrice(side: Ladder): number {
  if (side.count === 0) return 0;
  const at = side.offsetOf(0);
  return side.values[at] * UNIT_PER_MILLI + side.values[at + 1] * UNIT_PER_ATTO;
}

export class LadderSubject implements BookSubject {
  readonly name = 'ladders';
  private stream = new BookStream('none', '');
  private bids = new Ladder(true);
  private asks = new Ladder(false);

  prepare(stream: BookStream): void {
    this.stream = stream;
    this.bids = new Ladder(true);
    this.asks = new Ladder(false);
    this.change(0);
  }

  change(change: number): void {
    const { stream } = this;
    const first = stream.heads[change] + 1;
    const end = first + stream.levelsOf(change);
    if (stream.isSnapshot(change)) this.load(first, end);
    else this.apply(first, end);
  }

  run(): number {
    const { changes } = this.stream;
    let sum = 0;
    for (let change = 1; change < changes; change++) {
      this.change(change);
      sum += bestPrice(this.bids) + bestPrice(this.asks);
    }
    return sum;
  }

  best(): Levels {
    return levelsOf(this.bids, this.asks, 1);
  }

  levels(): Levels {
    return levelsOf(this.bids, this.asks, Number.POSITIVE_INFINITY);
  }

  private apply(first: number, end: number): void {
    const { bids, asks } = this;
    const { u8, f64 } = this.stream;
    for (let slot = first; slot < end; slot++) {
      const at8 = slot * SLOT_BYTES;
      const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? asks : bids;
      const at = slot * SLOT_F64 + level.at.priceMilli;
      side.apply(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
    }
  }

  private load(first: number, end: number): void {
    const { bids, asks } = this;
    const { u8, f64 } = this.stream;
    bids.beginSnapshot();
    asks.beginSnapshot();
    for (let slot = first; slot < end; slot++) {
      const at8 = slot * SLOT_BYTES;
      const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? asks : bids;
      const at = slot * SLOT_F64 + level.at.priceMilli;
      side.add(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
    }
    bids.endSnapshot();
    asks.endSnapshot();
  }
}

export class MarketBookSubject implements BookSubject {
  readonly name = 'market book';
  private stream = new BookStream('none', '');
  private readonly stage = new SnapshotStage();
  private book = this.make('');

  prepare(stream: BookStream): void {
    this.stream = stream;
    this.book = this.make(stream.venue);
    this.change(0);
  }

  change(change: number): void {
    const { book, stream } = this;
    const { u8, u32, f64 } = stream;
    const head = stream.heads[change];
    const end = head + 1 + stream.levelsOf(change);
    book.begin(u8, u32, f64, head);
    book.levels(u8, f64, head + 1, end - head - 1);
    book.end();
  }

  run(): number {
    const { changes } = this.stream;
    let sum = 0;
    for (let change = 1; change < changes; change++) {
      this.change(change);
      sum += bestPrice(this.book.bids) + bestPrice(this.book.asks);
    }
    const { state, bookSequence } = this.book;
    check(state === BookState.live, `market book: expected a live book, was ${state}`);
    check(bookSequence === changes, `market book: expected ${changes} changes applied, was ${bookSequence}`);
    return sum;
  }

  best(): Levels {
    return levelsOf(this.book.bids, this.book.asks, 1);
  }

  levels(): Levels {
    return levelsOf(this.book.bids, this.book.asks, Number.POSITIVE_INFINITY);
  }

  private make(venue: string): MarketBook {
    return new MarketBook(venueRule(venue), new Float64Array(MARKET_COUNTERS.length), this.stage);
  }
}
