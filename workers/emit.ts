// What a shard tells the main thread about one market, when someone listens: deltas, best prices, bars, signals. Hot path.

import { IMBALANCE_LEVELS } from '../schemas/config.ts';
import { BAR_SLOTS, signal } from '../schemas/derived.ts';
import { BookState, RecordType, RequestKind, SIGNAL_NAMES, SignalEvent, SignalId, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { BAR_CHANGE_WORDS, barChangeEntry, type MarketBars } from './bars/market-bars.ts';
import type { Market } from './market.ts';
import { writeAnswerHead, writeBbo, writeStatus, writeWholeBook } from './output/answers.ts';
import type { OutputWriter } from './output/writer.ts';
import { imbalance } from './signals/imbalance.ts';
import { microprice } from './signals/microprice.ts';

const BAR_RECORDS = [
  RecordType.bar,
  RecordType.barPrices,
  RecordType.barVolumes,
  RecordType.barSides,
  RecordType.barNotional,
] as const;

/** One bar in five slots of the group being written. */
export function writeBar(out: OutputWriter, bars: MarketBars, kind: number, row: number): void {
  const flags = bars.flags(kind, row);
  const slots = barSlots;
  for (let i = 0; i < BAR_SLOTS; i++) {
    slots[i] = out.claim(BAR_RECORDS[i], i === 0 ? flags : 0, 0);
    if (slots[i] < 0) return;
  }
  bars.writeBar(kind, row, out.ring.f64, slots[0], slots[1], slots[2], slots[3], slots[4]);
}
const barSlots = new Int32Array(BAR_SLOTS);

/** The bars that the last trade or clock changed. */
export function emitBars(out: OutputWriter, market: Market): void {
  const { bars } = market;
  for (let i = 0; i < bars.changeCount; i++) {
    const kind = bars.changes[i * BAR_CHANGE_WORDS + barChangeEntry.kind];
    if (kind >= bars.visibleKinds) continue;
    out.begin(market.id);
    writeBar(out, bars, kind, bars.changes[i * BAR_CHANGE_WORDS + barChangeEntry.row]);
    out.end();
  }
}

export function emitBbo(out: OutputWriter, market: Market): void {
  out.begin(market.id);
  writeBbo(out, market.book);
  out.end();
}

export function emitStatus(out: OutputWriter, market: Market): void {
  out.begin(market.id);
  writeStatus(out, market.book, market.book.sinceNs, market.book.lost);
  out.end();
}

export function emitWholeBook(out: OutputWriter, market: Market): void {
  out.begin(market.id);
  writeWholeBook(out, market.book, 0);
  out.end();
}

function writeSignal(out: OutputWriter, market: Market, id: number, event: number): void {
  const slot = out.claim(RecordType.signal, id, event);
  if (slot < 0) return;
  const f64 = out.ring.f64;
  const base = slot * SLOT_F64;
  f64[base + signal.at.receiveTimeNs] = market.times[0];
  f64[base + signal.at.exchangeTimeUs] = market.times[1];
  out.ring.u8[slot * SLOT_BYTES + signal.at.isWarm] = writeSignalValue(market, id, f64, base);
}

/** Writes value and input sequence of a signal into its record; returns 1 when it is warm. */
function writeSignalValue(market: Market, id: number, f64: Float64Array, base: number): number {
  const valueAt = base + signal.at.value;
  const inputAt = base + signal.at.inputSequence;
  if (id === SignalId.cvd) return market.cvd.write(f64, valueAt, inputAt);
  if (id === SignalId.emaCross) return market.emaCross.write(f64, valueAt, inputAt);
  const { bids, asks, state, bookSequence } = market.book;
  f64[inputAt] = bookSequence;
  f64[valueAt] = Number.NaN;
  // A book that is not live has no measures; one that is has them as soon as both sides exist.
  if (state !== BookState.live) return 0;
  if (id === SignalId.microprice) microprice(bids.values, bids.count, asks.values, asks.count, f64, valueAt);
  else imbalance(bids.values, bids.count, asks.values, asks.count, IMBALANCE_LEVELS, f64, valueAt);
  return Number.isNaN(f64[valueAt]) ? 0 : 1;
}

export function emitSignal(out: OutputWriter, market: Market, id: number, event: number): void {
  out.begin(market.id);
  writeSignal(out, market, id, event);
  out.end();
}

/** Answers a request; nothing of the market's state changes. */
export function answerRequest(
  out: OutputWriter,
  market: Market,
  kind: number,
  requestId: number,
  limit: number,
  intervalMs: number,
): void {
  out.begin(market.id);
  if (kind === RequestKind.book) {
    writeAnswerHead(out, requestId, kind, 1);
    writeWholeBook(out, market.book, limit);
  } else if (kind === RequestKind.bars) answerBars(out, market, requestId, limit, intervalMs);
  else if (kind === RequestKind.trades) answerTrades(out, market, requestId, limit);
  else if (kind === RequestKind.signals) {
    writeAnswerHead(out, requestId, kind, SIGNAL_NAMES.length);
    for (let id = 0; id < SIGNAL_NAMES.length; id++) writeSignal(out, market, id, SignalEvent.none);
  } else if (kind === RequestKind.status) {
    writeAnswerHead(out, requestId, kind, 1);
    writeStatus(out, market.book, market.book.sinceNs, market.book.lost);
  } else writeAnswerHead(out, requestId, kind, 0);
  out.end();
}

function answerBars(out: OutputWriter, market: Market, requestId: number, limit: number, intervalMs: number): void {
  const { bars } = market;
  const kind = bars.kindOf(intervalMs);
  const held = kind < 0 ? 0 : bars.barCount(kind);
  const count = limit === 0 ? held : Math.min(limit, held);
  writeAnswerHead(out, requestId, RequestKind.bars, count);
  for (let index = held - count; index < held; index++) writeBar(out, bars, kind, bars.rowAt(kind, index));
}

function answerTrades(out: OutputWriter, market: Market, requestId: number, limit: number): void {
  const { trades } = market;
  const count = limit === 0 ? trades.count : Math.min(limit, trades.count);
  writeAnswerHead(out, requestId, RequestKind.trades, count);
  for (let index = trades.count - count; index < trades.count; index++) {
    out.copy(trades.slots, trades.slotAt(index));
    if ((trades.flagsAt(index) & TradeFlag.textId) !== 0) out.copy(trades.slots, trades.textSlotAt(index));
  }
}
