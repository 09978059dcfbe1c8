// Owns the Injective dialect: blocks of the chain stream, indexer frames and their scales in BigInt (venues.md §6).
import type { Book, Levels } from './book.ts';
import { parseDecimal, plainText } from './decimal.ts';
import type { Dialect, FrameClass } from './dialect.ts';
import { isObject, type Json, JsonNumber, type JsonObject } from './json.ts';
import type { Level } from './ladder.ts';
import { checkSymbol, type Market, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import type { Trade } from './trades.ts';

const VENUE = 'injective';
const BLOCK_LISTS = ['spotTrades', 'derivativeTrades', 'spotOrderbookUpdates', 'derivativeOrderbookUpdates'];
const BLOCK_FIELDS = [
  ...BLOCK_LISTS,
  'blockHeight',
  'blockTime',
  'bankBalances',
  'subaccountDeposits',
  'spotOrders',
  'derivativeOrders',
  'positions',
  'oraclePrices',
  'gasPrice',
  'orderFailures',
  'conditionalOrderTriggerFailures',
];
const BOOK_FIELDS = ['orderbookLevelUpdates', 'orderbook', 'orderbooks', 'snapshot'];
const TRADE_FIELDS = ['trade', 'trades', 'backfill'];
const TAKERS = ['market', 'limitmatchneworder', 'marketliquidation'];
const MAKERS = ['limitfill', 'limitmatchrestingorder'];

type Shifts = { price: number; quantity: number };
type ReadBook = { symbol: string; sequence: bigint | null; levels: Levels; isUpdate: boolean };
/** Settlements and the like are no trades of the market. */
type ReadTrade = { symbol: string; trade: Trade; isOfMarket: boolean };

// ---- access to fields in either writing

const canonical = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** The value of a field, undefined where there is none. */
function get(object: JsonObject, name: string): Json | undefined {
  for (const [key, value] of object) if (canonical(key) === canonical(name)) return value;
  return undefined;
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = get(object, name);
  if (value === undefined) throw new Rejected('missing-field', name);
  if (!isObject(value)) throw new Rejected('type', `expected an object in ${name}`);
  return value;
}

function listAt(object: JsonObject, name: string): JsonObject[] {
  const value = get(object, name) ?? [];
  if (!Array.isArray(value) || !value.every(isObject)) throw new Rejected('type', `expected a list in ${name}`);
  return value as JsonObject[];
}

function textAt(object: JsonObject, name: string): string | null {
  const value = get(object, name);
  if (value === undefined) return null;
  if (typeof value !== 'string') throw new Rejected('type', `expected text in ${name}`);
  return value;
}

/** Digits of a number, in quotes or not. */
function digitsAt(object: JsonObject, name: string): string {
  const value = get(object, name);
  if (value === undefined) throw new Rejected('missing-field', name);
  if (value instanceof JsonNumber) return value.text;
  if (typeof value !== 'string') throw new Rejected('type', `expected a number in ${name}`);
  return value;
}

function integerAt(object: JsonObject, name: string): bigint {
  const digits = digitsAt(object, name);
  if (!/^(0|[1-9]\d*)$/.test(digits)) throw new Rejected(digits.startsWith('-') ? 'range' : 'type', name);
  if (BigInt(digits) >= 2n ** 53n) throw new Rejected('range', name);
  return BigInt(digits);
}

function timeUsAt(object: JsonObject, name: string): number {
  return digitsAt(object, name).startsWith('-') ? 0 : Number(integerAt(object, name)) * 1000;
}

function booleanAt(object: JsonObject, name: string, absent: boolean): boolean {
  const value = get(object, name) ?? absent;
  if (typeof value !== 'boolean') throw new Rejected('type', `expected true or false in ${name}`);
  return value;
}

/** 0x and 64 hex digits, from hex or from base64 of 32 bytes; any other text as it is. */
export function canonicalId(text: string): string {
  if (/^(0x)?[0-9a-f]{64}$/i.test(text)) return `0x${text.slice(-64).toLowerCase()}`;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === text ? `0x${bytes.toString('hex')}` : checkSymbol(text);
}

/** A decimal text, perhaps with exponent, times 10^shift, exactly, in units of 10^-18. */
export function scaledDecimal(text: string, shift: number): bigint {
  if (/^-\d/.test(text)) throw new Rejected('range', text);
  if (!/^(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new Rejected('type', text);
  const [whole, fraction = ''] = plainText(text).split('.');
  const digits = whole + fraction;
  const decimals = fraction.length - shift;
  if (decimals <= 0) return parseDecimal(digits + '0'.repeat(-decimals));
  const padded = digits.padStart(decimals + 1, '0');
  return parseDecimal(`${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`);
}

// ---- the dialect

export function makeInjective(markets: Markets): Dialect {
  const decimals = new Map<string, Shifts>();
  const syncs = new Map<Market, InjectiveSync>();
  const scales = new StreamScales();
  let isChainScaled = false;

  function shiftsOf(symbol: string): Shifts {
    const known = decimals.get(symbol);
    if (known === undefined) throw new Rejected('missing-field', `decimals of ${symbol}`);
    return known;
  }

  function sync(symbol: string): InjectiveSync {
    const market = markets.at(VENUE, symbol);
    const known = syncs.get(market) ?? new InjectiveSync(market.book);
    syncs.set(market, known);
    return known;
  }

  /** `outer` may have the id. `form`: an update, a whole book, or an answer. */
  function readBook(entry: JsonObject, outer: JsonObject | null, isUpdate: boolean): ReadBook {
    const nested = get(entry, 'orderbook');
    const objects = [entry, ...(isObject(nested) ? [nested] : []), ...(outer === null ? [] : [outer])];
    const find = (...names: string[]): JsonObject | undefined =>
      objects.find((object) => names.some((name) => get(object, name) !== undefined));
    const idAt = find('marketId', 'symbol');
    if (idAt === undefined) throw new Rejected('missing-field', 'market id');
    const symbol = canonicalId(textAt(idAt, 'marketId') ?? textAt(idAt, 'symbol') ?? '');
    const inner = objects.slice(0, isObject(nested) ? 2 : 1);
    const at = (name: string): JsonObject | undefined => inner.find((object) => get(object, name) !== undefined);
    const isLcd = at('buysPriceLevel') !== undefined || at('sellsPriceLevel') !== undefined;
    const sequenceAt = at('seq') ?? at('sequence');
    if (sequenceAt === undefined && (isUpdate || isLcd)) throw new Rejected('missing-field', 'sequence');
    const sequence =
      sequenceAt === undefined
        ? null
        : integerAt(sequenceAt, get(sequenceAt, 'seq') === undefined ? 'sequence' : 'seq');
    const side = (stream: string, indexer: string, lcd: string): Level[] => {
      const streamAt = at(stream);
      if (streamAt !== undefined) return listAt(streamAt, stream).map((level) => streamLevel(level, symbol));
      const lcdAt = at(lcd);
      if (lcdAt !== undefined) return listAt(lcdAt, lcd).map((level) => plainLevel(level, { price: 0, quantity: 0 }));
      const indexerAt = at(indexer);
      return indexerAt === undefined
        ? []
        : listAt(indexerAt, indexer).map((level) => plainLevel(level, shiftsOf(symbol)));
    };
    const levels = {
      bids: side('buyLevels', 'buys', 'buysPriceLevel'),
      asks: side('sellLevels', 'sells', 'sellsPriceLevel'),
    };
    return { symbol, sequence, levels, isUpdate };
  }

  function streamLevel(level: JsonObject, symbol: string): Level {
    const shifts = isChainScaled ? shiftsOf(symbol) : { price: 0, quantity: 0 };
    const priceText = digitsAt(level, 'p');
    const quantityText = digitsAt(level, 'q');
    return checked({
      price: scales.read(priceText, shifts.price),
      quantity: scales.read(quantityText, shifts.quantity),
      priceText,
      quantityText,
    });
  }

  function plainLevel(level: JsonObject, shifts: Shifts): Level {
    const isShort = get(level, 'p') !== undefined;
    const priceText = digitsAt(level, isShort ? 'p' : 'price');
    const quantityText = digitsAt(level, isShort ? 'q' : 'quantity');
    const quantity = scaledDecimal(quantityText, shifts.quantity);
    const isActive = booleanAt(level, 'isActive', true);
    return checked({
      price: scaledDecimal(priceText, shifts.price),
      quantity: isActive ? quantity : 0n,
      priceText,
      quantityText,
    });
  }

  function readTrade(entry: JsonObject, timeUs: number | null): ReadTrade | null {
    const symbol = canonicalId(required(textAt(entry, 'marketId'), 'marketId'));
    const execution = textAt(entry, 'executionType') ?? textAt(entry, 'tradeExecutionType');
    const executionSide = textAt(entry, 'executionSide');
    if (execution === null && executionSide === null) throw new Rejected('missing-field', 'executionType');
    const isMaker = executionSide === null ? MAKERS.includes(canonical(execution ?? '')) : executionSide === 'maker';
    const delta = get(entry, 'positionDelta');
    const price = get(entry, 'price');
    const numbers = isObject(delta) ? delta : isObject(price) ? price : entry;
    const priceText = digitsAt(numbers, isObject(delta) ? 'executionPrice' : 'price');
    const quantityText = digitsAt(numbers, isObject(delta) ? 'executionQuantity' : 'quantity');
    const direction = textAt(entry, 'tradeDirection') ?? (isObject(delta) ? textAt(delta, 'tradeDirection') : null);
    if (timeUs === null && direction === null) throw new Rejected('missing-field', 'tradeDirection');
    const isBuy = direction === null ? booleanAt(entry, 'isBuy', false) : direction === 'buy';
    const exchangeTimeUs = timeUs ?? timeUsAt(entry, 'executedAt');
    if (isMaker) return null;
    const isStream = timeUs !== null;
    const shifts = isStream && !isChainScaled ? { price: 0, quantity: 0 } : shiftsOf(symbol);
    const read = isStream ? scales.read.bind(scales) : scaledDecimal;
    const id = textAt(entry, 'tradeId');
    const trade: Trade = {
      id: id === '' ? null : id,
      channel: 'trade',
      price: read(priceText, shifts.price),
      quantity: read(quantityText, shifts.quantity),
      side: isBuy ? 'buy' : 'sell',
      exchangeTimeUs,
      matches: 1,
    };
    if (trade.price === 0n || trade.quantity === 0n) throw new Rejected('range', 'a trade of nothing');
    const isOfMarket = execution === null || [...TAKERS, ...MAKERS].includes(canonical(execution));
    return { symbol, trade, isOfMarket };
  }

  function learn(list: JsonObject[]): void {
    for (const entry of list) {
      const nested = get(entry, 'market');
      const market = isObject(nested) ? nested : entry;
      const id = canonicalId(required(textAt(market, 'marketId'), 'marketId'));
      const of = (side: string): number => {
        const meta = get(market, `${side}TokenMeta`);
        if (isObject(meta)) return Number(integerAt(meta, 'decimals'));
        return get(market, `${side}Decimals`) === undefined ? 0 : Number(integerAt(market, `${side}Decimals`));
      };
      const [base, quote] = [of('base'), of('quote')];
      const isDerivative = get(market, 'oracleBase') !== undefined;
      const isSpot = !isDerivative && (base > 0 || get(market, 'baseDenom') !== undefined);
      if (quote === 0 || (isSpot && base === 0)) continue;
      decimals.set(id, isSpot ? { price: base - quote, quantity: -base } : { price: -quote, quantity: 0 });
    }
  }

  function applyBook({ symbol, sequence, levels, isUpdate }: ReadBook): void {
    if (isUpdate) sync(symbol).update(levels, sequence ?? 0n);
    else sync(symbol).snapshot(levels, sequence);
  }

  function answerBooks(snapshot: JsonObject): ReadBook[] {
    if (get(snapshot, 'orderbooks') === undefined) return [readBook(snapshot, null, false)];
    return listAt(snapshot, 'orderbooks').map((entry) => readBook(entry, null, false));
  }

  function readBooks(frame: JsonObject): ReadBook[] {
    const updates = ['spotOrderbookUpdates', 'derivativeOrderbookUpdates'].flatMap((name) =>
      listAt(frame, name).map((entry) => readBook(entry, null, true)),
    );
    const level = get(frame, 'orderbookLevelUpdates') === undefined ? null : objectAt(frame, 'orderbookLevelUpdates');
    const whole = get(frame, 'orderbook') === undefined ? null : objectAt(frame, 'orderbook');
    const snapshot = get(frame, 'snapshot') === undefined ? null : objectAt(frame, 'snapshot');
    return [
      ...updates,
      ...(level === null ? [] : [readBook(level, frame, true)]),
      ...(whole === null ? [] : [readBook(whole, frame, false)]),
      ...listAt(frame, 'orderbooks').map((entry) => readBook(entry, null, false)),
      ...(snapshot === null ? [] : answerBooks(snapshot)),
    ];
  }

  function readTrades(frame: JsonObject): ReadTrade[] {
    const block = [...listAt(frame, 'spotTrades'), ...listAt(frame, 'derivativeTrades')];
    const timeUs = block.length === 0 ? null : timeUsAt(frame, 'blockTime');
    const past =
      get(frame, 'backfill') === undefined ? listAt(frame, 'trades') : listAt(objectAt(frame, 'backfill'), 'trades');
    const pushed = get(frame, 'trade') === undefined ? [] : [objectAt(frame, 'trade')];
    return [
      ...block.map((entry) => readTrade(entry, timeUs)),
      ...pushed.map((entry) => readTrade(entry, null)),
      ...[...past]
        .map((entry) => ({ entry, timeUs: timeUsAt(entry, 'executedAt') }))
        .sort((a, b) => a.timeUs - b.timeUs)
        .map(({ entry }) => readTrade(entry, null)),
    ].filter((read) => read !== null);
  }

  function payload(frame: JsonObject, receiveTimeUs: number | null): FrameClass {
    const has = (names: string[]): boolean => names.some((name) => get(frame, name) !== undefined);
    const trades = readTrades(frame);
    const books = readBooks(frame);
    if (get(frame, 'markets') !== undefined) learn(listAt(frame, 'markets'));
    const scale = textAt(frame, 'streamScale');
    if (scale !== null) isChainScaled = scale === 'chain';
    for (const book of books) applyBook(book);
    for (const { symbol, trade, isOfMarket } of trades) {
      const market = markets.at(VENUE, symbol);
      if (isOfMarket) markets.trade(market, trade, false, receiveTimeUs);
      else market.trades.takesChannel(trade.channel);
    }
    if (has(BLOCK_FIELDS) || has(BOOK_FIELDS)) return 'applied';
    if (has(TRADE_FIELDS)) return trades.length > 0 ? 'applied' : 'ignored';
    return has(['markets', 'streamScale']) ? 'control' : 'unknown';
  }

  function frame(document: Json, receiveTimeUs: number | null): FrameClass {
    if (!isObject(document)) {
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    }
    const result = document.get('result');
    if ((document.get('error') ?? null) !== null || (result !== undefined && !isObject(result))) return 'control';
    const before = scales.rendering;
    try {
      return payload(isObject(result) ? result : document, receiveTimeUs);
    } catch (error) {
      scales.rendering = before;
      throw error;
    }
  }

  return { frame, snapshot: null, open: () => {} };
}

function required(text: string | null, name: string): string {
  if (text === null) throw new Rejected('missing-field', name);
  return text;
}

function checked(level: Level): Level {
  if (level.price === 0n) throw new Rejected('range', 'a level without a price');
  return level;
}

/** How the chain stream prints: settled by the first number that is not zero. */
class StreamScales {
  rendering: 'open' | 'plain' | 'atto' = 'open';

  read(text: string, shift: number): bigint {
    if (shift !== 0) return scaledDecimal(text, shift);
    const isLong = /^\d{14,}$/.test(text);
    if (this.rendering === 'open' && isLong) this.rendering = 'atto';
    if (this.rendering === 'atto' && !/^\d+$/.test(text)) throw new Rejected('range', 'a point among integers');
    const value = scaledDecimal(text, this.rendering === 'atto' ? -18 : 0);
    if (this.rendering === 'open' && value !== 0n) this.rendering = 'plain';
    return value;
  }
}

/** venues.md §6.2: drop what the snapshot has, then exactly +1. */
class InjectiveSync {
  private readonly book: Book;
  private held: { levels: Levels; sequence: bigint }[] = [];
  private last: bigint | null = null;

  constructor(book: Book) {
    this.book = book;
  }

  update(levels: Levels, sequence: bigint): void {
    if (!this.book.isFollowing) {
      this.held.push({ levels, sequence });
      return;
    }
    if (this.last !== null && sequence <= this.last) return;
    if (this.last !== null && sequence !== this.last + 1n) {
      this.book.breakByGap();
      this.held = [{ levels, sequence }];
      return;
    }
    this.last = sequence;
    this.book.change(levels, sequence);
  }

  snapshot(levels: Levels, sequence: bigint | null): void {
    if (sequence === null) this.held = [];
    else if (this.book.isFollowing) {
      if (this.last !== null && sequence < this.last) return;
    } else {
      const next = this.held.find((update) => update.sequence > sequence);
      if (next !== undefined && next.sequence > sequence + 1n) return;
    }
    const held = this.book.isFollowing ? [] : this.held;
    this.held = [];
    this.book.settle(() => {
      this.book.replace(levels, sequence);
      this.last = sequence;
      for (const update of held) this.update(update.levels, update.sequence);
    });
  }
}
