// Owns the normalised JSON dialect: `trade`, `book_change` and `book_snapshot` in the field names of tardis-node.

import type { VenueEncoder } from './encoder.ts';
import type { DeltaEvent, Level, MarketEvent, SnapshotEvent, TradeEvent } from './events.ts';
import { type MarketSpec, SYNTHETIC_VENUE } from './specs.ts';
import { canonicalText, isoText } from './text.ts';

/** The fields common to all; symbols need no escaping (specs.ts). */
function head(type: string, event: MarketEvent): string {
  return `{"type":"${type}","exchange":"${SYNTHETIC_VENUE}","symbol":"${event.market.symbol}"`;
}

function times(event: MarketEvent, localTimeUs: number): string {
  return `"timestamp":"${isoText(event.timeUs)}","localTimestamp":"${isoText(localTimeUs)}"}`;
}

function levelsText(market: MarketSpec, levels: readonly Level[]): string {
  const texts = levels.map(({ priceTicks, quantityLots }) => {
    const amount = canonicalText(quantityLots, market.quantityDecimals);
    return `{"price":"${canonicalText(priceTicks, market.priceDecimals)}","amount":"${amount}"}`;
  });
  return `[${texts.join(',')}]`;
}

function sides(event: SnapshotEvent | DeltaEvent): string {
  return `"bids":${levelsText(event.market, event.bids)},"asks":${levelsText(event.market, event.asks)}`;
}

function tradeText(event: TradeEvent, localTimeUs: number): string {
  const price = canonicalText(event.priceTicks, event.market.priceDecimals);
  const amount = canonicalText(event.quantityLots, event.market.quantityDecimals);
  const what = `"id":"${event.tradeId}","price":"${price}","amount":"${amount}","side":"${event.aggressorSide}"`;
  return `${head('trade', event)},${what},${times(event, localTimeUs)}`;
}

/** One event as one normalised message; a snapshot is a `book_change` that says so. */
export function encodeJson(event: MarketEvent, localTimeUs: number): string {
  if (event.kind === 'trade') return tradeText(event, localTimeUs);
  const isSnapshot = event.kind === 'snapshot';
  return `${head('book_change', event)},"isSnapshot":${isSnapshot},${sides(event)},${times(event, localTimeUs)}`;
}

/** The other form of a snapshot: a `book_snapshot` of all its levels. `depth` says how many a side has at most. */
export function encodeJsonBookSnapshot(event: SnapshotEvent, localTimeUs: number): string {
  const depth = Math.max(event.bids.length, event.asks.length);
  const name = `"name":"book_snapshot_${depth}_0ms","depth":${depth},"interval":0`;
  return `${head('book_snapshot', event)},${name},${sides(event)},${times(event, localTimeUs)}`;
}

/** A stream of single messages, as tardis-machine's normalised stream sends them. */
export class JsonEncoder implements VenueEncoder {
  greet(): string[] {
    return [];
  }

  encode(event: MarketEvent): string[] {
    return [encodeJson(event, event.timeUs)];
  }

  tick(): string[] {
    return [];
  }
}
