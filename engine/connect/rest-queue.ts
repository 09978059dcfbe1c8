// Owns a venue's REST requests: in order of priority, within its rate, retried, one a key, never more than it may hold.

import { Backoff } from './backoff.ts';
import { BREAKER, Breaker, type BreakerReport, type BreakerSettings, type BreakerTransition } from './breaker.ts';
import { DedupWindow } from './dedup-window.ts';
import { Pacer } from './pace.ts';
import type { Pace, RestRequest } from './protocol.ts';
import type { Timers } from './timers.ts';
import { type Failure, failureOf, type RestAnswer } from './transport.ts';

/** Sends one request; rejects where no answer comes. */
export type RestSend = (request: RestRequest, timeoutMs: number, signal: AbortSignal) => Promise<RestAnswer>;

export type RestResult =
  | { readonly isOk: true; readonly body: string }
  /** `refused` by the venue's status, `failed` after all tries, else never sent to its end. */
  | {
      readonly isOk: false;
      readonly reason: 'refused' | 'failed' | 'overflow' | 'too-old' | 'cancelled' | 'stopped';
      readonly status: number | null;
      readonly message: string;
    };

export type RestJob = {
  /** One job a key: asked again while it waits or runs, the caller joins it. */
  readonly key: string;
  /** Asked again with the same id within dedupMs, also after it ended, it is a duplicate; null for none. */
  readonly id: string | null;
  readonly request: RestRequest;
  /** Lower goes first. */
  readonly priority: number;
  /** Called exactly once for a job that was taken. */
  ended(result: RestResult): void;
};

export type RestSettings = {
  readonly pace: Pace;
  readonly breaker: BreakerSettings;
  readonly inFlightMax: number;
  readonly timeoutMs: number;
  /** Tries of one job, the first included; being told to wait (429, 418) is no try. */
  readonly triesMax: number;
  readonly sizeMax: number;
  /** Bytes of all paths and bodies that wait. */
  readonly bytesMax: number;
  /** A job that waited longer is of no use any more. */
  readonly ageMaxMs: number;
  readonly dedupMs: number;
  readonly dedupSizeMax: number;
};

export const REST: Omit<RestSettings, 'pace'> = {
  // Many call through one breaker: it opens for failures in a row, not for one, and asks no calm after an answer.
  breaker: { ...BREAKER, failuresMax: 5, stableMs: 0, retriesMax: null, waitsWhileClosed: false },
  inFlightMax: 4,
  timeoutMs: 10_000,
  triesMax: 5,
  sizeMax: 10_000,
  bytesMax: 4 * 1024 * 1024,
  ageMaxMs: 600_000,
  dedupMs: 10_000,
  dedupSizeMax: 10_000,
};

export type RestReport = {
  waiting: number;
  running: number;
  highWater: number;
  sent: number;
  succeeded: number;
  retries: number;
  /** Answers 429 and 418. */
  limited: number;
  refused: number;
  failed: number;
  joined: number;
  duplicates: number;
  /** Dropped without an answer, by reason. */
  dropped: Record<'overflow' | 'too-old' | 'cancelled' | 'stopped', number>;
  failures: Record<string, number>;
  /** Of the last answer, ms. */
  latencyMs: number | null;
  breaker: BreakerReport;
};

type Work = {
  readonly key: string;
  readonly request: RestRequest;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly backoff: Backoff;
  readonly listeners: Array<(result: RestResult) => void>;
  priority: number;
  rank: number;
  tries: number;
  place: 'waiting' | 'resting' | 'running';
  isProbe: boolean;
  release: () => void;
};

const LIMITED = [429, 418];
const nothing = (): void => {};

export class RestQueue {
  readonly breaker: Breaker;
  private readonly timers: Timers;
  private readonly settings: RestSettings;
  private readonly send: RestSend;
  private readonly pacer: Pacer;
  private readonly dedup: DedupWindow;
  private readonly works = new Map<string, Work>();
  /** Waiting work by rank, oldest first: for each priority what goes again, then what is new. */
  private readonly lists: Set<Work>[] = [];
  private readonly limitBackoff = new Backoff();
  private readonly counts = {
    highWater: 0,
    sent: 0,
    succeeded: 0,
    retries: 0,
    limited: 0,
    refused: 0,
    failed: 0,
    joined: 0,
  };
  private readonly dropped = { overflow: 0, 'too-old': 0, cancelled: 0, stopped: 0 };
  private readonly failures: Record<string, number> = {};
  private running = 0;
  private waitingBytes = 0;
  private latencyMs: number | null = null;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  private cancelWake: (() => void) | null = null;
  private isClosing = false;
  private finishStop: (() => void) | null = null;

  constructor(
    timers: Timers,
    settings: RestSettings,
    send: RestSend,
    changed: (transition: BreakerTransition) => void = nothing,
  ) {
    this.timers = timers;
    this.settings = settings;
    this.send = send;
    this.pacer = new Pacer([settings.pace]);
    this.dedup = new DedupWindow(settings.dedupMs, settings.dedupSizeMax);
    this.breaker = new Breaker(timers, settings.breaker, { changed, ready: () => this.drain() });
  }

  /** Jobs that have not ended. */
  get size(): number {
    return this.works.size;
  }

  /** What became of it; `ended` is called for `queued` and `joined` only. */
  push(job: RestJob): 'queued' | 'joined' | 'duplicate' | 'closed' {
    if (this.isClosing) return 'closed';
    const same = this.works.get(job.key);
    if (same !== undefined) return this.join(same, job);
    if (job.id !== null && !this.dedup.isNew(job.id, this.timers.nowMs())) return 'duplicate';
    this.enqueue(job);
    this.drain();
    return 'queued';
  }

  /** Ends a job that is not needed any more; one that runs is aborted. */
  cancel(key: string): void {
    const work = this.works.get(key);
    if (work === undefined) return;
    this.drop(work, 'cancelled');
    // Its place, or that of the probe it was, is free.
    this.drain();
  }

  has(key: string): boolean {
    return this.works.has(key);
  }

  /**
   * Takes nothing more; goes on for up to flushMs with what there is, then drops the rest.
   * flushed + dropped is what was pending when it was called.
   */
  async stop(flushMs: number): Promise<{ flushed: number; dropped: number }> {
    const pending = this.works.size;
    const before = this.dropped.stopped;
    this.isClosing = true;
    if (pending > 0 && flushMs > 0) await this.flush(flushMs);
    for (const work of [...this.works.values()]) this.drop(work, 'stopped');
    this.breaker.stop();
    this.cancelWake?.();
    this.cancelWake = null;
    const dropped = this.dropped.stopped - before;
    return { flushed: pending - dropped, dropped };
  }

  report(): RestReport {
    return {
      waiting: this.works.size - this.running,
      running: this.running,
      ...this.counts,
      duplicates: this.dedup.hits,
      dropped: { ...this.dropped },
      failures: { ...this.failures },
      latencyMs: this.latencyMs,
      breaker: this.breaker.report(),
    };
  }

  private flush(flushMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.timers.after(flushMs, resolve);
      this.finishStop = () => {
        cancel();
        resolve();
      };
    });
  }

  private join(work: Work, job: RestJob): 'joined' {
    this.counts.joined++;
    work.listeners.push((result) => job.ended(result));
    if (work.place === 'waiting' && job.priority < work.priority) {
      this.unlist(work);
      work.priority = job.priority;
      this.list(work);
      this.drain();
    }
    return 'joined';
  }

  private enqueue(job: RestJob): void {
    const bytes = job.request.path.length + (job.request.body?.length ?? 0);
    const work: Work = {
      key: job.key,
      request: job.request,
      bytes,
      sinceMs: this.timers.nowMs(),
      backoff: new Backoff(),
      listeners: [(result) => job.ended(result)],
      priority: job.priority,
      rank: 0,
      tries: 0,
      place: 'waiting',
      isProbe: false,
      release: nothing,
    };
    this.works.set(job.key, work);
    this.list(work);
    this.makeRoom();
    this.counts.highWater = Math.max(this.counts.highWater, this.works.size);
  }

  /** Over its bounds, the oldest of the least urgent goes. */
  private makeRoom(): void {
    const { sizeMax, bytesMax } = this.settings;
    while (this.works.size > sizeMax || this.waitingBytes > bytesMax) {
      const list = this.lists.findLast((candidate) => candidate.size > 0);
      if (list === undefined) return;
      this.drop(firstOf(list), 'overflow');
    }
  }

  private list(work: Work, goesAgain = false): void {
    work.rank = 2 * work.priority + (goesAgain ? 0 : 1);
    while (this.lists.length <= work.rank) this.lists.push(new Set());
    this.lists[work.rank].add(work);
    work.place = 'waiting';
    this.waitingBytes += work.bytes;
  }

  private unlist(work: Work): void {
    this.lists[work.rank].delete(work);
    this.waitingBytes -= work.bytes;
  }

  private drain(): void {
    while (this.running < this.settings.inFlightMax) {
      const work = this.firstWaiting();
      if (work === null) return;
      const nowMs = this.timers.nowMs();
      const waitMs = Math.max(this.pausedUntilMs - nowMs, this.pacer.waitMs(nowMs, work.request.weight));
      if (waitMs > 0) {
        this.wake(waitMs);
        return;
      }
      const isProbe = this.breaker.state === 'half-open';
      if (!this.breaker.admit()) return;
      this.unlist(work);
      this.pacer.take(nowMs, work.request.weight);
      work.isProbe = isProbe;
      this.run(work, nowMs);
    }
  }

  private firstWaiting(): Work | null {
    const oldestMs = this.timers.nowMs() - this.settings.ageMaxMs;
    for (const list of this.lists) {
      while (list.size > 0) {
        const work = firstOf(list);
        if (work.sinceMs >= oldestMs) return work;
        this.drop(work, 'too-old');
      }
    }
    return null;
  }

  private wake(waitMs: number): void {
    this.cancelWake?.();
    this.cancelWake = this.timers.after(waitMs, () => {
      this.cancelWake = null;
      this.drain();
    });
  }

  private run(work: Work, startMs: number): void {
    const controller = new AbortController();
    const { timeoutMs } = this.settings;
    let isOver = false;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      cancelTimeout();
      this.running--;
      work.release = nothing;
      return true;
    };
    const fail = (failure: Failure): void => {
      if (over()) this.failedOnce(work, failure);
    };
    const cancelTimeout = this.timers.after(timeoutMs, () => {
      fail({ kind: 'timeout', message: `no answer within ${timeoutMs} ms`, status: null });
      controller.abort();
    });
    work.release = () => {
      if (!over()) return;
      if (work.isProbe) this.breaker.withdraw();
      controller.abort();
    };
    work.place = 'running';
    this.running++;
    this.counts.sent++;
    this.send(work.request, timeoutMs, controller.signal).then(
      (answer) => {
        if (!over()) return;
        this.latencyMs = this.timers.nowMs() - startMs;
        this.answered(work, answer);
      },
      (error: unknown) => fail(failureOf(error)),
    );
  }

  private answered(work: Work, answer: RestAnswer): void {
    const { status, body } = answer;
    if (status >= 500) {
      this.failedOnce(work, { kind: 'other', message: `status ${status}`, status });
      return;
    }
    if (this.isTelling(work)) this.breaker.succeeded();
    if (LIMITED.includes(status)) this.limit(work, answer);
    else if (status >= 200 && status < 300) {
      this.counts.succeeded++;
      this.limitBackoff.reset();
      this.end(work, { isOk: true, body });
    } else {
      this.counts.refused++;
      this.end(work, { isOk: false, reason: 'refused', status, message: body.slice(0, 200) });
    }
    this.drain();
  }

  /** The venue says to wait: everything waits, and this job is the first again. */
  private limit(work: Work, answer: RestAnswer): void {
    this.counts.limited++;
    const backoffMs = this.limitBackoff.next();
    const seconds = Number.parseFloat(answer.headers['retry-after'] ?? '');
    const waitMs = Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds * 1000, 1) : backoffMs;
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.timers.nowMs() + waitMs);
    this.list(work, true);
  }

  /** Half-open only the probe's end tells something: others were sent before it opened. */
  private isTelling(work: Work): boolean {
    return work.isProbe || this.breaker.state === 'closed';
  }

  private failedOnce(work: Work, failure: Failure): void {
    const kind = failure.status === null ? failure.kind : `status-${failure.status}`;
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
    if (this.isTelling(work)) this.breaker.failed(kind);
    work.tries++;
    if (work.tries >= this.settings.triesMax) {
      this.counts.failed++;
      this.end(work, { isOk: false, reason: 'failed', status: failure.status, message: failure.message });
    } else this.rest(work);
    this.drain();
  }

  private rest(work: Work): void {
    this.counts.retries++;
    work.place = 'resting';
    work.release = this.timers.after(work.backoff.next(), () => {
      work.release = nothing;
      this.list(work, true);
      this.drain();
    });
  }

  private drop(work: Work, reason: keyof typeof this.dropped): void {
    this.dropped[reason]++;
    if (work.place === 'waiting') this.unlist(work);
    work.release();
    work.release = nothing;
    this.end(work, { isOk: false, reason, status: null, message: reason });
  }

  private end(work: Work, result: RestResult): void {
    this.works.delete(work.key);
    for (const listener of work.listeners) listener(result);
    if (this.works.size === 0) this.finishStop?.();
  }
}

function firstOf(list: ReadonlySet<Work>): Work {
  return list.values().next().value as Work;
}
