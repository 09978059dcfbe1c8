// Reads books: updates of the chain stream and of the indexer, whole books, and snapshots of LCD and indexer. Hot path.
//
// Sources: injective-core @c7b042e2, proto/injective/stream/v2/query.proto (OrderbookUpdate) and exchange/v2/query.proto
// (QuerySpotOrderbookResponse); Injective API docs, "StreamOrderbookUpdate", "OrderbooksV2" (2026-08); venues.md §6.2, §6.4.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { integerAny, OPEN_OBJECT, skipValue, wrongType } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { LevelObjects } from './levels.ts';
import { NameTable } from './names.ts';
import { timeAny } from './numbers.ts';
import type { Shared } from './shared.ts';

const NAMES = new NameTable([
  'buyLevels',
  'sellLevels',
  'buys',
  'sells',
  'buysPriceLevel',
  'sellsPriceLevel',
  'marketId',
  'symbol',
  'seq',
  'sequence',
  'orderbook',
  'timestamp',
  'updatedAt',
]);
const Name = { marketId: 6, symbol: 7, seq: 8, sequence: 9, orderbook: 10, timestamp: 11, updatedAt: 12 } as const;

/** Units of the sides' numbers, in the order of their names, bids and asks in turn. */
const Units = { stream: 0, indexer: 1, human: 2 } as const;

const HAS_ID = 1;
const HAS_SEQUENCE = 2;
const HAS_TIME = 4;
const HAS_BOOK = 8;
const HAS_BIDS = 16;
const HAS_ASKS = 32;
const HAS_LCD_SIDE = 64;
/** What tells an answer with a book from any other answer. */
const IS_BOOK = HAS_SEQUENCE | HAS_BOOK | HAS_BIDS | HAS_ASKS;

/** What an object is: an update whose sequence is required, a whole book of a stream, or an answer asked for. */
export const BookForm = { chainUpdate: 0, indexerUpdate: 1, whole: 2, answer: 3 } as const;

export class BookObjects extends ObjectList {
  private readonly shared: Shared;
  private readonly sink: RecordSink;
  private readonly levels: LevelObjects;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private form: number = BookForm.chainUpdate;
  private timeUs = 0;
  private market = 0;
  private headSlot = -1;
  private count = 0;
  private bidsAt = 0;
  private asksAt = 0;
  private bidUnits = 0;
  private askUnits = 0;
  private bestBid = 0;
  private bestAsk = 0;
  /** The id that was given for the entry beside it, none where idTo is 0. */
  private idFrom = 0;
  private idTo = 0;

  constructor(sink: RecordSink, shared: Shared) {
    super();
    this.sink = sink;
    this.shared = shared;
    this.levels = new LevelObjects(sink, shared.numbers, shared.guard);
  }

  /** Decodes a list of books; `timeUs` is that of the frame. Returns the offset after it, or a negative FrameResult. */
  list(bytes: Uint8Array, at: number, end: number, form: number, timeUs: number): number {
    this.form = form;
    this.timeUs = timeUs;
    this.idTo = 0;
    return this.entries(bytes, at, end);
  }

  /** Decodes one book, whose market may be named by bytes[idFrom..idTo) beside it. */
  one(bytes: Uint8Array, at: number, end: number, form: number, idFrom: number, idTo: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.form = form;
    this.timeUs = 0;
    this.idFrom = idFrom;
    this.idTo = idTo;
    const begun = this.beginEntry(bytes);
    if (begun < 0) return begun;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const written = this.endEntry(bytes, end);
    return written < 0 ? written : after;
  }

  protected override beginEntry(bytes?: Uint8Array): number {
    this.headSlot = -1;
    this.count = 0;
    this.bidsAt = 0;
    this.asksAt = 0;
    this.bestBid = 0;
    this.bestAsk = 0;
    this.values[field.timeUs] = this.timeUs;
    this.levels.nearest = Number.POSITIVE_INFINITY;
    this.seen = 0;
    return this.idTo === 0 || bytes === undefined ? 1 : this.takeId(bytes, this.idFrom, this.idTo);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const name = NAMES.find(bytes, from, to);
    switch (name) {
      case -1:
        return skipValue(bytes, at, end);
      case Name.marketId:
      case Name.symbol:
        return this.id(bytes, at, end);
      case Name.seq:
      case Name.sequence:
        return this.once(HAS_SEQUENCE) ? integerAny(bytes, at, end, this.values, field.sequence) : FrameResult.shape;
      case Name.orderbook:
        return this.once(HAS_BOOK) ? this.inner(bytes, at, end) : FrameResult.shape;
      case Name.timestamp:
      case Name.updatedAt:
        return this.once(HAS_TIME) ? timeAny(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
      default:
        return this.side(bytes, at, end, name & 1, name >> 1);
    }
  }

  /** The levels lie in an object of their own, with the id inside or outside of it. */
  private inner(bytes: Uint8Array, at: number, end: number): number {
    return at < end && bytes[at] === OPEN_OBJECT ? this.members(bytes, at, end) : wrongType(bytes, at, end);
  }

  private id(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const taken = this.takeId(bytes, at + 1, close);
    return taken < 0 ? taken : close + 1;
  }

  /** An id that comes again must be the same. */
  private takeId(bytes: Uint8Array, from: number, to: number): number {
    const market = this.shared.market(this.sink, bytes, from, to);
    if (market < 0) return market;
    if ((this.seen & HAS_ID) !== 0) return market === this.market ? 1 : FrameResult.shape;
    this.seen |= HAS_ID;
    this.market = market;
    this.headSlot = this.sink.claim(market, RecordType.bookChange);
    return Math.min(this.headSlot, 1);
  }

  /** Decodes a side at once where the id was seen before it; else keeps its place for endEntry(). */
  private side(bytes: Uint8Array, at: number, end: number, isAsk: number, units: number): number {
    if (!this.once(isAsk === 1 ? HAS_ASKS : HAS_BIDS)) return FrameResult.shape;
    if (units === Units.human) this.seen |= HAS_LCD_SIDE;
    if ((this.seen & HAS_ID) !== 0) return this.decodeSide(bytes, at, end, isAsk, units);
    if (isAsk === 1) {
      this.asksAt = at;
      this.askUnits = units;
    } else {
      this.bidsAt = at;
      this.bidUnits = units;
    }
    return skipValue(bytes, at, end);
  }

  private decodeSide(bytes: Uint8Array, at: number, end: number, isAsk: number, units: number): number {
    this.setScale(units);
    const after = this.levels.decode(bytes, at, end, this.market, isAsk === 1 ? LevelFlag.ask : 0);
    this.count += this.levels.count;
    if (isAsk === 1) this.bestAsk = this.levels.best;
    else this.bestBid = this.levels.best;
    return after;
  }

  private setScale(units: number): void {
    const { levels, shared } = this;
    levels.isStream = units === Units.stream;
    const isChainScaled = units === Units.indexer || (levels.isStream && shared.isStreamChainScaled);
    levels.isScaleKnown = !isChainScaled || shared.findDecimals(this.market);
    levels.priceShift = isChainScaled ? shared.table.priceShift : 0;
    levels.quantityShift = isChainScaled ? shared.table.quantityShift : 0;
  }

  protected endEntry(bytes: Uint8Array, end: number): number {
    if ((this.seen & HAS_ID) === 0) return FrameResult.missingField;
    // Lists that are empty may be left out: an answer of another kind must not be taken for an empty book.
    if (this.form === BookForm.answer && (this.seen & IS_BOOK) === 0) return FrameResult.missingField;
    // An answer of the LCD without a number cannot be joined; it is also that of v1beta1, in other units.
    const needsSequence = this.form <= BookForm.indexerUpdate || (this.seen & HAS_LCD_SIDE) !== 0;
    if (needsSequence && (this.seen & HAS_SEQUENCE) === 0) return FrameResult.missingField;
    if (this.bidsAt > 0) {
      const after = this.decodeSide(bytes, this.bidsAt, end, 0, this.bidUnits);
      if (after < 0) return after;
    }
    if (this.asksAt > 0) {
      const after = this.decodeSide(bytes, this.asksAt, end, 1, this.askUnits);
      if (after < 0) return after;
    }
    if (!this.judgeScale()) return FrameResult.range;
    this.writeHead();
    return 1;
  }

  /** False where the stream's prices are in another scale than the snapshot's. */
  private judgeScale(): boolean {
    const { guard } = this.shared;
    if (this.form >= BookForm.whole) {
      const { bestBid, bestAsk } = this;
      guard.note(this.market, bestBid > 0 && bestAsk > 0 ? (bestBid + bestAsk) / 2 : bestBid + bestAsk);
      return true;
    }
    const { nearest } = this.levels;
    return nearest === Number.POSITIVE_INFINITY || guard.accepts(this.market, nearest);
  }

  private flags(): number {
    let flags: number = (this.seen & HAS_SEQUENCE) !== 0 ? ChangeFlag.hasSequence : 0;
    if (this.form >= BookForm.whole) flags |= ChangeFlag.snapshot;
    if (this.form === BookForm.answer) flags |= ChangeFlag.rest;
    return flags;
  }

  private writeHead(): void {
    // The head was claimed before its levels, all of the same market: the views still are those of its shard.
    const { f64, u8, u32 } = this.sink;
    const { values, headSlot } = this;
    const base = headSlot * SLOT_F64;
    const sequence = (this.seen & HAS_SEQUENCE) !== 0 ? values[field.sequence] : 0;
    u8[headSlot * SLOT_BYTES + bookChange.at.flags] = this.flags();
    u32[headSlot * SLOT_U32 + bookChange.at.count] = this.count;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[field.timeUs];
    f64[base + bookChange.at.firstSequence] = sequence;
    f64[base + bookChange.at.lastSequence] = sequence;
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }
}
