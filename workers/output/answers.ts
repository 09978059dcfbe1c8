// Answers to requests: whole books, bars, trades and signals of one market, written for the main thread.

import { answer, bbo, bboAsk, bookUpdate, status } from '../../schemas/derived.ts';
import { LevelFlag, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import { toldChecksum } from './told-checksum.ts';
import type { OutputWriter } from './writer.ts';

/** One side of a book as answers need it: four numbers a level from offsetOf(rank); price of the horizon at 0 and 1. */
export type LevelList = {
  readonly values: Float64Array;
  readonly count: number;
  offsetOf(rank: number): number;
  readonly hasHorizon: boolean;
  readonly horizon: Float64Array;
};

/** What heads a book update: written by the shard for deltas and whole books alike. */
export type BookHead = {
  readonly receiveTimeNs: number;
  readonly exchangeTimeUs: number;
  readonly bookSequence: number;
  readonly venueSequence: number;
  readonly state: number;
  readonly reason: number;
  readonly bids: LevelList;
  readonly asks: LevelList;
};

export const BOOK_SNAPSHOT = 1;

/** Head of an answer; items follow in the same group. */
export function writeAnswerHead(out: OutputWriter, requestId: number, kind: number, count: number): void {
  const slot = out.claim(RecordType.answer, 0, count);
  if (slot < 0) return;
  out.ring.f64[slot * SLOT_F64 + answer.at.requestId] = requestId;
  out.ring.f64[slot * SLOT_F64 + answer.at.kind] = kind;
}

/** Fills a claimed head with the book as it stands; `levels` records follow it. */
export function fillBookHead(out: OutputWriter, slot: number, book: BookHead, levels: number): void {
  const f64 = out.ring.f64;
  const base = slot * SLOT_F64;
  out.ring.u32[slot * SLOT_U32 + bookUpdate.at.count] = levels;
  f64[base + bookUpdate.at.receiveTimeNs] = book.receiveTimeNs;
  f64[base + bookUpdate.at.exchangeTimeUs] = book.exchangeTimeUs;
  f64[base + bookUpdate.at.bookSequence] = book.bookSequence;
  f64[base + bookUpdate.at.venueSequence] = book.venueSequence;
  f64[base + bookUpdate.at.levelsBid] = book.bids.count;
  f64[base + bookUpdate.at.levelsAsk] = book.asks.count;
  out.ring.u32[slot * SLOT_U32 + bookUpdate.at.checksum] = toldChecksum(book.bids, book.asks);
  out.ring.u8[slot * SLOT_BYTES + bookUpdate.at.state] = book.state;
  out.ring.u8[slot * SLOT_BYTES + bookUpdate.at.reason] = book.reason;
}

/** One level record from the price, and unless it is a removal the quantity, at values[at]. */
export function writeLevel(
  out: OutputWriter,
  flags: number,
  values: Float64Array,
  at: number,
  isRemoval: boolean,
): void {
  const slot = out.claim(RecordType.level, flags, 0);
  if (slot < 0) return;
  const f64 = out.ring.f64;
  const base = slot * SLOT_F64 + level.at.priceMilli;
  f64[base] = values[at];
  f64[base + 1] = values[at + 1];
  f64[base + 2] = isRemoval ? 0 : values[at + 2];
  f64[base + 3] = isRemoval ? 0 : values[at + 3];
}

function writeSide(out: OutputWriter, side: LevelList, flags: number, count: number): void {
  for (let rank = 0; rank < count; rank++) writeLevel(out, flags, side.values, side.offsetOf(rank), false);
}

/** A whole book, best levels first, bids before asks, then the horizons there are; `limit` levels a side, 0 for all. */
export function writeWholeBook(out: OutputWriter, book: BookHead, limit: number): void {
  const bids = limit === 0 ? book.bids.count : Math.min(limit, book.bids.count);
  const asks = limit === 0 ? book.asks.count : Math.min(limit, book.asks.count);
  const count = bids + asks + (book.bids.hasHorizon ? 1 : 0) + (book.asks.hasHorizon ? 1 : 0);
  const slot = out.claim(RecordType.bookChange, BOOK_SNAPSHOT, count);
  if (slot < 0) return;
  fillBookHead(out, slot, book, count);
  writeSide(out, book.bids, 0, bids);
  writeSide(out, book.asks, LevelFlag.ask, asks);
  if (book.bids.hasHorizon) writeLevel(out, LevelFlag.horizon, book.bids.horizon, 0, true);
  if (book.asks.hasHorizon) writeLevel(out, LevelFlag.horizon | LevelFlag.ask, book.asks.horizon, 0, true);
}

/** Best bid and offer of the book; absent sides have their flag unset. */
export function writeBbo(out: OutputWriter, book: BookHead): void {
  const { bids, asks } = book;
  const bidSlot = out.claim(RecordType.bbo, (bids.count > 0 ? 1 : 0) | (asks.count > 0 ? 2 : 0), 0);
  if (bidSlot < 0) return;
  const f64 = out.ring.f64;
  const base = bidSlot * SLOT_F64;
  f64[base + bbo.at.receiveTimeNs] = book.receiveTimeNs;
  f64[base + bbo.at.exchangeTimeUs] = book.exchangeTimeUs;
  f64[base + bbo.at.bookSequence] = book.bookSequence;
  const bid = bids.count > 0 ? bids.offsetOf(0) : -1;
  for (let i = 0; i < 4; i++) f64[base + bbo.at.bidPriceMilli + i] = bid < 0 ? 0 : bids.values[bid + i];
  const askSlot = out.claim(RecordType.bboAsk, 0, 0);
  if (askSlot < 0) return;
  const askBase = askSlot * SLOT_F64 + bboAsk.at.askPriceMilli;
  const ask = asks.count > 0 ? asks.offsetOf(0) : -1;
  for (let i = 0; i < 4; i++) f64[askBase + i] = ask < 0 ? 0 : asks.values[ask + i];
  out.ring.u8[askSlot * SLOT_BYTES + bboAsk.at.state] = book.state;
  out.ring.u8[askSlot * SLOT_BYTES + bboAsk.at.reason] = book.reason;
}

export function writeStatus(out: OutputWriter, book: BookHead, sinceNs: number, lost: number): void {
  const slot = out.claim(RecordType.status, 0, 0);
  if (slot < 0) return;
  const f64 = out.ring.f64;
  const base = slot * SLOT_F64;
  f64[base + status.at.receiveTimeNs] = book.receiveTimeNs;
  f64[base + status.at.sinceNs] = sinceNs;
  f64[base + status.at.lost] = lost;
  f64[base + status.at.bookSequence] = book.bookSequence;
  out.ring.u8[slot * SLOT_BYTES + status.at.state] = book.state;
  out.ring.u8[slot * SLOT_BYTES + status.at.reason] = book.reason;
}
