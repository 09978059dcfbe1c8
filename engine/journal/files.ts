// What the journal needs of a file system: the real one, or one in memory that fails on purpose.

/** Errors are those of Node (`code` ENOSPC, EIO …); a short write is no error and returns fewer bytes. */
export interface JournalFile {
  /** Bytes so far. */
  readonly sizeBytes: number;
  /** Appends bytes[from, to); returns how many were taken, which may be fewer. */
  append(bytes: Uint8Array, from: number, to: number): number;
  /** Waits until everything appended is on the disk. */
  sync(): void;
  /** Cuts the file. */
  truncate(sizeBytes: number): void;
  close(): void;
}

/** Calls that wait belong to the journal's own thread and to start-up alone. Names are plain file names of one folder. */
export interface JournalFolder {
  /** Names of all files, in no order. */
  list(): string[];
  sizeOf(name: string): number;
  /** Opens for appending; makes the file where there is none. */
  open(name: string): JournalFile;
  /** Bytes [from, from + length) of a file, fewer at its end. */
  read(name: string, from: number, length: number): Uint8Array;
  /** Writes a whole file so that after a crash it is the old one or the new one: a temporary file, sync, rename, sync of the folder. */
  replace(name: string, bytes: Uint8Array): void;
  /** Gives a file another name, in place of the file that had it, as one step. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Waits until names made and removed are on the disk. */
  syncNames(): void;
}
