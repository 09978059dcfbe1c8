// Owns the Bitfinex v2 dialect: channels by number, one counter per connection, te before tu (venues.md §11.4).
import type { Levels } from './book.ts';
import { parseDecimal, plainText } from './decimal.ts';
import type { Dialect, FrameClass } from './dialect.ts';
import {
  asObject,
  integerField,
  isObject,
  type Json,
  JsonNumber,
  type JsonObject,
  listField,
  textField,
} from './json.ts';
import { type Level, makeLevel } from './ladder.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';

import type { Trade } from './trades.ts';

const VENUE = 'bitfinex';
const CONTROL_EVENTS = ['info', 'error', 'pong', 'auth', 'unauth', 'conf'];
const SEQUENCE_FLAG = 65536n;
/** A whole number from here on is a time in ms. */
const TIME_FROM = 10n ** 12n;

type Channel = { kind: string; symbol: string; depth: number | null; symbols: (payload: Json) => string[] };
type Connection = {
  channels: Map<bigint, Channel>;
  held: Map<bigint, Json[][]>;
  flags: bigint | null;
  sequence: bigint | null;
  markets: Set<Market>;
  books: Set<Market>;
};
type Frame = { name: string | null; payload: Json; sequence: bigint | null };

export function makeBitfinex(markets: Markets): Dialect {
  const connections = new Map<string, Connection>();

  function connectionOf(name: string): Connection {
    const held = connections.get(name) ?? {
      channels: new Map(),
      held: new Map(),
      flags: null,
      sequence: null,
      markets: new Set<Market>(),
      books: new Set<Market>(),
    };
    connections.set(name, held);
    return held;
  }

  function frame(document: Json, receiveTimeUs: number | null, name: string): FrameClass {
    const connection = connectionOf(name);
    if (Array.isArray(document)) return data(connection, document, receiveTimeUs);
    if (!isObject(document)) throw new Rejected('shape', 'expected a list or an object');
    if (document.has('backfill')) return backfill(document, receiveTimeUs);
    return event(connection, document, receiveTimeUs);
  }

  // ---- events

  function event(connection: Connection, document: JsonObject, receiveTimeUs: number | null): FrameClass {
    if (!document.has('event')) return 'unknown';
    const kind = textField(document, 'event');
    if (kind === 'conf' && document.get('status') === 'OK') connection.flags = integerField(document, 'flags');
    if (kind === 'unsubscribed') connection.channels.delete(integerField(document, 'chanId'));
    if (kind === 'subscribed') {
      const id = integerField(document, 'chanId');
      const channel = channelOf(document);
      const frames = connection.held.get(id) ?? [];
      const apply = frames.map((list) => prepare(connection, channel, readFrame(connection, list)));
      connection.channels.set(id, channel);
      connection.held.delete(id);
      for (const run of apply) run(receiveTimeUs);
      return 'control';
    }
    return kind === 'unsubscribed' || CONTROL_EVENTS.includes(kind) ? 'control' : 'unknown';
  }

  function backfill(document: JsonObject, receiveTimeUs: number | null): FrameClass {
    const pushed = asObject(document.get('backfill'), 'backfill');
    const market = markets.at(VENUE, checkSymbol(textField(pushed, 'symbol')));
    const trades = readTrades(listField(pushed, 'trades'));
    for (const trade of trades) markets.trade(market, trade, false, receiveTimeUs);
    return 'applied';
  }

  // ---- data

  function data(connection: Connection, list: Json[], receiveTimeUs: number | null): FrameClass {
    if (!(list[0] instanceof JsonNumber) || !/^\d+$/.test(list[0].text)) return 'unknown';
    if (list.length < 2) throw new Rejected('shape', 'a channel alone');
    const id = BigInt(list[0].text);
    const read = readFrame(connection, list);
    const channel = connection.channels.get(id);
    const isControl = read.name === 'hb' || read.name === 'cs';
    const isKept = channel === undefined && !isControl && id !== 0n;
    const run = channel === undefined || isControl ? null : prepare(connection, channel, read);
    if (read.sequence !== null && !follow(connection, read.sequence)) return 'applied';
    if (isControl) return 'control';
    if (isKept) connection.held.set(id, [...(connection.held.get(id) ?? []), list]);
    if (channel === undefined || run === null) return isKept ? 'control' : 'unknown';
    run(receiveTimeUs);
    const isUnknownName = read.name !== null && (channel.kind !== 'trades' || !['te', 'tu'].includes(read.name));
    return channel.kind === 'unknown' || isUnknownName ? 'unknown' : 'applied';
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

  /** Reads a payload whole, so that a bad frame throws before anything is applied, and returns what applies it. */
  function prepare(connection: Connection, channel: Channel, read: Frame): (receiveTimeUs: number | null) => void {
    const isTrade = read.name === 'te' || read.name === 'tu';
    if (read.name !== null && !(channel.kind === 'trades' && isTrade)) return () => undefined;
    const symbols = channel.symbols(read.payload);
    const seen = (): Market[] => symbols.map((symbol) => markets.at(VENUE, symbol));
    if (channel.kind === 'book') {
      const isSnapshot = isList(read.payload);
      const levels = readLevels(read.payload);
      return () => {
        for (const market of seen()) applyBook(connection, market, isSnapshot, levels, read.sequence, channel.depth);
      };
    }
    if (channel.kind === 'trades') {
      const trades = readTrades(isList(read.payload) ? read.payload : [read.payload]);
      return (receiveTimeUs) => {
        for (const market of seen()) {
          connection.markets.add(market);
          for (const trade of trades) markets.trade(market, trade, false, receiveTimeUs);
        }
      };
    }
    return () => void seen();
  }

  function applyBook(
    connection: Connection,
    market: Market,
    isSnapshot: boolean,
    levels: Levels,
    sequence: bigint | null,
    depth: number | null,
  ): void {
    const seal = { depth, checksum: null };
    if (isSnapshot) {
      market.book.replace(levels, sequence, seal);
      connection.books.add(market);
      connection.markets.add(market);
    } else if (market.book.isFollowing) market.book.change(levels, sequence, seal);
  }

  return { frame, snapshot: null, open: (name) => connections.delete(name) };
}

function channelOf(document: JsonObject): Channel {
  const name = textField(document, 'channel');
  const named = (kind: string, symbol: string, depth: number | null = null): Channel =>
    symbol.startsWith('f')
      ? { kind: 'unknown', symbol, depth, symbols: () => [] }
      : { kind, symbol, depth, symbols: () => [checkSymbol(symbol)] };
  if (name === 'candles') {
    const [type, , ...symbol] = textField(document, 'key').split(':');
    return named(type === 'trade' && symbol.length > 0 ? 'candles' : 'unknown', symbol.join(':'));
  }
  if (name === 'status') {
    const key = textField(document, 'key');
    if (key.startsWith('liq:')) return { kind: 'status', symbol: '', depth: null, symbols: liquidated };
    return named(key.startsWith('deriv:') ? 'status' : 'unknown', key.slice(key.indexOf(':') + 1));
  }
  const isRaw = document.has('prec') && !/^P\d$/.test(textField(document, 'prec'));
  const kind = ['book', 'trades', 'ticker'].includes(name) && !(name === 'book' && isRaw) ? name : 'unknown';
  if (kind === 'unknown') return { kind, symbol: '', depth: null, symbols: () => [] };
  const depth = document.has('len') ? Number(plainOf(document.get('len'))) : 0;
  return named(kind, textField(document, 'symbol'), depth === 0 ? null : depth);
}

/** Markets of positions that were closed, not of those only about to be. */
function liquidated(payload: Json): string[] {
  const rows = isList(payload) ? payload : [payload];
  return rows.flatMap((row) => {
    if (!Array.isArray(row) || row[0] !== 'pos' || plainOf(row[8]) === '0' || (row[11] ?? null) === null) return [];
    const symbol = row[4];
    return typeof symbol === 'string' && symbol.startsWith('t') ? [checkSymbol(symbol)] : [];
  });
}

function plainOf(value: Json | undefined): string {
  return value instanceof JsonNumber ? value.text : String(value);
}

/** Name, payload and number of a frame; the number is the first small whole one behind the payload. */
function readFrame(connection: Connection, list: Json[]): Frame {
  const name = typeof list[1] === 'string' ? list[1] : null;
  const payloadAt = name === null ? 1 : name === 'hb' ? 1 : 2;
  const isNumbered = connection.flags === null || (connection.flags & SEQUENCE_FLAG) !== 0n;
  const numbers = list
    .slice(payloadAt + 1)
    .filter((value): value is JsonNumber => value instanceof JsonNumber && /^\d+$/.test(value.text))
    .map(({ text }) => BigInt(text));
  const sequence = isNumbered ? numbers.find((value) => value < TIME_FROM) : undefined;
  return { name, payload: list[payloadAt] ?? null, sequence: sequence ?? null };
}

function isList(payload: Json): payload is Json[] {
  return Array.isArray(payload) && (payload.length === 0 || Array.isArray(payload[0]));
}

function readLevels(payload: Json): Levels {
  const levels: Levels = { bids: [], asks: [] };
  for (const row of isList(payload) ? payload : [payload]) {
    if (!Array.isArray(row)) throw new Rejected('type', 'expected a row');
    if (row.length < 3) throw new Rejected('shape', 'expected [price, count, amount]');
    const [price, count, amount] = row.slice(0, 3).map(numberText);
    if (!/^\d+$/.test(count)) throw new Rejected('type', `count ${count}`);
    if (parseDecimal(price) === 0n) throw new Rejected('range', 'a level without a price');
    const isAsk = amount.startsWith('-');
    const quantity = amount.slice(isAsk ? 1 : 0);
    if (parseDecimal(quantity) === 0n) throw new Rejected('range', 'a level without an amount');
    const level: Level = makeLevel(price, Number(count) === 0 ? '0' : quantity);
    (isAsk ? levels.asks : levels.bids).push(level);
  }
  return levels;
}

function numberText(value: Json): string {
  if (!(value instanceof JsonNumber)) throw new Rejected('type', 'expected a number');
  return plainText(value.text);
}

/** In ascending order of id: a list has the newest first. */
function readTrades(rows: Json[]): Trade[] {
  const trades = rows.map((row) => {
    if (!Array.isArray(row)) throw new Rejected('type', 'expected a trade');
    if (row.length < 4) throw new Rejected('shape', 'expected [id, ms, amount, price]');
    const [id, ms, amount, price] = row.slice(0, 4).map(numberText);
    const isSold = amount.startsWith('-');
    const quantity = parseDecimal(amount.slice(isSold ? 1 : 0));
    if (quantity === 0n || parseDecimal(price) === 0n) throw new Rejected('range', 'a trade of nothing');
    const side: Trade['side'] = isSold ? 'sell' : 'buy';
    const exchangeTimeUs = Number(ms) * 1000;
    return {
      id: BigInt(id),
      channel: 'trades',
      price: parseDecimal(price),
      quantity,
      side,
      exchangeTimeUs,
      matches: 1,
    };
  });
  return trades.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
