// Tags read from messages by their bytes, against JSON.parse and generated FlatBuffers of the engine's own encoders.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { TAG_CYCLE, tagOf, updateOfTag } from '../../../engine/load/protocol.ts';
import { FlatbufferTags } from '../../../engine/load/tag-flatbuffers.ts';
import { TextTags } from '../../../engine/load/tag-text.ts';
import { MessageKind, type TagReader } from '../../../engine/load/tags.ts';
import { streamFlatbuffer } from '../../../engine/publish/encode-flatbuffers.ts';
import { streamJson } from '../../../engine/publish/encode-json.ts';
import {
  addressOf,
  type BookChangeMessage,
  type StreamMessage,
  type TradeMessage,
} from '../../../engine/publish/messages.ts';
import { BookChange, Message, Trade } from '../../../schemas/generated/stream.ts';
import '../../support/seed.ts';

const TAGS_PER_MILLI = 100_000;
const ATTO_PER_TAG = 1e10;

/** A quantity as the engine holds it. */
const quantityOf = (tag: number): [milli: number, atto: number] => [
  Math.floor(tag / TAGS_PER_MILLI),
  (tag % TAGS_PER_MILLI) * ATTO_PER_TAG,
];

const TIMES = { timestampUs: 1_700_000_000_000_000, localTimestampUs: 1_700_000_000_000_500 };

function trade(tag: number, id: string | null): TradeMessage {
  const [quantityMilli, quantityAtto] = quantityOf(tag);
  const price = { priceMilli: 61_837_630, priceAtto: 0 };
  return { type: 'trade', id, ...price, quantityMilli, quantityAtto, side: 1, matches: 1, isOutlier: false, ...TIMES };
}

const levelsOf = (tags: readonly number[]): Float64Array =>
  Float64Array.from(tags.flatMap((tag, index) => [1000 + index, 0, ...quantityOf(tag)]));

function change(bids: readonly number[], asks: readonly number[], isSnapshot: boolean): BookChangeMessage {
  return {
    ...{ type: 'book_change', isSnapshot, bids: levelsOf(bids), asks: levelsOf(asks) },
    ...{ bookSequence: 7, venueSequence: -1, levelsBid: bids.length, levelsAsk: asks.length },
    ...{
      horizonBid: null,
      horizonAsk: null,
      part: 1,
      parts: 1,
      checksum: 7,
      isResumeRefused: false,
      state: 'live',
      reason: null,
    },
    ...TIMES,
  };
}

/** Tags as the reader says them: zeros and quantities above every tag are none, a repeat of the one before is left out. */
function plainTags(tags: readonly number[]): number[] {
  const known = tags.filter((tag) => tag > 0 && tag <= TAG_CYCLE);
  return known.filter((tag, index) => index === 0 || tag !== known[index - 1]);
}

/** Amounts of a message as JSON.parse finds them. */
function parsedTags(text: string): number[] {
  const message = JSON.parse(text) as { amount?: string; bids?: { amount: string }[]; asks?: { amount: string }[] };
  const amounts = [message.amount, ...[...(message.bids ?? []), ...(message.asks ?? [])].map(({ amount }) => amount)];
  return plainTags(amounts.filter((text) => text !== undefined).map((text) => Math.round(Number(text) * 1e8)));
}

/** The same through the generated readers. */
function generatedTags(bytes: Uint8Array): number[] {
  const message = Message.getRootAsMessage(new ByteBuffer(bytes));
  const tagAt = (milli = 0, atto = 0): number => milli * TAGS_PER_MILLI + atto / ATTO_PER_TAG;
  const single = message.body(new Trade()) as Trade;
  if (message.bodyType() === 1) return plainTags([tagAt(single.amount()?.milli(), single.amount()?.atto())]);
  const book = message.body(new BookChange()) as BookChange;
  const bids = Array.from({ length: book.bidsLength() }, (_, i) => book.bids(i));
  const asks = Array.from({ length: book.asksLength() }, (_, i) => book.asks(i));
  return plainTags([...bids, ...asks].map((level) => tagAt(level?.quantityMilli(), level?.quantityAtto())));
}

const address = addressOf('trade.demo:A', { venue: 'demo', symbol: 'A' });

/** Reads a message that lies between other bytes. */
function read(reader: TagReader, message: Uint8Array, before: number): { kind: MessageKind; tags: number[] } {
  const bytes = Buffer.alloc(before + message.length + 3, '"');
  bytes.set(message, before);
  const kind = reader.read(bytes, before, before + message.length);
  return { kind, tags: [...reader.tags.values.subarray(0, reader.tags.count)] };
}

const tag = fc.oneof(fc.integer({ min: 1, max: TAG_CYCLE }), fc.constantFrom(0, 1, 10, TAG_CYCLE, TAG_CYCLE + 1));
const book = fc
  .tuple(fc.array(tag, { maxLength: 100 }), fc.array(tag, { maxLength: 100 }), fc.boolean())
  .map(([bids, asks, isSnapshot]) => change(bids, asks, isSnapshot));
const trades = fc.tuple(tag, fc.option(fc.string())).map(([value, id]) => trade(value, id));
const symbol = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('"amount":"0.1"', 'isSnapshot":true', 'x"gap'));

describe('tags of a message', () => {
  test('are those that JSON.parse finds, whatever ids and symbols hold', () => {
    const reader = new TextTags();
    fc.assert(
      fc.property(fc.oneof(trades, book), symbol, fc.nat(50), (message, name, before) => {
        const text = streamJson(message, addressOf(`book.demo:${name}`, { venue: 'demo', symbol: name }), 7, 6, '"');
        const { kind, tags } = read(reader, Buffer.from(text), before);
        assert.deepEqual(tags, parsedTags(text));
        const isSnapshot = message.type === 'book_change' && message.isSnapshot;
        assert.equal(kind, isSnapshot ? MessageKind.snapshot : MessageKind.update);
      }),
    );
  });

  test('are those of the generated FlatBuffers readers', () => {
    const reader = new FlatbufferTags();
    fc.assert(
      fc.property(fc.oneof(trades, book), fc.nat(50), (message, before) => {
        const bytes = streamFlatbuffer(message, address, 7, 6);
        const { kind, tags } = read(reader, bytes, before);
        assert.deepEqual(tags, generatedTags(bytes));
        const isSnapshot = message.type === 'book_change' && message.isSnapshot;
        assert.equal(kind, isSnapshot ? MessageKind.snapshot : MessageKind.update);
      }),
    );
  });

  test('are none in replies, gaps and other messages', () => {
    const gap: StreamMessage = { type: 'gap', reason: 'hole', lost: 3, ...TIMES };
    const empty = Float64Array.of();
    const ticker: StreamMessage = {
      ...{ type: 'book_ticker', bid: levelsOf([5]), ask: empty, state: 'live', reason: null },
      ...TIMES,
    };
    const expected = [
      [gap, MessageKind.gap],
      [ticker, MessageKind.other],
    ] as const;
    for (const [message, kind] of expected) {
      const text = Buffer.from(streamJson(message, address, 1, null, '"'));
      assert.deepEqual(read(new TextTags(), text, 0), { kind, tags: [] });
      assert.deepEqual(read(new FlatbufferTags(), streamFlatbuffer(message, address, 1, null), 0), { kind, tags: [] });
    }
    const reply = Buffer.from('{"op":"subscribed","id":1,"args":[],"errors":[]}');
    assert.deepEqual(read(new TextTags(), reply, 0), { kind: MessageKind.reply, tags: [] });
  });

  test('do not read beyond the end of a message that is cut', () => {
    const text = streamJson(trade(12_345_678, '1'), address, 7, 6, '"');
    const bytes = Buffer.from(text);
    const reader = new TextTags();
    for (let end = 20; end < bytes.length; end++) reader.read(bytes, 0, end);
    assert.ok(reader.tags.count <= 1);
  });
});

describe('a tag', () => {
  test('stands for the latest update not after the newest one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 0, max: TAG_CYCLE - 1 }), (update, age) => {
        assert.equal(updateOfTag(tagOf(update), update + age), update);
      }),
    );
  });
});
