// Writes what a simulated Injective node sends: blocks of the chain stream, lists of markets, books; and makes up market ids.

import { createHash } from 'node:crypto';
import type { PriceLevel, SimChange, SimMarket, SimTrade } from '../../simulate/protocol.ts';
import type { MarketKind } from './listing.ts';

const DECIMALS = 18;
const BASE_DECIMALS = 18;
const QUOTE_DECIMALS = 6;
/** Blocks of the simulated chain are this long; the real one's are about 0.8 s. */
const BLOCK_MS = 100;
/** Two subaccounts that trade with one another. */
const TAKER = `0x${'3db1f84431dfe4df617f9eb2d04edf432beb9826'.padEnd(64, '0')}`;
const MAKER = `0x${'101411266c6e2b610b4a0324d2bfb2ef0ca6e1dd'.padEnd(64, '0')}`;
const FEE_RECIPIENT = 'inj1hkhdaj2a2clmq5jq6mspsggqs32vynpk228q3r';

function hashOf(text: string): string {
  return `0x${createHash('sha256').update(text).digest('hex')}`;
}

/** Market ids are hashes on the chain, too. */
export function marketIdOf(base: string): string {
  return hashOf(`${base}/USDT`);
}

/** Every other market is a derivative, by the last digit of its id. */
export function kindOf(id: string): MarketKind {
  return Number.parseInt(id.slice(-1), 16) % 2 === 0 ? 'spot' : 'derivative';
}

/** A decimal as Go's LegacyDec prints it: always 18 decimals. */
export function legacyDec(text: string): string {
  const [whole, fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(DECIMALS, '0')}`;
}

function levels(side: readonly PriceLevel[]): { p: string; q: string }[] {
  return side.map(([price, quantity]) => ({ p: legacyDec(price), q: legacyDec(quantity) }));
}

function heightOf(timeMs: number): string {
  return String(Math.floor(timeMs / BLOCK_MS));
}

/** One block as one subscription sees it: lists without entries are there and empty. */
function block(id: number, timeMs: number, lists: Readonly<Record<string, readonly object[]>>): string {
  const result = {
    block_height: heightOf(timeMs),
    block_time: String(timeMs),
    bank_balances: [],
    subaccount_deposits: [],
    spot_trades: [],
    derivative_trades: [],
    spot_orders: [],
    derivative_orders: [],
    spot_orderbook_updates: [],
    derivative_orderbook_updates: [],
    positions: [],
    oracle_prices: [],
    gas_price: '160000000',
    order_failures: [],
    conditional_order_trigger_failures: [],
    ...lists,
  };
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

/**
 * The change as an update that is the next after the one before, as on the chain. The synthetic market folds several numbers
 * into one change: those before the last are updates without levels.
 */
export function bookBlock(id: number, market: SimMarket, change: SimChange): string {
  const updates = [];
  for (let seq = change.firstSequence; seq <= change.lastSequence; seq++) {
    const isLast = seq === change.lastSequence;
    const buy_levels = isLast ? levels(change.bids) : [];
    const sell_levels = isLast ? levels(change.asks) : [];
    updates.push({ seq: String(seq), orderbook: { market_id: market.symbol, buy_levels, sell_levels } });
  }
  return block(id, change.timeMs, { [`${kindOf(market.symbol)}_orderbook_updates`]: updates });
}

/** A match is two records, the resting order's first. */
export function tradeBlock(id: number, market: SimMarket, trade: SimTrade): string {
  const records = [tradeRecord(market, trade, false), tradeRecord(market, trade, true)];
  return block(id, trade.timeMs, { [`${kindOf(market.symbol)}_trades`]: records });
}

function tradeRecord({ symbol }: SimMarket, trade: SimTrade, isTaker: boolean): object {
  const quantity = legacyDec(trade.quantity);
  const price = legacyDec(trade.price);
  const is_buy = (trade.takerSide === 'buy') === isTaker;
  const executionType = isTaker ? 'Market' : 'LimitFill';
  const subaccount_id = isTaker ? TAKER : MAKER;
  const rest = {
    fee: legacyDec('0.001'),
    order_hash: hashOf(`${symbol} ${trade.id} ${isTaker}`),
    fee_recipient_address: FEE_RECIPIENT,
    cid: '',
    trade_id: `${heightOf(trade.timeMs)}_${2 * trade.id + (isTaker ? 1 : 0)}`,
  };
  const head = { market_id: symbol, is_buy, executionType };
  if (kindOf(symbol) === 'spot') return { ...head, quantity, price, subaccount_id, ...rest };
  const position_delta = {
    is_long: is_buy,
    execution_quantity: quantity,
    execution_margin: price,
    execution_price: price,
  };
  return { ...head, subaccount_id, position_delta, payout: legacyDec('0'), ...rest };
}

/** QuerySpotOrderbookResponse and its twin for derivatives. */
export function orderbook(market: SimMarket, limit: number): string {
  return JSON.stringify({
    buys_price_level: levels(market.bids(limit)),
    sells_price_level: levels(market.asks(limit)),
    seq: String(market.sequence),
  });
}

export type Listed = Pick<SimMarket, 'symbol' | 'priceDecimals' | 'quantityDecimals'> & { readonly status: string };

export function marketList(kind: MarketKind, markets: readonly Listed[]): string {
  const wanted = markets.filter(({ symbol }) => kindOf(symbol) === kind);
  return JSON.stringify({ markets: wanted.map(kind === 'spot' ? spotMarket : derivativeMarket) });
}

function common({ symbol, priceDecimals, quantityDecimals, status }: Listed): object {
  return {
    quote_denom: 'peggy0xdAC17F958D2ee523a2206206994597C13D831ec7',
    maker_fee_rate: legacyDec('-0.00005'),
    taker_fee_rate: legacyDec('0.0005'),
    market_id: symbol,
    status,
    min_price_tick_size: legacyDec((10 ** -priceDecimals).toFixed(priceDecimals)),
    min_quantity_tick_size: legacyDec((10 ** -quantityDecimals).toFixed(quantityDecimals)),
    quote_decimals: QUOTE_DECIMALS,
  };
}

function spotMarket(market: Listed): object {
  return { ticker: 'SIM/USDT', base_denom: 'sim', ...common(market), base_decimals: BASE_DECIMALS };
}

function derivativeMarket(market: Listed): object {
  const inner = {
    ticker: 'SIM/USDT PERP',
    oracle_base: 'SIM',
    oracle_quote: 'USDT',
    ...common(market),
    isPerpetual: true,
  };
  return { market: inner, perpetual_info: { market_info: { market_id: market.symbol } }, mark_price: legacyDec('1') };
}
