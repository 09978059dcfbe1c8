// Owns what each update is, by its number alone: which market, over which connection, trade or book change, and some bits of chance.
// Hot path.

import { seededRandom } from '../synthetic/random.ts';
import type { LoadPlan } from './protocol.ts';

export type DrawOptions = Pick<LoadPlan, 'seed' | 'markets' | 'connections' | 'batch' | 'updates'>;

/** Updates after which the markets are drawn in the same order again: a table is twenty times as fast as drawing anew. */
const PERIOD_MIN = 65_536;
/** So that rare markets stay rare: even the rarest has a place in the table. */
const PERIOD_PER_MARKET = 8;
/** Share of trades in `mixed`: that of the synthetic markets (0.373 over five thousand events of each of eight, seed 1). */
const TRADE_SHARE = 0.37;
const TWO_32 = 2 ** 32;

/** MurmurHash3's finaliser (Austin Appleby, public domain) over a Weyl sequence: unsigned 32 bits that look independent. */
function bitsOf(n: number, salt: number): number {
  let bits = (Math.imul(n | 0, 0x9e3779b9) + salt) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Markets in seeded order, each as often as Zipf's law with exponent 1 has it (Random.zipf's: market k has a share of
 * ln((k + 2) / (k + 1)) / ln(markets + 1)), and each at least once.
 */
export function zipfOrder(seed: number, markets: number): Uint16Array {
  const period = Math.max(PERIOD_MIN, markets * PERIOD_PER_MARKET);
  const order = new Uint16Array(period);
  const left = period - markets;
  let filled = 0;
  for (let market = 0; market < markets; market++) {
    const until = market + 1 + Math.round((left * Math.log(market + 2)) / Math.log(markets + 1));
    order.fill(market, filled, until);
    filled = until;
  }
  const random = seededRandom(seed, 'load markets');
  for (let i = period - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}

export class UpdateDraws {
  private readonly order: Uint16Array;
  private readonly markets: number;
  private readonly connections: number;
  private readonly batch: number;
  /** Frames after which the order begins again. */
  private readonly frames: number;
  private readonly salt: number;
  private readonly tradeLimit: number;

  constructor({ seed, markets, connections, batch, updates }: DrawOptions) {
    this.order = zipfOrder(seed, markets);
    this.markets = markets;
    this.connections = connections;
    this.batch = batch;
    this.frames = Math.max(1, Math.floor(this.order.length / batch));
    this.salt = seededRandom(seed, 'load updates').nextUint32();
    this.tradeLimit = updates === 'trades' ? TWO_32 : updates === 'books' ? 0 : TRADE_SHARE * TWO_32;
  }

  /** The connection of a frame, by its first update. */
  connectionOf(first: number): number {
    return this.drawn(first) % this.connections;
  }

  /** All updates of a frame are of markets of one connection: the market drawn, or the next one like it that is. */
  marketOf(update: number): number {
    const drawn = this.drawn(update);
    if (this.batch === 1) return drawn;
    const { connections } = this;
    const market = drawn - (drawn % connections) + this.connectionOf(update - (update % this.batch));
    return market < this.markets ? market : market - connections;
  }

  /** Repeats with the order, so that a frame of many updates can be prepared. */
  isTrade(update: number): boolean {
    return bitsOf(this.positionOf(update), this.salt) < this.tradeLimit;
  }

  /** Updates that have the same position are of the same market and kind; so are whole frames, where they begin at one. */
  positionOf(update: number): number {
    const frame = Math.floor(update / this.batch);
    return (frame % this.frames) * this.batch + (update - frame * this.batch);
  }

  /** 32 bits of chance of this update, not those of isTrade(). */
  bitsOf(update: number): number {
    return bitsOf(update, ~this.salt);
  }

  private drawn(update: number): number {
    return this.order[this.positionOf(update) % this.order.length];
  }
}
