// RFC 6455 for the connectors' side: a server that answers anything at all, and what a venue socket makes of it.

import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { openSocket } from '../../engine/connect/socket.ts';
import type { Failure } from '../../engine/connect/transport.ts';
import { closePayload, type FrameForm, frameOf, Opcode } from './raw-client.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TIMEOUT_MS = 1_500;
const PAYLOAD_BYTES_MAX = 1_024;

type Heard = { messages: string[]; pings: number; code: number | null; failure: Failure | null; isOpened: boolean };
type ClientCase = {
  readonly name: string;
  /** The answer to the upgrade; by default a good one. */
  readonly answer?: (accept: string) => string;
  /** Frames sent behind it, not masked unless they say so. */
  readonly frames?: readonly FrameForm[];
  /** What must be heard: messages, and whether the connection goes on. */
  readonly messages: readonly string[];
  readonly isOpen: boolean;
};

const good = (accept: string, more = ''): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
const refused = (name: string, answer: (accept: string) => string): ClientCase => ({
  name: `upgrade: ${name}`,
  answer,
  messages: [],
  isOpen: false,
});
const fails = (name: string, ...frames: readonly FrameForm[]): ClientCase => ({
  name,
  frames,
  messages: [],
  isOpen: false,
});
const { text, continuation } = Opcode;

const CASES: readonly ClientCase[] = [
  { name: 'a text', frames: [{ payload: 'a' }], messages: ['a'], isOpen: true },
  {
    name: 'a text in fragments with a ping between',
    frames: [{ isFinal: false, payload: 'a' }, { opcode: Opcode.ping }, { opcode: continuation, payload: 'b' }],
    messages: ['ab'],
    isOpen: true,
  },
  {
    name: 'a code point split between fragments',
    frames: [
      { isFinal: false, payload: Uint8Array.of(0xce) },
      { opcode: continuation, payload: Uint8Array.of(0xba) },
    ],
    messages: ['κ'],
    isOpen: true,
  },
  {
    name: 'a pong that no one asked for',
    frames: [{ opcode: Opcode.pong }, { payload: 'a' }],
    messages: ['a'],
    isOpen: true,
  },
  fails('a masked frame', { payload: 'a', isMasked: true }),
  ...[1, 2, 4].map((reserved) => fails(`reserved bits ${reserved}`, { payload: 'a', reserved })),
  ...[3, 7, 11, 15].map((opcode) => fails(`opcode ${opcode}`, { opcode, payload: 'a' })),
  fails('a continuation of nothing', { opcode: continuation, payload: 'a' }),
  fails('a text inside a fragmented one', { isFinal: false, payload: 'a' }, { opcode: text, payload: 'b' }),
  fails('a ping in fragments', { opcode: Opcode.ping, isFinal: false }),
  fails('a ping of 126 bytes', { opcode: Opcode.ping, payload: '*'.repeat(126) }),
  fails('a text that is no UTF-8', { payload: Uint8Array.of(0xff, 0xfe) }),
  fails('a surrogate', { payload: Uint8Array.of(0xed, 0xa0, 0x80) }),
  fails('a message over the cap', { payload: 'a'.repeat(PAYLOAD_BYTES_MAX + 1) }),
  fails(
    'fragments over the cap',
    { isFinal: false, payload: 'a'.repeat(PAYLOAD_BYTES_MAX) },
    { opcode: continuation, payload: 'ab' },
  ),
  fails('a length with its highest bit set', { lengthBytes: 8, length: 2 ** 63 }),
  fails('a close', { opcode: Opcode.close, payload: closePayload(1000) }),
  fails('a close of one byte', { opcode: Opcode.close, payload: Uint8Array.of(3) }),
  fails('a close with code 1005', { opcode: Opcode.close, payload: closePayload(1005) }),
  fails('a close with code 2999', { opcode: Opcode.close, payload: closePayload(2_999) }),
  refused('another key', () => good('AAAAAAAAAAAAAAAAAAAAAAAAAAA=')),
  refused('no key', () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  refused('another protocol', (accept) => good(accept).replace('Upgrade: websocket', 'Upgrade: h2c')),
  refused('an extension that was not offered', (accept) => good(accept, 'Sec-WebSocket-Extensions: x-unknown\r\n')),
  refused('a subprotocol that was not offered', (accept) => good(accept, 'Sec-WebSocket-Protocol: soap\r\n')),
  refused('200', () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  refused('403', () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
  refused('a redirect', () => 'HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
  refused('no HTTP', () => 'SSH-2.0-OpenSSH_9.2\r\n'),
];

export const CLIENT_CASES = CASES.length;

/** Serves one case: the answer to the upgrade and the frames behind it. */
function serve(socket: Socket, { answer = good, frames = [] }: ClientCase): void {
  let head = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    if (head.includes('\r\n\r\n')) return;
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    const key = /sec-websocket-key: *(.*)\r/i.exec(head)?.[1] ?? '';
    socket.write(answer(createHash('sha1').update(`${key}${GUID}`).digest('base64')));
    for (const frame of frames) socket.write(frameOf({ isMasked: false, ...frame }));
  });
}

async function hear(one: ClientCase): Promise<{ heard: Heard; isOpen: boolean }> {
  const server = createServer((socket) => serve(socket, one));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const heard: Heard = { messages: [], pings: 0, code: null, failure: null, isOpened: false };
  let isClosed = false;
  let wake = (): void => undefined;
  const options = {
    url: `ws://127.0.0.1:${port}/`,
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    handshakeTimeoutMs: TIMEOUT_MS,
  };
  const socket = openSocket(
    options,
    { token: null, proxy: null, ca: null },
    {
      opened: () => {
        heard.isOpened = true;
      },
      message: (bytes) => {
        heard.messages.push(bytes.toString());
        if (one.isOpen && heard.messages.length === one.messages.length) wake();
      },
      ping: () => {
        heard.pings++;
      },
      pong: () => undefined,
      closed: (code, _reason, failure) => {
        Object.assign(heard, { code, failure });
        isClosed = true;
        wake();
      },
    },
  );
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, TIMEOUT_MS * 2);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  const isOpen = !isClosed;
  socket.terminate();
  server.close();
  return { heard, isOpen };
}

/** Each case with what is wrong about it, '' for nothing. */
export async function runClientCases(): Promise<[name: string, wrong: string][]> {
  const results: [string, string][] = [];
  for (const one of CASES) {
    const { heard, isOpen } = await hear(one);
    const isHeard = heard.messages.join('|') === one.messages.join('|');
    const wrong =
      isOpen !== one.isOpen
        ? `is ${isOpen ? 'open' : 'closed'}`
        : isHeard
          ? ''
          : `heard ${JSON.stringify(heard.messages)}`;
    results.push([one.name, wrong]);
  }
  return results;
}
