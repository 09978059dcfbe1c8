// The checkpoint that is being written and the one that waits: each is written once the journal has its entry.

import { listCheckpoints, wholeCheckpoints } from './checkpoint-file.ts';
import { CheckpointWriter, removeOldCheckpoints } from './checkpoint-writer.ts';
import type { JournalFolder } from './files.ts';
import type { CheckpointTask } from './journal-options.ts';
import type { JournalPromises } from './journal-promises.ts';

export class CheckpointQueue {
  private readonly folder: JournalFolder;
  private readonly promises: JournalPromises;
  private waiting: CheckpointTask | null = null;
  private task: CheckpointTask | null = null;
  private writer: CheckpointWriter | null = null;

  constructor(folder: JournalFolder, promises: JournalPromises) {
    this.folder = folder;
    this.promises = promises;
  }

  /** Finds those that are whole; returns the number for the next one. */
  recover(): number {
    for (const { number, sequence } of wholeCheckpoints(this.folder).reverse())
      this.promises.checkpointed(number, sequence);
    return (listCheckpoints(this.folder)[0]?.number ?? 0) + 1;
  }

  /** One that still waits gives its place to a newer one. */
  add(task: CheckpointTask): void {
    this.waiting?.done(false);
    this.waiting = task;
  }

  /** True where step() has something to do. */
  isBusy(written: number): boolean {
    return this.task !== null || (this.waiting !== null && this.waiting.checkpoint.sequence <= written);
  }

  /** Writes some of it. Throws errors of the disk: then call fail(). */
  step(): void {
    this.task ??= this.takeWaiting();
    if (this.task === null) return;
    const { checkpoint, done } = this.task;
    this.writer ??= new CheckpointWriter(this.folder, checkpoint);
    if (!this.writer.step()) return;
    this.end();
    this.promises.checkpointed(checkpoint.number, checkpoint.sequence);
    done(true);
    removeOldCheckpoints(this.folder);
  }

  fail(): void {
    this.writer?.abandon();
    const task = this.task;
    this.end();
    task?.done(false);
  }

  /** Gives up both. */
  drop(): void {
    this.fail();
    this.waiting?.done(false);
    this.waiting = null;
  }

  private takeWaiting(): CheckpointTask | null {
    const task = this.waiting;
    this.waiting = null;
    return task;
  }

  private end(): void {
    this.task = null;
    this.writer = null;
  }
}
