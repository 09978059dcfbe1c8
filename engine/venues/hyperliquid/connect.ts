// Tells the connector how Hyperliquid is spoken to: addresses, times, the list of markets, and trades since a loss.
//
// Source: Hyperliquid docs, "WebSocket", "Info endpoint" (2026-06); limits.ts; docs/venues/hyperliquid.md.

import type { BackfillQuery, BookSource, Dialogue, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import { HyperliquidDialogue } from './dialogue.ts';
import { HYPERLIQUID_LIMITS, RECENT_TRADES, SILENCE_MAX_MS, WEIGHT, WEIGHT_LIGHT } from './limits.ts';

/** As the vendor's SDK does. */
const PING_EVERY_MS = 50_000;
/** Two pushes of the slowest cadence, 5 s, and some. */
const FIRST_DATA_MS = 12_000;

type PastTrade = { readonly time: number };

function info(body: Readonly<Record<string, string>>, weight: number): RestRequest {
  return { method: 'POST', path: '/info', body: JSON.stringify(body), weight };
}

function isPastTrade(value: unknown): value is PastTrade {
  return typeof value === 'object' && value !== null && typeof (value as { time?: unknown }).time === 'number';
}

export class HyperliquidConnector implements VenueConnector {
  readonly venue = 'hyperliquid';
  readonly streamUrl = 'wss://api.hyperliquid.xyz';
  readonly restUrl = 'https://api.hyperliquid.xyz';
  readonly limits = HYPERLIQUID_LIMITS;
  readonly bookSource: BookSource = 'whole';
  readonly isInAddress = false;
  readonly pingEveryMs = PING_EVERY_MS;
  readonly deadAfterMs = SILENCE_MAX_MS;
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  readonly areTradesRare = true;

  path(): string {
    return '/ws';
  }

  dialogue(): Dialogue {
    return new HyperliquidDialogue();
  }

  /** `allMids` names perpetuals and spot markets in one answer; `meta` has the perpetuals alone. */
  listing(): RestRequest {
    return info({ type: 'allMids' }, WEIGHT_LIGHT);
  }

  readListing(answer: string): string[] {
    const mids: unknown = JSON.parse(answer);
    if (typeof mids !== 'object' || mids === null || Array.isArray(mids) || Object.keys(mids).length === 0)
      throw new Error(`expected the mids of all coins, was ${answer.slice(0, 200)}`);
    return Object.keys(mids);
  }

  backfill({ symbol }: BackfillQuery): RestRequest {
    return info({ type: 'recentTrades', coin: symbol }, WEIGHT);
  }

  /**
   * The venue gives its latest trades, whatever is asked. They are whole where they reach back beyond the span's begin, or
   * where the market never had more. Numbers keep their writing: prices and quantities are text, ids below 2^53.
   */
  readBackfill(
    { symbol, fromMs, toMs }: BackfillQuery,
    answer: string,
  ): { readonly frames: string[]; readonly next: null; readonly isWhole: boolean } {
    const list: unknown = JSON.parse(answer);
    if (!Array.isArray(list) || !list.every(isPastTrade))
      throw new Error(`expected a list of trades, was ${answer.slice(0, 200)}`);
    const rising = list.reverse().sort((a: PastTrade, b: PastTrade) => a.time - b.time);
    const isWhole = rising.length < RECENT_TRADES || rising[0].time < fromMs;
    const trades = rising.filter(({ time }: PastTrade) => time >= fromMs && time <= toMs);
    const frames = trades.length === 0 ? [] : [JSON.stringify({ backfill: { symbol, trades } })];
    return { frames, next: null, isWhole };
  }
}
