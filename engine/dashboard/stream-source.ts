// The page's one client: what panels follow outlives a change of token, and every message heard is a sign of life.

import type { Gap, StreamMessage, SubscriptionOptions } from '../../schemas/feed.ts';
import { Http } from '../client/http.ts';
import { AuthorizationError, type Client, createClient, type StateEvent, type Subscription } from '../client/index.ts';
import type { Take } from './panel.ts';
import type { Failed, Following, Source } from './source.ts';

/** `paused`: nothing is followed, as in a hidden tab, so there is no connection. */
export type ConnectionState = 'paused' | 'connecting' | 'live' | 'reconnecting' | 'refused';

type Follower = {
  readonly channel: string;
  readonly options: SubscriptionOptions;
  readonly take: (message: StreamMessage) => void;
  readonly failed: Failed;
  subscription: Subscription<StreamMessage | Gap> | null;
};

/** The page goes on trying for as long as it is open. */
const RECONNECT = { firstAttemptsMax: Number.POSITIVE_INFINITY, delayMaxMs: 8_000 };

function stateOf({ state, error }: StateEvent): ConnectionState {
  if (state === 'failed') return error instanceof AuthorizationError ? 'refused' : 'reconnecting';
  if (state === 'open') return 'live';
  return state === 'idle' || state === 'closed' ? 'paused' : state;
}

export class StreamSource implements Source {
  heardAt = 0;
  private state: ConnectionState = 'paused';
  private client: Client | null = null;
  private http: Http | null = null;
  private readonly followers = new Set<Follower>();
  private readonly told: (state: ConnectionState, why: string) => void;

  constructor(told: (state: ConnectionState, why: string) => void) {
    this.told = told;
  }

  get isConnected(): boolean {
    return this.state === 'live';
  }

  readonly read = <T>(path: string): Promise<T> => {
    if (this.http === null) return Promise.reject(new Error('expected a connection, there is none yet'));
    return this.http.json<T>(path);
  };

  /** Connects, or connects anew with another token; '' is none. */
  connect(token: string): void {
    void this.client?.close();
    const secret = token === '' ? null : token;
    this.http = new Http({ baseUrl: '', token: secret, fetch: fetch.bind(globalThis) });
    const client = createClient({
      url: location.origin,
      reconnect: RECONNECT,
      ...(secret === null ? {} : { token: secret }),
    });
    this.client = client;
    client.onState((event) => {
      if (client === this.client) this.turn(stateOf(event), event.loss?.reason ?? '');
    });
    for (const follower of this.followers) this.open(follower, client);
  }

  private turn(state: ConnectionState, why: string): void {
    this.state = state;
    this.told(state, why);
  }

  private open(follower: Follower, client: Client): void {
    const subscription = client.subscribe(follower.channel, follower.options) as Subscription<StreamMessage | Gap>;
    follower.subscription = subscription;
    void this.pass(follower, subscription);
  }

  /** What was lost is not told to panels: each message that comes says the whole of what is now. */
  private async pass(follower: Follower, subscription: Subscription<StreamMessage | Gap>): Promise<void> {
    try {
      for await (const message of subscription) {
        this.heardAt = performance.now();
        if (message.type !== 'gap' && this.followers.has(follower)) follower.take(message);
      }
    } catch (error) {
      const isOurs = follower.subscription === subscription && !(error instanceof AuthorizationError);
      if (isOurs) follower.failed(error instanceof Error ? error.message : String(error));
    }
  }

  follow<Channel extends string>(
    channel: Channel,
    options: SubscriptionOptions,
    take: Take<Channel>,
    failed: Failed = () => undefined,
  ): Following {
    const taken = take as unknown as (message: StreamMessage) => void;
    const follower: Follower = { channel, options, take: taken, failed, subscription: null };
    this.followers.add(follower);
    if (this.client !== null) this.open(follower, this.client);
    return {
      close: () => {
        this.followers.delete(follower);
        follower.subscription?.close();
        follower.subscription = null;
      },
    };
  }
}
