// What the public port lets one client do, as the settings say, and what it counts when it does not.

import { CONNECTIONS_MAX, REQUESTS_PER_SECOND, TOPICS_MAX } from '../../schemas/config.ts';
import type { ConnectionLimits } from '../base/connection-counts.ts';
import { GUARD_ACTS, type GuardAct } from '../uws/port-guard.ts';

export type StreamLimits = ConnectionLimits & {
  /** Of one subscriber; 0 is no limit. */
  readonly requestsPerSecond: number;
  /** Open at once, over all subscribers. */
  readonly topicsMax: number;
};

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connectionsMax: CONNECTIONS_MAX,
  connectionsPerAddress: 0,
  requestsPerSecond: REQUESTS_PER_SECOND,
  topicsMax: TOPICS_MAX,
};

/** Times and a number of the port that tests make smaller. */
export type StreamTimes = {
  readonly httpSocketsMax?: number;
  readonly silenceLookMs?: number;
  readonly stuckMs?: number;
  readonly firstRequestMs?: number;
};

export const LIMIT_ACTS = [...GUARD_ACTS, 'requestsRefused', 'requestsClosed'] as const;
export type LimitAct = GuardAct | 'requestsRefused' | 'requestsClosed';
export type LimitCounts = Record<LimitAct, number>;

export const noLimitCounts = (): LimitCounts =>
  Object.fromEntries(LIMIT_ACTS.map((act) => [act, 0])) as unknown as LimitCounts;
