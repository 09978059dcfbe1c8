// `gaps.csv`: what an export knows to be missing, one row for each place.

import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { csvLine } from './csv-file.ts';

export type GapRow = {
  readonly channel: string;
  readonly reason: string;
  /** Messages that are missing; 0 where nobody knows how many. */
  readonly lost: number;
  /** Receive times between which it lies; null where they are not known. */
  readonly after: string | null;
  readonly before: string | null;
};

const COLUMNS = ['told_at', 'channel', 'reason', 'lost', 'after', 'before'];

const behindTime = (line: string): string => line.slice(line.indexOf(',') + 1);

export class GapLog {
  count = 0;
  private readonly descriptor: number;
  private text = '';
  /** Rows without the time they were told at: a source that begins again tells its gaps again. */
  private readonly known: Set<string>;

  /** A row that a crash left unfinished is cut. */
  constructor(path: string) {
    const isNew = !existsSync(path);
    const bytes = isNew ? Buffer.alloc(0) : readFileSync(path);
    const whole = bytes.lastIndexOf('\n') + 1;
    this.known = new Set(bytes.toString('utf8', 0, whole).split('\r\n').map(behindTime));
    this.descriptor = openSync(path, 'a');
    if (!isNew) ftruncateSync(this.descriptor, whole);
    if (whole === 0) this.text = csvLine(COLUMNS);
  }

  add({ channel, reason, lost, after, before }: GapRow): void {
    const line = csvLine([new Date().toISOString(), channel, reason, lost, after, before]);
    const row = behindTime(line.trimEnd());
    // A row that names no moment says nothing about which of several it is.
    if ((after !== null || before !== null) && this.known.has(row)) return;
    this.known.add(row);
    this.count++;
    this.text += line;
  }

  sync(): void {
    if (this.text === '') return;
    const bytes = Buffer.from(this.text);
    this.text = '';
    for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
    fdatasyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
