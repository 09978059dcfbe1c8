// Baseline: `ws` + JSON.parse + a Map per book side and numbers for bars, on one thread: what most bots run today.

import { workerData } from 'node:worker_threads';
import { serveTexts } from './ws-baseline.ts';

type Wrapped = { data?: Payload; snapshot?: Snapshot };
type Level = [string, string];
type Payload = { e: string; s: string; p: string; q: string; T: number; m: boolean; b: Level[]; a: Level[] };
type Snapshot = { symbol: string; bids: Level[]; asks: Level[] };
type Book = { bids: Map<number, number>; asks: Map<number, number>; best: number };
type Bar = { start: number; open: number; high: number; low: number; close: number; volume: number };

const counter = new Float64Array(workerData as SharedArrayBuffer);
const books = new Map<string, Book>();
const bars = new Map<string, Bar>();

function applySide(side: Map<number, number>, levels: Level[]): void {
  for (const [price, quantity] of levels) {
    if (Number(quantity) === 0) side.delete(Number(price));
    else side.set(Number(price), Number(quantity));
  }
}

function bookOf(symbol: string): Book {
  let book = books.get(symbol);
  if (book === undefined) {
    book = { bids: new Map(), asks: new Map(), best: 0 };
    books.set(symbol, book);
  }
  return book;
}

function take(text: string): void {
  const { data, snapshot } = JSON.parse(text) as Wrapped;
  if (snapshot !== undefined) {
    const book = bookOf(snapshot.symbol);
    applySide(book.bids, snapshot.bids);
    applySide(book.asks, snapshot.asks);
  } else if (data?.e === 'trade') takeTrade(data);
  else if (data !== undefined) {
    const book = bookOf(data.s);
    applySide(book.bids, data.b);
    applySide(book.asks, data.a);
  }
  counter[0]++;
}

function takeTrade(data: Payload): void {
  const price = Number(data.p);
  const start = data.T - (data.T % 1000);
  const bar = bars.get(data.s);
  if (bar === undefined || bar.start !== start) {
    bars.set(data.s, { start, open: price, high: price, low: price, close: price, volume: Number(data.q) });
    return;
  }
  bar.high = Math.max(bar.high, price);
  bar.low = Math.min(bar.low, price);
  bar.close = price;
  bar.volume += Number(data.q);
}

serveTexts(take);
