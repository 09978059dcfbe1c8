// Writes one market's state down and takes it up again: everything of it but what its shard shares and users' signals keep.

import { createHash } from 'node:crypto';
import { StateImageError } from '../engine/base/errors.ts';
import type { MarketPlan } from '../engine/base/market-plans.ts';
import { captureState, restoreState } from '../engine/base/state-image.ts';
import { MARKET_COUNTER_COLUMNS, MARKET_COUNTERS, MARKET_MEASURES } from '../schemas/counters.ts';
import { TradeIdWindow } from './bars/trade-id-window.ts';
import type { Market, MarketParts } from './market.ts';

/** Of a market whose state could not be written down. */
export const NO_IMAGE = new Uint8Array(0);

/** Columns of a market's row that the shard writes: records applied again count them again. */
const COLUMNS = [...MARKET_COUNTERS, ...MARKET_MEASURES].flatMap(({ meaning }, column) =>
  meaning.endsWith('Writer: shard') ? [column] : [],
);
const DIGEST_CHARACTERS = 16;
/** Classes whose objects come into being with the first record that needs one. */
const CLASSES = { TradeIdWindow: () => new TradeIdWindow() };

/**
 *   | bytes of the head | head: digest of the plan, then a 0 or 1 for each lazy part of the signals | state |
 *
 * The digest tells whether the market is kept as it was: another plan's bars and signals are others.
 */
export class MarketImages {
  private readonly counters: Float64Array;
  private readonly parts: MarketParts;
  private readonly digests = new Map<MarketPlan, string>();
  private readonly row = new Float64Array(COLUMNS.length);

  /** `counters` are those of all markets. */
  constructor(counters: Float64Array, parts: MarketParts) {
    this.counters = counters;
    this.parts = parts;
  }

  capture(market: Market): Uint8Array {
    const base = market.id * MARKET_COUNTER_COLUMNS;
    for (let i = 0; i < COLUMNS.length; i++) this.row[i] = this.counters[base + COLUMNS[i]];
    const state = captureState({ counters: this.row, market }, { shared: this.sharedOf(market) });
    const head = this.digestOf(market.plan) + market.signals.made;
    const image = new Uint8Array(1 + head.length + state.length);
    image[0] = head.length;
    for (let i = 0; i < head.length; i++) image[1 + i] = head.charCodeAt(i);
    image.set(state, 1 + head.length);
    return image;
  }

  /** Fills a market newly made. Throws StateImageError where the image is none of such a market; then it is of no use. */
  restore(market: Market, image: Uint8Array): void {
    const head = String.fromCharCode(...image.subarray(1, 1 + (image[0] ?? 0)));
    if (!head.startsWith(this.digestOf(market.plan))) throw new StateImageError('expected the same plan, was another');
    market.signals.makeAs(head.slice(DIGEST_CHARACTERS));
    const root = { counters: new Float64Array(COLUMNS.length), market };
    const state = image.subarray(1 + head.length);
    restoreState(root, state, { shared: this.sharedOf(market), classes: CLASSES });
    const base = market.id * MARKET_COUNTER_COLUMNS;
    for (let i = 0; i < COLUMNS.length; i++) this.counters[base + COLUMNS[i]] = root.counters[i];
  }

  /** A market that has come since the checkpoint: its records are applied from the first on. */
  clear(id: number): void {
    for (const column of COLUMNS) this.counters[id * MARKET_COUNTER_COLUMNS + column] = 0;
  }

  /** In an order that is the same for a market written down and for one newly made. */
  private sharedOf(market: Market): object[] {
    const { plans, users, stage } = this.parts;
    return [plans, plans.signals, users, stage, ...market.shared, ...plans.barKinds, ...market.signals.guarded];
  }

  private digestOf(plan: MarketPlan): string {
    let digest = this.digests.get(plan);
    if (digest === undefined) {
      const { plans, anchorWallUs, keepAll } = this.parts;
      const bars = plan.bars.map((number) => plans.barKinds[number]);
      const signals = plan.signals.map((number) => plans.signals[number]);
      const text = JSON.stringify({ plan, bars, signals, anchorWallUs, keepAll });
      digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
      this.digests.set(plan, digest);
    }
    return digest;
  }
}
