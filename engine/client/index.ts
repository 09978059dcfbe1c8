// `millrace/client` in browsers, and anywhere else with a global WebSocket: no package and no module of Node is needed.

import { Client } from './client.ts';
import { ConnectionError } from './errors.ts';
import { Http } from './http.ts';
import { type ClientOptions, settingsOf } from './options.ts';
import { type SocketOpener, standardOpener, type WebSocketConstructor } from './socket.ts';
import { noStats } from './stats.ts';

export type * from '../../schemas/feed.ts';
export type * from './answers.ts';
export { Client, type Told } from './client.ts';
export { AuthorizationError, ClientError, ConnectionError, RequestError, SubscriptionError } from './errors.ts';
export type { ClientGapReason } from './gaps.ts';
export type { ClientState, StateEvent } from './hub.ts';
export type { Loss } from './link.ts';
export type { BestLevels, BookJson, LocalBook } from './local-book.ts';
export type {
  BookOptions,
  ChannelOptions,
  ClientOptions,
  IntervalOptions,
  QueueOptions,
  ReconnectOptions,
} from './options.ts';
export type { WebSocketConstructor, WebSocketLike } from './socket.ts';
export type { ClientStats } from './stats.ts';
export type { Subscription } from './subscription.ts';
export { toMicroseconds } from './time.ts';

/** A path that needs the same right as the stream, and costs the engine little. */
const PROBE_PATH = '/v1/stats?markets=0';

/** The page's own host, where there is a page. */
function pageUrl(): string | undefined {
  const { location } = globalThis as { location?: { origin?: string } };
  const origin = location?.origin;
  return origin?.startsWith('http') ? origin : undefined;
}

/** Makes a client with another way to open sockets; for entries of other platforms. */
export function clientWith(options: ClientOptions, usualOpener: SocketOpener): Client {
  const settings = settingsOf(options, pageUrl());
  const { httpUrl: baseUrl, token, queueMax } = settings;
  const open = options.WebSocket === undefined ? usualOpener : standardOpener(options.WebSocket);
  // Called as a function of its own: browsers refuse fetch as a method of another object.
  const fetchUsed = options.fetch ?? globalThis.fetch.bind(globalThis);
  const http = new Http({ baseUrl, token, fetch: fetchUsed });
  return new Client(
    {
      ...{ settings, stats: noStats(), met: { isEngine: false }, open, queueMax },
      probe: (signal: AbortSignal) => http.status(PROBE_PATH, signal),
    },
    http,
  );
}

function globalOpener(): SocketOpener {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket !== undefined) return standardOpener(WebSocket);
  return () => {
    throw new ConnectionError('expected a global WebSocket, or the option WebSocket, there is none', 1006);
  };
}

/** @throws RangeError where an option is wrong. Opens nothing before the first subscription. */
export function createClient(options: ClientOptions = {}): Client {
  return clientWith(options, globalOpener());
}
