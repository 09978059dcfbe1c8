// A WebSocket client that only sends: frames are built once, masked with zero, and written as raw bytes over TCP, so
// that the sender costs little beside what is measured.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const MASKED = 0x80;
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** One client frame (RFC 6455 §5.2) with the masking key 0, under which the payload's bytes stay as they are. */
export function wireFrame(payload: Uint8Array, isBinary = false): Buffer {
  const length = payload.length;
  const extended = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = isBinary ? FINAL_BINARY : FINAL_TEXT;
  if (extended === 0) frame[1] = MASKED | length;
  else if (extended === 2) {
    frame[1] = MASKED | LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = MASKED | LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, 2 + extended + 4);
  return frame;
}

/** Opens a socket and upgrades it. */
export async function openFrameSocket(port: number, path: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  await new Promise<void>((resolve, reject) => {
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      if (head.startsWith('HTTP/1.1 101')) resolve();
      else reject(new Error(`upgrade of ${path}: expected 101, was ${head.split('\r\n')[0]}`));
    };
    socket.on('data', read);
    socket.once('close', () => reject(new Error(`upgrade of ${path}: closed`)));
  });
  socket.on('error', () => undefined);
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
