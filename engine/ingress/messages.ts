// What the main thread and the ingress thread tell each other; all else goes through shared memory.

import type { GcReport } from '../../schemas/shard-task.ts';
import type { AccessPlan } from '../base/access.ts';
import type { FeedPlan } from '../connect/feed-plan.ts';
import type { LogLevel } from '../connect/hooks.ts';
import type { FeedReport, FeedStats } from '../connect/report.ts';
import type { IngressImage } from '../journal/checkpoint.ts';
import type { EngineStarted } from '../journal/entry.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { IngestLimits } from './limits.ts';
import type { Poisoned } from './rebuild-messages.ts';
import type { RejectedFrame } from './rejected-frames.ts';
import type { ReplayCounts, ReplayPlan } from './replay-source.ts';
import type { ConnectionReport } from './server.ts';

export type IngressStart = {
  readonly memory: EngineMemory;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly access: AccessPlan;
    readonly limits?: IngestLimits;
  } | null;
  readonly replay: ReplayPlan | null;
  /** Venues to connect to, once the port is open. */
  readonly feeds: readonly FeedPlan[];
  /** Patterns of the markets to be taken; any other is unknown. */
  readonly accepts: readonly string[];
  /** What a journal has of the engines before; null without one. */
  readonly past?: IngressPast | null;
  /** Frames that could not be taken are told (dead-letter file). */
  readonly keepsRejected?: boolean;
};

/** Where the entries begin that are applied before the port opens. */
export type IngressPast = {
  readonly folder: string;
  /** Of the checkpoint that they are applied behind; null for none. */
  readonly image: IngressImage | null;
  /** The last entry there is: the next has the number behind it. */
  readonly sequence: number;
  readonly poisons: readonly Poisoned[];
  /** Payload of the entry that says that an engine begins here. */
  readonly started: EngineStarted;
};

/** How the entries of a journal were applied at the start. */
export type Recovered = {
  readonly entries: number;
  readonly seconds: number;
  /** A sentence for each place where entries are missing. */
  readonly damages: readonly string[];
  readonly damageCount: number;
  /** Connections without a name that were open at the end: their markets now say that something may be missing. */
  readonly openConnections: number;
};

export type ToIngress =
  | { readonly op: 'stop-accepting' }
  | { readonly op: 'close' }
  | { readonly op: 'connections' }
  /** Begins a checkpoint between two frames. */
  | { readonly op: 'checkpoint'; readonly number: number }
  /** A replay that said `paused` goes on. */
  | { readonly op: 'go-on' }
  /** Counts garbage collections from here to the next one, for benches. */
  | { readonly op: 'gc' };

export type FromIngress =
  | { readonly op: 'listening'; readonly port: number }
  | { readonly op: 'failed'; readonly message: string; readonly isUsage: boolean }
  | { readonly op: 'connections'; readonly connections: ConnectionReport[]; readonly feeds: FeedReport[] }
  | {
      readonly op: 'log';
      readonly level: LogLevel;
      readonly text: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** What a replay shows begins here: everything before it has been committed. */
  | { readonly op: 'paused' }
  | { readonly op: 'replayed'; readonly counts: ReplayCounts }
  | { readonly op: 'recovering'; readonly sequence: number }
  | { readonly op: 'recovered'; readonly recovered: Recovered }
  /** Null where a ring had no room for it. */
  | { readonly op: 'checkpoint'; readonly image: IngressImage | null }
  | { readonly op: 'rejected'; readonly frames: readonly RejectedFrame[]; readonly leftOut: number }
  | { readonly op: 'gc'; readonly report: GcReport | null }
  | ({ readonly op: 'closed' } & IngressClosed);

/** Sockets of producers that were open, and what stopping each feed did. */
export type IngressClosed = { readonly connectionsClosed: number; readonly feeds: readonly FeedStats[] };
