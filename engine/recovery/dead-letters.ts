// The dead-letter file: frames and records that could not be taken, as NDJSON, bounded in bytes and turned once.

import { statSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DEAD_LETTER_BYTES_MAX } from '../../schemas/config.ts';
import { UsageError } from '../base/errors.ts';

/** One line. Times are µs since 1970. */
export type DeadLetter = {
  readonly t: number;
  readonly connection: number;
  readonly dialect: string;
  readonly producer: string | null;
  /** Category of the rejection, `unknown`, `poison`, or `cut-short` without a journal. */
  readonly category: string;
  /** Length of the whole frame. */
  readonly bytes: number;
  /** Its first bytes: as text where they are UTF-8, else in base64. */
  readonly frame: string;
  readonly encoding: 'utf8' | 'base64';
};

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A cut may go through a character: what it left of it is no reason for base64. */
const CHARACTER_BYTES_MAX = 4;

/** Text of bytes, or base64 where they are none. */
export function frameText(bytes: Uint8Array, isCut: boolean): Pick<DeadLetter, 'frame' | 'encoding'> {
  const tries = isCut ? CHARACTER_BYTES_MAX : 1;
  for (let less = 0; less < tries && less <= bytes.length; less++) {
    try {
      return { frame: strictUtf8.decode(bytes.subarray(0, bytes.length - less)), encoding: 'utf8' };
    } catch {
      // One byte fewer.
    }
  }
  return { frame: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
}

/** A frame that could not be taken, as ingress or a rebuild tells of it. */
export type RejectedLike = Omit<DeadLetter, 't' | 'frame' | 'encoding'> & {
  readonly timeUs: number;
  /** Its first bytes. */
  readonly kept: Uint8Array;
};

export function letterOf({ timeUs, kept, ...rest }: RejectedLike): DeadLetter {
  return { t: timeUs, ...rest, ...frameText(kept, kept.length < rest.bytes) };
}

/** Lines that wait for the disk at most; above it they are counted and left out. */
const WAITING_LINES_MAX = 1_000;

/** Throws a UsageError where a file of this path could never be written. */
export function requireFilePath(path: string): void {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`--dead-letter: expected a file in a folder that is there, was ${path}`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`--dead-letter: expected a file, was the folder ${path}`);
}

/** Thread: main; nothing here waits on its loop. */
export class DeadLetters {
  written = 0;
  /** Left out: over the budget of ingress, or while the file could not be written. */
  leftOut = 0;
  failure: string | null = null;
  private readonly path: string;
  private readonly bytesMax: number;
  private waiting: string[] = [];
  private file: FileHandle | null = null;
  private bytes = 0;
  private work: Promise<void> | null = null;

  constructor(path: string, bytesMax = DEAD_LETTER_BYTES_MAX) {
    this.path = path;
    this.bytesMax = bytesMax;
  }

  /** Something is on its way to the disk. */
  get isBusy(): boolean {
    return this.work !== null;
  }

  /** Takes lines; `leftOut` are those that ingress had no budget for. */
  take(letters: readonly DeadLetter[], leftOut = 0): void {
    this.leftOut += leftOut;
    for (const letter of letters) {
      if (this.waiting.length < WAITING_LINES_MAX) this.waiting.push(`${JSON.stringify(letter)}\n`);
      else this.leftOut++;
    }
    this.work ??= this.write().finally(() => {
      this.work = null;
    });
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const lines = this.nextLines();
      try {
        const text = Buffer.from(lines.join(''));
        const file = await this.fileFor(text.length);
        await file.appendFile(text);
        this.bytes += text.length;
        this.written += lines.length;
        this.failure = null;
      } catch (error) {
        this.leftOut += lines.length;
        this.failure = error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** As many of those that wait as may be in one write: at least one, and not more than a file holds. */
  private nextLines(): string[] {
    let bytes = 0;
    const end = this.waiting.findIndex((line, index) => {
      bytes += Buffer.byteLength(line);
      return index > 0 && bytes > this.bytesMax;
    });
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  /** The file with room for some more bytes: at its bound it becomes `.1`, and a new one begins. */
  private async fileFor(bytes: number): Promise<FileHandle> {
    if (this.file === null) {
      this.bytes = (await stat(this.path).catch(() => ({ size: 0 }))).size;
      this.file = await open(this.path, 'a', 0o600);
    }
    if (this.bytes === 0 || this.bytes + bytes <= this.bytesMax) return this.file;
    await this.file.close();
    this.file = null;
    await rename(this.path, `${this.path}.1`);
    this.bytes = 0;
    this.file = await open(this.path, 'a', 0o600);
    return this.file;
  }

  /** Resolves when what was taken is written, and the file closed. */
  async close(): Promise<void> {
    while (this.work !== null) await this.work;
    await this.file?.close();
    this.file = null;
  }
}
