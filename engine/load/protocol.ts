// What the runner and its generator threads or processes tell one another, and how an update is known again at the far end.
//
//   runner ──GeneratorPlan──► generator: prepares, connects, sends the books' snapshots, says `ready`
//   runner ──{op:'start'}──► generator: sends on schedule, tells its counts each REPORT_MS, then `done`
//   runner ──{op:'tell'}──► generator: tells its counts now
//   runner ──{op:'stop'}──► generator: closes its sockets, ends
//
// Every update is an update number n, from 0, over all generators. It is due at dueNs(n) of its schedule, whatever became of
// the ones before it. All quantities in an update's frame are its tag, in units of the market's last decimal, so a
// subscriber knows from any message which update it shows, in every dialect and encoding, without looking anything up.
//
// Beside an update's tag a frame may have 0 (a level that is gone), older tags (levels of a whole or cut book that the update
// did not touch: Hyperliquid, Kraken), and quantities of 1 and more (levels of the first snapshot): the newest tag is the update.

import type { ClockAnchor } from '../base/clock.ts';
import type { StageCounts } from '../observe/latency-counts.ts';

/** How fast updates come: `steady` evenly, `burst` a second's worth in its first tenth, `ramp` from a tenth of the rate to all of it. */
export const PROFILES = ['steady', 'burst', 'ramp'] as const;
export type Profile = (typeof PROFILES)[number];

/** `native` frames are a venue's own; `json` and `flatbuffers` are the normalised dialects. */
export const FORMATS = ['native', 'json', 'flatbuffers'] as const;
export type Format = (typeof FORMATS)[number];

/** Which updates are sent: trades, book changes, or both (as the synthetic markets mix them). */
export const UPDATE_KINDS = ['trades', 'books', 'mixed'] as const;
export type UpdateKind = (typeof UPDATE_KINDS)[number];

/**
 * Tags count 1 … TAG_CYCLE and begin again; far more than updates in flight. A quantity of 0 removes a level, so no tag is 0.
 * Eight digits are what venues write after the point.
 */
export const TAG_CYCLE = 99_999_999;
export const TAG_DECIMALS = 8;

export const tagOf = (update: number): number => (update % TAG_CYCLE) + 1;

/** The update a tag stands for: the latest one not after `newest` (in a cycle of a hundred million, the only one in flight). */
export function updateOfTag(tag: number, newest: number): number {
  const cycle = Math.floor(newest / TAG_CYCLE);
  const update = cycle * TAG_CYCLE + tag - 1;
  return update <= newest ? update : update - TAG_CYCLE;
}

/** What all generators and subscribers of one run share; each takes its part by `index` and `count`. */
export type LoadPlan = {
  /** `ws://HOST:PORT`, without a path. */
  readonly ingestUrl: string;
  readonly token: string | null;
  readonly format: Format;
  /** The venue of native frames; the venue that normalised messages name. */
  readonly dialect: string;
  readonly updates: UpdateKind;
  readonly markets: number;
  /**
   * Markets of the same names that come first and are left out: steps of a search on one engine have markets of their own,
   * because a market's trade ids and sequences go on. None where it is absent.
   */
  readonly marketsBefore?: number;
  readonly connections: number;
  /** Updates in one frame: 1 for native frames. */
  readonly batch: number;
  readonly ratePerS: number;
  readonly profile: Profile;
  /** Updates are due over warm-up and measured time alike. */
  readonly warmupS: number;
  readonly durationS: number;
  readonly seed: number;
  readonly anchor: ClockAnchor;
};

/** One generator's part: connections `index`, `index + count`, … and the markets that go over them. */
export type GeneratorPlan = LoadPlan & { readonly index: number; readonly count: number };

export type RunnerMessage =
  | { readonly op: 'start'; readonly startNs: number }
  | { readonly op: 'tell' }
  | { readonly op: 'stop' };

export type GeneratorCounts = {
  /** Updates handed to a socket, and the frames they were in. */
  readonly sent: number;
  readonly frames: number;
  readonly bytes: number;
  /** Sent − due, per update, since the start: what the generator itself was late by. */
  readonly lateness: StageCounts;
  /** Updates that were due and never made: a connection was lost or refused room for longer than a second. */
  readonly leftOut: number;
  /** Connections lost after `ready`, and errors the engine answered, by category. */
  readonly disconnects: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Processor time of this generator since the start. */
  readonly cpuUs: number;
};

export type GeneratorMessage =
  | { readonly op: 'ready'; readonly markets: readonly string[] }
  | { readonly op: 'counts'; readonly counts: GeneratorCounts }
  | { readonly op: 'done'; readonly counts: GeneratorCounts }
  | { readonly op: 'failed'; readonly reason: string };

/** How often a generator tells its counts. */
export const REPORT_MS = 250;
