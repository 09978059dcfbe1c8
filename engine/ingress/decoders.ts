// Joins each dialect with its decoder.

import type { Dialect } from '../../schemas/ids.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import { BinanceDecoder } from '../venues/binance/decode.ts';
import { BitfinexDecoder } from '../venues/bitfinex/decode.ts';
import { BybitDecoder } from '../venues/bybit/decode.ts';
import { CoinbaseDecoder } from '../venues/coinbase/decode.ts';
import { DydxDecoder } from '../venues/dydx/decode.ts';
import { HyperliquidDecoder } from '../venues/hyperliquid/decode.ts';
import { InjectiveDecoder } from '../venues/injective/decode.ts';
import { KrakenDecoder } from '../venues/kraken/decode.ts';
import { BatchDecoder } from '../venues/normalised/decode-batch.ts';
import { NormalisedDecoder } from '../venues/normalised/decode-json.ts';
import { OkxDecoder } from '../venues/okx/decode.ts';

const binance: DecoderFactory = (sink, venue) => new BinanceDecoder(sink, venue);

export const DECODERS: Readonly<Record<Dialect, DecoderFactory>> = {
  binance,
  'binance-us': binance,
  'binance-futures': binance,
  'binance-delivery': binance,
  bitfinex: (sink, venue) => new BitfinexDecoder(sink, venue),
  coinbase: (sink, venue) => new CoinbaseDecoder(sink, venue),
  kraken: (sink, venue) => new KrakenDecoder(sink, venue),
  okx: (sink, venue) => new OkxDecoder(sink, venue),
  bybit: (sink, venue) => new BybitDecoder(sink, venue),
  'bybit-spot': (sink, venue) => new BybitDecoder(sink, venue),
  hyperliquid: (sink, venue) => new HyperliquidDecoder(sink, venue),
  dydx: (sink, venue) => new DydxDecoder(sink, venue),
  injective: (sink, venue) => new InjectiveDecoder(sink, venue),
  json: (sink, venue) => new NormalisedDecoder(sink, venue),
  flatbuffers: (sink, venue) => new BatchDecoder(sink, venue),
};
