// Trades that were lost, asked for again by `GET …/aggTrades`: the request, and its answer as a frame.
//
// Source: Binance spot, USD-M and COIN-M REST docs, "Compressed/Aggregate trades list" (2026-07): `fromId` is inclusive and
// may not stand beside times; a start without an end gives the first trades from there on.

import type { BackfillQuery, RestRequest } from '../../connect/protocol.ts';
import { AGGREGATES_MAX, type BinanceProduct } from './limits.ts';

type Aggregate = { readonly a: number; readonly T: number };

export function pastTradesRequest(product: BinanceProduct, query: BackfillQuery): RestRequest {
  const from = query.lastId === null ? `startTime=${query.fromMs}` : `fromId=${query.lastId + 1}`;
  return request(product, query.symbol, from);
}

function request(product: BinanceProduct, symbol: string, from: string): RestRequest {
  const query = `symbol=${encodeURIComponent(symbol)}&${from}&limit=${AGGREGATES_MAX}`;
  return { method: 'GET', path: `${product.restPrefix}/aggTrades?${query}`, weight: product.weights.aggregates };
}

/** The trades up to the end of the loss, in their own writing; those behind it are known from the stream. Throws where it is no such answer. */
export function readPastTrades(
  product: BinanceProduct,
  query: BackfillQuery,
  answer: string,
): { readonly frames: string[]; readonly next: RestRequest | null } {
  const aggregates: unknown = JSON.parse(answer);
  if (!isAggregates(aggregates)) throw new Error(`expected a list of aggregates, was ${answer.slice(0, 200)}`);
  // Aggregates hold no objects, so each pair of braces is one.
  const texts = answer.match(/\{[^{}]*\}/g) ?? [];
  const kept = texts.filter((_, index) => aggregates[index].T <= query.toMs);
  const symbol = JSON.stringify(query.symbol);
  const frames = kept.length === 0 ? [] : [`{"backfill":{"symbol":${symbol},"trades":[${kept.join(',')}]}}`];
  const last = aggregates.at(-1);
  const hasMore = last !== undefined && aggregates.length >= AGGREGATES_MAX && last.T <= query.toMs;
  return { frames, next: hasMore ? request(product, query.symbol, `fromId=${last.a + 1}`) : null };
}

function isAggregates(value: unknown): value is Aggregate[] {
  return Array.isArray(value) && value.every((entry) => typeof entry?.a === 'number' && typeof entry.T === 'number');
}
