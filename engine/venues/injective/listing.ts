// Reads the lists of markets of a node's LCD, and knows of each market whether it is spot or derivative.
//
// Source: injective-core @c7b042e2, proto/injective/exchange/v2/query.proto: SpotMarkets, DerivativeMarkets.

import type { RestRequest } from '../../connect/protocol.ts';

export type MarketKind = 'spot' | 'derivative';

export const LCD_PREFIX = '/injective/exchange/v2';

type Fields = Readonly<Record<string, unknown>>;

export function listingRequest(kind: MarketKind): RestRequest {
  return { method: 'GET', path: `${LCD_PREFIX}/${kind}/markets?status=Active`, weight: 1 };
}

/** Markets by their ids. Throws an Error where the answer is no list. */
export function readMarkets(answer: string): Map<string, MarketKind> {
  const listed: unknown = (JSON.parse(answer) as Fields | null)?.['markets'];
  if (!Array.isArray(listed)) throw new Error(`expected "markets" in the listing, was ${answer.slice(0, 200)}`);
  const kinds = new Map<string, MarketKind>();
  for (const entry of listed as readonly Fields[]) {
    // Derivative markets lie in `market`, beside their funding and mark price.
    const inner = entry['market'];
    const isNested = typeof inner === 'object' && inner !== null;
    const fields = isNested ? (inner as Fields) : entry;
    const id = fields['market_id'];
    if (typeof id === 'string' && fields['status'] === 'Active') kinds.set(id, isNested ? 'derivative' : 'spot');
  }
  return kinds;
}
