// Owns one run of the referee: frames, snapshots and time go in one by one, its markets and counts can be looked at.

import { makeBinance } from './binance.ts';
import { makeBitfinex } from './bitfinex.ts';
import { makeBybit } from './bybit.ts';
import { makeCoinbase } from './coinbase.ts';
import { asBookSnapshot, type Dialect, type FrameClass } from './dialect.ts';
import { makeDydx } from './dydx.ts';
import { makeHyperliquid } from './hyperliquid.ts';
import { makeInjective } from './injective.ts';
import { type Json, readJson } from './json.ts';
import { makeKraken } from './kraken.ts';
import { Markets } from './market.ts';
import { makeNormalised } from './normalised.ts';
import { makeOkx } from './okx.ts';
import { Rejected } from './rejection.ts';

export type Counts = {
  frames: number;
  applied: number;
  control: number;
  ignored: number;
  unknown: number;
  rejected: Record<string, number>;
};

export class Referee {
  readonly markets: Markets;
  readonly counts: Counts = { frames: 0, applied: 0, control: 0, ignored: 0, unknown: 0, rejected: {} };
  private readonly dialect: Dialect;

  constructor(venue: string, kinds: readonly string[]) {
    this.markets = new Markets(kinds);
    this.dialect = makeDialect(this.markets, venue);
  }

  frame(text: string, receiveTimeUs: number | null, connection: string): void {
    this.markets.passTime(receiveTimeUs);
    this.count(() => this.dialect.plain?.(text) ?? this.dialect.frame(readJson(text), receiveTimeUs, connection));
  }

  /** A REST answer; `symbol` is null where neither address nor file tells the market. */
  http(text: string, receiveTimeUs: number | null, symbol: string | null): void {
    this.markets.passTime(receiveTimeUs);
    this.count(() => {
      const snapshot = asBookSnapshot(tryReadJson(text));
      if (snapshot === null || this.dialect.snapshot === null) return 'ignored';
      if (symbol === null) return 'snapshot-unplaced';
      this.dialect.snapshot(symbol, snapshot);
      return 'applied';
    });
  }

  open(connection: string): void {
    this.dialect.open(connection);
  }

  private count(apply: () => FrameClass | 'snapshot-unplaced'): void {
    this.counts.frames += 1;
    try {
      const outcome = apply();
      if (outcome === 'snapshot-unplaced') this.reject(outcome);
      else this.counts[outcome] += 1;
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      this.reject(error.category);
    }
  }

  private reject(category: string): void {
    this.counts.rejected[category] = (this.counts.rejected[category] ?? 0) + 1;
  }
}

function tryReadJson(text: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}

function makeDialect(markets: Markets, venue: string): Dialect {
  switch (venue) {
    case 'binance':
    case 'binance-us':
    case 'binance-futures':
    case 'binance-delivery':
      return makeBinance(markets, venue);
    case 'bitfinex':
      return makeBitfinex(markets);
    case 'coinbase':
      return makeCoinbase(markets);
    case 'kraken':
      return makeKraken(markets);
    case 'okx':
      return makeOkx(markets);
    case 'hyperliquid':
      return makeHyperliquid(markets);
    case 'bybit':
    case 'bybit-spot':
      return makeBybit(markets, venue);
    case 'injective':
      return makeInjective(markets);
    case 'dydx':
      return makeDydx(markets);
    case 'json':
      return makeNormalised(markets);
    default:
      throw new Error(`expected a venue that the referee knows, was ${venue}`);
  }
}
