// What happened in a simulated run, in order: its hash tells two runs apart, and its end is shown where a run fails.

import { createHash } from 'node:crypto';

const SHOWN = 40;

export class EventLog {
  count = 0;
  private readonly hash = createHash('sha256');
  private readonly last: string[] = [];
  private readonly nowMs: () => number;
  private readonly echo: ((line: string) => void) | null;

  constructor(nowMs: () => number, echo: ((line: string) => void) | null = null) {
    this.nowMs = nowMs;
    this.echo = echo;
  }

  add(event: string): void {
    const line = `${this.nowMs().toFixed(3)} ${event}`;
    this.count++;
    this.hash.update(line).update('\n');
    this.last.push(line);
    if (this.last.length > SHOWN) this.last.shift();
    this.echo?.(line);
  }

  get latest(): readonly string[] {
    return this.last;
  }

  /** Of all events so far, in hex. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }
}
