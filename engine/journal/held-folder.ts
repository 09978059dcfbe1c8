// The segments of a journal as they are at one moment, held open: an engine may go on writing and removing them.

import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './disk-error.ts';
import { segmentOfName } from './names.ts';
import { ReadOnlyFolder, readDescriptor } from './read-only-folder.ts';

type HeldFile = { readonly descriptor: number; readonly sizeBytes: number };

/** Descriptors stay open as long as the process, or until close(): what is removed meanwhile takes up the disk until then. */
export class HeldFolder extends ReadOnlyFolder {
  private readonly files: ReadonlyMap<string, HeldFile>;

  private constructor(path: string, files: ReadonlyMap<string, HeldFile>) {
    super(path);
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
    return readDescriptor(descriptor, from, length, sizeBytes);
  }

  close(): void {
    for (const { descriptor } of this.files.values()) closeSync(descriptor);
  }

  private fileOf(name: string): HeldFile {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`journal ${this.path}: expected ${name} among its segments, was not there`);
    return file;
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
