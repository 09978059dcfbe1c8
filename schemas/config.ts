// Every limit and default, each with its unit, its reason and its relation to the others.

/** Records one frame may make. A Coinbase snapshot has 46,000 levels (recorded 2026-08); the next power of two leaves room for twice that. */
export const FRAME_RECORDS_MAX = 131_072;

/** Slots of an input ring: twice the largest frame, so that one can be written while another is read. 16 MiB. */
export const INPUT_RING_SLOTS = 2 * FRAME_RECORDS_MAX;

/** Slots of an output ring: a whole book of 131,072 levels a side must fit. 32 MiB of address space, touched as used. */
export const OUTPUT_RING_SLOTS = 4 * FRAME_RECORDS_MAX;

/** Slots of a command ring: requests are small and answered within a duty cycle. */
export const COMMAND_RING_SLOTS = 1024;

/** Levels a side a ladder begins with, and the most it grows to by doubling. */
export const LADDER_LEVELS_START = 256;
export const LADDER_LEVELS_MAX = 131_072;

/** Book changes of one market held back until its snapshot comes, in records. 64 Ki records are 4 MiB; more is `buffer-full`. */
export const SYNC_BUFFER_RECORDS_MAX = 65_536;

/** Markets by default and at most; a market id is a u16 with its highest values unused. */
export const MARKETS_MAX = 16_384;

/** Bytes of a symbol (INTERFACES). */
export const SYMBOL_BYTES_MAX = 80;

/** Nesting of JSON accepted. Real frames nest 6 deep; a bomb is refused long before it costs time. */
export const JSON_DEPTH_MAX = 32;

/** Records dispatched between two looks at the clock and the commands: bounds `apply` at about 100 µs. */
export const BATCH_RECORDS_MAX = 4096;

/** Frames committed together inside one burst of the event loop; bounds the age of a written but invisible frame. */
export const COMMIT_FRAMES_MAX = 64;

/** uWebSockets.js closes the socket above this, with no handler run. Own caps per dialect lie below it. */
export const PAYLOAD_BYTES_HARD_MAX = 64 * 1024 * 1024;

/** Largest frame per dialect, in bytes. Venue figures: venues.md §9; the REST snapshot of 5,000 levels is under 1 MiB. */
export const PAYLOAD_BYTES_MAX: Readonly<Record<string, number>> = Object.freeze({
  binance: 8 * 1024 * 1024,
  'binance-us': 8 * 1024 * 1024,
  'binance-futures': 8 * 1024 * 1024,
  'binance-delivery': 8 * 1024 * 1024,
  coinbase: 32 * 1024 * 1024,
  kraken: 4 * 1024 * 1024,
  okx: 4 * 1024 * 1024,
  bybit: 4 * 1024 * 1024,
  'bybit-spot': 4 * 1024 * 1024,
  bitfinex: 4 * 1024 * 1024,
  hyperliquid: 4 * 1024 * 1024,
  dydx: 4 * 1024 * 1024,
  injective: 8 * 1024 * 1024,
  json: 32 * 1024 * 1024,
  flatbuffers: 32 * 1024 * 1024,
});

/** Ring full, pushed frames: one wait at most, all waits together at most (DESIGN §5). */
export const BLOCK_STEP_MS = 50;
export const BLOCK_TOTAL_MS = 2_000;

/** A shard whose heartbeat has not moved for this long counts as down: no producer waits for it. */
export const HEARTBEAT_STALE_MS = 1_000;

/** A parked shard wakes this often to beat; well under HEARTBEAT_STALE_MS. */
export const PARK_MS = 100;

/** Times an idle shard looks at its rings again before it parks; about 20 µs, the cost of a wake-up. */
export const SPIN_LOOKS = 200;

/** Receive time enters the shards in multiples of this. */
export const CLOCK_STEP_US = 100_000;

/** By default a trade this much later than its bar's end no longer revises it (INTERFACES: 10 s). */
export const ALLOWED_LATENESS_MS = 10_000;

/**
 * A trade whose venue time is further ahead of the engine's clock than this is in no time bar: one wrong time would
 * close all bars until the clock has caught up with it. A day is more than any two time zones differ.
 */
export const TIME_AHEAD_MS_MAX = 86_400_000;

/** By default a book is stale when nothing changed it for this long, and for long by its own rate (workers/quality). */
export const STALE_AFTER_MS = 60_000;

/** Bars kept per market and kind outside a replay; `/v1/bars` gives at most these. 288 bytes a bar, 144 kB a full history. */
export const BAR_HISTORY = 500;

/** Time bars: the shortest is one step of the clock, the longest a week. */
export const BAR_INTERVAL_MS_MIN = 100;
export const BAR_INTERVAL_MS_MAX = 7 * 86_400_000;

/** Bar kinds in one list: of all markets, or of a pattern. */
export const BAR_KINDS_MAX = 64;

/**
 * Bars one trade may be split over. Fewer than half of BAR_HISTORY, so that rows stay valid until they are told; what is
 * left of a larger trade goes whole into the last bar, counted as `unsplit`.
 */
export const SPLIT_BARS_MAX = 200;

/** Empty bars made for one stretch without trades, the newest: a wrong venue clock must not make millions. As SPLIT_BARS_MAX. */
export const EMPTY_BARS_MAX = 200;

/**
 * Trades of one market that a shard which is behind keeps waiting to apply them together: a kibibyte a market. In a row of
 * 16 a trade costs a third of one by itself, in one of 256 a quarter (decisions/0013).
 */
export const TRADES_WAITING_MAX = 16;

/** Trades kept per market for `/v1/trades`. */
export const TRADE_HISTORY = 100;

/** Ranges of missing trade ids remembered per market where ids rise by one: losses are few, and a back-fill closes them. */
export const MISSING_RANGES_MAX = 64;

/** Trade ids remembered per market where ids are not rising by one, to leave duplicates out. Covers Coinbase's 100-trade snapshot many times. */
export const TRADE_ID_WINDOW = 4096;

/**
 * The same while trades of a loss may come by a back-fill: it also brings those that came since, and after a failure all
 * over again. A power of two.
 */
export const PAST_TRADE_ID_WINDOW = 32_768;

/** Interest lingers this long after the last subscriber left: the resume window. */
export const RESUME_WINDOW_MS = 30_000;

/**
 * Bytes queued to one subscriber, big snapshots not counted, above which it is conflated: a sixth of a second of a link of
 * 25 Mbit/s, so a healthy one gets there only in a burst.
 */
export const SUBSCRIBER_CONFLATE_BYTES = 512 * 1024;

/** A conflated subscriber is given the newest state again when no more than this is queued to it: it has read the rest. */
export const SUBSCRIBER_RESUME_BYTES = 128 * 1024;

/**
 * Bytes queued to one subscriber above which it is closed with CLOSE_SLOW (RELIABILITY §1: 1 to 4 MiB), big snapshots not
 * counted. Nothing is published to a conflated one, so only what one round wrote at once, or answers to its own requests,
 * come here; the first does not grow, and one that does for SUBSCRIBER_OVER_MS is closed.
 */
export const SUBSCRIBER_BACKPRESSURE_BYTES_MAX = 1024 * 1024;
export const SUBSCRIBER_OVER_MS = 1_000;

/** A subscriber to which bytes are queued and that takes none of them for this long is closed with CLOSE_SLOW. */
export const SUBSCRIBER_STUCK_MS = 30_000;

/** Bytes queued to all subscribers, snapshots included; above it the largest queues are closed with CLOSE_SLOW. */
export const SUBSCRIBERS_BYTES_MAX = 512 * 1024 * 1024;
export const CLOSE_SLOW = 4008;

/** A message of a named producer found no room: it connects again and goes on behind the last that was taken. */
export const CLOSE_RESUME = 4009;

/** Another connection has the name now. */
export const CLOSE_REPLACED = 4010;

/** Bytes of a producer's name. */
export const PRODUCER_BYTES_MAX = 80;

/**
 * Named producers that are remembered, connected or not. Each holds its decoder and a flag per market, about 20 kB; the one
 * that has been away longest is forgotten for a new one.
 */
export const PRODUCERS_MAX = 1_000;

/** Messages of producers are acknowledged together this often: the journal groups as long. Waits grow up to the second. */
export const ACKNOWLEDGE_MS = 5;
export const ACKNOWLEDGE_MS_MAX = 100;

/** Bytes published between two looks at the queues of subscribers, beside a look each 50 ms: bounds what a burst adds. */
export const QUEUE_LOOK_BYTES = 256 * 1024;

/** Closed bars and events of one topic kept for subscribers that are conflated; beyond it the oldest go, with a notice. */
export const LANE_KEPT_MAX = 64;

/** Subscribers listed one by one in `/v1/stats`: those with the longest queues. */
export const SUBSCRIBERS_LISTED_MAX = 200;

/** Topics open at once: eight channels of every market. One costs up to 6 KiB beside its history. */
export const TOPICS_MAX = 8 * MARKETS_MAX;

/** Topics of one subscriber. */
export const SUBSCRIPTIONS_MAX = 1_000;

/** Levels in one part of a big snapshot on the stream (INTERFACES). */
export const SNAPSHOT_PART_LEVELS = 1_000;

/** One error answer per category and second on an ingest socket (INTERFACES). */
export const ERROR_ANSWER_INTERVAL_MS = 1_000;

/** Failures in a row after which a connection's breaker opens, and attempts after that before it is given up for a minute. */
export const BREAKER_FAILURES = 5;
export const BREAKER_RETRIES = 10;

/** Connections of a port by default: file handles and, at worst, 1 MiB of queue each. Uploads in HTTP have room beside them. */
export const CONNECTIONS_MAX = 4_096;
/** Sockets of a port beyond its connections: HTTP requests, and handshakes, which uWebSockets.js ends after 12 s. */
export const HTTP_SOCKETS_MAX = 1_024;

/** Requests a second of one subscriber by default, one more for each KiB of them; ten seconds' worth may come at once. */
export const REQUESTS_PER_SECOND = 100;
export const REQUEST_BURST_SECONDS = 10;
/** Requests refused, each answered, less one for each that was taken, after which the connection is closed with CLOSE_RATE. */
export const REFUSED_REQUESTS_MAX = 20;

/** Seconds of an ingest connection's budget that may come at once: producers send in bursts. */
export const RATE_BURST_SECONDS = 2;

/** WebSocket pings a second of one client, and at once: a keep-alive is one in some seconds. */
export const PINGS_PER_SECOND = 5;
export const PING_BURST = 50;
/** Over a budget of requests, frames, bytes or pings. */
export const CLOSE_RATE = 4011;

/**
 * A client that sends no whole message, ping or pong is pinged after one look at it and closed with CLOSE_SILENT after
 * five: one in the middle of a frame cannot answer. Counted in looks, between which sockets are read, as a thread that
 * was held up must not blame its clients. Largest frames, of 32 MiB, need 13 Mbit/s.
 */
export const SILENCE_LOOK_MS = 4_000;
export const SILENT_LOOKS_MAX = 5;
export const CLOSE_SILENT = 4012;

/** A subscriber that has not asked for anything this long after it came is closed with CLOSE_SILENT. */
export const FIRST_REQUEST_MS = 30_000;

/** How long a request to a shard may stay unanswered before HTTP says 503. */
export const REQUEST_TIMEOUT_MS = 2_000;

/** A signal file must be read within this, at start: it only defines functions. */
export const SIGNAL_LOAD_MS = 1_000;

/** Levels a side that a user's signal sees. */
export const USER_SIGNAL_LEVELS = 20;

/** A shard that does not beat for this long is stuck and is replaced; twice what a producer waits for. */
export const SHARD_STUCK_MS = 2 * HEARTBEAT_STALE_MS;

/** How often shards are looked at. */
export const SUPERVISE_MS = 250;

/** Restarts of one shard within a minute before it is given up: a fault that comes back is not cured by another start. */
export const SHARD_RESTARTS_MAX = 5;
export const SHARD_RESTARTS_WINDOW_MS = 60_000;

/**
 * Ring of bytes from the ingress thread to the journal thread: two seconds of 100,000 frames of 300 bytes, and twice the
 * largest frame of PAYLOAD_BYTES_MAX, since an entry must fit, with its header, beside what waits, or it makes a hole. What a
 * disk that stands still makes wait is this much and no more; then entries are missed, counted, and the journal is
 * `degraded`.
 */
export const JOURNAL_RING_BYTES = 64 * 1024 * 1024;

/** Entries gather to a block of about this size, or for this long, whichever comes first; one larger entry is a block. */
export const JOURNAL_BLOCK_BYTES = 256 * 1024;
export const JOURNAL_GROUP_MS = 5;

/** A segment is closed above this size; one is the unit that goes when the journal is over its bounds. */
export const JOURNAL_SEGMENT_BYTES = 64 * 1024 * 1024;

/** By default a journal keeps at most this much and this long; and never less than recovery needs. */
export const JOURNAL_BYTES_MAX = 4 * 1024 * 1024 * 1024;
export const JOURNAL_AGE_MS_MAX = 24 * 3_600_000;

/** With `--journal-sync interval` the disk is waited for this often: what a power cut can lose. */
export const JOURNAL_SYNC_MS = 1_000;

/** By default a checkpoint is begun this often: what a recovery has to apply again. */
export const CHECKPOINT_MS = 10_000;

/** A shard writes its markets down for this long after each batch: what a checkpoint adds to a record's wait at most, but for one market. */
export const CHECKPOINT_TURN_US = 250;

/** Images a shard gives away in one message, bytes: all at once would stop it, and main, for tens of ms. */
export const CHECKPOINT_PART_BYTES = 256 * 1024;

/** After a write failed the journal is tried again this often. */
export const JOURNAL_RETRY_MS = 500;

/** A disk that takes longer than this for one call is slow: the journal is `degraded` while it does. */
export const JOURNAL_SLOW_MS = 1_000;

/** Blocks written in one turn of the journal thread, with one wait for the disk for all of them. 4 MiB. */
export const JOURNAL_TURN_BLOCKS = 16;

/** A journal smaller than two segments could never let go of one. */
export const JOURNAL_BYTES_LEAST = 2 * JOURNAL_SEGMENT_BYTES;

/** A checkpoint that no shard gives more of for this long is abandoned: each answers within milliseconds, or is being replaced. */
export const CHECKPOINT_DEADLINE_MS = 10_000;

/** A process that begins with a journal has this long to open it, and this long without any entry applied again. */
export const RECOVERY_IDLE_MS = 60_000;

/** A shard that died is waited for this long while nothing comes of the journal for it; then it begins without. */
export const REBUILD_DEADLINE_MS = 60_000;

/** A process that begins gives up where no shard takes a record for this long: a shard may be rebuilt meanwhile, or begin without. */
export const CATCH_UP_IDLE_MS = 2 * REBUILD_DEADLINE_MS;

/**
 * Wait before a shard that died again within RESTART_CALM_MS gets its next start: the first comes at once, then these,
 * doubling. A fault that comes back must not keep a core busy with starting.
 */
export const RESTART_DELAY_MS = 100;
export const RESTART_DELAY_MS_MAX = 5_000;
export const RESTART_CALM_MS = 60_000;

/** Records that killed their shard twice and are left out by every recovery. Each is a fault to be mended: few, or none. */
export const POISONS_MAX = 1_000;

/** The dead-letter file turns to `.1` at this size, so both together are twice it; kept frames are cut at this length. */
export const DEAD_LETTER_BYTES_MAX = 16 * 1024 * 1024;
export const DEAD_LETTER_FRAME_BYTES_MAX = 4 * 1024;
/** Dead letters kept per second: a producer that sends nothing else must not fill the disk or the threads' time. */
export const DEAD_LETTERS_PER_SECOND = 100;

/** Deadlines of start and stop. A thread starts in 0.1 s; on a machine busy with other things that has taken 8 s. */
export const START_DEADLINE_MS = 30_000;
export const SHUTDOWN_TIMEOUT_MS = 10_000;
/**
 * A forced end gives the ingress thread this long to close its app, which takes milliseconds; more than BLOCK_TOTAL_MS, for
 * which it may be waiting at a full ring. Beyond it the process kills itself (RELIABILITY §1), and its exit code is lost.
 */
export const INGRESS_CLOSE_MS = 5_000;

/** Time for the goodbyes of connections to venues, which then are cut; within INGRESS_CLOSE_MS. */
export const FEEDS_CLOSE_MS = 150;

/** Latencies above this are counted as overflow: one hour. */
export const LATENCY_NS_MAX = 3_600_000_000_000;

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 9002;
export const DEFAULT_INGEST_PORT = 9001;

/**
 * Silence, in multiples of a market's own mean gap. Of gaps at random times 1 in 150 is over 5 means, and 1 in 5·10^8
 * over 20: `quiet` may be chance, `dead` and `stale` are not.
 */
export const QUIET_MEAN_GAPS = 5;
export const DEAD_MEAN_GAPS = 20;

/** Pauses do come in clusters, so the longest of the past counts too: nothing is dead before it is silent twice as long. */
export const DEAD_LONGEST_GAPS = 2;

/** No market is quiet before 5 s, or dead before 60 s, of silence: a reconnect takes as long. */
export const QUIET_AFTER_MS = 5_000;
export const DEAD_AFTER_MS = 60_000;

/** Gaps seen before a market's rate counts as known; until then no silence is dead or stale. */
export const RATE_WARM_GAPS = 20;

/** Gaps the mean looks back on: enough to steady it, few enough that a market which slows down is learned within minutes. */
export const RATE_MEAN_GAPS = 32;

/** Time in which the memory of the longest gap fades to 1/e: a day, after which markets repeat themselves. */
export const LONGEST_GAP_FADE_MS = 86_400_000;

/** Trades before one can be an outlier: the scale of the market's moves must be known. */
export const OUTLIER_WARM_TRADES = 50;

/** An outlier is this many mean deviations from the prices before it; trade returns have heavy tails, so not 3. */
export const OUTLIER_SCALES = 10;

/** And at least this far, as a natural logarithm (0.5 %): prices of a calm market stand still, and any tick would be far. */
export const OUTLIER_DEVIATION_MIN = 0.005;

/** This many in a row on the same side are a move of the market, no errors: the last of them is believed. */
export const OUTLIER_SHIFT_TRADES = 3;

/** Trades the reference price and the scale look back on. The price must keep up with a fast move, the scale outlive it. */
export const OUTLIER_PRICE_TRADES = 4;
export const OUTLIER_SCALE_TRADES = 64;

/** Longest token: with the other headers of a request it fits the 4 KiB that uWebSockets.js reads of them. */
export const TOKEN_CHARACTERS_MAX = 1_024;

/** Shorter tokens are warned of where a network can try them: 16 random letters and digits are 95 bits. */
export const TOKEN_CHARACTERS_LEAST = 16;

/** The client's queue of one subscription, messages: two seconds of the busiest market we saw, and a few MB. */
export const CLIENT_QUEUE_MAX = 10_000;
/** The client takes a connection for dead that is silent for so long; it asks after half of it. The engine looks each 4 s. */
export const CLIENT_IDLE_MS = 10_000;
/** First and longest wait of a client before it connects again: the longest is well within the resume window. */
export const CLIENT_RECONNECT_MS = 250;
export const CLIENT_RECONNECT_MS_MAX = 10_000;
/** Attempts of a client that was never connected, about half a minute: a wrong address must come out some time. */
export const CLIENT_FIRST_ATTEMPTS_MAX = 8;
/** A client's socket without subscriptions stays open for so long: whoever changes markets needs it again at once. */
export const CLIENT_LINGER_MS = 500;
/** Text of one request of a client, half of what the engine takes (64 KiB). */
export const CLIENT_REQUEST_BYTES = 32 * 1024;
/** A client asks anew for a book that was wrong: at once, then after this, doubled up to the longest. */
export const CLIENT_RESYNC_MS = 1_000;
export const CLIENT_RESYNC_MS_MAX = 30_000;

/** Bytes that createEngine().push() has not been acknowledged: above the first a caller who awaits it is held back. */
export const PUSHED_BYTES_HIGH = 4 * 1024 * 1024;
/** Above this a frame is refused: a caller who does not wait would fill the heap. One frame of 64 MiB still fits. */
export const PUSHED_BYTES_MAX = 128 * 1024 * 1024;

/** Messages that one async iteration inside the process keeps for its reader; 16,384 markets' first values fit four times. */
export const LOCAL_QUEUE_MAX = 65_536;
/** Looks at the engine's health for listeners inside the process. */
export const HEALTH_LOOK_MS = 1_000;

/** A configuration file: 16,384 patterns of 60 bytes. Larger is no configuration, and is not read to its end. */
export const CONFIG_BYTES_MAX = 1024 * 1024;

/** Nesting of a configuration file; settings nest three deep. */
export const CONFIG_DEPTH_MAX = 16;

/** Values that the aliases of a YAML file may stand for: some shared lists, no bomb of aliases of aliases. */
export const CONFIG_ALIASES_MAX = 1_000;

/**
 * Replays of the journal that clients may run at once on an engine: each is a process with threads of its own, some 300 MB, at low
 * priority. A further request is refused until one ends.
 */
export const REPLAYS_MAX = 2;

/** A replay whose client takes nothing for this long is ended: it holds one of few places. 5 minutes. */
export const REPLAY_STALL_MS = 300_000;

/** uWebSockets.js cuts a response that moves nothing for 10 s: one that waits for its client is moved by a few bytes this often. */
export const REPLAY_NUDGE_MS = 3_000;
export const REPLAY_NUDGE_BYTES = 64;

/** Lines of a replay that are handed on together: some hundred, so that calls cost little and waiting is noticed soon. 64 KiB. */
export const REPLAY_CHUNK_CHARACTERS = 65_536;

/** Levels that a book told at an interval gathers before it is told sooner: a whole book of most markets, under 10 MB. */
export const MERGED_LEVELS_MAX = 65_536;
/** A market that an engine knew before its restart is asked for again after this, until it is there. */
export const CLIENT_RETRY_MS = 2_000;

/**
 * Messages from here on are compressed for whoever offers permessage-deflate, which most clients do unasked: uWebSockets.js
 * compresses once for each subscriber, 9 µs for a book change of 560 bytes, so only what is big is (docs/stream.md).
 */
export const COMPRESS_BYTES = 1_024;
/** The same for a subscriber that asks for all: what is smaller grows. */
export const COMPRESS_ALL_BYTES = 128;
