// What fuzzing feeds: a session, its decoder, ring and shard in one thread, begun anew now and then, with the accounts kept.

import { INGRESS_COUNTERS, type IngressCounterName, ingressCounter } from '../../schemas/counters.ts';
import { type Dialect, FrameResult, REJECTION_NAMES } from '../../schemas/ids.ts';
import { anchorBefore, Pipeline } from '../support/engine-subject.ts';

const INPUT_SLOTS = 16_384;
/** Frames after which all begins anew: markets of altered names fill the directory. */
const FRAMES_EACH = 20_000;
/** A frame must not hold a thread for longer. */
export const HANG_MS = 50;
const TRIES = 3;

export type Account = {
  received: number;
  applied: number;
  control: number;
  ignored: number;
  unknown: number;
  rejected: number;
  internal: number;
};

const REJECTED: readonly IngressCounterName[] = INGRESS_COUNTERS.map(({ name }) => name).filter(
  (name) => name !== 'internal' && (REJECTION_NAMES as readonly string[]).includes(name),
);

export class FuzzTarget {
  readonly account: Account = { received: 0, applied: 0, control: 0, ignored: 0, unknown: 0, rejected: 0, internal: 0 };
  readonly exceptions: string[] = [];
  hangs = 0;
  longestMs = 0;
  private readonly dialect: Dialect;
  private pipeline: Pipeline;
  private session: ReturnType<Pipeline['session']>;
  private frames = 0;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
    this.pipeline = this.begin();
    this.session = this.pipeline.session(dialect);
  }

  private begin(): Pipeline {
    return new Pipeline({ anchor: anchorBefore(null), kinds: ['1s'], inputSlots: INPUT_SLOTS }, INPUT_SLOTS);
  }

  /** Takes one frame; its FrameResult, or 0 where something was thrown. */
  take(frame: Buffer): number {
    if (++this.frames > FRAMES_EACH) this.restart();
    const before = performance.now();
    const result = this.run(frame);
    const ms = performance.now() - before;
    if (ms > this.longestMs) this.longestMs = ms;
    if (ms > HANG_MS) this.judgeHang(frame);
    return result;
  }

  private run(frame: Buffer): number {
    const { buffer, byteOffset, byteLength } = frame;
    try {
      this.pipeline.writer.beginTimeless();
      const result = this.session.take(new DataView(buffer, byteOffset, byteLength), 0, byteLength);
      this.pipeline.writer.commit();
      if (result === FrameResult.internal) this.note(frame, 'internal');
      return result;
    } catch (error) {
      this.note(frame, String(error));
      this.restart();
      return 0;
    }
  }

  /** A machine that is busy may stop any frame: one that is slow each time it is tried is at fault itself. */
  private judgeHang(frame: Buffer): void {
    for (let i = 0; i < TRIES; i++) {
      const before = performance.now();
      this.run(frame);
      if (performance.now() - before <= HANG_MS) return;
    }
    this.hangs++;
  }

  private note(frame: Buffer, what: string): void {
    if (this.exceptions.length < 5)
      this.exceptions.push(`${this.dialect}: ${what}: ${frame.toString('base64').slice(0, 2_000)}`);
    else this.exceptions.push('more');
  }

  private restart(): void {
    this.collect();
    this.frames = 0;
    this.pipeline = this.begin();
    this.session = this.pipeline.session(this.dialect);
  }

  /** Adds what the present pipeline has counted to the account. */
  collect(): void {
    const counters = new Float64Array(this.pipeline.memory.ingressCounters);
    const { account } = this;
    const of = (name: IngressCounterName): number => counters[ingressCounter[name]];
    account.received += of('frames');
    for (const name of ['applied', 'control', 'ignored', 'unknown', 'internal'] as const) account[name] += of(name);
    account.rejected += REJECTED.reduce((sum, name) => sum + of(name), 0);
    counters.fill(0);
  }
}
