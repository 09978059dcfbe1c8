// What the journal says of itself in shared memory: how far it is written, durable and safe, and which checkpoint it wants.

import { JournalNumber, JournalState, journalRingWords } from '../../schemas/journal.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import type { BlockBuffer } from './block-buffer.ts';
import type { JournalOptions } from './journal-options.ts';

const NO_FLOOR = Number.POSITIVE_INFINITY;

/**
 * Holes and failed syncs hold promises back until a checkpoint stands behind them, because only it has what they lack:
 * `durable` stops before what a failed sync left uncertain, `safe` also before a hole.
 */
export class JournalPromises {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly options: JournalOptions;
  private writtenTo = 0;
  private syncedTo = 0;
  /** Entries that a failed sync left uncertain, from and to; 0 for none. */
  private uncertainFrom = 0;
  private uncertainTo = 0;
  private holeFrom = 0;
  private holeTo = 0;
  /** Entries of the newest two checkpoints. */
  private newestCheckpoint = 0;
  private olderCheckpoint = 0;
  private wanted = 0;

  constructor(memory: JournalMemory, options: JournalOptions) {
    this.words = new Int32Array(memory.words);
    this.numbers = new Float64Array(memory.numbers);
    this.options = options;
  }

  get written(): number {
    return this.writtenTo;
  }

  get isUnsynced(): boolean {
    return this.writtenTo > this.syncedTo;
  }

  get checkpointSequence(): number {
    return this.newestCheckpoint;
  }

  /** All of the folder is on the disk, and goes on behind this entry. */
  begin(sequence: number): void {
    this.writtenTo = sequence;
    this.syncedTo = sequence;
    this.publish();
    this.showState(false);
  }

  wrote(block: BlockBuffer): void {
    this.writtenTo = block.lastSequence;
    if (block.holes > 0) {
      this.numbers[JournalNumber.holes] += block.holes;
      if (this.holeTo === 0) this.holeFrom = block.holeFrom;
      this.holeTo = block.holeTo;
      this.wantCheckpoint(block.holeTo);
    }
    this.publish();
  }

  synced(): void {
    this.syncedTo = this.writtenTo;
    this.publish();
  }

  /** Everything since the last sync may be missing on the disk, whatever later syncs say. */
  syncFailed(): void {
    if (this.uncertainTo === 0) this.uncertainFrom = this.syncedTo + 1;
    this.uncertainTo = this.writtenTo;
    this.syncedTo = this.writtenTo;
    this.wantCheckpoint(this.uncertainTo);
    this.publish();
  }

  /** What was written is gone: nothing more is safe before a checkpoint stands behind it. */
  forget(): void {
    this.holeFrom = 1;
    this.holeTo = this.writtenTo;
    this.wantCheckpoint(this.writtenTo);
    this.publish();
  }

  checkpointed(number: number, sequence: number): void {
    this.olderCheckpoint = this.newestCheckpoint;
    this.newestCheckpoint = sequence;
    this.numbers[JournalNumber.checkpoint] = number;
    this.numbers[JournalNumber.checkpointSequence] = sequence;
    if (this.wanted <= sequence) this.wanted = 0;
    this.publish();
  }

  wantCheckpoint(sequence: number): void {
    if (!this.options.keepsForRecovery || sequence <= this.newestCheckpoint) return;
    this.wanted = Math.max(this.wanted, sequence);
    this.publish();
  }

  /** Up to this entry segments may go: what the older checkpoint needs is kept while there is room for it. */
  removableTo(isOverBytes: boolean): number {
    if (!this.options.keepsForRecovery) return NO_FLOOR;
    return isOverBytes || this.olderCheckpoint === 0 ? this.newestCheckpoint : this.olderCheckpoint;
  }

  showState(isDegraded: boolean): void {
    this.store(isDegraded ? JournalState.degraded : JournalState.on);
  }

  close(): void {
    this.store(JournalState.closed);
  }

  private store(state: JournalState): void {
    Atomics.store(this.words, journalRingWords.at.state, state);
  }

  private publish(): void {
    if (!this.options.keepsForRecovery || this.holeTo <= this.newestCheckpoint) this.holeTo = 0;
    if (!this.options.keepsForRecovery || this.uncertainTo <= this.newestCheckpoint) this.uncertainTo = 0;
    const durable = this.uncertainTo > 0 ? this.uncertainFrom - 1 : this.syncedTo;
    const promised = this.options.syncPolicy === 'always' ? durable : this.writtenTo;
    const safe = this.holeTo > 0 ? Math.min(promised, this.holeFrom - 1) : promised;
    this.numbers[JournalNumber.written] = this.writtenTo;
    this.numbers[JournalNumber.durable] = durable;
    this.numbers[JournalNumber.safe] = Math.max(safe, this.numbers[JournalNumber.safe]);
    this.numbers[JournalNumber.checkpointWanted] = this.wanted;
  }
}
