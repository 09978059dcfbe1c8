// Tells the connector how Coinbase Advanced Trade is spoken to: addresses, listing, trades of the past.
//
// Sources: limits.ts; docs/venues/coinbase.md, "Connection".

import type { BackfillQuery, Dialogue, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import { CoinbaseDialogue } from './dialogue.ts';
import { CONNECTOR_LIMITS, HEARTBEAT_MS, PAST_TRADES_MAX, PRODUCTS_PATH } from './limits.ts';

/** Ten heartbeats that did not come; one large snapshot may keep them waiting. */
const DEAD_MS = 10 * HEARTBEAT_MS;
/** In the recording two snapshots of 3 MB take half a second; a slow line more. */
const FIRST_DATA_MS = 20_000;
/** Answers to one question about the past: a hundred thousand trades. */
const PAGES_MAX = 100;

type Product = {
  readonly product_id?: unknown;
  readonly alias?: unknown;
  readonly trading_disabled?: unknown;
  readonly is_disabled?: unknown;
  readonly view_only?: unknown;
};
type PastTrade = { readonly trade_id: string; readonly time: string };

export class CoinbaseConnector implements VenueConnector {
  readonly venue = 'coinbase';
  readonly streamUrl = 'wss://advanced-trade-ws.coinbase.com';
  readonly restUrl = 'https://api.coinbase.com';
  readonly limits = CONNECTOR_LIMITS;
  readonly bookSource = 'stream';
  readonly isInAddress = false;
  /** Heartbeats come of themselves. */
  readonly pingEveryMs = null;
  readonly deadAfterMs = DEAD_MS;
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  /** A product that never traded has an empty list of past trades. */
  readonly areTradesRare = true;
  /** Answers so far to a question about the past: the venue gives the newest first, the engine takes the oldest first. */
  private readonly pages = new Map<string, PastTrade[][]>();

  path(): string {
    return '/';
  }

  dialogue(): Dialogue {
    return new CoinbaseDialogue();
  }

  listing(): RestRequest {
    return { method: 'GET', path: PRODUCTS_PATH, weight: 1 };
  }

  /** Products that can be traded under their own name: those with an `alias` (BTC-USDC) answer as that (BTC-USD). */
  readListing(answer: string): string[] {
    const products: unknown = JSON.parse(answer)?.products;
    if (!Array.isArray(products)) throw new Error(`expected "products" in the listing, was ${answer.slice(0, 200)}`);
    return products.flatMap(({ product_id: id, alias, ...product }: Product) => {
      const isClosed = product.trading_disabled === true || product.is_disabled === true || product.view_only === true;
      const isAlias = typeof alias === 'string' && alias !== '' && alias !== id;
      return typeof id === 'string' && !isClosed && !isAlias ? [id] : [];
    });
  }

  backfill(query: BackfillQuery): RestRequest {
    this.pages.delete(nameOf(query));
    return tradesRequest(query, Math.ceil(query.toMs / 1000));
  }

  /** Throws where it is no list of trades. */
  readBackfill(query: BackfillQuery, answer: string): { readonly frames: string[]; readonly next: RestRequest | null } {
    const trades: unknown = JSON.parse(answer)?.trades;
    if (!areTrades(trades)) throw new Error(`expected "trades" in the answer, was ${answer.slice(0, 200)}`);
    const name = nameOf(query);
    const pages = [...(this.pages.get(name) ?? []), trades];
    const next = pages.length < PAGES_MAX ? nextRequest(query, trades) : null;
    if (next !== null) this.pages.set(name, pages);
    else this.pages.delete(name);
    return { frames: next === null ? pages.toReversed().flatMap((page) => frameOf(query, page)) : [], next };
  }
}

function nameOf({ symbol, fromMs, toMs }: BackfillQuery): string {
  return `${symbol} ${fromMs} ${toMs}`;
}

/** Times are whole seconds. */
function tradesRequest({ symbol, fromMs }: BackfillQuery, endSeconds: number): RestRequest {
  const span = `start=${Math.floor(fromMs / 1000)}&end=${endSeconds}`;
  const path = `${PRODUCTS_PATH}/${encodeURIComponent(symbol)}/ticker?limit=${PAST_TRADES_MAX}&${span}`;
  return { method: 'GET', path, weight: 1 };
}

/** What came before a full answer: up to the end of its oldest second, which it may hold a part of. */
function nextRequest(query: BackfillQuery, trades: readonly PastTrade[]): RestRequest | null {
  const oldest = trades.at(-1);
  if (oldest === undefined || trades.length < PAST_TRADES_MAX) return null;
  if (query.lastId !== null && Number(oldest.trade_id) <= query.lastId) return null;
  const oldestSeconds = Math.floor(Date.parse(oldest.time) / 1000);
  const isOneSecond = Math.floor(Date.parse(trades[0].time) / 1000) === oldestSeconds;
  const endSeconds = isOneSecond ? oldestSeconds : oldestSeconds + 1;
  return endSeconds * 1000 <= query.fromMs ? null : tradesRequest(query, endSeconds);
}

/** All numbers are texts, so nothing is lost by writing them anew. */
function frameOf({ symbol }: BackfillQuery, trades: readonly PastTrade[]): string[] {
  return trades.length === 0 ? [] : [JSON.stringify({ backfill: { symbol, trades: trades.toReversed() } })];
}

function areTrades(value: unknown): value is PastTrade[] {
  if (!Array.isArray(value)) return false;
  return value.every((trade) => typeof trade?.trade_id === 'string' && Number.isFinite(Date.parse(trade?.time)));
}
