// Writes lines to a pipe or file as fast as its reader takes them.

import type { Writable } from 'node:stream';

export class LineOutput {
  /** Whoever read has gone. */
  isClosed = false;
  private readonly stream: Writable;
  private resume: (() => void) | null = null;

  constructor(stream: Writable) {
    this.stream = stream;
    stream.on('drain', () => this.wake());
    const end = (): void => {
      this.isClosed = true;
      this.wake();
    };
    stream.on('error', end);
    stream.on('close', end);
  }

  private wake(): void {
    const { resume } = this;
    this.resume = null;
    resume?.();
  }

  /** Resolves when more may be written. Rejects where nobody reads any more. */
  async write(text: string | Uint8Array): Promise<void> {
    if (!this.isClosed && !this.stream.write(text)) await new Promise<void>((resolve) => (this.resume = resolve));
    if (this.isClosed) throw new Error('the reader of the lines has gone');
  }

  /** Resolves when everything has been handed to the system. */
  end(): Promise<void> {
    return new Promise((resolve) => (this.isClosed ? resolve() : this.stream.write('', () => resolve())));
  }
}
