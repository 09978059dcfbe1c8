// A TCP proxy that ends a connection after so many bytes of one direction, anywhere: in TLS, upgrade, subscription or data.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Cut = { readonly from: 'venue' | 'client'; readonly bytes: number };

export class CuttingProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly venuePort: number;
  /** Of the next connection; null leaves it whole. */
  private cut: Cut | null = null;
  /** Connections that were cut, and at which byte the last would have been were it longer. */
  cuts = 0;

  constructor(venuePort: number) {
    this.venuePort = venuePort;
    this.server = createServer((client) => this.join(client));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections open on either side. */
  get open(): number {
    return this.sockets.size;
  }

  /** Ends all connections there are; the next is cut as told. */
  order(cut: Cut): void {
    this.cut = cut;
    this.drop();
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.drop();
    this.server.close();
  }

  private join(client: Socket): void {
    const { cut } = this;
    this.cut = null;
    const venue = connect(this.venuePort, '127.0.0.1');
    for (const [one, other] of [
      [client, venue],
      [venue, client],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    this.pass(client, venue, cut?.from === 'client' ? cut.bytes : null);
    this.pass(venue, client, cut?.from === 'venue' ? cut.bytes : null);
  }

  /** Hands on what comes; after `bytes` of it both sides end. */
  private pass(from: Socket, to: Socket, bytes: number | null): void {
    let left = bytes ?? Number.POSITIVE_INFINITY;
    from.on('data', (chunk) => {
      if (left < 0) return;
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= chunk.length;
      if (!to.destroyed) to.write(part);
      if (left >= 0) return;
      this.cuts++;
      // What was handed on is sent before the end.
      to.end(() => from.destroy());
    });
  }
}
