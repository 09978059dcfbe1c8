// Tells the connector how an Injective node is spoken to: the chain stream by JSON WebSocket, listing and snapshots by its LCD.
//
// Sources: Injective API docs, "WebSocket" (2026-08); injective-core @c7b042e2, proto/injective/exchange/v2/query.proto and
// keeper/orderbook.go: the snapshot's `seq` is read from the very counter that numbers the stream's updates, and both are
// in human units. (The indexer's are in chain units, and v1beta1's snapshot has no number.) docs/venues/injective.md.

import type {
  BookSource,
  Dialogue,
  RestRequest,
  Subscription,
  VenueConnector,
  VenueLimits,
} from '../../connect/protocol.ts';
import { InjectiveDialogue } from './dialogue.ts';
import { INJECTIVE_LIMITS } from './limits.ts';
import { LCD_PREFIX, listingRequest, type MarketKind, readMarkets } from './listing.ts';

/** Levels a side of a snapshot: more than a book has. Without a limit the node gives 20 (DefaultQueryOrderbookLimit). */
export const SNAPSHOT_LEVELS = 100_000;
const PING_MS = 15_000;
/** Two pings without an answer, and a little. */
const DEAD_MS = 35_000;
/** A book that does not change sends nothing; its snapshot comes by REST, behind at most this many others. */
const FIRST_DATA_MS = 60_000;

export class InjectiveConnector implements VenueConnector {
  readonly venue = 'injective';
  /** No public address is listed: this is that of a node of one's own, as in the docs' examples. */
  readonly streamUrl = 'ws://localhost:9998';
  readonly restUrl = 'https://sentry.lcd.injective.network';
  readonly limits: VenueLimits = INJECTIVE_LIMITS;
  readonly bookSource: BookSource = 'rest';
  readonly isInAddress = false;
  readonly pingEveryMs = PING_MS;
  readonly deadAfterMs = DEAD_MS;
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  readonly areTradesRare = true;
  /** What the lists said of each market. */
  private readonly kinds = new Map<string, MarketKind>();

  path(_subscriptions: readonly Subscription[]): string {
    return '/injstream-ws';
  }

  dialogue(): Dialogue {
    return new InjectiveDialogue(this.kinds);
  }

  listing(): RestRequest {
    return listingRequest('spot');
  }

  furtherListings(): RestRequest[] {
    return [listingRequest('derivative')];
  }

  readListing(answer: string): string[] {
    const markets = readMarkets(answer);
    for (const [id, kind] of markets) this.kinds.set(id, kind);
    return [...markets.keys()];
  }

  snapshot(symbol: string): RestRequest {
    const kind = this.kinds.get(symbol) ?? 'spot';
    const path = `${LCD_PREFIX}/${kind}/orderbook/${encodeURIComponent(symbol)}?limit=${SNAPSHOT_LEVELS}`;
    return { method: 'GET', path, weight: 1 };
  }

  /** The answer as it came, with its market, which it does not name: no number is read or written anew. */
  snapshotFrame(symbol: string, answer: string): string {
    return `{"snapshot":{"symbol":${JSON.stringify(symbol)},${answer.slice(answer.indexOf('{') + 1)}}`;
  }
}
