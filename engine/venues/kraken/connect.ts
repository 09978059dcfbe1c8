// Tells the connector how Kraken is spoken to, in version 2 of its WebSocket protocol.
//
// Sources: limits.ts; docs/venues/kraken.md, "Connection".

import type {
  BackfillQuery,
  BookSource,
  Dialogue,
  RestRequest,
  VenueConnector,
  VenueLimits,
} from '../../connect/protocol.ts';
import { KrakenDialogue } from './dialogue.ts';
import { type BookDepth, DEPTH_DEFAULT, KRAKEN_LIMITS } from './limits.ts';
import { restPair, v2Symbol } from './names.ts';
import { readTrades, tradesRequest } from './rest-trades.ts';

/** The server ends a connection after about a minute without activity. */
const PING_MS = 30_000;
/** Something comes each second, a heartbeat at least. */
const DEAD_MS = 10_000;
const FIRST_DATA_MS = 10_000;

type Pair = { readonly wsname?: unknown; readonly altname?: unknown; readonly status?: unknown };

export class KrakenConnector implements VenueConnector {
  readonly venue = 'kraken';
  readonly streamUrl = 'wss://ws.kraken.com';
  readonly restUrl = 'https://api.kraken.com';
  readonly limits: VenueLimits = KRAKEN_LIMITS;
  readonly bookSource: BookSource = 'stream';
  readonly isInAddress = false;
  readonly pingEveryMs = PING_MS;
  readonly deadAfterMs = DEAD_MS;
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  /** Their snapshot comes at once, but a market without any trade yet has none. */
  readonly areTradesRare = true;
  private readonly depth: BookDepth;
  /** REST's own names of the pairs, from the listing. */
  private readonly pairs = new Map<string, string>();

  constructor(depth: BookDepth = DEPTH_DEFAULT) {
    this.depth = depth;
  }

  path(): string {
    return '/v2';
  }

  dialogue(): Dialogue {
    return new KrakenDialogue(this.depth);
  }

  listing(): RestRequest {
    return { method: 'GET', path: '/0/public/AssetPairs', weight: 1 };
  }

  readListing(answer: string): string[] {
    const result: unknown = JSON.parse(answer)?.result;
    if (typeof result !== 'object' || result === null) {
      throw new Error(`expected "result" in the listing, was ${answer.slice(0, 200)}`);
    }
    return Object.values(result).flatMap(({ wsname, altname, status }: Pair) => {
      if (typeof wsname !== 'string' || (status !== undefined && status !== 'online')) return [];
      const symbol = v2Symbol(wsname);
      if (typeof altname === 'string') this.pairs.set(symbol, altname);
      return [symbol];
    });
  }

  backfill(query: BackfillQuery): RestRequest {
    return tradesRequest(this.pairOf(query.symbol), query);
  }

  readBackfill(query: BackfillQuery, answer: string): { readonly frames: string[]; readonly next: RestRequest | null } {
    return readTrades(this.pairOf(query.symbol), query, answer);
  }

  private pairOf(symbol: string): string {
    return this.pairs.get(symbol) ?? restPair(symbol);
  }
}
