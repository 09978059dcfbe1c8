// Makes the records of one shard again, from a checkpoint and the journal behind it.

import { REBUILD_DEADLINE_MS } from '../../schemas/config.ts';
import { DIALECTS, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { EngineClock } from '../base/clock.ts';
import type { Checkpoint } from '../journal/checkpoint.ts';
import { decodeCheckpoint } from '../journal/checkpoint-file.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { JournalFolder } from '../journal/files.ts';
import { type JournalItem, JournalTail, losesEntries, type TailClock } from '../journal/journal-reader.ts';
import { checkpointName } from '../journal/names.ts';
import { MarketNames } from '../memory/market-names.ts';
import { createRing, type RingMemory, RingReader } from '../ring/spsc-ring.ts';
import { MarketDirectory } from '../route/markets.ts';
import { Connections } from './connections.ts';
import { DECODERS } from './decoders.ts';
import { FrameWriter } from './frame-writer.ts';
import { JournalReplay } from './journal-replay.ts';
import { rebuildMemory } from './rebuild-memory.ts';
import type { FromRebuild, Poisoned, RebuildStart } from './rebuild-messages.ts';
import { rejectedFrame } from './rejected-frames.ts';

export type RebuildParts = {
  readonly folder: JournalFolder;
  /** Lets time pass while the journal is being written. */
  readonly clock: TailClock;
  readonly tell: (message: FromRebuild) => void;
};

/** Entries between two words of progress: some ten ms of work, or a disk that reads 1 MB in a minute. */
const PROGRESS_ENTRIES = 4096;

type Made = { readonly writer: FrameWriter; readonly replay: JournalReplay };

/** Thread: one of its own, or any where nothing else goes on meanwhile. */
export class RebuildRecords {
  private readonly start: RebuildStart;
  private readonly parts: RebuildParts;
  private readonly clock: EngineClock;
  private readonly checkpoint: Checkpoint | null;

  /** Throws where the checkpoint cannot be read. */
  constructor(start: RebuildStart, parts: RebuildParts) {
    this.start = start;
    this.parts = parts;
    this.clock = new EngineClock(start.memory.anchor);
    this.checkpoint = start.checkpoint === null ? null : this.readCheckpoint(start.checkpoint);
  }

  /** Tells the images, then puts the records into the ring. Throws where entries are missing. */
  run(): void {
    const poisons = this.poisons();
    this.tellImages();
    this.make(poisons);
  }

  private readCheckpoint(number: number): Checkpoint {
    const { folder } = this.parts;
    const name = checkpointName(number);
    return decodeCheckpoint(folder.read(name, 0, folder.sizeOf(name)));
  }

  /** The engine that wrote the checkpoint may have had another number of shards. */
  private tellImages(): void {
    const { memory, shard: own } = this.start;
    const all = this.checkpoint?.shards ?? [];
    const markets = all.flatMap((shard) => shard.markets).filter(({ id }) => id % memory.shards.length === own);
    const clockUs = (word: 0 | 1): number =>
      Math.max(...all.map((shard) => shard.clockUs[word] ?? -Infinity), -Infinity);
    const images = markets.map(({ id, name, image }) => ({ id, name, image: image.slice() }));
    this.parts.tell({ op: 'begun', clockUs: [clockUs(0), clockUs(1)], markets: images });
  }

  /** Entries behind the checkpoint; throws where some are missing. */
  private *entries(): Generator<JournalEntry, void, undefined> {
    const { untilSequence } = this.start;
    const { folder, clock } = this.parts;
    const from = (this.checkpoint?.sequence ?? 0) + 1;
    if (from > untilSequence) return;
    const tail = new JournalTail(folder, from, clock);
    let left = PROGRESS_ENTRIES;
    for (const item of tail.readTo(untilSequence, clock.nowMs() + REBUILD_DEADLINE_MS)) {
      if (--left === 0) {
        this.parts.tell({ op: 'progress' });
        left = PROGRESS_ENTRIES;
      }
      const entry = this.entryOf(item);
      if (entry !== null && entry.sequence <= untilSequence) yield entry;
    }
    if (tail.sequence < untilSequence)
      throw new Error(`expected entries up to ${untilSequence}, was ${tail.sequence} in time`);
  }

  private entryOf(item: JournalItem): JournalEntry | null {
    if (item.kind === 'entry') return item.entry;
    const { damage } = item;
    if (losesEntries(damage) && damage.afterSequence < this.start.untilSequence)
      throw new Error(`expected every entry, was ${damage.kind} behind ${damage.afterSequence} in ${damage.file}`);
    return null;
  }

  private begin(ring: RingMemory, poisons: readonly Poisoned[]): Made {
    const { memory: own, shard, accepts } = this.start;
    const memory = rebuildMemory(own, shard, ring);
    const { marketsMax } = memory;
    const markets = new MarketDirectory(memory, accepts);
    const writer = new FrameWriter(memory, this.clock, 'block-without-limit', { onlyShard: shard });
    const connections = new Connections(writer, marketsMax);
    const replay = new JournalReplay(
      { writer, markets, marketsMax, connections, decoders: DECODERS },
      {
        image: this.checkpoint?.ingress ?? null,
        anchorWallUs: memory.anchor.wallUs,
        poisons: poisons.map(({ sequence, id }) => ({ sequence, market: id })),
      },
    );
    return { writer, replay };
  }

  private poisons(): readonly Poisoned[] {
    const { poisonAt, poisons, memory } = this.start;
    if (poisonAt === null) return poisons;
    const { market: id } = poisonAt;
    return [...poisons, { sequence: this.entryAt(poisonAt), id, market: new MarketNames(memory).of(id).name }];
  }

  /** The entry that a record comes from: everything is made once, into a ring of our own, and counted. */
  private entryAt(place: NonNullable<RebuildStart['poisonAt']>): number {
    const { memory: own, shard, poisons } = this.start;
    const memory = createRing(own.shards[shard].input.slots);
    const { writer, replay } = this.begin(memory, poisons);
    const ring = new RingReader(memory);
    let left = place.index + 1;
    for (const entry of this.entries()) {
      replay.take(entry);
      writer.commit();
      const records = takeRecords(ring);
      if (entry.sequence > place.afterSequence) left -= records;
      if (left <= 0) return entry.sequence;
    }
    throw new Error(`expected the record that ended the shard up to entry ${place.untilSequence}, was none`);
  }

  /** A stamp ends each entry that made records, so that a record that ends the shard is known by its entry. */
  private make(poisons: readonly Poisoned[]): void {
    const { ring, shard, mutedSequence } = this.start;
    const { writer, replay } = this.begin(ring, poisons);
    const bySequence = new Map(poisons.map((poison) => [poison.sequence, poison]));
    let isMutePassed = (this.checkpoint?.sequence ?? 0) >= mutedSequence;
    if (isMutePassed) writer.stampAnyway(shard);
    for (const entry of this.entries()) {
      replay.take(entry);
      const poison = bySequence.get(entry.sequence);
      if (poison !== undefined) this.tellPoison(entry, poison);
      if (entry.sequence >= mutedSequence && !isMutePassed) writer.stampAnyway(shard);
      else writer.commit();
      isMutePassed ||= entry.sequence >= mutedSequence;
    }
    writer.stampAnyway(shard);
  }

  private tellPoison(entry: JournalEntry, poison: Poisoned): void {
    const { payload, connection, dialect, anchorWallUs, receiveTimeNs } = entry;
    const timeUs = anchorWallUs + Math.round(receiveTimeNs / 1000);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const frame = rejectedFrame('poison', timeUs, connection, DIALECTS[dialect] ?? '', null, view, 0, payload.length);
    this.parts.tell({ op: 'left-out', poison, frame });
  }
}

/** How many records are in a ring that are no stamps; all are thrown away. */
function takeRecords(ring: RingReader): number {
  const count = ring.available();
  let records = 0;
  for (let offset = 0; offset < count; offset++)
    if (ring.u8[ring.slotAt(offset) * SLOT_BYTES] !== RecordType.stamp) records++;
  ring.release(count);
  return records;
}
