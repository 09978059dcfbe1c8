// Applies the entries of a journal as they were applied when they were written: the same sessions, the same records.

import { DIALECTS, FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { JournalFlag, JournalKind } from '../../schemas/journal.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16 } from '../../schemas/layout.ts';
import { clock as clockRecord, gap, source } from '../../schemas/market-data.ts';
import type { IngressImage } from '../journal/checkpoint.ts';
import type { ConnectionOpened, JournalEntry } from '../journal/entry.ts';
import { takeIngressImage } from './ingress-image.ts';
import { missingSinceUs } from './own-records.ts';
import { ProducerSession } from './producer-session.ts';
import { ReplayLog } from './replay-log.ts';
import { type MadeSession, makeSession, type SessionParts } from './session-maker.ts';

export type JournalReplayOptions = {
  /** What the journal is replayed behind; null for nothing. */
  readonly image: IngressImage | null;
  /** Engine time zero, µs since 1970: times of entries with another anchor are moved to it. */
  readonly anchorWallUs: number;
  /** Records of these markets are left out of these entries. */
  readonly poisons?: readonly { readonly sequence: number; readonly market: number }[];
};

const NO_DIALECT = 255;

/**
 * Thread: the writer's. Its journal stays a ReplayLog until end(); its policy should wait without limit.
 *
 *   take(entry) … take(entry), hole() → beginAnew() where the engine ended here → end()
 */
export class JournalReplay {
  private readonly parts: SessionParts;
  private readonly anchorWallUs: number;
  private readonly log = new ReplayLog();
  private readonly sessions: Map<number, MadeSession>;
  private readonly poisons: ReadonlyMap<number, readonly number[]>;
  /** Ids below this are surely those that the records of the journal mean. */
  private certainMarkets = Number.POSITIVE_INFINITY;
  private lastReceiveNs = 0;

  constructor(parts: SessionParts, { image, anchorWallUs, poisons = [] }: JournalReplayOptions) {
    this.parts = parts;
    this.anchorWallUs = anchorWallUs;
    const bySequence = new Map<number, number[]>();
    for (const { sequence, market } of poisons) bySequence.set(sequence, [...(bySequence.get(sequence) ?? []), market]);
    this.poisons = bySequence;
    parts.writer.journal = this.log;
    parts.writer.areGapsTold = true;
    this.sessions = image === null ? new Map() : takeIngressImage(image, parts);
    this.log.sequence = image?.sequence ?? 0;
  }

  /** Applies one entry; a commit behind it ends with a stamp of its number. */
  take(entry: JournalEntry): void {
    this.log.entry = entry.sequence;
    if (entry.receiveTimeNs > 0 || entry.kind !== JournalKind.hole)
      this.lastReceiveNs = entry.receiveTimeNs + (entry.anchorWallUs - this.anchorWallUs) * 1000;
    this.apply(entry);
    this.log.sequence = entry.sequence;
  }

  private apply(entry: JournalEntry): void {
    const { kind, connection } = entry;
    if (kind === JournalKind.frame) this.frame(entry);
    else if (kind === JournalKind.clock) this.parts.writer.writeClock(valuesOf(entry.payload)[0]);
    else if (kind === JournalKind.records) this.records(entry);
    else if (kind === JournalKind.open) this.open(connection, jsonOf<ConnectionOpened>(entry.payload));
    else if (kind === JournalKind.close) this.close(connection);
    else if (kind === JournalKind.sent) this.sessionOf(entry)?.session.sent(Buffer.from(entry.payload).toString());
    else if (kind === JournalKind.markets)
      for (const name of jsonOf<string[]>(entry.payload)) this.parts.markets.adopt(name);
    else if (kind === JournalKind.start) this.beginAnew(this.lastReceiveNs);
    else if (kind === JournalKind.hole) this.hole(entry.sequence);
  }

  private open(connection: number, facts: ConnectionOpened): void {
    const made = makeSession(connection, facts, this.parts);
    if (made !== null) this.sessions.set(connection, made);
  }

  private close(connection: number): void {
    this.sessions.delete(connection);
    this.parts.connections.end(connection);
  }

  /** The session of an entry; one is begun where its opening is in a hole. */
  private sessionOf({ connection, dialect }: JournalEntry): MadeSession | null {
    const known = this.sessions.get(connection);
    if (known !== undefined || dialect === NO_DIALECT) return known ?? null;
    this.open(connection, { dialect: DIALECTS[dialect], source: 'pushed', producer: null, address: null });
    return this.sessions.get(connection) ?? null;
  }

  private frame(entry: JournalEntry): void {
    const made = (entry.flags & JournalFlag.repeated) !== 0 ? null : this.sessionOf(entry);
    if (made === null) return;
    const { writer } = this.parts;
    const { session } = made;
    const { buffer, byteOffset, length } = entry.payload;
    writer.beginEntry(this.lastReceiveNs);
    // A frame that was refused may have found no room before it was: its claims must not make room here either.
    if (entry.result < 0 && entry.result !== FrameResult.internal) writer.drop();
    if (session instanceof ProducerSession && entry.producerSequence > 0)
      session.beginBehind(entry.producerSequence - 1);
    session.journalFlags = entry.flags & JournalFlag.rest;
    writer.poisoned = this.poisons.get(entry.sequence) ?? null;
    const isUnseen = length === 0 && entry.result === FrameResult.tooLarge;
    const result = session.take(new DataView(buffer, byteOffset, length), 0, isUnseen ? session.bytesMax + 1 : length);
    writer.poisoned = null;
    made.settle(result >= 0);
  }

  /** Records of our own, and clock records that not every shard got (FrameWriter.tick). */
  private records({ payload, sequence }: JournalEntry): void {
    const { writer, connections } = this.parts;
    const bytes = Uint8Array.from(payload);
    const [u16, f64] = [new Uint16Array(bytes.buffer), new Float64Array(bytes.buffer)];
    writer.beginEntry(this.lastReceiveNs);
    for (let slot = 0; slot < bytes.length / SLOT_BYTES; slot++) {
      const [type, market] = [bytes[slot * SLOT_BYTES], u16[slot * SLOT_U16 + 1]];
      if (type === RecordType.clock) this.clockOf(market, f64[slot * SLOT_F64 + clockRecord.at.timeUs]);
      else if (market < this.certainMarkets) {
        if (type === RecordType.source)
          connections.feedMarkets.connection[market] = f64[slot * SLOT_F64 + source.at.connection];
        if (type === RecordType.gap && bytes[slot * SLOT_BYTES + gap.at.flags] === StateReason.drop) {
          // One of no count only says that it is owed.
          if (f64[slot * SLOT_F64 + gap.at.lost] === 0) {
            writer.markDropped(market);
            continue;
          }
          writer.settle(market);
        }
        if (this.poisons.get(sequence)?.includes(market)) writer.writeGap(market, StateReason.poison, 0);
        else writer.writeSlot(market, bytes, slot * SLOT_BYTES);
      }
    }
    writer.endRecords();
  }

  private clockOf(shard: number, timeUs: number): void {
    const { writer } = this.parts;
    if (shard < writer.shardCount) writer.writeClockTo(shard, timeUs);
    writer.clockPassed(timeUs);
  }

  /** Entries up to this one are missing, or cannot be read: what they held of any market is not known. */
  hole(sequence: number): void {
    const { markets, connections } = this.parts;
    this.log.entry = sequence;
    this.certainMarkets = Math.min(this.certainMarkets, markets.size);
    for (const { session } of this.sessions.values()) session.beginAnew();
    connections.feedMarkets.connection.fill(0);
    this.writeGaps(new Map(Array.from({ length: markets.size }, (_, id) => [id, 0])), StateReason.journalHole);
    this.log.sequence = sequence;
  }

  /**
   * The engine ended here and begins anew at an engine time (ns). What came on connections that were open is not known from
   * their last frame on; those of named producers go on, and lack nothing. Gaps that were owed are written.
   */
  beginAnew(receiveTimeNs: number): void {
    this.lastReceiveNs = receiveTimeNs;
    const { writer } = this.parts;
    writer.areGapsTold = false;
    writer.payAll(writer.policy);
    writer.areGapsTold = true;
    const since = new Map<number, number>();
    for (const [connection, { session }] of [...this.sessions]) {
      if (session instanceof ProducerSession) continue;
      const lastUs = this.anchorWallUs + Math.round(session.lastFrameNs / 1000);
      const sinceUs = session.lastFrameNs === 0 ? 0 : missingSinceUs(lastUs);
      for (const market of session.seenMarkets) since.set(market, Math.min(since.get(market) ?? sinceUs, sinceUs));
      this.close(connection);
    }
    this.writeGaps(since, StateReason.restart);
  }

  private writeGaps(sinceUs: ReadonlyMap<number, number>, reason: number): void {
    const { writer } = this.parts;
    for (const [market, us] of sinceUs) {
      writer.beginEntry(this.lastReceiveNs);
      writer.writeGap(market, reason, us);
      writer.endRecords();
    }
  }

  /** Shows everything. The writer is without a journal then. */
  end(): void {
    const { writer } = this.parts;
    writer.commit();
    writer.journal = null;
    writer.areGapsTold = false;
  }
}

function jsonOf<Value>(payload: Uint8Array): Value {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as Value;
}

function valuesOf(payload: Uint8Array): Float64Array {
  return new Float64Array(Uint8Array.from(payload).buffer);
}
