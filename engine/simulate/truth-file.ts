// Owns the truth log as a file: one JSON object a line for each first book, change, trade and fault.

import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { UsageError } from '../base/errors.ts';
import type { FaultEntry } from './fault-log.ts';
import type { SimChange, SimTrade } from './protocol.ts';
import type { TruthBook, TruthSink } from './truth.ts';

export class TruthFile implements TruthSink {
  private readonly stream: WriteStream;
  /** The first failure to write; the simulator goes on without the file and says so. */
  error: Error | null = null;

  /** Begins the file anew. Throws a UsageError where it cannot. */
  constructor(path: string) {
    try {
      this.stream = createWriteStream(path, { fd: openSync(path, 'w') });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`--truth ${path}: expected a writable file, was: ${reason}`);
    }
    this.stream.on('error', (error) => {
      this.error ??= error;
    });
  }

  book(symbol: string, book: TruthBook): void {
    this.write({ kind: 'book', symbol, ...book });
  }

  /** `hash` is that of the whole book after the change. */
  change(symbol: string, change: SimChange, hash: string): void {
    this.write({ kind: 'change', symbol, ...change, hash });
  }

  trade(symbol: string, trade: SimTrade): void {
    this.write({ kind: 'trade', symbol, ...trade });
  }

  fault(entry: FaultEntry): void {
    const { kind, ...rest } = entry;
    this.write({ kind: 'fault', fault: kind, ...rest });
  }

  /** Resolves once everything is written. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.stream.destroyed) resolve();
      else this.stream.end(() => resolve());
      this.stream.once('error', () => resolve());
    });
  }

  private write(line: object): void {
    if (this.error === null) this.stream.write(`${JSON.stringify(line)}\n`);
  }
}
