// Tells the connector how Bitfinex is spoken to: addresses, listing, trades of the past.
//
// Sources: limits.ts; docs/venues/bitfinex.md, "Connection".

import type { BackfillQuery, Dialogue, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import { BitfinexDialogue } from './dialogue.ts';
import {
  BITFINEX_LIMITS,
  HEARTBEAT_MS,
  LISTING_PATH,
  LISTING_WEIGHT,
  PAST_TRADES_MAX,
  STREAM_PATH,
  TRADES_WEIGHT,
} from './limits.ts';

/** Two heartbeats of any channel, or answers to pings, that did not come. */
const DEAD_MS = 2 * HEARTBEAT_MS + 5_000;
/** In the recording the snapshots of two quiet markets come 11 and 13 s after they were asked for. */
const FIRST_DATA_MS = 40_000;

type Row = readonly [id: number, timeMs: number, amount: number, price: number];

export class BitfinexConnector implements VenueConnector {
  readonly venue = 'bitfinex';
  readonly streamUrl = 'wss://api-pub.bitfinex.com';
  readonly restUrl = 'https://api-pub.bitfinex.com';
  readonly limits = BITFINEX_LIMITS;
  readonly bookSource = 'stream';
  readonly isInAddress = false;
  /** Before its first subscription is answered a connection has no heartbeats. */
  readonly pingEveryMs = HEARTBEAT_MS;
  readonly deadAfterMs = DEAD_MS;
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  /** A market that never traded has an empty list of past trades. */
  readonly areTradesRare = true;

  path(): string {
    return STREAM_PATH;
  }

  dialogue(): Dialogue {
    return new BitfinexDialogue();
  }

  listing(): RestRequest {
    return { method: 'GET', path: LISTING_PATH, weight: LISTING_WEIGHT };
  }

  /** `[["BTCUSD","BTCF0:USTF0",…]]`; a symbol of a stream has a `t` before the pair. */
  readListing(answer: string): string[] {
    const lists: unknown = JSON.parse(answer);
    const pairs: unknown = Array.isArray(lists) ? lists[0] : null;
    if (!Array.isArray(pairs)) throw new Error(`expected a list of pairs, was ${answer.slice(0, 200)}`);
    return pairs.flatMap((pair: unknown) => (typeof pair === 'string' ? [`t${pair}`] : []));
  }

  backfill({ symbol, fromMs, toMs }: BackfillQuery): RestRequest {
    return tradesRequest(symbol, fromMs, toMs);
  }

  /** The answer as it came, oldest first: no number is read or written anew. Throws where it is no list of trades. */
  readBackfill(query: BackfillQuery, answer: string): { readonly frames: string[]; readonly next: RestRequest | null } {
    const rows: unknown = JSON.parse(answer);
    if (!isTrades(rows)) throw new Error(`expected a list of trades, was ${answer.slice(0, 200)}`);
    const { symbol, toMs } = query;
    const frames = rows.length === 0 ? [] : [`{"backfill":{"symbol":${JSON.stringify(symbol)},"trades":${answer}}}`];
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAST_TRADES_MAX) return { frames, next: null };
    // Trades of the same millisecond may follow; those that come twice are told by their ids.
    const fromMs = last[1] > rows[0][1] ? last[1] : last[1] + 1;
    return { frames, next: fromMs > toMs ? null : tradesRequest(symbol, fromMs, toMs) };
  }
}

function tradesRequest(symbol: string, fromMs: number, toMs: number): RestRequest {
  const query = `limit=${PAST_TRADES_MAX}&start=${Math.floor(fromMs)}&end=${Math.ceil(toMs)}&sort=1`;
  return { method: 'GET', path: `/v2/trades/${encodeURIComponent(symbol)}/hist?${query}`, weight: TRADES_WEIGHT };
}

function isTrades(value: unknown): value is Row[] {
  return Array.isArray(value) && value.every((row) => Array.isArray(row) && row.length >= 4 && Number.isFinite(row[1]));
}
