// A connection to an engine's /stream that costs little to read: frames are taken from the bytes of one buffer.

import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { UsageError } from '../base/errors.ts';
import { FrameReader } from './frame-reader.ts';
import { nameOf } from './frame-socket.ts';

export type StreamSocketOptions = {
  /** `ws://HOST:PORT/stream?…`, or `wss:` */
  readonly url: string;
  readonly token: string | null;
  /** Runs once for each read, before its messages: the time they were received. */
  readonly onBytes: (count: number) => void;
  /** Bytes are valid until it returns. */
  readonly onMessage: (bytes: Uint8Array, start: number, end: number, isBinary: boolean) => void;
  /** The code of the peer's close frame; 1006 where there was none. Not called after close(). */
  readonly onEnd: (code: number) => void;
};

const PORT_USUAL = 80;
const PORT_USUAL_TLS = 443;
const CONNECT_TIMEOUT_MS = 10_000;
const HEAD_BYTES_MAX = 16 * 1024;
const ABNORMAL = 1006;
const NORMAL = 1000;
const FINAL_TEXT = 0x81;
const FINAL_CLOSE = 0x88;
const FINAL_PONG = 0x8a;

/** One client frame with the masking key 0, under which the payload's bytes stay as they are (RFC 6455 §5.3). */
function clientFrame(first: number, payload: Uint8Array): Buffer {
  const isShort = payload.length < 126;
  const frame = Buffer.alloc((isShort ? 2 : 4) + 4 + payload.length);
  frame[0] = first;
  frame[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) frame.writeUInt16BE(payload.length, 2);
  frame.set(payload, frame.length - payload.length);
  return frame;
}

function upgradeText(url: URL, token: string | null): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
  ];
  // As a subprotocol, because a header cannot carry every character a token may have.
  if (token !== null)
    lines.push(`Sec-WebSocket-Protocol: millrace, bearer.${Buffer.from(token).toString('base64url')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Why an answer to an upgrade is none, or null where it is. */
function refusalOf(status: string, url: string): Error | null {
  if (status.startsWith('HTTP/1.1 101')) return null;
  if (status.startsWith('HTTP/1.1 401'))
    return new UsageError('--token: expected the token of the target, was another');
  return new Error(`${url}: expected an upgrade to a WebSocket, was ${status}`);
}

export class StreamSocket {
  private readonly options: StreamSocketOptions;
  private readonly url: URL;
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private head: Buffer | null = Buffer.alloc(0);
  private closeCode = ABNORMAL;
  private isClosing = false;
  private opened: (error: Error | null) => void = () => undefined;

  private constructor(options: StreamSocketOptions) {
    this.options = options;
    this.url = new URL(options.url);
    this.reader = new FrameReader({
      onMessage: options.onMessage,
      onPing: (payload) => this.write(FINAL_PONG, payload),
      onClose: (code) => this.peerCloses(code),
      onFault: () => this.socket.destroy(),
    });
    this.socket = this.connect();
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.opened(new Error(`${options.url}: ${error.message}`)));
    this.socket.on('close', () => this.ended());
  }

  /** Rejects with one sentence where the connection does not come about. */
  static open(options: StreamSocketOptions): Promise<StreamSocket> {
    return new Promise((resolve, reject) => {
      const stream = new StreamSocket(options);
      const timer = setTimeout(() => stream.opened(new Error(`${options.url}: no answer in time`)), CONNECT_TIMEOUT_MS);
      stream.opened = (error) => {
        clearTimeout(timer);
        stream.opened = () => undefined;
        if (error === null) return resolve(stream);
        stream.close();
        reject(error);
      };
    });
  }

  private get isSecure(): boolean {
    return this.url.protocol === 'wss:';
  }

  private get address(): { host: string; port: number } {
    const { hostname, port } = this.url;
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (this.isSecure ? PORT_USUAL_TLS : PORT_USUAL)),
    };
  }

  /** Reads go straight into the reader's memory. */
  private connect(): Socket {
    const onread = {
      buffer: () => (this.head === null ? this.reader.room() : Buffer.alloc(HEAD_BYTES_MAX)),
      callback: (count: number, bytes: Uint8Array): boolean => {
        if (this.head !== null) this.readHead(bytes.subarray(0, count));
        else {
          this.options.onBytes(count);
          this.reader.received(count);
        }
        return true;
      },
    };
    const { address, isSecure } = this;
    const tls = { ...address, ...nameOf(address.host), onread };
    const socket = isSecure ? connectTls(tls) : connectTcp({ ...address, onread });
    const upgrade = (): void => void socket.write(upgradeText(this.url, this.options.token));
    socket.once(isSecure ? 'secureConnect' : 'connect', upgrade);
    return socket;
  }

  private readChunk(chunk: Uint8Array): void {
    this.options.onBytes(chunk.length);
    this.reader.append(chunk);
  }

  /** What follows the head of the answer is frames. */
  private readHead(chunk: Uint8Array): void {
    const head = Buffer.concat([this.head ?? Buffer.alloc(0), chunk]);
    this.head = head;
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > HEAD_BYTES_MAX) this.opened(new Error(`${this.options.url}: expected an HTTP answer`));
      return;
    }
    this.head = null;
    this.opened(refusalOf(head.toString('latin1', 0, head.indexOf('\r\n')), this.options.url));
    const rest = head.subarray(end + 4);
    if (rest.length > 0 && !this.isClosing) this.readChunk(rest);
  }

  private write(first: number, payload: Uint8Array): void {
    if (this.socket.writable) this.socket.write(clientFrame(first, payload));
  }

  /** At most 64 KiB, which is what an engine takes. */
  send(text: string): void {
    this.write(FINAL_TEXT, Buffer.from(text));
  }

  private peerCloses(code: number): void {
    this.closeCode = code;
    this.write(FINAL_CLOSE, Buffer.from([NORMAL >> 8, NORMAL & 0xff]));
    this.socket.end();
  }

  private ended(): void {
    this.opened(new Error(`${this.options.url}: closed before it was open`));
    if (!this.isClosing) this.options.onEnd(this.closeCode);
  }

  close(): void {
    this.isClosing = true;
    this.write(FINAL_CLOSE, Buffer.from([NORMAL >> 8, NORMAL & 0xff]));
    this.socket.destroySoon();
  }
}
