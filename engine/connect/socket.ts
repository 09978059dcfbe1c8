// Owns one real WebSocket to a venue: over TLS or not, through a proxy or not, its end told once and in one word.

import { isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { type Failure, type FeedSocket, failureOf, type SocketEvents, type SocketOptions } from './transport.ts';
import { openTunnel } from './tunnel.ts';

/** How a transport reaches its venue. */
export type Route = {
  /** Sent as `Authorization: Bearer …`; null for none. */
  readonly token: string | null;
  /** Address of an HTTP proxy that takes CONNECT; null for none. */
  readonly proxy: string | null;
  /** PEM certificates to trust beside the usual ones; null for none. */
  readonly ca: string | null;
};

export function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** What TLS takes for a certificate authority of one's own. */
export function trust(ca: string | null): { ca?: string[] } {
  return ca === null ? {} : { ca: [...rootCertificates, ca] };
}

/** Host, port and whether TLS of an address. */
export function endpointOf(url: URL): { host: string; port: number; isSecure: boolean } {
  const isSecure = url.protocol === 'wss:' || url.protocol === 'https:';
  // An IPv6 address stands in brackets in a URL and nowhere else.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port), isSecure };
}

/** The socket for a request whose tunnel is open: with TLS inside it where the address wants that. */
export function throughTunnel(url: URL, tunnel: Socket, ca: string | null): () => Socket {
  const { host, isSecure } = endpointOf(url);
  if (!isSecure) return () => tunnel;
  // An address is no name that TLS may ask for (RFC 6066 §3); the certificate is compared with it all the same.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return () => connectTls({ socket: tunnel, host, ...name, ...trust(ca) });
}

const NO_STATUS = 1006;

class VenueSocket implements FeedSocket {
  private readonly options: SocketOptions;
  private readonly route: Route;
  private readonly events: SocketEvents;
  private readonly tunnel = new AbortController();
  private socket: WebSocket | null = null;
  private failure: Failure | null = null;
  private isClosing = false;
  private isClosed = false;

  constructor(options: SocketOptions, route: Route, events: SocketEvents) {
    this.options = options;
    this.route = route;
    this.events = events;
    // Nothing is told before the one who opens it has the socket in hand.
    queueMicrotask(() => this.start());
  }

  send(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  ping(): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.isClosing = true;
    if (this.socket === null) this.terminate();
    else this.socket.close(code, reason);
  }

  terminate(): void {
    this.isClosing = true;
    if (this.socket !== null) this.socket.terminate();
    else {
      this.tunnel.abort();
      queueMicrotask(() => this.finish(NO_STATUS, ''));
    }
  }

  private start(): void {
    if (this.isClosed || this.isClosing) return;
    const { proxy } = this.route;
    if (proxy === null) this.dial(undefined);
    else this.startTunnel(new URL(proxy));
  }

  private startTunnel(proxy: URL): void {
    const url = new URL(this.options.url);
    const { host, port } = endpointOf(url);
    const timeoutMs = this.options.handshakeTimeoutMs;
    openTunnel({ proxy, host, port, timeoutMs, signal: this.tunnel.signal }).then(
      (tunnel) => {
        if (this.isClosing) tunnel.destroy();
        else this.dial(throughTunnel(url, tunnel, this.route.ca));
      },
      (error: unknown) => {
        this.failure = failureOf(error);
        this.finish(NO_STATUS, '');
      },
    );
  }

  private dial(createConnection: (() => Socket) | undefined): void {
    const { payloadBytesMax, handshakeTimeoutMs, url } = this.options;
    const { ca, token } = this.route;
    const options: ClientOptions = {
      maxPayload: payloadBytesMax,
      handshakeTimeout: handshakeTimeoutMs,
      headers: authorization(token),
      ...trust(ca),
      ...(createConnection === undefined ? {} : { createConnection }),
    };
    try {
      this.listen(new WebSocket(url, options));
    } catch (error) {
      this.failure = failureOf(error);
      this.finish(NO_STATUS, '');
    }
  }

  private listen(socket: WebSocket): void {
    this.socket = socket;
    const { events } = this;
    socket.on('open', () => events.opened());
    socket.on('message', (data: RawData, isBinary) => events.message(data as Buffer, isBinary));
    socket.on('ping', () => events.ping());
    socket.on('pong', () => events.pong());
    socket.on('unexpected-response', (request, response) => {
      const status = response.statusCode ?? null;
      this.failure = { kind: 'handshake', message: `expected 101, was ${status}`, status };
      response.resume();
      request.destroy();
      // With a listener for the answer, ending the try is left to it.
      socket.terminate();
    });
    socket.on('error', (error) => {
      this.failure ??= failureOf(error);
    });
    socket.on('close', (code, reason) => this.finish(code, reason.toString('utf8')));
  }

  private finish(code: number, reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.events.closed(code, reason, this.endOf(code, reason));
  }

  private endOf(code: number, reason: string): Failure | null {
    if (this.isClosing) return null;
    if (this.failure !== null) return this.failure;
    if (code === NO_STATUS) return { kind: 'reset', message: 'the connection was cut', status: null };
    return { kind: 'closed', message: `closed by the venue: ${code} ${reason}`.trimEnd(), status: null };
  }
}

export function openSocket(options: SocketOptions, route: Route, events: SocketEvents): FeedSocket {
  return new VenueSocket(options, route, events);
}
