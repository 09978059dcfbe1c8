// Baseline: `ws` + JSON.parse + tardis-dev's mapper and order book, best bid and offer read behind each frame.

import { workerData } from 'node:worker_threads';
import { type BookChange, normalizeBookChanges, OrderBook } from 'tardis-dev';
import { serveTexts } from './ws-baseline.ts';

type Message = {
  readonly stream?: string;
  readonly snapshot?: { readonly symbol: string } & Readonly<Record<string, unknown>>;
};
type Mapper = { map(message: unknown, localTimestamp: Date): Iterable<BookChange> | undefined };

/** A time at which the mapper reads today's frames and does not ask for a snapshot that meets the first update. */
const LOCAL_TIME = new Date('2025-03-01T00:00:00.000Z');

const counter = new Float64Array(workerData as SharedArrayBuffer);
const mapper = normalizeBookChanges('binance', LOCAL_TIME) as unknown as Mapper;
const books = new Map<string, { readonly book: OrderBook; best: number }>();
/** Best bid and offer of all books, summed: what is read must be used. */
let sum = 0;

/** A snapshot as tardis-dev's own feed makes it of the venue's answer. */
function generated({ symbol, ...data }: NonNullable<Message['snapshot']>): object {
  return { stream: `${symbol.toLowerCase()}@depthSnapshot`, generated: true, data };
}

function apply(change: BookChange): void {
  let held = books.get(change.symbol);
  if (held === undefined) {
    held = { book: new OrderBook(), best: 0 };
    books.set(change.symbol, held);
  }
  const { book } = held;
  book.update(change);
  const best = (book.bestBid()?.price ?? 0) + (book.bestAsk()?.price ?? 0);
  sum += best - held.best;
  held.best = best;
}

function take(text: string): void {
  const message = JSON.parse(text) as Message;
  const { snapshot } = message;
  for (const change of mapper.map(snapshot === undefined ? message : generated(snapshot), LOCAL_TIME) ?? [])
    apply(change);
  counter[1] = sum;
  counter[0]++;
}

serveTexts(take);
