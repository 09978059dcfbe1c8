// Owns what faults there are, and the list of those that were injected.

/** What the rate of a kind counts by. */
export type FaultUnit = 'frames' | 'requests' | 'seconds';

/** Each kind with its unit: per 1,000 data frames, per 1,000 REST requests of its sort, or per second. */
export const FAULTS = {
  gap: 'frames',
  duplicate: 'frames',
  reorder: 'frames',
  delay: 'frames',
  corrupt: 'frames',
  cut: 'frames',
  'half-open': 'frames',
  silent: 'frames',
  'counter-reset': 'frames',
  '429': 'requests',
  'slow-snapshot': 'requests',
  'stale-snapshot': 'requests',
  flapping: 'seconds',
  refuse: 'seconds',
} as const satisfies Readonly<Record<string, FaultUnit>>;
export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(FAULTS, text);
}

export type FaultEntry = {
  readonly kind: FaultKind;
  /** The venue's time. */
  readonly timeMs: number;
  /** Of frames: the subscription, and the how manieth data frame of it since the venue opened. Of requests: the path. */
  readonly symbol: string | null;
  readonly channel: 'book' | 'trades' | null;
  readonly frame: number | null;
  /** What was drawn: copies, positions, milliseconds, the byte of a cut, the digit before and after. */
  readonly detail: string;
};

/** Entries kept; the counts go on. */
const ENTRIES_KEPT = 100_000;

export class FaultLog {
  private readonly kept: FaultEntry[] = [];
  private readonly counters = new Map<FaultKind, number>();
  private readonly listener: ((entry: FaultEntry) => void) | null;
  total = 0;

  constructor(listener: ((entry: FaultEntry) => void) | null = null) {
    this.listener = listener;
  }

  note(entry: FaultEntry): void {
    this.total++;
    this.counters.set(entry.kind, (this.counters.get(entry.kind) ?? 0) + 1);
    this.kept.push(entry);
    if (this.kept.length >= ENTRIES_KEPT * 2) this.kept.splice(0, ENTRIES_KEPT);
    this.listener?.(entry);
  }

  /** In order of injection; the latest ENTRIES_KEPT at least. */
  get entries(): readonly FaultEntry[] {
    return this.kept;
  }

  counts(): Partial<Record<FaultKind, number>> {
    return Object.fromEntries(this.counters);
  }
}
