// Owns Kraken v2: books sealed by depth and checksum, trades, and the acknowledgements that tell the depth (venues.md §3).
import type { Book, Levels } from './book.ts';
import { parseDecimal } from './decimal.ts';
import type { FrameClass } from './dialect.ts';
import {
  asObject,
  decimalField,
  decimalText,
  integerField,
  isObject,
  type Json,
  JsonNumber,
  type JsonObject,
  listField,
  textField,
} from './json.ts';
import { type Level, makeLevel } from './ladder.ts';
import { checkSymbol, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import { parseIsoUs, parseSecondsUs } from './time.ts';
import type { Trade } from './trades.ts';

const VENUE = 'kraken';
const DEPTHS = [10, 25, 100, 500, 1000];
const DEPTH_DEFAULT = 10;

/** Digits after the point. */
type Digits = { price: number; quantity: number };
type BookEntry = { symbol: string; levels: Levels; checksum: bigint | null };

export type KrakenV2 = {
  frame(document: JsonObject, receiveTimeUs: number | null, connection: string): FrameClass;
  forget(connection: string): void;
};

export function makeKrakenV2(markets: Markets): KrakenV2 {
  /** Connection, then symbol, to the depth acknowledged there. */
  const acknowledged = new Map<string, Map<string, number>>();
  const depthOf = new Map<Book, number | null>();
  /** Connection, then symbol, to the digits its `instrument` frames told. */
  const digitsOf = new Map<string, Map<string, Digits>>();

  /** Pairs that are not understood are left out. */
  function noteInstruments(document: JsonObject, connection: string): FrameClass {
    const data = document.get('data');
    const pairs = isObject(data) ? data.get('pairs') : undefined;
    const known = digitsOf.get(connection) ?? new Map<string, Digits>();
    digitsOf.set(connection, known);
    for (const pair of Array.isArray(pairs) ? pairs : []) {
      if (!isObject(pair)) continue;
      const symbol = pair.get('symbol');
      const [price, quantity] = ['price_precision', 'qty_precision'].map((name) => {
        const value = pair.get(name);
        return value instanceof JsonNumber && /^\d{1,2}$/.test(value.text) ? Number(value.text) : Number.NaN;
      });
      if (typeof symbol === 'string' && price <= 18 && quantity <= 18) known.set(symbol, { price, quantity });
    }
    return 'control';
  }

  /** Levels with at least the digits of their pair, as the venue's checksum has them. */
  function padLevels({ bids, asks }: Levels, digits: Digits | undefined): Levels {
    if (digits === undefined) return { bids, asks };
    const pad = (level: Level): Level => ({
      ...level,
      priceText: padded(level.priceText, digits.price),
      quantityText: padded(level.quantityText, digits.quantity),
    });
    return { bids: bids.map(pad), asks: asks.map(pad) };
  }

  /** Trades fetched by REST: the rows of v1 with the time as a number and the id as seventh member. */
  function backfill(document: JsonObject, receiveTimeUs: number | null): FrameClass {
    const symbol = checkSymbol(textField(document, 'symbol'));
    const answer = asObject(document.get('trades'), 'trades');
    const lists = [...asObject(answer.get('result'), 'result').values()].filter(Array.isArray);
    const trades = lists.flat().map(readPastTrade);
    for (const trade of trades) markets.trade(markets.at(VENUE, symbol), trade, false, receiveTimeUs);
    markets.at(VENUE, symbol);
    return 'applied';
  }

  function noteAnswer(document: JsonObject, connection: string): FrameClass {
    const result = document.get('result');
    const isSubscribe = document.get('method') === 'subscribe' && document.get('success') !== false;
    if (!isSubscribe || !isObject(result) || result.get('channel') !== 'book') return 'control';
    const symbol = result.get('symbol');
    if (typeof symbol !== 'string') return 'control';
    const depth = result.has('depth') ? Number(integerField(result, 'depth')) : DEPTH_DEFAULT;
    acknowledged.set(connection, (acknowledged.get(connection) ?? new Map()).set(symbol, depth));
    return 'control';
  }

  function applyBook(entries: BookEntry[], isSnapshot: boolean, connection: string): void {
    for (const { symbol, levels: sent, checksum } of entries) {
      const levels = padLevels(sent, digitsOf.get(connection)?.get(symbol));
      const { book } = markets.at(VENUE, symbol);
      if (isSnapshot) {
        const depth = acknowledged.get(connection)?.get(symbol) ?? smallestDepth(levels);
        depthOf.set(book, depth);
        book.replace(levels, null, { depth, checksum });
      } else if (book.isFollowing) {
        book.change(levels, null, { depth: depthOf.get(book) ?? null, checksum });
      }
    }
  }

  function frame(document: JsonObject, receiveTimeUs: number | null, connection: string): FrameClass {
    if (document.has('method')) return noteAnswer(document, connection);
    switch (document.get('channel')) {
      case 'book': {
        const isSnapshot = readIsSnapshot(document);
        applyBook(entriesOf(document).map(readBookEntry), isSnapshot, connection);
        return 'applied';
      }
      case 'trade': {
        const trades = entriesOf(document).map(readTrade);
        for (const { symbol, trade } of trades) markets.trade(markets.at(VENUE, symbol), trade, false, receiveTimeUs);
        return 'applied';
      }
      case 'ticker':
      case 'ohlc':
        for (const symbol of entriesOf(document).map(readSymbol)) markets.at(VENUE, symbol);
        return 'applied';
      case 'heartbeat':
      case 'status':
        return 'control';
      case 'instrument':
        return noteInstruments(document, connection);
      case undefined:
        if (document.has('backfill')) return backfill(asObject(document.get('backfill'), 'backfill'), receiveTimeUs);
        return document.has('error') ? 'control' : 'unknown';
      default:
        return 'unknown';
    }
  }

  function forget(connection: string): void {
    acknowledged.delete(connection);
    digitsOf.delete(connection);
  }

  return { frame, forget };
}

/** `text` with zeros up to `digits` after its point. */
function padded(text: string, digits: number): string {
  const [whole, fraction = ''] = text.split('.');
  return digits === 0 ? text : `${whole}.${fraction.padEnd(digits, '0')}`;
}

function readPastTrade(row: Json): Trade {
  if (!Array.isArray(row) || row.length < 4) throw new Rejected('shape', 'expected a row of a trade');
  const [price, quantity, time, side, , , id] = row;
  if (side !== 'b' && side !== 's') throw new Rejected('type', 'side of a trade');
  if (!(time instanceof JsonNumber)) throw new Rejected('type', 'time of a trade');
  return {
    id: id instanceof JsonNumber ? BigInt(id.text) : null,
    channel: 'trade',
    price: parseDecimal(decimalText(price, 'price')),
    quantity: parseDecimal(decimalText(quantity, 'volume')),
    side: side === 'b' ? 'buy' : 'sell',
    exchangeTimeUs: parseSecondsUs(time.text),
    matches: 1,
  };
}

/** Without an acknowledgement: the smallest depth sold that holds the longer side. */
function smallestDepth(levels: Levels): number | null {
  const longer = Math.max(levels.bids.length, levels.asks.length);
  return DEPTHS.find((depth) => depth >= longer) ?? null;
}

function readIsSnapshot(document: JsonObject): boolean {
  const type = textField(document, 'type');
  if (type !== 'snapshot' && type !== 'update') throw new Rejected('type', `book type ${type}`);
  return type === 'snapshot';
}

function entriesOf(document: JsonObject): JsonObject[] {
  return listField(document, 'data').map((entry) => asObject(entry, 'an entry of data'));
}

function readSymbol(entry: JsonObject): string {
  return checkSymbol(textField(entry, 'symbol'));
}

function readBookEntry(entry: JsonObject): BookEntry {
  const side = (name: string): Level[] => (entry.has(name) ? listField(entry, name).map(readLevel) : []);
  return {
    symbol: readSymbol(entry),
    levels: { bids: side('bids'), asks: side('asks') },
    checksum: entry.has('checksum') ? integerField(entry, 'checksum') : null,
  };
}

function readLevel(value: Json): Level {
  const level = asObject(value, 'a level');
  return makeLevel(decimalText(level.get('price'), 'price'), decimalText(level.get('qty'), 'qty'));
}

function readTrade(entry: JsonObject): { symbol: string; trade: Trade } {
  const side = textField(entry, 'side');
  if (side !== 'buy' && side !== 'sell') throw new Rejected('type', `side ${side}`);
  const trade: Trade = {
    id: integerField(entry, 'trade_id'),
    channel: 'trade',
    price: decimalField(entry, 'price'),
    quantity: decimalField(entry, 'qty'),
    side,
    exchangeTimeUs: parseIsoUs(textField(entry, 'timestamp')),
    matches: 1,
  };
  return { symbol: readSymbol(entry), trade };
}
