// Owns the Coinbase Advanced Trade dialect: one counter per connection over all channels (venues.md §2).
import type { Levels } from './book.ts';
import type { Dialect, FrameClass } from './dialect.ts';
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
import { makeLevel } from './ladder.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import { parseIsoUs } from './time.ts';
import type { Trade } from './trades.ts';

const VENUE = 'coinbase';

type Connection = { sequence: bigint | null; markets: Set<Market>; books: Set<Market> };
type BookEvent = { symbol: string; isSnapshot: boolean; levels: Levels };
type ProductTrade = { symbol: string; id: bigint; trade: Trade };

export function makeCoinbase(markets: Markets): Dialect {
  const connections = new Map<string, Connection>();

  function connectionOf(name: string): Connection {
    const held = connections.get(name) ?? { sequence: null, markets: new Set<Market>(), books: new Set<Market>() };
    connections.set(name, held);
    return held;
  }

  function seen(connection: Connection, symbol: string): Market {
    const market = markets.at(VENUE, symbol);
    connection.markets.add(market);
    return market;
  }

  /** False for an old frame. A jump breaks every book of the connection, and every bar that stood open. */
  function follow(connection: Connection, sequence: bigint): boolean {
    const last = connection.sequence;
    if (last !== null && sequence <= last) return false;
    connection.sequence = sequence;
    if (last === null || sequence === last + 1n) return true;
    for (const market of connection.markets) market.trades.markLoss();
    for (const market of connection.books) if (market.book.isFollowing) market.book.breakByGap();
    return true;
  }

  function applyBook(connection: Connection, events: BookEvent[], sequence: bigint): void {
    for (const event of events) {
      const market = seen(connection, event.symbol);
      if (event.isSnapshot) {
        market.book.replace(event.levels, sequence);
        connection.books.add(market);
      } else if (market.book.isFollowing) {
        market.book.change(event.levels, sequence);
      }
    }
  }

  function applyTrades(connection: Connection, trades: ProductTrade[], receiveTimeUs: number | null): void {
    // Newest come first in a frame; a stable sort by id puts every product's in order.
    const ordered = [...trades].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    for (const { symbol, trade } of ordered) markets.trade(seen(connection, symbol), trade, false, receiveTimeUs);
  }

  function frame(document: Json, receiveTimeUs: number | null, name: string): FrameClass {
    if (!isObject(document)) {
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    }
    const channel = document.get('channel');
    if (channel === undefined && document.has('backfill')) return backfill(document, receiveTimeUs);
    if (channel === undefined) return document.get('type') === 'error' ? 'control' : 'unknown';
    const sequence = integerField(document, 'sequence_num');
    const connection = connectionOf(name);
    const events = listField(document, 'events').map((event) => asObject(event, 'an event'));
    // Everything is read before anything is applied: a bad frame is applied not at all, and its number stays missing.
    const books = channel === 'l2_data' ? events.map(readBookEvent) : [];
    const trades = channel === 'market_trades' ? events.flatMap(readTrades) : [];
    const symbols = readSymbols(channel, events);
    if (!follow(connection, sequence)) return 'applied';
    applyBook(connection, books, sequence);
    applyTrades(connection, trades, receiveTimeUs);
    for (const symbol of symbols) seen(connection, symbol);
    if (channel === 'heartbeats' || channel === 'subscriptions' || channel === 'status') return 'control';
    const isData = ['l2_data', 'market_trades', 'ticker', 'ticker_batch', 'candles'].includes(String(channel));
    return isData ? 'applied' : 'unknown';
  }

  /** Trades asked for by REST, outside every connection's counter. */
  function backfill(document: JsonObject, receiveTimeUs: number | null): FrameClass {
    const pushed = asObject(document.get('backfill'), 'backfill');
    textField(pushed, 'symbol');
    const trades = readTrades(pushed);
    applyTrades({ sequence: null, markets: new Set(), books: new Set() }, trades, receiveTimeUs);
    return 'applied';
  }

  return { frame, snapshot: null, open: (name) => connections.delete(name) };
}

function readBookEvent(event: JsonObject): BookEvent {
  const symbol = checkSymbol(textField(event, 'product_id'));
  const type = textField(event, 'type');
  if (type !== 'snapshot' && type !== 'update') throw new Rejected('type', `l2_data event ${type}`);
  const levels: Levels = { bids: [], asks: [] };
  for (const entry of listField(event, 'updates')) {
    const update = asObject(entry, 'an update');
    const side = textField(update, 'side');
    if (side !== 'bid' && side !== 'offer') throw new Rejected('type', `side ${side}`);
    const price = decimalText(update.get('price_level'), 'price_level');
    const quantity = decimalText(update.get('new_quantity'), 'new_quantity');
    (side === 'bid' ? levels.bids : levels.asks).push(makeLevel(price, quantity));
  }
  return { symbol, isSnapshot: type === 'snapshot', levels };
}

function readTrades(event: JsonObject): ProductTrade[] {
  return listField(event, 'trades').map((entry) => {
    const trade = asObject(entry, 'a trade');
    const id = integerField(trade, 'trade_id');
    const makerSide = textField(trade, 'side');
    if (makerSide !== 'BUY' && makerSide !== 'SELL') throw new Rejected('type', `side ${makerSide}`);
    const read: Trade = {
      id,
      channel: 'market_trades',
      price: decimalField(trade, 'price'),
      quantity: decimalField(trade, 'size'),
      side: makerSide === 'BUY' ? 'sell' : 'buy',
      exchangeTimeUs: parseIsoUs(textField(trade, 'time')),
      matches: 1,
    };
    return { symbol: checkSymbol(textField(trade, 'product_id')), id, trade: read };
  });
}

/** Products named by quotes and candles; these feed neither book nor bars. */
function readSymbols(channel: Json, events: JsonObject[]): string[] {
  const list =
    channel === 'candles' ? 'candles' : channel === 'ticker' || channel === 'ticker_batch' ? 'tickers' : null;
  if (list === null) return [];
  return events.flatMap((event) =>
    listField(event, list).map((entry) => checkSymbol(textField(asObject(entry, 'an entry'), 'product_id'))),
  );
}
