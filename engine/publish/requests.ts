// Questions to the shards and their answers: writes request records, matches answers by id, gives up after a time.

import { REQUEST_TIMEOUT_MS } from '../../schemas/config.ts';
import { answer, BAR_SLOTS, request } from '../../schemas/derived.ts';
import { RecordType, RequestKind } from '../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { type EngineMemory, shardOf } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { RING_FULL, RingWriter } from '../ring/spsc-ring.ts';
import type { BookChangeMessage, SignalMessage, StatusMessage, TradeBarMessage, TradeMessage } from './messages.ts';
import type { OutputRecords } from './output-records.ts';

export type Question = {
  readonly market: number;
  /** RequestKind. */
  readonly kind: number;
  readonly limit: number;
  /** Number of the bar kind, for bars. */
  readonly barKind: number;
};

export type Answer = {
  readonly book: BookChangeMessage | null;
  readonly bars: TradeBarMessage[];
  readonly trades: TradeMessage[];
  readonly signals: SignalMessage[];
  readonly status: StatusMessage | null;
};

/** Called once: with the answer, in order with the deltas, or with null when none came in time. */
export type Done = (answer: Answer | null) => void;

type Pending = { readonly done: Done; readonly deadlineMs: number };

/** Thread: main, the only producer of the command rings. */
export class Requests {
  private readonly writers: RingWriter[];
  /** In order of asking, so deadlines rise. */
  private readonly pending = new Map<number, Pending>();
  /** Questions that found no room in their shard's command ring, by shard: one that is down holds up no other. */
  private readonly queued: { readonly id: number; readonly question: Question }[][];
  private nextId = 1;
  private readonly nowMs: () => number;
  /** When the answer at hand began to be read. */
  private tookFromMs = 0;

  /** `nowMs` is for what answers take. */
  constructor(memory: EngineMemory, nowMs: () => number = () => 0) {
    this.nowMs = nowMs;
    this.writers = memory.shards.map((shard) => new RingWriter(shard.command, new Doorbell(shard.doorbell)));
    this.queued = memory.shards.map(() => []);
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  ask(question: Question, nowMs: number, done: Done): void {
    const id = this.nextId++;
    this.pending.set(id, { done, deadlineMs: nowMs + REQUEST_TIMEOUT_MS });
    const queue = this.queued[shardOf(question.market, this.writers.length)];
    if (queue.length > 0 || !this.write(id, question)) queue.push({ id, question });
  }

  private writeQueued(queue: { readonly id: number; readonly question: Question }[]): void {
    let written = 0;
    for (const { id, question } of queue) {
      if (this.pending.has(id) && !this.write(id, question)) break;
      written++;
    }
    if (written > 0) queue.splice(0, written);
  }

  private write(id: number, question: Question): boolean {
    const writer = this.writers[shardOf(question.market, this.writers.length)];
    const slot = writer.claim();
    if (slot === RING_FULL) return false;
    writer.u32[slot * SLOT_U32] = RecordType.request | (question.market << 16);
    writer.u32[slot * SLOT_U32 + 1] = 0;
    const at = slot * SLOT_F64;
    writer.f64[at + request.at.requestId] = id;
    writer.f64[at + request.at.kind] = question.kind;
    writer.f64[at + request.at.limit] = question.limit;
    writer.f64[at + request.at.barKind] = question.barKind;
    writer.endFrame();
    writer.commit();
    return true;
  }

  /** Reads the answer at an offset, tells who asked, and returns its slots. An answer that came too late is skipped. */
  take(records: OutputRecords, offset: number): number {
    this.tookFromMs = this.nowMs();
    const id = records.f64(offset, answer.at.requestId);
    const { found, slots } = readAnswer(records, offset);
    const asked = this.pending.get(id);
    this.pending.delete(id);
    asked?.done(found);
    return slots;
  }

  /** Time that the answer at hand has taken so far, its reading included: for whoever was given it. */
  answeringMs(): number {
    return this.nowMs() - this.tookFromMs;
  }

  /** Writes what waited for room and gives up what waited too long. */
  tick(nowMs: number): void {
    for (const queue of this.queued) this.writeQueued(queue);
    for (const [id, { done, deadlineMs }] of this.pending) {
      if (deadlineMs > nowMs) break;
      this.pending.delete(id);
      done(null);
    }
  }
}

function readAnswer(records: OutputRecords, offset: number): { found: Answer; slots: number } {
  const kind = records.f64(offset, answer.at.kind);
  const count = records.count(offset);
  const found: { -readonly [K in keyof Answer]: Answer[K] } = {
    book: null,
    bars: [],
    trades: [],
    signals: [],
    status: null,
  };
  let at = offset + 1;
  for (let item = 0; item < count; item++) {
    if (kind === RequestKind.book) {
      found.book = records.book(at);
      at += 1 + records.count(at);
    } else if (kind === RequestKind.bars) {
      found.bars.push(records.bar(at));
      at += BAR_SLOTS;
    } else if (kind === RequestKind.trades) {
      found.trades.push(records.trade(at));
      at += records.tradeSlots(at);
    } else if (kind === RequestKind.signals) {
      found.signals.push(records.signal(at));
      at += 1;
    } else {
      found.status = records.status(at);
      at += 1;
    }
  }
  return { found, slots: at - offset };
}
