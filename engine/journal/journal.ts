// The main thread's handle of the journal: starts its thread, gives it checkpoints, watches it, and stops it.

import { Worker } from 'node:worker_threads';
import { JOURNAL_SLOW_MS } from '../../schemas/config.ts';
import {
  JOURNAL_NUMBERS,
  JOURNAL_STATE_NAMES,
  JournalNumber,
  JournalState,
  journalRingWords,
} from '../../schemas/journal.ts';
import { assert } from '../base/assert.ts';
import { EngineClock } from '../base/clock.ts';
import { entryUrl } from '../base/entry.ts';
import { UsageError } from '../base/errors.ts';
import type { EngineMemory, JournalMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { Checkpoint } from './checkpoint.ts';
import { FolderLock } from './folder-lock.ts';
import type { JournalEvent, JournalOpened, JournalOptions, SyncPolicy } from './journal-options.ts';
import { NodeFolder } from './node-folder.ts';
import type { FromJournal, JournalThreadStart, ToJournal } from './thread-messages.ts';

export type JournalStart = JournalOptions & {
  readonly folder: string;
  readonly onEvent: (event: JournalEvent) => void;
};

export type JournalStats = {
  /** `degraded` also while a call to the disk hangs, and once the thread has ended by itself. */
  readonly state: (typeof JOURNAL_STATE_NAMES)[number];
  readonly numbers: Readonly<Record<(typeof JOURNAL_NUMBERS)[number]['name'], number>>;
};

export class Journal {
  /** What was there at the start. */
  readonly opened: JournalOpened;
  private readonly memory: JournalMemory;
  private readonly worker: Worker;
  private readonly lock: FolderLock;
  private readonly clock: EngineClock;
  private readonly syncPolicy: SyncPolicy;
  private readonly onEvent: (event: JournalEvent) => void;
  private readonly checkpoints = new Map<number, (isWritten: boolean) => void>();
  private readonly ended: Promise<void>;
  private isStopping = false;
  private hasFailed = false;
  private failure = '';

  private constructor(
    start: JournalStart,
    memory: EngineMemory,
    worker: Worker,
    lock: FolderLock,
    opened: JournalOpened,
  ) {
    this.opened = opened;
    this.memory = journalMemoryOf(memory);
    this.worker = worker;
    this.lock = lock;
    this.clock = new EngineClock(memory.anchor);
    this.syncPolicy = start.syncPolicy;
    this.onEvent = start.onEvent;
    worker.on('message', (message: FromJournal) => this.take(message));
    worker.on('error', (error) => {
      this.failure = error instanceof Error ? error.message : String(error);
    });
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve(this.afterExit())));
  }

  /**
   * Opens the folder, made where there is none, and cuts what an engine before did not write to its end; resolves when
   * entries can be taken. Throws UsageError where the folder cannot be used, or is by another engine. Who has read the
   * folder before gives the lock it was read under; it is released with the journal, or where that cannot be started.
   */
  static async start(memory: EngineMemory, start: JournalStart, taken: FolderLock | null = null): Promise<Journal> {
    const lock = taken ?? FolderLock.take(NodeFolder.make(start.folder).path);
    const { folder, onEvent, ...options } = start;
    const workerData: JournalThreadStart = { memory: journalMemoryOf(memory), anchor: memory.anchor, folder, options };
    const worker = new Worker(entryUrl('./thread.ts', import.meta.url), { workerData, name: 'journal' });
    const early: JournalEvent[] = [];
    try {
      const opened = await openedBy(worker, early);
      for (const event of early) onEvent(event);
      return new Journal(start, memory, worker, lock, opened);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Resolves with whether it is on the disk: once everything up to its entry is there. Images whose memory is theirs alone
   * are given away and may not be used again.
   */
  writeCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    if (this.hasFailed || this.isStopping) return Promise.resolve(false);
    const message: ToJournal = { op: 'checkpoint', checkpoint };
    return new Promise((resolve) => {
      this.checkpoints.set(checkpoint.number, resolve);
      this.worker.postMessage(message, ownBuffers(checkpoint));
      this.ring();
    });
  }

  stats(): JournalStats {
    const columns = new Float64Array(this.memory.numbers);
    const numbers = Object.fromEntries(JOURNAL_NUMBERS.map(({ name }, index) => [name, columns[index]]));
    const words = new Int32Array(this.memory.words);
    const state = Atomics.load(words, journalRingWords.at.state) as JournalState;
    const isOn = state === JournalState.on && !this.hasFailed && !this.isDiskHanging(columns);
    const shown = isOn || state === JournalState.closed || state === JournalState.off ? state : JournalState.degraded;
    return { state: JOURNAL_STATE_NAMES[shown], numbers: numbers as JournalStats['numbers'] };
  }

  /**
   * Entries that are not in the files as the sync policy promises, with those that found no room; 0 once a checkpoint
   * stands behind them. Where holes lie among what waits, the entries in them count twice.
   */
  get entriesLost(): number {
    const numbers = new Float64Array(this.memory.numbers);
    const taken = numbers[JournalNumber.taken];
    if (numbers[JournalNumber.safe] >= taken) return 0;
    const kept = numbers[this.syncPolicy === 'always' ? JournalNumber.durable : JournalNumber.written];
    return numbers[JournalNumber.missed] + Math.max(0, taken - kept);
  }

  /**
   * Writes everything that was committed and closes; the ingress thread commits nothing more. Resolves with false where
   * that took longer than the time given, as on a disk that hangs: then the thread is ended.
   */
  async stop(timeoutMs: number): Promise<boolean> {
    this.isStopping = true;
    Atomics.store(new Int32Array(this.memory.words), journalRingWords.at.stop, 1);
    this.ring();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false);
    });
    const isClosed = await Promise.race([this.ended.then(() => !this.hasFailed), late]);
    clearTimeout(timer);
    if (!isClosed) void this.worker.terminate();
    this.lock.release();
    return isClosed;
  }

  private ring(): void {
    new Doorbell(this.memory.doorbell).ring();
  }

  private isDiskHanging(columns: Float64Array): boolean {
    const since = columns[JournalNumber.waitingSinceMs];
    return since > 0 && this.clock.nowNs() / 1e6 - since >= JOURNAL_SLOW_MS;
  }

  private take(message: FromJournal): void {
    if (message.op === 'event') this.onEvent(message.event);
    if (message.op !== 'checkpoint') return;
    this.checkpoints.get(message.number)?.(message.isWritten);
    this.checkpoints.delete(message.number);
  }

  /** Without its thread the journal takes nothing more: the ring fills, and entries are missed and counted. */
  private afterExit(): void {
    for (const resolve of this.checkpoints.values()) resolve(false);
    this.checkpoints.clear();
    const state = Atomics.load(new Int32Array(this.memory.words), journalRingWords.at.state);
    this.hasFailed = state !== JournalState.closed;
    if (!this.hasFailed || this.isStopping) return;
    const reason = this.failure === '' ? 'its thread ended' : this.failure;
    this.onEvent({ kind: 'failed', text: `journal: stopped for good (${reason}): nothing more is written down` });
  }
}

function journalMemoryOf(memory: EngineMemory): JournalMemory {
  assert(memory.journal !== null, 'journal: expected memory for it');
  return memory.journal;
}

/** Waits for the thread's first word; events that come before it are kept. */
function openedBy(worker: Worker, early: JournalEvent[]): Promise<JournalOpened> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      // Not all of them: the thread's port has one of its own there, without which nothing more is heard until its end.
      for (const name of ['message', 'error', 'exit']) worker.removeAllListeners(name);
      act();
    };
    worker.on('message', (message: FromJournal) => {
      if (message.op === 'event') early.push(message.event);
      else if (message.op === 'opened') end(() => resolve(message.opened));
      else if (message.op === 'refused')
        end(() => reject(message.isUsage ? new UsageError(message.message) : new Error(message.message)));
    });
    worker.on('error', (error) => end(() => reject(error)));
    worker.on('exit', (code) => end(() => reject(new Error(`journal thread: ended at start with exit code ${code}`))));
  });
}

/** Memory of images that nothing else lies in, not even unseen: handed over instead of copied. */
function ownBuffers(checkpoint: Checkpoint): ArrayBuffer[] {
  const images = [
    ...checkpoint.ingress.connections.map(({ decoder }) => decoder),
    ...checkpoint.shards.flatMap(({ markets }) => markets.map(({ image }) => image)),
  ];
  const seen = new Map<ArrayBuffer, number>();
  for (const { buffer, byteLength } of images)
    if (buffer instanceof ArrayBuffer) seen.set(buffer, (seen.get(buffer) ?? 0) + byteLength);
  return [...seen].flatMap(([buffer, bytes]) => (bytes === buffer.byteLength && bytes > 0 ? [buffer] : []));
}
