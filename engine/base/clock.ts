// One monotonic clock for all threads of an engine, in nanoseconds since the engine's anchor.

/** The zero of the engine clock: shared by all threads, taken once by the main thread. */
export type ClockAnchor = {
  /** `process.hrtime` nanoseconds (CLOCK_MONOTONIC) at the anchor. */
  readonly hrtimeNs: number;
  /** Wall clock at the anchor, microseconds since 1970. */
  readonly wallUs: number;
};

export function takeAnchor(): ClockAnchor {
  return {
    hrtimeNs: Number(process.hrtime.bigint()),
    wallUs: Math.round(performance.timeOrigin * 1000 + performance.now() * 1000),
  };
}

const CALIBRATION_TRIES = 64;

/**
 * `performance.now()` is the cheapest clock (60 ns) but counts from its own thread's start; this finds the distance to
 * CLOCK_MONOTONIC. Both read the same clock, so the narrowest of several brackets is right to under a microsecond.
 */
function offsetNs(): number {
  let best = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let i = 0; i < CALIBRATION_TRIES; i++) {
    const before = performance.now();
    const middle = process.hrtime.bigint();
    const after = performance.now();
    if (after - before >= best) continue;
    best = after - before;
    offset = Number(middle) - ((before + after) / 2) * 1e6;
  }
  return offset;
}

/** Reads of the engine clock on this thread. */
export class EngineClock {
  readonly anchor: ClockAnchor;
  private readonly sinceAnchorNs: number;

  constructor(anchor: ClockAnchor) {
    this.anchor = anchor;
    this.sinceAnchorNs = offsetNs() - anchor.hrtimeNs;
  }

  /** Whole nanoseconds since the anchor. */
  nowNs(): number {
    return Math.floor(performance.now() * 1e6 + this.sinceAnchorNs);
  }

  /** Wall microseconds since 1970 of an engine time. */
  wallUs(timeNs: number): number {
    return this.anchor.wallUs + Math.round(timeNs / 1000);
  }
}
