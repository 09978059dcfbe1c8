// Time, chance and sleep of the whole process while a simulated run has it: nothing passes that the run does not pass.

import { type Restore, replace } from './replace.ts';

/** Virtual milliseconds a process has run when the world begins: no reading is zero by accident. */
const START_MS = 1_000;
/** 2026-11-21T00:00:00Z: minutes of a bar begin where a run begins. */
const START_WALL_US = 1_795_219_200_000_000;

type Timer = { dueUs: number; readonly order: number; readonly everyUs: number | null; readonly run: () => void };

/** What setTimeout gives back. */
class TimerHandle {
  readonly timer: Timer;

  constructor(timer: Timer) {
    this.timer = timer;
  }

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

export class VirtualWorld {
  /** Called where a thread of the core would sleep; time does not pass by itself. */
  onSleep: (timeoutMs: number) => void = () => {
    throw new Error('simulation: expected no sleep');
  };
  /** Whole microseconds since the world began. */
  private us = 0;
  /** What the wall clock was set wrong by, in microseconds. */
  private wallShiftUs = 0;
  private order = 0;
  private readonly timers = new Set<Timer>();

  /** As performance.now(). */
  nowMs(): number {
    return START_MS + this.us / 1000;
  }

  /** As the machine believes. */
  wallUs(): number {
    return this.trueWallUs() + this.wallShiftUs;
  }

  /** As the venues know. */
  trueWallUs(): number {
    return START_WALL_US + this.us;
  }

  /** The machine's wall clock is set forward or back: the monotonic one goes on. */
  jumpWall(us: number): void {
    this.wallShiftUs += us;
  }

  /** Time passes while a thread does something else: timers wait until it comes back to its event loop. */
  pass(us: number): void {
    this.us += us;
  }

  /** Time passes, and each timer that falls due runs, in order of time and of asking. */
  advance(us: number): void {
    const untilUs = this.us + us;
    for (let next = this.next(untilUs); next !== null; next = this.next(untilUs)) {
      this.us = Math.max(this.us, next.dueUs);
      if (next.everyUs === null) this.timers.delete(next);
      else next.dueUs = this.us + next.everyUs;
      next.run();
    }
    this.us = Math.max(this.us, untilUs);
  }

  /** The process ends, and all that it waited for. */
  forgetTimers(): void {
    this.timers.clear();
  }

  private next(untilUs: number): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.timers) {
      if (timer.dueUs > untilUs) continue;
      if (first === null || timer.dueUs < first.dueUs || (timer.dueUs === first.dueUs && timer.order < first.order))
        first = timer;
    }
    return first;
  }

  private start(run: () => void, delayMs: number, isRepeated: boolean): TimerHandle {
    const delayUs = Math.max(0, Math.round(delayMs * 1000));
    const timer = { dueUs: this.us + delayUs, order: this.order++, everyUs: isRepeated ? delayUs : null, run };
    this.timers.add(timer);
    return new TimerHandle(timer);
  }

  private stop(handle: TimerHandle | null | undefined): void {
    if (handle instanceof TimerHandle) this.timers.delete(handle.timer);
  }

  /** Runs something with this world's time in place of the process's. Not for promises: they would outlive it. */
  run<T>(body: () => T): T {
    const restores = this.replaceAll();
    try {
      return body();
    } finally {
      for (const restore of restores.reverse()) restore();
    }
  }

  private replaceAll(): Restore[] {
    const stop = (handle: TimerHandle | null | undefined): void => this.stop(handle);
    return [
      replace(performance, 'now', () => this.nowMs()),
      replace(process.hrtime, 'bigint', () => BigInt(Math.round(this.nowMs() * 1e6))),
      replace(Date, 'now', () => Math.floor(this.wallUs() / 1000)),
      replace(Math, 'random', () => {
        throw new Error('simulation: expected no chance but the seed');
      }),
      replace(globalThis, 'setTimeout', (run: () => void, delayMs = 0) => this.start(run, delayMs, false)),
      replace(globalThis, 'setInterval', (run: () => void, delayMs = 0) => this.start(run, delayMs, true)),
      replace(globalThis, 'setImmediate', (run: () => void) => this.start(run, 0, false)),
      replace(globalThis, 'clearTimeout', stop),
      replace(globalThis, 'clearInterval', stop),
      replace(globalThis, 'clearImmediate', stop),
      replace(Atomics, 'wait', (_words: Int32Array, _index: number, _value: number, timeoutMs = 0) => {
        this.onSleep(timeoutMs);
        return 'timed-out';
      }),
    ];
  }
}
