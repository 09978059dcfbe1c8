// Joins each dialect with its decoder.

import type { Dialect } from '../../schemas/ids.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import { BinanceDecoder } from '../venues/binance/decode.ts';
import { CoinbaseDecoder } from '../venues/coinbase/decode.ts';
import { KrakenDecoder } from '../venues/kraken/decode.ts';
import { BatchDecoder } from '../venues/normalised/decode-batch.ts';
import { NormalisedDecoder } from '../venues/normalised/decode-json.ts';
import { OkxDecoder } from '../venues/okx/decode.ts';

const binance: DecoderFactory = (sink, venue) => new BinanceDecoder(sink, venue);

export const DECODERS: Readonly<Partial<Record<Dialect, DecoderFactory>>> = {
  binance,
  'binance-us': binance,
  'binance-futures': binance,
  'binance-delivery': binance,
  coinbase: (sink, venue) => new CoinbaseDecoder(sink, venue),
  kraken: (sink, venue) => new KrakenDecoder(sink, venue),
  okx: (sink, venue) => new OkxDecoder(sink, venue),
  json: (sink, venue) => new NormalisedDecoder(sink, venue),
  flatbuffers: (sink, venue) => new BatchDecoder(sink, venue),
};
