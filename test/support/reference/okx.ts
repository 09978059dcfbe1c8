// Owns the OKX v5 dialect: books chained by prevSeqId or sealed by a checksum, and trades (venues.md §7, §11.3).
import type { Book, Levels } from './book.ts';
import { crc32 } from './crc32.ts';
import { arrayLevel, type Dialect, type FrameClass } from './dialect.ts';
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
import type { Level } from './ladder.ts';
import { checkSymbol, type Markets } from './market.ts';
import { Rejected } from './rejection.ts';
import type { Trade } from './trades.ts';

const VENUE = 'okx';
const EVENTS = [
  'subscribe',
  'unsubscribe',
  'error',
  'notice',
  'login',
  'channel-conn-count',
  'channel-conn-count-error',
];
/** Levels a side of each book channel. */
const DEPTHS = new Map([
  ['books', 400],
  ['books-l2-tbt', 400],
  ['books50-l2-tbt', 50],
  ['books5', 5],
]);
/** Channels of contracts, whose entries feed nothing. */
const DERIVATIVES = ['mark-price', 'index-tickers', 'funding-rate', 'open-interest'];
const CANDLE = /^candle\d{1,2}[smHDWMY](utc)?$/;

type Change = { levels: Levels; checksum: bigint | null; sequence: bigint | null; previous: bigint | null };
/** Numbers of the change applied last. */
type Chain = { sequence: bigint | null; previous: bigint | null };

export function makeOkx(markets: Markets): Dialect {
  const chains = new Map<Book, Chain>();

  function applyBook(symbol: string, isSnapshot: boolean, depth: number, changes: Change[]): void {
    const { book } = markets.at(VENUE, symbol);
    for (const change of changes) {
      const seal = { depth, checksum: change.checksum, compute: okxChecksum };
      if (isSnapshot) {
        chains.set(book, { sequence: change.sequence, previous: null });
        book.replace(change.levels, change.sequence, seal);
        continue;
      }
      if (!book.isFollowing) continue;
      const follow = followOf(chains.get(book), change);
      if (follow === 'gap') book.breakByGap();
      if (follow !== 'next') continue;
      if (change.sequence !== null) noteNext(book, change.sequence, change.previous);
      book.change(change.levels, change.sequence, seal);
    }
  }

  function noteNext(book: Book, sequence: bigint, previous: bigint | null): void {
    const last = chains.get(book);
    // A keep-alive leaves the change before it as the one that may be repeated.
    chains.set(book, { sequence, previous: last?.sequence === sequence ? last.previous : previous });
  }

  function frame(document: Json, receiveTimeUs: number | null): FrameClass {
    if (!isObject(document)) {
      if (Array.isArray(document)) return 'unknown';
      throw new Rejected('shape', 'expected an object');
    }
    if (document.has('backfill')) return backfill(asObject(document.get('backfill'), 'backfill'), receiveTimeUs);
    if (document.has('event')) return eventClass(document);
    if (!document.has('arg')) return 'unknown';
    const arg = asObject(document.get('arg'), 'arg');
    const channel = textField(arg, 'channel');
    const depth = DEPTHS.get(channel);
    const isTrades = channel === 'trades' || channel === 'trades-all';
    if (channel === 'liquidation-orders') return liquidations(document);
    const isAside =
      channel === 'bbo-tbt' || channel === 'tickers' || CANDLE.test(channel) || DERIVATIVES.includes(channel);
    if (depth === undefined && !isTrades && !isAside) return 'unknown';
    const symbol = checkSymbol(textField(arg, 'instId'));
    const data = listField(document, 'data');
    if (depth !== undefined) {
      const isSnapshot = channel === 'books5' || readIsSnapshot(document);
      applyBook(symbol, isSnapshot, depth, data.map(readChange));
    }
    const trades = isTrades ? data.map((entry) => readTrade(entry, channel)) : [];
    const market = markets.at(VENUE, symbol);
    for (const trade of trades) markets.trade(market, trade, false, receiveTimeUs);
    return 'applied';
  }

  /** Each entry names its own market. */
  function liquidations(document: JsonObject): FrameClass {
    const symbols = listField(document, 'data').map((entry) => textField(asObject(entry, 'an entry'), 'instId'));
    for (const symbol of symbols) markets.at(VENUE, checkSymbol(symbol));
    return 'applied';
  }

  /** Trades fetched after a loss, as those of `trades`. */
  function backfill(envelope: JsonObject, receiveTimeUs: number | null): FrameClass {
    const symbol = checkSymbol(textField(envelope, 'symbol'));
    const trades = listField(envelope, 'trades').map((entry) => readTrade(entry, 'trades'));
    for (const trade of trades) markets.trade(markets.at(VENUE, symbol), trade, false, receiveTimeUs);
    return 'applied';
  }

  // The answer to the text `ping`.
  const plain = (text: string): FrameClass | null => (text === 'pong' ? 'control' : null);
  return { frame, plain, snapshot: null, open: () => {} };
}

function eventClass(document: JsonObject): FrameClass {
  if (document.has('data')) throw new Rejected('shape', 'an event with data');
  return EVENTS.includes(textField(document, 'event')) ? 'control' : 'unknown';
}

/** venues.md §7.3. A repeat of the very change applied last is told by both its numbers. */
function followOf(last: Chain | undefined, change: Change): 'next' | 'repeat' | 'gap' {
  if (change.sequence === null || last === undefined || last.sequence === null) return 'next';
  if (change.previous === last.sequence) return 'next';
  const isRepeat = change.previous !== null && change.sequence === last.sequence && change.previous === last.previous;
  return isRepeat ? 'repeat' : 'gap';
}

function readIsSnapshot(document: JsonObject): boolean {
  const action = textField(document, 'action');
  if (action !== 'snapshot' && action !== 'update') throw new Rejected('type', `action ${action}`);
  return action === 'snapshot';
}

function readChange(value: Json): Change {
  const entry = asObject(value, 'an entry of data');
  const side = (name: string): Level[] => listField(entry, name).map(arrayLevel);
  const levels = { bids: side('bids'), asks: side('asks') };
  integerField(entry, 'ts');
  const sequence = entry.has('seqId') ? numberField(entry, 'seqId') : null;
  const previous = entry.has('prevSeqId') ? numberField(entry, 'prevSeqId') : null;
  const checksum = entry.has('checksum') ? numberField(entry, 'checksum') : 0n;
  return {
    levels,
    sequence,
    previous: previous === -1n ? null : previous,
    checksum: checksum === 0n ? null : checksum,
  };
}

function numberField(entry: JsonObject, name: string): bigint {
  if (!(entry.get(name) instanceof JsonNumber)) throw new Rejected('type', `expected a number in ${name}`);
  return integerField(entry, name);
}

function readTrade(value: Json, channel: string): Trade {
  const entry = asObject(value, 'a trade');
  const side = textField(entry, 'side');
  if (side !== 'buy' && side !== 'sell') throw new Rejected('type', `side ${side}`);
  const isGrouped = channel === 'trades' && entry.has('count');
  return {
    id: integerField(entry, 'tradeId'),
    channel,
    price: decimalField(entry, 'px'),
    quantity: decimalField(entry, 'sz'),
    side,
    exchangeTimeUs: Number(integerField(entry, 'ts')) * 1000,
    matches: isGrouped ? Number(integerField(entry, 'count')) : 1,
  };
}

/** The text of the 25 best levels, bid and ask in turn, as sent. */
export function okxChecksumText(bids: Level[], asks: Level[]): string {
  const texts: string[] = [];
  for (let rank = 0; rank < 25; rank += 1) {
    for (const level of [bids[rank], asks[rank]]) {
      if (level !== undefined) texts.push(`${level.priceText}:${level.quantityText}`);
    }
  }
  return texts.join(':');
}

/** As the venue sends it: signed, 32 bits. */
export function okxChecksum(book: Book): number {
  return crc32(okxChecksumText(book.bids.levels, book.asks.levels)) | 0;
}
