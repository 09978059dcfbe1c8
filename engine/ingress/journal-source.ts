// Feeds the entries of a recorded journal through sessions, as a recording: its frames, at the times they came.

import { ingressCounter } from '../../schemas/counters.ts';
import { DIALECTS, FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { JournalFlag, JournalKind } from '../../schemas/journal.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import { backfill, gap, source } from '../../schemas/market-data.ts';
import type { ConnectionOpened, JournalDamage, JournalEntry } from '../journal/entry.ts';
import { type JournalItem, losesEntries } from '../journal/journal-reader.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { JournalNames } from './journal-names.ts';
import { ProducerSession } from './producer-session.ts';
import { damageSentence, entryTimeUs, type RecordedJournal } from './recorded-journal.ts';
import { type MadeSession, makeSession, type SessionParts } from './session-maker.ts';

/** What was read of one journal. */
export type JournalRead = {
  readonly file: string;
  readonly entries: number;
  /** Numbers of the first and the last entry; 0 for none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly frames: number;
  /** Frames that the engine had found no room for: applied here. */
  readonly dropped: number;
  /** Messages of named producers that came again: left out. */
  readonly repeated: number;
  /** Engines that wrote it, one after another. */
  readonly starts: number;
  /** Records of connectors whose market is not known: left out. */
  readonly unplaced: number;
  /** Entries known to be missing, and a sentence for each place. */
  readonly missing: number;
  readonly damages: readonly string[];
  readonly damageCount: number;
};

/** Damaged places told one by one; the others are counted. */
const DAMAGES_TOLD_MAX = 20;
const NO_DIALECT = 255;
/** Their messages name venues themselves, and no connector speaks them. */
const PUSHED_DIALECTS: readonly string[] = ['json', 'flatbuffers'];

/**
 * A replay decides for itself what the engine that wrote the journal could not: rings that wait drop nothing, so frames it
 * dropped are applied; and clock records follow the times of what comes (INTERFACES, replay), so its own are left out but
 * where the replay is shown as a stream.
 * Connections get numbers of the replay, because several journals may be merged. Thread: the writer's.
 */
export class JournalSource {
  private readonly journal: RecordedJournal;
  private readonly memory: EngineMemory;
  private readonly parts: SessionParts;
  private readonly names: JournalNames;
  /** By the journal's number of the connection. */
  private readonly sessions = new Map<number, MadeSession>();
  private readonly numbers = new Map<number, number>();
  private readonly read = {
    ...{ entries: 0, firstSequence: 0, lastSequence: 0, frames: 0, dropped: 0, repeated: 0 },
    ...{ starts: 0, unplaced: 0, missing: 0, damageCount: 0 },
  };
  private readonly damages: string[] = [];
  /** Engine time of the replay at the entry at hand. */
  private atNs = 0;

  /** Time passes in quiet markets as it did for the engine, and not with the next frame alone. */
  private readonly keepsClocks: boolean;

  /** `parts` are those of the replay. */
  constructor(journal: RecordedJournal, memory: EngineMemory, parts: SessionParts, keepsClocks = false) {
    this.journal = journal;
    this.keepsClocks = keepsClocks;
    this.memory = memory;
    this.names = new JournalNames(memory, parts.markets, journal.marketNames);
    this.parts = { ...parts, markets: this.names.directory };
  }

  report(): JournalRead {
    return { file: this.journal.path, ...this.read, damages: this.damages };
  }

  take(item: JournalItem): void {
    if (item.kind === 'missing') {
      this.miss(item.damage);
      return;
    }
    const { entry } = item;
    const { read } = this;
    read.entries++;
    if (read.firstSequence === 0) read.firstSequence = entry.sequence;
    read.lastSequence = entry.sequence;
    if (entry.receiveTimeNs > 0) this.atNs = (entryTimeUs(entry) - this.memory.anchor.wallUs) * 1000;
    this.apply(entry);
  }

  private apply(entry: JournalEntry): void {
    const { kind, connection, payload } = entry;
    if (kind === JournalKind.frame) this.frame(entry);
    else if (kind === JournalKind.records) this.records(entry);
    else if (kind === JournalKind.open) this.open(connection, jsonOf<ConnectionOpened>(payload));
    else if (kind === JournalKind.close) this.close(connection);
    else if (kind === JournalKind.sent) this.sessionOf(entry)?.session.sent(Buffer.from(payload).toString());
    else if (kind === JournalKind.markets) this.names.adopt(jsonOf<string[]>(payload));
    else if (kind === JournalKind.start) this.beginAnew();
    else if (kind === JournalKind.clock && this.keepsClocks) this.clock(payload);
  }

  /** Those that frames have brought already are left out by the writer. */
  private clock(payload: Uint8Array): void {
    const [timeUs] = new Float64Array(Uint8Array.from(payload).buffer);
    this.parts.writer.tick((timeUs - this.memory.anchor.wallUs) * 1000);
  }

  // ---- connections

  private open(connection: number, facts: ConnectionOpened): void {
    const { connections } = this.parts;
    const number = connections.next++;
    this.numbers.set(connection, number);
    const made = makeSession(number, facts, this.parts);
    if (made !== null) this.sessions.set(connection, made);
  }

  private close(connection: number): void {
    this.sessions.delete(connection);
    this.parts.connections.end(this.numbers.get(connection) ?? 0);
  }

  /** Where its opening is missing, a connection of a venue's dialect is taken for one that others may overlap. */
  private sessionOf({ connection, dialect: index }: JournalEntry): MadeSession | null {
    const known = this.sessions.get(connection);
    if (known !== undefined || index === NO_DIALECT || DIALECTS[index] === undefined) return known ?? null;
    const dialect = DIALECTS[index];
    const source = PUSHED_DIALECTS.includes(dialect) ? 'pushed' : 'feed';
    this.open(connection, { dialect, source, producer: null, address: null });
    return this.sessions.get(connection) ?? null;
  }

  // ---- frames

  private frame(entry: JournalEntry): void {
    const { read } = this;
    const { writer } = this.parts;
    read.frames++;
    writer.beginAt(this.atNs);
    const made = this.sessionOf(entry);
    const isRepeat = (entry.flags & JournalFlag.repeated) !== 0;
    if (isRepeat || made === null) {
      this.leaveOut(entry, isRepeat ? ingressCounter.ignored : ingressCounter.unknown);
      if (isRepeat) read.repeated++;
      return;
    }
    // One that was refused unseen is not in the journal.
    if (entry.payload.length === 0 && entry.result === FrameResult.tooLarge) {
      this.leaveOut(entry, ingressCounter['too-large']);
      return;
    }
    if ((entry.flags & JournalFlag.dropped) !== 0) read.dropped++;
    this.decode(made, entry);
  }

  private leaveOut({ payload }: JournalEntry, column: number): void {
    const { counters } = this.parts.writer;
    counters[ingressCounter.frames]++;
    counters[ingressCounter.bytes] += payload.length;
    counters[column]++;
  }

  private decode({ session, settle }: MadeSession, { payload, producerSequence, result }: JournalEntry): void {
    if (session instanceof ProducerSession && producerSequence > 0) session.beginBehind(producerSequence - 1);
    const named = this.names.count;
    const { buffer, byteOffset, length } = payload;
    settle(session.take(new DataView(buffer, byteOffset, length), 0, length) >= 0);
    // What the engine refused got no ids from it, also where this replay takes it.
    if (result < 0 && result !== FrameResult.dropped) this.names.cutTo(named);
  }

  // ---- records of connectors

  /** Gaps and back-fills; sources come from the connections themselves. */
  private records({ payload, connection, anchorWallUs }: JournalEntry): void {
    const { writer } = this.parts;
    const bytes = Uint8Array.from(payload);
    const [u16, u32] = [new Uint16Array(bytes.buffer), new Uint32Array(bytes.buffer)];
    const f64 = new Float64Array(bytes.buffer);
    writer.beginAt(this.atNs);
    for (let slot = 0; slot < bytes.length / SLOT_BYTES; slot++) {
      const type = bytes[slot * SLOT_BYTES];
      if (type !== RecordType.gap && type !== RecordType.backfill) continue;
      // It tells of frames that are applied here, or of what a gap of no count has told of.
      if (isOfDrops(bytes, f64, slot)) continue;
      const market = this.names.of(u16[slot * SLOT_U16 + 1]);
      if (market < 0) {
        this.read.unplaced++;
        continue;
      }
      u32[slot * SLOT_U32] = (u32[slot * SLOT_U32] & 0xffff) | (market << 16);
      const timeAt = slot * SLOT_F64 + (type === RecordType.gap ? gap.at.receiveTimeNs : backfill.at.receiveTimeNs);
      f64[timeAt] += (anchorWallUs - this.memory.anchor.wallUs) * 1000;
      this.announce(market, connection);
      writer.writeSlot(market, bytes, slot * SLOT_BYTES);
    }
    writer.endRecords();
  }

  /** Says whose the record that follows is, where the market's last was another's. */
  private announce(market: number, connection: number): void {
    const { writer, connections } = this.parts;
    const number = this.numbers.get(connection);
    const known = connections.feedMarkets.connection;
    if (number === undefined || known[market] === number) return;
    const slot = writer.claim(market, RecordType.source);
    writer.f64[slot * SLOT_F64 + source.at.connection] = number;
    known[market] = number;
  }

  // ---- what is not known

  /** A torn end is the end of what is known: nothing follows that could be wrong. */
  private miss(damage: JournalDamage): void {
    const { read } = this;
    const { afterSequence, beforeSequence } = damage;
    if (++read.damageCount <= DAMAGES_TOLD_MAX) this.damages.push(damageSentence(damage));
    if (beforeSequence !== null) read.missing += Math.max(0, beforeSequence - afterSequence - 1);
    if (losesEntries(damage) && damage.kind !== 'torn-tail') this.doubtAll();
  }

  /** What the missing entries held of any market of this journal is not known, and neither is what decoders would have seen. */
  private doubtAll(): void {
    const known = this.names.known;
    this.names.doubt();
    for (const { session } of this.sessions.values()) session.beginAnew();
    for (const market of known) this.parts.connections.feedMarkets.connection[market] = 0;
    this.writeGaps(known, StateReason.journalHole);
  }

  /**
   * Another engine begins: between it and the one before, connections without a name may have missed something. Producers
   * with a name go on.
   */
  private beginAnew(): void {
    this.read.starts++;
    const markets = new Set<number>();
    for (const [connection, { session }] of [...this.sessions]) {
      if (session instanceof ProducerSession) continue;
      for (const market of session.seenMarkets) markets.add(market);
      this.close(connection);
    }
    this.writeGaps(markets, StateReason.restart);
  }

  private writeGaps(markets: Iterable<number>, reason: StateReason): void {
    const { writer } = this.parts;
    for (const market of markets) {
      writer.beginEntry(this.atNs);
      writer.writeGap(market, reason, 0);
      writer.endRecords();
    }
  }
}

function isOfDrops(bytes: Uint8Array, f64: Float64Array, slot: number): boolean {
  if (bytes[slot * SLOT_BYTES] !== RecordType.gap || f64[slot * SLOT_F64 + gap.at.lost] === 0) return false;
  return bytes[slot * SLOT_BYTES + gap.at.flags] === StateReason.drop;
}

function jsonOf<Value>(payload: Uint8Array): Value {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as Value;
}
