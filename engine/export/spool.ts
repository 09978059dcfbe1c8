// Rows that are in no finished file yet: one message a line, appended, and made safe on the disk once a second.

import { closeSync, fdatasyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { RowMessage } from './tables.ts';

const BUFFER_CHARACTERS = 256 * 1024;
const READ_BYTES = 1 << 20;
const NEWLINE = 0x0a;

export class Spool {
  readonly path: string;
  rows = 0;
  /** With what is not written yet. */
  bytes: number;
  private readonly descriptor: number;
  private text = '';
  private isSynced = true;

  constructor(path: string) {
    this.path = path;
    this.descriptor = openSync(path, 'wx');
    this.bytes = 0;
  }

  add(message: RowMessage): void {
    const line = `${JSON.stringify(message)}\n`;
    this.text += line;
    this.bytes += line.length;
    this.rows++;
    if (this.text.length >= BUFFER_CHARACTERS) this.write();
  }

  private write(): void {
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.isSynced = false;
    for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
  }

  /** Every row so far is on the disk when this returns. */
  sync(): void {
    if (this.text !== '') this.write();
    if (this.isSynced) return;
    fdatasyncSync(this.descriptor);
    this.isSynced = true;
  }

  close(): void {
    this.sync();
    closeSync(this.descriptor);
  }

  /** For an end by a disk that takes nothing: what is written stays. */
  abandon(): void {
    closeSync(this.descriptor);
  }
}

function messageOf(line: Buffer): RowMessage | null {
  try {
    return JSON.parse(line.toString('utf8')) as RowMessage;
  } catch {
    return null;
  }
}

/**
 * The rows of a spool, some at a time, up to its end or to the first line that is not whole: what a crash left there is no row.
 * Returns the bytes from that place on.
 */
export function* readSpool(path: string): Generator<RowMessage[], number, undefined> {
  const descriptor = openSync(path, 'r');
  const sizeBytes = statSync(path).size;
  let good = 0;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for (let at = 0; at < sizeBytes; ) {
      const chunk = Buffer.alloc(Math.min(READ_BYTES, sizeBytes - at));
      const read = readSync(descriptor, chunk, 0, chunk.length, at);
      if (read === 0) break;
      at += read;
      const all = Buffer.concat([rest, chunk.subarray(0, read)]);
      const rows: RowMessage[] = [];
      let from = 0;
      for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, from)) {
        const row = messageOf(all.subarray(from, end));
        if (row === null) {
          yield rows;
          return sizeBytes - good;
        }
        rows.push(row);
        good += end + 1 - from;
        from = end + 1;
      }
      rest = all.subarray(from);
      yield rows;
    }
    return sizeBytes - good;
  } finally {
    closeSync(descriptor);
  }
}
