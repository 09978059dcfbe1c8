// The order book of ccxt's streaming API: an array of price and size pairs a side, with an index of prices beside it.

import { level } from '../../schemas/market-data.ts';
import type { BookSubject, Levels, Pair } from '../support/books/book-subject.ts';
import type { BookStream } from '../support/books/stream.ts';

type Delta = [number, number];
type Side = Delta[] & { storeArray(delta: Delta): void };
type CcxtBook = {
  readonly bids: Side;
  readonly asks: Side;
  reset(snapshot: { bids: Delta[]; asks: Delta[] }): unknown;
};
type Change = { readonly isSnapshot: boolean; readonly bids: Delta[]; readonly asks: Delta[] };

/** The package exports its whole only, which takes seconds to load; the book lies beside its entry. */
const address = new URL('./src/base/ws/OrderBook.js', import.meta.resolve('ccxt')).href;
const { OrderBook } = (await import(address)) as { readonly OrderBook: new () => CcxtBook };

function changeOf(stream: BookStream, change: number): Change {
  const bids: Delta[] = [];
  const asks: Delta[] = [];
  const head = stream.heads[change];
  for (let slot = head + 1; slot <= head + stream.levelsOf(change); slot++) {
    const price = stream.float(slot, level.at.priceMilli);
    const size = stream.float(slot, level.at.quantityMilli);
    (stream.isAsk(slot) ? asks : bids).push([price, size]);
  }
  return { isSnapshot: stream.isSnapshot(change), bids, asks };
}

const copyOf = ({ isSnapshot, bids, asks }: Change): Change => ({
  isSnapshot,
  bids: bids.map(([price, size]): Delta => [price, size]),
  asks: asks.map(([price, size]): Delta => [price, size]),
});

export class CcxtSubject implements BookSubject {
  readonly name = 'ccxt';
  private stream: BookStream | null = null;
  private inputs: readonly Change[] = [];
  private changes: readonly Change[] = [];
  private book = new OrderBook();

  /** The book keeps the pairs it is given and writes into them, as it may: a venue's frame makes new ones each time. */
  prepare(stream: BookStream): void {
    if (this.stream !== stream) this.inputs = stream.heads.map((_, change) => changeOf(stream, change));
    this.stream = stream;
    this.changes = this.inputs.map(copyOf);
    this.book = new OrderBook();
    this.change(0);
  }

  /** As its exchanges do: a snapshot resets the book, the levels of a delta are stored one by one. */
  change(change: number): void {
    const { isSnapshot, bids, asks } = this.changes[change];
    const { book } = this;
    if (isSnapshot) {
      book.reset({ bids, asks });
      return;
    }
    for (let i = 0; i < bids.length; i++) book.bids.storeArray(bids[i]);
    for (let i = 0; i < asks.length; i++) book.asks.storeArray(asks[i]);
  }

  run(): number {
    const { book, changes } = this;
    let sum = 0;
    for (let change = 1; change < changes.length; change++) {
      this.change(change);
      sum += (book.bids.length > 0 ? book.bids[0][0] : 0) + (book.asks.length > 0 ? book.asks[0][0] : 0);
    }
    return sum;
  }

  best(): Levels {
    return this.first(1);
  }

  levels(): Levels {
    return this.first(Number.POSITIVE_INFINITY);
  }

  private first(count: number): Levels {
    const pairs = (side: Side): Pair[] =>
      Array.from({ length: Math.min(count, side.length) }, (_, rank): Pair => [side[rank][0], side[rank][1]]);
    return { bids: pairs(this.book.bids), asks: pairs(this.book.asks) };
  }
}
