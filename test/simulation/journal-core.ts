// The journal thread of a simulated run: the writer itself over files in memory, whose disk fails and whose machine ends.

import { EngineClock } from '../../engine/base/clock.ts';
import type { Checkpoint } from '../../engine/journal/checkpoint.ts';
import { readCheckpoint } from '../../engine/journal/checkpoint-file.ts';
import type { JournalOpened } from '../../engine/journal/journal-options.ts';
import { readEntries } from '../../engine/journal/journal-reader.ts';
import { JournalWriter } from '../../engine/journal/journal-writer.ts';
import type { EngineMemory, JournalMemory } from '../../engine/memory/engine-memory.ts';
import { JournalNumber } from '../../schemas/journal.ts';
import type { MemoryFolder } from '../support/memory-folder.ts';
import type { Kept } from './accounts.ts';
import type { Choices } from './choices.ts';

/** Small, so that a run writes several. */
const SEGMENT_BYTES = 32 * 1024;

export class JournalCore {
  readonly folder: MemoryFolder;
  readonly opened: JournalOpened;
  private readonly numbers: Float64Array;
  private readonly writer: JournalWriter;

  constructor(memory: EngineMemory, journal: JournalMemory, folder: MemoryFolder) {
    this.folder = folder;
    this.numbers = new Float64Array(journal.numbers);
    const clock = new EngineClock(memory.anchor);
    const nowMs = (): number => clock.nowNs() / 1e6;
    const limits = { segmentBytes: SEGMENT_BYTES, bytesMax: 1e9, ageMsMax: 1e9 };
    const options = { ...limits, syncPolicy: 'always', syncMs: 1_000, keepsForRecovery: true } as const;
    const wallUs = (): number => clock.wallUs(clock.nowNs());
    const { anchor } = memory;
    this.writer = new JournalWriter(journal, folder, options, { nowMs, wallUs }, anchor.wallUs, () => undefined);
    this.opened = this.writer.open();
  }

  turn(): number {
    return this.writer.turn();
  }

  number(name: keyof typeof JournalNumber): number {
    return this.numbers[JournalNumber[name]];
  }

  store(checkpoint: Checkpoint, done: (isWritten: boolean) => void): void {
    this.writer.writeCheckpoint(checkpoint, done);
  }
}

/** The disk fills up, fails, takes little at once, or is slow. */
export function faultDisk({ faults }: MemoryFolder, choices: Choices): void {
  const kind = choices.below(4);
  if (kind === 0) faults.spaceBytes = choices.below(4_096);
  else if (kind === 1) faults.failing.set(choices.pick(['append', 'sync'] as const), 'EIO');
  else if (kind === 2) faults.appendBytesMax = choices.between(1, 500);
  else faults.syncMs = choices.between(1, 200);
}

export function mendDisk({ faults }: MemoryFolder): void {
  faults.spaceBytes = Number.POSITIVE_INFINITY;
  faults.appendBytesMax = Number.POSITIVE_INFINITY;
  faults.syncMs = 0;
  faults.failing.clear();
}

/** What the next process will find. */
export function keptIn(folder: MemoryFolder): Kept {
  const checkpoint = readCheckpoint(folder).checkpoint?.sequence ?? 0;
  const entries = new Set<number>();
  for (const item of readEntries(folder, checkpoint + 1)) if (item.kind === 'entry') entries.add(item.entry.sequence);
  return { checkpoint, has: (entry) => entry > 0 && (entry <= checkpoint || entries.has(entry)) };
}
