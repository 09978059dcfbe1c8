// The main thread's side of a rebuild thread: starts it, hears what it made, and ends it.

import { Worker } from 'node:worker_threads';
import { REBUILD_DEADLINE_MS } from '../../schemas/config.ts';
import { ringControl } from '../../schemas/ring.ts';
import type { MarketImage } from '../../schemas/shard-task.ts';
import { entryUrl } from '../base/entry.ts';
import { IdleWatch } from '../base/idle-watch.ts';
import type { FromRebuild, Poisoned, RebuildStart } from './rebuild-messages.ts';
import type { RejectedFrame } from './rejected-frames.ts';

export type RebuildBegun = { readonly clockUs: readonly [number, number]; readonly markets: readonly MarketImage[] };

/** One rebuild of one shard. Thread: main. */
export class Rebuild {
  /** Rejects where there is nothing to begin from. */
  readonly begun: Promise<RebuildBegun>;
  /** Resolves with null when every record is in the ring, or with what kept them from it. */
  readonly ended: Promise<string | null>;
  /** The thread has ended. */
  isOver = false;
  private readonly worker: Worker;
  private readonly watch: IdleWatch;
  private isClosed = false;

  /**
   * A thread that hangs in a read never says so: where neither it nor who takes its records comes further for `idleMs`, that
   * is what kept them from the ring.
   */
  constructor(
    start: RebuildStart,
    leftOut: (poison: Poisoned, frame: RejectedFrame) => void,
    idleMs = REBUILD_DEADLINE_MS,
  ) {
    let messages = 0;
    const control = new Int32Array(start.ring.memory, 0, Math.max(ringControl.head, ringControl.tail) + 1);
    const progress = (): string =>
      [messages, Atomics.load(control, ringControl.head), Atomics.load(control, ringControl.tail)].join();
    this.worker = new Worker(entryUrl('./rebuild-thread.ts', import.meta.url), {
      workerData: start,
      name: `rebuild ${start.shard}`,
    });
    let begin: (begun: RebuildBegun) => void = () => undefined;
    let refuse: (error: Error) => void = () => undefined;
    this.begun = new Promise<RebuildBegun>((resolve, reject) => {
      begin = resolve;
      refuse = reject;
    });
    // Who does not wait for it hears of it through `ended`.
    this.begun.catch(() => undefined);
    let idle: () => void = () => undefined;
    this.watch = new IdleWatch(idleMs, progress, () => idle());
    this.ended = new Promise((resolve) => {
      const end = (problem: string | null): void => {
        this.watch.stop();
        if (problem !== null) refuse(new Error(problem));
        resolve(problem);
      };
      idle = (): void => {
        end(`nothing came of the journal for ${idleMs} ms`);
        void this.worker.terminate();
      };
      this.worker.on('message', (message: FromRebuild) => {
        messages++;
        if (message.op === 'begun') begin(message);
        else if (message.op === 'left-out') leftOut(message.poison, message.frame);
        else if (message.op === 'ended') end(message.problem);
      });
      this.worker.on('error', (error) => end(error instanceof Error ? error.message : String(error)));
      this.worker.once('exit', (code) => {
        this.isOver = true;
        end(this.isClosed ? null : `the rebuild thread ended with ${code}`);
      });
    });
  }

  /** Ends the thread, whatever it does: nobody needs it any more, so that is no problem. */
  close(): void {
    this.isClosed = true;
    this.watch.stop();
    void this.worker.terminate();
  }
}
