// What clients send and receive on /stream as JSON (docs/stream.md): the types of all requests, replies and messages.

/** Canonical decimal text: no exponent, no `+`, no trailing zeros; with `numbers=float` the same digits as a number. */
export type DecimalText = string;
/** ISO 8601 UTC with microseconds. */
export type TimeText = string;

export type BookStateName = 'syncing' | 'live' | 'suspect' | 'stale' | 'resyncing';
/** The taker's. */
export type SideName = 'buy' | 'sell' | 'unknown';

export type PriceLevel = { readonly price: DecimalText; readonly amount: DecimalText };
/** Down to these prices the sides are truly known; null for a side known whole. */
export type Horizon = { readonly bid: DecimalText | null; readonly ask: DecimalText | null };

/** `prevSeq` is the `seq` of the message this subscriber got before on the channel; null where there was none. */
export type Numbering = { readonly channel: string; readonly seq: number; readonly prevSeq: number | null };

type OfMarket = Numbering & {
  readonly exchange: string;
  readonly symbol: string;
  /** The venue's time; null where it gives none. */
  readonly timestamp: TimeText | null;
  /** The engine's receive time. */
  readonly localTimestamp: TimeText | null;
};

type BookTrust = { readonly state: BookStateName; readonly reason: string | null };

export type Trade = OfMarket & {
  readonly type: 'trade';
  readonly id: string | null;
  readonly price: DecimalText;
  readonly amount: DecimalText;
  readonly side: SideName;
  /** Matches it stands for, where more than one. */
  readonly matches?: number;
  readonly isOutlier?: true;
};

export type BookTicker = OfMarket &
  BookTrust & {
    readonly type: 'book_ticker';
    readonly bidPrice: DecimalText | null;
    readonly bidAmount: DecimalText | null;
    readonly askPrice: DecimalText | null;
    readonly askAmount: DecimalText | null;
  };

export type BookChange = OfMarket &
  BookTrust & {
    readonly type: 'book_change';
    /** Forget the book, then take these levels. */
    readonly isSnapshot: boolean;
    /** Amount 0 removes the level. */
    readonly bids: readonly PriceLevel[];
    readonly asks: readonly PriceLevel[];
    /**
     * CRC-32 of the book as it is after this message (docs/stream.md, "Checksum"); in parts only the last one's counts.
     * Absent where it was not asked for.
     */
    readonly checksum?: number;
    /** Of snapshots. */
    readonly horizon?: Horizon | null;
    /** Of a snapshot in several messages, from 1. */
    readonly part?: number;
    readonly parts?: number;
    /** False on a snapshot in place of a resume that could not be done. */
    readonly resumed?: false;
  };

export type BookSnapshot = OfMarket &
  BookTrust & {
    readonly type: 'book_snapshot';
    /** `depth.20.100ms`. */
    readonly name: string;
    readonly depth: number;
    /** Milliseconds. */
    readonly interval: number;
    readonly bids: readonly PriceLevel[];
    readonly asks: readonly PriceLevel[];
    readonly spread: DecimalText | null;
    readonly mid: DecimalText | null;
    readonly microprice: DecimalText | null;
    readonly imbalance: number | null;
    readonly weightedMid: DecimalText | null;
    readonly bidDepth: DecimalText | null;
    readonly askDepth: DecimalText | null;
    readonly pressure: number | null;
    readonly horizon: Horizon | null;
    readonly bookSeq: number;
  };

export type BarCompleteness = 'complete' | 'partial' | 'gap' | 'backfilled';

export type TradeBar = OfMarket & {
  readonly type: 'trade_bar';
  /** KIND as asked for: `1m`, `0.5v`. */
  readonly name: string;
  readonly kind: string;
  /** Milliseconds, trades or units. */
  readonly interval: number;
  readonly startTimestamp: TimeText;
  readonly openTimestamp: TimeText;
  readonly closeTimestamp: TimeText;
  /** Null in an empty interval that is told so. */
  readonly open: DecimalText | null;
  readonly high: DecimalText | null;
  readonly low: DecimalText | null;
  readonly close: DecimalText | null;
  readonly volume: DecimalText;
  readonly buyVolume: DecimalText;
  readonly sellVolume: DecimalText;
  readonly trades: number;
  readonly vwap: DecimalText | null;
  readonly notional: DecimalText;
  readonly revision: number;
  readonly completeness: BarCompleteness;
  readonly isFinal: boolean;
  readonly delta: DecimalText;
  readonly spreadHigh: DecimalText | null;
  readonly spreadLow: DecimalText | null;
  readonly state: BookStateName;
};

export type Signal = OfMarket & {
  readonly type: 'signal';
  readonly name: string;
  readonly value: number | null;
  /** All outputs by name, where there is more than one. */
  readonly values?: Readonly<Record<string, number | null>>;
  readonly event?: string;
  readonly isWarm: boolean;
  readonly inputSeq: number;
};

export type Status = OfMarket &
  BookTrust & { readonly type: 'status'; readonly since: TimeText | null; readonly lost: number };

/** Something of this channel was lost for this subscriber. */
export type Gap = OfMarket & { readonly type: 'gap'; readonly reason: string; readonly lost: number };

export type CounterTree = { readonly [name: string]: number | CounterTree };

type OfEngine = Numbering & { readonly timestamp: TimeText; readonly localTimestamp: TimeText };

export type QueueName = 'input' | 'command' | 'output' | 'journal' | 'sockets' | 'longest-socket';
/** A queue between two threads, or before sockets (docs/stream.md, "What the engine tells of itself"). */
export type QueueFigures = {
  readonly queue: QueueName;
  /** Null where there is one for the whole engine. */
  readonly shard: number | null;
  readonly unit: 'slots' | 'bytes';
  readonly size: number;
  readonly held: number;
  /** The most there were, since the start and in the last minute. */
  readonly most: number;
  readonly mostMinute: number;
};

export type BreakerStateName = 'closed' | 'open' | 'half-open' | 'given-up' | 'stopped';
/** The circuit breaker of one connection to a venue, or of its REST requests. */
export type BreakerFigures = {
  readonly connection: number | 'rest';
  readonly symbols: number;
  readonly state: BreakerStateName;
  /** Of the last change of state; empty before the first. */
  readonly reason: string;
  readonly failuresInARow: number;
  /** Of the wait that runs, or ran last. */
  readonly waitMs: number;
};

/** What the connector to one venue says of itself; counts are since the start. */
export type FeedFigures = {
  readonly venue: string;
  readonly symbols: number;
  /** Connections that are live now. */
  readonly live: number;
  readonly attempts: number;
  readonly successes: number;
  /** successes ÷ attempts; null before the first attempt. */
  readonly successRate: number | null;
  readonly reconnects: number;
  readonly timeouts: number;
  /** Ends of connections and failed attempts, by kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** Breakers in each state. */
  readonly breakers: Readonly<Record<BreakerStateName, number>>;
  /** Those in trouble first, no more than a hundred over all venues. */
  readonly listed: readonly BreakerFigures[];
  readonly rest: {
    readonly waiting: number;
    readonly waitingMost: number;
    readonly sent: number;
    readonly succeeded: number;
    readonly retries: number;
    readonly limited: number;
    readonly failed: number;
    readonly dropped: number;
  };
};

export type JournalFigures = {
  readonly state: 'off' | 'on' | 'degraded' | 'closed';
  readonly sync: string;
  /** Entries that were given and are not yet safe by the sync policy. */
  readonly lag: number;
  readonly missed: number;
  readonly holes: number;
  readonly lost: number;
  readonly failures: number;
  /** Bytes written so far, and bytes of all segments on the disk. */
  readonly bytes: number;
  readonly heldBytes: number;
  readonly checkpoints: number;
  readonly checkpointAgeMs: number;
};

/** What was left out since the start, by reason, under the unit it is counted in. Reasons that never occurred may be absent. */
export type DropFigures = {
  readonly frames: Readonly<Record<string, number>>;
  readonly records: Readonly<Record<string, number>>;
  readonly messages: Readonly<Record<string, number>>;
  readonly entries: Readonly<Record<string, number>>;
  readonly trades: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
};

export type ProcessFigures = {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  /** Rings, tables and counters that all threads share; set aside at the start, resident as it is used. */
  readonly sharedBytes: number;
  readonly uptimeSeconds: number;
  /** Of all threads, user and system. */
  readonly cpuUs: number;
  /** Of single threads, since each began: `main`, `ingress`, `shard-0`…, `journal`. Empty where the system does not tell. */
  readonly threadCpuUs: Readonly<Record<string, number>>;
};

/** Counts are since the start, so that two messages subtracted tell what lies between; `rates` are of the last second. */
export type SystemFigures = {
  readonly total: { readonly [name: string]: number | Readonly<Record<string, number>> };
  readonly rates: {
    readonly framesPerSecond: number;
    readonly updatesPerSecond: number;
    readonly bytesPerSecond: number;
    /** Frames that shards have applied. */
    readonly appliedPerSecond: number;
    /** Messages published, once per topic and encoding, whoever listens. */
    readonly messagesPerSecond: number;
    readonly publishedBytesPerSecond: number;
  };
  readonly markets: number;
  readonly states: Readonly<Record<BookStateName, number>>;
  readonly shards: number;
  readonly outputLost: number;
  readonly producers: number;
  readonly drops: DropFigures;
  readonly queues: readonly QueueFigures[];
  readonly feeds: readonly FeedFigures[];
  readonly health: { readonly status: 'ok' | 'degraded' | 'failed'; readonly reasons: readonly string[] };
  readonly restarts: {
    readonly shards: number;
    readonly deaths: Readonly<Record<string, number>>;
    readonly givenUp: number;
  };
  /** Null where there is none. */
  readonly journal: JournalFigures | null;
  readonly publish: CounterTree;
  readonly process: ProcessFigures;
};

export type System = OfEngine & { readonly type: 'system' } & SystemFigures;

export type StageName = 'decode' | 'ring-wait' | 'apply' | 'output-wait' | 'publish' | 'engine';

/** Nanoseconds; a percentile with fewer than ten samples beyond it is null. */
export type StageLatency = {
  readonly unit: 'ns';
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
};

/** Lowest nanoseconds of a bucket, and the samples in it; buckets are a quarter of an octave, and empty ones are left out. */
export type HeatBucket = readonly [fromNs: number, count: number];

export type LatencyFigures = {
  /** Since the start, by stage. */
  readonly stages: Readonly<Record<StageName, StageLatency>>;
  /** Since the message before. */
  readonly recent: Readonly<Record<StageName, StageLatency>>;
  /** The samples of `recent` by buckets, lowest first. */
  readonly heat: Readonly<Record<StageName, readonly HeatBucket[]>>;
  /** Since the message before: `event-loop` is the main thread's delay, `gc-THREAD` pauses for garbage collection. */
  readonly pauses: Readonly<Record<string, StageLatency>>;
};

export type Latency = OfEngine & { readonly type: 'latency' } & LatencyFigures;

export type MarketRow = {
  readonly market: string;
  readonly state: BookStateName;
  readonly reason: string | null;
  readonly seq: number;
  readonly updates: number;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly last: DecimalText | null;
  readonly ageMs: number | null;
};

export type Markets = OfEngine & { readonly type: 'markets'; readonly markets: readonly MarketRow[] };

/** Messages by their `type`. */
export type MessageOfType = {
  readonly trade: Trade;
  readonly book_ticker: BookTicker;
  readonly book_change: BookChange;
  readonly book_snapshot: BookSnapshot;
  readonly trade_bar: TradeBar;
  readonly signal: Signal;
  readonly status: Status;
  readonly gap: Gap;
  readonly system: System;
  readonly latency: Latency;
  readonly markets: Markets;
};
export type StreamMessage = MessageOfType[keyof MessageOfType];

/** What a channel carries beside `gap`, by its text. */
export type MessageOf<Channel extends string> = Channel extends `trade.${string}`
  ? Trade
  : Channel extends `bbo.${string}`
    ? BookTicker
    : Channel extends `book.${string}`
      ? BookChange
      : Channel extends `depth.${string}`
        ? BookSnapshot
        : Channel extends `bar.${string}`
          ? TradeBar
          : Channel extends `signal.${string}`
            ? Signal
            : Channel extends `status.${string}`
              ? Status
              : Channel extends 'system'
                ? System
                : Channel extends 'latency'
                  ? Latency
                  : Channel extends 'markets'
                    ? Markets
                    : StreamMessage;

/** How one subscription is told. All are optional; a channel without any is named by its text alone. */
export type SubscriptionOptions = {
  /** `100ms`, `1s`, `1m`: at most one message in this time, with the newest state. Not for `trade`. */
  readonly interval?: string;
  /** Of `book`: the best levels a side alone, 1 to 1,000; told at `interval`, 100ms where that is not given. */
  readonly depth?: number;
  /** Of `book`: false leaves out `checksum`. */
  readonly checksum?: boolean;
};

export type SubscribeItem = string | ({ readonly channel: string } & SubscriptionOptions);
export type ResumeItem = { readonly channel: string; readonly seq: number } & SubscriptionOptions;
export type ItemError = { readonly arg: unknown; readonly category: string; readonly message: string };

export type StreamRequest =
  | ({ readonly op: 'subscribe'; readonly id?: unknown; readonly args: readonly SubscribeItem[] } & SubscriptionOptions)
  | { readonly op: 'unsubscribe'; readonly id?: unknown; readonly args: readonly SubscribeItem[] }
  | { readonly op: 'resume'; readonly id?: unknown; readonly engine?: string; readonly args: readonly ResumeItem[] }
  | { readonly op: 'ping'; readonly id?: unknown };

export type ResumedItem = ResumeItem & { readonly resumed: boolean };
export type StreamReply =
  | {
      readonly op: 'subscribed';
      readonly id?: unknown;
      readonly args: readonly SubscribeItem[];
      readonly errors: readonly ItemError[];
      readonly engine: string;
    }
  | {
      readonly op: 'unsubscribed';
      readonly id?: unknown;
      readonly args: readonly SubscribeItem[];
      readonly errors: readonly ItemError[];
    }
  | {
      readonly op: 'resumed';
      readonly id?: unknown;
      readonly args: readonly ResumedItem[];
      readonly errors: readonly ItemError[];
      readonly engine: string;
    }
  | { readonly op: 'pong'; readonly id?: unknown }
  | { readonly op: 'error'; readonly id?: unknown; readonly category: string; readonly message: string };

/** A message has a `type`, a reply an `op`. */
export function isMessage(value: StreamMessage | StreamReply): value is StreamMessage {
  return 'type' in value;
}
