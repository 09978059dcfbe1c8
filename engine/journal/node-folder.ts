// A folder of the real file system for the journal; its calls wait, so they belong to the journal's thread and to start-up.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { assert } from '../base/assert.ts';
import { UsageError } from '../base/errors.ts';
import { appendWhole } from './append-whole.ts';
import { errorCode } from './disk-error.ts';
import type { JournalFile, JournalFolder } from './files.ts';
import { TEMPORARY_ENDING } from './names.ts';

/** Frames may hold what others must not read, so folder and files are the owner's alone. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** With those above it. Not by `recursive`: Node then tries for ever where a folder refuses by ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

class NodeFile implements JournalFile {
  private readonly descriptor: number;
  private size: number;

  constructor(path: string, flags: string) {
    this.descriptor = openSync(path, flags, FILE_MODE);
    this.size = fstatSync(this.descriptor).size;
  }

  get sizeBytes(): number {
    return this.size;
  }

  append(bytes: Uint8Array, from: number, to: number): number {
    const written = writeSync(this.descriptor, bytes, from, to - from);
    this.size += written;
    return written;
  }

  sync(): void {
    fdatasyncSync(this.descriptor);
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.descriptor, sizeBytes);
    this.size = sizeBytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

export class NodeFolder implements JournalFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder where there is none. Throws UsageError where that is refused. */
  static make(path: string): NodeFolder {
    try {
      makeFolder(resolve(path));
    } catch (error) {
      throw new UsageError(`journal: expected a folder that can be made, was ${path} (${errorCode(error)})`);
    }
    return NodeFolder.existing(path);
  }

  /** Throws UsageError where there is none. */
  static existing(path: string): NodeFolder {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new UsageError(`journal: expected a folder, was ${path}`);
    return new NodeFolder(path);
  }

  list(): string[] {
    return readdirSync(this.path);
  }

  sizeOf(name: string): number {
    return statSync(this.at(name)).size;
  }

  open(name: string): JournalFile {
    return new NodeFile(this.at(name), 'a');
  }

  read(name: string, from: number, length: number): Uint8Array {
    const descriptor = openSync(this.at(name), 'r');
    try {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(descriptor).size - from)));
      return bytes.subarray(0, readWhole(descriptor, bytes, from));
    } finally {
      closeSync(descriptor);
    }
  }

  replace(name: string, bytes: Uint8Array): void {
    const temporary = name + TEMPORARY_ENDING;
    const file = new NodeFile(this.at(temporary), 'w');
    try {
      appendWhole(file, bytes, 0, bytes.length);
      file.sync();
    } finally {
      file.close();
    }
    this.rename(temporary, name);
    this.syncNames();
  }

  rename(from: string, to: string): void {
    renameSync(this.at(from), this.at(to));
  }

  remove(name: string): void {
    rmSync(this.at(name));
  }

  /** Windows has no such call, and keeps names by itself. */
  syncNames(): void {
    if (process.platform === 'win32') return;
    const descriptor = openSync(this.path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  private at(name: string): string {
    assert(/^[\w.-]+$/.test(name) && !name.startsWith('.'), `journal: expected a plain file name, was ${name}`);
    return join(this.path, name);
  }
}

/** Reads until the bytes are full or the file ends; returns how many. */
function readWhole(descriptor: number, bytes: Uint8Array, from: number): number {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
