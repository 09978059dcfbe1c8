// What a shard's markets came to at the end of a replay: answers of every kind, in a ring made for each market.

import { DOORBELL_BYTES } from '../engine/ring/doorbell.ts';
import { createRing, type RingMemory } from '../engine/ring/spsc-ring.ts';
import { SHARD_COUNTERS } from '../schemas/counters.ts';
import { BAR_SLOTS } from '../schemas/derived.ts';
import { RequestKind } from '../schemas/ids.ts';
import type { MarketDump } from '../schemas/shard-task.ts';
import type { Dispatch } from './dispatch.ts';
import { answerRequest } from './emit.ts';
import type { Market } from './market.ts';
import { OutputWriter } from './output/writer.ts';

/** Slots of the heads of all answers, and of the status and horizon in them. */
const FIXED_SLOTS = 16;

function slotsOf(market: Market): number {
  let slots = FIXED_SLOTS + market.book.bids.count + market.book.asks.count + market.signals.numbers.length;
  for (let kind = 0; kind < market.plan.visibleBars; kind++) slots += 1 + market.bars.barCount(kind) * BAR_SLOTS;
  return 2 ** Math.ceil(Math.log2(slots));
}

function dump(market: Market): MarketDump<RingMemory> {
  const ring = createRing(slotsOf(market));
  const out = new OutputWriter(ring, new SharedArrayBuffer(DOORBELL_BYTES), new Float64Array(SHARD_COUNTERS.length));
  answerRequest(out, market, RequestKind.book, 0, 0, 0);
  answerRequest(out, market, RequestKind.signals, 0, 0, 0);
  for (let kind = 0; kind < market.plan.visibleBars; kind++) {
    answerRequest(out, market, RequestKind.bars, 0, 0, market.plan.bars[kind]);
  }
  out.ring.commit();
  return { market: market.id, ring };
}

/** All markets of the shard that a frame has named, whether it made a record of theirs or not. */
export function dumpMarkets(dispatch: Dispatch): MarketDump<RingMemory>[] {
  return dispatch.markets.map(dump);
}
