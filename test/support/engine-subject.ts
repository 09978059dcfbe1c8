// The engine's own parts in one thread: sessions, decoders, frame writer, ring and dispatch, without pool or workers.
// For proofs that look after every frame, and for tests that replay hundreds of altered recordings.

import assert from 'node:assert/strict';
import { type ClockAnchor, EngineClock } from '../../engine/base/clock.ts';
import { formatDecimal } from '../../engine/base/decimal.ts';
import { type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { firstTimeUs } from '../../engine/ingress/recording.ts';
import { replay } from '../../engine/ingress/replay-source.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { itemJson } from '../../engine/publish/encode-json.ts';
import { addressOf } from '../../engine/publish/messages.ts';
import { OutputRecords } from '../../engine/publish/output-records.ts';
import { hashMarkets, type ReplayResult } from '../../engine/recordings/replay.ts';
import { ReplayReports } from '../../engine/recordings/replay-report.ts';
import { DOORBELL_BYTES } from '../../engine/ring/doorbell.ts';
import { createRing, RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import {
  INGRESS_COUNTERS,
  ingressCounter,
  MARKET_COUNTER_COLUMNS,
  marketCounter,
  SHARD_COUNTERS,
} from '../../schemas/counters.ts';
import { BAR_SLOTS } from '../../schemas/derived.ts';
import { type Dialect, FrameResult, REJECTION_NAMES, RecordType, RequestKind } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { answerRequest } from '../../workers/emit.ts';
import type { Market } from '../../workers/market.ts';
import { OutputWriter } from '../../workers/output/writer.ts';
import { dumpMarkets } from '../../workers/report.ts';
import type { LevelList } from '../../workers/signals/ladder-view.ts';
import { UserSignals } from '../../workers/user-signals.ts';
import type { TradeBar } from './reference/bars.ts';
import type { Best, Subject } from './reference/proofs.ts';

const MARKETS_MAX = 64;
/** Room for a Coinbase snapshot of 46,000 levels and what is committed with it. */
const INPUT_SLOTS = 131_072;
const OUTPUT_SLOTS = 1024;

export type Place = { readonly anchor: ClockAnchor; readonly kinds: readonly string[]; readonly inputSlots: number };

/** A frame writer whose commits are applied on the spot, in batches of at most `batchRecords`. */
class ApplyingWriter extends FrameWriter {
  readonly dispatch: Dispatch;
  private readonly input: RingReader;
  private readonly batchRecords: number;

  constructor(memory: EngineMemory, clock: EngineClock, dispatch: Dispatch, batchRecords: number) {
    super(memory, clock, 'block-without-limit');
    this.dispatch = dispatch;
    this.input = new RingReader(memory.shards[0].input);
    this.batchRecords = batchRecords;
  }

  override commit(): void {
    super.commit();
    for (let left = this.input.available(); left > 0; ) {
      const count = Math.min(left, this.batchRecords);
      for (let offset = 0; offset < count; offset++) {
        const slot = this.input.slotAt(offset);
        const type = this.input.u8[slot * SLOT_BYTES];
        if (type !== RecordType.stamp) this.dispatch.record(type, slot);
      }
      this.input.release(count);
      this.dispatch.showLatest();
      left -= count;
    }
  }
}

/** One session's way from its bytes to its market's state. */
export class Pipeline {
  readonly memory: EngineMemory;
  readonly markets: MarketDirectory;
  readonly dispatch: Dispatch;
  readonly writer: ApplyingWriter;
  readonly names: MarketNames;
  readonly counters: Float64Array;
  private readonly clock: EngineClock;
  readonly plans: MarketPlans;

  constructor({ anchor, kinds, inputSlots }: Place, batchRecords: number) {
    const sizes = { shards: 1, marketsMax: MARKETS_MAX, inputSlots, outputSlots: OUTPUT_SLOTS };
    this.memory = createEngineMemory(sizes, anchor);
    this.clock = new EngineClock(anchor);
    this.plans = marketPlansOf({ usual: { bars: kinds } });
    this.markets = new MarketDirectory(this.memory);
    const off = new Int32Array(this.memory.signalsOff);
    const users = new UserSignals([], off, new Int32Array(this.memory.shards[0].words), () => undefined);
    this.dispatch = new Dispatch(this.memory, 0, { plans: this.plans, users, keepAll: true, tell: () => undefined });
    this.writer = new ApplyingWriter(this.memory, this.clock, this.dispatch, batchRecords);
    this.names = new MarketNames(this.memory);
    this.counters = new Float64Array(this.memory.marketCounters);
  }

  session(venue: Dialect): Session {
    return new Session(venue, DECODERS[venue], this.writer, this.markets, MARKETS_MAX, () => undefined);
  }

  /** Takes one frame and applies it. */
  take(session: Session, text: string, timeUs: number | null): void {
    if (timeUs === null) this.writer.beginTimeless();
    else this.writer.beginAt((timeUs - this.memory.anchor.wallUs) * 1000);
    const { buffer, byteOffset, byteLength } = Buffer.from(text, 'utf8');
    const result = session.take(new DataView(buffer, byteOffset, byteLength), 0, byteLength);
    assert.notEqual(result, FrameResult.internal, `expected the engine to judge ${text.slice(0, 200)}`);
    this.writer.commit();
  }

  find(name: string): Market | undefined {
    const id = this.names.idOf(name);
    return this.dispatch.markets.find((market) => market.id === id);
  }

  counter(name: string, column: number): number {
    const id = this.names.idOf(name);
    return id < 0 ? 0 : this.counters[id * MARKET_COUNTER_COLUMNS + column];
  }

  /** All bars of a kind, asked for as the main thread asks. */
  bars(market: Market, kind: string): TradeBar[] {
    const number = this.plans.barKinds.findIndex(({ name }) => name === kind);
    const held = market.bars.barCount(market.bars.indexOf(number));
    const ring = createRing(2 ** Math.ceil(Math.log2(2 + held * BAR_SLOTS)));
    const out = new OutputWriter(ring, new SharedArrayBuffer(DOORBELL_BYTES), new Float64Array(SHARD_COUNTERS.length));
    answerRequest(out, market, RequestKind.bars, 0, 0, number);
    out.ring.commit();
    const records = new OutputRecords(new RingReader(ring), this.clock, this.plans);
    const { jsonMarket } = addressOf('', market.name);
    return Array.from(
      { length: records.count(0) },
      (_, index) => JSON.parse(itemJson(records.bar(1 + index * BAR_SLOTS), jsonMarket)) as TradeBar,
    );
  }
}

/** The best level of a side. */
function bestOf(side: LevelList): [string, string] | null {
  if (side.count === 0) return null;
  const at = side.offsetOf(0);
  const { values } = side;
  return [formatDecimal(values[at], values[at + 1]), formatDecimal(values[at + 2], values[at + 3])];
}

/** Seat of the engine in the exchanges' proofs. The engine begins a second before the first frame. */
export function engineSubject(venue: Dialect, kinds: readonly string[] = ['1m']): Subject {
  let begun: Pipeline | null = null;
  const sessions = new Map<string, Session>();
  const pipelineAt = (timeUs: number | null): Pipeline => {
    begun ??= new Pipeline({ anchor: anchorBefore(timeUs), kinds, inputSlots: INPUT_SLOTS }, INPUT_SLOTS);
    return begun;
  };
  const take = (text: string, timeUs: number | null, connection: string): void => {
    const pipeline = pipelineAt(timeUs);
    const session = sessions.get(connection) ?? pipeline.session(venue);
    sessions.set(connection, session);
    pipeline.take(session, text, timeUs);
  };
  const find = (name: string): Market | undefined => begun?.find(name);
  return {
    frame: take,
    snapshot(market, text, receiveTimeUs) {
      const symbol = JSON.stringify(market.slice(market.indexOf(':') + 1));
      take(`{"snapshot":{"symbol":${symbol},${text.trimStart().slice(1)}}`, receiveTimeUs, 'http');
    },
    best(name): Best {
      const market = find(name);
      return market === undefined
        ? { bid: null, ask: null }
        : { bid: bestOf(market.book.bids), ask: bestOf(market.book.asks) };
    },
    venueSequence(name) {
      const sequence = find(name)?.book.venueSequence ?? -1;
      return sequence < 0 ? null : sequence;
    },
    bars(name, kind) {
      const market = find(name);
      return begun === null || market === undefined ? [] : begun.bars(market, kind);
    },
    checksums: (name) => ({
      ok: begun?.counter(name, marketCounter.checksumsOk) ?? 0,
      bad: begun?.counter(name, marketCounter.checksumsBad) ?? 0,
    }),
    gaps: (name) => begun?.counter(name, marketCounter.gaps) ?? 0,
    markets: () => begun?.dispatch.markets.map((market) => market.name.name) ?? [],
  };
}

export function anchorBefore(timeUs: number | null): ClockAnchor {
  const wallUs = timeUs === null ? Date.UTC(2020, 0, 1) * 1000 : timeUs - 1_000_000;
  return { hrtimeNs: Number(process.hrtime.bigint()), wallUs };
}

export type InProcessOptions = {
  readonly files: readonly string[];
  readonly venue: Dialect;
  readonly kinds?: readonly string[];
  readonly inputSlots?: number;
  /** Records applied between two looks at the latest values; the end of a batch may lie inside a change. */
  readonly batchRecords?: number;
};

/** As replayFiles of one worker with every level, but in this thread: milliseconds instead of a second. */
export async function replayInProcess(options: InProcessOptions): Promise<ReplayResult> {
  const { files, venue, kinds = ['1s', '1m'], inputSlots = INPUT_SLOTS, batchRecords = inputSlots } = options;
  const anchor = anchorBefore(await firstTimeUs(files));
  const pipeline = new Pipeline({ anchor, kinds, inputSlots }, batchRecords);
  await replay({ files, venue, speed: 0 }, pipeline.memory, pipeline.writer, pipeline.markets, DECODERS);
  const reports = new ReplayReports(pipeline.memory, pipeline.plans);
  const entries = dumpMarkets(pipeline.dispatch).map((dump) => reports.of(dump));
  const markets = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  const counters = new Float64Array(pipeline.memory.ingressCounters);
  const rejected = INGRESS_COUNTERS.flatMap(({ name }, column) =>
    (REJECTION_NAMES as readonly string[]).includes(name) && counters[column] > 0 ? [[name, counters[column]]] : [],
  );
  return {
    hash: hashMarkets(markets),
    frames: counters[ingressCounter.frames],
    applied: counters[ingressCounter.applied],
    control: counters[ingressCounter.control],
    ignored: counters[ingressCounter.ignored],
    unknown: counters[ingressCounter.unknown],
    rejected: Object.fromEntries(rejected) as Record<string, number>,
    markets,
  };
}
