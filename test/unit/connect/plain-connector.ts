// A connector of an invented venue, as plain as one can be; tests change what they need.

import type {
  BackfillQuery,
  BookSource,
  Dialogue,
  Notice,
  RestRequest,
  Subscription,
  VenueConnector,
  VenueLimits,
} from '../../../engine/connect/protocol.ts';

export const LIMITS: VenueLimits = {
  subscriptionsPerConnection: 100,
  booksPerConnection: 50,
  messages: { count: 10, windowMs: 1_000 },
  requests: null,
  subscriptionsPerMessage: 20,
  connects: { count: 30, windowMs: 60_000 },
  rest: { count: 600, windowMs: 60_000 },
  payloadBytesMax: 1024 * 1024,
};

export function wordOf({ symbol, channel }: Subscription): string {
  return `${channel}:${symbol}`;
}

export function subscriptionOf(word: string): Subscription {
  const [channel, symbol] = word.split(':');
  return { channel: channel === 'book' ? 'book' : 'trades', symbol };
}

type Told = { ack?: string; on?: boolean; refused?: string; ending?: boolean; pong?: boolean; ask?: string };

class PlainDialogue implements Dialogue {
  private readonly isFixed: boolean;
  private readonly hasPingText: boolean;

  constructor({ isInAddress, hasPingText }: PlainConnector) {
    this.isFixed = isInAddress;
    this.hasPingText = hasPingText;
  }

  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return this.isFixed ? [] : [JSON.stringify({ op: 'subscribe', args: subscriptions.map(wordOf) })];
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return this.isFixed ? [] : [JSON.stringify({ op: 'unsubscribe', args: subscriptions.map(wordOf) })];
  }

  read(text: string): Notice[] {
    const told = JSON.parse(text) as Told;
    if (told.ack !== undefined) {
      return [{ kind: 'acknowledged', subscription: subscriptionOf(told.ack), isSubscribed: told.on === true }];
    }
    if (told.refused !== undefined) {
      return [{ kind: 'refused', subscription: subscriptionOf(told.refused), message: 'no' }];
    }
    if (told.ending === true) return [{ kind: 'ending', message: 'maintenance' }];
    if (told.ask !== undefined) return [{ kind: 'reply', text: JSON.stringify({ op: 'answer', to: told.ask }) }];
    return told.pong === true ? [{ kind: 'alive' }] : [];
  }

  ping(): string | null {
    return this.hasPingText ? '{"op":"ping"}' : null;
  }
}

export class PlainConnector implements VenueConnector {
  readonly venue = 'binance';
  readonly streamUrl = 'ws://venue';
  readonly restUrl = 'http://venue';
  limits: VenueLimits = LIMITS;
  bookSource: BookSource = 'stream';
  isInAddress = false;
  pingEveryMs: number | null = null;
  deadAfterMs = 60_000;
  lifeMs: number | null = null;
  firstDataMs = 5_000;
  areTradesRare = true;
  snapshotWeight = 5;
  hasPingText = true;

  constructor(changes: Partial<PlainConnector> = {}) {
    Object.assign(this, changes);
  }

  path(subscriptions: readonly Subscription[]): string {
    return this.isInAddress ? `/stream?of=${subscriptions.map(wordOf).join('/')}` : '/stream';
  }

  dialogue(): Dialogue {
    return new PlainDialogue(this);
  }

  listing(): RestRequest {
    return { method: 'GET', path: '/markets', weight: 1 };
  }

  readListing(answer: string): string[] {
    const listed = JSON.parse(answer) as unknown;
    if (!Array.isArray(listed)) throw new Error('expected a list');
    return listed as string[];
  }

  snapshot(symbol: string): RestRequest {
    return { method: 'GET', path: `/book/${symbol}`, weight: this.snapshotWeight };
  }

  snapshotFrame(symbol: string, answer: string): string {
    return `{"snapshot":"${symbol}","answer":${answer}}`;
  }

  backfill({ symbol, lastId }: BackfillQuery): RestRequest {
    return { method: 'GET', path: `/trades/${symbol}?after=${lastId ?? 0}`, weight: 2 };
  }

  readBackfill(query: BackfillQuery, answer: string): { frames: string[]; next: RestRequest | null } {
    const { ids, more } = JSON.parse(answer) as { ids: number[]; more: boolean };
    const frames = ids.map((id) => JSON.stringify({ trade: query.symbol, id, past: true }));
    const next = more ? this.backfill({ ...query, lastId: ids[ids.length - 1] }) : null;
    return { frames, next };
  }
}
