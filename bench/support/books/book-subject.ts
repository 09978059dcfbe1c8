// What a book must do to be compared with others: take the changes of a stream, and tell its best levels and all.

import type { BookStream } from './stream.ts';

/** Price and quantity. */
export type Pair = readonly [number, number];
/** Levels best first. */
export type Levels = { readonly bids: readonly Pair[]; readonly asks: readonly Pair[] };

export type BookSubject = {
  readonly name: string;
  /** A new book that holds the stream's first change, and fresh inputs where a book keeps what it is given. */
  prepare(stream: BookStream): void;
  /** Takes one change; 0 is the first. */
  change(change: number): void;
  /** Takes all changes but the first and reads the best bid and offer behind each; returns the sum of their prices. */
  run(): number;
  best(): Levels;
  levels(): Levels;
};
