// The writing of each venue's book frames: how the baseline maps them, and how the libraries are given them.

import { levelsOfRows, type PlainBook, type PriceLevel } from './plain-book.ts';

type Text = readonly [string, string, ...(readonly unknown[])];

/** What ccxt's parseOrderBook takes: an object of two lists, and the keys of lists, price and amount in it. */
export type CcxtInput = {
  readonly book: object;
  readonly bids: string;
  readonly asks: string;
  readonly price: string | number;
  readonly amount: string | number;
};

export type Form = {
  /** JSON.parse made `message` of one frame. */
  map(message: unknown): PlainBook;
  /** The exchange of tardis-dev that maps such frames, null where it has none. */
  readonly tardis: string | null;
  /** What is parsed as ccxt's class of the exchange does it, null where ccxt does not have the exchange. */
  readonly ccxt: ((message: unknown) => CcxtInput) | null;
};

const rowsFor = (book: object, bids: string, asks: string): CcxtInput => ({ book, bids, asks, price: 0, amount: 1 });

type BinanceMessage = { data: { E: number; s: string; b: Text[]; a: Text[] } };

const binance = (tardis: string): Form => ({
  map(message) {
    const { data } = message as BinanceMessage;
    return {
      symbol: data.s,
      timeMs: data.E,
      isSnapshot: false,
      bids: levelsOfRows(data.b),
      asks: levelsOfRows(data.a),
    };
  },
  tardis,
  ccxt: (message) => rowsFor((message as BinanceMessage).data, 'b', 'a'),
});

type CoinbaseUpdate = { side: string; price_level: string; new_quantity: string };
type CoinbaseMessage = {
  timestamp: string;
  events: { type: string; product_id: string; updates: CoinbaseUpdate[] }[];
};

const coinbase: Form = {
  map(message) {
    const { timestamp, events } = message as CoinbaseMessage;
    const bids: PriceLevel[] = [];
    const asks: PriceLevel[] = [];
    const [event] = events;
    for (const { side, price_level, new_quantity } of event.updates)
      (side === 'bid' ? bids : asks).push({ price: Number(price_level), amount: Number(new_quantity) });
    return {
      symbol: event.product_id,
      timeMs: Date.parse(timestamp),
      isSnapshot: event.type === 'snapshot',
      bids,
      asks,
    };
  },
  // Its mapper is of the older Exchange feed.
  tardis: null,
  ccxt(message) {
    const { updates } = (message as CoinbaseMessage).events[0];
    const bids = updates.filter(({ side }) => side === 'bid');
    const asks = updates.filter(({ side }) => side !== 'bid');
    return { book: { bids, asks }, bids: 'bids', asks: 'asks', price: 'price_level', amount: 'new_quantity' };
  },
};

type V1Part = { b?: Text[]; a?: Text[]; c?: string };
type V1Message = [number, V1Part, ...(V1Part | string)[]];

function v1Sides(message: V1Message): { symbol: string; b: Text[]; a: Text[] } {
  const second = typeof message[2] === 'object' ? message[2] : null;
  const [, first] = message;
  return { symbol: message.at(-1) as string, b: first.b ?? second?.b ?? [], a: first.a ?? second?.a ?? [] };
}

const krakenV1: Form = {
  map(message) {
    const { symbol, b, a } = v1Sides(message as V1Message);
    let timeMs = 0;
    for (const row of b) timeMs = Math.max(timeMs, Number(row[2]) * 1000);
    for (const row of a) timeMs = Math.max(timeMs, Number(row[2]) * 1000);
    return { symbol, timeMs, isSnapshot: false, bids: levelsOfRows(b), asks: levelsOfRows(a) };
  },
  tardis: 'kraken',
  ccxt: (message) => rowsFor(v1Sides(message as V1Message), 'b', 'a'),
};

type V2Level = { price: number; qty: number };
type V2Message = { type: string; data: { symbol: string; bids: V2Level[]; asks: V2Level[]; timestamp: string }[] };

const v2Level = ({ price, qty }: V2Level): PriceLevel => ({ price, amount: qty });

const krakenV2: Form = {
  map(message) {
    const { type, data } = message as V2Message;
    const [{ symbol, timestamp, bids, asks }] = data;
    const isSnapshot = type === 'snapshot';
    return { symbol, timeMs: Date.parse(timestamp), isSnapshot, bids: bids.map(v2Level), asks: asks.map(v2Level) };
  },
  tardis: null,
  ccxt: (message) => ({
    book: (message as V2Message).data[0],
    bids: 'bids',
    asks: 'asks',
    price: 'price',
    amount: 'qty',
  }),
};

type OkxMessage = {
  arg: { instId: string };
  action: string;
  data: { asks: Text[]; bids: Text[]; ts: string }[];
};

const okx: Form = {
  map(message) {
    const { arg, action, data } = message as OkxMessage;
    const [{ asks, bids, ts }] = data;
    return {
      symbol: arg.instId,
      timeMs: Number(ts),
      isSnapshot: action === 'snapshot',
      bids: levelsOfRows(bids),
      asks: levelsOfRows(asks),
    };
  },
  tardis: 'okex',
  ccxt: (message) => rowsFor((message as OkxMessage).data[0], 'bids', 'asks'),
};

type BybitMessage = { type: string; ts: number; data: { s: string; b: Text[]; a: Text[] } };

const bybit = (tardis: string): Form => ({
  map(message) {
    const { type, ts, data } = message as BybitMessage;
    const isSnapshot = type === 'snapshot';
    return { symbol: data.s, timeMs: ts, isSnapshot, bids: levelsOfRows(data.b), asks: levelsOfRows(data.a) };
  },
  tardis,
  ccxt: (message) => rowsFor((message as BybitMessage).data, 'b', 'a'),
});

type BitfinexMessage = [channel: number, [price: number, count: number, amount: number], sequence: number];

const bitfinex: Form = {
  map(message) {
    const [channel, [price, count, amount]] = message as BitfinexMessage;
    const levels = [{ price, amount: count === 0 ? 0 : Math.abs(amount) }];
    const bids = amount > 0 ? levels : [];
    return { symbol: String(channel), timeMs: 0, isSnapshot: false, bids, asks: amount > 0 ? [] : levels };
  },
  tardis: 'bitfinex',
  ccxt(message) {
    const [, [price, count, amount]] = message as BitfinexMessage;
    const rows = [[price, count === 0 ? 0 : Math.abs(amount)]];
    return rowsFor(amount > 0 ? { bids: rows, asks: [] } : { bids: [], asks: rows }, 'bids', 'asks');
  },
};

type HyperliquidLevel = { px: string; sz: string };
type HyperliquidMessage = { data: { coin: string; time: number; levels: [HyperliquidLevel[], HyperliquidLevel[]] } };

const hyperliquidLevel = ({ px, sz }: HyperliquidLevel): PriceLevel => ({ price: Number(px), amount: Number(sz) });

const hyperliquid: Form = {
  map(message) {
    const { coin, time, levels } = (message as HyperliquidMessage).data;
    const [bids, asks] = levels;
    return {
      symbol: coin,
      timeMs: time,
      isSnapshot: true,
      bids: bids.map(hyperliquidLevel),
      asks: asks.map(hyperliquidLevel),
    };
  },
  tardis: 'hyperliquid',
  ccxt(message) {
    const [bids, asks] = (message as HyperliquidMessage).data.levels;
    return { book: { bids, asks }, bids: 'bids', asks: 'asks', price: 'px', amount: 'sz' };
  },
};

type DydxMessage = { id: string; contents: { bids?: Text[]; asks?: Text[] } };

const dydx: Form = {
  map(message) {
    const { id, contents } = message as DydxMessage;
    const { bids = [], asks = [] } = contents;
    return { symbol: id, timeMs: 0, isSnapshot: false, bids: levelsOfRows(bids), asks: levelsOfRows(asks) };
  },
  tardis: 'dydx-v4',
  ccxt: (message) => rowsFor((message as DydxMessage).contents, 'bids', 'asks'),
};

type InjectiveLevel = { p: string; q: string };
type InjectiveUpdate = {
  orderbook: { market_id: string; buy_levels: InjectiveLevel[]; sell_levels: InjectiveLevel[] };
};
type InjectiveMessage = {
  result: {
    block_time: string;
    spot_orderbook_updates: InjectiveUpdate[];
    derivative_orderbook_updates: InjectiveUpdate[];
  };
};

const injectiveLevel = ({ p, q }: InjectiveLevel): PriceLevel => ({ price: Number(p), amount: Number(q) });

const injective: Form = {
  map(message) {
    const { block_time, spot_orderbook_updates, derivative_orderbook_updates } = (message as InjectiveMessage).result;
    const [{ orderbook }] = spot_orderbook_updates.length > 0 ? spot_orderbook_updates : derivative_orderbook_updates;
    return {
      symbol: orderbook.market_id,
      timeMs: Number(block_time),
      isSnapshot: false,
      bids: orderbook.buy_levels.map(injectiveLevel),
      asks: orderbook.sell_levels.map(injectiveLevel),
    };
  },
  tardis: null,
  ccxt: null,
};

export const FORMS = {
  binance: binance('binance'),
  'binance-futures': binance('binance-futures'),
  'binance-delivery': binance('binance-delivery'),
  coinbase,
  'kraken v1': krakenV1,
  'kraken v2': krakenV2,
  okx,
  bybit: bybit('bybit'),
  'bybit-spot': bybit('bybit-spot'),
  bitfinex,
  hyperliquid,
  dydx,
  injective,
} as const satisfies Readonly<Record<string, Form>>;

export type FormName = keyof typeof FORMS;
