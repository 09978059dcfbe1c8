// Which trade records of one market count: one channel, made in the market, each once; and where some are missing. Hot path.

import { makeMarketRow, marketRow } from '../../engine/base/market-row.ts';
import { PAST_TRADE_ID_WINDOW, TRADE_ID_WINDOW } from '../../schemas/config.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade, tradeId } from '../../schemas/market-data.ts';
import type { VenueRule } from '../../schemas/venue-rules.ts';
import { MissingIds } from './missing-ids.ts';
import { hashText, TradeIdWindow } from './trade-id-window.ts';

export const TradeVerdict = {
  /** Of the other channel, made outside the market, or seen before; counted as such. */
  leftOut: 0,
  accepted: 1,
  /** Accepted, and `missing[0]` trades before it never came. */
  acceptedAfterGap: 2,
  /** Accepted, and one of those that were missing. */
  acceptedMissing: 3,
} as const;
export type TradeVerdict = (typeof TradeVerdict)[keyof typeof TradeVerdict];

const CHANNEL_UNKNOWN = -1;
const ID_FLAGS = TradeFlag.noId | TradeFlag.textId;
/** Flags of records that acceptRun() leaves to accept(). */
const UNUSUAL_FLAGS = ID_FLAGS | TradeFlag.offMarket | TradeFlag.history;
const last = { tradeId: marketRow.filter, seenId: marketRow.filter + 1, textHash: marketRow.filter + 2 } as const;

/**
 * 1. The first trade record of a market chooses its channel, single or aggregate; the other is counted and left out.
 * 2. Trades made outside the market are counted and left out. Where ids rise they still use one up.
 * 3. Where ids rise by one, a jump means that trades are missing. An id not above the last accepted is a repeat, unless it
 *    comes with past trades and was missing.
 * 4. Elsewhere an id among the last TRADE_ID_WINDOW is a repeat. Without an id nothing can be told.
 */
export class TradeFilter {
  /** Trades missing before the record of the last call, after acceptedAfterGap. */
  readonly missing = new Float64Array(1);
  /** Ids that a jump passed over and that have not come since. */
  readonly missingIds = new MissingIds();
  private readonly isRising: boolean;
  private readonly countsMatches: boolean;
  private readonly counters: Float64Array;
  private readonly last: Float64Array;
  private channel = CHANNEL_UNKNOWN;
  /** Made with the first id that needs one. */
  private window: TradeIdWindow | null = null;
  private idsMax = TRADE_ID_WINDOW;

  /** `counters` is the market's own row of the market counters, `words` its row of words. */
  constructor(rule: VenueRule, counters: Float64Array, words: Float64Array = makeMarketRow()) {
    this.last = words;
    this.isRising = rule.risingTradeIds;
    this.countsMatches = rule.tradeIdsCountMatches === true;
    this.counters = counters;
    this.last[last.tradeId] = Number.NEGATIVE_INFINITY;
    this.last[last.seenId] = Number.NEGATIVE_INFINITY;
  }

  /** The id of the last trade accepted where ids rise, else NaN. */
  writeLastId(out: Float64Array, outAt: number): void {
    const id = this.last[last.tradeId];
    out[outAt] = id === Number.NEGATIVE_INFINITY ? Number.NaN : id;
  }

  /** Trades of a loss may come, among them such as have come since; or no more. */
  awaitPast(isAwaited: boolean): void {
    this.idsMax = isAwaited ? PAST_TRADE_ID_WINDOW : TRADE_ID_WINDOW;
    if (this.window !== null) this.window.sizeMax = this.idsMax;
  }

  /** Judges one trade record; with TradeFlag.textId its tradeId record lies in the slot behind it. */
  accept(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): TradeVerdict {
    const flags = u8[slot * SLOT_BYTES + trade.at.flags];
    const idAt = slot * SLOT_F64 + trade.at.id;
    const channel = flags & TradeFlag.aggregate;
    if (this.channel === CHANNEL_UNKNOWN) this.channel = channel;
    if (channel !== this.channel || (flags & TradeFlag.offMarket) !== 0) {
      if (channel === this.channel && this.isRising && (flags & ID_FLAGS) === 0) this.see(f64, idAt);
      this.counters[marketCounter.otherTrades] += 1;
      return TradeVerdict.leftOut;
    }
    let verdict: TradeVerdict = TradeVerdict.accepted;
    if ((flags & TradeFlag.noId) === 0) {
      if (this.isRising && (flags & TradeFlag.textId) === 0) {
        const ids = this.countsMatches ? u32[slot * SLOT_U32 + trade.at.count] : 1;
        verdict = this.follow(f64, idAt, ids, (flags & TradeFlag.history) !== 0);
      } else if (!this.remember(u8, u32, f64, slot)) verdict = TradeVerdict.leftOut;
      if (verdict === TradeVerdict.leftOut) {
        this.counters[marketCounter.duplicates] += 1;
        this.counters[marketCounter.duplicateTrades] += 1;
        return verdict;
      }
    }
    this.counters[marketCounter.trades] += u32[slot * SLOT_U32 + trade.at.count];
    return verdict;
  }

  /**
   * Accepts the records at `slot` and behind it as long as each is as plain as can be: made in the market, its number the
   * next one, or one not seen. Returns how many of `count` that were: 0 says nothing of the first, which accept() judges.
   * All have the first word of the first but for their side, and no tradeId records.
   */
  acceptRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
    const flags = u8[slot * SLOT_BYTES + trade.at.flags];
    if ((flags & TradeFlag.aggregate) !== this.channel || (flags & UNUSUAL_FLAGS) !== 0) return 0;
    const taken = this.isRising ? this.followRun(u32, f64, slot, count) : this.rememberRun(u8, u32, f64, slot, count);
    let matches = 0;
    for (let at = slot; at < slot + taken; at++) matches += u32[at * SLOT_U32 + trade.at.count];
    this.counters[marketCounter.trades] += matches;
    return taken;
  }

  private followRun(u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
    const { last: words, countsMatches } = this;
    let id = words[last.tradeId];
    // An id that was used up outside the market: the next is compared with that one.
    if (id !== words[last.seenId]) return 0;
    let taken = 0;
    for (; taken < count; taken++) {
      const next = id + (countsMatches ? u32[(slot + taken) * SLOT_U32 + trade.at.count] : 1);
      if (f64[(slot + taken) * SLOT_F64 + trade.at.id] !== next || next === id) break;
      id = next;
    }
    words[last.tradeId] = id;
    words[last.seenId] = id;
    return taken;
  }

  private rememberRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
    let taken = 0;
    while (taken < count && this.remember(u8, u32, f64, slot + taken)) taken++;
    return taken;
  }

  /** `ids` is how many ids the record uses up, its own the last of them. */
  private follow(f64: Float64Array, idAt: number, ids: number, isPast: boolean): TradeVerdict {
    const id = f64[idAt];
    if (id <= this.last[last.tradeId])
      return isPast && this.missingIds.take(f64, idAt) ? TradeVerdict.acceptedMissing : TradeVerdict.leftOut;
    this.last[last.tradeId] = id;
    const missing = id - ids - this.last[last.seenId];
    if (missing > 0 && missing < Number.POSITIVE_INFINITY) this.missingIds.add(this.last, last.seenId, missing);
    this.see(f64, idAt);
    // The first id has no one before it; an id that an off-market trade came ahead of is no jump.
    if (!(missing > 0 && missing < Number.POSITIVE_INFINITY)) return TradeVerdict.accepted;
    this.missing[0] = missing;
    return TradeVerdict.acceptedAfterGap;
  }

  private see(f64: Float64Array, idAt: number): void {
    if (f64[idAt] > this.last[last.seenId]) this.last[last.seenId] = f64[idAt];
  }

  private remember(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): boolean {
    if (this.window === null) {
      this.window = new TradeIdWindow();
      this.window.sizeMax = this.idsMax;
    }
    const hasText = (u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) !== 0;
    if (!hasText) return this.window.add(f64, slot * SLOT_F64 + trade.at.id);
    const idSlot = slot + 1;
    const length = u32[idSlot * SLOT_U32 + tradeId.at.count];
    hashText(u8, idSlot * SLOT_BYTES + tradeId.at.text, length, this.last, last.textHash);
    return this.window.add(this.last, last.textHash);
  }
}
