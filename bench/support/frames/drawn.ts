// Drawn book frames, one writer for each venue: its own order of fields and writing of numbers, as its recordings have them.

import { createHash } from 'node:crypto';
import type { Dialect } from '../../../schemas/ids.ts';
import type { Size } from '../../harness.ts';
import type { FormName } from './forms.ts';

export type BookFrames = {
  readonly name: string;
  readonly form: FormName;
  readonly dialect: Dialect;
  /** Frames that come first and are not measured: acknowledgements, lists of markets. */
  readonly before: readonly Uint8Array[];
  readonly frames: readonly Uint8Array[];
};

const MARKETS = 4;
const START_MS = 1_790_000_000_000;
const encoder = new TextEncoder();

/** The number of a frame over all, of its market, and the market's own count of frames. */
type Moment = { readonly index: number; readonly market: number; readonly turn: number; readonly timeMs: number };

const coinOf = (market: number): string => ['BTC', 'ETH', 'SOL', 'DOGE'][market];

/** Prices near 61,837 in steps of `10^-decimals` times `step`; quantities below ten, each fifth one a removal. */
function rowsOf(
  { index }: Moment,
  isAsk: boolean,
  count: number,
  priceDecimals: number,
  amountDecimals: number,
): [string, string][] {
  return Array.from({ length: count }, (_, i): [string, string] => {
    const ticks = ((index * 7) % 40) + 3 * i;
    const price = 61_837 + (isAsk ? 1 + ticks : -ticks) * 10 ** -Math.min(priceDecimals, 2);
    const amount = (index + i) % 5 === 0 ? 0 : (((index * 13 + i * 7) % 9999) + 1) / 1000;
    return [price.toFixed(priceDecimals), amount.toFixed(amountDecimals)];
  });
}

const listOf = (rows: readonly (readonly [string, string])[]): string =>
  `[${rows.map(([price, amount]) => `["${price}","${amount}"]`).join(',')}]`;
const sides = (moment: Moment, count: number, priceDecimals: number, amountDecimals: number): [string, string] => [
  listOf(rowsOf(moment, false, count, priceDecimals, amountDecimals)),
  listOf(rowsOf(moment, true, count, priceDecimals, amountDecimals)),
];

function binance(moment: Moment): string {
  const { market, turn, timeMs } = moment;
  const symbol = `${coinOf(market)}USDT`;
  const [b, a] = sides(moment, 8, 8, 8);
  return `{"stream":"${symbol.toLowerCase()}@depth@100ms","data":{"e":"depthUpdate","E":${timeMs},"s":"${symbol}","U":${50_093_241_248 + 5 * turn},"u":${50_093_241_252 + 5 * turn},"b":${b},"a":${a}}}`;
}

function contract(moment: Moment, symbol: string, pair: string): string {
  const { turn, timeMs } = moment;
  const [b, a] = sides(moment, 12, 2, 3);
  const id = 5_123_107_954_449 + 900 * turn;
  return `{"stream":"${symbol.toLowerCase()}@depth@0ms","data":{"e":"depthUpdate","E":${timeMs},"T":${timeMs - 3},"s":"${symbol}"${pair},"U":${id + 1},"u":${id + 900},"pu":${id},"b":${b},"a":${a}}}`;
}

const binanceFutures = (moment: Moment): string => contract(moment, `${coinOf(moment.market)}USDT`, '');
const binanceDelivery = (moment: Moment): string =>
  contract(moment, `${coinOf(moment.market)}USD_PERP`, `,"ps":"${coinOf(moment.market)}USD"`);

function coinbase(moment: Moment): string {
  const { index, market, timeMs } = moment;
  const time = new Date(timeMs).toISOString().slice(0, -1);
  const entry = (side: string, [price, amount]: readonly [string, string]): string =>
    `{"side":"${side}","event_time":"${time}204Z","price_level":"${price}","new_quantity":"${amount}"}`;
  const updates = [
    ...rowsOf(moment, false, 2, 2, 8).map((row) => entry('bid', row)),
    ...rowsOf(moment, true, 2, 2, 8).map((row) => entry('offer', row)),
  ];
  return `{"channel":"l2_data","timestamp":"${time}531441Z","sequence_num":${index},"events":[{"type":"update","product_id":"${coinOf(market)}-USD","updates":[${updates.join(',')}]}]}`;
}

function krakenV1(moment: Moment): string {
  const { index, market, timeMs } = moment;
  const isAsk = index % 2 === 1;
  const [[price, amount]] = rowsOf(moment, isAsk, 1, 5, 8);
  const row = `["${price}","${amount}","${(timeMs / 1000).toFixed(6)}"]`;
  return `[${560 + 16 * market},{"${isAsk ? 'a' : 'b'}":[${row}],"c":"${1_453_093_704 + index}"},"book-100","${coinOf(market)}/USD"]`;
}

function krakenV2(moment: Moment): string {
  const { index, market, timeMs } = moment;
  const list = (isAsk: boolean): string =>
    rowsOf(moment, isAsk, 2, 1, 8)
      .map(([price, amount]) => `{"price":${price},"qty":${amount}}`)
      .join(',');
  const time = `${new Date(timeMs).toISOString().slice(0, -1)}423Z`;
  return `{"channel":"book","type":"update","data":[{"symbol":"${coinOf(market)}/USD","bids":[${list(false)}],"asks":[${list(true)}],"checksum":${2_505_869_009 + index},"timestamp":"${time}"}]}`;
}

function krakenV2Before(): string[] {
  const level = (price: number): string => `{"price":${price}.0,"qty":1.00000000}`;
  return Array.from(
    { length: MARKETS },
    (_, market) =>
      `{"channel":"book","type":"snapshot","data":[{"symbol":"${coinOf(market)}/USD","bids":[${level(61_800)}],"asks":[${level(61_900)}],"checksum":1,"timestamp":"2026-08-26T15:16:16.730423Z"}]}`,
  );
}

function okx(moment: Moment): string {
  const { market, turn, timeMs } = moment;
  const list = (isAsk: boolean): string =>
    rowsOf(moment, isAsk, 8, 1, 8)
      .map(([price, amount]) => `["${price}","${Number(amount)}","0","${Number(amount) === 0 ? 0 : 3}"]`)
      .join(',');
  const sequence = 80_274_874_887 + 11 * turn;
  return `{"arg":{"channel":"books","instId":"${coinOf(market)}-USDT"},"action":"update","data":[{"asks":[${list(true)}],"bids":[${list(false)}],"ts":"${timeMs}","checksum":0,"seqId":${sequence + 11},"prevSeqId":${sequence}}]}`;
}

function bybitBook(moment: Moment): { topic: string; data: string } {
  const { index, market, turn } = moment;
  const symbol = `${coinOf(market)}USDT`;
  const [b, a] = sides(moment, 4, 2, 3);
  return {
    topic: `"topic":"orderbook.50.${symbol}"`,
    data: `"data":{"s":"${symbol}","b":${b},"a":${a},"u":${14_768_463 + turn},"seq":${430_879_402_085 + index}}`,
  };
}

function bybit(moment: Moment): string {
  const { topic, data } = bybitBook(moment);
  return `{${topic},"type":"delta","ts":${moment.timeMs},${data},"cts":${moment.timeMs - 1}}`;
}

function bybitSpot(moment: Moment): string {
  const { topic, data } = bybitBook(moment);
  return `{${topic},"ts":${moment.timeMs},"type":"delta",${data},"cts":${moment.timeMs - 1}}`;
}

const bitfinexChannel = (market: number): number => 232_955 + market;

function bitfinex(moment: Moment): string {
  const { index, market } = moment;
  const isAsk = index % 2 === 1;
  const [[price, amount]] = rowsOf(moment, isAsk, 1, 1, 5);
  const isRemoved = Number(amount) === 0;
  const size = isRemoved ? '1' : String(Number(amount));
  return `[${bitfinexChannel(market)},[${Number(price)},${isRemoved ? 0 : 2},${isAsk ? '-' : ''}${size}],${index + MARKETS + 1}]`;
}

function bitfinexBefore(): string[] {
  const subscribed = Array.from(
    { length: MARKETS },
    (_, market) =>
      `{"event":"subscribed","channel":"book","chanId":${bitfinexChannel(market)},"symbol":"t${coinOf(market)}USD","prec":"P0","freq":"F0","len":"100","pair":"${coinOf(market)}USD"}`,
  );
  return [
    '{"event":"conf","status":"OK","flags":65536}',
    ...subscribed,
    ...subscribed.map((_, market) => `[${bitfinexChannel(market)},[[61800,1,1],[61900,1,-1]],${market + 1}]`),
  ];
}

function hyperliquid(moment: Moment): string {
  const { market, timeMs } = moment;
  const list = (isAsk: boolean): string =>
    rowsOf({ ...moment, index: moment.index * 5 + 1 }, isAsk, 20, 0, 5)
      .map(([price, amount], i) => `{"px":"${price}.0","sz":"${Math.max(Number(amount), 0.001)}","n":${1 + (i % 9)}}`)
      .join(',');
  return `{"channel":"l2Book","data":{"coin":"${coinOf(market)}","time":${timeMs},"levels":[[${list(false)}],[${list(true)}]]}}`;
}

const DYDX_CONNECTION = '67838890-75de-4bf3-a638-d7bcdea5f245';

function dydx(moment: Moment): string {
  const { index, market } = moment;
  const plain = (isAsk: boolean): string =>
    listOf(rowsOf(moment, isAsk, 2, 0, 4).map(([price, amount]) => [price, String(Number(amount))]));
  return `{"type":"channel_data","connection_id":"${DYDX_CONNECTION}","message_id":${index + MARKETS + 1},"id":"${coinOf(market)}-USD","channel":"v4_orderbook","version":"1.0.0","contents":{"bids":${plain(false)},"asks":${plain(true)}}}`;
}

function dydxBefore(): string[] {
  const subscribed = Array.from(
    { length: MARKETS },
    (_, market) =>
      `{"type":"subscribed","connection_id":"${DYDX_CONNECTION}","message_id":${market + 1},"channel":"v4_orderbook","id":"${coinOf(market)}-USD","contents":{"bids":[{"price":"61800","size":"1"}],"asks":[{"price":"61900","size":"1"}]}}`,
  );
  return [`{"type":"connected","connection_id":"${DYDX_CONNECTION}","message_id":0}`, ...subscribed];
}

const injectiveId = (market: number): string =>
  `0x${createHash('sha256')
    .update(`${coinOf(market)}/USDT`)
    .digest('hex')}`;

function injective(moment: Moment): string {
  const { market, turn, timeMs } = moment;
  const list = (isAsk: boolean): string =>
    rowsOf(moment, isAsk, 3, 3, 4)
      .map(([price, amount]) => `{"p":"${price}${'0'.repeat(15)}","q":"${amount}${'0'.repeat(14)}"}`)
      .join(',');
  const update = `{"seq":"${4_502_103 + turn}","orderbook":{"market_id":"${injectiveId(market)}","buy_levels":[${list(false)}],"sell_levels":[${list(true)}]}}`;
  return `{"jsonrpc":"2.0","id":1,"result":{"block_height":"${Math.floor(timeMs / 800)}","block_time":"${timeMs}","bank_balances":[],"subaccount_deposits":[],"spot_trades":[],"derivative_trades":[],"spot_orders":[],"derivative_orders":[],"spot_orderbook_updates":[${update}],"derivative_orderbook_updates":[],"positions":[],"oracle_prices":[],"gas_price":"160000000","order_failures":[],"conditional_order_trigger_failures":[]}}`;
}

type Writer = {
  readonly dialect: Dialect;
  readonly write: (moment: Moment) => string;
  readonly before?: () => string[];
};

/** Binance US writes as Binance does. */
const WRITERS: Readonly<Record<FormName, Writer>> = {
  binance: { dialect: 'binance', write: binance },
  'binance-futures': { dialect: 'binance-futures', write: binanceFutures },
  'binance-delivery': { dialect: 'binance-delivery', write: binanceDelivery },
  coinbase: { dialect: 'coinbase', write: coinbase },
  'kraken v1': { dialect: 'kraken', write: krakenV1 },
  'kraken v2': { dialect: 'kraken', write: krakenV2, before: krakenV2Before },
  okx: { dialect: 'okx', write: okx },
  bybit: { dialect: 'bybit', write: bybit },
  'bybit-spot': { dialect: 'bybit-spot', write: bybitSpot },
  bitfinex: { dialect: 'bitfinex', write: bitfinex, before: bitfinexBefore },
  hyperliquid: { dialect: 'hyperliquid', write: hyperliquid },
  dydx: { dialect: 'dydx', write: dydx, before: dydxBefore },
  injective: { dialect: 'injective', write: injective },
};

export function drawnFrames(size: Size): BookFrames[] {
  const count = size === 'full' ? 2000 : 40;
  return Object.entries(WRITERS).map(([name, { dialect, write, before }]) => {
    const moments = Array.from({ length: count }, (_, index): Moment => {
      const market = (index * 7919) % MARKETS;
      return { index, market, turn: Math.floor(index / MARKETS), timeMs: START_MS + 40 * index };
    });
    return {
      name,
      form: name as FormName,
      dialect,
      before: (before?.() ?? []).map((text) => encoder.encode(text)),
      frames: moments.map((moment) => encoder.encode(write(moment))),
    };
  });
}
