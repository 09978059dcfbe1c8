// Decodes the messages of one Injective connection: blocks of the chain stream, bare or in JSON-RPC, and indexer frames. Hot path.
//
// Sources: venues.md §6; injective-core @c7b042e2, proto/injective/stream/v2/query.proto; docs/venues/injective.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  documentEnd,
  findValue,
  keyBytes,
  matches,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { refusal, textEnd } from '../../decode/walk.ts';
import { BookForm, BookObjects } from './book.ts';
import { InOrderBlocks } from './in-order.ts';
import { MarketList } from './markets.ts';
import { NameTable } from './names.ts';
import { timeAny } from './numbers.ts';
import { Shared } from './shared.ts';
import { TradeHistory } from './trade-history.ts';
import { TradeForm, TradeObjects } from './trades.ts';

const ORDERBOOKS = keyBytes('orderbooks');
const TRADES = keyBytes('trades');

/** Members of a frame or of its `result`: the lists of a block that make records first, then the parts, then the rest. */
const NAMES = new NameTable([
  'spotTrades',
  'derivativeTrades',
  'spotOrderbookUpdates',
  'derivativeOrderbookUpdates',
  'orderbookLevelUpdates',
  'orderbook',
  'orderbooks',
  'trade',
  'trades',
  'snapshot',
  'backfill',
  'markets',
  'result',
  'error',
  'marketId',
  'streamScale',
  'blockTime',
  // What else a block has: seen, it is one (StreamResponse in stream/v2/query.proto).
  'blockHeight',
  'bankBalances',
  'subaccountDeposits',
  'spotOrders',
  'derivativeOrders',
  'positions',
  'oraclePrices',
  'gasPrice',
  'orderFailures',
  'conditionalOrderTriggerFailures',
]);
const Name = { result: 12, error: 13, marketId: 14, streamScale: 15, blockTime: 16 } as const;
const LISTS = 4;
const FIRST_BOOK_LIST = 2;
const PARTS = 8;
/** What a frame may be beside a block, by the member that says it, counted from the first of them. */
const Part = { updates: 0, book: 1, books: 2, trade: 3, trades: 4, snapshot: 5, backfill: 6, markets: 7 } as const;
const CHAIN = keyBytes('chain');
const HUMAN = keyBytes('human');
const Scale = { none: 0, human: 1, chain: 2 } as const;

const HAS_RESULT = 1;
const HAS_ERROR = 2;
const HAS_BLOCK = 4;
const HAS_BLOCK_TIME = 8;
const HAS_MARKET_ID = 16;
const HAS_SCALE = 32;
const HAS_ANSWER = 64;
/** Bits of the lists, then of the parts. */
const FIRST_LIST = 128;
const FIRST_PART = 2048;
const HAS_LISTS = 15 * FIRST_LIST;
const HAS_PARTS = 255 * FIRST_PART;
const IS_BLOCK = HAS_BLOCK | HAS_BLOCK_TIME | HAS_LISTS;
const HAS_BOOKS =
  (FIRST_PART << Part.updates) | (FIRST_PART << Part.book) | (FIRST_PART << Part.books) | (FIRST_PART << Part.snapshot);
const HAS_TRADES = (FIRST_PART << Part.trade) | (FIRST_PART << Part.trades) | (FIRST_PART << Part.backfill);
const TELLS_MARKETS = (FIRST_PART << Part.markets) | HAS_SCALE;
const LETTER_N = 0x6e;

export class InjectiveDecoder extends ObjectReader implements FrameDecoder {
  private readonly shared = new Shared();
  private readonly book: BookObjects;
  private readonly trades: TradeObjects;
  private readonly history: TradeHistory;
  private readonly inOrder: InOrderBlocks;
  private readonly markets: MarketList;
  private readonly time = new Float64Array(1);
  /** Where lists lie that came before the time of their block, and parts, which are read last; 0 is nowhere. */
  private readonly listAt = new Int32Array(LISTS);
  private readonly partAt = new Int32Array(PARTS);
  private idFrom = 0;
  private idTo = 0;
  private scale: number = Scale.none;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.book = new BookObjects(sink, this.shared);
    this.trades = new TradeObjects(sink, this.shared);
    this.history = new TradeHistory(this.trades);
    this.inOrder = new InOrderBlocks(sink, this.shared);
    this.markets = new MarketList(this.shared);
  }

  decode(bytes: Uint8Array, end: number): number {
    const { numbers, guard } = this.shared;
    const rendering = numbers.rendering;
    guard.begin();
    const result = this.frame(bytes, end);
    if (result >= 0) return result;
    // A refused frame says nothing of how the connection prints.
    numbers.rendering = rendering;
    guard.undo();
    return refusal(bytes, end, result);
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return notAnObject(bytes, at, end);
    this.begin();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return this.conclude(bytes, end);
  }

  private begin(): void {
    this.seen = 0;
    this.listAt.fill(0);
    this.partAt.fill(0);
    this.time[0] = 0;
    this.idTo = 0;
    this.scale = Scale.none;
    this.trades.written = 0;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const name = NAMES.find(bytes, from, to);
    if (name < 0) return skipValue(bytes, at, end);
    if (name < LISTS) return this.list(name, bytes, at, end);
    if (name < Name.result) return this.part(name - LISTS, bytes, at, end);
    switch (name) {
      case Name.result:
        return this.once(HAS_RESULT) ? this.result(bytes, at, end) : FrameResult.shape;
      case Name.error:
        if (!isNull(bytes, at)) this.seen |= HAS_ERROR;
        return skipValue(bytes, at, end);
      case Name.marketId:
        return this.marketId(bytes, at, end);
      case Name.streamScale:
        return this.streamScale(bytes, at, end);
      case Name.blockTime:
        return this.once(HAS_BLOCK_TIME) ? timeAny(bytes, at, end, this.time, 0) : FrameResult.shape;
      default:
        this.seen |= HAS_BLOCK;
        return skipValue(bytes, at, end);
    }
  }

  /** A block in JSON-RPC; text, `"success"`, acknowledges a request. */
  private result(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] === OPEN_OBJECT) return this.members(bytes, at, end);
    this.seen |= HAS_ANSWER;
    return skipValue(bytes, at, end);
  }

  private marketId(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_MARKET_ID)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.idFrom = at + 1;
    this.idTo = close;
    return close + 1;
  }

  private streamScale(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_SCALE)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, CHAIN)) this.scale = Scale.chain;
    else this.scale = matches(bytes, at + 1, close, HUMAN) ? Scale.human : Scale.none;
    return this.scale === Scale.none ? FrameResult.type : close + 1;
  }

  /** Reads a list of a block in passing where the block's time came before it; else keeps its place for conclude(). */
  private list(index: number, bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(FIRST_LIST << index)) return FrameResult.shape;
    if ((this.seen & HAS_BLOCK_TIME) !== 0) return this.readList(index, bytes, at, end);
    this.listAt[index] = at;
    return skipValue(bytes, at, end);
  }

  private readList(index: number, bytes: Uint8Array, at: number, end: number): number {
    if (isNull(bytes, at)) return skipValue(bytes, at, end);
    const timeUs = this.time[0];
    if (index >= FIRST_BOOK_LIST) return this.book.list(bytes, at, end, BookForm.chainUpdate, timeUs);
    // Trades make bars: without a time they have no place.
    const hasTime = (this.seen & HAS_BLOCK_TIME) !== 0;
    return this.trades.list(bytes, at, end, TradeForm.chain, hasTime ? timeUs : -1);
  }

  private part(index: number, bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(FIRST_PART << index)) return FrameResult.shape;
    this.partAt[index] = at;
    return skipValue(bytes, at, end);
  }

  private conclude(bytes: Uint8Array, end: number): number {
    const { seen } = this;
    if ((seen & (HAS_ERROR | HAS_ANSWER)) !== 0) {
      return (seen & (HAS_LISTS | HAS_PARTS)) !== 0 ? FrameResult.shape : FrameResult.control;
    }
    for (let i = 0; i < LISTS; i++) {
      const read = this.listAt[i] === 0 ? 1 : this.readList(i, bytes, this.listAt[i], end);
      if (read < 0) return read;
    }
    for (let i = 0; i < PARTS; i++) {
      const read = this.partAt[i] === 0 ? 1 : this.readPart(i, bytes, this.partAt[i], end);
      if (read < 0) return read;
    }
    return this.conclusion();
  }

  private readPart(part: number, bytes: Uint8Array, at: number, end: number): number {
    const { idFrom, idTo } = this;
    switch (part) {
      case Part.updates:
        return this.book.one(bytes, at, end, BookForm.indexerUpdate, idFrom, idTo);
      case Part.book:
        return this.book.one(bytes, at, end, BookForm.whole, idFrom, idTo);
      case Part.books:
        return this.book.list(bytes, at, end, BookForm.answer, 0);
      case Part.trade:
        return this.trades.one(bytes, at, end, TradeForm.indexer);
      case Part.trades:
        return this.history.decode(bytes, at, end);
      case Part.snapshot:
        return this.snapshot(bytes, at, end);
      case Part.backfill:
        return this.backfill(bytes, at, end);
      default:
        return this.readMarkets(bytes, at, end);
    }
  }

  /** `{"snapshot":{"symbol":…, …the answer…}}`, of the LCD or of the indexer, whose answer may have several books. */
  private snapshot(bytes: Uint8Array, at: number, end: number): number {
    const books = bytes[at] === OPEN_OBJECT ? findValue(bytes, at, end, ORDERBOOKS) : 0;
    if (books < 0) return books;
    if (books > 0) return this.book.list(bytes, books, end, BookForm.answer, 0);
    return this.book.one(bytes, at, end, BookForm.answer, 0, 0);
  }

  /** `{"backfill":{"symbol":…,"trades":[…]}}`: past trades, as TradesV2 answers. */
  private backfill(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    const trades = findValue(bytes, at, end, TRADES);
    if (trades === 0) return FrameResult.missingField;
    return trades < 0 ? trades : this.history.decode(bytes, trades, end);
  }

  /** Once the whole list is known to be good it is read again, to be kept: of a refused frame nothing is. */
  private readMarkets(bytes: Uint8Array, at: number, end: number): number {
    const checked = this.markets.decode(bytes, at, end, false);
    return checked < 0 ? checked : this.markets.decode(bytes, at, end, true);
  }

  private conclusion(): number {
    const { seen } = this;
    if (this.scale !== Scale.none) this.shared.isStreamChainScaled = this.scale === Scale.chain;
    if ((seen & IS_BLOCK) !== 0 || (seen & HAS_BOOKS) !== 0) return FrameResult.applied;
    if ((seen & HAS_TRADES) !== 0) return this.trades.written > 0 ? FrameResult.applied : FrameResult.ignored;
    return (seen & TELLS_MARKETS) !== 0 ? FrameResult.control : FrameResult.unknown;
  }
}

function isNull(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LETTER_N;
}

/** A list or a plain value is JSON of a kind not known; else it is no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}
