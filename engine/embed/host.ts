// What an embedded engine is made of, as its users' side sees it: no type of a package, or of the engine's inner parts.

import type { StreamMessage, SubscriptionOptions } from '../../schemas/feed.ts';
import type { ShutdownSummary } from '../base/shutdown-summary.ts';
import type { HealthAnswer } from '../client/answers.ts';

/** The end of a subscription. */
export type Leave = () => void;
export type Item = string | ({ readonly channel: string } & SubscriptionOptions);

export type EmbeddedHost = {
  readonly url: string;
  readonly streamUrl: string;
  readonly ingestUrl: string;
  readonly port: number;
  readonly ingestPort: number;
  /** How the engine's own clients come in: a token, and the certificate to trust. */
  readonly own: { readonly token: string | null; readonly certificate: string | null };
  /** Throws a SubscriptionError where the channel or an option is wrong. */
  readonly subscribe: (item: Item, take: (message: StreamMessage) => void) => Leave;
  /** What a GET of this path and query would be answered, parsed. Rejects with a RequestError. */
  readonly ask: (path: string) => Promise<unknown>;
  readonly health: () => HealthAnswer;
  readonly noteStop: () => void;
  readonly stop: () => Promise<ShutdownSummary>;
};
