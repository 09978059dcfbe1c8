// Tells the connector how OKX v5 is spoken to.
//
// Source: OKX API guide v5, "WebSocket", "Get instruments" (2026-08); venues.md §7; docs/venues/okx.md.

import type { BackfillQuery, BookSource, Dialogue, RestRequest, VenueConnector } from '../../connect/protocol.ts';
import { OkxDialogue } from './dialogue.ts';
import { OKX_LIMITS, PING_MS, REST_URL, STREAM_PATH, STREAM_URL } from './limits.ts';
import { type Backfill, PastTrades } from './past-trades.ts';

type Listed = { readonly instId?: unknown; readonly state?: unknown };

/** Two pings without an answer, and a little. */
const DEAD_MS = 45_000;
/** The snapshot follows the acknowledgement at once. */
const FIRST_DATA_MS = 10_000;
/** Kinds of instruments with books, each with a list of its own. */
const FIRST_KIND = 'SPOT';
const FURTHER_KINDS = ['SWAP', 'FUTURES'];

export class OkxConnector implements VenueConnector {
  readonly venue = 'okx';
  readonly streamUrl = STREAM_URL;
  readonly restUrl = REST_URL;
  readonly limits = OKX_LIMITS;
  readonly bookSource: BookSource = 'stream';
  readonly isInAddress = false;
  readonly pingEveryMs = PING_MS;
  readonly deadAfterMs = DEAD_MS;
  /** The venue names no age; it tells an end a minute before. */
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  readonly areTradesRare = true;
  private readonly pastTrades = new PastTrades();

  path(): string {
    return STREAM_PATH;
  }

  dialogue(): Dialogue {
    return new OkxDialogue();
  }

  listing(): RestRequest {
    return listed(FIRST_KIND);
  }

  readListing(answer: string): string[] {
    const parsed = JSON.parse(answer);
    const list: readonly Listed[] | undefined = parsed?.code === '0' ? parsed.data : undefined;
    if (!Array.isArray(list)) throw new Error(`expected a list of instruments, was ${answer.slice(0, 200)}`);
    return list.flatMap(({ instId, state }) => (typeof instId === 'string' && state === 'live' ? [instId] : []));
  }

  furtherListings(): RestRequest[] {
    return FURTHER_KINDS.map(listed);
  }

  backfill(query: BackfillQuery): RestRequest {
    return this.pastTrades.request(query);
  }

  readBackfill(query: BackfillQuery, answer: string): Backfill {
    return this.pastTrades.read(query, answer);
  }
}

function listed(kind: string): RestRequest {
  return { method: 'GET', path: `/api/v5/public/instruments?instType=${kind}`, weight: 1 };
}
