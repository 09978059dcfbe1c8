// What does it cost to make a message's text or bytes, by kind of message?
//
//   message (milli and atto) ──► JSON text, FlatBuffers bytes         ours; decimals become text as it is written
//   the same as an object with its decimals already text ──► JSON.stringify        (baseline)
//
// Before that the text must be what JSON.stringify makes of its own parse, and the bytes must hold the same numbers.

import { ByteBuffer } from 'flatbuffers';
import { ENCODERS } from '../../engine/publish/encodings.ts';
import type { Encoded } from '../../engine/publish/history.ts';
import { addressOf, type StreamMessage } from '../../engine/publish/messages.ts';
import { Message } from '../../schemas/generated/stream.ts';
import { check, type Results, type Size } from '../harness.ts';
import { MESSAGES } from '../support/messages.ts';
import { bench } from '../support/turns.ts';

const [JSON_TEXT, , FLATBUFFERS] = ENCODERS;
const address = addressOf('bench.binance:BTCUSDT', { venue: 'binance', symbol: 'BTCUSDT' });
const SEQ = 1000;
const PREV_SEQ = 999;

/** Text put together of pieces is made whole when it is first read, as a socket does: that belongs to its cost. */
function firstOf(encoded: Encoded): number {
  return typeof encoded === 'string' ? encoded.charCodeAt(0) : encoded[0];
}

/** The object whose text ours is; compares all three on the way. */
function plainOf(name: string, message: StreamMessage): unknown {
  const text = JSON_TEXT(message, address, SEQ, PREV_SEQ);
  check(typeof text === 'string', `${name}: expected text`);
  const plain = JSON.parse(String(text)) as { seq: number; prevSeq: number; symbol: string };
  check(JSON.stringify(plain) === text, `${name}: expected ${JSON.stringify(plain)}, was ${text}`);
  const bytes = FLATBUFFERS(message, address, SEQ, PREV_SEQ);
  check(bytes instanceof Uint8Array, `${name}: expected bytes`);
  const root = Message.getRootAsMessage(new ByteBuffer(Uint8Array.from(bytes as Uint8Array)));
  const isSame = Number(root.seq()) === plain.seq && root.symbol() === plain.symbol;
  check(isSame, `${name}: expected seq ${plain.seq} of ${plain.symbol}, was ${root.seq()} of ${root.symbol()}`);
  return plain;
}

function encodeOne(results: Results, size: Size, name: string, message: StreamMessage): void {
  const plain = plainOf(name, message);
  const { length } = JSON.stringify(plain);
  // Big messages fewer times, so that each run takes about as long.
  const count = size === 'full' ? Math.ceil(2_000_000 / length) : 3;
  const repeat = (encode: () => Encoded) => () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += firstOf(encode());
    check(sum > 0, `${name}: expected something encoded`);
  };
  bench(results, size, {
    name: `encode ${name}`,
    operation: 'message',
    operations: count,
    ways: [
      { name: 'JSON', run: repeat(() => JSON_TEXT(message, address, SEQ, PREV_SEQ)) },
      { name: 'FlatBuffers', run: repeat(() => FLATBUFFERS(message, address, SEQ, PREV_SEQ)) },
      { name: 'JSON.stringify', run: repeat(() => JSON.stringify(plain)) },
    ],
  });
}

export function encode(results: Results, size: Size): void {
  for (const [name, message] of Object.entries(MESSAGES)) encodeOne(results, size, name, message);
}
