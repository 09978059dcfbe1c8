// WebSocket frames taken out of a byte stream that is cut anywhere.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '../../../engine/load/frame-reader.ts';
import '../../support/seed.ts';

type Got = { readonly kind: string; readonly bytes: string };

/** A server's frame, spelled out by RFC 6455 §5.2. */
function frame(opcode: number, payload: Buffer, first = 0x80): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first | opcode, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([first | opcode, 126, length >> 8, length & 0xff]), payload]);
  const head = Buffer.alloc(10);
  head[0] = first | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function collect(): { reader: FrameReader; got: Got[] } {
  const got: Got[] = [];
  const note = (kind: string, bytes: Uint8Array): number =>
    got.push({ kind, bytes: Buffer.from(bytes).toString('hex') });
  const reader = new FrameReader({
    onMessage: (bytes, start, end, isBinary) => note(isBinary ? 'binary' : 'text', bytes.subarray(start, end)),
    onPing: (payload) => note('ping', payload),
    onClose: (code) => got.push({ kind: 'close', bytes: String(code) }),
    onFault: (reason) => got.push({ kind: 'fault', bytes: reason }),
  });
  return { reader, got };
}

/** Into the reader's own memory, as a socket reads, or from a chunk of its own. */
function feed(reader: FrameReader, bytes: Uint8Array, isDirect: boolean): void {
  if (!isDirect) {
    reader.append(bytes);
    return;
  }
  for (let at = 0; at < bytes.length; ) {
    const room = reader.room();
    const part = bytes.subarray(at, at + room.length);
    room.set(part);
    reader.received(part.length);
    at += part.length;
  }
}

const sizes = fc.oneof(fc.nat(300), fc.constantFrom(0, 125, 126, 65_535, 65_536, 70_000));
const frames = fc.array(fc.tuple(fc.constantFrom(1, 2, 9), sizes), { maxLength: 8 });

describe('frames', () => {
  test('come whole and in order, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (list, cuts, isDirect) => {
          const payloads = list.map(([opcode, size], index) => [opcode, Buffer.alloc(size, index + 1)] as const);
          const bytes = Buffer.concat(payloads.map(([opcode, payload]) => frame(opcode, payload)));
          const { reader, got } = collect();
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = cuts[cut % cuts.length];
            feed(reader, bytes.subarray(at, at + size), isDirect);
            at += size;
          }
          const names: Record<number, string> = { 1: 'text', 2: 'binary', 9: 'ping' };
          const expected = payloads.map(([opcode, payload]) => ({
            kind: names[opcode],
            bytes: payload.toString('hex'),
          }));
          assert.deepEqual(got, expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('larger than the memory make it grow', () => {
    const { reader, got } = collect();
    const payload = Buffer.alloc(2_000_000, 'x');
    feed(reader, frame(2, payload), true);
    assert.equal(got[0].bytes.length, 2 * payload.length);
  });

  test('of a close tell its code, or that there was none', () => {
    const { reader, got } = collect();
    feed(reader, frame(8, Buffer.from([4008 >> 8, 4008 & 0xff, ...Buffer.from('slow')])), true);
    feed(reader, frame(8, Buffer.alloc(0)), true);
    assert.deepEqual(got, [
      { kind: 'close', bytes: '4008' },
      { kind: 'close', bytes: '1005' },
    ]);
  });

  test('that are parts, masked or of no known kind end the reading', () => {
    for (const bytes of [
      frame(1, Buffer.from('a'), 0),
      Buffer.from([0x81, 0x81, 0, 0, 0, 0, 97]),
      frame(5, Buffer.alloc(1)),
    ]) {
      const { reader, got } = collect();
      feed(reader, Buffer.concat([bytes, frame(1, Buffer.from('b'))]), true);
      assert.deepEqual(
        got.map(({ kind }) => kind),
        ['fault'],
      );
    }
  });
});
