// Writes a checkpoint's file piece by piece, so that the journal is never kept waiting by a large one.

import { appendWhole } from './append-whole.ts';
import type { Checkpoint } from './checkpoint.ts';
import { encodeCheckpoint, listCheckpoints } from './checkpoint-file.ts';
import type { JournalFile, JournalFolder } from './files.ts';
import { checkpointName, TEMPORARY_ENDING } from './names.ts';

/** Written and waited for in one step: some ms. */
const STEP_BYTES = 4 * 1024 * 1024;

/** The newest, and the one before in case that is damaged. */
export const CHECKPOINTS_KEPT = 2;

export class CheckpointWriter {
  readonly checkpoint: Checkpoint;
  private readonly folder: JournalFolder;
  private readonly pieces: Generator<Uint8Array, void, undefined>;
  private file: JournalFile | null = null;

  constructor(folder: JournalFolder, checkpoint: Checkpoint) {
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.pieces = encodeCheckpoint(checkpoint);
  }

  /** Writes some of it; true once it is whole on the disk under its name. Throws errors of the disk: then abandon it. */
  step(): boolean {
    this.file ??= this.begin();
    for (let written = 0; written < STEP_BYTES; ) {
      const piece = this.pieces.next();
      if (piece.done) return this.finish(this.file);
      appendWhole(this.file, piece.value, 0, piece.value.length);
      written += piece.value.length;
    }
    this.file.sync();
    return false;
  }

  /** Removes what was written. */
  abandon(): void {
    try {
      this.file?.close();
      this.folder.remove(this.temporaryName);
    } catch {
      // What is left is removed at the next start.
    }
    this.file = null;
  }

  private get temporaryName(): string {
    return checkpointName(this.checkpoint.number) + TEMPORARY_ENDING;
  }

  private begin(): JournalFile {
    const file = this.folder.open(this.temporaryName);
    if (file.sizeBytes > 0) file.truncate(0);
    return file;
  }

  private finish(file: JournalFile): boolean {
    file.sync();
    file.close();
    this.file = null;
    this.folder.rename(this.temporaryName, checkpointName(this.checkpoint.number));
    this.folder.syncNames();
    return true;
  }
}

/** Leaves the newest ones. */
export function removeOldCheckpoints(folder: JournalFolder): void {
  const old = listCheckpoints(folder).slice(CHECKPOINTS_KEPT);
  for (const { name } of old) folder.remove(name);
  if (old.length > 0) folder.syncNames();
}
