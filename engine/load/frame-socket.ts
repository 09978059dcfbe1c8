// A WebSocket client that only sends: frames are masked with zero and written as raw bytes over TCP, so that the sender
// costs little beside what is measured.

import { randomBytes } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const MASKED = 0x80;
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const FINAL_CLOSE = 0x88;
const FINAL_PONG = 0x8a;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const TWO_32 = 2 ** 32;
const MASK_BYTES = 4;

/** Bytes before a client's payload of this length (RFC 6455 §5.2). */
export function headerBytes(length: number): number {
  const extended = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  return 2 + extended + MASK_BYTES;
}

/** Writes the header of one whole message at `offset`, with the masking key 0, under which the payload stays as it is. */
export function writeHeader(target: Uint8Array, offset: number, length: number, isBinary: boolean): number {
  let at = offset;
  target[at++] = isBinary ? FINAL_BINARY : FINAL_TEXT;
  if (length < LENGTH_16) target[at++] = MASKED | length;
  else if (length < 65_536) {
    target[at++] = MASKED | LENGTH_16;
    target[at++] = length >>> 8;
    target[at++] = length & 0xff;
  } else {
    target[at++] = MASKED | LENGTH_64;
    const high = Math.floor(length / TWO_32);
    for (let shift = 24; shift >= 0; shift -= 8) target[at++] = (high >>> shift) & 0xff;
    for (let shift = 24; shift >= 0; shift -= 8) target[at++] = (length >>> shift) & 0xff;
  }
  for (let i = 0; i < MASK_BYTES; i++) target[at++] = 0;
  return at;
}

/** One client frame, header and payload. */
export function wireFrame(payload: Uint8Array, isBinary = false): Buffer {
  const frame = Buffer.alloc(headerBytes(payload.length) + payload.length);
  frame.set(payload, writeHeader(frame, 0, payload.length, isBinary));
  return frame;
}

/** A control frame; its payload is at most 125 bytes. */
function controlFrame(code: number, payload: Uint8Array): Buffer {
  const frame = wireFrame(payload);
  frame[0] = code;
  return frame;
}

export const pongFrame = (payload: Uint8Array): Buffer => controlFrame(FINAL_PONG, payload);

/** A close with status 1000. */
export const closeFrame = (): Buffer => controlFrame(FINAL_CLOSE, Uint8Array.of(0x03, 0xe8));

export type FrameSocketOptions = {
  readonly host?: string;
  /** TLS, which trusts as Node does (NODE_EXTRA_CA_CERTS). */
  readonly isSecure?: boolean;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | null;
  /** Given what the server sends after the upgrade; without it all that is read is thrown away. */
  readonly onData?: (chunk: Buffer) => void;
};

function upgradeText(host: string, port: number, path: string, token: string | null): string {
  const key = randomBytes(16).toString('base64');
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${authority}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** What TLS asks a server for by name: addresses are no names (RFC 6066 §3). */
export const nameOf = (host: string): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {});

/** Reads the answer to the upgrade; resolves with the bytes behind it. */
function readUpgrade(socket: Socket, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const closed = (): void => reject(new Error(`upgrade of ${path}: closed`));
    const read = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      socket.off('close', closed);
      socket.pause();
      const status = answer.toString('latin1', 0, answer.indexOf('\r\n'));
      if (status.startsWith('HTTP/1.1 101')) resolve(answer.subarray(end + 4));
      else reject(new Error(`upgrade of ${path}: expected 101, was ${status}`));
    };
    socket.on('data', read);
    socket.once('close', closed);
  });
}

/** Opens a socket and upgrades it. Rejects where nobody listens or the upgrade is refused. */
export async function openFrameSocket(port: number, path: string, options: FrameSocketOptions = {}): Promise<Socket> {
  const { host = '127.0.0.1', isSecure = false, token = null, onData } = options;
  const socket = isSecure ? connectTls({ port, host, ...nameOf(host) }) : connect({ port, host, noDelay: true });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  socket.write(upgradeText(host, port, path, token));
  let rest: Buffer;
  try {
    rest = await readUpgrade(socket, path);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  if (onData !== undefined) {
    if (rest.length > 0) onData(rest);
    socket.on('data', onData);
  }
  socket.resume();
  return socket;
}

/** Writes with the socket's own back-pressure. */
export function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) reject(new Error('frame socket: closed by the other side'));
    else if (socket.write(bytes)) resolve();
    else socket.once('drain', resolve);
  });
}
