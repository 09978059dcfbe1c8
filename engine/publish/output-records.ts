// Reads groups of output records into messages. A group may wrap the ring's end, so each slot is addressed alone.

import {
  bar,
  barNotional,
  barPrices,
  barSides,
  barSpread,
  barVolumes,
  bbo,
  bboAsk,
  bookUpdate,
  outputGap,
  signal,
  status,
} from '../../schemas/derived.ts';
import {
  BAR_TYPE_NAMES,
  BarType,
  BOOK_STATE_NAMES,
  COMPLETENESS_NAMES,
  LevelFlag,
  SIGNAL_EVENT_NAMES,
  STATE_REASON_NAMES,
  TradeFlag,
} from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import { level, trade, tradeId } from '../../schemas/market-data.ts';
import type { BarKind } from '../base/bar-kinds.ts';
import type { EngineClock } from '../base/clock.ts';
import { formatDecimal } from '../base/decimal.ts';
import type { SignalSpec } from '../base/signal-specs.ts';
import type { RingReader } from '../ring/spsc-ring.ts';
import { integerText } from './integer-text.ts';
import {
  type BookChangeMessage,
  type BookTickerMessage,
  LEVEL_NUMBERS,
  type Levels,
  type SignalMessage,
  type StatusMessage,
  type TradeBarMessage,
  type TradeMessage,
} from './messages.ts';
import { notionalText, notionalUnits, unitsText, volumeUnits, vwapText } from './wide-decimal.ts';

/** Flags of a bookUpdate, bbo and bar record (schemas/derived.ts). */
const SNAPSHOT = 1;
/** What the flags of a level record tell apart. */
const LEVEL_KIND = LevelFlag.ask | LevelFlag.horizon;
const BID_PRESENT = 1;
const ASK_PRESENT = 2;
const FINAL = 1;
const COMPLETENESS_SHIFT = 1;
const COMPLETENESS_MASK = 3;
const STATE_SHIFT = 3;
const STATE_MASK = 7;
const NO_PRICES = 64;
const LIMBS = 6;

const decoder = new TextDecoder();
const EMPTY = new Float64Array(0);

/** What numbers in records stand for: the engine's bar kinds and signals. */
export type OutputWords = { readonly barKinds: readonly BarKind[]; readonly signals: readonly SignalSpec[] };

/** A cursor over one ring's unread records; every method takes offsets from the first unread slot. Thread: main. */
export class OutputRecords {
  readonly ring: RingReader;
  private readonly clock: EngineClock;
  private readonly words: OutputWords;

  constructor(ring: RingReader, clock: EngineClock, words: OutputWords) {
    this.ring = ring;
    this.clock = clock;
    this.words = words;
  }

  type(offset: number): number {
    return this.ring.u8[this.ring.slotAt(offset) * SLOT_BYTES + trade.at.type];
  }

  flags(offset: number): number {
    return this.ring.u8[this.ring.slotAt(offset) * SLOT_BYTES + trade.at.flags];
  }

  market(offset: number): number {
    return this.ring.u16[this.ring.slotAt(offset) * SLOT_U16 + trade.at.market];
  }

  count(offset: number): number {
    return this.ring.u32[this.ring.slotAt(offset) * SLOT_U32 + trade.at.count];
  }

  /** A float64 field of the record at an offset. */
  f64(offset: number, field: number): number {
    return this.ring.f64[this.ring.slotAt(offset) * SLOT_F64 + field];
  }

  private u32(offset: number, field: number): number {
    return this.ring.u32[this.ring.slotAt(offset) * SLOT_U32 + field];
  }

  private u8(offset: number, field: number): number {
    return this.ring.u8[this.ring.slotAt(offset) * SLOT_BYTES + field];
  }

  /** Wall time of a receive time; 0 stays 0: nothing was received yet. */
  private localUs(offset: number, field: number): number {
    const timeNs = this.f64(offset, field);
    return timeNs === 0 ? 0 : this.clock.wallUs(timeNs);
  }

  /** Receive time of the first output an outputGap left out. */
  gapTimeUs(offset: number): number {
    return this.localUs(offset, outputGap.at.receiveTimeNs);
  }

  /** Slots of a trade: two where the id is text. */
  tradeSlots(offset: number): number {
    return this.flags(offset) & TradeFlag.textId ? 2 : 1;
  }

  private tradeIdOf(offset: number): string | null {
    const flags = this.flags(offset);
    if (flags & TradeFlag.noId) return null;
    if (!(flags & TradeFlag.textId)) return integerText(this.f64(offset, trade.at.id));
    const from = this.ring.slotAt(offset + 1) * SLOT_BYTES + tradeId.at.text;
    return decoder.decode(this.ring.u8.slice(from, from + this.count(offset + 1)));
  }

  trade(offset: number): TradeMessage {
    return {
      type: 'trade',
      timestampUs: this.f64(offset, trade.at.exchangeTimeUs),
      localTimestampUs: this.localUs(offset, trade.at.receiveTimeNs),
      id: this.tradeIdOf(offset),
      priceMilli: this.f64(offset, trade.at.priceMilli),
      priceAtto: this.f64(offset, trade.at.priceAtto),
      quantityMilli: this.f64(offset, trade.at.quantityMilli),
      quantityAtto: this.f64(offset, trade.at.quantityAtto),
      side: this.flags(offset) & TradeFlag.sideMask,
      matches: Math.max(1, this.count(offset)),
      isOutlier: (this.flags(offset) & TradeFlag.outlier) !== 0,
    };
  }

  /** Levels of a bookUpdate with these flags, in the order written. */
  private levels(offset: number, flags: number): Levels {
    const count = this.count(offset);
    let found = 0;
    for (let i = 1; i <= count; i++) if ((this.flags(offset + i) & LEVEL_KIND) === flags) found++;
    if (found === 0) return EMPTY;
    const levels = new Float64Array(found * LEVEL_NUMBERS);
    let at = 0;
    for (let i = 1; i <= count; i++) {
      const slot = this.ring.slotAt(offset + i);
      if ((this.ring.u8[slot * SLOT_BYTES + level.at.flags] & LEVEL_KIND) !== flags) continue;
      const from = slot * SLOT_F64 + level.at.priceMilli;
      for (let k = 0; k < LEVEL_NUMBERS; k++) levels[at++] = this.ring.f64[from + k];
    }
    return levels;
  }

  /** The horizon of one side of a whole book: it stands behind all levels, that of the bids first. */
  private horizon(offset: number, side: number): Levels | null {
    const count = this.count(offset);
    for (let i = count; i > 0 && i > count - 2; i--) {
      if (this.flags(offset + i) !== (LevelFlag.horizon | side)) continue;
      return Float64Array.from({ length: LEVEL_NUMBERS }, (_, k) => this.f64(offset + i, level.at.priceMilli + k));
    }
    return null;
  }

  book(offset: number): BookChangeMessage {
    return {
      type: 'book_change',
      timestampUs: this.f64(offset, bookUpdate.at.exchangeTimeUs),
      localTimestampUs: this.localUs(offset, bookUpdate.at.receiveTimeNs),
      isSnapshot: (this.flags(offset) & SNAPSHOT) !== 0,
      bids: this.levels(offset, 0),
      asks: this.levels(offset, LevelFlag.ask),
      bookSequence: this.f64(offset, bookUpdate.at.bookSequence),
      venueSequence: this.f64(offset, bookUpdate.at.venueSequence),
      levelsBid: this.f64(offset, bookUpdate.at.levelsBid),
      levelsAsk: this.f64(offset, bookUpdate.at.levelsAsk),
      horizonBid: this.horizon(offset, 0),
      horizonAsk: this.horizon(offset, LevelFlag.ask),
      state: BOOK_STATE_NAMES[this.u8(offset, bookUpdate.at.state)],
      reason: STATE_REASON_NAMES[this.u8(offset, bookUpdate.at.reason)],
      checksum: this.u32(offset, bookUpdate.at.checksum),
      part: 1,
      parts: 1,
      isResumeRefused: false,
    };
  }

  ticker(offset: number): BookTickerMessage {
    const flags = this.flags(offset);
    const four = (at: number, field: number): Levels =>
      Float64Array.from({ length: LEVEL_NUMBERS }, (_, k) => this.f64(at, field + k));
    return {
      type: 'book_ticker',
      timestampUs: this.f64(offset, bbo.at.exchangeTimeUs),
      localTimestampUs: this.localUs(offset, bbo.at.receiveTimeNs),
      bid: flags & BID_PRESENT ? four(offset, bbo.at.bidPriceMilli) : EMPTY,
      ask: flags & ASK_PRESENT ? four(offset + 1, bboAsk.at.askPriceMilli) : EMPTY,
      state: BOOK_STATE_NAMES[this.u8(offset + 1, bboAsk.at.state)],
      reason: STATE_REASON_NAMES[this.u8(offset + 1, bboAsk.at.reason)],
    };
  }

  private sum(offset: number, tera: number): bigint {
    return volumeUnits(this.f64(offset, tera), this.f64(offset, tera + 1), this.f64(offset, tera + 2));
  }

  private prices(offset: number): Float64Array {
    const prices = new Float64Array(8);
    for (let k = 0; k < 6; k++) prices[k] = this.f64(offset + 1, barPrices.at.openMilli + k);
    prices[6] = this.f64(offset + 2, barVolumes.at.closeMilli);
    prices[7] = this.f64(offset + 2, barVolumes.at.closeAtto);
    return prices;
  }

  /** Text of a spread; null where none was known. */
  private spread(offset: number, field: number): string | null {
    const milli = this.f64(offset, field);
    return milli < 0 ? null : formatDecimal(milli, this.f64(offset, field + 1));
  }

  /** The six slots of a bar: bar, barPrices, barVolumes, barSides, barNotional, barSpread. */
  bar(offset: number): TradeBarMessage {
    const flags = this.flags(offset);
    const kindNumber = this.f64(offset, bar.at.kind);
    const kind = this.words.barKinds[kindNumber];
    const startUs = this.f64(offset, bar.at.startTimeUs);
    const closeUs = this.f64(offset, bar.at.closeTimeUs);
    const volume = this.sum(offset + 2, barVolumes.at.volumeTera);
    const buyVolume = this.sum(offset + 3, barSides.at.buyTera);
    const sellVolume = this.sum(offset + 3, barSides.at.sellTera);
    const limbs = Array.from({ length: LIMBS }, (_, k) => this.f64(offset + 4, barNotional.at.limb0 + k));
    const notional = notionalUnits(limbs);
    return {
      type: 'trade_bar',
      timestampUs: kind.type === BarType.time ? startUs + kind.interval * 1000 : closeUs,
      localTimestampUs: this.localUs(offset, bar.at.receiveTimeNs),
      kindNumber,
      name: kind.name,
      kind: BAR_TYPE_NAMES[kind.type],
      interval: kind.interval,
      startUs,
      openUs: this.f64(offset, bar.at.openTimeUs),
      closeUs,
      prices: (flags & NO_PRICES) !== 0 ? null : this.prices(offset),
      volume: unitsText(volume),
      buyVolume: unitsText(buyVolume),
      sellVolume: unitsText(sellVolume),
      trades: this.f64(offset, bar.at.trades),
      vwap: vwapText(notional, volume),
      notional: notionalText(notional),
      revision: this.f64(offset, bar.at.revision),
      completeness: COMPLETENESS_NAMES[(flags >> COMPLETENESS_SHIFT) & COMPLETENESS_MASK],
      isFinal: (flags & FINAL) !== 0,
      delta: unitsText(buyVolume - sellVolume),
      spreadHigh: this.spread(offset + 5, barSpread.at.spreadHighMilli),
      spreadLow: this.spread(offset + 5, barSpread.at.spreadLowMilli),
      state: BOOK_STATE_NAMES[(flags >> STATE_SHIFT) & STATE_MASK],
    };
  }

  private finite(offset: number, field: number): number | null {
    const value = this.f64(offset, field);
    return Number.isFinite(value) ? value : null;
  }

  /** A signal's number and event lie in its header. */
  signal(offset: number): SignalMessage {
    const signalId = this.flags(offset);
    const { name, outputs } = this.words.signals[signalId];
    const all = [signal.at.value, signal.at.second, signal.at.third].map((field) => this.finite(offset, field));
    const values = Object.fromEntries(outputs.map((output, index) => [output, all[index]]));
    return {
      type: 'signal',
      timestampUs: this.f64(offset, signal.at.exchangeTimeUs),
      localTimestampUs: this.localUs(offset, signal.at.receiveTimeNs),
      signalId,
      name,
      value: all[0],
      values: outputs.length > 1 ? values : null,
      event: SIGNAL_EVENT_NAMES[this.count(offset)],
      isWarm: this.u8(offset, signal.at.isWarm) === 1,
      inputSeq: this.f64(offset, signal.at.inputSequence),
    };
  }

  status(offset: number): StatusMessage {
    return {
      type: 'status',
      timestampUs: 0,
      localTimestampUs: this.localUs(offset, status.at.receiveTimeNs),
      state: BOOK_STATE_NAMES[this.u8(offset, status.at.state)],
      reason: STATE_REASON_NAMES[this.u8(offset, status.at.reason)],
      sinceUs: this.localUs(offset, status.at.sinceNs),
      lost: this.f64(offset, status.at.lost),
    };
  }
}
