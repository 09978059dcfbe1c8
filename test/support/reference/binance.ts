// Owns the Binance dialects (spot, US, USD-M, COIN-M): frames to book events, trades and counts (venues.md §1, §11.1).
import { BinanceSync } from './binance-sync.ts';
import type { Levels } from './book.ts';
import { parseDecimal } from './decimal.ts';
import { arrayLevel, type Dialect, type FrameClass } from './dialect.ts';
import {
  asObject,
  booleanField,
  decimalField,
  integerField,
  isObject,
  type Json,
  type JsonObject,
  listField,
  textField,
} from './json.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import { binanceTimeUs } from './time.ts';

export function makeBinance(markets: Markets, venue: string): Dialect {
  const isFutures = venue === 'binance-futures' || venue === 'binance-delivery';
  const syncs = new Map<Market, BinanceSync>();

  function syncOf(market: Market): BinanceSync {
    const sync = syncs.get(market) ?? new BinanceSync(market.book, isFutures);
    syncs.set(market, sync);
    return sync;
  }

  function depth(event: JsonObject): FrameClass {
    const symbol = checkSymbol(textField(event, 's'));
    const firstId = integerField(event, 'U');
    const lastId = integerField(event, 'u');
    const previousId = isFutures ? integerField(event, 'pu') : null;
    if (firstId > lastId) throw new Rejected('range', 'U lies above u');
    const levels = readLevels(event, 'b', 'a');
    syncOf(markets.at(venue, symbol)).event({ firstId, lastId, previousId, levels });
    return 'applied';
  }

  function trade(event: JsonObject, channel: 'trade' | 'aggTrade', receiveTimeUs: number | null): FrameClass {
    const symbol = checkSymbol(textField(event, 's'));
    const matches = channel === 'trade' ? 1n : integerField(event, 'l') - integerField(event, 'f') + 1n;
    if (matches < 1n) throw new Rejected('range', 'l lies below f');
    const read = {
      id: integerField(event, channel === 'trade' ? 't' : 'a'),
      channel,
      price: decimalField(event, 'p'),
      quantity: decimalField(event, 'q'),
      side: booleanField(event, 'm') ? ('sell' as const) : ('buy' as const),
      exchangeTimeUs: binanceTimeUs(integerField(event, 'T')),
      matches: Number(matches),
    };
    const market = markets.at(venue, symbol);
    // Insurance fund and auto-deleveraging are no trades of the market (venues.md §11.1).
    const isMarketTrade = !event.has('X') || event.get('X') === 'MARKET';
    if (isMarketTrade) markets.trade(market, read, true, receiveTimeUs);
    else market.trades.takesChannel(channel);
    return 'applied';
  }

  function quote(event: JsonObject): FrameClass {
    const symbol = checkSymbol(textField(event, 's'));
    for (const name of ['b', 'B', 'a', 'A']) decimalField(event, name);
    integerField(event, 'u');
    markets.at(venue, symbol);
    return 'applied';
  }

  function kline(event: JsonObject): FrameClass {
    const symbol = checkSymbol(textField(event, 's'));
    const inner = asObject(event.get('k'), 'k');
    for (const name of ['o', 'h', 'l', 'c', 'v']) decimalField(inner, name);
    markets.at(venue, symbol);
    return 'applied';
  }

  /** Prices of a contract feed nothing. */
  function markPrice(event: JsonObject): FrameClass {
    const symbol = checkSymbol(textField(event, 's'));
    decimalField(event, 'p');
    integerField(event, 'E');
    for (const name of ['i', 'r']) {
      if (!event.has(name) || event.get(name) === '') continue;
      parseDecimal(textField(event, name).replace(/^-(?=\d)/, name === 'r' ? '' : '-'));
    }
    markets.at(venue, symbol);
    return 'applied';
  }

  function forceOrder(event: JsonObject): FrameClass {
    const order = asObject(event.get('o'), 'o');
    const symbol = checkSymbol(textField(order, 's'));
    for (const name of ['p', 'z']) decimalField(order, name);
    if (!['BUY', 'SELL'].includes(textField(order, 'S'))) throw new Rejected('type', 'S');
    integerField(order, 'T');
    markets.at(venue, symbol);
    return 'applied';
  }

  /** The best levels only (`<symbol>@depth5`): never the book. */
  function partialBook(stream: string, event: JsonObject): FrameClass {
    const names = event.has('lastUpdateId') ? ['bids', 'asks'] : ['b', 'a'];
    integerField(event, event.has('lastUpdateId') ? 'lastUpdateId' : 'u');
    readLevels(event, names[0], names[1]);
    markets.at(venue, checkSymbol(stream.slice(0, stream.indexOf('@')).toUpperCase()));
    return 'applied';
  }

  /** The answer of REST to a request for past aggregates. */
  function backfill(document: JsonObject, receiveTimeUs: number | null): FrameClass {
    const symbol = textField(document, 'symbol');
    for (const entry of listField(document, 'trades')) {
      trade(new Map([...asObject(entry, 'a trade'), ['s', symbol]]), 'aggTrade', receiveTimeUs);
    }
    return 'applied';
  }

  function snapshot(symbol: string, document: JsonObject): void {
    checkSymbol(symbol);
    const id = integerField(document, 'lastUpdateId');
    const levels = readLevels(document, 'bids', 'asks');
    syncOf(markets.at(venue, symbol)).snapshot(levels, id);
  }

  function pushedSnapshot(document: JsonObject): FrameClass {
    snapshot(textField(document, 'symbol'), document);
    return 'applied';
  }

  function frame(document: Json, receiveTimeUs: number | null): FrameClass {
    if (!isObject(document)) return Array.isArray(document) ? 'unknown' : notAFrame();
    const event = document.has('stream') ? asObject(document.get('data'), 'data') : document;
    const stream = document.get('stream');
    if (typeof stream === 'string' && /^[^@]+@depth\d/.test(stream)) return partialBook(stream, event);
    if (event.has('backfill')) return backfill(asObject(event.get('backfill'), 'backfill'), receiveTimeUs);
    if (event.has('snapshot')) return pushedSnapshot(asObject(event.get('snapshot'), 'snapshot'));
    switch (event.get('e')) {
      case 'depthUpdate':
        return depth(event);
      case 'trade':
      case 'aggTrade':
        return trade(event, event.get('e') === 'trade' ? 'trade' : 'aggTrade', receiveTimeUs);
      case 'bookTicker':
        return quote(event);
      case 'kline':
        return kline(event);
      case '24hrTicker':
      case '24hrMiniTicker':
      case '1hTicker':
      case '4hTicker':
      case '1dTicker':
      case 'avgPrice':
      case 'referencePrice':
      case 'blockTrade':
        markets.at(venue, checkSymbol(textField(event, 's')));
        return 'applied';
      case 'markPriceUpdate':
        return markPrice(event);
      case 'forceOrder':
        return forceOrder(event);
      case 'serverShutdown':
        return 'control';
      case undefined:
        return withoutType(event);
      default:
        return 'unknown';
    }
  }

  /** Spot bookTicker has no `e`; answers and errors have `id`, `result`, `error` or `code` with `msg`. */
  function withoutType(event: JsonObject): FrameClass {
    if (['u', 's', 'b', 'B', 'a', 'A'].every((name) => event.has(name))) return quote(event);
    const isAnswer = event.has('result') || event.has('error') || (event.has('code') && event.has('msg'));
    return isAnswer ? 'control' : 'unknown';
  }

  return { frame, snapshot, open: () => {} };
}

function notAFrame(): FrameClass {
  throw new Rejected('shape', 'expected an object');
}

function readLevels(object: JsonObject, bids: string, asks: string): Levels {
  return { bids: listField(object, bids).map(arrayLevel), asks: listField(object, asks).map(arrayLevel) };
}

/** The symbol a frame names, for snapshots whose address has none; null where there is none. */
export function binanceSymbol(document: Json): string | null {
  if (!isObject(document)) return null;
  const inner = document.get('data');
  const symbol = (isObject(inner) ? inner : document).get('s');
  return typeof symbol === 'string' ? symbol : null;
}
