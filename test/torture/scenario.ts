// What a torture scenario is and what it must tell: figures with bounds, what was injected and noticed, and the account of R1.

import type { EventEmitter } from 'node:events';

/** `tiny` runs in the tests, `small` in a coffee break, `full` all together in some twenty minutes of two cores. */
export const SIZES = ['tiny', 'small', 'full'] as const;
export type Size = (typeof SIZES)[number];

/** One measured value; `trials` is the n behind a zero, for the rule of three. `bound` is null where none is promised. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: string | null;
  readonly pass: boolean;
  readonly trials?: number;
};

/** R1 of RELIABILITY: received = applied + duplicate + stale + invalid + shed + in flight; `difference` is what is missing. */
export type Accounting = {
  readonly received: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly invalid: number;
  readonly shed: number;
  readonly inFlight: number;
  readonly difference: number;
};

export type Outcome = {
  /** Faults put in the way, those of them that were noticed, and alarms where there was no fault; null where that is no question. */
  readonly injected: number;
  readonly detected: number | null;
  readonly falseAlarms: number | null;
  readonly figures: readonly Figure[];
  /** Null where the scenario runs below the accounts (a parser alone). */
  readonly accounting: Accounting | null;
  /** What this scenario cannot show, or shows to be open. */
  readonly knownHoles: readonly string[];
  /** Sizes and ways that a reader must know to weigh the figures. */
  readonly notes: readonly string[];
};

export type Log = (text: string) => void;

export type Scenario = {
  /** `T01` of RELIABILITY §4. */
  readonly id: string;
  readonly title: string;
  run(size: Size, seed: number, log: Log): Promise<Outcome>;
};

/** How a scenario is found and started: its file is loaded in the child process alone. */
export type ScenarioEntry = {
  readonly id: string;
  readonly title: string;
  /** File name beside this one; it exports `scenario`. */
  readonly file: string;
  /** Seconds until the child is ended and the scenario has failed. */
  readonly budgetS: Readonly<Record<Size, number>>;
  /** Flags of Node for the child. */
  readonly nodeFlags?: readonly string[];
};

/** A figure that must be 0; n says how often it could have been more. */
export function zeroOf(name: string, value: number, trials: number, unit = ''): Figure {
  return { name, value, unit, bound: '0', pass: value === 0 && trials > 0, trials };
}

export function atMost(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value, unit, bound: `at most ${limit}`, pass: value <= limit };
}

export function atLeast(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value, unit, bound: `at least ${limit}`, pass: value >= limit };
}

export function exactly(name: string, value: number, expected: number, unit: string): Figure {
  return { name, value, unit, bound: `exactly ${expected}`, pass: value === expected };
}

/** A figure that is told and promised nothing about. */
export function told(name: string, value: number, unit: string): Figure {
  return { name, value, unit, bound: null, pass: true };
}

type Parts = Partial<Omit<Accounting, 'received' | 'difference'>>;

/** The account of what was received; parts not named are 0. */
export function accountOf(received: number, parts: Parts): Accounting {
  const { applied = 0, duplicate = 0, stale = 0, invalid = 0, shed = 0, inFlight = 0 } = parts;
  const difference = received - (applied + duplicate + stale + invalid + shed + inFlight);
  return { received, applied, duplicate, stale, invalid, shed, inFlight, difference };
}

/** Every bound held, and the account closes with nothing in flight. */
export function hasPassed({ figures, accounting }: Outcome): boolean {
  const isClosed = accounting === null || (accounting.difference === 0 && accounting.inFlight === 0);
  return isClosed && figures.every(({ pass }) => pass);
}

/** The value below which a share of the sorted values lies; 0 for none. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

/** Resolves with the first of these events; for sockets that may end in more than one way. */
export function firstOf(emitter: EventEmitter, names: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    for (const name of names) emitter.once(name, () => resolve(name));
  });
}

/** A bound of time is judged where the machine is the scenario's alone: not in the tests, which run at tiny. */
export function timedAtMost(size: Size, name: string, value: number, limit: number, unit: string): Figure {
  return size === 'tiny' ? told(name, value, unit) : atMost(name, value, limit, unit);
}
