// Numbers that stand for words in records and reports: record types, sides, states, results. Numbers are only appended.

export const RecordType = {
  none: 0,
  trade: 1,
  tradeId: 2,
  bookChange: 3,
  level: 4,
  quote: 5,
  quoteAsk: 6,
  candle: 7,
  candlePrices: 8,
  clock: 9,
  gap: 10,
  stamp: 11,
  bbo: 12,
  bboAsk: 13,
  bar: 14,
  barPrices: 15,
  barVolumes: 16,
  barSides: 23,
  barNotional: 17,
  barSpread: 24,
  signal: 18,
  status: 19,
  answer: 20,
  request: 21,
  source: 22,
  derivative: 25,
  liquidation: 26,
  backfill: 27,
  checkpoint: 28,
  tradeNumber: 29,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** The taker's side of a trade. */
export const Side = { unknown: 0, buy: 1, sell: 2 } as const;
export type Side = (typeof Side)[keyof typeof Side];
export const SIDE_NAMES = ['unknown', 'buy', 'sell'] as const;

/** Bits of `flags` in trade records. The two lowest hold the Side. */
export const TradeFlag = {
  sideMask: 3,
  /** From the venue's aggregate channel: `count` matches in one record. */
  aggregate: 4,
  /** Executed outside the market (insurance fund, auto-deleveraging): stays out of bars. */
  offMarket: 8,
  /** A `tradeId` record with the id's text follows; the trade's own id is 0. */
  textId: 16,
  /** No id came with the trade. */
  noId: 32,
  /** From a list of past trades sent on subscribing. */
  history: 64,
  /** Far from the prices around it; counted and shown, never left out. Set by the shard. */
  outlier: 128,
} as const;

/** Bits of `flags` in book-change records. */
export const ChangeFlag = {
  snapshot: 1,
  /** A snapshot fetched by REST, which joins the deltas by its id. */
  rest: 2,
  hasChecksum: 4,
  hasSequence: 8,
  hasPrevious: 16,
} as const;

/** Bits of `flags` in level records. */
export const LevelFlag = {
  ask: 1,
  /** No level: the price down to which a side is truly known, behind the levels of a whole book. */
  horizon: 2,
} as const;

/** What a derivative record tells; in the lowest three bits of its flags. */
export const DerivativeKind = { markPrice: 1, indexPrice: 2, fundingRate: 3, openInterest: 4 } as const;
export const DerivativeFlag = { kindMask: 7, negative: 8 } as const;

/** Bits of `flags` in backfill records. */
export const BackfillFlag = {
  /** The venue gave all trades of the span; else some may be missing still. */
  whole: 1,
  /** The trades asked for follow; a record without it closes them. */
  begin: 2,
} as const;

/** The trust state of one book. */
export const BookState = { syncing: 0, live: 1, suspect: 2, stale: 3, resyncing: 4 } as const;
export type BookState = (typeof BookState)[keyof typeof BookState];
export const BOOK_STATE_NAMES = ['syncing', 'live', 'suspect', 'stale', 'resyncing'] as const;

/** Why a book is not live; 0 is no reason. */
export const StateReason = {
  none: 0,
  noSnapshot: 1,
  gap: 2,
  checksum: 3,
  crossed: 4,
  drop: 5,
  bufferFull: 6,
  connectionLost: 7,
  /** Nothing came for longer than the market's own rate and the setting allow. */
  silent: 8,
  /** The shard began anew and knows nothing of what was before. */
  restart: 9,
  /** The levels that a cut book kept on a side are used up: what lies behind them was let go. */
  horizon: 10,
  /** A record that ended the shard twice was left out. */
  poison: 11,
  /** Entries of the journal are missing, or damaged, so what they held is not known. */
  journalHole: 12,
} as const;
export type StateReason = (typeof StateReason)[keyof typeof StateReason];
export const STATE_REASON_NAMES = [
  null,
  'no-snapshot',
  'gap',
  'checksum',
  'crossed',
  'drop',
  'buffer-full',
  'connection-lost',
  'silent',
  'restart',
  'horizon',
  'poison',
  'journal-hole',
] as const;

/**
 * What became of one frame. Negative codes are rejections: the frame was not applied at all, and the code says why.
 * The names are those of INTERFACES' error categories.
 */
export const FrameResult = {
  applied: 1,
  control: 2,
  ignored: 3,
  unknown: 4,
  syntax: -1,
  shape: -2,
  missingField: -3,
  type: -4,
  range: -5,
  precision: -6,
  unknownMarket: -7,
  tooLarge: -8,
  unauthorized: -9,
  internal: -10,
  snapshotUnplaced: -11,
  dropped: -12,
} as const;
export type FrameResult = (typeof FrameResult)[keyof typeof FrameResult];

/** Category text of a rejection code, by its negative: `REJECTION_NAMES[-code]`. */
export const REJECTION_NAMES = [
  '',
  'syntax',
  'shape',
  'missing-field',
  'type',
  'range',
  'precision',
  'unknown-market',
  'too-large',
  'unauthorized',
  'internal',
  'snapshot-unplaced',
  'dropped',
] as const;

/** Venues by their dialect name; the dialect is the market's venue. `json` and `flatbuffers` name venues themselves. */
export const DIALECTS = [
  'binance',
  'binance-us',
  'binance-futures',
  'binance-delivery',
  'coinbase',
  'kraken',
  'okx',
  'bybit',
  'bybit-spot',
  'bitfinex',
  'hyperliquid',
  'dydx',
  'injective',
  'json',
  'flatbuffers',
] as const;
export type Dialect = (typeof DIALECTS)[number];

export const Completeness = { complete: 0, partial: 1, gap: 2, backfilled: 3 } as const;
export const COMPLETENESS_NAMES = ['complete', 'partial', 'gap', 'backfilled'] as const;

/** What a subscriber or a request can ask of a market; also the bits of its interest word. */
export const Interest = { trade: 1, bbo: 2, book: 4, bar: 8, signal: 16, status: 32 } as const;

/** What a `request` record asks a shard to answer. */
export const RequestKind = { book: 1, bars: 2, trades: 3, signals: 4, status: 5 } as const;

/** What a bar is bounded by. */
export const BarType = {
  time: 0,
  tick: 1,
  volume: 2,
  notional: 3,
  range: 4,
  tickImbalance: 5,
  volumeImbalance: 6,
  notionalImbalance: 7,
} as const;
export type BarType = (typeof BarType)[keyof typeof BarType];
export const BAR_TYPE_NAMES = [
  'time',
  'tick',
  'volume',
  'notional',
  'range',
  'tick-imbalance',
  'volume-imbalance',
  'notional-imbalance',
] as const;

/** What an interval without trades leaves: nothing, a bar of the last close, or a bar without prices. */
export const EmptyBars = { skip: 0, flat: 1, null: 2 } as const;
export type EmptyBars = (typeof EmptyBars)[keyof typeof EmptyBars];
export const EMPTY_BARS_NAMES = ['skip', 'flat', 'null'] as const;

/** What a signal says beside its value. */
export const SignalEvent = {
  none: 0,
  crossUp: 1,
  crossDown: 2,
  /** A threshold was passed upward, downward. */
  above: 3,
  below: 4,
  spike: 5,
  burst: 6,
  sweepBuy: 7,
  sweepSell: 8,
  trendUp: 9,
  trendDown: 10,
  wide: 11,
  normal: 12,
  breakoutUp: 13,
  breakoutDown: 14,
} as const;
export const SIGNAL_EVENT_NAMES = [
  null,
  'cross-up',
  'cross-down',
  'above',
  'below',
  'spike',
  'burst',
  'sweep-buy',
  'sweep-sell',
  'trend-up',
  'trend-down',
  'wide',
  'normal',
  'breakout-up',
  'breakout-down',
] as const;
