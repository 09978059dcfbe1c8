// FlatBuffers batches of 256 trades, built with the published schema's generated code.

import { Builder } from 'flatbuffers';
import { Batch } from '../schemas/generated/wire/batch.ts';
import { Trade } from '../schemas/generated/wire/trade.ts';
import { START_MS, type Workload } from './workloads.ts';

export const BATCH_UPDATES = 256;
const START_US = START_MS * 1000;

/** `count` batches; each is of one market, so that a market always goes over the same connection. */
export function batchFrames(count: number, markets: number): Workload {
  const ids = new Float64Array(markets);
  const frames: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const market = (i * 7919) % markets;
    const builder = new Builder(32_768);
    const name = builder.createString(`binance:SYM${market}USDT`);
    const names = Batch.createMarketsVector(builder, [name]);
    Batch.startTradesVector(builder, BATCH_UPDATES);
    const first = ids[market] + 1;
    // Vectors of structs are written back to front.
    for (let j = BATCH_UPDATES - 1; j >= 0; j--) {
      const priceMilli = 61_837_630 + ((i * 31 + j) % 1000) * 10;
      Trade.createTrade(
        builder,
        START_US + (i * BATCH_UPDATES + j) * 20,
        priceMilli,
        0,
        1,
        ((j % 9) + 1) * 1e14,
        first + j,
        0,
        1 + (j % 2),
        0,
        1,
      );
    }
    const trades = builder.endVector();
    ids[market] += BATCH_UPDATES;
    Batch.startBatch(builder);
    Batch.addMarkets(builder, names);
    Batch.addTrades(builder, trades);
    builder.finish(Batch.endBatch(builder), 'MRB1');
    frames.push(builder.asUint8Array().slice());
  }
  return {
    name: `flatbuffers batches of ${BATCH_UPDATES} × ${markets} markets`,
    before: [],
    frames,
    updatesPerFrame: BATCH_UPDATES,
  };
}
