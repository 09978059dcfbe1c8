// A way to a simulated venue with something in between: a relay that wants a token, and a proxy that takes CONNECT.

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const HOST = '127.0.0.1';

/** What both have: a port, and sockets that end with them. */
class Way {
  protected readonly server: Server = createServer();
  private readonly sockets = new Set<Duplex>();

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, HOST, resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /** Sockets that are open on either side. */
  get open(): number {
    return this.sockets.size;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  /** Each end is the other's too. */
  protected join(client: Duplex, venue: Socket): void {
    for (const [one, other] of [
      [client, venue],
      [venue, client],
    ]) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

/** Passes on what bears the token, and answers 401 to all else. */
export class TokenRelay extends Way {
  passed = 0;
  refused = 0;
  private readonly token: string;
  private readonly venuePort: number;

  constructor(token: string, venuePort: number) {
    super();
    this.token = token;
    this.venuePort = venuePort;
    this.server.on('request', (request, response) => this.request(request, response));
    this.server.on('upgrade', (request, client, head) => this.upgrade(request, client, head));
  }

  private isAllowed({ headers }: IncomingMessage): boolean {
    const isAllowed = headers.authorization === `Bearer ${this.token}`;
    if (isAllowed) this.passed++;
    else this.refused++;
    return isAllowed;
  }

  private request(request: IncomingMessage, response: ServerResponse): void {
    if (!this.isAllowed(request)) {
      response.writeHead(401).end();
      return;
    }
    const { method, url: path } = request;
    const onward = httpRequest({ host: HOST, port: this.venuePort, method, path, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  private upgrade(request: IncomingMessage, client: Duplex, head: Buffer): void {
    if (!this.isAllowed(request)) {
      client.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const names = request.rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [`${name}: ${request.rawHeaders[at + 1]}\r\n`] : [],
    );
    const venue = connect(this.venuePort, HOST, () => {
      venue.write(`GET ${request.url} HTTP/1.1\r\n${names.join('')}\r\n`);
      venue.write(head);
      this.join(client, venue);
    });
  }
}

/** An HTTP proxy; with `credentials` (`user:password`) it wants them. */
export class ConnectProxy extends Way {
  /** `host:port` of each tunnel. */
  readonly targets: string[] = [];
  refused = 0;

  constructor(credentials: string) {
    super();
    const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.server.on('connect', (request: IncomingMessage, client: Duplex) => {
      if (request.headers['proxy-authorization'] !== expected) {
        this.refused++;
        client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      const target = request.url ?? '';
      this.targets.push(target);
      const [host, port] = target.split(':');
      const venue = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        this.join(client, venue);
      });
    });
  }
}
