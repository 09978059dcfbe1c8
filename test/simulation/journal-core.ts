// The journal thread of a simulated run: the writer itself over files in memory, whose disk fails and whose machine ends.

import { EngineClock } from '../../engine/base/clock.ts';
import { readEntries } from '../../engine/journal/journal-reader.ts';
import { JournalWriter } from '../../engine/journal/journal-writer.ts';
import { MemoryFolder } from '../../engine/journal/memory-folder.ts';
import { RingJournalLog } from '../../engine/journal/ring-log.ts';
import type { EngineMemory, JournalMemory } from '../../engine/memory/engine-memory.ts';
import { JournalKind } from '../../schemas/journal.ts';
import type { Choices } from './choices.ts';

/** Small, so that a run writes several. */
const SEGMENT_BYTES = 32 * 1024;

export class JournalCore {
  readonly folder = new MemoryFolder();
  readonly log: RingJournalLog;
  private readonly writer: JournalWriter;

  constructor(memory: EngineMemory, journal: JournalMemory) {
    const clock = new EngineClock(memory.anchor);
    const nowMs = (): number => clock.nowNs() / 1e6;
    const limits = { segmentBytes: SEGMENT_BYTES, bytesMax: 1e9, ageMsMax: 1e9 };
    const options = { ...limits, syncPolicy: 'always', syncMs: 1_000, keepsForRecovery: true } as const;
    const wallUs = (): number => clock.wallUs(clock.nowNs());
    const { anchor } = memory;
    this.writer = new JournalWriter(journal, this.folder, options, { nowMs, wallUs }, anchor.wallUs, () => undefined);
    this.writer.open();
    this.log = new RingJournalLog(journal, 0);
    this.log.start(
      Buffer.from(JSON.stringify({ version: '0', shards: memory.shards.length, node: '' })),
      clock.nowNs(),
    );
    this.log.commit();
  }

  turn(): number {
    return this.writer.turn();
  }

  /** The disk fills up, fails, or takes little at once. */
  fault(choices: Choices): void {
    const { faults } = this.folder;
    const kind = choices.below(3);
    if (kind === 0) faults.spaceBytes = choices.below(4_096);
    else if (kind === 1) faults.failing.set(choices.pick(['append', 'sync'] as const), 'EIO');
    else faults.appendBytesMax = choices.between(1, 500);
  }

  mend(): void {
    const { faults } = this.folder;
    faults.spaceBytes = Number.POSITIVE_INFINITY;
    faults.appendBytesMax = Number.POSITIVE_INFINITY;
    faults.failing.clear();
  }

  /** The machine ends: numbers of producers' messages that are in what is left. */
  crash(choices: Choices): Set<number> {
    this.mend();
    this.folder.crash(() => choices.below(2 ** 20) / 2 ** 20);
    const found = new Set<number>();
    for (const item of readEntries(this.folder)) {
      if (item.kind === 'entry' && item.entry.kind === JournalKind.frame) found.add(item.entry.producerSequence);
    }
    return found;
  }
}
