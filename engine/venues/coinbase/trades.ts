// Reads market_trades: collects a message's trades, then writes them in ascending order of id. Hot path.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Market Trades Channel" (2026-08): `side` is the maker's.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import type { ConnectionSequence } from '../../decode/connection-sequence.ts';
import { isZero } from '../../decode/records.ts';
import {
  CLOSE_OBJECT,
  decimalString,
  integerString,
  keyBytes,
  matches,
  next,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { ROW_NUMBERS, ROW_WORDS, row, TradeRows, word } from '../../decode/trade-rows.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { EntryList } from './entry-list.ts';

const KEY_PRODUCT = keyBytes('product_id');
const KEY_ID = keyBytes('trade_id');
const KEY_PRICE = keyBytes('price');
const KEY_SIZE = keyBytes('size');
const KEY_TIME = keyBytes('time');
const KEY_SIDE = keyBytes('side');
const BUY = keyBytes('BUY');
const SELL = keyBytes('SELL');

const HAS_PRODUCT = 1;
const HAS_ID = 2;
const HAS_PRICE = 4;
const HAS_SIZE = 8;
const HAS_TIME = 16;
const HAS_SIDE = 32;
const NEEDS = 63;

export class TradeEvents extends EntryList {
  private readonly sink: RecordSink;
  private readonly sequence: ConnectionSequence;
  private readonly rows = new TradeRows();
  private seen = 0;
  private numbersBase = 0;
  private wordsBase = 0;

  constructor(sink: RecordSink, sequence: ConnectionSequence) {
    super('trades');
    this.sink = sink;
    this.sequence = sequence;
  }

  /** Forgets the trades of the message before. */
  begin(): void {
    this.rows.count = 0;
  }

  protected entry(bytes: Uint8Array, at: number, end: number): number {
    const index = this.rows.add();
    if (index < 0) return FrameResult.tooLarge;
    this.seen = 0;
    this.numbersBase = index * ROW_NUMBERS;
    this.wordsBase = index * ROW_WORDS;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const checked = this.check();
    return checked < 0 ? checked : position + 1;
  }

  private check(): number {
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const numbers = this.rows.numbers;
    const hasZero = isZero(numbers, this.numbersBase + row.price) || isZero(numbers, this.numbersBase + row.quantity);
    return hasZero ? FrameResult.range : 1;
  }

  /** Notes a field; false where the trade had it before. */
  private once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  private member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const numbers = this.rows.numbers;
    const base = this.numbersBase;
    if (matches(bytes, from, to, KEY_PRODUCT))
      return this.once(HAS_PRODUCT) ? this.product(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ID))
      return this.once(HAS_ID) ? integerString(bytes, at, end, numbers, base + row.id) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PRICE))
      return this.once(HAS_PRICE) ? decimalString(bytes, at, end, numbers, base + row.price) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIZE))
      return this.once(HAS_SIZE) ? decimalString(bytes, at, end, numbers, base + row.quantity) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? isoTime(bytes, at, end, numbers, base + row.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIDE)) return this.once(HAS_SIDE) ? this.side(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private product(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.rows.words[this.wordsBase + word.productFrom] = at + 1;
    this.rows.words[this.wordsBase + word.productTo] = close;
    return close + 1;
  }

  /** The maker's side: where a resting bid was hit, the taker sold. */
  private side(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const isBuy = matches(bytes, at + 1, close, BUY);
    if (!isBuy && !matches(bytes, at + 1, close, SELL)) return FrameResult.type;
    const history = this.isSnapshot ? TradeFlag.history : 0;
    this.rows.words[this.wordsBase + word.flags] = (isBuy ? Side.sell : Side.buy) | history;
    return close + 1;
  }

  /** Writes the trades collected; returns 1 or a negative FrameResult. */
  write(bytes: Uint8Array): number {
    this.rows.sort();
    const order = this.rows.order;
    for (let i = 0; i < this.rows.count; i++) {
      const written = this.writeTrade(bytes, order[i]);
      if (written < 0) return written;
    }
    return 1;
  }

  private writeTrade(bytes: Uint8Array, index: number): number {
    const sink = this.sink;
    const { numbers, words } = this.rows;
    const from = index * ROW_NUMBERS;
    const wordsFrom = index * ROW_WORDS;
    const market = sink.market(bytes, words[wordsFrom + word.productFrom], words[wordsFrom + word.productTo]);
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const f64 = sink.f64;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = words[wordsFrom + word.flags];
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = numbers[from + row.timeUs];
    for (let i = 0; i < 4; i++) f64[base + trade.at.priceMilli + i] = numbers[from + row.price + i];
    f64[base + trade.at.id] = numbers[from + row.id];
    this.sequence.addMarket(market, 0);
    return 1;
  }
}
