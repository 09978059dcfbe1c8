// Owns a way to see what a load source writes: its wire frames through the real decoder, into books and trades by update.

import assert from 'node:assert/strict';
import type { FrameDecoder } from '../../engine/decode/sink.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { UpdateDraws } from '../../engine/load/draws.ts';
import { frameSource } from '../../engine/load/generator.ts';
import type { LoadPlan } from '../../engine/load/protocol.ts';
import type { FrameSource } from '../../engine/load/sources.ts';
import { type Dialect, FrameResult, LevelFlag } from '../../schemas/ids.ts';
import { SnapshotStage } from '../../workers/book/snapshot-stage.ts';
import { BookUnderTest, type TextLevel } from '../unit/workers/book/book-records.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from './memory-sink.ts';

const SLOTS = 2_048;
const MASK_BYTES = 4;

export const loadPlan = (changes: Partial<LoadPlan> = {}): LoadPlan => ({
  ingestUrl: 'ws://127.0.0.1:1',
  token: null,
  format: 'native',
  dialect: 'binance',
  updates: 'mixed',
  markets: 5,
  connections: 2,
  batch: 1,
  ratePerS: 1000,
  profile: 'steady',
  warmupS: 0,
  durationS: 1,
  seed: 7,
  anchor: { hrtimeNs: 0, wallUs: 0 },
  ...changes,
});

/** The payloads of client frames that follow one another; each must be final and masked with zero. */
export function payloadsOf(wire: Uint8Array): Buffer[] {
  const bytes = Buffer.from(wire);
  const payloads: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    assert.ok(bytes[at] === 0x81 || bytes[at] === 0x82, `expected a final data frame at ${at}`);
    const short = bytes[at + 1] & 0x7f;
    assert.equal(bytes[at + 1] & 0x80, 0x80);
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const from = at + 2 + extended + MASK_BYTES;
    assert.equal(bytes.readUInt32BE(from - MASK_BYTES), 0);
    payloads.push(bytes.subarray(from, from + length));
    at = from + length;
  }
  return payloads;
}

type Connection = { readonly sink: MemorySink; readonly decoder: FrameDecoder };

/** What one write came to. */
export type WrittenFrame = { readonly payloads: readonly Buffer[]; readonly records: readonly MemoryRecord[] };

export class LoadFramesReader {
  readonly source: FrameSource;
  readonly draws: UpdateDraws;
  readonly books = new Map<string, BookUnderTest>();
  private readonly plan: LoadPlan;
  private readonly connections: readonly Connection[];
  private readonly stage = new SnapshotStage();
  private readonly target: Buffer;

  constructor(plan: LoadPlan, makeSource: typeof frameSource = frameSource) {
    this.plan = plan;
    this.draws = new UpdateDraws(plan);
    this.source = makeSource({ plan, draws: this.draws });
    const dialect = this.source.path.slice('/ingest/'.length) as Dialect;
    this.connections = Array.from({ length: plan.connections }, () => {
      const sink = new MemorySink();
      return { sink, decoder: DECODERS[dialect](sink, dialect) };
    });
    this.target = Buffer.alloc(2 * this.source.frameBytesMax);
  }

  begin(timeUs: number): void {
    this.connections.forEach((_, index) => {
      for (const frame of this.source.before(index, timeUs)) this.take(index, payloadsOf(frame));
    });
  }

  /** Writes the frame that begins with this update and decodes it. */
  write(first: number, dueUs: number): WrittenFrame {
    const from = first % 7;
    const end = this.source.write(first, dueUs, this.target, from);
    assert.ok(end - from <= this.source.frameBytesMax);
    const payloads = payloadsOf(this.target.subarray(from, end)).map((payload) => Buffer.from(payload));
    return { payloads, records: this.take(this.draws.connectionOf(first), payloads) };
  }

  private take(connection: number, payloads: readonly Buffer[]): MemoryRecord[] {
    const { sink, decoder } = this.connections[connection];
    return payloads.flatMap((payload) => {
      const { result, records } = decodeFrame(sink, decoder, new Uint8Array(payload));
      assert.ok(result >= 0, `refused with ${result}: ${payload.toString('latin1').slice(0, 400)}`);
      assert.notEqual(result, FrameResult.unknown, payload.toString('latin1').slice(0, 400));
      this.feed(records);
      return records;
    });
  }

  /** `venue:symbol` of a record: normalised messages name their venue. */
  nameOf({ market }: MemoryRecord): string {
    return this.plan.format === 'native' ? `${this.plan.dialect}:${market}` : market;
  }

  private feed(records: readonly MemoryRecord[]): void {
    records.forEach((head, index) => {
      assert.notEqual(head.type, 'gap', `${head.market}: a gap`);
      if (head.type !== 'bookChange') return;
      const levels = records.slice(index + 1, index + 1 + Number(head['count']));
      assert.ok(levels.every(({ type }) => type === 'level'));
      this.feedBook(head, levels);
    });
  }

  private feedBook(head: MemoryRecord, levels: readonly MemoryRecord[]): void {
    const name = this.nameOf(head);
    const book = this.books.get(name) ?? new BookUnderTest(this.plan.dialect, this.stage, SLOTS);
    this.books.set(name, book);
    const side = (flag: number): TextLevel[] =>
      levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
    book.feed({
      flags: Number(head['flags']),
      first: Number(head['firstSequence']),
      last: Number(head['lastSequence']),
      previous: Number(head['previousSequence']),
      checksum: Number(head['checksum']),
      depth: Number(head['depth']),
      exchangeTimeUs: Number(head['exchangeTimeUs']),
      bids: side(0),
      asks: side(LevelFlag.ask),
    });
  }
}

export const isTradeRecord = ({ type }: MemoryRecord): boolean => type === 'trade';
