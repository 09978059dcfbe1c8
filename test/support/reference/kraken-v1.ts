// Owns Kraken v1: arrays `[channelID, payload(s)…, name, pair]` and objects with `event` (venues.md §11.2).
import type { Levels } from './book.ts';
import { parseDecimal } from './decimal.ts';
import { arrayLevel, type FrameClass } from './dialect.ts';
import { asObject, type Json, type JsonObject, listField } from './json.ts';
import { checkSymbol, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import { parseSecondsUs } from './time.ts';
import type { Trade } from './trades.ts';

const VENUE = 'kraken';
const CONTROL_EVENTS = ['heartbeat', 'systemStatus', 'subscriptionStatus', 'pong', 'ping', 'error'];

export function krakenV1Event(document: JsonObject): FrameClass {
  return CONTROL_EVENTS.includes(String(document.get('event'))) ? 'control' : 'unknown';
}

export function krakenV1Data(markets: Markets, frame: Json[], receiveTimeUs: number | null): FrameClass {
  const name = frame.at(-2);
  const pair = frame.at(-1);
  if (frame.length < 4 || typeof name !== 'string' || typeof pair !== 'string') {
    throw new Rejected('shape', 'expected [channelID, payload, name, pair]');
  }
  const payloads = frame.slice(1, -2);
  const symbol = checkSymbol(pair);
  const depth = /^book-(\d+)$/.exec(name)?.[1];
  if (depth !== undefined) return applyBook(markets, payloads, symbol, Number(depth));
  if (name === 'trade') return applyTrades(markets, payloads, symbol, receiveTimeUs);
  if (name !== 'ticker' && name !== 'spread' && !/^ohlc-\d+$/.test(name)) return 'unknown';
  markets.at(VENUE, symbol);
  return 'applied';
}

function applyBook(markets: Markets, payloads: Json[], symbol: string, depth: number): FrameClass {
  const parts = payloads.map((payload) => asObject(payload, 'a book payload'));
  const isSnapshot = parts.some((part) => part.has('as') || part.has('bs'));
  const asks = isSnapshot ? 'as' : 'a';
  const bids = isSnapshot ? 'bs' : 'b';
  if (!parts.some((part) => part.has(asks) || part.has(bids))) throw new Rejected('missing-field', 'a or b');
  const levels: Levels = { bids: readSide(parts, bids), asks: readSide(parts, asks) };
  const checksum = readChecksum(parts);
  const { book } = markets.at(VENUE, symbol);
  if (isSnapshot) book.replace(levels, null, { depth, checksum });
  else if (book.isFollowing) book.change(levels, null, { depth, checksum });
  return 'applied';
}

function readSide(parts: JsonObject[], name: string): Levels['bids'] {
  return parts.flatMap((part) => (part.has(name) ? listField(part, name).map(arrayLevel) : []));
}

/** `c` stands in the last payload of the frame. */
function readChecksum(parts: JsonObject[]): bigint | null {
  const text = parts.at(-1)?.get('c');
  if (text === undefined) return null;
  if (typeof text !== 'string' || !/^\d{1,10}$/.test(text)) throw new Rejected('type', 'expected digits in c');
  return BigInt(text);
}

function applyTrades(markets: Markets, payloads: Json[], symbol: string, receiveTimeUs: number | null): FrameClass {
  const list = payloads[0];
  if (!Array.isArray(list)) throw new Rejected('shape', 'expected a list of trades');
  const trades = list.map(readTrade);
  const market = markets.at(VENUE, symbol);
  for (const trade of trades) markets.trade(market, trade, false, receiveTimeUs);
  return 'applied';
}

/** `[price, volume, time, side b|s, type, misc]`, without an id. */
function readTrade(value: Json): Trade {
  if (!Array.isArray(value) || value.length < 4) throw new Rejected('shape', 'expected a trade');
  const [price, quantity, time, side] = value;
  if (typeof price !== 'string' || typeof quantity !== 'string' || typeof time !== 'string') {
    throw new Rejected('type', 'expected texts in a trade');
  }
  if (side !== 'b' && side !== 's') throw new Rejected('type', 'expected side b or s');
  return {
    id: null,
    channel: 'trade',
    price: parseDecimal(price),
    quantity: parseDecimal(quantity),
    side: side === 'b' ? 'buy' : 'sell',
    exchangeTimeUs: parseSecondsUs(time),
    matches: 1,
  };
}
