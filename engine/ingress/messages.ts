// What the main thread and the ingress thread tell each other; all else goes through shared memory.

import type { GcReport } from '../../schemas/shard-task.ts';
import type { FeedPlan } from '../connect/feed-plan.ts';
import type { LogLevel } from '../connect/hooks.ts';
import type { FeedReport, FeedStats } from '../connect/report.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { ReplayCounts, ReplayPlan } from './replay-source.ts';
import type { ConnectionReport } from './server.ts';

export type IngressStart = {
  readonly memory: EngineMemory;
  readonly listen: { readonly host: string; readonly port: number; readonly token: string | null } | null;
  readonly replay: ReplayPlan | null;
  /** Venues to connect to, once the port is open. */
  readonly feeds: readonly FeedPlan[];
  /** Patterns of the markets to be taken; any other is unknown. */
  readonly accepts: readonly string[];
};

export type ToIngress =
  | { readonly op: 'stop-accepting' }
  | { readonly op: 'close' }
  | { readonly op: 'connections' }
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
  | { readonly op: 'replayed'; readonly counts: ReplayCounts }
  | { readonly op: 'gc'; readonly report: GcReport | null }
  | ({ readonly op: 'closed' } & IngressClosed);

/** Sockets of producers that were open, and what stopping each feed did. */
export type IngressClosed = { readonly connectionsClosed: number; readonly feeds: readonly FeedStats[] };
