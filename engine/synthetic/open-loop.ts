// Owns the open-loop schedule of the live feed: when each update is due, whatever became of the ones before it.

/** After a stall of this process at most this much of the schedule is caught up at once; older updates are left out. */
export const CATCH_UP_US = 1_000_000;

/** Update n is due at start + n / rate. What is not sent is left out for good and counted; the schedule never slips. */
export class OpenLoopSchedule {
  private readonly startUs: number;
  private readonly ratePerS: number;
  private taken = 0;
  leftOut = 0;

  constructor(startUs: number, ratePerS: number) {
    this.startUs = startUs;
    this.ratePerS = ratePerS;
  }

  /** Intended time of the next update. */
  get nextUs(): number {
    return this.startUs + Math.floor((this.taken * 1e6) / this.ratePerS);
  }

  /** How many updates are due and not taken. Leaves out those that are too old. */
  due(nowUs: number): number {
    this.leaveOut(this.dueAt(nowUs - CATCH_UP_US));
    return this.dueAt(nowUs);
  }

  /** The intended time of the update now taken. */
  take(): number {
    const dueUs = this.nextUs;
    this.taken++;
    return dueUs;
  }

  leaveOut(count: number): void {
    this.taken += count;
    this.leftOut += count;
  }

  private dueAt(timeUs: number): number {
    const scheduled = Math.floor(((timeUs - this.startUs) * this.ratePerS) / 1e6) + 1;
    return Math.max(0, scheduled - this.taken);
  }
}
