// Trades that were lost, asked for again by `GET /v5/market/recent-trade`: the request, and its answer as a frame.
//
// Source: Bybit API v5 docs, "Get Recent Public Trades" (2026-08): the latest trades alone, 60 of spot and 1,000 of linear,
// newest first; there is no way further back.

import type { BackfillQuery, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import type { BybitProduct } from './limits.ts';

/** What the connector is told of an answer. */
export type Backfill = ReturnType<NonNullable<VenueConnector['readBackfill']>>;

type PastTrade = { readonly time: string };

export function pastTradesRequest({ category, recentTradesMax }: BybitProduct, symbol: string): RestRequest {
  const query = `category=${category}&symbol=${encodeURIComponent(symbol)}&limit=${recentTradesMax}`;
  return { method: 'GET', path: `/v5/market/recent-trade?${query}`, weight: 1 };
}

/** The trades of the span in their own writing: every number in them is a text, so nothing is read or written anew. */
export function readPastTrades(product: BybitProduct, query: BackfillQuery, answer: string): Backfill {
  const parsed = JSON.parse(answer);
  const list: unknown = parsed?.retCode === 0 ? parsed.result?.list : undefined;
  if (!isTrades(list)) throw new Error(`expected a list of trades, was ${answer.slice(0, 200)}`);
  const { symbol, fromMs, toMs } = query;
  const trades = list.filter(({ time }) => Number(time) >= fromMs && Number(time) <= toMs).reverse();
  const frames = trades.length === 0 ? [] : [JSON.stringify({ backfill: { symbol, trades } })];
  const oldest = list.at(-1);
  const reachesBack = list.length < product.recentTradesMax || (oldest !== undefined && Number(oldest.time) < fromMs);
  return { frames, next: null, isWhole: reachesBack };
}

function isTrades(value: unknown): value is PastTrade[] {
  return Array.isArray(value) && value.every((entry) => typeof entry?.time === 'string');
}
