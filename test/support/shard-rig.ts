// One shard in the test's own thread: fed with recorded input, killed at any record, and taken over by another.

import { readFileSync } from 'node:fs';
import { EngineClock } from '../../engine/base/clock.ts';
import { marketPlansOf, type PlanOptions } from '../../engine/base/market-plans.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { ShardParts } from '../../engine/recovery/shard-parts.ts';
import { positionOf } from '../../engine/recovery/shard-position.ts';
import { Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, type RingMemory, RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { MARKET_COUNTER_COLUMNS, shardCounter } from '../../schemas/counters.ts';
import { type Dialect, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16 } from '../../schemas/layout.ts';
import { checkpoint, stamp, trade } from '../../schemas/market-data.ts';
import type { ShardRebuild, ShardRecovery } from '../../schemas/shard-task.ts';
import { engineWords, latest, shardWords } from '../../schemas/shared-state.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import { dumpMarkets } from '../../workers/report.ts';
import type { CheckpointPart, ShardMessage } from '../../workers/shard-message.ts';
import { UserSignals } from '../../workers/user-signals.ts';

const MARKETS_MAX = 32;
const INPUT_SLOTS = 32_768;
const OUTPUT_SLOTS = 131_072;

/** A record of an input ring. */
export type Slot = Uint8Array;

/** Records of a shard's whole input, each commit with its stamp, whose entry is the number of the commit. */
export type Input = { readonly wallUs: number; readonly names: readonly string[]; readonly slots: readonly Slot[] };

export type RecordedSession = {
  readonly dialect: Dialect;
  readonly path: URL;
  readonly edit?: (text: string) => string;
};

export function typeOf(slot: Slot): number {
  return slot[0];
}

export function sequenceOf(slot: Slot): number {
  return new Float64Array(slot.buffer)[stamp.at.sequence];
}

/** A slot of its own memory with these float64 fields. */
function makeSlot(type: number, fields: readonly (readonly [number, number])[]): Slot {
  const f64 = new Float64Array(SLOT_F64);
  for (const [at, value] of fields) f64[at] = value;
  const slot = new Uint8Array(f64.buffer);
  slot[0] = type;
  return slot;
}

/** Decodes sessions side by side, in order of time; each `framesInCommit` of them are a commit. */
export function recordInput(sessions: readonly RecordedSession[], framesInCommit: number): Input {
  const lines = sessions.flatMap(({ path, edit = (text) => text }, from) =>
    edit(readFileSync(path, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ from, ...(JSON.parse(line) as { k: string; t: number; d: string }) })),
  );
  const frames = lines.filter(({ k }) => k === 'recv').sort((a, b) => a.t - b.t);
  const anchor = { hrtimeNs: 0, wallUs: frames[0].t };
  const memory = createEngineMemory({ shards: 1, marketsMax: MARKETS_MAX, inputSlots: 65_536 }, anchor);
  const writer = new FrameWriter(memory, new EngineClock(anchor), 'drop');
  const markets = new MarketDirectory(memory);
  const made = sessions.map(
    ({ dialect }) => new Session(dialect, DECODERS[dialect], writer, markets, MARKETS_MAX, () => undefined),
  );
  const reader = new RingReader(memory.shards[0].input);
  const slots: Slot[] = [];
  for (const [at, { from, t, d }] of frames.entries()) {
    writer.beginAt((t - anchor.wallUs) * 1000);
    const { buffer, byteOffset, byteLength } = Buffer.from(d, 'utf8');
    made[from].take(new DataView(buffer, byteOffset, byteLength), 0, byteLength);
    if ((at + 1) % framesInCommit !== 0 && at < frames.length - 1) continue;
    writer.commit();
    drain(reader, slots);
  }
  const { names, count } = { names: new MarketNames(memory), count: new MarketNames(memory).count };
  return numbered({ wallUs: anchor.wallUs, names: Array.from({ length: count }, (_, id) => names.of(id).name), slots });
}

function drain(reader: RingReader, into: Slot[]): void {
  const count = reader.available();
  for (let offset = 0; offset < count; offset++) {
    const from = reader.slotAt(offset) * SLOT_BYTES;
    into.push(reader.u8.slice(from, from + SLOT_BYTES));
  }
  if (count > 0) reader.release(count);
}

/** The same input with stamps that are numbered from 1 up, but those of checkpoints, which have theirs. */
function numbered(input: Input): Input {
  let sequence = 0;
  for (const slot of input.slots) {
    if (typeOf(slot) === RecordType.checkpoint) {
      sequence++;
      const f64 = new Float64Array(slot.buffer);
      f64[checkpoint.at.number] = sequence;
      f64[checkpoint.at.sequence] = sequence;
    } else if (typeOf(slot) === RecordType.stamp) {
      const before = input.slots[input.slots.indexOf(slot) - 1];
      if (before === undefined || typeOf(before) !== RecordType.checkpoint) sequence++;
      new Float64Array(slot.buffer)[stamp.at.sequence] = sequence;
    }
  }
  return input;
}

/** The input with checkpoints behind every `each` commits, and one at its end. */
export function withCheckpoints(input: Input, each: number): Input {
  let commits = 0;
  const slots = input.slots.flatMap((slot) => {
    const copy = slot.slice();
    if (typeOf(slot) !== RecordType.stamp || ++commits % each !== 0) return [copy];
    return [copy, makeSlot(RecordType.checkpoint, []), makeSlot(RecordType.stamp, [])];
  });
  slots.push(makeSlot(RecordType.checkpoint, []), makeSlot(RecordType.stamp, []));
  return numbered({ ...input, slots });
}

/** What a shard came to: everything that others see of it. */
export type Outcome = {
  readonly output: readonly string[];
  readonly latest: readonly string[];
  readonly counters: readonly number[];
  readonly markets: readonly string[];
  readonly records: number;
};

export class ShardRig {
  readonly input: Input;
  readonly memory: EngineMemory;
  readonly parts: CheckpointPart[] = [];
  private joined: { readonly number: number; readonly markets: ShardParts } | null = null;
  readonly faults: string[] = [];
  dispatch: Dispatch;
  /** The record, counted from 0 in the whole input, at which the shard fails; before or after it is applied. */
  killAt = Number.POSITIVE_INFINITY;
  killsBehind = false;
  private cycle: DutyCycle;
  /** Turns in which markets of a checkpoint are written down that do not change. */
  capturesLeft = Number.POSITIVE_INFINITY;
  private readonly clock: EngineClock;
  private readonly writer: RingWriter;
  private readonly output: Slot[] = [];
  private readonly outputs: RingReader;
  /** Of the next shard. */
  plan: PlanOptions;
  private written = 0;

  constructor(input: Input, plan: PlanOptions, interest = 0) {
    this.input = input;
    this.plan = plan;
    const sizes = { shards: 1, marketsMax: MARKETS_MAX, inputSlots: INPUT_SLOTS, outputSlots: OUTPUT_SLOTS };
    const anchor = { hrtimeNs: 0, wallUs: input.wallUs };
    this.memory = createEngineMemory({ ...sizes, journalRingBytes: 65_536 }, anchor);
    this.clock = new EngineClock(anchor);
    const directory = new MarketDirectory(this.memory);
    for (const name of input.names) {
      const bytes = Buffer.from(name);
      const colon = name.indexOf(':');
      directory.find(bytes, 0, colon, bytes, colon + 1, bytes.length);
    }
    directory.confirm();
    this.listen(interest);
    const engine = new Int32Array(this.memory.words);
    for (const word of [engineWords.at.stop, engineWords.at.ingressDone]) Atomics.store(engine, word, 1);
    this.writer = new RingWriter(this.memory.shards[0].input, new Doorbell(this.memory.shards[0].doorbell));
    this.outputs = new RingReader(this.memory.shards[0].output);
    [this.dispatch, this.cycle] = this.makeShard();
  }

  /** Someone listens to these of every market, and to all signals. */
  listen(interest: number): void {
    new Int32Array(this.memory.interest).fill(interest);
    new Int32Array(this.memory.signalInterest).fill(-1);
  }

  private makeShard(): [Dispatch, DutyCycle] {
    const words = new Int32Array(this.memory.shards[0].words);
    const off = new Int32Array(this.memory.signalsOff);
    const users = new UserSignals(this.plan.signalFiles ?? [], off, words, () => undefined);
    const tell = (message: ShardMessage): void => {
      if (message.op === 'checkpoint-part') this.takePart(message);
      else if (message.op === 'state-fault') this.faults.push(`${message.market}: ${message.message}`);
    };
    const dispatch = new Dispatch(this.memory, 0, { plans: marketPlansOf(this.plan), users, keepAll: false, tell });
    const turn = dispatch.capture.turn.bind(dispatch.capture);
    dispatch.capture.turn = (): number => (this.capturesLeft-- > 0 ? turn() : 0);
    const take = dispatch.take.bind(dispatch);
    dispatch.take = (type, slot, count): number => {
      const isHere = words[shardWords.at.rebuilding] === 0 && words[shardWords.at.recordAt] >= this.killAt;
      if (isHere && !this.killsBehind) throw new Error('killed');
      const taken = take(type, slot, count);
      if (isHere) throw new Error('killed');
      return taken;
    };
    return [dispatch, new DutyCycle(this.memory, 0, this.clock, dispatch)];
  }

  /** Keeps whole ones: a checkpoint that another takes the place of has no last part. */
  private takePart(part: CheckpointPart): void {
    if (this.joined?.number !== part.number) this.joined = { number: part.number, markets: new ShardParts() };
    const image = this.joined.markets.take(part);
    if (image !== null) this.parts.push({ ...part, image });
  }

  /** Puts the next records up to `until` into the ring, each commit at once. */
  feed(until: number): void {
    for (; this.written < Math.min(until, this.input.slots.length); this.written++) {
      const slot = this.input.slots[this.written];
      this.writer.u8.set(slot, this.writer.claim() * SLOT_BYTES);
      this.writer.endFrame();
      if (typeOf(slot) === RecordType.stamp) this.writer.commit();
    }
  }

  /** Applies what lies in the ring; true where the shard was killed. */
  run(): boolean {
    try {
      this.cycle.run();
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error;
      return true;
    } finally {
      drain(this.outputs, this.output);
    }
    return false;
  }

  endCapture(): void {
    while (this.dispatch.capture.isRunning) this.dispatch.capture.turn();
  }

  /** Another shard takes the place of this one, with the newest whole checkpoint. */
  takeOver(): void {
    const recovery = this.recovery();
    [this.dispatch, this.cycle] = this.makeShard();
    this.dispatch.restore(recovery, 0);
    if (recovery.rebuild !== null) this.cycle.takeOver(recovery.rebuild);
  }

  private recovery(): ShardRecovery {
    const part = this.parts.at(-1);
    const position = positionOf(this.memory.shards[0]);
    if (position === null) throw new Error('expected marks that tell where the shard stood');
    const { releasedSequence, mutedRecords } = position;
    const rebuild: ShardRebuild = {
      ring: this.ringOf(part?.sequence ?? 0, releasedSequence),
      untilSequence: releasedSequence,
      skipUntilSequence: releasedSequence,
      mutedSequence: releasedSequence,
      mutedRecords,
      isBehindAnew: false,
    };
    const never = Number.NEGATIVE_INFINITY;
    return { clockUs: part?.image.clockUs ?? [never, never], markets: part?.image.markets ?? [], rebuild };
  }

  /** The records behind the stamp of one entry up to that of another. */
  private ringOf(after: number, until: number): RingMemory {
    const ring = createRing(INPUT_SLOTS);
    const writer = new RingWriter(ring, new Doorbell(this.memory.shards[0].doorbell));
    let sequence = 0;
    for (const slot of this.input.slots) {
      if (sequence >= after && sequence < until) {
        writer.u8.set(slot, writer.claim() * SLOT_BYTES);
        writer.endFrame();
      }
      if (typeOf(slot) === RecordType.stamp) sequence = sequenceOf(slot);
    }
    // Where the checkpoint is the last entry there is nothing but its stamp.
    if (until <= after) {
      writer.u8.set(makeSlot(RecordType.stamp, [[stamp.at.sequence, until]]), writer.claim() * SLOT_BYTES);
      writer.endFrame();
    }
    writer.commit();
    return ring;
  }

  outcome(): Outcome {
    const { memory } = this;
    const rows = new Uint8Array(memory.latest);
    const markets = dumpMarkets(this.dispatch).map(({ market, ring }) => {
      const slots: Slot[] = [];
      drain(new RingReader(ring), slots);
      return `${market} ${Buffer.concat(slots.filter((slot) => typeOf(slot) !== RecordType.stamp)).toString('base64')}`;
    });
    return {
      output: told(this.output),
      latest: this.input.names.map((_, id) => {
        const row = rows.slice(id * latest.sizeBytes, (id + 1) * latest.sizeBytes);
        new Int32Array(row.buffer)[latest.at.version] = 0;
        return Buffer.from(row).toString('base64');
      }),
      counters: [...new Float64Array(memory.marketCounters, 0, this.input.names.length * MARKET_COUNTER_COLUMNS)],
      markets,
      records: new Float64Array(memory.shards[0].counters)[shardCounter.records],
    };
  }
}

/** Output as text, without stamps, and without numbers of trades that follow from the trade before. */
function told(output: readonly Slot[]): string[] {
  const numbers = new Map<number, number>();
  return output.flatMap((slot) => {
    const type = typeOf(slot);
    const market = new Uint16Array(slot.buffer)[trade.at.market % SLOT_U16];
    if (type === RecordType.stamp) return [];
    if (type === RecordType.tradeNumber) {
      const number = new Float64Array(slot.buffer)[1];
      const isKnown = numbers.get(market) === number - 1;
      numbers.set(market, number - 1);
      if (isKnown) return [];
    }
    if (type === RecordType.trade) numbers.set(market, (numbers.get(market) ?? Number.NaN) + 1);
    return [Buffer.from(slot).toString('base64')];
  });
}
