// Markets as a shard holds them, made without a ring: for benches that look at state alone.

import { type MarketChoice, marketPlansOf } from '../../engine/base/market-plans.ts';
import { MARKET_COUNTER_COLUMNS } from '../../schemas/counters.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import { SIGNAL_WORDS } from '../../schemas/signals.ts';
import { SnapshotStage } from '../../workers/book/snapshot-stage.ts';
import { Market, type MarketParts } from '../../workers/market.ts';
import { UserSignals } from '../../workers/user-signals.ts';

const ANCHOR_WALL_US = 1_700_000_000_000_000;

/** No signal comes from a user's file. */
export function noUserSignals(): UserSignals {
  const words = new Int32Array(shardWords.sizeBytes / Int32Array.BYTES_PER_ELEMENT);
  return new UserSignals([], new Int32Array(SIGNAL_WORDS), words, () => undefined);
}

/** What the markets of one shard share, their counters included. */
export class MarketMaker {
  readonly counters: SharedArrayBuffer;
  private readonly parts: MarketParts;
  private readonly venue: string;

  constructor(marketsMax: number, venue: string, choice: MarketChoice) {
    this.venue = venue;
    this.counters = new SharedArrayBuffer(marketsMax * MARKET_COUNTER_COLUMNS * 8);
    this.parts = {
      plans: marketPlansOf({ usual: choice }),
      stage: new SnapshotStage(),
      users: noUserSignals(),
      anchorWallUs: ANCHOR_WALL_US,
      keepAll: false,
    };
  }

  make(id: number): Market {
    const symbol = `SYM${id}USDT`;
    const row = new Float64Array(this.counters, id * MARKET_COUNTER_COLUMNS * 8, MARKET_COUNTER_COLUMNS);
    const name = { name: `${this.venue}:${symbol}`, venue: this.venue, symbol };
    return new Market(id, name, this.parts.plans.plans[0], row, this.parts);
  }
}
