// A finished file in the making: written under another name, made safe on the disk, then renamed to its own.

import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Waits until names made in a folder are on the disk. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** With those above it. Not by `recursive`: Node then tries for ever where a folder refuses by ENOENT, as /proc does. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  syncFolder(dirname(path));
}

export class SafeFile {
  bytes = 0;
  private readonly temporary: string;
  private readonly path: string;
  private readonly descriptor: number;
  private isOpen = true;

  /** `temporaryFolder` is on the same disk, and no reader of the finished files looks into it. */
  constructor(path: string, temporaryFolder: string) {
    this.path = path;
    this.temporary = join(temporaryFolder, `${randomUUID()}.tmp`);
    this.descriptor = openSync(this.temporary, 'wx');
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
    this.bytes += bytes.length;
  }

  /** It is there, whole, from the moment this returns. A file of this name is replaced. */
  finish(): void {
    fsyncSync(this.descriptor);
    this.close();
    const folder = dirname(this.path);
    makeFolder(folder);
    renameSync(this.temporary, this.path);
    syncFolder(folder);
  }

  /** Nothing of it stays. */
  abandon(): void {
    if (this.isOpen) this.close();
    rmSync(this.temporary, { force: true });
  }

  private close(): void {
    this.isOpen = false;
    closeSync(this.descriptor);
  }
}

/** Takes rows in order; nothing is safe before finish(). */
export type TableFile = {
  add(values: readonly (string | number | boolean | null)[]): void;
  finish(): void;
  abandon(): void;
};
