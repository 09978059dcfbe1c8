// Reads the entries of `trades` and `trades-all`, in the order they were sent. Hot path.
//
// Source: OKX API guide v5, "Trades channel", "All trades channel" (2026-08): `side` is the taker's. An entry of `trades`
// stands for `count` matches of one taker order at one price, `tradeId` is the last of them; `trades-all` has each alone.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import { isZero, writeTradeId } from '../../decode/records.ts';
import { integerString, keyBytes, matches } from '../../decode/scan.ts';
import { RECEIVE } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { EntryList, HAS_TIME } from './entry-list.ts';
import { field } from './fields.ts';

const KEY_ID = keyBytes('tradeId');
const KEY_PRICE = keyBytes('px');
const KEY_QUANTITY = keyBytes('sz');
const KEY_SIDE = keyBytes('side');
const KEY_COUNT = keyBytes('count');
const BUY = keyBytes('buy');
const SELL = keyBytes('sell');

const HAS_ID = 4;
const HAS_PRICE = 8;
const HAS_QUANTITY = 16;
const HAS_SIDE = 32;
const HAS_COUNT = 64;
const NEEDS = HAS_TIME | HAS_ID | HAS_PRICE | HAS_QUANTITY | HAS_SIDE;

/** Matches beyond a u32 in one trade do not exist. */
const MATCHES_MAX = 0xffffffff;

export class TradeEntries extends EntryList {
  private flags = 0;
  private side = 0;
  private idFrom = 0;
  private idTo = 0;

  /** Flags of all entries: `aggregate` for `trades`. Recordings before `count` have it, too: it is the same channel. */
  prepare(flags: number): void {
    this.flags = flags;
  }

  protected override beginEntry(): number {
    this.values[field.matches] = 1;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_PRICE)) return this.decimal(HAS_PRICE, bytes, at, end, field.price);
    if (matches(bytes, from, to, KEY_QUANTITY)) return this.decimal(HAS_QUANTITY, bytes, at, end, field.quantity);
    if (matches(bytes, from, to, KEY_ID)) return this.once(HAS_ID) ? this.tradeId(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIDE))
      return this.once(HAS_SIDE) ? this.takerSide(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_COUNT))
      return this.once(HAS_COUNT) ? this.matchCount(bytes, at, end) : FrameResult.shape;
    return this.otherMember(bytes, from, to, at, end);
  }

  private tradeId(bytes: Uint8Array, at: number, end: number): number {
    const after = integerString(bytes, at, end, this.values, field.id);
    this.idFrom = at + 1;
    this.idTo = after - 1;
    return after;
  }

  private takerSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  private matchCount(bytes: Uint8Array, at: number, end: number): number {
    const after = integerString(bytes, at, end, this.values, field.matches);
    if (after < 0) return after;
    const count = this.values[field.matches];
    return count < 1 || count > MATCHES_MAX ? FrameResult.range : after;
  }

  protected endEntry(bytes: Uint8Array): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const values = this.values;
    if (isZero(values, field.price) || isZero(values, field.quantity)) return FrameResult.range;
    const { sink } = this;
    const slot = sink.claim(this.market, RecordType.trade);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    // Without a count (before 2023) nothing tells which ids the record uses up: they are no numbers then.
    const isCounted = (this.flags & TradeFlag.aggregate) === 0 || (this.seen & HAS_COUNT) !== 0;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.side | this.flags | (isCounted ? 0 : TradeFlag.textId);
    sink.u32[slot * SLOT_U32 + trade.at.count] = (this.flags & TradeFlag.aggregate) !== 0 ? values[field.matches] : 1;
    sink.f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + trade.at.priceMilli + i] = values[field.price + i];
    sink.f64[base + trade.at.id] = isCounted ? values[field.id] : 0;
    return isCounted ? 1 : writeTradeId(sink, this.market, bytes, this.idFrom, this.idTo);
  }
}
