// The segments of a journal as they are at one moment, held open: an engine may go on writing and removing them.

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './disk-error.ts';
import type { JournalFolder } from './files.ts';
import { segmentOfName } from './names.ts';

type HeldFile = { readonly descriptor: number; readonly sizeBytes: number };

/** Descriptors stay open as long as the process, or until close(): what is removed meanwhile takes up the disk until then. */
export class HeldFolder implements JournalFolder {
  private readonly path: string;
  private readonly files: ReadonlyMap<string, HeldFile>;

  private constructor(path: string, files: ReadonlyMap<string, HeldFile>) {
    this.path = path;
    this.files = files;
  }

  /** Throws what the file system throws; a segment that goes away meanwhile is left out. */
  static open(path: string): HeldFolder {
    const files = new Map<string, HeldFile>();
    for (const name of readdirSync(path).filter((each) => segmentOfName(each) !== null)) {
      const held = holdFile(join(path, name));
      if (held !== null) files.set(name, held);
    }
    return new HeldFolder(path, files);
  }

  list(): string[] {
    return [...this.files.keys()];
  }

  sizeOf(name: string): number {
    return this.fileOf(name).sizeBytes;
  }

  read(name: string, from: number, length: number): Uint8Array {
    const { descriptor, sizeBytes } = this.fileOf(name);
    const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - from)));
    let done = 0;
    for (let read = 1; read > 0 && done < bytes.length; done += read)
      read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
    return bytes.subarray(0, done);
  }

  close(): void {
    for (const { descriptor } of this.files.values()) closeSync(descriptor);
  }

  private fileOf(name: string): HeldFile {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`journal ${this.path}: expected ${name} among its segments, was not there`);
    return file;
  }

  open(): never {
    return this.refuse();
  }

  replace(): never {
    return this.refuse();
  }

  rename(): never {
    return this.refuse();
  }

  remove(): never {
    return this.refuse();
  }

  syncNames(): never {
    return this.refuse();
  }

  private refuse(): never {
    throw new Error(`journal ${this.path}: expected to be read alone, was to be changed`);
  }
}

function holdFile(path: string): HeldFile | null {
  try {
    const descriptor = openSync(path, 'r');
    return { descriptor, sizeBytes: fstatSync(descriptor).size };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
