// Owns the markets of a run: each one's book and trades, the shared clock, and what a market looks like in the result.
import type { TradeBar } from './bars.ts';
import { Book } from './book.ts';
import { formatDecimal } from './decimal.ts';
import type { Level } from './ladder.ts';
import { Rejected } from './rejection.ts';
import { allSignals, type Signal } from './signals.ts';
import { type Trade, Trades } from './trades.ts';

export type MarketResult = {
  state: string;
  reason: string | null;
  seq: number;
  venueSequence: number | string | null;
  gaps: number;
  resyncs: number;
  checksums: { ok: number; bad: number };
  levels: { bids: number; asks: number };
  bids: [string, string][];
  asks: [string, string][];
  trades: number;
  bars: Record<string, TradeBar[]>;
  signals: Record<string, Signal>;
};

export class Market {
  readonly venue: string;
  readonly symbol: string;
  readonly book = new Book();
  readonly trades: Trades;

  constructor(venue: string, symbol: string, kinds: readonly string[]) {
    this.venue = venue;
    this.symbol = symbol;
    this.trades = new Trades(kinds);
    this.book.onSettled = () => this.trades.noteSpread(this.book.spread);
  }

  bars(kind: string): TradeBar[] {
    const bars = this.trades.kinds.get(kind);
    return bars === undefined ? [] : bars.bars.map((bar) => bars.write(bar, this.venue, this.symbol));
  }

  result(kinds: readonly string[], depth: number): MarketResult {
    const { book } = this;
    return {
      state: book.state,
      reason: book.reason,
      seq: book.seq,
      venueSequence: writeSequence(book.venueSequence),
      gaps: book.gaps,
      resyncs: book.resyncs,
      checksums: { ok: book.checksumsOk, bad: book.checksumsBad },
      levels: { bids: book.bids.levels.length, asks: book.asks.levels.length },
      bids: writeLevels(book.bids.levels, depth),
      asks: writeLevels(book.asks.levels, depth),
      trades: this.trades.count,
      bars: Object.fromEntries(kinds.map((kind) => [kind, this.bars(kind)])),
      signals: allSignals(book, this.trades),
    };
  }
}

/** A number, text above 2^53, null if the venue has none. */
export function writeSequence(sequence: bigint | null): number | string | null {
  if (sequence === null) return null;
  return sequence > 2n ** 53n ? sequence.toString() : Number(sequence);
}

export function writeLevel(level: Level): [string, string] {
  return [formatDecimal(level.price), formatDecimal(level.quantity)];
}

function writeLevels(levels: Level[], depth: number): [string, string][] {
  return (depth === 0 ? levels : levels.slice(0, depth)).map(writeLevel);
}

export class Markets {
  readonly byName = new Map<string, Market>();
  clockUs: number | null = null;
  private readonly kinds: readonly string[];

  /** `kinds` are those asked for; 1m bars are always kept, for the signals. */
  constructor(kinds: readonly string[]) {
    this.kinds = [...new Set([...kinds, '1m'])];
  }

  /** A market begins with its first valid frame. */
  at(venue: string, symbol: string): Market {
    const name = `${venue}:${symbol}`;
    let market = this.byName.get(name);
    if (market === undefined) {
      market = new Market(venue, symbol, this.kinds);
      this.byName.set(name, market);
    }
    return market;
  }

  trade(market: Market, trade: Trade, isRising: boolean, receiveTimeUs: number | null): void {
    market.trades.accept(trade, isRising, receiveTimeUs, this.clockUs, market.book.state);
  }

  /** The latest multiple of 100 ms that receive time has passed closes bars before the frame is looked at. */
  passTime(receiveTimeUs: number | null): void {
    if (receiveTimeUs === null) return;
    const clockUs = Math.floor(receiveTimeUs / 100_000) * 100_000;
    if (this.clockUs !== null && clockUs <= this.clockUs) return;
    this.clockUs = clockUs;
    for (const market of this.byName.values()) market.trades.clock(clockUs, market.book.state);
  }
}

/** INTERFACES: 1 to 80 bytes of UTF-8 without control characters, quotes or backslash. */
export function checkSymbol(symbol: string): string {
  const bytes = Buffer.byteLength(symbol, 'utf8');
  if (bytes < 1 || bytes > 80 || /[\p{Cc}\p{Cs}"'\\]/u.test(symbol)) throw new Rejected('shape', 'not a symbol');
  return symbol;
}
