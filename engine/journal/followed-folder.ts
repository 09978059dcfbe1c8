// A journal's folder for one who reads it on while it grows: the segments at hand are held open, whatever is taken away.

import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReadOnlyFolder, readDescriptor } from './read-only-folder.ts';

/** The segment that is read, and the next one. What is removed takes up the disk until it is let go, so it is no more. */
const HELD_FILES = 2;

export class FollowedFolder extends ReadOnlyFolder {
  /** Descriptors by name, the one used last at the end. */
  private readonly held = new Map<string, number>();

  list(): string[] {
    return readdirSync(this.path);
  }

  sizeOf(name: string): number {
    return fstatSync(this.descriptorOf(name)).size;
  }

  read(name: string, from: number, length: number): Uint8Array {
    return readDescriptor(this.descriptorOf(name), from, length);
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
}
