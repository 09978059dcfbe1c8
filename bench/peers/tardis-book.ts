// The order book of tardis-dev: a red-black tree of objects a side, best levels read through generators.

import { type BookChange, OrderBook } from 'tardis-dev';
import { level } from '../../schemas/market-data.ts';
import type { BookSubject, Levels, Pair } from '../support/books/book-subject.ts';
import type { BookStream } from '../support/books/stream.ts';

type PriceLevel = { readonly price: number; readonly amount: number };

function changeOf(stream: BookStream, change: number): BookChange {
  const bids: PriceLevel[] = [];
  const asks: PriceLevel[] = [];
  const head = stream.heads[change];
  for (let slot = head + 1; slot <= head + stream.levelsOf(change); slot++) {
    const price = stream.float(slot, level.at.priceMilli);
    const amount = stream.float(slot, level.at.quantityMilli);
    (stream.isAsk(slot) ? asks : bids).push({ price, amount });
  }
  const timestamp = new Date(0);
  const isSnapshot = stream.isSnapshot(change);
  return {
    type: 'book_change',
    symbol: '',
    exchange: 'binance',
    isSnapshot,
    bids,
    asks,
    timestamp,
    localTimestamp: timestamp,
  };
}

const pairOf = ({ price, amount }: PriceLevel): Pair => [price, amount];

export class TardisSubject implements BookSubject {
  readonly name = 'tardis-dev';
  private stream: BookStream | null = null;
  private changes: readonly BookChange[] = [];
  private book = new OrderBook();

  prepare(stream: BookStream): void {
    // It copies what it is given, so the objects serve again.
    if (this.stream !== stream) this.changes = stream.heads.map((_, change) => changeOf(stream, change));
    this.stream = stream;
    this.book = new OrderBook();
    this.change(0);
  }

  change(change: number): void {
    this.book.update(this.changes[change]);
  }

  run(): number {
    const { book, changes } = this;
    let sum = 0;
    for (let change = 1; change < changes.length; change++) {
      book.update(changes[change]);
      sum += (book.bestBid()?.price ?? 0) + (book.bestAsk()?.price ?? 0);
    }
    return sum;
  }

  best(): Levels {
    const bid = this.book.bestBid();
    const ask = this.book.bestAsk();
    return { bids: bid === undefined ? [] : [pairOf(bid)], asks: ask === undefined ? [] : [pairOf(ask)] };
  }

  levels(): Levels {
    return { bids: [...this.book.bids()].map(pairOf), asks: [...this.book.asks()].map(pairOf) };
  }
}
