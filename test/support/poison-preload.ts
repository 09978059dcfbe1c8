// Loaded ahead of an engine by tests of poison: in its shards, a trade with a certain id ends whoever applies it.

import { isMainThread } from 'node:worker_threads';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';

export const POISON_ID = 666_666;

type Applies = Record<
  'applyTrade' | 'applyRun',
  (u8: unknown, u32: unknown, f64: Float64Array, ...at: number[]) => number
>;

function hold(market: Applies, name: keyof Applies): void {
  const apply = market[name];
  market[name] = function (this: Applies, u8, u32, f64, slot, count = 1): number {
    for (let at = slot; at < slot + count; at++)
      if (f64[at * SLOT_F64 + trade.at.id] === POISON_ID) throw new Error('poison');
    return apply.call(this, u8, u32, f64, slot, count);
  };
}

if (!isMainThread) {
  const { Market } = await import('../../workers/market.ts');
  const prototype = Market.prototype as unknown as Applies;
  hold(prototype, 'applyTrade');
  hold(prototype, 'applyRun');
}
