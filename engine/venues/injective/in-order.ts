// Decodes blocks with books alone, written as the node writes them: members in the order of the proto, no blanks. Hot path.
//
//   [{"jsonrpc":"2.0","id":1,"result":]{"block_height":"…","block_time":"…"[,"bank_balances":[]]…[,"spot_orderbook_updates":[
//     {"seq":"…","orderbook":{"market_id":"0x…"[,"buy_levels":[{"p":"…","q":"…"}…]][,"sell_levels":[…]]}}…]]…[,"gas_price":"…"]…}[}]
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';
import { DECIMALS_MAX } from '../../base/decimal.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerAt, textEndAt, wordOf } from '../../decode/words.ts';
import { IdMarkets, UNREAD } from './id-markets.ts';
import { Rendering } from './numbers.ts';
import { isText, printedAt, textOf } from './printed-words.ts';
import type { Shared } from './shared.ts';

const WRAPPER = textOf('{"jsonrpc":"2.0","id":');
const RESULT = textOf(',"result":{');
const HEIGHT = textOf('"block_height":"');
const TIME = textOf('","block_time":"');
/** Further members in their order, the name with what is around it. */
const MEMBERS = [
  'bank_balances',
  'subaccount_deposits',
  'spot_trades',
  'derivative_trades',
  'spot_orders',
  'derivative_orders',
  'spot_orderbook_updates',
  'derivative_orderbook_updates',
  'positions',
  'oracle_prices',
  'gas_price',
  'order_failures',
  'conditional_order_trigger_failures',
].map((name) => textOf(`,"${name}":`));
const FIRST_BOOKS = 6;
const LAST_BOOKS = 7;
const GAS_PRICE = 10;

const SEQUENCE = textOf('{"seq":"');
const BOOK = textOf('","orderbook":{"market_id":"0x');
const BUYS = textOf(',"buy_levels":[');
const SELLS = textOf(',"sell_levels":[');
const PRICE = wordOf('{"p"');
const PRICE_TAIL = wordOf('p":"');
const PRICE_BYTES = 6;
const QUANTITY = wordOf('","q');
const QUANTITY_TAIL = wordOf('q":"');
const QUANTITY_BYTES = 7;
const ID_DIGITS = 64;
/** Milliseconds of the year 2255, as far as times go (engine/decode/time.ts); microseconds are left to the other way. */
const TIME_MS_MAX = 9e12;
const FRAME_BYTES_MIN = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const TIME_AT = 4;
const SEQUENCE_AT = 5;
const INTEGER_AT = 6;

export class InOrderBlocks {
  private readonly sink: RecordSink;
  private readonly shared: Shared;
  private readonly markets: IdMarkets;
  /** Price and quantity of a level, then a block's time and an update's sequence. */
  private readonly values = new Float64Array(7);
  private count = 0;
  /** What a claim or a market was refused with. */
  private refusal = 0;

  constructor(sink: RecordSink, shared: Shared) {
    this.sink = sink;
    this.shared = shared;
    this.markets = new IdMarkets(sink, shared.id);
  }

  decode(view: DataView, from: number, end: number): number {
    const { numbers, isStreamChainScaled } = this.shared;
    // How the stream prints must be settled, and as it does here.
    if (numbers.rendering !== Rendering.plain || isStreamChainScaled || end - from < FRAME_BYTES_MIN) return 0;
    this.refusal = 0;
    const done = this.frame(view, from, end);
    if (this.refusal < 0) return this.refusal;
    if (done) this.markets.keep();
    return done ? 1 : 0;
  }

  private frame(view: DataView, from: number, end: number): boolean {
    const last = end - 4;
    const isWrapped = isText(view, from, last, WRAPPER);
    let at = from + 1;
    if (isWrapped) {
      at = integerAt(view, from + WRAPPER.bytes, last, this.values, INTEGER_AT);
      if (at === 0 || !isText(view, at, last, RESULT)) return false;
      at += RESULT.bytes;
    } else if (view.getUint8(from) !== OPEN_OBJECT) return false;
    at = this.head(view, at, last);
    if (at === 0) return false;
    at = this.members(view, at, last);
    if (at === 0) return false;
    const closes = isWrapped ? 2 : 1;
    if (at + closes !== end) return false;
    return view.getUint8(at) === CLOSE_OBJECT && view.getUint8(end - 1) === CLOSE_OBJECT;
  }

  /** Height and time; returns the offset after the quote. */
  private head(view: DataView, at: number, last: number): number {
    if (!isText(view, at, last, HEIGHT)) return 0;
    const height = integerAt(view, at + HEIGHT.bytes, last, this.values, INTEGER_AT);
    if (height === 0 || !isText(view, height, last, TIME)) return 0;
    const after = integerAt(view, height + TIME.bytes, last, this.values, TIME_AT);
    if (after === 0 || after > last || this.values[TIME_AT] > TIME_MS_MAX || view.getUint8(after) !== QUOTE) return 0;
    this.values[TIME_AT] *= 1000;
    return after + 1;
  }

  /** Returns the offset of the `}`. */
  private members(view: DataView, from: number, last: number): number {
    let at = from;
    let next = 0;
    while (at <= last && view.getUint8(at) === COMMA) {
      while (next < MEMBERS.length && !isText(view, at, last, MEMBERS[next])) next++;
      if (next === MEMBERS.length) return 0;
      at = this.value(view, at + MEMBERS[next].bytes, last, next);
      if (at === 0 || at > last + 3) return 0;
      next++;
    }
    return at;
  }

  /** An empty list, the text of the gas price, or a list of books; returns the offset after it. */
  private value(view: DataView, at: number, last: number, member: number): number {
    // Two bytes at least are to be seen: an empty list's.
    if (at > last + 2) return 0;
    if (member === GAS_PRICE) {
      if (view.getUint8(at) !== QUOTE) return 0;
      const close = textEndAt(view, at + 1, last);
      return close === 0 ? 0 : close + 1;
    }
    if (view.getUint8(at) !== OPEN_ARRAY) return 0;
    if (view.getUint8(at + 1) === CLOSE_ARRAY) return at + 2;
    return member === FIRST_BOOKS || member === LAST_BOOKS ? this.updates(view, at + 1, last) : 0;
  }

  private updates(view: DataView, from: number, last: number): number {
    let at = from;
    for (;;) {
      at = this.update(view, at, last);
      if (at === 0) return 0;
      const byte = view.getUint8(at);
      if (byte === CLOSE_ARRAY) return at + 1;
      if (byte !== COMMA) return 0;
      at++;
    }
  }

  private update(view: DataView, from: number, last: number): number {
    if (!isText(view, from, last, SEQUENCE)) return 0;
    let at = integerAt(view, from + SEQUENCE.bytes, last, this.values, SEQUENCE_AT);
    if (at === 0 || !isText(view, at, last, BOOK)) return 0;
    at += BOOK.bytes;
    if (at + ID_DIGITS > last || view.getUint8(at + ID_DIGITS) !== QUOTE) return 0;
    const market = this.markets.find(view, at);
    if (market === UNREAD) return 0;
    if (market < 0 || this.shared.guard.isOpen(market)) return this.refuse(market);
    const head = this.sink.claim(market, RecordType.bookChange);
    if (head < 0) return this.refuse(head);
    this.count = 0;
    at = this.sides(view, at + ID_DIGITS + 1, last, market);
    if (at === 0 || at + 2 > last + 3) return 0;
    if (view.getUint8(at) !== CLOSE_OBJECT || view.getUint8(at + 1) !== CLOSE_OBJECT) return 0;
    this.writeHead(head);
    return at + 2;
  }

  /** A negative result is the frame's; either way the walk ends. */
  private refuse(result: number): number {
    if (result < 0) this.refusal = result;
    return 0;
  }

  private sides(view: DataView, from: number, last: number, market: number): number {
    let at = from;
    if (isText(view, at, last, BUYS)) at = this.levels(view, at + BUYS.bytes, last, market, 0);
    if (at > 0 && isText(view, at, last, SELLS)) {
      at = this.levels(view, at + SELLS.bytes, last, market, LevelFlag.ask);
    }
    return at;
  }

  /** Returns the offset after the `]`. */
  private levels(view: DataView, from: number, last: number, market: number, flags: number): number {
    let at = from;
    if (at <= last && view.getUint8(at) === CLOSE_ARRAY) return at + 1;
    for (;;) {
      at = this.level(view, at, last);
      if (at === 0) return 0;
      const written = this.write(market, flags);
      if (written < 0) return this.refuse(written);
      const byte = view.getUint8(at);
      if (byte === CLOSE_ARRAY) return at + 1;
      if (byte !== COMMA) return 0;
      at++;
    }
  }

  /** Reads a level into the first four values; returns the offset after its `}`. */
  private level(view: DataView, at: number, last: number): number {
    if (at + 2 > last || view.getInt32(at, true) !== PRICE || view.getInt32(at + 2, true) !== PRICE_TAIL) return 0;
    const price = printedAt(view, at + PRICE_BYTES, last, this.values, 0);
    if (price === 0 || (this.values[0] === 0 && this.values[1] === 0)) return 0;
    if (price + 3 > last || view.getInt32(price, true) !== QUANTITY) return 0;
    if (view.getInt32(price + 3, true) !== QUANTITY_TAIL) return 0;
    const quantity = printedAt(view, price + QUANTITY_BYTES, last, this.values, 2);
    // The quote was seen; `}` and what follows lie before the end of the frame, or this is none.
    if (quantity === 0 || quantity + 2 > last + 3) return 0;
    return view.getUint8(quantity + 1) === CLOSE_OBJECT ? quantity + 2 : 0;
  }

  private write(market: number, flags: number): number {
    const { sink, values } = this;
    const slot = sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    const { f64, u8 } = sink;
    const at = slot * SLOT_BYTES;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    u8[at + level.at.flags] = flags;
    u8[at + level.at.priceDecimals] = DECIMALS_MAX;
    u8[at + level.at.quantityDecimals] = DECIMALS_MAX;
    f64[base] = values[0];
    f64[base + 1] = values[1];
    f64[base + 2] = values[2];
    f64[base + 3] = values[3];
    this.count++;
    return 1;
  }

  private writeHead(slot: number): void {
    const { f64, u8, u32, frame } = this.sink;
    const base = slot * SLOT_F64;
    u8[slot * SLOT_BYTES + bookChange.at.flags] = ChangeFlag.hasSequence;
    u32[slot * SLOT_U32 + bookChange.at.count] = this.count;
    f64[base + bookChange.at.receiveTimeNs] = frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = this.values[TIME_AT];
    f64[base + bookChange.at.firstSequence] = this.values[SEQUENCE_AT];
    f64[base + bookChange.at.lastSequence] = this.values[SEQUENCE_AT];
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }
}
