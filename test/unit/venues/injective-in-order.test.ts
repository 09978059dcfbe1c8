// Blocks read in words: what is read so is what the decoder that reads any JSON makes of it, whatever happened to the bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InjectiveDecoder } from '../../../engine/venues/injective/decode.ts';
import { InjectiveSimulator } from '../../../engine/venues/injective/simulate.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { FakeVenue } from '../../support/sim-fakes.ts';
import '../../support/seed.ts';

const RUBBISH = 0x7f;
const AROUND = 5;

/** Blocks of books as the simulated node writes them. */
function blocks(): string[] {
  const venue = new FakeVenue(new InjectiveSimulator(), { markets: 4, seed: 9 });
  const { socket, session } = venue.open('/injstream-ws');
  const market_ids = ['*'];
  const filter = { spot_orderbooks_filter: { market_ids }, derivative_orderbooks_filter: { market_ids } };
  session.message(JSON.stringify({ id: 3, method: 'subscribe', params: { req: { subscription_id: 'all', filter } } }));
  socket.take();
  venue.step(60);
  return socket.takeTexts();
}

/** A connection whose printing is settled, as in the course of a day. */
class Connection {
  readonly sink = new MemorySink();
  readonly decoder = new InjectiveDecoder(this.sink, 'injective');

  constructor(first: string) {
    decodeFrame(this.sink, this.decoder, first);
  }

  /** Null where the frame is left to the other way. */
  inOrder(bytes: Uint8Array): { result: number; records: MemoryRecord[] } | null {
    const memory = new Uint8Array(AROUND + bytes.length + AROUND).fill(RUBBISH);
    memory.set(bytes, AROUND);
    this.sink.begin();
    const result = this.decoder.decodeInOrder(new DataView(memory.buffer), AROUND, AROUND + bytes.length);
    if (result === 0) {
      this.sink.abandon();
      return null;
    }
    return { result, records: this.sink.records() };
  }

  any(bytes: Uint8Array): { result: number; records: MemoryRecord[] } {
    return decodeFrame(this.sink, this.decoder, bytes);
  }
}

const FRAMES = blocks();
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

test("the node's blocks are read in words, and to the same records", () => {
  const fast = new Connection(FRAMES[0]);
  const slow = new Connection(FRAMES[0]);
  const bare = FRAMES.map((text) => JSON.stringify((JSON.parse(text) as { result: object }).result));
  for (const text of [...FRAMES, ...bare]) {
    const read = fast.inOrder(bytesOf(text));
    assert.notEqual(read, null, text);
    assert.deepEqual(read, slow.any(bytesOf(text)));
  }
});

test('the first frame of a connection, which settles how it prints, is left to the other way', () => {
  const sink = new MemorySink();
  const view = new DataView(bytesOf(FRAMES[0]).buffer);
  assert.equal(new InjectiveDecoder(sink, 'injective').decodeInOrder(view, 0, view.byteLength), 0);
});

const KINDS = ['set', 'delete', 'double', 'cut'] as const;
const BYTES = [...'0123456789.,:"{}[]eE-+ \\abcxpq\u0000'].map((letter) => letter.charCodeAt(0));

function mutated(bytes: Uint8Array, kind: (typeof KINDS)[number], at: number, byte: number): Uint8Array {
  const place = at % bytes.length;
  if (kind === 'cut') return bytes.slice(0, place);
  if (kind === 'delete') return Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place + 1)]);
  if (kind === 'double') return Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place - 1)]);
  const copy = bytes.slice();
  copy[place] = byte;
  return copy;
}

test('after any change of a byte it is read in words to the same end, or left to the other way', () => {
  const fast = new Connection(FRAMES[0]);
  const slow = new Connection(FRAMES[0]);
  let read = 0;
  fc.assert(
    fc.property(
      fc.nat(FRAMES.length - 1),
      fc.constantFrom(...KINDS),
      fc.nat(5000),
      fc.constantFrom(...BYTES),
      (index, kind, at, byte) => {
        const bytes = mutated(bytesOf(FRAMES[index]), kind, at, byte);
        const other = fast.inOrder(bytes);
        const expected = slow.any(bytes);
        if (other === null) return;
        read++;
        assert.deepEqual(other, expected);
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(read > 30, `only ${read} frames were read in words`);
});

test('a block cut at any place, with nothing behind it in memory, is left to the other way', () => {
  const connection = new Connection(FRAMES[0]);
  const longest = FRAMES.reduce((a, b) => (a.length > b.length ? a : b));
  for (let length = 64; length < longest.length; length++) {
    const cut = bytesOf(longest.slice(0, length));
    connection.sink.begin();
    const result = connection.decoder.decodeInOrder(new DataView(cut.buffer, cut.byteOffset, length), 0, length);
    connection.sink.abandon();
    assert.equal(result, 0, `cut at ${length}`);
  }
});
