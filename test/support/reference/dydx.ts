// Owns the dYdX v4 dialect: one counter per connection with late answers, books shown uncrossed, and trades (venues.md §5).
import type { Book } from './book.ts';
import { arrayLevel, type Dialect, type FrameClass } from './dialect.ts';
import {
  asObject,
  decimalField,
  decimalText,
  integerField,
  isObject,
  type Json,
  type JsonObject,
  listField,
  textField,
} from './json.ts';
import { type Level, makeLevel } from './ladder.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import { parseIsoUs } from './time.ts';
import type { Trade } from './trades.ts';

const VENUE = 'dydx';
const DATA = ['channel_data', 'channel_batch_data', 'subscribed'];
const CHANNELS = ['v4_orderbook', 'v4_trades', 'v4_candles', 'v4_markets', 'v4_block_height'];
/** An answer to a subscribe comes within 20 s, and 10 for its way; without times, within that many messages. */
const ANSWER_US_MAX = 30_000_000;
const ANSWER_NUMBERS_MAX = 10_000;

type Verdict = 'apply' | 'pass-over';

class Connection {
  id: string | null = null;
  highest: number | null = null;
  first = 0;
  /** Numbers that did not come yet, and when that was seen; told ones are known to be lost. */
  open = new Map<number, { sinceUs: number | null; isTold: boolean }>();
  errors: number[] = [];
  hasRefused = false;
  readonly markets = new Set<Market>();
  readonly books = new Set<Market>();

  follow(type: string, number: number, id: string | null, timeUs: number | null): Verdict {
    if (this.highest === null || this.isOther(type, number, id)) {
      if (this.highest !== null) this.lose();
      this.restart(number, id);
      return 'apply';
    }
    const verdict = number > this.highest ? this.higher(type, number, timeUs) : this.lower(type, number);
    if (verdict === 'apply') this.expire(number, timeUs);
    return verdict;
  }

  private isOther(type: string, number: number, id: string | null): boolean {
    const isOtherId = id !== null && this.id !== null && id !== this.id;
    return isOtherId || (type === 'connected' && number !== this.highest);
  }

  private restart(number: number, id: string | null): void {
    this.highest = number;
    this.first = number;
    this.id = id;
    this.open.clear();
    this.errors = [];
    this.hasRefused = false;
  }

  private higher(type: string, number: number, timeUs: number | null): Verdict {
    const highest = this.highest ?? number;
    const isTold = this.hasRefused;
    if (isTold && number > highest + 1) this.lose();
    for (let hole = highest + 1; hole < number; hole += 1) this.open.set(hole, { sinceUs: timeUs, isTold });
    this.highest = number;
    this.hasRefused = false;
    if (type === 'error') this.errors.push(number);
    return 'apply';
  }

  private lower(type: string, number: number): Verdict {
    const isAnswer = type === 'subscribed' || type === 'error';
    const hole = this.open.get(number);
    this.open.delete(number);
    if (hole !== undefined && isAnswer) return 'apply';
    if (hole !== undefined) {
      if (!hole.isTold) this.lose();
      return 'pass-over';
    }
    if (type === 'error' || number < this.first) return isAnswer ? 'apply' : 'pass-over';
    const error = this.errors.indexOf(number);
    if (type !== 'subscribed' || error < 0) return 'pass-over';
    this.errors.splice(error, 1);
    return 'apply';
  }

  private expire(number: number, timeUs: number | null): void {
    let lost = 0;
    for (const [hole, { sinceUs, isTold }] of [...this.open]) {
      const isOverdue =
        sinceUs === null || timeUs === null ? number - hole > ANSWER_NUMBERS_MAX : timeUs - sinceUs > ANSWER_US_MAX;
      if (!isOverdue) continue;
      this.open.delete(hole);
      if (!isTold) lost += 1;
    }
    if (lost > 0) this.lose();
  }

  private lose(): void {
    for (const market of this.markets) market.trades.markLoss();
    for (const market of this.books) if (market.book.isFollowing) market.book.breakByGap();
  }
}

type Held = Level & { change: number };

/** What the venue holds of one book; the book that users see is made of it anew after each change. */
class CrossingBook {
  private readonly bids = new Map<bigint, Held>();
  private readonly asks = new Map<bigint, Held>();
  private changes = 0;

  apply(book: Book, contents: Contents, number: number, isSnapshot: boolean): void {
    this.changes += 1;
    if (isSnapshot) {
      this.bids.clear();
      this.asks.clear();
    }
    for (const level of contents.bids) this.set(this.bids, level);
    for (const level of contents.asks) this.set(this.asks, level);
    book.settle(() => {
      this.show(book);
      book.seq += 1;
      book.venueSequence = BigInt(number);
      if (!isSnapshot) return;
      if (book.state === 'resyncing') book.resyncs += 1;
      book.state = 'live';
      book.reason = null;
    });
  }

  private set(side: Map<bigint, Held>, level: Level): void {
    if (level.quantity === 0n) side.delete(level.price);
    else side.set(level.price, { ...level, change: this.changes });
  }

  /** venues.md §5.4. */
  private show(book: Book): void {
    const bids = [...this.bids.values()].sort((a, b) => (a.price < b.price ? 1 : -1));
    const asks = [...this.asks.values()].sort((a, b) => (a.price > b.price ? 1 : -1));
    for (let bid = bids[0], ask = asks[0]; bid && ask && bid.price >= ask.price; bid = bids[0], ask = asks[0]) {
      const isBidSmaller = bid.quantity < ask.quantity;
      const smaller = (isBidSmaller ? bid : ask).quantity;
      if (bid.change <= ask.change) reduce(bids, bid.change === ask.change ? smaller : bid.quantity);
      if (ask.change <= bid.change) reduce(asks, ask.change === bid.change ? smaller : ask.quantity);
    }
    book.bids.levels = bids;
    book.asks.levels = asks;
  }
}

function reduce(side: Held[], quantity: bigint): void {
  side[0] = { ...side[0], quantity: side[0].quantity - quantity };
  if (side[0].quantity === 0n) side.shift();
}

type Contents = { bids: Level[]; asks: Level[] };

export function makeDydx(markets: Markets): Dialect {
  const connections = new Map<string, Connection>();
  const books = new Map<Market, CrossingBook>();

  function connectionOf(name: string): Connection {
    const held = connections.get(name) ?? new Connection();
    connections.set(name, held);
    return held;
  }

  function marketOf(connection: Connection, symbol: string): Market {
    const market = markets.at(VENUE, symbol);
    connection.markets.add(market);
    return market;
  }

  function applyBook(connection: Connection, symbol: string, all: Contents[], number: number, isFirst: boolean): void {
    const market = marketOf(connection, symbol);
    if (isFirst) connection.books.add(market);
    if (!isFirst && !market.book.isFollowing) return;
    const held = books.get(market) ?? new CrossingBook();
    books.set(market, held);
    for (const contents of all) held.apply(market.book, contents, number, isFirst);
  }

  function applyTrades(market: Market, trades: Trade[], receiveTimeUs: number | null): void {
    for (const trade of trades) markets.trade(market, trade, false, receiveTimeUs);
  }

  function read(document: JsonObject, connection: Connection, receiveTimeUs: number | null): FrameClass {
    if (document.has('backfill')) {
      const backfill = asObject(document.get('backfill'), 'backfill');
      const trades = readTrades(asObject(backfill.get('trades'), 'trades'), true);
      applyTrades(markets.at(VENUE, checkSymbol(textField(backfill, 'symbol'))), trades, receiveTimeUs);
      return 'applied';
    }
    if (!document.has('type')) return 'unknown';
    const type = textField(document, 'type');
    if (type === 'pong') return 'control';
    const isKnown = [...DATA, 'connected', 'unsubscribed', 'error'].includes(type);
    if (!isKnown && !document.has('message_id')) return 'unknown';
    const number = Number(integerField(document, 'message_id'));
    const id = document.has('connection_id') ? textField(document, 'connection_id') : null;
    if (!DATA.includes(type)) {
      connection.follow(type, number, id, receiveTimeUs);
      return isKnown ? 'control' : 'unknown';
    }
    const channel = textField(document, 'channel');
    // Read whole before anything is applied.
    const apply = readContents(document, channel, type, number, connection, receiveTimeUs);
    if (connection.follow(type, number, id, receiveTimeUs) === 'apply') apply();
    if (!CHANNELS.includes(channel)) return 'unknown';
    return type === 'subscribed' || channel === 'v4_block_height' ? 'control' : 'applied';
  }

  function readContents(
    document: JsonObject,
    channel: string,
    type: string,
    number: number,
    connection: Connection,
    receiveTimeUs: number | null,
  ): () => void {
    const isFirst = type === 'subscribed';
    if (!CHANNELS.includes(channel) || channel === 'v4_block_height') return () => {};
    const all =
      type === 'channel_batch_data' ? listField(document, 'contents') : [need(document.get('contents'), 'contents')];
    const objects = all.map((contents) => asObject(contents, 'contents'));
    if (channel === 'v4_markets') {
      const symbols = objects.flatMap(marketSymbols);
      return () => {
        for (const symbol of symbols) markets.at(VENUE, symbol);
      };
    }
    const symbol = checkSymbol(
      textField(document, 'id').replace(/\/[^/]*$/, (rest) => (channel === 'v4_candles' ? '' : rest)),
    );
    if (channel === 'v4_orderbook') {
      const contents = objects.map((each) => readBook(each, isFirst));
      return () => applyBook(connection, symbol, contents, number, isFirst);
    }
    if (channel === 'v4_candles') return () => void markets.at(VENUE, symbol);
    const trades = objects.flatMap((each) => readTrades(each, isFirst));
    return () => {
      if (trades.length > 0) applyTrades(marketOf(connection, symbol), trades, receiveTimeUs);
    };
  }

  function frame(document: Json, receiveTimeUs: number | null, name: string): FrameClass {
    const connection = connectionOf(name);
    try {
      if (isObject(document)) return read(document, connection, receiveTimeUs);
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    } catch (error) {
      connection.hasRefused = true;
      throw error;
    }
  }

  /** Text that is no JSON is a message lost on whichever connection: the next jump of each is one. */
  function plain(text: string): null {
    try {
      JSON.parse(text);
    } catch {
      for (const connection of connections.values()) connection.hasRefused = true;
    }
    return null;
  }

  return { frame, plain, snapshot: null, open: (name) => connections.delete(name) };
}

function need(value: Json | undefined, name: string): Json {
  if (value === undefined) throw new Rejected('missing-field', name);
  return value;
}

function readBook(contents: JsonObject, isFirst: boolean): Contents {
  const side = (name: string): Level[] => {
    if (!contents.has(name) && !isFirst) return [];
    return listField(contents, name).map(readLevel);
  };
  return { bids: side('bids'), asks: side('asks') };
}

function readLevel(value: Json): Level {
  if (!isObject(value)) return arrayLevel(value);
  return makeLevel(decimalText(value.get('price'), 'price'), decimalText(value.get('size'), 'size'));
}

/** Lists of past trades have the newest first. A deleveraging is no trade of the market. */
function readTrades(contents: JsonObject, isPast: boolean): Trade[] {
  const trades = listField(contents, 'trades').map((entry) => asObject(entry, 'a trade'));
  const read = trades.map((trade) => ({ trade: readTrade(trade), type: trade.get('type') }));
  const market = read.filter(({ type }) => type !== 'DELEVERAGED').map(({ trade }) => trade);
  return isPast ? market.reverse() : market;
}

function readTrade(trade: JsonObject): Trade {
  const side = textField(trade, 'side');
  if (side !== 'BUY' && side !== 'SELL') throw new Rejected('type', `side ${side}`);
  return {
    id: trade.has('id') ? textField(trade, 'id') : null,
    channel: 'v4_trades',
    price: decimalField(trade, 'price'),
    quantity: decimalField(trade, 'size'),
    side: side === 'BUY' ? 'buy' : 'sell',
    exchangeTimeUs: parseIsoUs(textField(trade, 'createdAt')),
    matches: 1,
  };
}

/** Markets named by prices, rates and interests; these feed nothing. */
function marketSymbols(contents: JsonObject): string[] {
  return ['markets', 'trading', 'oraclePrices'].flatMap((name) => {
    const named = contents.get(name);
    const told = isObject(named) ? [...named].filter(([, entry]) => tellsAValue(entry)) : [];
    return told.map(([symbol]) => checkSymbol(symbol));
  });
}

function tellsAValue(entry: Json): boolean {
  const fields = ['oraclePrice', 'price', 'nextFundingRate', 'openInterest'];
  return fields.some((name) => (asObject(entry, 'a market').get(name) ?? null) !== null);
}
