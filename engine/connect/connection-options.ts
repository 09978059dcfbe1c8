// What one connection is made with, and what it tells its slot.

import type { Session } from './hooks.ts';
import type { Subscription, VenueConnector } from './protocol.ts';
import type { ConnectionCounts } from './report.ts';
import type { FeedSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { FeedSocket, SocketEvents, SocketOptions } from './transport.ts';

export type ConnectionEvents = {
  /** It works: data came, or all is acknowledged where data may be long in coming. Once. */
  proven(): void;
  /** It should be replaced, by the venue's plan. Once. */
  ending(reason: string): void;
  /** Subscriptions stay without an answer, while others work. */
  unanswered(count: number): void;
  /** The venue refuses a subscription, now or for good. */
  refused(subscription: Subscription | null, message: string, isFinal: boolean): void;
  /** Once and last. `isPlanned` where drain() began it. */
  closed(reason: string, isPlanned: boolean): void;
};

export type ConnectionOptions = {
  readonly id: number;
  readonly slot: number;
  readonly connector: VenueConnector;
  readonly streamUrl: string;
  readonly subscriptions: readonly Subscription[];
  readonly timers: Timers;
  readonly settings: FeedSettings;
  readonly counts: ConnectionCounts;
  readonly session: Session;
  /** Frames wait so long before they are taken, until unhold(); 0 for none. */
  readonly holdMs: number;
  /** Opens the socket; whoever gives it counts it. */
  readonly openSocket: (options: SocketOptions, events: SocketEvents) => FeedSocket;
};
