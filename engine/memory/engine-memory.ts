// All shared memory of one engine: made by the main thread, handed to every other as it is.

import { COMMAND_RING_SLOTS, INPUT_RING_SLOTS, OUTPUT_RING_SLOTS } from '../../schemas/config.ts';
import { INGRESS_COUNTERS, MARKET_COUNTER_COLUMNS, SHARD_COUNTERS } from '../../schemas/counters.ts';
import { fingerprint } from '../../schemas/fingerprint.ts';
import { JOURNAL_NUMBERS, journalRingWords } from '../../schemas/journal.ts';
import { engineWords, latest, marketRow, shardMarks, shardWords } from '../../schemas/shared-state.ts';
import { SIGNAL_WORDS } from '../../schemas/signals.ts';
import { type ClockAnchor, takeAnchor } from '../base/clock.ts';
import { LATENCY_BYTES } from '../observe/latency.ts';
import { DOORBELL_BYTES } from '../ring/doorbell.ts';
import { createRing, type RingMemory } from '../ring/spsc-ring.ts';

/** Memory of one shard. */
export type ShardMemory = {
  /** Int32 words, shardWords. */
  readonly words: SharedArrayBuffer;
  /** The shard's doorbell: rung by ingress and by main. */
  readonly doorbell: SharedArrayBuffer;
  readonly input: RingMemory;
  readonly command: RingMemory;
  readonly output: RingMemory;
  /** Float64, SHARD_COUNTERS. */
  readonly counters: SharedArrayBuffer;
  /** Two recorders: ring-wait, apply. */
  readonly latency: SharedArrayBuffer;
  /** Float64, shardMarks. */
  readonly marks: SharedArrayBuffer;
};

/** What ingress, the journal thread and main share. */
export type JournalMemory = {
  /** Int32 words, journalRingWords. */
  readonly words: SharedArrayBuffer;
  /** Rung by ingress (commit) and main (stop), slept on by the journal thread. */
  readonly doorbell: SharedArrayBuffer;
  /** Entries as they will stand in blocks, one after another, wrapping at 8-byte words. */
  readonly ring: SharedArrayBuffer;
  /** Float64, JOURNAL_NUMBERS. */
  readonly numbers: SharedArrayBuffer;
};

export type EngineMemory = {
  readonly fingerprint: string;
  readonly anchor: ClockAnchor;
  readonly marketsMax: number;
  /** Int32 words, engineWords. */
  readonly words: SharedArrayBuffer;
  /** marketRow for each market. */
  readonly marketRows: SharedArrayBuffer;
  /** Int32 per market: Interest bits someone listens to. Writer: main. */
  readonly interest: SharedArrayBuffer;
  /** Int32, SIGNAL_WORDS per market: bits of the signals someone listens to. Writer: main. */
  readonly signalInterest: SharedArrayBuffer;
  /** Int32, SIGNAL_WORDS: bits of the signals that are switched off. Writers: main and the shards, by atomic or. */
  readonly signalsOff: SharedArrayBuffer;
  /** `latest` for each market. */
  readonly latest: SharedArrayBuffer;
  /** Float64 per market and column, MARKET_COUNTERS. */
  readonly marketCounters: SharedArrayBuffer;
  /** Float64, INGRESS_COUNTERS. */
  readonly ingressCounters: SharedArrayBuffer;
  /** One recorder: decode. */
  readonly ingressLatency: SharedArrayBuffer;
  /** One recorder each: pauses for garbage collection. */
  readonly mainGcPauses: SharedArrayBuffer;
  readonly ingressGcPauses: SharedArrayBuffer;
  /** One recorder: how late the main thread's event loop is. */
  readonly mainLoopDelay: SharedArrayBuffer;
  /** The main thread's doorbell: rung by the shards. */
  readonly mainDoorbell: SharedArrayBuffer;
  /** The ring of bytes to the journal thread; null without a journal. */
  readonly journal: JournalMemory | null;
  readonly shards: readonly ShardMemory[];
};

export type MemorySizes = {
  readonly shards: number;
  readonly marketsMax: number;
  readonly inputSlots?: number;
  readonly outputSlots?: number;
  /** Bytes of the ring to the journal thread; 0 or nothing for no journal. */
  readonly journalRingBytes?: number;
};

export function createJournalMemory(ringBytes: number): JournalMemory {
  return {
    words: new SharedArrayBuffer(journalRingWords.sizeBytes),
    doorbell: new SharedArrayBuffer(DOORBELL_BYTES),
    ring: new SharedArrayBuffer(ringBytes),
    numbers: new SharedArrayBuffer(JOURNAL_NUMBERS.length * 8),
  };
}

function createShardMemory(sizes: MemorySizes): ShardMemory {
  return {
    words: new SharedArrayBuffer(shardWords.sizeBytes),
    doorbell: new SharedArrayBuffer(DOORBELL_BYTES),
    input: createRing(sizes.inputSlots ?? INPUT_RING_SLOTS),
    command: createRing(COMMAND_RING_SLOTS),
    output: createRing(sizes.outputSlots ?? OUTPUT_RING_SLOTS),
    counters: new SharedArrayBuffer(SHARD_COUNTERS.length * 8),
    latency: new SharedArrayBuffer(2 * LATENCY_BYTES),
    marks: new SharedArrayBuffer(shardMarks.sizeBytes),
  };
}

export function createEngineMemory(sizes: MemorySizes, anchor: ClockAnchor = takeAnchor()): EngineMemory {
  return {
    fingerprint: fingerprint(),
    anchor,
    marketsMax: sizes.marketsMax,
    words: new SharedArrayBuffer(engineWords.sizeBytes),
    marketRows: new SharedArrayBuffer(sizes.marketsMax * marketRow.sizeBytes),
    interest: new SharedArrayBuffer(sizes.marketsMax * 4),
    signalInterest: new SharedArrayBuffer(sizes.marketsMax * SIGNAL_WORDS * 4),
    signalsOff: new SharedArrayBuffer(SIGNAL_WORDS * 4),
    latest: new SharedArrayBuffer(sizes.marketsMax * latest.sizeBytes),
    marketCounters: new SharedArrayBuffer(sizes.marketsMax * MARKET_COUNTER_COLUMNS * 8),
    ingressCounters: new SharedArrayBuffer(INGRESS_COUNTERS.length * 8),
    ingressLatency: new SharedArrayBuffer(LATENCY_BYTES),
    mainGcPauses: new SharedArrayBuffer(LATENCY_BYTES),
    ingressGcPauses: new SharedArrayBuffer(LATENCY_BYTES),
    mainLoopDelay: new SharedArrayBuffer(LATENCY_BYTES),
    mainDoorbell: new SharedArrayBuffer(DOORBELL_BYTES),
    journal: (sizes.journalRingBytes ?? 0) > 0 ? createJournalMemory(sizes.journalRingBytes ?? 0) : null,
    shards: Array.from({ length: sizes.shards }, () => createShardMemory(sizes)),
  };
}

/** The shard of a market: ids are given in order of appearance, so this spreads them evenly. */
export function shardOf(market: number, shards: number): number {
  return market % shards;
}

/**
 * Has the system give all pages of the rings now, while nothing lies in them: else each is given when it is first written, and
 * the resident size of a healthy engine grows for as many minutes as its rings take to go round once.
 */
export function takeRingPages({ shards, journal }: EngineMemory): void {
  for (const { input, output } of shards) {
    new Uint8Array(input.memory).fill(0);
    new Uint8Array(output.memory).fill(0);
  }
  if (journal !== null) new Uint8Array(journal.ring).fill(0);
}
