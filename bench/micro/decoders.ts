// How much dearer than our decoder is JSON.parse and mapping on the same bytes of one venue's frames?
//
//   frame bytes ──► decoder ──► ring records                  (ours)
//               ──► TextDecoder, JSON.parse ──► plain object  (baseline: what every JSON pipeline pays at least)
//
// Before that each book frame's levels, and each trade, are compared in both.

import { decimalToFloat } from '../../engine/base/decimal.ts';
import { BinanceDecoder } from '../../engine/venues/binance/decode.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { check, type Results, type Size } from '../harness.ts';
import { Decoding, jsonWay, levelsIn, parseFrame } from '../support/frames/decoding.ts';
import { type BookFrames, drawnFrames } from '../support/frames/drawn.ts';
import { FORMS } from '../support/frames/forms.ts';
import { recordedFrames } from '../support/frames/recorded.ts';
import { decodeAll, RecordBuffer, stageOf } from '../support/record-buffer.ts';
import { bench } from '../support/turns.ts';
import { tradeFrames } from '../workloads.ts';

const BOOK_AIM = '≥ 5';
const TRADE_AIM = '≥ 6';
const MARKETS = 8;

function bookFrames(results: Results, size: Size, work: BookFrames): void {
  const { name, frames, form } = work;
  const decoding = new Decoding(work);
  const levels = levelsIn(decoding.compareWithMapping());
  const sizeBytes = frames.reduce((sum, frame) => sum + frame.length, 0) / frames.length;
  results.note(
    `${name}: ${frames.length} frames, ${Math.round(sizeBytes)} bytes and ${(levels / frames.length).toFixed(1)} levels each`,
  );
  const baseline = jsonWay(work, levels, { name: 'JSON.parse and mapping', aim: BOOK_AIM }, FORMS[form].map);
  bench(results, size, {
    name,
    operation: 'frame',
    operations: frames.length,
    ways: [decoding.way(levels), baseline],
  });
}

type TradeMessage = { data: { s: string; t: number; p: string; q: string; T: number; m: boolean } };
type PlainTrade = { symbol: string; id: number; price: number; amount: number; timeMs: number; side: string };

function plainTrade(frame: Uint8Array): PlainTrade {
  const { s, t, p, q, T, m } = (parseFrame(frame) as TradeMessage).data;
  return { symbol: s, id: t, price: Number(p), amount: Number(q), timeMs: T, side: m ? 'sell' : 'buy' };
}

/** One-update trade frames: the smallest frames there are. */
function trades(results: Results, size: Size): void {
  const { frames } = tradeFrames(size === 'full' ? 4000 : 50, MARKETS);
  const sink = new RecordBuffer();
  const decoder = new BinanceDecoder(sink, 'binance');
  const stage = stageOf(frames);
  check(decodeAll(decoder, sink, stage) === frames.length, 'trades: expected every frame applied');
  frames.forEach((frame, slot) => {
    const { id, price } = plainTrade(frame);
    const at = slot * SLOT_F64;
    const was = decimalToFloat(sink.f64[at + trade.at.priceMilli], sink.f64[at + trade.at.priceAtto]);
    const isRight = sink.f64[at + trade.at.id] === id && was === price;
    check(isRight, `trades, frame ${slot}: expected the price ${price}, was ${was}`);
  });
  const decode = (): void => check(decodeAll(decoder, sink, stage) === frames.length, 'trades: expected all applied');
  const parse = (): void => {
    let ids = 0;
    for (const frame of frames) if (plainTrade(frame).id > 0) ids++;
    check(ids === frames.length, 'trades: expected an id in each');
  };
  bench(results, size, {
    name: 'binance trade',
    operation: 'frame',
    operations: frames.length,
    ways: [
      { name: 'decode to records', run: decode },
      { name: 'JSON.parse and mapping', run: parse, aim: TRADE_AIM },
    ],
  });
}

export async function decoders(results: Results, size: Size): Promise<void> {
  trades(results, size);
  for (const work of drawnFrames(size)) bookFrames(results, size, work);
  for (const work of await recordedFrames(size, (text) => results.note(text))) bookFrames(results, size, work);
}
