// What a shard tells the main thread about one market, when someone listens: deltas, best prices, bars, signals. Hot path.

import { BAR_SLOTS, outputGap, signal } from '../schemas/derived.ts';
import { RecordType, RequestKind, StateReason, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { BAR_CHANGE_WORDS, barChangeEntry } from './bars/bar-changes.ts';
import type { MarketBars } from './bars/market-bars.ts';
import type { Market } from './market.ts';
import { writeAnswerHead, writeBbo, writeStatus, writeWholeBook } from './output/answers.ts';
import type { OutputWriter } from './output/writer.ts';

const BAR_RECORDS = [
  RecordType.bar,
  RecordType.barPrices,
  RecordType.barVolumes,
  RecordType.barSides,
  RecordType.barNotional,
  RecordType.barSpread,
] as const;

/** One bar in six slots of the group being written. */
export function writeBar(out: OutputWriter, bars: MarketBars, kind: number, row: number): void {
  const flags = bars.flags(kind, row);
  const slots = barSlots;
  for (let i = 0; i < BAR_SLOTS; i++) {
    slots[i] = out.claim(BAR_RECORDS[i], i === 0 ? flags : 0, 0);
    if (slots[i] < 0) return;
  }
  bars.writeBar(kind, row, out.ring.f64, slots[0], slots[1], slots[2], slots[3], slots[4], slots[5]);
}
const barSlots = new Int32Array(BAR_SLOTS);

/** The bars that the last trade or clock changed. */
export function emitBars(out: OutputWriter, market: Market): void {
  const { bars } = market;
  const { words, count } = bars.changes;
  for (let i = 0; i < count; i++) {
    const kind = words[i * BAR_CHANGE_WORDS + barChangeEntry.kind];
    if (!bars.isVisible(kind)) continue;
    out.begin(market.id);
    writeBar(out, bars, kind, words[i * BAR_CHANGE_WORDS + barChangeEntry.row]);
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

/** A journal does not say what came of a market meanwhile: told where a replay is read as a stream, on all its channels. */
export function emitHole(out: OutputWriter, market: Market, reason: number, receiveTimeNs: number): void {
  if (out.patience === null) return;
  if (reason !== StateReason.restart && reason !== StateReason.journalHole) return;
  out.begin(market.id);
  const slot = out.claim(RecordType.gap, reason, 0);
  const at = slot * SLOT_F64;
  out.ring.f64[at + outputGap.at.receiveTimeNs] = receiveTimeNs;
  out.ring.f64[at + outputGap.at.bookSequence] = market.book.bookSequence;
  out.end();
}

export function emitWholeBook(out: OutputWriter, market: Market): void {
  out.begin(market.id);
  writeWholeBook(out, market.book, 0);
  out.end();
}

/** The signal with this number as it stands, in one slot of the group being written. */
function writeSignal(out: OutputWriter, market: Market, number: number, hasEvent: boolean): void {
  const placed = market.signal(number);
  const signalOf = placed?.signal;
  const slot = out.claim(RecordType.signal, number, hasEvent && signalOf !== undefined ? signalOf.event : 0);
  if (slot < 0) return;
  const { f64 } = out.ring;
  const base = slot * SLOT_F64;
  f64[base + signal.at.receiveTimeNs] = market.times[0];
  f64[base + signal.at.exchangeTimeUs] = market.times[1];
  f64[base + signal.at.inputSequence] = market.signals.isOnBook(number)
    ? market.book.bookSequence
    : (placed?.inputs ?? 0);
  f64[base + signal.at.value] = signalOf === undefined ? Number.NaN : signalOf.value;
  f64[base + signal.at.second] = signalOf === undefined ? Number.NaN : signalOf.second;
  f64[base + signal.at.third] = signalOf === undefined ? Number.NaN : signalOf.third;
  out.ring.u8[slot * SLOT_BYTES + signal.at.isWarm] = signalOf?.isWarm === true ? 1 : 0;
}

export function emitSignal(out: OutputWriter, market: Market, number: number): void {
  out.begin(market.id);
  writeSignal(out, market, number, true);
  out.end();
}

/** Answers a request; nothing of the market's state changes. */
export function answerRequest(
  out: OutputWriter,
  market: Market,
  kind: number,
  requestId: number,
  limit: number,
  barKind: number,
): void {
  out.begin(market.id);
  if (kind === RequestKind.book) {
    writeAnswerHead(out, requestId, kind, 1);
    writeWholeBook(out, market.book, limit);
  } else if (kind === RequestKind.bars) answerBars(out, market, requestId, limit, barKind);
  else if (kind === RequestKind.trades) answerTrades(out, market, requestId, limit);
  else if (kind === RequestKind.signals) {
    const { numbers } = market.signals;
    writeAnswerHead(out, requestId, kind, numbers.length);
    for (let i = 0; i < numbers.length; i++) writeSignal(out, market, numbers[i], false);
  } else if (kind === RequestKind.status) {
    writeAnswerHead(out, requestId, kind, 1);
    writeStatus(out, market.book, market.book.sinceNs, market.book.lost);
  } else writeAnswerHead(out, requestId, kind, 0);
  out.end();
}

function answerBars(out: OutputWriter, market: Market, requestId: number, limit: number, barKind: number): void {
  const { bars } = market;
  const found = bars.indexOf(barKind);
  const kind = found >= 0 && bars.isVisible(found) ? found : -1;
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
