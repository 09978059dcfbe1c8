// Owns the `json` dialect: normalised messages alone, in an array, or in `{seq, messages}`; the market is `exchange:symbol`.
import type { Levels } from './book.ts';
import type { Dialect, FrameClass } from './dialect.ts';
import {
  asObject,
  booleanField,
  decimalField,
  decimalText,
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
import { parseIsoUs } from './time.ts';
import type { Trade } from './trades.ts';

type Apply = (receiveTimeUs: number | null) => void;

export function makeNormalised(markets: Markets): Dialect {
  function readTrade(message: JsonObject, marketOf: () => Market): Apply {
    const side = message.get('side') ?? 'unknown';
    if (side !== 'buy' && side !== 'sell' && side !== 'unknown') throw new Rejected('type', 'side');
    const trade: Trade = {
      id: readId(message.get('id')),
      channel: 'trade',
      price: decimalField(message, 'price'),
      quantity: decimalField(message, 'amount'),
      side,
      exchangeTimeUs: parseIsoUs(textField(message, 'timestamp')),
      matches: 1,
    };
    return (receiveTimeUs) => markets.trade(marketOf(), trade, false, receiveTimeUs);
  }

  function readBook(message: JsonObject, isSnapshot: boolean, marketOf: () => Market): Apply {
    const levels: Levels = {
      bids: listField(message, 'bids').map(readLevel),
      asks: listField(message, 'asks').map(readLevel),
    };
    return () => {
      const { book } = marketOf();
      if (isSnapshot) book.replace(levels, null);
      else if (book.isFollowing) book.change(levels, null);
    };
  }

  /** Null for a message whose type is not known. */
  function readMessage(value: Json): Apply | null {
    const message = asObject(value, 'a message');
    const type = message.get('type');
    if (type !== 'trade' && type !== 'book_change' && type !== 'book_snapshot') return null;
    const exchange = textField(message, 'exchange');
    const symbol = checkSymbol(textField(message, 'symbol'));
    checkSymbol(exchange);
    const marketOf = (): Market => markets.at(exchange, symbol);
    if (type === 'trade') return readTrade(message, marketOf);
    if (type === 'book_snapshot') return readBook(message, true, marketOf);
    return readBook(message, message.has('isSnapshot') && booleanField(message, 'isSnapshot'), marketOf);
  }

  function frame(document: Json, receiveTimeUs: number | null): FrameClass {
    const applies = messagesOf(document).map(readMessage);
    const known = applies.filter((apply) => apply !== null);
    for (const apply of known) apply(receiveTimeUs);
    return known.length > 0 || applies.length === 0 ? 'applied' : 'unknown';
  }

  return { frame, snapshot: null, open: () => {} };
}

function messagesOf(document: Json): Json[] {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) throw new Rejected('shape', 'expected a message');
  return document.has('messages') ? listField(document, 'messages') : [document];
}

function readLevel(value: Json): Level {
  const level = asObject(value, 'a level');
  return makeLevel(decimalText(level.get('price'), 'price'), decimalText(level.get('amount'), 'amount'));
}

function readId(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (value instanceof JsonNumber) return value.text;
  if (typeof value !== 'string') throw new Rejected('type', 'expected text in id');
  return value;
}
