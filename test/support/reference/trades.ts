// Owns a market's accepted trades: one channel, no duplicates, their count, signed volume and bars.
import { TimeBars } from './bars.ts';

export type Side = 'buy' | 'sell' | 'unknown';

export type Trade = {
  /** Null where the venue gives none: nothing can be told apart then. */
  id: bigint | string | null;
  channel: string;
  price: bigint;
  quantity: bigint;
  /** The taker's. */
  side: Side;
  exchangeTimeUs: number;
  /** Matches that the record stands for. */
  matches: number;
};

export class Trades {
  count = 0;
  cvd = 0n;
  readonly kinds = new Map<string, TimeBars>();
  private channel: string | null = null;
  private lastId: bigint | null = null;
  private readonly seenIds = new Set<bigint | string>();
  private newestTradeUs = Number.NEGATIVE_INFINITY;

  constructor(kinds: readonly string[]) {
    for (const kind of kinds) this.kinds.set(kind, new TimeBars(kind));
  }

  clock(clockUs: number, state: string): void {
    for (const bars of this.kinds.values()) bars.clock(clockUs, state);
  }

  noteSpread(spread: bigint | null): void {
    for (const bars of this.kinds.values()) bars.noteSpread(spread);
  }

  markLoss(): void {
    for (const bars of this.kinds.values()) bars.markLoss();
  }

  /** The first channel seen feeds the market; true for a trade of that one. */
  takesChannel(channel: string): boolean {
    this.channel ??= channel;
    return this.channel === channel;
  }

  /** `isRising`: the venue's ids only rise, so an id at or below the last one is a repeat. */
  accept(trade: Trade, isRising: boolean, receiveTimeUs: number | null, clockUs: number | null, state: string): void {
    if (!this.takesChannel(trade.channel) || this.isRepeat(trade.id, isRising)) return;
    this.count += trade.matches;
    if (trade.side === 'buy') this.cvd += trade.quantity;
    if (trade.side === 'sell') this.cvd -= trade.quantity;
    this.newestTradeUs = Math.max(this.newestTradeUs, trade.exchangeTimeUs);
    for (const bars of this.kinds.values()) {
      bars.add(trade, receiveTimeUs ?? trade.exchangeTimeUs, clockUs, this.newestTradeUs, state);
    }
  }

  private isRepeat(id: bigint | string | null, isRising: boolean): boolean {
    if (id === null) return false;
    if (isRising && typeof id === 'bigint') {
      if (this.lastId !== null && id <= this.lastId) return true;
      this.lastId = id;
      return false;
    }
    if (this.seenIds.has(id)) return true;
    this.seenIds.add(id);
    return false;
  }
}
