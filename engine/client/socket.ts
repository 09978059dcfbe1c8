// The part of a WebSocket the client uses, so that browsers, Node and `ws` all fit, and how a token goes with it.

export type SocketClose = { readonly code: number; readonly reason: string };

/** What browsers, Node 22 and the package `ws` have in common. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** Opens a socket to `/stream`; handlers are set by the caller before anything can happen. */
export type SocketOpener = (url: string, token: string | null) => WebSocketLike;

const SUBPROTOCOL = 'millrace';

/** Base64url without padding, of UTF-8. */
function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Browsers cannot set headers of a WebSocket; a token in the address would stand in logs (docs/security.md). */
export function subprotocolsOf(token: string | null): string[] {
  return token === null ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${base64url(token)}`];
}

/** For any standard WebSocket. */
export function standardOpener(Constructor: WebSocketConstructor): SocketOpener {
  return (url, token) => new Constructor(url, subprotocolsOf(token));
}
