// A journal's folder for one who reads it on while it grows: the segments at hand are held open, whatever is taken away.

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalFolder } from './files.ts';

/** The segment that is read, and the next one. What is removed takes up the disk until it is let go, so it is no more. */
const HELD_FILES = 2;

export class FollowedFolder implements JournalFolder {
  private readonly path: string;
  /** Descriptors by name, the one used last at the end. */
  private readonly held = new Map<string, number>();

  constructor(path: string) {
    this.path = path;
  }

  list(): string[] {
    return readdirSync(this.path);
  }

  sizeOf(name: string): number {
    return fstatSync(this.descriptorOf(name)).size;
  }

  read(name: string, from: number, length: number): Uint8Array {
    const descriptor = this.descriptorOf(name);
    const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(descriptor).size - from)));
    let done = 0;
    for (let read = 1; read > 0 && done < bytes.length; done += read)
      read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
    return bytes.subarray(0, done);
  }

  close(): void {
    for (const descriptor of this.held.values()) closeSync(descriptor);
    this.held.clear();
  }

  private descriptorOf(name: string): number {
    const descriptor = this.held.get(name) ?? openSync(join(this.path, name), 'r');
    this.held.delete(name);
    this.held.set(name, descriptor);
    for (const [other, open] of this.held) {
      if (this.held.size <= HELD_FILES) break;
      this.held.delete(other);
      closeSync(open);
    }
    return descriptor;
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
