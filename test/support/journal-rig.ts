// A journal in one thread for tests: ring, writer on a folder in memory, virtual clock, and readers of what was written.

import type { Checkpoint } from '../../engine/journal/checkpoint.ts';
import type { JournalDamage, JournalEntry } from '../../engine/journal/entry.ts';
import type { JournalFolder } from '../../engine/journal/files.ts';
import type { JournalEvent, JournalOpened, JournalOptions } from '../../engine/journal/journal-options.ts';
import { readEntries } from '../../engine/journal/journal-reader.ts';
import { JournalWriter } from '../../engine/journal/journal-writer.ts';
import { RingJournalLog } from '../../engine/journal/ring-log.ts';
import { createJournalMemory, type JournalMemory } from '../../engine/memory/engine-memory.ts';
import { JournalKind, JournalNumber } from '../../schemas/journal.ts';
import { MemoryFolder } from './memory-folder.ts';

export const ANCHOR_WALL_US = 1_700_000_000_000_000;

export const JOURNAL_OPTIONS: JournalOptions = {
  syncPolicy: 'interval',
  syncMs: 1000,
  segmentBytes: 1024 * 1024,
  bytesMax: Number.POSITIVE_INFINITY,
  ageMsMax: Number.POSITIVE_INFINITY,
  keepsForRecovery: true,
};

/** One life of an engine's journal; make another on the same folder for the next life. */
export class JournalRig {
  readonly memory: JournalMemory;
  readonly numbers: Float64Array;
  readonly events: JournalEvent[] = [];
  readonly writer: JournalWriter;
  readonly opened: JournalOpened;
  readonly log: RingJournalLog;
  readonly folder: MemoryFolder;
  private readonly clock: RigClock;

  constructor(
    folder = new MemoryFolder(),
    options: Partial<JournalOptions> = {},
    ringBytes = 1 << 20,
    clock = new RigClock(),
  ) {
    this.folder = folder;
    this.clock = clock;
    this.memory = createJournalMemory(ringBytes);
    this.numbers = new Float64Array(this.memory.numbers);
    this.writer = new JournalWriter(
      this.memory,
      folder,
      { ...JOURNAL_OPTIONS, ...options },
      clock,
      ANCHOR_WALL_US,
      (event) => this.events.push(event),
    );
    this.opened = this.writer.open();
    this.log = new RingJournalLog(this.memory, this.opened.sequence);
  }

  number(name: keyof typeof JournalNumber): number {
    return this.numbers[JournalNumber[name]];
  }

  /** Puts a frame of this text into the ring; returns its number. */
  frame(text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.log.frame(1, 2, 0, 1, 1000, 0, new DataView(bytes.buffer), 0, bytes.length);
  }

  /** Commits, lets this time pass, and turns the writer until it has nothing to do. */
  write(passMs = 10): void {
    this.log.commit();
    this.writer.turn();
    this.clock.pass(passMs);
    for (let turns = 0; turns < 1000 && this.writer.turn() > 0; turns++);
  }

  pass(ms: number): void {
    this.clock.pass(ms);
  }
}

export class RigClock {
  private timeMs = 1;

  nowMs = (): number => this.timeMs;

  wallUs = (): number => ANCHOR_WALL_US + this.timeMs * 1000;

  pass = (ms: number): void => {
    this.timeMs += ms;
  };
}

export type JournalContent = { readonly entries: readonly JournalEntry[]; readonly missing: readonly JournalDamage[] };

/** All entries, with payloads of their own, and all that is missing. */
export function contentOf(folder: JournalFolder, fromSequence = 0): JournalContent {
  const entries: JournalEntry[] = [];
  const missing: JournalDamage[] = [];
  for (const item of readEntries(folder, fromSequence)) {
    if (item.kind === 'entry') entries.push({ ...item.entry, payload: item.entry.payload.slice() });
    else missing.push(item.damage);
  }
  return { entries, missing };
}

export function textOf(entry: JournalEntry): string {
  return new TextDecoder().decode(entry.payload);
}

export function framesOf(folder: JournalFolder): string[] {
  return contentOf(folder)
    .entries.filter(({ kind }) => kind === JournalKind.frame)
    .map(textOf);
}

export function checkpointOf(
  number: number,
  sequence: number,
  image: Uint8Array = new Uint8Array([1, 2, 3]),
): Checkpoint {
  return {
    number,
    sequence,
    build: 'test',
    anchorWallUs: ANCHOR_WALL_US,
    ingress: {
      sequence,
      nextConnection: 7,
      nextClockUs: 100,
      marketNames: ['binance:BTCUSDT'],
      connections: [
        {
          connection: 3,
          dialect: 'json',
          source: 'pushed',
          producer: 'desk',
          address: null,
          markets: [0],
          lastFrameNs: 5,
          decoder: new Uint8Array([9, 8]),
        },
      ],
      producers: [{ id: 'desk', lastSequence: 12 }],
      sources: [[0, 3]],
    },
    shards: [{ shard: 0, clockUs: [0, 100], markets: [{ id: 0, name: 'binance:BTCUSDT', image }] }],
  };
}
