// Joins each venue with its simulator.

import type { Dialect } from '../../schemas/ids.ts';
import { BinanceSimulator } from '../venues/binance/simulate.ts';
import { BitfinexSimulator } from '../venues/bitfinex/simulate.ts';
import { BybitSimulator } from '../venues/bybit/simulate.ts';
import { CoinbaseSimulator } from '../venues/coinbase/simulate.ts';
import { DydxSimulator } from '../venues/dydx/simulate.ts';
import { HyperliquidSimulator } from '../venues/hyperliquid/simulate.ts';
import { InjectiveSimulator } from '../venues/injective/simulate.ts';
import { KrakenSimulator } from '../venues/kraken/simulate.ts';
import { OkxSimulator } from '../venues/okx/simulate.ts';
import type { SimulatedVenue } from './protocol.ts';

/** Venues that can be simulated. */
export const SIMULATORS: Readonly<Partial<Record<Dialect, () => SimulatedVenue>>> = {
  binance: () => new BinanceSimulator('binance'),
  'binance-us': () => new BinanceSimulator('binance-us'),
  'binance-futures': () => new BinanceSimulator('binance-futures'),
  'binance-delivery': () => new BinanceSimulator('binance-delivery'),
  kraken: () => new KrakenSimulator(),
  bitfinex: () => new BitfinexSimulator(),
  okx: () => new OkxSimulator(),
  bybit: () => new BybitSimulator('bybit'),
  'bybit-spot': () => new BybitSimulator('bybit-spot'),
  hyperliquid: () => new HyperliquidSimulator(),
  dydx: () => new DydxSimulator(),
  injective: () => new InjectiveSimulator(),
  coinbase: () => new CoinbaseSimulator(),
};
