// What all folders that are only read share: how bytes of a file are read, and that nothing is changed.

import { fstatSync, readSync } from 'node:fs';
import type { JournalFolder } from './files.ts';

/** Bytes [from, from + length) of an open file, fewer at `sizeBytes`. */
export function readDescriptor(
  descriptor: number,
  from: number,
  length: number,
  sizeBytes: number = fstatSync(descriptor).size,
): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - from)));
  let done = 0;
  for (let read = 1; read > 0 && done < bytes.length; done += read)
    read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
  return bytes.subarray(0, done);
}

export abstract class ReadOnlyFolder implements JournalFolder {
  protected readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  abstract list(): string[];
  abstract sizeOf(name: string): number;
  abstract read(name: string, from: number, length: number): Uint8Array;

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
