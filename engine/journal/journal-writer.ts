// Writes the journal: takes entries from the ring, writes blocks, waits for the disk, and goes on after every failure.

import {
  JOURNAL_BLOCK_BYTES,
  JOURNAL_GROUP_MS,
  JOURNAL_RETRY_MS,
  JOURNAL_SLOW_MS,
  JOURNAL_TURN_BLOCKS,
} from '../../schemas/config.ts';
import { JournalNumber } from '../../schemas/journal.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import { BlockBuffer } from './block-buffer.ts';
import type { Checkpoint } from './checkpoint.ts';
import { CheckpointQueue } from './checkpoint-queue.ts';
import { errorCode, errorSentence, isDiskError } from './disk-error.ts';
import type { JournalFolder } from './files.ts';
import type { JournalClock, JournalEvent, JournalEventKind, JournalOpened, JournalOptions } from './journal-options.ts';
import { JournalPromises } from './journal-promises.ts';
import { RingEntries } from './ring-entries.ts';
import { SegmentStore } from './segment-store.ts';

/** How often segments are looked at for their age, and the newest for its name. */
const REMOVE_EVERY_MS = 1_000;
/** A disk that was slow is no longer when no call has been for this long. */
const CALM_MS = 5 * JOURNAL_SLOW_MS;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * An agent: turn() does a bounded piece of work and returns how much; somebody else owns the loop and the sleep.
 *
 *   ring ──► one block ──► newest segment ──► sync, by policy
 *
 * Where the disk fails, the block that failed and the ring are all that is held: the ring fills, and ingress counts what
 * finds no room. Each JOURNAL_RETRY_MS the block is tried again, in a new segment where the old one cannot be cut, so a
 * short failure loses nothing; after a long one the hole that ingress puts into the ring tells what is missing.
 */
export class JournalWriter {
  private readonly options: JournalOptions;
  private readonly clock: JournalClock;
  private readonly anchorWallUs: number;
  private readonly onEvent: (event: JournalEvent) => void;
  private readonly numbers: Float64Array;
  private readonly ring: RingEntries;
  private readonly block = new BlockBuffer();
  private readonly store: SegmentStore;
  private readonly promises: JournalPromises;
  private readonly checkpoints: CheckpointQueue;
  private gatheringSinceMs = NEVER;
  private syncedAtMs = 0;
  private lookAtOldMs = 0;
  private retryAtMs = 0;
  private failingSinceMs = NEVER;
  private missedBefore = 0;
  private slowAtMs = NEVER;
  private isRemoveFailing = false;
  private isStopping = false;

  constructor(
    memory: JournalMemory,
    folder: JournalFolder,
    options: JournalOptions,
    clock: JournalClock,
    anchorWallUs: number,
    onEvent: (event: JournalEvent) => void,
  ) {
    this.options = options;
    this.clock = clock;
    this.anchorWallUs = anchorWallUs;
    this.onEvent = onEvent;
    this.numbers = new Float64Array(memory.numbers);
    this.ring = new RingEntries(memory);
    this.store = new SegmentStore(folder, options);
    this.promises = new JournalPromises(memory, options);
    this.checkpoints = new CheckpointQueue(folder, this.promises);
  }

  /** Takes over what is in the folder. Throws errors of the disk: an engine does not start on a folder it cannot use. */
  open(): JournalOpened {
    const scan = this.store.recover();
    const nextCheckpoint = this.checkpoints.recover();
    const sequence = Math.max(scan.lastSequence, this.promises.checkpointSequence);
    this.promises.begin(sequence);
    this.syncedAtMs = this.clock.nowMs();
    this.countSegments();
    const { tornTail, firstSequence, lastSequence } = scan;
    if (tornTail !== null)
      this.tell('torn-tail', `cut ${tornTail.bytes} bytes that were not written to their end from ${tornTail.file}`);
    return { sequence, firstSequence, lastSequence, nextCheckpoint, tornTail };
  }

  /** Does what is due; returns how much. */
  turn(): number {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.retryAtMs) return 0;
    try {
      const work = this.writeDue(nowMs) + this.syncDue(nowMs) + this.stepCheckpoint();
      this.resume(nowMs);
      return work + this.removeDue(nowMs);
    } catch (error) {
      this.fail(error);
      return 0;
    }
  }

  /** How long turn() has nothing to do, if nothing is committed; 0 where it has something. */
  idleMs(): number {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.retryAtMs) return this.retryAtMs - nowMs;
    if (this.isFailing || this.checkpoints.isBusy(this.promises.written)) return 0;
    // What came since the last turn is not gathered yet: the turn that sees it sets the time.
    const gather =
      this.gatheringSinceMs === NEVER && !this.hasTakenAll ? nowMs : this.gatheringSinceMs + JOURNAL_GROUP_MS;
    const sync =
      this.options.syncPolicy === 'interval' && this.promises.isUnsynced
        ? this.syncedAtMs + this.options.syncMs
        : NEVER;
    return Math.max(0, Math.min(gather, sync, this.lookAtOldMs) - nowMs);
  }

  /** True where nothing was committed that is not taken: only then a commit rings the bell of a sleeper. */
  get hasTakenAll(): boolean {
    return this.ring.availableBytes() === 0;
  }

  /** Writes a checkpoint once everything up to its entry is written and synced; takes the place of one that waits. */
  writeCheckpoint(checkpoint: Checkpoint, done: (isWritten: boolean) => void): void {
    this.checkpoints.add({ checkpoint, done });
  }

  /** Writes everything that was committed, as far as the disk takes it at once, and closes. */
  close(): void {
    this.isStopping = true;
    this.retryAtMs = 0;
    while (this.retryAtMs === 0 && !(this.hasTakenAll && this.block.isEmpty)) this.turn();
    this.checkpoints.drop();
    try {
      this.sync();
      this.store.close();
    } catch (error) {
      this.fail(error);
    }
    this.countLost();
    this.promises.close();
  }

  private get isSlow(): boolean {
    return this.slowAtMs !== NEVER;
  }

  private get isFailing(): boolean {
    return this.failingSinceMs !== NEVER;
  }

  private writeDue(nowMs: number): number {
    if (this.isFailing && !this.store.isOpen) this.openSegment();
    let blocks = 0;
    while (blocks < JOURNAL_TURN_BLOCKS && (!this.block.isEmpty || this.fillBlock(nowMs))) {
      this.writeBlock();
      blocks++;
    }
    return blocks;
  }

  /** Gathers until a block is full or its first entry has waited long enough; false where neither is so. */
  private fillBlock(nowMs: number): boolean {
    const available = this.ring.availableBytes();
    if (available === 0) {
      this.gatheringSinceMs = NEVER;
      return false;
    }
    if (this.gatheringSinceMs === NEVER) this.gatheringSinceMs = nowMs;
    const isDue = this.isStopping || nowMs - this.gatheringSinceMs >= JOURNAL_GROUP_MS;
    if (!isDue && available < JOURNAL_BLOCK_BYTES) return false;
    this.ring.measure(available, JOURNAL_BLOCK_BYTES);
    this.block.fill(this.ring);
    this.gatheringSinceMs = NEVER;
    const held = available + this.block.sizeBytes;
    this.numbers[JournalNumber.bufferBytesMost] = Math.max(this.numbers[JournalNumber.bufferBytesMost], held);
    return true;
  }

  private writeBlock(): void {
    if (this.store.needsSegment(this.block.sizeBytes, this.clock.wallUs())) this.openSegment();
    while (!this.hasAppended());
    this.numbers[JournalNumber.blocks]++;
    this.numbers[JournalNumber.bytes] += this.block.sizeBytes;
    this.numbers[JournalNumber.heldBytes] = this.store.heldBytes;
    this.promises.wrote(this.block);
    this.block.clear();
  }

  /** False where the block has to be tried again, in another file or as a hole. */
  private hasAppended(): boolean {
    try {
      this.wait(() => this.store.append(this.block, this.clock.wallUs(), this.anchorWallUs));
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EFBIG') throw error;
      this.makeFit(error);
      return false;
    }
  }

  /** The file may not become so large: the block goes to a new one, or, where it is too large for any, becomes a hole. */
  private makeFit(error: unknown): void {
    if (this.store.isFresh) {
      if (this.block.isHole) throw error;
      const entries = this.block.becomeHole();
      this.numbers[JournalNumber.lost] += entries;
      this.tell('lost', `lost ${entries} entries: they are larger than the system allows a file to be`);
      return;
    }
    this.store.limitSegments();
    this.tell('smaller-segments', `${this.store.name} may not become larger (EFBIG): segments are made smaller`);
    this.openSegment();
  }

  private openSegment(): void {
    this.sync();
    this.store.close();
    this.wait(() => this.store.openSegment(this.promises.written + 1, this.clock.wallUs()));
    this.countSegments();
  }

  private syncDue(nowMs: number): number {
    const { syncPolicy, syncMs } = this.options;
    if (syncPolicy === 'none' || !this.promises.isUnsynced) return 0;
    if (syncPolicy === 'interval' && nowMs - this.syncedAtMs < syncMs) return 0;
    this.sync();
    return 1;
  }

  private sync(): void {
    if (!this.promises.isUnsynced) return;
    this.syncedAtMs = this.clock.nowMs();
    if (!this.store.isOpen) {
      this.promises.syncFailed();
      return;
    }
    try {
      this.wait(() => this.store.sync());
    } catch (error) {
      this.promises.syncFailed();
      throw error;
    }
    this.numbers[JournalNumber.syncs]++;
    this.promises.synced();
  }

  private stepCheckpoint(): number {
    if (!this.checkpoints.isBusy(this.promises.written)) return 0;
    this.sync();
    try {
      this.wait(() => this.checkpoints.step());
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.numbers[JournalNumber.failures]++;
      this.checkpoints.fail();
      this.tell('checkpoint-failed', `could not write a checkpoint: ${errorSentence(error)}`);
    }
    return 1;
  }

  /** Segments beyond the bounds go; their failure to go does not keep entries from being written. */
  private removeDue(nowMs: number): number {
    if (nowMs < this.lookAtOldMs) return 0;
    this.lookAtOldMs = nowMs + REMOVE_EVERY_MS;
    this.requireName();
    try {
      const wanted = this.store.removeOld(this.promises.removableTo(this.store.isOverBytes), this.clock.wallUs());
      if (wanted > 0) this.promises.wantCheckpoint(wanted);
      this.isRemoveFailing = false;
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.numbers[JournalNumber.failures]++;
      if (!this.isRemoveFailing) this.tell('remove-failed', `could not remove old segments: ${errorSentence(error)}`);
      this.isRemoveFailing = true;
    }
    this.countSegments();
    return 0;
  }

  private requireName(): void {
    try {
      this.store.requireName();
    } catch (error) {
      this.promises.forget();
      throw error;
    }
  }

  private countSegments(): void {
    this.numbers[JournalNumber.segments] = this.store.count;
    this.numbers[JournalNumber.heldBytes] = this.store.heldBytes;
  }

  /** A call to the disk, with its time: the main thread sees one that hangs by `waitingSinceMs`. */
  private wait(call: () => void): void {
    const beganMs = this.clock.nowMs();
    this.numbers[JournalNumber.waitingSinceMs] = beganMs;
    try {
      call();
    } finally {
      this.numbers[JournalNumber.waitingSinceMs] = 0;
    }
    this.noteSpeed(this.clock.nowMs() - beganMs);
  }

  private noteSpeed(tookMs: number): void {
    const nowMs = this.clock.nowMs();
    if (tookMs >= JOURNAL_SLOW_MS) {
      if (this.slowAtMs === NEVER)
        this.tell('slow', `the disk took ${Math.round(tookMs)} ms: what comes meanwhile waits in memory`);
      this.slowAtMs = nowMs;
    } else if (this.slowAtMs !== NEVER && nowMs - this.slowAtMs >= CALM_MS) {
      this.slowAtMs = NEVER;
      this.tell('resumed', 'the disk is no longer slow');
    } else return;
    this.promises.showState(this.isFailing || this.isSlow);
  }

  /** What is left waits; told once until it has ended. */
  private fail(error: unknown): void {
    if (!isDiskError(error)) throw error;
    this.numbers[JournalNumber.failures]++;
    const nowMs = this.clock.nowMs();
    this.retryAtMs = nowMs + JOURNAL_RETRY_MS;
    if (this.isFailing) return;
    this.failingSinceMs = nowMs;
    this.missedBefore = this.numbers[JournalNumber.missed];
    this.promises.showState(true);
    this.tell(
      'degraded',
      `cannot write ${this.store.name} (${errorSentence(error)}): entries wait in memory, later ones are missed`,
    );
  }

  private resume(nowMs: number): void {
    if (!this.isFailing) return;
    const seconds = ((nowMs - this.failingSinceMs) / 1000).toFixed(1);
    const missed = this.numbers[JournalNumber.missed] - this.missedBefore;
    this.failingSinceMs = NEVER;
    this.retryAtMs = 0;
    this.promises.showState(this.isSlow);
    this.tell('resumed', `writes again after ${seconds} s, in which ${missed} entries were missed`);
  }

  /** What could not be written before the end. */
  private countLost(): void {
    let last = this.block.isEmpty ? this.promises.written : this.block.lastSequence;
    for (let bytes = this.ring.availableBytes(); bytes > 0; bytes = this.ring.availableBytes()) {
      this.ring.measure(bytes, JOURNAL_BLOCK_BYTES);
      last = this.ring.lastSequence;
      this.ring.skip();
    }
    const lost = last - this.promises.written;
    if (lost <= 0) return;
    this.numbers[JournalNumber.lost] += lost;
    this.tell('lost', `closed without its last ${lost} entries: the disk did not take them`);
  }

  private tell(kind: JournalEventKind, text: string): void {
    this.onEvent({ kind, text: `journal: ${text}` });
  }
}
