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

export class GapLog {
  count = 0;
  private readonly descriptor: number;
  private text = '';

  /** A row that a crash left unfinished is cut. */
  constructor(path: string) {
    const isNew = !existsSync(path);
    const whole = isNew ? 0 : readFileSync(path).lastIndexOf('\n') + 1;
    this.descriptor = openSync(path, 'a');
    if (!isNew) ftruncateSync(this.descriptor, whole);
    if (whole === 0) this.text = csvLine(COLUMNS);
  }

  add({ channel, reason, lost, after, before }: GapRow): void {
    this.count++;
    this.text += csvLine([new Date().toISOString(), channel, reason, lost, after, before]);
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
