// The types of HTTP answers (docs/http.md).

import type {
  BookStateName,
  CounterTree,
  Horizon,
  PriceLevel,
  StageLatency,
  StreamMessage,
  TimeText,
} from '../../schemas/feed.ts';

export type MarketAnswer = {
  readonly market: string;
  readonly venue: string;
  readonly symbol: string;
  readonly shard: number;
  readonly state: BookStateName;
  readonly reason: string | null;
  readonly since: TimeText | null;
  readonly lastTimestamp: TimeText | null;
  readonly lost: number;
  readonly activity: string;
};

export type BookAnswer = {
  readonly market: string;
  readonly state: BookStateName;
  readonly reason: string | null;
  readonly seq: number;
  /** Text above 2^53; null where the venue has none. */
  readonly venueSequence: number | string | null;
  readonly timestamp: TimeText | null;
  readonly localTimestamp: TimeText | null;
  readonly horizon: Horizon | null;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  /** The answer leaves out levels the engine holds. */
  readonly isCut: boolean;
};

/** What HTTP tells of a message: all but its numbering. */
export type Untold<Message extends StreamMessage> = Omit<Message, 'channel' | 'seq' | 'prevSeq'>;

export type SignalValue = {
  readonly value: number | null;
  readonly isWarm: boolean;
  readonly values?: Readonly<Record<string, number | null>>;
  readonly event: string | null;
  readonly inputSeq: number;
  readonly timestamp: TimeText | null;
  readonly localTimestamp: TimeText | null;
};

export type HealthAnswer = { readonly status: 'ok' | 'degraded' | 'failed'; readonly reasons: readonly string[] };
export type LatencyAnswer = Readonly<Record<string, StageLatency & { readonly unit: 'ns' }>>;

/** `/v1/stats`: counters by group, as in docs/http.md. */
export type StatsAnswer = {
  readonly total: CounterTree;
  readonly markets?: Readonly<Record<string, CounterTree>>;
  readonly [group: string]: unknown;
};

export type ReplayOptions = {
  /** ISO 8601, or a Date; from the first entry of the journal where absent. */
  readonly from?: string | Date;
  /** Not taken in; to the newest entry where absent. */
  readonly to?: string | Date;
  /** Names or wildcards; every market where absent. */
  readonly markets?: readonly string[];
  /** Fixed words of channels: `trade`, `book`, `bar.1m`; the engine's own choice where absent. */
  readonly channels?: readonly string[];
  /** Ends the replay. */
  readonly signal?: AbortSignal;
};
