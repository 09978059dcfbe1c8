// Reads trades: those of a block of the chain stream, those pushed by the indexer, and the indexer's list of past ones. Hot path.
//
// Each match gives two records, one of the taker and one of the maker: only the taker's is kept (venues.md §6.3). Sources:
// injective-core @c7b042e2, proto/injective/stream/v2/query.proto (SpotTrade, DerivativeTrade), exchange.proto
// (ExecutionType); Injective API docs, "StreamTradesV2", "TradesV2" (2026-08).

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { liquidation, TRADE_ID_BYTES_MAX, trade } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { isZero, writeTradeId } from '../../decode/records.ts';
import { booleanEnd, keyBytes, matches, OPEN_OBJECT, skipValue, wrongType } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { isForced, Role, roleOfExecution, roleOfSide } from './executions.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { NameTable } from './names.ts';
import { scaledAny, timeAny } from './numbers.ts';
import type { Shared } from './shared.ts';

const NAMES = new NameTable([
  'marketId',
  'price',
  'quantity',
  'executionPrice',
  'executionQuantity',
  'positionDelta',
  'isBuy',
  'tradeDirection',
  'tradeId',
  'executionSide',
  'executionType',
  'tradeExecutionType',
  'executedAt',
  'isLiquidation',
]);
const Name = {
  marketId: 0,
  price: 1,
  quantity: 2,
  executionPrice: 3,
  executionQuantity: 4,
  positionDelta: 5,
  isBuy: 6,
  tradeDirection: 7,
  tradeId: 8,
  executionSide: 9,
  executionType: 10,
  tradeExecutionType: 11,
  executedAt: 12,
  isLiquidation: 13,
} as const;

const BUY = keyBytes('buy');
const SELL = keyBytes('sell');
const LETTER_T = 0x74;

const HAS_ID = 1;
const HAS_SIDE = 2;
const HAS_EXECUTION = 4;
const HAS_EXECUTION_SIDE = 8;
const HAS_PRICE = 16;
const HAS_QUANTITY = 32;
const HAS_POSITION = 64;
const HAS_TIME = 128;
const HAS_TRADE_ID = 256;
const HAS_LIQUIDATION = 512;
const HAS_PRICE_OBJECT = 1024;
const NEEDS = HAS_ID | HAS_PRICE | HAS_QUANTITY | HAS_TIME;

/** Whose trades a list has: a block's in the stream's units, pushed by the indexer, or asked for from it. */
export const TradeForm = { chain: 0, indexer: 1, history: 2 } as const;

export class TradeObjects extends ObjectList {
  /** Records of takers written since it was last set. */
  written = 0;
  private readonly sink: RecordSink;
  private readonly shared: Shared;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private form: number = TradeForm.chain;
  private timeUs = -1;
  private market = 0;
  private idFrom = 0;
  private idTo = 0;
  private priceAt = 0;
  private quantityAt = 0;
  private tradeIdFrom = 0;
  private tradeIdTo = 0;
  private side: number = Side.sell;
  private role: number = Role.none;
  private sideRole: number = Role.none;
  private isLiquidation = false;

  constructor(sink: RecordSink, shared: Shared) {
    super();
    this.sink = sink;
    this.shared = shared;
  }

  /** Decodes a list of trades; `timeUs` is the block's, -1 where each has its own. Returns the offset after it, or a FrameResult. */
  list(bytes: Uint8Array, at: number, end: number, form: number, timeUs: number): number {
    this.form = form;
    this.timeUs = timeUs;
    return this.entries(bytes, at, end);
  }

  /** Decodes one trade of the indexer. */
  one(bytes: Uint8Array, at: number, end: number, form: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.form = form;
    this.timeUs = -1;
    this.beginEntry();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const result = this.endEntry(bytes, end);
    return result < 0 ? result : after;
  }

  protected override beginEntry(): number {
    this.seen = this.timeUs >= 0 ? HAS_TIME : 0;
    this.values[field.timeUs] = this.timeUs;
    // Go leaves out what is false: a trade without `is_buy` is a sale.
    this.side = Side.sell;
    this.role = Role.none;
    this.sideRole = Role.none;
    this.isLiquidation = false;
    this.tradeIdTo = 0;
    this.tradeIdFrom = 0;
    return 0;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    switch (NAMES.find(bytes, from, to)) {
      case Name.marketId:
        return this.text(HAS_ID, bytes, at, end);
      case Name.price:
      case Name.executionPrice:
        return this.price(bytes, at, end);
      case Name.quantity:
      case Name.executionQuantity:
        return this.quantity(bytes, at, end);
      case Name.positionDelta:
        return this.nested(HAS_POSITION, bytes, at, end);
      case Name.isBuy:
        return this.isBuy(bytes, at, end);
      case Name.tradeDirection:
        return this.text(HAS_SIDE, bytes, at, end);
      case Name.tradeId:
        return this.text(HAS_TRADE_ID, bytes, at, end);
      case Name.executionSide:
        return this.text(HAS_EXECUTION_SIDE, bytes, at, end);
      case Name.executionType:
      case Name.tradeExecutionType:
        return this.text(HAS_EXECUTION, bytes, at, end);
      case Name.executedAt:
        return this.executedAt(bytes, at, end);
      case Name.isLiquidation:
        return this.liquidation(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private liquidation(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_LIQUIDATION)) return FrameResult.shape;
    this.isLiquidation = this.isLiquidation || bytes[at] === LETTER_T;
    return booleanEnd(bytes, at, end);
  }

  /** `price` of the indexer's spot trades is an object with price, quantity and time. */
  private price(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] === OPEN_OBJECT) return this.nested(HAS_PRICE_OBJECT, bytes, at, end);
    if (!this.once(HAS_PRICE)) return FrameResult.shape;
    this.priceAt = at;
    return skipValue(bytes, at, end);
  }

  private quantity(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_QUANTITY)) return FrameResult.shape;
    this.quantityAt = at;
    return skipValue(bytes, at, end);
  }

  private nested(bit: number, bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    return at < end && bytes[at] === OPEN_OBJECT ? this.members(bytes, at, end) : wrongType(bytes, at, end);
  }

  private isBuy(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_SIDE)) return FrameResult.shape;
    this.side = bytes[at] === LETTER_T ? Side.buy : Side.sell;
    return booleanEnd(bytes, at, end);
  }

  private executedAt(bytes: Uint8Array, at: number, end: number): number {
    // Trades of a block have the block's time.
    if (this.form === TradeForm.chain) return skipValue(bytes, at, end);
    return this.once(HAS_TIME) ? timeAny(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
  }

  private text(bit: number, bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const taken = this.take(bit, bytes, at + 1, close);
    return taken < 0 ? taken : close + 1;
  }

  private take(bit: number, bytes: Uint8Array, from: number, to: number): number {
    switch (bit) {
      case HAS_ID:
        this.idFrom = from;
        this.idTo = to;
        return 1;
      case HAS_TRADE_ID:
        this.tradeIdFrom = from;
        this.tradeIdTo = to;
        return to - from > TRADE_ID_BYTES_MAX ? FrameResult.shape : 1;
      case HAS_SIDE:
        this.side = matches(bytes, from, to, BUY) ? Side.buy : Side.sell;
        return this.side === Side.buy || matches(bytes, from, to, SELL) ? 1 : FrameResult.type;
      case HAS_EXECUTION_SIDE:
        this.sideRole = roleOfSide(bytes, from, to);
        return 1;
      default:
        this.role = roleOfExecution(bytes, from, to);
        this.isLiquidation = this.isLiquidation || isForced(bytes, from, to);
        return 1;
    }
  }

  protected endEntry(bytes: Uint8Array, end: number): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if ((this.seen & (HAS_EXECUTION | HAS_EXECUTION_SIDE)) === 0) return FrameResult.missingField;
    if (this.form !== TradeForm.chain && (this.seen & HAS_SIDE) === 0) return FrameResult.missingField;
    // The side says it; records from before it was there (2022) have the execution type alone.
    const role = this.sideRole === Role.none ? this.role : this.sideRole;
    if (role === Role.maker) return 1;
    const read = this.readNumbers(bytes, end);
    return read < 0 ? read : this.write(bytes);
  }

  private readNumbers(bytes: Uint8Array, end: number): number {
    const { shared, values } = this;
    this.market = shared.market(this.sink, bytes, this.idFrom, this.idTo);
    if (this.market < 0) return this.market;
    const isChainScaled = this.form !== TradeForm.chain || shared.isStreamChainScaled;
    if (isChainScaled && !shared.findDecimals(this.market)) return FrameResult.missingField;
    const price = this.number(bytes, this.priceAt, end, isChainScaled ? shared.table.priceShift : 0, field.price);
    if (price < 0) return price;
    const shift = isChainScaled ? shared.table.quantityShift : 0;
    const quantity = this.number(bytes, this.quantityAt, end, shift, field.quantity);
    if (quantity < 0) return quantity;
    if (isZero(values, field.price) || isZero(values, field.quantity)) return FrameResult.range;
    return this.form === TradeForm.chain ? this.judgeScale() : 1;
  }

  private number(bytes: Uint8Array, at: number, end: number, shift: number, index: number): number {
    return this.form === TradeForm.chain
      ? this.shared.numbers.read(bytes, at, end, shift, this.values, index)
      : scaledAny(bytes, at, end, shift, this.values, index);
  }

  /** `range` where the stream's price is in another scale than the snapshot's. */
  private judgeScale(): number {
    const { guard } = this.shared;
    if (!guard.isOpen(this.market)) return 1;
    const distance = guard.distance(this.market, this.values[field.price], this.values[field.price + 1]);
    return guard.accepts(this.market, distance) ? 1 : FrameResult.range;
  }

  private flags(): number {
    let flags: number = this.side;
    if (this.role === Role.offMarket) flags |= TradeFlag.offMarket;
    if (this.form === TradeForm.history) flags |= TradeFlag.history;
    return flags | (this.tradeIdTo > this.tradeIdFrom ? TradeFlag.textId : TradeFlag.noId);
  }

  private write(bytes: Uint8Array): number {
    const { sink, values, market } = this;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.flags();
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    sink.f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + trade.at.priceMilli + i] = values[field.price + i];
    sink.f64[base + trade.at.id] = 0;
    this.written++;
    if (this.tradeIdTo > this.tradeIdFrom) {
      const id = writeTradeId(this.sink, this.market, bytes, this.tradeIdFrom, this.tradeIdTo);
      if (id < 0) return id;
    }
    return this.isLiquidation ? this.writeLiquidation() : 1;
  }

  /** The taker's order was the venue's, which closed a position. */
  private writeLiquidation(): number {
    const { sink, values } = this;
    const slot = sink.claim(this.market, RecordType.liquidation);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + liquidation.at.flags] = this.side;
    sink.f64[base + liquidation.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + liquidation.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + liquidation.at.priceMilli + i] = values[field.price + i];
    return 1;
  }
}
