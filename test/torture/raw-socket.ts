// TCP clients of scenarios that flood and starve: they say what they are told, read or do not, and know when they are closed.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** One masked client frame under the key 0; at most 125 bytes. */
export function smallFrame(first: number, payload: string): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload)]);
}

export const FIN_TEXT = 0x81;
export const TEXT = 0x01;
export const CONTINUED = 0x00;
export const PING = 0x89;

export class RawSocket {
  readonly socket: Socket;
  /** The first bytes that came: the answer to an upgrade. */
  head = '';
  receivedBytes = 0;
  isClosed = false;
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.receivedBytes += chunk.length;
      if (this.head.length < 200) this.head += chunk.toString('latin1');
    });
    this.closed = new Promise((resolve) =>
      this.socket.once('close', () => {
        this.isClosed = true;
        resolve();
      }),
    );
  }

  static upgrading(port: number, path: string): RawSocket {
    const raw = new RawSocket(port);
    const key = randomBytes(16).toString('base64');
    raw.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    return raw;
  }

  /** Resolves once it was answered, or closed. */
  async answered(): Promise<this> {
    while (!this.isClosed && !this.head.includes('\r\n\r\n')) await new Promise((resolve) => setTimeout(resolve, 5));
    return this;
  }

  get isUpgraded(): boolean {
    return this.head.startsWith('HTTP/1.1 101');
  }

  write(bytes: string | Buffer): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  end(): void {
    this.socket.destroy();
  }
}
