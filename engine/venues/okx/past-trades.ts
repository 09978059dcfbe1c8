// Trades that were lost, asked for again by `GET /api/v5/market/history-trades`, and gathered as the stream gathers them.
//
// Source: OKX API guide v5, "Get trades history", "Trades channel" (2026-08). The answer has each match alone, newest first,
// older ones behind `after`. The stream has one entry for the matches of a taker's order at one price, with the id of the
// last: here those with ids in a row and the same price, side and millisecond. Two orders of which all that is equal are one.

import type { BackfillQuery, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import { PAST_TRADES_MAX } from './limits.ts';

/** What the connector is told of an answer. */
export type Backfill = ReturnType<NonNullable<VenueConnector['readBackfill']>>;

export type PastTrade = {
  readonly instId: string;
  readonly tradeId: string;
  readonly px: string;
  readonly sz: string;
  readonly side: string;
  readonly ts: string;
  readonly count?: string;
};

/** Answers read for one loss: 4,000 trades, about as many ids as a market remembers. */
const PAGES_MAX = 40;

/** Sum of two decimals, exact. */
function sumOf(a: string, b: string): string {
  const decimalsOf = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  const whole = (text: string): bigint => BigInt(text.replace('.', '') + '0'.repeat(decimals - decimalsOf(text)));
  const digits = String(whole(a) + whole(b)).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function belongs(group: PastTrade, next: PastTrade): boolean {
  const isSame = next.px === group.px && next.side === group.side && next.ts === group.ts;
  return isSame && Number(next.tradeId) - Number(next.count ?? 1) === Number(group.tradeId);
}

/** Matches in ascending order as entries of the stream. */
export function gathered(matches: readonly PastTrade[]): PastTrade[] {
  const groups: PastTrade[] = [];
  for (const { instId, tradeId, px, sz, side, ts, count = '1' } of matches) {
    const match = { instId, tradeId, px, sz, side, ts, count };
    const last = groups.at(-1);
    if (last === undefined || !belongs(last, match)) groups.push(match);
    else {
      const counts = String(Number(last.count) + Number(count));
      groups[groups.length - 1] = { ...match, sz: sumOf(last.sz, sz), count: counts };
    }
  }
  return groups;
}

/** The losses being filled: answers come newest first, so all are kept until the last one is there. */
export class PastTrades {
  private readonly pages = new Map<string, PastTrade[][]>();

  request({ symbol }: BackfillQuery): RestRequest {
    this.pages.set(symbol, []);
    return pageRequest(symbol, null);
  }

  /** Throws an Error where it is no such answer. */
  read(query: BackfillQuery, answer: string): Backfill {
    const { symbol, lastId, fromMs } = query;
    const page = readPage(answer);
    const pages = this.pages.get(symbol) ?? [];
    pages.push(page);
    this.pages.set(symbol, pages);
    const oldest = page.at(-1);
    const reachesBack =
      oldest === undefined ||
      page.length < PAST_TRADES_MAX ||
      Number(oldest.ts) < fromMs ||
      (lastId !== null && Number(oldest.tradeId) <= lastId + 1);
    if (!reachesBack && pages.length < PAGES_MAX) return { frames: [], next: pageRequest(symbol, oldest.tradeId) };
    this.pages.delete(symbol);
    const isLost = ({ tradeId, ts }: PastTrade): boolean =>
      Number(ts) >= fromMs && (lastId === null || Number(tradeId) > lastId);
    const trades = gathered(pages.flat().filter(isLost).reverse());
    const frames = trades.length === 0 ? [] : [JSON.stringify({ backfill: { symbol, trades } })];
    return { frames, next: null, isWhole: reachesBack };
  }
}

function pageRequest(symbol: string, after: string | null): RestRequest {
  const older = after === null ? '' : `&after=${after}`;
  const query = `instId=${encodeURIComponent(symbol)}&type=1${older}&limit=${PAST_TRADES_MAX}`;
  return { method: 'GET', path: `/api/v5/market/history-trades?${query}`, weight: 1 };
}

function readPage(answer: string): PastTrade[] {
  const parsed = JSON.parse(answer);
  const list: unknown = parsed?.code === '0' ? parsed.data : undefined;
  if (!isTrades(list)) throw new Error(`expected a list of trades, was ${answer.slice(0, 200)}`);
  return list;
}

function isTrades(value: unknown): value is PastTrade[] {
  const names = ['instId', 'tradeId', 'px', 'sz', 'side', 'ts'];
  return Array.isArray(value) && value.every((entry) => names.every((name) => typeof entry?.[name] === 'string'));
}
