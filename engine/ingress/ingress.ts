// The main thread's side of the ingress thread: starts it, asks it to stop, and never lets it end with its app open.

import { Worker } from 'node:worker_threads';
import { INGRESS_CLOSE_MS, RECOVERY_IDLE_MS, START_DEADLINE_MS } from '../../schemas/config.ts';
import type { GcReport } from '../../schemas/shard-task.ts';
import { engineWords } from '../../schemas/shared-state.ts';
import { entryUrl } from '../base/entry.ts';
import { UsageError } from '../base/errors.ts';
import type { LogLevel } from '../connect/hooks.ts';
import type { FeedReport } from '../connect/report.ts';
import type { IngressImage } from '../journal/checkpoint.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { FromIngress, IngressClosed, IngressStart, Recovered, ToIngress } from './messages.ts';
import type { TellRejected } from './rejected-frames.ts';
import type { ReplayCounts } from './replay-source.ts';
import type { ConnectionReport } from './server.ts';

type Waiting = {
  readonly op: FromIngress['op'];
  readonly resolve: (message: FromIngress) => void;
  readonly reject: (error: Error) => void;
};

export class Ingress {
  private readonly worker: Worker;
  private waiting: Waiting[] = [];
  private failure: Error | null = null;
  private isClosing = false;
  /** Work that may take longer goes on: who waits for the port waits again. */
  private renew: () => void = () => undefined;
  private readonly exited: Promise<number>;
  /** Called when the thread fails after its start. */
  onFailure: (error: Error) => void = () => undefined;
  /** Called with what the connectors report. */
  onLog: (level: LogLevel, text: string, fields: Readonly<Record<string, unknown>>) => void = () => undefined;

  /** Called with frames that could not be taken, and how many more there were. */
  onRejected: TellRejected = () => undefined;
  /** Called now and then while the journal is applied, with the last entry that was. */
  onProgress: (sequence: number) => void = () => undefined;

  constructor(start: IngressStart) {
    this.worker = new Worker(entryUrl('./thread.ts', import.meta.url), { workerData: start, name: 'ingress' });
    this.worker.on('message', (message: FromIngress) => this.take(message));
    this.worker.on('error', (error) => this.fail(errorOf(error)));
    this.exited = new Promise((resolve) => this.worker.once('exit', resolve));
    this.exited.then((code) => {
      endIntake(start.memory);
      this.fail(new Error(`ingress thread: expected to run, ended with ${code}`));
    });
  }

  private take(message: FromIngress): void {
    if (message.op === 'failed') {
      this.fail(message.isUsage ? new UsageError(firstLine(message.message)) : new Error(message.message));
      return;
    }
    if (message.op === 'log') {
      this.onLog(message.level, message.text, message.fields);
      return;
    }
    if (message.op === 'rejected') this.onRejected(message.frames, message.leftOut);
    if (message.op === 'recovering' || message.op === 'recovered') this.renew();
    if (message.op === 'recovering') this.onProgress(message.sequence);
    const found = this.waiting.filter(({ op }) => op === message.op);
    this.waiting = this.waiting.filter(({ op }) => op !== message.op);
    for (const { resolve } of found) resolve(message);
  }

  private fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    const waiting = this.waiting;
    this.waiting = [];
    for (const { reject } of waiting) reject(error);
    if (!this.isClosing) this.onFailure(error);
  }

  private next<Op extends FromIngress['op']>(op: Op, ask: ToIngress | null): Promise<Extract<FromIngress, { op: Op }>> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const answer = new Promise<FromIngress>((resolve, reject) => this.waiting.push({ op, resolve, reject }));
    if (ask !== null) this.worker.postMessage(ask);
    return answer as Promise<Extract<FromIngress, { op: Op }>>;
  }

  /** Resolves with the port once it is open; rejects with a UsageError where it is taken. */
  async listening(): Promise<number> {
    const late = deadline(START_DEADLINE_MS, 'ingress thread: expected to listen in time');
    this.renew = () => late.renew(RECOVERY_IDLE_MS);
    try {
      return (await Promise.race([this.next('listening', null), late.promise])).port;
    } finally {
      late.cancel();
    }
  }

  /** Resolves when the entries of the journal are in the rings, and what they cannot tell is marked. */
  async recovered(): Promise<Recovered> {
    return (await this.next('recovered', null)).recovered;
  }

  /** Begins a checkpoint; resolves with the thread's part of it, or with null where a ring has no room for it now. */
  async checkpoint(number: number): Promise<IngressImage | null> {
    return (await this.next('checkpoint', { op: 'checkpoint', number })).image;
  }

  /** Resolves where the span of a replay begins; it goes on with goOn(). */
  async paused(): Promise<void> {
    await this.next('paused', null);
  }

  goOn(): void {
    this.worker.postMessage({ op: 'go-on' } satisfies ToIngress);
  }

  /** Resolves when the recordings are wholly in the rings. */
  async replayed(): Promise<ReplayCounts> {
    return (await this.next('replayed', null)).counts;
  }

  /** Ends the thread of a replay, which has no sockets, whatever it does. */
  async end(): Promise<void> {
    this.isClosing = true;
    await this.worker.terminate();
  }

  /** Sockets of producers, and what the connectors say. */
  async connections(): Promise<{ connections: ConnectionReport[]; feeds: FeedReport[] }> {
    const { connections, feeds } = await this.next('connections', { op: 'connections' });
    return { connections, feeds };
  }

  /** Starts counting the thread's garbage collections (resolves with null), or ends it (resolves with the count). */
  async countGc(): Promise<GcReport | null> {
    return (await this.next('gc', { op: 'gc' })).report;
  }

  stopAccepting(): void {
    this.worker.postMessage({ op: 'stop-accepting' } satisfies ToIngress);
  }

  /** Closes sockets and app; resolves with what that ended once the thread has ended. */
  async close(): Promise<IngressClosed> {
    if (this.failure !== null) return { connectionsClosed: 0, feeds: [] };
    this.isClosing = true;
    const { connectionsClosed, feeds } = await this.next('closed', { op: 'close' });
    await this.exited;
    return { connectionsClosed, feeds };
  }

  /** For a forced end: true when the app closed in time, so that the process may exit without aborting. */
  async closeInTime(): Promise<boolean> {
    const late = deadline(INGRESS_CLOSE_MS, 'late');
    try {
      await Promise.race([this.close(), late.promise]);
      return true;
    } catch {
      return this.failure !== null;
    } finally {
      late.cancel();
    }
  }
}

/** A thread that could not even be loaded never said so itself, and the shards would wait for its last record for ever. */
function endIntake(memory: EngineMemory): void {
  Atomics.store(new Int32Array(memory.words), engineWords.at.ingressDone, 1);
  for (const shard of memory.shards) new Doorbell(shard.doorbell).ring();
}

/** What the thread threw: of its class, only the name comes over. */
function errorOf(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  return thrown.name === 'UsageError' ? new UsageError(thrown.message) : thrown;
}

function firstLine(text: string): string {
  return text.split('\n')[0].replace(/^UsageError: /, '');
}

function deadline(
  ms: number,
  message: string,
): { promise: Promise<never>; cancel: () => void; renew: (ms: number) => void } {
  let timer: NodeJS.Timeout | undefined;
  let fail: (error: Error) => void = () => undefined;
  const renew = (untilMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => fail(new Error(message)), untilMs);
  };
  const promise = new Promise<never>((_, reject) => {
    fail = reject;
  });
  renew(ms);
  return { promise, cancel: () => clearTimeout(timer), renew };
}
