// Joins each venue with its connector.

import type { Dialect } from '../../schemas/ids.ts';
import type { VenueConnector } from '../connect/protocol.ts';
import { BinanceConnector } from '../venues/binance/connect.ts';
import { BitfinexConnector } from '../venues/bitfinex/connect.ts';
import { BybitConnector } from '../venues/bybit/connect.ts';
import { CoinbaseConnector } from '../venues/coinbase/connect.ts';
import { DydxConnector } from '../venues/dydx/connect.ts';
import { HyperliquidConnector } from '../venues/hyperliquid/connect.ts';
import { InjectiveConnector } from '../venues/injective/connect.ts';
import { KrakenConnector } from '../venues/kraken/connect.ts';
import { OkxConnector } from '../venues/okx/connect.ts';

/** Venues that can be named in `--feed`. */
export const CONNECTORS: Readonly<Partial<Record<Dialect, () => VenueConnector>>> = {
  binance: () => new BinanceConnector('binance'),
  'binance-us': () => new BinanceConnector('binance-us'),
  'binance-futures': () => new BinanceConnector('binance-futures'),
  'binance-delivery': () => new BinanceConnector('binance-delivery'),
  kraken: () => new KrakenConnector(10),
  bitfinex: () => new BitfinexConnector(),
  okx: () => new OkxConnector(),
  bybit: () => new BybitConnector('bybit'),
  'bybit-spot': () => new BybitConnector('bybit-spot'),
  hyperliquid: () => new HyperliquidConnector(),
  dydx: () => new DydxConnector(),
  injective: () => new InjectiveConnector(),
  coinbase: () => new CoinbaseConnector(),
};
