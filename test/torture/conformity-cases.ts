// Cases of RFC 6455 for a server, in the families and numbers of the Autobahn test suite, as data: bytes in, and what must come.

import { closePayload, type FrameForm, frameOf, Opcode } from './raw-client.ts';

/** What a case must come to: messages taken and the connection open, or the connection failed or closed. */
export type Expected =
  /** All is well: so many messages are taken, these pongs come, and the connection goes on. */
  | { readonly kind: 'open'; readonly messages: number; readonly pongs?: readonly string[] }
  /** The connection is failed (RFC 6455 §7.1.7) with one of these codes, or without a close frame; only messages before it count. */
  | { readonly kind: 'failed'; readonly messages: number; readonly codes: readonly number[] }
  /** The close is answered with one of these codes, and the connection ends; null: without a code. */
  | {
      readonly kind: 'closed';
      readonly messages: number;
      readonly codes: readonly number[];
      readonly pongs?: readonly string[];
    };

export type Case = {
  readonly name: string;
  /** Writes in order, each a segment of its own. `message` is a text that the port takes for a message. */
  readonly writes: (message: string) => readonly Buffer[];
  readonly expected: Expected;
  /** Of its largest message, where a port may not take that much. */
  readonly bytes?: number;
};

const PROTOCOL = [1002] as const;
const DATA = [1007] as const;
/** What is wrong with a close may be answered by a close without a code. */
const CLOSE_FAULT = [1002, 1005, 1007] as const;
/** Without a code of its own an endpoint may answer 1000 or none. */
const NORMAL = [1000, 1005] as const;

const open = (messages: number, pongs: readonly string[] = []): Expected => ({ kind: 'open', messages, pongs });
const failed = (messages: number, codes: readonly number[] = PROTOCOL): Expected => ({
  kind: 'failed',
  messages,
  codes,
});
const closed = (messages: number, codes: readonly number[], pongs: readonly string[] = []): Expected => ({
  kind: 'closed',
  messages,
  codes,
  pongs,
});

const one = (name: string, expected: Expected, ...forms: readonly FrameForm[]): Case => ({
  name,
  writes: () => [Buffer.concat(forms.map(frameOf))],
  expected,
});

/** Bytes of a message that the port takes, filled up with blanks. */
const filled = (message: string, size: number): string => message.padEnd(size, ' ');

/** Each byte, or each few, a write of its own. */
function chopped(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

const FRAMING: readonly Case[] = [125, 126, 127, 128, 1_024, 65_535, 65_536, 262_144, 1_048_576].flatMap(
  (size): Case[] => [
    {
      name: `1.1 text of ${size} bytes`,
      bytes: size,
      writes: (message) => [frameOf({ payload: filled(message, size) })],
      expected: open(1),
    },
    {
      name: `1.2 text of ${size} bytes in pieces`,
      bytes: size,
      writes: (message) => chopped(frameOf({ payload: filled(message, size) }), Math.max(7, size / 60)),
      expected: open(1),
    },
  ],
);

const LENGTHS: readonly Case[] = [
  {
    name: '1.3 length in two bytes where none are needed',
    writes: (message) => [frameOf({ payload: message, lengthBytes: 2 })],
    expected: open(1),
  },
  {
    name: '1.3 length in eight bytes where none are needed',
    writes: (message) => [frameOf({ payload: message, lengthBytes: 8 })],
    expected: open(1),
  },
  one('1.3 a length with its highest bit set', failed(0, [1002, 1009]), { lengthBytes: 8, length: 2 ** 63 }),
  one('1.3 a length over the hard cap', failed(0, [1009]), { lengthBytes: 8, length: 2 ** 32 }),
  {
    name: '1.4 two messages in one segment',
    writes: (message) => [Buffer.concat([frameOf({ payload: message }), frameOf({ payload: message })])],
    expected: open(2),
  },
];

const ping = (payload: string): FrameForm => ({ opcode: Opcode.ping, payload });
const PINGS: readonly Case[] = [
  one('2.1 ping without payload', open(0, ['']), ping('')),
  one('2.2 ping with text', open(0, ['Hello, world!']), ping('Hello, world!')),
  one('2.3 ping with bytes that are no text', open(0, ['\x00\xff\xfe\xfd\xfc\xfb\x00\xff']), {
    opcode: Opcode.ping,
    payload: Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]),
  }),
  one('2.4 ping of 125 bytes', open(0, ['*'.repeat(125)]), ping('*'.repeat(125))),
  one('2.5 ping of 126 bytes', failed(0), ping('*'.repeat(126))),
  {
    name: '2.6 ping in single bytes',
    writes: () => chopped(frameOf(ping('*'.repeat(30))), 1),
    expected: open(0, ['*'.repeat(30)]),
  },
  one('2.7 pong that no one asked for', open(0), { opcode: Opcode.pong }),
  one('2.8 pong with payload', open(0), { opcode: Opcode.pong, payload: 'unsolicited' }),
  one('2.9 pong, then ping', open(0, ['ping']), { opcode: Opcode.pong, payload: 'unsolicited' }, ping('ping')),
  one(
    '2.10 ten pings',
    open(
      0,
      Array.from({ length: 10 }, (_, i) => `p${i}`),
    ),
    ...Array.from({ length: 10 }, (_, i) => ping(`p${i}`)),
  ),
  one('2.12 pong of 126 bytes', failed(0), { opcode: Opcode.pong, payload: '*'.repeat(126) }),
];

const RESERVED: readonly Case[] = [1, 2, 3, 4, 5, 6, 7].flatMap((reserved) => [
  {
    name: `3 reserved bits ${reserved} in a text`,
    writes: (message) => [frameOf({ payload: message, reserved })],
    expected: failed(0),
  },
  {
    name: `3 reserved bits ${reserved} behind a good text`,
    writes: (message) => [frameOf({ payload: message }), frameOf({ payload: message, reserved })],
    expected: failed(1),
  },
  one(`3 reserved bits ${reserved} in a ping`, failed(0), { opcode: Opcode.ping, reserved }),
  one(`3 reserved bits ${reserved} in a close`, failed(0), {
    opcode: Opcode.close,
    payload: closePayload(1000),
    reserved,
  }),
]);

const OPCODES: readonly Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  one(`4 opcode ${opcode} without payload`, failed(0), { opcode }),
  one(`4 opcode ${opcode} with payload`, failed(0), { opcode, payload: 'reserved' }),
  {
    name: `4 opcode ${opcode} behind a good text`,
    writes: (message) => [frameOf({ payload: message }), frameOf({ opcode, payload: 'reserved' }), frameOf(ping(''))],
    expected: failed(1),
  },
]);

const { text, continuation } = Opcode;
/** A message in parts: a text that is not final, continuations, the last of them final. */
function parts(message: string, count: number): FrameForm[] {
  const size = Math.ceil(message.length / count);
  return Array.from({ length: count }, (_, i) => ({
    opcode: i === 0 ? text : continuation,
    isFinal: i === count - 1,
    payload: message.slice(i * size, (i + 1) * size),
  }));
}
const written = (forms: readonly FrameForm[]): Buffer => Buffer.concat(forms.map(frameOf));
const half = (message: string): [FrameForm, FrameForm] => parts(message, 2) as [FrameForm, FrameForm];

const FRAGMENTS: readonly Case[] = [
  one('5.1 ping in two fragments', failed(0), { opcode: Opcode.ping, isFinal: false }, { opcode: continuation }),
  one('5.2 pong in two fragments', failed(0), { opcode: Opcode.pong, isFinal: false }, { opcode: continuation }),
  one('5.2 close that is not final', failed(0), { opcode: Opcode.close, isFinal: false, payload: closePayload(1000) }),
  ...[2, 3, 7, 20].map(
    (count): Case => ({
      name: `5.3 text in ${count} fragments`,
      writes: (message) => [written(parts(message, count))],
      expected: open(1),
    }),
  ),
  ...[2, 3, 7, 20].map(
    (count): Case => ({
      name: `5.4 text in ${count} fragments, each a segment`,
      writes: (message) => parts(message, count).map(frameOf),
      expected: open(1),
    }),
  ),
  {
    name: '5.5 text in two fragments in single bytes',
    writes: (message) => chopped(written(half(message)), 1),
    expected: open(1),
  },
  {
    name: '5.6 ping between two fragments',
    writes: (message) => [written([half(message)[0], ping('mid'), half(message)[1]])],
    expected: open(1, ['mid']),
  },
  {
    name: '5.7 the same, each a segment',
    writes: (message) => [half(message)[0], ping('mid'), half(message)[1]].map(frameOf),
    expected: open(1, ['mid']),
  },
  {
    name: '5.8 pong between two fragments',
    writes: (message) => [written([half(message)[0], { opcode: Opcode.pong }, half(message)[1]])],
    expected: open(1),
  },
  one('5.9 continuation of nothing', failed(0), { opcode: continuation, payload: 'x' }),
  one('5.12 continuation of nothing, not final', failed(0), { opcode: continuation, isFinal: false, payload: 'x' }),
  {
    name: '5.15 continuation behind a whole fragmented text',
    writes: (message) => [written([...half(message), { opcode: continuation, payload: 'x' }])],
    expected: failed(1),
  },
  {
    name: '5.16 continuation behind a whole text',
    writes: (message) => [written([{ payload: message }, { opcode: continuation, payload: 'x' }])],
    expected: failed(1),
  },
  {
    name: '5.18 text inside a fragmented text',
    writes: (message) => [written([half(message)[0], { payload: message }])],
    expected: failed(0),
  },
  {
    name: '5.18 binary inside a fragmented text',
    writes: (message) => [written([half(message)[0], { opcode: Opcode.binary, payload: message }])],
    expected: failed(0),
  },
  {
    name: '5.19 pings between many fragments',
    writes: (message) => [written(parts(message, 5).flatMap((part, i) => (i < 4 ? [part, ping(`m${i}`)] : [part])))],
    expected: open(1, ['m0', 'm1', 'm2', 'm3']),
  },
  {
    name: '5.21 fragments without payload around a text',
    writes: (message) => [
      written([
        { isFinal: false },
        { opcode: continuation, isFinal: false, payload: message },
        { opcode: continuation },
      ]),
    ],
    expected: open(1),
  },
  {
    name: '5.22 reserved bit in a continuation',
    writes: (message) => [written([half(message)[0], { ...half(message)[1], reserved: 4 }])],
    expected: failed(0),
  },
];

/** Texts that UTF-8 knows, and bytes that it does not (Unicode 3.9, table 3-7; Markus Kuhn's stress test). */
const VALID: Readonly<Record<string, readonly number[]>> = {
  'one byte': [0x41],
  'two bytes, first': [0xc2, 0x80],
  'two bytes, last': [0xdf, 0xbf],
  'three bytes, first': [0xe0, 0xa0, 0x80],
  'three bytes before the surrogates': [0xed, 0x9f, 0xbf],
  'three bytes behind the surrogates': [0xee, 0x80, 0x80],
  'a noncharacter, U+FFFE': [0xef, 0xbf, 0xbe],
  'U+FFFF': [0xef, 0xbf, 0xbf],
  'the replacement character': [0xef, 0xbf, 0xbd],
  'four bytes, first': [0xf0, 0x90, 0x80, 0x80],
  'four bytes, last, U+10FFFF': [0xf4, 0x8f, 0xbf, 0xbf],
  Greek: [...Buffer.from('κόσμε')],
};
const INVALID: Readonly<Record<string, readonly number[]>> = {
  'a continuation byte alone, first': [0x80],
  'a continuation byte alone, last': [0xbf],
  'continuation bytes': [0x80, 0xbf, 0x80, 0xbf],
  'a start of two bytes alone': [0xc3, 0x20],
  'a start of three bytes alone': [0xe1, 0x20],
  'a start of four bytes alone': [0xf1, 0x20],
  'three bytes without the last': [0xe2, 0x82],
  'four bytes without the last': [0xf0, 0x9f, 0x98],
  'an impossible byte FE': [0xfe],
  'an impossible byte FF': [0xff],
  'an overlong slash in two bytes': [0xc0, 0xaf],
  'an overlong slash in three bytes': [0xe0, 0x80, 0xaf],
  'an overlong slash in four bytes': [0xf0, 0x80, 0x80, 0xaf],
  'an overlong NUL': [0xc0, 0x80],
  'the largest overlong of two bytes': [0xc1, 0xbf],
  'the largest overlong of three bytes': [0xe0, 0x9f, 0xbf],
  'the largest overlong of four bytes': [0xf0, 0x8f, 0xbf, 0xbf],
  'a high surrogate': [0xed, 0xa0, 0x80],
  'a low surrogate': [0xed, 0xbf, 0xbf],
  'a pair of surrogates': [0xed, 0xa0, 0x81, 0xed, 0xb0, 0x80],
  'U+110000': [0xf4, 0x90, 0x80, 0x80],
  'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'six bytes': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
};
/** A message of the port with these bytes behind it inside of a string. */
const withBytes = (message: string, bytes: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(message.slice(0, -1)), Buffer.from(',"note":"'), Buffer.from(bytes), Buffer.from('"}')]);

/** The place right behind the first byte of what is tried: a code point is split there. */
const splitAt = (message: string): number => message.length - 1 + ',"note":"'.length + 1;

function splitText(payload: Buffer, at: number): Buffer {
  return written([
    { isFinal: false, payload: payload.subarray(0, at) },
    { opcode: continuation, payload: payload.subarray(at) },
  ]);
}

const UTF8: readonly Case[] = [
  ...Object.entries(VALID).flatMap(([name, bytes]): Case[] => [
    { name: `6 ${name}`, writes: (message) => [frameOf({ payload: withBytes(message, bytes) })], expected: open(1) },
    {
      name: `6 ${name}, split between fragments`,
      writes: (message) => [splitText(withBytes(message, bytes), splitAt(message))],
      expected: open(1),
    },
  ]),
  ...Object.entries(INVALID).flatMap(([name, bytes]): Case[] => [
    {
      name: `6 ${name}`,
      writes: (message) => [frameOf({ payload: withBytes(message, bytes) })],
      expected: failed(0, DATA),
    },
    {
      name: `6 ${name}, split between fragments`,
      writes: (message) => [splitText(withBytes(message, bytes), splitAt(message))],
      expected: failed(0, DATA),
    },
  ]),
];

const close = (payload: Uint8Array | string = ''): FrameForm => ({ opcode: Opcode.close, payload });
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const NO_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535];

const CLOSES: readonly Case[] = [
  {
    name: '7.1.1 text, then close',
    writes: (message) => [written([{ payload: message }, close(closePayload(1000))])],
    expected: closed(1, NORMAL),
  },
  one('7.1.2 two closes', closed(0, NORMAL), close(closePayload(1000)), close(closePayload(1000))),
  one('7.1.3 ping behind the close', closed(0, NORMAL), close(closePayload(1000)), ping('late')),
  {
    name: '7.1.4 text behind the close',
    writes: (message) => [written([close(closePayload(1000)), { payload: message }])],
    expected: closed(0, NORMAL),
  },
  {
    name: '7.1.5 close inside a fragmented text',
    writes: (message) => [written([half(message)[0], close(closePayload(1000)), half(message)[1]])],
    expected: closed(0, NORMAL),
  },
  {
    name: '7.1.6 large text, close, ping',
    bytes: 262_144,
    writes: (message) => [written([{ payload: filled(message, 262_144) }, close(closePayload(1000)), ping('')])],
    expected: closed(1, NORMAL),
  },
  one('7.3.1 close without payload', closed(0, NORMAL), close()),
  one('7.3.2 close with one byte', failed(0, CLOSE_FAULT), close(Uint8Array.of(3))),
  one('7.3.3 close with a code alone', closed(0, NORMAL), close(closePayload(1000))),
  one('7.3.4 close with a reason', closed(0, NORMAL), close(closePayload(1000, 'Hello World!'))),
  one('7.3.5 close with a reason of 123 bytes', closed(0, NORMAL), close(closePayload(1000, '*'.repeat(123)))),
  one('7.3.6 close with a reason of 124 bytes', failed(0), close(closePayload(1000, '*'.repeat(124)))),
  one(
    '7.5.1 close with a reason that is no UTF-8',
    failed(0, CLOSE_FAULT),
    close(closePayload(1000, Uint8Array.of(0xce, 0xba, 0xe1, 0xbd))),
  ),
  ...CODES.map((code) => one(`7.7 close with code ${code}`, closed(0, [code, ...NORMAL]), close(closePayload(code)))),
  ...NO_CODES.map((code) => one(`7.9 close with code ${code}`, failed(0, CLOSE_FAULT), close(closePayload(code)))),
];

const MASKS: readonly Case[] = [
  {
    name: '5.1 text that is not masked',
    writes: (message) => [frameOf({ payload: message, isMasked: false })],
    expected: failed(0),
  },
  one('5.1 ping that is not masked', failed(0), { opcode: Opcode.ping, isMasked: false }),
  one('5.1 close that is not masked', failed(0), { ...close(closePayload(1000)), isMasked: false }),
];

export const CASES: readonly Case[] = [
  ...[...FRAMING, ...LENGTHS, ...PINGS, ...RESERVED, ...OPCODES, ...FRAGMENTS, ...UTF8, ...CLOSES, ...MASKS],
];

/** Upgrades: what is sent in place of a good one, and whether it must be taken. */
export type Handshake = {
  readonly name: string;
  readonly changes?: Readonly<Record<string, string | null>>;
  readonly first?: (path: string) => string;
  readonly isTaken: boolean;
  /** Extensions that may be in the answer, as the stream's compression may; none without. */
  readonly mayAgree?: RegExp;
};

export const HANDSHAKES: readonly Handshake[] = [
  { name: 'as it should be', isTaken: true },
  { name: 'names in capitals', changes: { Upgrade: null, UPGRADE: 'WebSocket' }, isTaken: true },
  { name: 'Connection with other words', changes: { Connection: 'keep-alive, Upgrade' }, isTaken: true },
  {
    name: 'extensions that nobody knows',
    changes: { 'Sec-WebSocket-Extensions': 'x-unknown; a=1, foo' },
    isTaken: true,
  },
  {
    name: 'compression offered',
    changes: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    isTaken: true,
    // Without a window size: an answer may name what was offered, and what limits the server or the client (RFC 7692 §7.1).
    mayAgree: /^permessage-deflate(?:; (?:client|server)_no_context_takeover)*$/,
  },
  { name: 'subprotocols that are not ours', changes: { 'Sec-WebSocket-Protocol': 'soap, wamp' }, isTaken: true },
  { name: 'POST', first: (path) => `POST ${path} HTTP/1.1`, isTaken: false },
  { name: 'no Upgrade', changes: { Upgrade: null }, isTaken: false },
  { name: 'another Upgrade', changes: { Upgrade: 'h2c' }, isTaken: false },
  { name: 'no key', changes: { 'Sec-WebSocket-Key': null }, isTaken: false },
  { name: 'a key of another length', changes: { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, isTaken: false },
  { name: 'version 8', changes: { 'Sec-WebSocket-Version': '8' }, isTaken: false },
  { name: 'no version', changes: { 'Sec-WebSocket-Version': null }, isTaken: false },
  { name: 'HTTP/1.0', first: (path) => `GET ${path} HTTP/1.0`, isTaken: false },
  { name: 'HTTP/2.0', first: (path) => `GET ${path} HTTP/2.0`, isTaken: false },
  { name: 'no Host', changes: { Host: null }, isTaken: false },
  { name: 'a path that is not there', first: () => 'GET /nowhere HTTP/1.1', isTaken: false },
  { name: 'a length and a body', changes: { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }, isTaken: false },
];
