// A WebSocket client that sends any bytes at all and reads what comes back frame by frame: what `ws` would never send.

import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const FIN = 0x80;
const MASKED = 0x80;
const SHORT_MAX = 125;
const WORD_MAX = 65_535;

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type FrameForm = {
  readonly opcode?: number;
  readonly payload?: Uint8Array | string;
  readonly isFinal?: boolean;
  /** RSV1 to RSV3 as a number from 0 to 7. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** Bytes of the length field, 0, 2 or 8; by default as few as hold it. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length that is announced, where it is not the payload's. */
  readonly length?: number;
};

function lengthBytesOf(length: number): 0 | 2 | 8 {
  if (length <= SHORT_MAX) return 0;
  return length <= WORD_MAX ? 2 : 8;
}

/** One frame of a client (RFC 6455 §5.2), well-formed or not. */
export function frameOf(form: FrameForm): Buffer {
  const { opcode = Opcode.text, isFinal = true, reserved = 0, isMasked = true } = form;
  const payload = Buffer.from(form.payload ?? '');
  const length = form.length ?? payload.length;
  const lengthBytes = form.lengthBytes ?? lengthBytesOf(length);
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (isFinal ? FIN : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? MASKED : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  return Buffer.concat([head, MASK, payload.map((byte, i) => byte ^ MASK[i % MASK.length])]);
}

/** A close frame's payload. */
export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export type ServerFrame = {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly first: number;
  readonly payload: Buffer;
};

/** Header lines of an upgrade as a careful client sends them; `changes` replaces lines by name, null leaves one out. */
export function upgradeText(
  path: string,
  port: number,
  changes: Readonly<Record<string, string | null>> = {},
  first?: string,
): string {
  const lines: Record<string, string | null> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  const written = Object.entries(lines).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `${[first ?? `GET ${path} HTTP/1.1`, ...written].join('\r\n')}\r\n\r\n`;
}

export const EXPECTED_ACCEPT = createHash('sha1').update(`${KEY}${ACCEPT_GUID}`).digest('base64');

export class RawClient {
  readonly frames: ServerFrame[] = [];
  /** The answer to the upgrade, headers and all; empty until it is whole. */
  answer = '';
  isEnded = false;
  readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);
  private wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => this.read(chunk));
    this.socket.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
  }

  static async upgraded(port: number, path: string): Promise<RawClient> {
    const client = new RawClient(port);
    client.write(upgradeText(path, port));
    await client.until(() => client.answer !== '');
    if (client.status !== 101) throw new Error(`${path}: expected an upgrade, was ${client.answer}`);
    return client;
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1] ?? 0);
  }

  header(name: string): string | null {
    return new RegExp(`^${name}: *(.*)$`, 'im').exec(this.answer)?.[1].trim() ?? null;
  }

  /** Code of the close frame that came, 1005 for one without, null for none. */
  get closeCode(): number | null {
    const close = this.frames.find(({ opcode }) => opcode === Opcode.close);
    if (close === undefined) return null;
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0);
  }

  write(bytes: Uint8Array | string): void {
    if (!this.isEnded) this.socket.write(bytes);
  }

  /** Waits until it holds, or the socket has ended, or the time is over; whether it holds. */
  async until(isSo: () => boolean, ms = 5_000): Promise<boolean> {
    const until = performance.now() + ms;
    while (!isSo() && !this.isEnded && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, Math.min(50, until - performance.now())));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return isSo();
  }

  end(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    if (this.answer === '') {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end >= 0) {
        this.answer = this.rest.toString('latin1', 0, end + 4);
        this.rest = this.rest.subarray(end + 4);
      }
    }
    if (this.answer !== '') this.readFrames();
    this.wake();
  }

  private readFrames(): void {
    while (this.rest.length >= 2) {
      const short = this.rest[1] & 0x7f;
      const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
      if (this.rest.length < 2 + lengthBytes) return;
      const length =
        lengthBytes === 0
          ? short
          : lengthBytes === 2
            ? this.rest.readUInt16BE(2)
            : Number(this.rest.readBigUInt64BE(2));
      const from = 2 + lengthBytes;
      if (this.rest.length < from + length) return;
      const first = this.rest[0];
      const payload = Buffer.from(this.rest.subarray(from, from + length));
      this.frames.push({ opcode: first & 0xf, isFinal: (first & FIN) !== 0, first, payload });
      this.rest = this.rest.subarray(from + length);
    }
  }
}
