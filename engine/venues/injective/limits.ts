// What an Injective node allows: what the connector stays inside and the simulator counts, each figure with its source.
//
// Sources: W = injective-core, WebSocket server readme, "Configuration" (chain 1.18, 2026-02); D = Injective API docs, "Rate
// limits" (2026-08): the public `chain` group has 20 requests a second from one address; own = not published, chosen here.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

const SECOND_MS = 1000;

/** W: `max-body-bytes` of a request. */
export const REQUEST_BYTES_MAX = 1_000_000;

/** W: the server pings "periodically"; its read timeout of 10 s must be kept alive by them. */
export const SERVER_PING_MS = 9_000;

export const INJECTIVE_LIMITS: VenueLimits = {
  // own: each subscription is a goroutine of the node (W); books and trades of 50 markets (venues.md §9).
  subscriptionsPerConnection: 100,
  booksPerConnection: 50,
  // D, half of the group's 20: the other half is for REST.
  messages: { count: 10, windowMs: SECOND_MS },
  requests: null,
  // own: so that each is ended alone, by its own subscription_id.
  subscriptionsPerMessage: 1,
  // own: a node may have `max-open-connections` (W); none is refused by pace.
  connects: { count: 5, windowMs: SECOND_MS },
  rest: { count: 10, windowMs: SECOND_MS },
  payloadBytesMax: PAYLOAD_BYTES_MAX['injective'],
};
