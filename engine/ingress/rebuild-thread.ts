// The entry of a rebuild thread: makes the records of one shard again, from a checkpoint and the journal, and ends.

import { parentPort, workerData } from 'node:worker_threads';
import { REBUILD_DEADLINE_MS } from '../../schemas/config.ts';
import { DIALECTS, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { assert } from '../base/assert.ts';
import { EngineClock } from '../base/clock.ts';
import type { Checkpoint } from '../journal/checkpoint.ts';
import { decodeCheckpoint } from '../journal/checkpoint-file.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { type JournalItem, JournalTail, losesEntries } from '../journal/journal-reader.ts';
import { checkpointName } from '../journal/names.ts';
import { NodeFolder } from '../journal/node-folder.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
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

const start = workerData as RebuildStart;
const port = parentPort;
assert(port !== null, 'rebuild thread: expected to be a worker thread');

const folder = NodeFolder.existing(start.folder);
const clock = new EngineClock(start.memory.anchor);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function tell(message: FromRebuild, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function readCheckpoint(number: number): Checkpoint {
  const name = checkpointName(number);
  return decodeCheckpoint(folder.read(name, 0, folder.sizeOf(name)));
}

/** The engine that wrote the checkpoint may have had another number of shards. */
function tellImages(checkpoint: Checkpoint | null): void {
  const shards = start.memory.shards.length;
  const all = checkpoint?.shards ?? [];
  const markets = all.flatMap((shard) => shard.markets).filter(({ id }) => id % shards === start.shard);
  const clockUs = (word: 0 | 1): number => Math.max(...all.map((shard) => shard.clockUs[word] ?? -Infinity), -Infinity);
  const own = markets.map(({ id, name, image }) => ({ id, name, image: image.slice() }));
  tell({ op: 'begun', clockUs: [clockUs(0), clockUs(1)], markets: own });
}

/** Entries behind the checkpoint; throws where some are missing. */
function* entriesBehind(checkpoint: Checkpoint | null): Generator<JournalEntry, void, undefined> {
  const from = (checkpoint?.sequence ?? 0) + 1;
  if (from > start.untilSequence) return;
  const wait = (ms: number): void => void Atomics.wait(sleeper, 0, 0, ms);
  const tail = new JournalTail(folder, from, { nowMs: () => performance.now(), wait });
  for (const item of tail.readTo(start.untilSequence, performance.now() + REBUILD_DEADLINE_MS)) {
    const entry = entryOf(item);
    if (entry !== null && entry.sequence <= start.untilSequence) yield entry;
  }
  if (tail.sequence < start.untilSequence)
    throw new Error(`expected entries up to ${start.untilSequence}, was ${tail.sequence} in time`);
}

function entryOf(item: JournalItem): JournalEntry | null {
  if (item.kind === 'entry') return item.entry;
  const { damage } = item;
  if (losesEntries(damage) && damage.afterSequence < start.untilSequence)
    throw new Error(`expected every entry, was ${damage.kind} behind ${damage.afterSequence} in ${damage.file}`);
  return null;
}

type Made = { readonly writer: FrameWriter; readonly replay: JournalReplay };

function begin(memory: EngineMemory, checkpoint: Checkpoint | null, poisons: readonly Poisoned[]): Made {
  const { marketsMax } = memory;
  const markets = new MarketDirectory(memory, start.accepts);
  const writer = new FrameWriter(memory, clock, 'block-without-limit', { onlyShard: start.shard });
  const connections = new Connections(writer, marketsMax);
  const image = checkpoint?.ingress ?? null;
  const replay = new JournalReplay(
    { writer, markets, marketsMax, connections, decoders: DECODERS },
    {
      image,
      anchorWallUs: memory.anchor.wallUs,
      poisons: poisons.map(({ sequence, id }) => ({ sequence, market: id })),
    },
  );
  return { writer, replay };
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

/** The entry that a record comes from: everything is made once, into a ring of our own, and counted. */
function entryAt(checkpoint: Checkpoint | null, place: NonNullable<RebuildStart['poisonAt']>): number {
  const memory = createRing(start.memory.shards[start.shard].input.slots);
  const { writer, replay } = begin(rebuildMemory(start.memory, start.shard, memory), checkpoint, start.poisons);
  const ring = new RingReader(memory);
  let left = place.index + 1;
  for (const entry of entriesBehind(checkpoint)) {
    replay.take(entry);
    writer.commit();
    const records = takeRecords(ring);
    if (entry.sequence > place.afterSequence) left -= records;
    if (left <= 0) return entry.sequence;
  }
  throw new Error(`expected the record that ended the shard up to entry ${place.untilSequence}, was none`);
}

function poisonsOf(checkpoint: Checkpoint | null): readonly Poisoned[] {
  const { poisonAt, poisons } = start;
  if (poisonAt === null) return poisons;
  const { market: id } = poisonAt;
  return [
    ...poisons,
    { sequence: entryAt(checkpoint, poisonAt), id, market: new MarketNames(start.memory).of(id).name },
  ];
}

function tellPoison(entry: JournalEntry, poison: Poisoned): void {
  const { payload, connection, dialect, anchorWallUs, receiveTimeNs } = entry;
  const timeUs = anchorWallUs + Math.round(receiveTimeNs / 1000);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const frame = rejectedFrame('poison', timeUs, connection, DIALECTS[dialect] ?? '', null, view, 0, payload.length);
  tell({ op: 'left-out', poison, frame });
}

/** A stamp ends each entry that made records, so that a record that ends the shard is known by its entry. */
function make(ring: RingMemory, checkpoint: Checkpoint | null, poisons: readonly Poisoned[]): void {
  const { writer, replay } = begin(rebuildMemory(start.memory, start.shard, ring), checkpoint, poisons);
  const bySequence = new Map(poisons.map((poison) => [poison.sequence, poison]));
  let isMutePassed = (checkpoint?.sequence ?? 0) >= start.mutedSequence;
  if (isMutePassed) writer.stampAnyway(start.shard);
  for (const entry of entriesBehind(checkpoint)) {
    replay.take(entry);
    const poison = bySequence.get(entry.sequence);
    if (poison !== undefined) tellPoison(entry, poison);
    if (entry.sequence >= start.mutedSequence && !isMutePassed) writer.stampAnyway(start.shard);
    else writer.commit();
    isMutePassed ||= entry.sequence >= start.mutedSequence;
  }
  writer.stampAnyway(start.shard);
}

try {
  const checkpoint = start.checkpoint === null ? null : readCheckpoint(start.checkpoint);
  const poisons = poisonsOf(checkpoint);
  tellImages(checkpoint);
  make(start.ring, checkpoint, poisons);
  tell({ op: 'ended', problem: null });
} catch (error) {
  tell({ op: 'ended', problem: error instanceof Error ? error.message : String(error) });
}
