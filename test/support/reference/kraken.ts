// Owns the choice between Kraken's two dialects: arrays and `event` objects are v1, other objects v2.
import type { Dialect } from './dialect.ts';
import { isObject } from './json.ts';
import { krakenV1Data, krakenV1Event } from './kraken-v1.ts';
import { makeKrakenV2 } from './kraken-v2.ts';
import type { Markets } from './market.ts';
import { Rejected } from './rejection.ts';

export const KRAKEN = 'kraken';

export function makeKraken(markets: Markets): Dialect {
  const v2 = makeKrakenV2(markets);
  return {
    frame(document, receiveTimeUs, connection) {
      if (Array.isArray(document)) return krakenV1Data(markets, document, receiveTimeUs);
      if (!isObject(document)) throw new Rejected('shape', 'expected an object or array');
      return document.has('event') ? krakenV1Event(document) : v2.frame(document, receiveTimeUs, connection);
    },
    snapshot: null,
    open: (connection) => v2.forget(connection),
  };
}
