// `millrace/client` in Node: with `ws` where Node has no WebSocket of its own (20), and the token in a header.

import { createRequire } from 'node:module';
import type { Client } from './client.ts';
import { clientWith } from './index.ts';
import type { ClientOptions } from './options.ts';
import type { SocketOpener, WebSocketLike } from './socket.ts';

export * from './index.ts';

/** Both Node's own and `ws` take headers so, each in its place; no standard has them. */
type OwnWebSocket = new (url: string, init: object) => WebSocketLike;
type PackagedWebSocket = new (url: string, protocols: string[], init: object) => WebSocketLike;

/** An engine that hangs answers no close: a program that is done is not to wait 30 s for it, as `ws` would. */
const CLOSE_MS = 1_000;

function headersOf(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Not by `import()`: its await at the top of a module would keep `require('millrace/client')` from working. */
function nodeOpener(): SocketOpener {
  const { WebSocket: Own } = globalThis as { WebSocket?: OwnWebSocket };
  if (Own !== undefined) return (url, token) => new Own(url, { headers: headersOf(token) });
  const { WebSocket: Packaged } = createRequire(import.meta.url)('ws') as { WebSocket: PackagedWebSocket };
  const usual = { perMessageDeflate: false, closeTimeout: CLOSE_MS };
  return (url, token) => new Packaged(url, [], { headers: headersOf(token), ...usual });
}

/** @throws RangeError where an option is wrong. Opens nothing before the first subscription. */
export function createClient(options: ClientOptions = {}): Client {
  return clientWith(options, nodeOpener());
}
