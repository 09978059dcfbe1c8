// The ingress thread's parts without sockets, for tests of the journal: rings are read as they are committed.

import { EngineClock } from '../../engine/base/clock.ts';
import { Connections } from '../../engine/ingress/connections.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import type { InputRingsOptions } from '../../engine/ingress/input-rings.ts';
import type { FullPolicy } from '../../engine/ingress/ring-patience.ts';
import { Session } from '../../engine/ingress/session.ts';
import type { SessionParts } from '../../engine/ingress/session-maker.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { type Dialect, RecordType } from '../../schemas/ids.ts';
import { type Field, SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import * as marketData from '../../schemas/market-data.ts';

export const RIG_WALL_US = 1_600_000_000_000_000;
export const RIG_MARKETS_MAX = 256;

const FIELD_BYTES = { u8: 1, u16: 2, u32: 4, i32: 4, f64: 8 } as const;

/** Bytes of a slot that a record of each type means, for the rest is what was there before. */
const MEANT = new Map<number, number>();
for (const layout of Object.values(marketData)) {
  if (typeof layout !== 'object' || !('type' in layout)) continue;
  const ends = Object.entries<Field>(layout.fields).map(
    ([name, { kind }]) => ((layout.at as Record<string, number>)[name] + 1) * FIELD_BYTES[kind],
  );
  MEANT.set(layout.type, Math.max(8, ...ends));
}

/** A record as text, byte for byte. */
function textOf(reader: RingReader, slot: number): string {
  const at = slot * SLOT_BYTES;
  const type = reader.u8[at];
  let bytes = MEANT.get(type) ?? SLOT_BYTES;
  if (type === RecordType.tradeId) bytes = 8 + reader.u32[at / 4 + 1];
  return Buffer.from(reader.u8.buffer, reader.u8.byteOffset + at, bytes).toString('latin1');
}

export type SeenStamp = { readonly sequence: number; readonly records: number };

class DrainedWriter extends FrameWriter {
  onCommit: () => void = () => undefined;

  override commit(): void {
    super.commit();
    this.onCommit();
  }
}

export type RigOptions = InputRingsOptions & {
  readonly shards?: number;
  readonly inputSlots?: number;
  readonly policy?: FullPolicy;
  readonly memory?: EngineMemory;
  /** Rings are left alone until drain(). */
  readonly isStill?: boolean;
};

export class IngressRig {
  readonly memory: EngineMemory;
  readonly writer: FrameWriter;
  readonly markets: MarketDirectory;
  readonly connections: Connections;
  readonly parts: SessionParts;
  /** By shard: records in order without stamps, and behind how many of them a stamp of which entry stands. */
  readonly records: string[][];
  readonly stamps: SeenStamp[][];
  private readonly readers: RingReader[];

  constructor({
    shards = 1,
    inputSlots = 2 ** 18,
    policy = 'drop',
    memory,
    isStill = false,
    ...rest
  }: RigOptions = {}) {
    const anchor = { hrtimeNs: Number(process.hrtime.bigint()), wallUs: RIG_WALL_US };
    this.memory =
      memory ?? createEngineMemory({ shards, marketsMax: RIG_MARKETS_MAX, inputSlots, outputSlots: 16 }, anchor);
    const writer = new DrainedWriter(this.memory, new EngineClock(this.memory.anchor), policy, rest);
    if (!isStill) writer.onCommit = () => this.drain();
    this.writer = writer;
    this.markets = new MarketDirectory(this.memory);
    this.connections = new Connections(writer, RIG_MARKETS_MAX);
    const { markets, connections } = this;
    this.parts = { writer, markets, marketsMax: RIG_MARKETS_MAX, connections, decoders: DECODERS };
    this.readers = this.memory.shards.map(({ input }) => new RingReader(input));
    this.records = this.readers.map(() => []);
    this.stamps = this.readers.map(() => []);
  }

  drain(): void {
    for (const [shard, reader] of this.readers.entries()) {
      const count = reader.available();
      for (let offset = 0; offset < count; offset++) {
        const slot = reader.slotAt(offset);
        const records = this.records[shard];
        if (reader.u8[slot * SLOT_BYTES] !== RecordType.stamp) records.push(textOf(reader, slot));
        else
          this.stamps[shard].push({
            sequence: reader.f64[slot * SLOT_F64 + marketData.stamp.at.sequence],
            records: records.length,
          });
      }
      reader.release(count);
    }
  }

  session(dialect: Dialect): Session {
    const { writer, markets, connections } = this;
    return connections.begin(
      { dialect, source: 'pushed', producer: null, address: null },
      () => new Session(dialect, DECODERS[dialect], writer, markets, RIG_MARKETS_MAX, () => undefined),
    );
  }

  /** One frame received at `receiveNs`, engine time. */
  take(session: Session, frame: Uint8Array, receiveNs: number): number {
    this.writer.beginAt(receiveNs);
    return session.take(new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length);
  }
}

/** Type, market and gap reason of a record. */
export function recordFacts(record: string): { type: number; market: number; flags: number } {
  const bytes = Buffer.from(record, 'latin1');
  return { type: bytes[0], flags: bytes[1], market: bytes.readUInt16LE(2) };
}
