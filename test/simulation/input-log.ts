// Every record that ingress gave to the shards of a simulated run, and what a shard that never ended makes of them.

import type { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { Doorbell } from '../../engine/ring/doorbell.ts';
import { RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { MARKET_COUNTER_COLUMNS, MARKET_COUNTERS } from '../../schemas/counters.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16 } from '../../schemas/layout.ts';
import { checkpoint, trade } from '../../schemas/market-data.ts';
import { latest } from '../../schemas/shared-state.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { dumpMarkets } from '../../workers/report.ts';
import { UserSignals } from '../../workers/user-signals.ts';
import { MARKETS_MAX, SIMULATED_PLANS } from './engine-core.ts';

type Slot = Uint8Array;
/** Records of one engine's life, by shard. */
type Life = readonly Slot[][];

/** Parts of a ring's writer that a commit moves. */
type Inside = {
  readonly tail: number;
  readonly ended: number;
  readonly mask: number;
  readonly u8: Uint8Array;
  commit(): void;
};

const OF_SHARD = MARKET_COUNTERS.flatMap(({ meaning }, column) => (meaning.endsWith('Writer: shard') ? [column] : []));

export class InputLog {
  private readonly lives: Life[] = [];

  /** An engine begins behind a checkpoint (0 for none): what came later counts as never given. */
  begin(memory: EngineMemory, writer: FrameWriter, checkpointNumber: number): void {
    if (checkpointNumber === 0) this.lives.length = 0;
    while (this.lives.length > 0 && !this.cut(this.lives[this.lives.length - 1], checkpointNumber)) this.lives.pop();
    const life = memory.shards.map((): Slot[] => []);
    this.lives.push(life);
    const { writers } = writer as unknown as { readonly writers: readonly Inside[] };
    for (const [shard, ring] of writers.entries()) watch(ring, life[shard]);
  }

  /** False where a shard of that life was not given the checkpoint. */
  private cut(life: Life, number: number): boolean {
    const places = life.map((slots) => slots.findIndex((slot) => isCheckpoint(slot, number)));
    if (places.includes(-1)) return false;
    for (const [shard, place] of places.entries()) life[shard].length = place + 1;
    return true;
  }

  /** Records of a market, and the clock records its shards got. */
  private recordsOf(market: number): Slot[] {
    return this.lives.flatMap((life) => life[market % life.length].filter((slot) => isFor(slot, market)));
  }

  /** What all records of a market come to, in a shard that has no other. */
  undisturbed(market: number, like: EngineMemory): MarketOutcome {
    const records = this.recordsOf(market);
    const inputSlots = 2 ** Math.ceil(Math.log2(records.length + 2));
    const memory = createEngineMemory({ shards: 1, marketsMax: MARKETS_MAX, inputSlots, outputSlots: 64 }, like.anchor);
    new Uint8Array(memory.marketRows).set(new Uint8Array(like.marketRows));
    new Int32Array(memory.words).set(new Int32Array(like.words));
    const words = new Int32Array(memory.shards[0].words);
    const users = new UserSignals([], new Int32Array(memory.signalsOff), words, () => undefined);
    const dispatch = new Dispatch(memory, 0, { plans: SIMULATED_PLANS, users, keepAll: false, tell: () => undefined });
    const ring = new RingWriter(memory.shards[0].input, new Doorbell(memory.shards[0].doorbell));
    for (const record of records) {
      const slot = ring.claim();
      ring.u8.set(record, slot * SLOT_BYTES);
      if (record[0] !== RecordType.checkpoint) dispatch.take(record[0], slot, 1);
    }
    dispatch.trades.settleAll();
    dispatch.showLatest();
    return outcomeOf(market, memory, dispatch);
  }
}

function isCheckpoint(slot: Slot, number: number): boolean {
  return slot[0] === RecordType.checkpoint && new Float64Array(slot.buffer)[checkpoint.at.number % SLOT_F64] === number;
}

function isFor(slot: Slot, market: number): boolean {
  if (slot[0] === RecordType.clock) return true;
  if (slot[0] === RecordType.stamp || slot[0] === RecordType.checkpoint) return false;
  return new Uint16Array(slot.buffer)[trade.at.market % SLOT_U16] === market;
}

function watch(ring: Inside, into: Slot[]): void {
  const commit = ring.commit.bind(ring);
  ring.commit = () => {
    for (let at = ring.tail; at !== ring.ended; at = (at + 1) | 0) {
      const from = (at & ring.mask) * SLOT_BYTES;
      into.push(ring.u8.slice(from, from + SLOT_BYTES));
    }
    commit();
  };
}

/** All that a market came to. */
export type MarketOutcome = {
  readonly latest: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly dump: string;
};

/** Whatever the batches of the shard were: everything is applied, and shown. */
export function outcomeOf(market: number, memory: EngineMemory, dispatch: Dispatch): MarketOutcome {
  const row = new Uint8Array(memory.latest).slice(market * latest.sizeBytes, (market + 1) * latest.sizeBytes);
  new Int32Array(row.buffer)[latest.at.version] = 0;
  const counted = new Float64Array(memory.marketCounters);
  const counters = OF_SHARD.map((column) => [
    MARKET_COUNTERS[column].name,
    counted[market * MARKET_COUNTER_COLUMNS + column],
  ]);
  return {
    latest: Buffer.from(row).toString('base64'),
    counters: Object.fromEntries(counters),
    dump: dumpOf(market, dispatch),
  };
}

function dumpOf(market: number, dispatch: Dispatch): string {
  const found = dumpMarkets(dispatch).find((dump) => dump.market === market);
  if (found === undefined) return 'no market';
  const ring = new RingReader(found.ring);
  const slots = Array.from({ length: ring.available() }, (_, offset) => ring.slotAt(offset));
  return slots
    .filter((slot) => ring.u8[slot * SLOT_BYTES] !== RecordType.stamp)
    .map((slot) => Buffer.from(ring.u8.slice(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)).toString('base64'))
    .join('\n');
}
