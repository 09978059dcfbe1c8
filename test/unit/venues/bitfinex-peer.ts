// A connection to Bitfinex as its decoder sees it, its subscriptions, and the records that its frames become.

import assert from 'node:assert/strict';
import { BitfinexDecoder } from '../../../engine/venues/bitfinex/decode.ts';
import { FrameResult } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';

const { control } = FrameResult;

export const CONF = '{"event":"conf","status":"OK","flags":65536}';
export const BOOK =
  '{"event":"subscribed","channel":"book","chanId":10,"symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"100","pair":"BTCUSD"}';
export const TRADES = '{"event":"subscribed","channel":"trades","chanId":11,"symbol":"tBTCUSD","pair":"BTCUSD"}';
export const TICKER = '{"event":"subscribed","channel":"ticker","chanId":12,"symbol":"tBTCUSD","pair":"BTCUSD"}';
export const CANDLES = '{"event":"subscribed","channel":"candles","chanId":13,"key":"trade:1m:tBTCF0:USTF0"}';
export const DERIVATIVES = '{"event":"subscribed","channel":"status","chanId":14,"key":"deriv:tBTCF0:USTF0"}';
export const LIQUIDATIONS = '{"event":"subscribed","channel":"status","chanId":15,"key":"liq:global"}';
export const EVENTS = [CONF, BOOK, TRADES, TICKER, CANDLES, DERIVATIVES, LIQUIDATIONS];

export const LIQUIDATED =
  '[15,[["pos",142397657,1574697680828.2002,null,"tBSVUSD",-2.62932,91.583875238719,null,1,1,null,112.27]],1]';

export class Peer {
  readonly sink: MemorySink;
  readonly decoder: BitfinexDecoder;

  constructor(events: readonly string[] = EVENTS, limits: { recordsMax?: number; marketsMax?: number } = {}) {
    this.sink = new MemorySink(limits);
    this.decoder = new BitfinexDecoder(this.sink, 'bitfinex');
    for (const event of events) assert.equal(this.take(event).result, control, event);
  }

  take(frame: string): { result: number; records: MemoryRecord[] } {
    return decodeFrame(this.sink, this.decoder, frame);
  }

  /** Result and records of each frame, of which the last are given back. */
  all(frames: readonly string[]): { result: number; records: MemoryRecord[] } {
    let last: { result: number; records: MemoryRecord[] } = { result: 0, records: [] };
    for (const frame of frames) last = this.take(frame);
    return last;
  }
}

export const once = (frame: string): { result: number; records: MemoryRecord[] } => new Peer().take(frame);

export function head(
  flags: number,
  count: number,
  sequence: number,
  market = 'tBTCUSD',
  exchangeTimeUs = 0,
): MemoryRecord {
  const sequences = { firstSequence: sequence, lastSequence: sequence, previousSequence: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs };
  return { type: 'bookChange', market, flags, count, ...times, ...sequences, checksum: 0, depth: 100 };
}

export function level(flags: number, price: string, quantity: string, priceDecimals: number, quantityDecimals: number) {
  return { type: 'level', market: 'tBTCUSD', flags, count: 0, price, quantity, priceDecimals, quantityDecimals };
}

export function tradeRecord(id: number, flags: number, price = '5', quantity = '2'): MemoryRecord {
  const times = { receiveTimeNs: 1, exchangeTimeUs: 1_574_694_475_039_000 };
  return { type: 'trade', market: 'tBTCUSD', flags, count: 1, ...times, price, quantity, id };
}

export function gapRecord(market: string, flags: number, lost: number): MemoryRecord {
  return { type: 'gap', market, flags, count: 0, receiveTimeNs: 1, lost, sinceTimeUs: 0 };
}
