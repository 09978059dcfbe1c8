// Owns the checks of the burst: frames copied and frames decoded where they lie keep their order, and none is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../engine/base/clock.ts';
import { Burst } from '../../engine/ingress/burst.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import { trade as tradeRecord } from '../../schemas/market-data.ts';

/** Frames up to this size are copied (engine/ingress/burst.ts). */
const COPIED_BYTES_MAX = 4096;
const MARKETS_MAX = 8;

type Seen = { type: number; market: number; count: number; id: number; receiveTimeNs: number };

class Rig {
  readonly writer: FrameWriter;
  readonly burst: Burst;
  readonly answers: string[] = [];
  private readonly directory: MarketDirectory;
  private readonly reader: RingReader;

  constructor() {
    const anchor = { hrtimeNs: Number(process.hrtime.bigint()), wallUs: 1_767_225_600_000_000 };
    const memory = createEngineMemory(
      { shards: 1, marketsMax: MARKETS_MAX, inputSlots: 1024, outputSlots: 16 },
      anchor,
    );
    this.writer = new FrameWriter(memory, new EngineClock(anchor), 'drop');
    this.directory = new MarketDirectory(memory);
    this.reader = new RingReader(memory.shards[0].input);
    this.burst = new Burst(this.writer);
  }

  session(dialect: 'binance' | 'json' = 'binance'): Session {
    const answer = (category: string): number => this.answers.push(`${dialect}: ${category}`);
    return new Session(dialect, DECODERS[dialect], this.writer, this.directory, MARKETS_MAX, answer);
  }

  /** Takes all that is visible. */
  take(): Seen[] {
    const { reader } = this;
    const seen = Array.from({ length: reader.available() }, (_, offset) => {
      const slot = reader.slotAt(offset);
      return {
        type: reader.u8[slot * SLOT_BYTES],
        market: reader.u16[slot * SLOT_U16 + 1],
        count: reader.u32[slot * SLOT_U32 + 1],
        id: reader.f64[slot * SLOT_F64 + tradeRecord.at.id],
        receiveTimeNs: reader.f64[slot * SLOT_F64 + tradeRecord.at.receiveTimeNs],
      };
    });
    reader.release(seen.length);
    return seen;
  }

  trades(): Seen[] {
    return this.take().filter(({ type }) => type === RecordType.trade);
  }

  counter(name: keyof typeof ingressCounter): number {
    return this.writer.counters[ingressCounter[name]];
  }
}

/** A trade frame, with a member more that makes it `size` bytes long where that is asked for. */
function trade(id: number, symbol = 'BTCUSDT', size = 0): ArrayBuffer {
  const frame = (rest: string): string =>
    `{"e":"trade","E":1767225600123,"s":"${symbol}","t":${id},"p":"97000.1","q":"0.5","T":1767225600122,"m":true${rest}}`;
  const text = size === 0 ? frame('') : frame(`,"z":"${'z'.repeat(size - frame(',"z":""').length)}"`);
  return Uint8Array.from(Buffer.from(text)).buffer;
}

const idsOf = (seen: readonly Seen[]): number[] => seen.map(({ id }) => id);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('frames of a burst are seen after its flush, in the order they came, whatever their size', () => {
  const rig = new Rig();
  const session = rig.session();
  const sizes = [0, COPIED_BYTES_MAX, COPIED_BYTES_MAX + 1, 0, 20_000, 20_000, COPIED_BYTES_MAX - 1, 0];
  for (const [id, size] of sizes.entries()) rig.burst.add(session, trade(id, 'BTCUSDT', size));
  assert.deepEqual(rig.take(), []);
  rig.burst.flush();
  const seen = rig.take();
  assert.deepEqual(idsOf(seen.filter(({ type }) => type === RecordType.trade)), range(0, sizes.length));
  const stamps = seen.filter(({ type }) => type === RecordType.stamp);
  assert.deepEqual(
    stamps.map(({ count }) => count),
    [sizes.length],
  );
  rig.burst.flush();
  assert.deepEqual(rig.take(), [], 'nothing came, nothing to flush');
});

test('a copied frame is its own: what its buffer holds later does not matter', () => {
  const rig = new Rig();
  const session = rig.session();
  const message = trade(7);
  rig.burst.add(session, message);
  new Uint8Array(message).fill(0);
  rig.burst.flush();
  assert.deepEqual(idsOf(rig.trades()), [7]);
});

test('frames of several connections keep their order and their dialect', () => {
  const rig = new Rig();
  const [first, second, other] = [rig.session(), rig.session(), rig.session('json')];
  const json = Buffer.from(
    '{"type":"trade","exchange":"x","symbol":"A","timestamp":1767225600000,"price":1,"amount":1,"id":"2"}',
  );
  rig.burst.add(first, trade(0, 'AUSDT'));
  rig.burst.add(second, trade(1, 'BUSDT'));
  rig.burst.add(other, Uint8Array.from(json).buffer);
  rig.burst.add(first, trade(3, 'BUSDT'));
  rig.burst.add(second, trade(4, 'AUSDT', 5000));
  rig.burst.flush();
  const seen = rig.trades();
  assert.deepEqual(idsOf(seen), [0, 1, 2, 3, 4]);
  assert.deepEqual(
    seen.map(({ market }) => market),
    [0, 1, 2, 1, 0],
  );
  assert.deepEqual([first.frames, second.frames, other.frames], [2, 2, 1]);
});

test(`${COMMIT_FRAMES_MAX} frames are decoded and shown without a flush, and none is lost around them`, () => {
  for (const size of [0, COPIED_BYTES_MAX]) {
    const rig = new Rig();
    const session = rig.session();
    for (const id of range(0, COMMIT_FRAMES_MAX - 1)) rig.burst.add(session, trade(id, 'BTCUSDT', size));
    assert.deepEqual(rig.take(), []);
    rig.burst.add(session, trade(COMMIT_FRAMES_MAX - 1, 'BTCUSDT', size));
    assert.deepEqual(idsOf(rig.trades()), range(0, COMMIT_FRAMES_MAX));
    const total = 3 * COMMIT_FRAMES_MAX + 5;
    for (const id of range(COMMIT_FRAMES_MAX, total)) rig.burst.add(session, trade(id, 'BTCUSDT', size));
    rig.burst.flush();
    assert.deepEqual(idsOf(rig.trades()), range(COMMIT_FRAMES_MAX, total));
    assert.deepEqual([rig.counter('frames'), rig.counter('applied'), rig.counter('commits')], [total, total, 4]);
  }
});

test('frames of one burst share the time at which the first of them came', () => {
  const rig = new Rig();
  const session = rig.session();
  const times = (): number[] => [...new Set(rig.trades().map(({ receiveTimeNs }) => receiveTimeNs))];
  for (const id of range(0, 5)) rig.burst.add(session, trade(id));
  rig.burst.add(session, trade(5, 'BTCUSDT', 5000));
  rig.burst.flush();
  const first = times();
  assert.equal(first.length, 1);
  rig.burst.add(session, trade(6));
  rig.burst.flush();
  const second = times();
  assert.ok(second[0] > first[0]);
});

test('a bad frame among good ones is answered alone, also an empty one and one that is too large', () => {
  const rig = new Rig();
  const session = rig.session();
  const bytesBefore = trade(0).byteLength + trade(1).byteLength;
  rig.burst.add(session, trade(0));
  rig.burst.add(session, new ArrayBuffer(0));
  rig.burst.add(session, Uint8Array.from(Buffer.from('{"e":"trade"')).buffer);
  rig.burst.add(session, new ArrayBuffer(5000));
  rig.burst.add(session, trade(1));
  rig.burst.flush();
  assert.deepEqual(idsOf(rig.trades()), [0, 1]);
  assert.deepEqual([rig.counter('frames'), rig.counter('applied')], [5, 2]);
  assert.equal(rig.counter('bytes'), bytesBefore + 12 + 5000);
  assert.deepEqual(rig.answers, ['binance: syntax'], 'once a second');
});

test('frames of a socket that closed before the flush are decoded, and no later connection is taken for it', () => {
  const rig = new Rig();
  const [closed, open] = [rig.session(), rig.session()];
  rig.burst.add(closed, trade(0));
  rig.burst.add(open, trade(1));
  rig.burst.flush();
  rig.burst.add(open, trade(2));
  rig.burst.add(rig.session('json'), Uint8Array.from(Buffer.from('{')).buffer);
  rig.burst.add(open, trade(3, 'BTCUSDT', 5000));
  rig.burst.flush();
  assert.deepEqual(idsOf(rig.trades()), [0, 1, 2, 3]);
  assert.deepEqual([closed.frames, open.frames], [1, 3]);
  assert.deepEqual(rig.answers, ['json: syntax']);
});
