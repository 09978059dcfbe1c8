// What a recording holds for each market, counted with JSON.parse and nothing of the engine; and recordings with frames
// lost, repeated, late and malformed at random, so that every way out of the engine is taken.

import type { Dialect } from '../../schemas/ids.ts';
import type { Entry } from './mutations.ts';

/** Of one market, in records. */
export type Account = {
  /** Book changes, snapshots among them, and their levels. */
  changes: number;
  levels: number;
  quotes: number;
  candles: number;
  /** Trades of the first channel seen, seen for the first time; how many matches they are; repeats; of other channels. */
  trades: number;
  matches: number;
  repeats: number;
  others: number;
};

type Trade = {
  readonly market: string;
  readonly channel: string;
  readonly id: number | string | null;
  readonly matches: number;
  readonly isOffMarket?: boolean;
};

/** Whatever JSON.parse gave: named fields and entries are looked up as they come, scalars by text() and number(). */
type Json = { readonly [name: string]: Json } & readonly Json[];

const text = (value: Json | undefined): string => String(value);
const number = (value: Json | undefined): number => Number(value);

/** Markets and sizes of what one frame holds. */
type Content = {
  readonly changes?: readonly (readonly [market: string, levels: number])[];
  readonly trades?: readonly Trade[];
  readonly quotes?: readonly string[];
  readonly candles?: readonly string[];
};

const countOf = (...lists: readonly (Json | undefined)[]): number =>
  lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);

function readBinance(frame: Json): Content {
  if (frame['snapshot'] !== undefined) {
    const { symbol, bids, asks } = frame['snapshot'];
    return { changes: [[text(symbol), countOf(bids, asks)]] };
  }
  const event = frame['data'] ?? frame;
  const market = text(event['s']);
  switch (text(event['e'])) {
    case 'depthUpdate':
      return { changes: [[market, countOf(event['b'], event['a'])]] };
    case 'trade': {
      const isOffMarket = event['X'] !== undefined && text(event['X']) !== 'MARKET';
      return { trades: [{ market, channel: 'trade', id: number(event['t']), matches: 1, isOffMarket }] };
    }
    case 'aggTrade': {
      const matches = number(event['l']) - number(event['f']) + 1;
      return { trades: [{ market, channel: 'aggTrade', id: number(event['a']), matches }] };
    }
    case 'kline':
      return { candles: [market] };
    default:
      return event['B'] === undefined ? {} : { quotes: [market] };
  }
}

function readKrakenV1(frame: readonly Json[]): Content {
  const market = text(frame.at(-1));
  const name = text(frame.at(-2));
  const payloads = frame.slice(1, -2);
  if (name.startsWith('book-')) {
    const levels = payloads.map((part) => countOf(part['a'], part['b'], part['as'], part['bs']));
    return { changes: [[market, levels.reduce((sum, count) => sum + count, 0)]] };
  }
  if (name === 'trade') {
    return { trades: payloads[0].map(() => ({ market, channel: 'trade', id: null, matches: 1 })) };
  }
  return name.startsWith('ohlc') ? { candles: [market] } : { quotes: [market] };
}

function readKraken(frame: Json): Content {
  if (Array.isArray(frame)) return readKrakenV1(frame);
  const data: readonly Json[] = frame['data'] ?? [];
  const symbol = (entry: Json): string => text(entry['symbol']);
  switch (text(frame['channel'])) {
    case 'book':
      return { changes: data.map((entry) => [symbol(entry), countOf(entry['bids'], entry['asks'])]) };
    case 'trade': {
      const rest = { channel: 'trade', matches: 1 };
      return { trades: data.map((entry) => ({ ...rest, market: symbol(entry), id: number(entry['trade_id']) })) };
    }
    case 'ticker':
      return { quotes: data.map(symbol) };
    case 'ohlc':
      return { candles: data.map(symbol) };
    default:
      return {};
  }
}

function readCoinbase(frame: Json): Content {
  const events: readonly Json[] = frame['events'] ?? [];
  const product = (entry: Json): string => text(entry['product_id']);
  const entries = (name: string): Json[] => events.flatMap((event) => [...event[name]]);
  switch (text(frame['channel'])) {
    case 'l2_data':
      return { changes: events.map((event) => [product(event), countOf(event['updates'])]) };
    case 'market_trades': {
      const rest = { channel: 'market_trades', matches: 1 };
      const trades = entries('trades');
      return { trades: trades.map((entry) => ({ ...rest, market: product(entry), id: text(entry['trade_id']) })) };
    }
    case 'ticker':
      return { quotes: entries('tickers').map(product) };
    case 'candles':
      return { candles: entries('candles').map(product) };
    default:
      return {};
  }
}

function readOkx({ arg, data }: Json): Content {
  if (data === undefined) return {};
  const market = text(arg['instId']);
  const channel = text(arg['channel']);
  if (channel.startsWith('books')) {
    return { changes: data.map((entry) => [market, countOf(entry['bids'], entry['asks'])]) };
  }
  if (channel === 'tickers') return { quotes: data.map(() => market) };
  if (channel !== 'trades') return {};
  return {
    trades: data.map((entry) => {
      const matches = entry['count'] === undefined ? 1 : number(entry['count']);
      return { market, channel, id: text(entry['tradeId']), matches };
    }),
  };
}

const READERS: Readonly<Record<string, (frame: Json) => Content>> = {
  binance: readBinance,
  'binance-futures': readBinance,
  kraken: readKraken,
  coinbase: readCoinbase,
  okx: readOkx,
};

/** Keeps the accounts of all markets, frame by frame. */
export class Accounts {
  /** By name without the venue. */
  readonly markets = new Map<string, Account>();
  private readonly venue: Dialect;
  private readonly isRising: boolean;
  private readonly channels = new Map<string, string>();
  private readonly ids = new Map<string, Set<number | string>>();
  private readonly lastIds = new Map<string, number>();
  /** Coinbase: the last number of each connection. */
  private readonly sequences = new Map<string, number>();

  constructor(venue: Dialect) {
    this.venue = venue;
    this.isRising = venue.startsWith('binance');
  }

  /** A frame that is well-formed. */
  take({ text: frameText, connection, isOpen }: Entry): void {
    if (isOpen) this.sequences.delete(connection);
    else {
      const frame = JSON.parse(frameText) as Json;
      if (this.isOld(frame, connection)) return;
      const { changes = [], trades = [], quotes = [], candles = [] } = READERS[this.venue](frame);
      for (const [market, levels] of changes) {
        this.of(market).changes++;
        this.of(market).levels += levels;
      }
      for (const market of quotes) this.of(market).quotes++;
      for (const market of candles) this.of(market).candles++;
      // Coinbase sends the newest first; they are put in order, which matters to none of these counts.
      for (const trade of trades) this.trade(trade);
    }
  }

  private of(market: string): Account {
    const held = this.markets.get(market);
    if (held !== undefined) return held;
    const made = { changes: 0, levels: 0, quotes: 0, candles: 0, trades: 0, matches: 0, repeats: 0, others: 0 };
    this.markets.set(market, made);
    return made;
  }

  /** Coinbase: a number not above the last says that the whole message was sent before. */
  private isOld(frame: Json, connection: string): boolean {
    if (this.venue !== 'coinbase' || frame['sequence_num'] === undefined) return false;
    const sequence = number(frame['sequence_num']);
    if (sequence <= (this.sequences.get(connection) ?? -1)) return true;
    this.sequences.set(connection, sequence);
    return false;
  }

  private trade({ market, channel, id, matches, isOffMarket = false }: Trade): void {
    const account = this.of(market);
    const chosen = this.channels.get(market) ?? channel;
    this.channels.set(market, chosen);
    if (channel !== chosen || isOffMarket) account.others++;
    else if (this.isRepeat(market, id)) account.repeats++;
    else {
      account.trades++;
      account.matches += matches;
    }
  }

  private isRepeat(market: string, id: number | string | null): boolean {
    if (id === null) return false;
    if (this.isRising) {
      if (Number(id) <= (this.lastIds.get(market) ?? -1)) return true;
      this.lastIds.set(market, Number(id));
      return false;
    }
    const ids = this.ids.get(market) ?? new Set();
    this.ids.set(market, ids);
    if (ids.has(id)) return true;
    ids.add(id);
    return false;
  }
}

/** An entry, and whether it is whole: a malformed one must be refused. */
export type AlteredEntry = Entry & { readonly isWhole: boolean };

const LATE_ENTRIES = 20;

/** Frames lost, sent twice, late and cut short, one in `every`; those cut short are no JSON. */
export function alterEntries(
  entries: readonly Entry[],
  every: number,
  random: (limit: number) => number,
): AlteredEntry[] {
  const places = entries.flatMap((entry, position) => {
    const whole = { entry: { ...entry, isWhole: true }, at: position };
    if (entry.isOpen || random(every) > 0) return [whole];
    const cut = { entry: { ...whole.entry, isWhole: false, text: entry.text.slice(0, -1 - random(20)) }, at: position };
    return [
      [],
      [whole, whole],
      [whole, { ...whole, at: position + 1 + random(LATE_ENTRIES) }],
      [{ ...whole, at: position + 1.5 + random(LATE_ENTRIES) }],
      [cut],
      [cut, whole],
    ][random(6)];
  });
  // Array.sort is stable: what is not late keeps its order.
  return places.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
}
