// Owns the Bybit v5 dialects (linear, spot): books numbered by u, trades with text ids (venues.md §8).
import type { Book, Levels } from './book.ts';
import { arrayLevel, type Dialect, type FrameClass } from './dialect.ts';
import {
  asObject,
  booleanField,
  decimalField,
  integerField,
  isObject,
  type Json,
  JsonNumber,
  type JsonObject,
  listField,
  textField,
} from './json.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import type { Trade } from './trades.ts';

const OPERATIONS = ['subscribe', 'unsubscribe', 'ping', 'pong', 'auth'];
const TOPICS = {
  book: /^orderbook\.(50|200|500|1000)\.(.*)$/,
  best: /^orderbook\.(1)\.(.*)$/,
  trades: /^(publicTrade)\.(.*)$/,
  tickers: /^(tickers)\.(.*)$/,
  candles: /^kline\.([1-9]\d{0,3}|[DWM])\.(.*)$/,
  liquidations: /^((?:allL|l)iquidation)\.(.*)$/,
};
type Channel = keyof typeof TOPICS;
type Topic = { channel: Channel; detail: string; symbol: string };

export function makeBybit(markets: Markets, venue: string): Dialect {
  /** Levels a side of the topic that builds each book on a connection: the first one. */
  const depths = new Map<string, number>();

  function book(document: JsonObject, market: Market, depth: number, connection: string): FrameClass {
    const type = textField(document, 'type');
    if (type !== 'snapshot' && type !== 'delta') throw new Rejected('type', `type ${type}`);
    integerField(document, 'ts');
    const key = `${connection} ${market.symbol}`;
    if ((depths.get(key) ?? depth) !== depth) return 'ignored';
    const data = ownData(document.get('data'), 's', market.symbol);
    const levels = { bids: listField(data, 'b').map(arrayLevel), asks: listField(data, 'a').map(arrayLevel) };
    const sequence = numberField(data, 'u');
    depths.set(key, depth);
    applyBook(market.book, type === 'snapshot' || sequence === 1n, levels, sequence, depth);
    return 'applied';
  }

  function frame(document: Json, receiveTimeUs: number | null, connection: string): FrameClass {
    if (!isObject(document)) {
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    }
    if (document.has('backfill')) return backfill(asObject(document.get('backfill'), 'backfill'), receiveTimeUs);
    if (!document.has('topic')) return answerClass(document);
    const topic = readTopic(textField(document, 'topic'));
    if (topic === null) return 'unknown';
    const { channel, detail, symbol } = topic;
    if (!document.has('data')) throw new Rejected('missing-field', 'data');
    checkSymbol(symbol);
    const find = (): Market => markets.at(venue, symbol);
    if (channel === 'book') return book(document, find(), Number(detail), connection);
    if (channel === 'trades') {
      const trades = listField(document, 'data').map((entry) => readTrade(ownData(entry, 's', symbol), PUSHED));
      takeTrades(find(), trades, receiveTimeUs);
      return 'applied';
    }
    find();
    return 'applied';
  }

  function backfill(envelope: JsonObject, receiveTimeUs: number | null): FrameClass {
    const symbol = checkSymbol(textField(envelope, 'symbol'));
    const trades = listField(envelope, 'trades').map((entry) => readTrade(ownData(entry, 'symbol', symbol), FETCHED));
    takeTrades(markets.at(venue, symbol), trades, receiveTimeUs);
    return 'applied';
  }

  function takeTrades(market: Market, trades: ReadTrade[], receiveTimeUs: number | null): void {
    for (const { trade, isBlock } of trades) {
      if (isBlock) market.trades.takesChannel(trade.channel);
      else markets.trade(market, trade, false, receiveTimeUs);
    }
  }

  return { frame, snapshot: null, open: () => {} };
}

function applyBook(book: Book, isWhole: boolean, levels: Levels, sequence: bigint, depth: number): void {
  const seal = { depth, checksum: null };
  if (isWhole) {
    book.replace(levels, sequence, seal);
    return;
  }
  if (!book.isFollowing) return;
  const last = book.venueSequence ?? 0n;
  // At or below the last one it is a repeat; above the next one something is missing.
  if (sequence <= last) return;
  if (sequence > last + 1n) book.breakByGap();
  else book.change(levels, sequence, seal);
}

function readTopic(text: string): Topic | null {
  for (const channel of Object.keys(TOPICS) as Channel[]) {
    const match = TOPICS[channel].exec(text);
    if (match !== null) return { channel, detail: match[1], symbol: match[2] };
  }
  return null;
}

function answerClass(document: JsonObject): FrameClass {
  if (document.has('op')) return OPERATIONS.includes(textField(document, 'op')) ? 'control' : 'unknown';
  return document.has('success') || document.get('type') === 'COMMAND_RESP' ? 'control' : 'unknown';
}

/** An object whose symbol, where it has one, is that of the message. */
function ownData(value: Json | undefined, name: string, symbol: string): JsonObject {
  const data = asObject(value, 'data');
  if (data.has(name) && textField(data, name) !== symbol) throw new Rejected('shape', 'another symbol');
  return data;
}

function numberField(data: JsonObject, name: string): bigint {
  if (data.has(name) && !(data.get(name) instanceof JsonNumber)) {
    throw new Rejected('type', `expected a number in ${name}`);
  }
  return integerField(data, name);
}

const PUSHED = { id: 'i', price: 'p', quantity: 'v', side: 'S', time: 'T', block: 'BT' };
const FETCHED = { id: 'execId', price: 'price', quantity: 'size', side: 'side', time: 'time', block: 'isBlockTrade' };
type ReadTrade = { trade: Trade; isBlock: boolean };

function readTrade(entry: JsonObject, names: typeof PUSHED): ReadTrade {
  const side = textField(entry, names.side);
  if (side !== 'Buy' && side !== 'Sell') throw new Rejected('type', `side ${side}`);
  const trade: Trade = {
    id: textField(entry, names.id),
    channel: 'publicTrade',
    price: decimalField(entry, names.price),
    quantity: decimalField(entry, names.quantity),
    side: side === 'Buy' ? 'buy' : 'sell',
    exchangeTimeUs: Number(integerField(entry, names.time)) * 1000,
    matches: 1,
  };
  return { trade, isBlock: entry.has(names.block) && booleanField(entry, names.block) };
}
