// Trades that were lost, asked for again by `GET /0/public/Trades`: the request, and its answer as a frame.
//
// Source: Kraken REST docs, "Get Recent Trades" (2026-05): trades after `since`, in nanoseconds; `last` continues.

import type { BackfillQuery, RestRequest } from '../../connect/protocol.ts';
import { TRADES_MAX } from './limits.ts';

const NANOS_OF_A_MILLI = '000000';
const SECOND_MS = 1000;
const TIME_MEMBER = 2;

type Answer = { readonly error?: unknown; readonly result?: Readonly<Record<string, unknown>> };

/** `since` leaves its own moment out, so one millisecond more is asked for. */
export function tradesRequest(pair: string, query: BackfillQuery): RestRequest {
  return request(pair, `${query.fromMs - 1}${NANOS_OF_A_MILLI}`);
}

function request(pair: string, since: string): RestRequest {
  const path = `/0/public/Trades?pair=${encodeURIComponent(pair)}&since=${since}&count=${TRADES_MAX}`;
  return { method: 'GET', path, weight: 1 };
}

/** The trades up to the end of the loss, in their own writing; those behind it are known from the stream. Throws where it is no such answer. */
export function readTrades(
  pair: string,
  query: BackfillQuery,
  answer: string,
): { readonly frames: string[]; readonly next: RestRequest | null } {
  const { rows, last } = parse(answer);
  // Rows hold no lists and begin with the text of a price, so each such bracket is one.
  const texts = answer.match(/\["[^[\]]*\]/g) ?? [];
  const timesMs = rows.map((row) => Number(row[TIME_MEMBER]) * SECOND_MS);
  const kept = texts.filter((_, index) => timesMs[index] <= query.toMs);
  const trades = `{"error":[],"result":{${JSON.stringify(pair)}:[${kept.join(',')}]}}`;
  const frame = `{"backfill":{"symbol":${JSON.stringify(query.symbol)},"trades":${trades}}}`;
  const hasMore = last !== null && rows.length >= TRADES_MAX && timesMs[rows.length - 1] <= query.toMs;
  return { frames: kept.length === 0 ? [] : [frame], next: hasMore ? request(pair, last) : null };
}

function parse(answer: string): { readonly rows: readonly (readonly unknown[])[]; readonly last: string | null } {
  const { error, result }: Answer = JSON.parse(answer) ?? {};
  const rows = Object.values(result ?? {}).find(Array.isArray);
  if ((Array.isArray(error) && error.length > 0) || rows === undefined || !rows.every(Array.isArray)) {
    throw new Error(`expected trades, was ${answer.slice(0, 200)}`);
  }
  const last = result?.['last'];
  return { rows, last: typeof last === 'string' ? last : null };
}
