// What a subscriber knows of the updates it got: which, how late, and how often. Hot path: once per message.

import { LATENCY_BYTES, LatencyRecorder } from '../observe/latency.ts';
import { type LoadPlan, updateOfTag } from './protocol.ts';
import { Mark, ReceivedUpdates } from './received-updates.ts';
import { LoadSchedule } from './schedule.ts';
import type { Tags } from './tags.ts';

/** Seconds of updates of which it is remembered whether they came. */
const REMEMBERED_S = 60;
/** What has not come after this long counts as missing while the test runs. */
const MISSING_AFTER_NS = 1e9;

export class UpdateLog {
  received = 0;
  measured = 0;
  duplicates = 0;
  tooLate = 0;
  foreign = 0;
  readonly latency = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  private readonly schedule: LoadSchedule;
  private readonly updates: ReceivedUpdates;
  private startNs = Number.POSITIVE_INFINITY;
  private nowNs = 0;
  /** The newest update that can have been sent by now; −1 before the first. */
  private newest = -1;

  constructor(plan: LoadPlan) {
    this.schedule = new LoadSchedule(plan);
    this.updates = new ReceivedUpdates(Math.min(this.schedule.total, plan.ratePerS * REMEMBERED_S));
  }

  start(startNs: number): void {
    this.startNs = startNs;
  }

  /** Once for each read of the socket: what comes in it was received now. */
  receiveAt(nowNs: number): void {
    this.nowNs = nowNs;
    this.newest = nowNs < this.startNs ? -1 : this.schedule.countDueAt(nowNs - this.startNs) - 1;
  }

  /**
   * Takes the tags of a message about updates. The newest is its own; older ones are updates that the engine has merged
   * into it, or levels that came back into a venue's window, which is no repeat.
   */
  take(tags: Tags): void {
    if (this.newest < 0) return;
    let latest = -1;
    let latestMark: Mark = Mark.first;
    for (let i = 0; i < tags.count; i++) {
      const update = updateOfTag(tags.values[i], this.newest);
      if (update < 0) {
        this.foreign++;
        continue;
      }
      const mark = this.takeUpdate(update);
      if (update <= latest) continue;
      latest = update;
      latestMark = mark;
    }
    if (latestMark === Mark.again && latest >= this.schedule.warmupCount) this.duplicates++;
  }

  private takeUpdate(update: number): Mark {
    const mark = this.updates.mark(update);
    if (mark === Mark.again) return mark;
    if (mark === Mark.tooOld) this.tooLate++;
    this.received++;
    if (update < this.schedule.warmupCount) return mark;
    this.measured++;
    this.latency.record(this.nowNs - this.startNs - this.schedule.dueNs(update), 1);
    return mark;
  }

  /**
   * A whole book shows the latest update of its market that is in it, however that came there; the ones before are not
   * known from it.
   */
  takeSnapshot(tags: Tags): void {
    if (this.newest < 0) return;
    let latest = -1;
    for (let i = 0; i < tags.count; i++) latest = Math.max(latest, updateOfTag(tags.values[i], this.newest));
    if (latest >= 0) this.takeUpdate(latest);
  }

  /** Updates due more than a second ago that have not come. */
  missing(nowNs: number): number {
    const settledNs = nowNs - this.startNs - MISSING_AFTER_NS;
    if (settledNs > 0) this.updates.settle(this.schedule.countDueAt(settledNs));
    return this.updates.missing;
  }
}
