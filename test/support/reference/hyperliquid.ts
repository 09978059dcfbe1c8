// Owns the Hyperliquid dialect: whole books ordered by their time, and trades told apart by time and tid (venues.md §4).
import type { Book, Levels } from './book.ts';
import type { Dialect, FrameClass } from './dialect.ts';
import {
  asObject,
  decimalField,
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
import type { Trade } from './trades.ts';

const VENUE = 'hyperliquid';
const GREETING = 'Websocket connection established.';
const CONTROL = ['subscriptionResponse', 'pong', 'error', 'post', 'notification', 'allMids'];
/** Data that feed neither book nor bars, and the field that names their market. */
const ASIDE = new Map([
  ['bbo', 'coin'],
  ['candle', 's'],
  ['activeAssetCtx', 'coin'],
  ['activeSpotAssetCtx', 'coin'],
]);

export function makeHyperliquid(markets: Markets): Dialect {
  /** Time of the book that each market holds, and those of the older ones since that came in rising order. */
  const times = new Map<Book, { held: bigint; older: bigint[] }>();

  function applyBook(data: JsonObject): void {
    const symbol = checkSymbol(textField(data, 'coin'));
    const time = numberField(data, 'time');
    const levels = readLevels(data);
    const { book } = markets.at(VENUE, symbol);
    if (isOld(times.get(book), time)) return;
    times.set(book, { held: time, older: [] });
    book.replace(levels, time);
  }

  function applyTrades(list: Json[], receiveTimeUs: number | null): void {
    for (const { symbol, trade } of list.map(readTrade))
      markets.trade(markets.at(VENUE, symbol), trade, false, receiveTimeUs);
  }

  function frame(document: Json, receiveTimeUs: number | null): FrameClass {
    if (!isObject(document)) {
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    }
    if (document.has('backfill')) {
      applyTrades(listField(asObject(document.get('backfill'), 'backfill'), 'trades'), receiveTimeUs);
      return 'applied';
    }
    if (!document.has('channel')) return 'unknown';
    const channel = textField(document, 'channel');
    if (CONTROL.includes(channel)) return 'control';
    const naming = ASIDE.get(channel);
    if (channel === 'l2Book') applyBook(asObject(document.get('data'), 'data'));
    else if (channel === 'trades') applyTrades(listField(document, 'data'), receiveTimeUs);
    else if (naming === undefined) return 'unknown';
    else for (const entry of entriesOf(document)) markets.at(VENUE, checkSymbol(textField(entry, naming)));
    return 'applied';
  }

  const plain = (text: string): FrameClass | null => (text === GREETING ? 'control' : null);
  return { frame, plain, snapshot: null, open: () => {} };
}

/** An older book is passed over; the third in a row that rises shows that the time held is wrong. */
function isOld(times: { held: bigint; older: bigint[] } | undefined, time: bigint): boolean {
  if (times === undefined || time >= times.held) return false;
  const last = times.older.at(-1);
  times.older = last !== undefined && time > last ? [...times.older, time] : [time];
  return times.older.length < 3;
}

function entriesOf(document: JsonObject): JsonObject[] {
  const data = document.get('data');
  return (Array.isArray(data) ? data : [data]).map((entry) => asObject(entry, 'data'));
}

function readLevels(data: JsonObject): Levels {
  const sides = listField(data, 'levels');
  if (sides.length !== 2) throw new Rejected('shape', 'expected bids and asks');
  const [bids, asks] = sides.map((side) => {
    if (!Array.isArray(side)) throw new Rejected('type', 'expected a list of levels');
    return side.map(readLevel);
  });
  return { bids, asks };
}

function readLevel(value: Json): Level {
  const entry = asObject(value, 'a level');
  return makeLevel(textField(entry, 'px'), textField(entry, 'sz'));
}

function numberField(entry: JsonObject, name: string): bigint {
  if (!(entry.get(name) instanceof JsonNumber)) throw new Rejected('type', `expected a number in ${name}`);
  return integerField(entry, name);
}

function readTrade(value: Json): { symbol: string; trade: Trade } {
  const entry = asObject(value, 'a trade');
  const side = textField(entry, 'side');
  if (side !== 'B' && side !== 'A') throw new Rejected('type', `side ${side}`);
  const time = numberField(entry, 'time');
  const trade: Trade = {
    id: `${time}-${numberField(entry, 'tid')}`,
    channel: 'trades',
    price: decimalField(entry, 'px'),
    quantity: decimalField(entry, 'sz'),
    side: side === 'B' ? 'buy' : 'sell',
    exchangeTimeUs: Number(time) * 1000,
    matches: 1,
  };
  return { symbol: checkSymbol(textField(entry, 'coin')), trade };
}
