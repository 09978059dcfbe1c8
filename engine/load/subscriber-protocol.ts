// What the runner and its subscribers tell one another.
//
//   runner ──SubscriberPlan──► subscriber: connects, subscribes to the run's markets, says `ready`
//   runner ──{op:'start'}──► subscriber: counts from here on
//   runner ──{op:'report'}──► subscriber ──{op:'report'}──► runner, as often as asked
//   runner ──{op:'stop'}──► subscriber: closes its sockets, ends

import type { StageCounts } from '../observe/latency-counts.ts';
import type { LoadPlan } from './protocol.ts';

/** Encodings of the stream that a subscriber can ask for. */
export const ENCODINGS = ['json', 'flatbuffers'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export type SubscriberPlan = {
  readonly load: LoadPlan;
  readonly index: number;
  /** `ws://HOST:PORT/stream`, without a query. */
  readonly streamUrl: string;
  readonly encoding: Encoding;
  readonly markets: readonly string[];
};

export type SubscriberRequest =
  | { readonly op: 'start'; readonly startNs: number }
  | { readonly op: 'report'; readonly id: number }
  | { readonly op: 'stop' };

/** All since the start, warm-up included, except where said. */
export type SubscriberReport = {
  /** Distinct updates. */
  readonly received: number;
  /** Of those, the ones that were due in the measured time. */
  readonly measured: number;
  /** Updates that came more than once, of the measured time. */
  readonly duplicates: number;
  /** Updates due more than a second ago, of warm-up and measured time, that have not come. */
  readonly missing: number;
  /** Updates that came so late that it was forgotten whether they had come before. */
  readonly tooLate: number;
  /** Quantities that no update of this run has. */
  readonly foreign: number;
  /** `gap` messages: the engine says that it left something out. */
  readonly gaps: number;
  readonly messages: number;
  readonly bytes: number;
  /** Intended send to received, of updates of the measured time. */
  readonly latency: StageCounts;
  /** Close codes of connections that ended by themselves. */
  readonly closed: readonly number[];
};

export type SubscriberAnswer =
  | { readonly op: 'ready' }
  | { readonly op: 'report'; readonly id: number; readonly report: SubscriberReport }
  | { readonly op: 'failed'; readonly reason: string; readonly isUsage: boolean };
