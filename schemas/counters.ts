// Every counter: name, unit and the sentence that explains it. Rows of one market and of one thread are float64 arrays.

export type Counter = { readonly name: string; readonly unit: string; readonly meaning: string };

/**
 * Counters of one market, in the order of their columns. Each column has one writing thread, so plain stores are exact;
 * another thread may read a value one update old, never a torn one (aligned float64).
 */
export const MARKET_COUNTERS = [
  { name: 'frames', unit: 'frames', meaning: 'frames that held data of this market. Writer: ingress' },
  { name: 'updates', unit: 'updates', meaning: 'trades, levels, quotes and candles decoded. Writer: ingress' },
  { name: 'dropped', unit: 'frames', meaning: 'frames dropped at a full ring. Writer: ingress' },
  {
    name: 'trades',
    unit: 'matches',
    meaning: 'matches accepted from the trade channel that feeds bars. Writer: shard',
  },
  { name: 'duplicates', unit: 'records', meaning: 'trades and book changes seen before, left out. Writer: shard' },
  { name: 'gaps', unit: 'breaks', meaning: 'breaks of a venue sequence. Writer: shard' },
  { name: 'lost', unit: 'updates', meaning: 'updates known to be missing. Writer: shard' },
  { name: 'late', unit: 'trades', meaning: 'trades too late for their bar, left out of bars. Writer: shard' },
  { name: 'revised', unit: 'bars', meaning: 'closed bars changed by a late trade. Writer: shard' },
  {
    name: 'unsplit',
    unit: 'trades',
    meaning: 'trades too large for the bars one may be split over: the last bar holds more. Writer: shard',
  },
  { name: 'resyncs', unit: 'resyncs', meaning: 'times the book was made live again after a break. Writer: shard' },
  { name: 'checksumsOk', unit: 'checksums', meaning: 'venue checksums that matched. Writer: shard' },
  { name: 'checksumsBad', unit: 'checksums', meaning: 'venue checksums that did not match. Writer: shard' },
  { name: 'bookChanges', unit: 'changes', meaning: 'book changes applied. Writer: shard' },
  { name: 'quotes', unit: 'quotes', meaning: 'venue best-bid-offer records, which feed no book. Writer: shard' },
  { name: 'candles', unit: 'candles', meaning: 'venue candle records, which feed no bar. Writer: shard' },
  {
    name: 'otherTrades',
    unit: 'trades',
    meaning: 'trades of the channel not chosen, or made outside the market. Writer: shard',
  },
  { name: 'tradeRecords', unit: 'records', meaning: 'trade records accepted, aggregates counted once. Writer: shard' },
  { name: 'lostTrades', unit: 'trades', meaning: 'the part of lost that were trades. Writer: shard' },
  {
    name: 'outOfOrder',
    unit: 'records',
    meaning: 'records with a venue time before that of the one before. Writer: shard',
  },
  { name: 'crossed', unit: 'changes', meaning: 'times the book became crossed. Writer: shard' },
  { name: 'locked', unit: 'changes', meaning: 'times the book became locked. Writer: shard' },
  { name: 'outliers', unit: 'trades', meaning: 'trades flagged as outliers, never left out. Writer: shard' },
  { name: 'duplicateTrades', unit: 'records', meaning: 'the part of duplicates that were trades. Writer: shard' },
  {
    name: 'discarded',
    unit: 'changes',
    meaning: 'book changes left out: no book to apply them to, or inside or too old for the snapshot. Writer: shard',
  },
  { name: 'held', unit: 'changes', meaning: 'book changes held until a snapshot comes, all so far. Writer: shard' },
  {
    name: 'released',
    unit: 'changes',
    meaning: 'held book changes applied or discarded since; the rest of held is waiting. Writer: shard',
  },
  {
    name: 'derivatives',
    unit: 'values',
    meaning: 'mark and index prices, funding rates and open interest, which feed nothing. Writer: shard',
  },
  {
    name: 'liquidations',
    unit: 'liquidations',
    meaning: 'positions closed by the venue, which feed nothing. Writer: shard',
  },
  { name: 'backfilled', unit: 'records', meaning: 'trade records that came by REST after a loss. Writer: shard' },
] as const satisfies readonly Counter[];

export type MarketCounterName = (typeof MARKET_COUNTERS)[number]['name'];

/** Column of each market counter. */
export const marketCounter = Object.freeze(
  Object.fromEntries(MARKET_COUNTERS.map((counter, index) => [counter.name, index])),
) as Readonly<Record<MarketCounterName, number>>;

/**
 * Measures of one market, in the columns behind its counters: values that may fall and mean nothing when added up. The
 * extremes of skew hold 0 until the first sample; they are read only where skewCount is above 0.
 */
export const MARKET_MEASURES = [
  { name: 'skewCount', unit: 'records', meaning: 'records with a venue time, behind the skew. Writer: shard' },
  { name: 'skewSumUs', unit: 'µs', meaning: 'sum of receive time minus venue time. Writer: shard' },
  { name: 'skewMinUs', unit: 'µs', meaning: 'least of receive time minus venue time. Writer: shard' },
  { name: 'skewMaxUs', unit: 'µs', meaning: 'greatest of receive time minus venue time. Writer: shard' },
] as const satisfies readonly Counter[];

export type MarketMeasureName = (typeof MARKET_MEASURES)[number]['name'];

/** Column of each market measure. */
export const marketMeasure = Object.freeze(
  Object.fromEntries(MARKET_MEASURES.map((measure, index) => [measure.name, MARKET_COUNTERS.length + index])),
) as Readonly<Record<MarketMeasureName, number>>;

/** Columns of a market's row: its counters, then its measures. */
export const MARKET_COUNTER_COLUMNS = MARKET_COUNTERS.length + MARKET_MEASURES.length;

/** Counters of the ingress thread. */
export const INGRESS_COUNTERS = [
  { name: 'frames', unit: 'frames', meaning: 'frames received' },
  { name: 'bytes', unit: 'bytes', meaning: 'payload bytes received' },
  { name: 'applied', unit: 'frames', meaning: 'frames that were market data' },
  { name: 'control', unit: 'frames', meaning: 'acknowledgements, heartbeats, status and error frames' },
  {
    name: 'ignored',
    unit: 'frames',
    meaning: 'lines of a recording that are no frame, and frames that their dialect leaves out',
  },
  { name: 'unknown', unit: 'frames', meaning: 'well-formed frames of a type not known' },
  { name: 'syntax', unit: 'frames', meaning: 'rejected: not JSON, or not the wire form' },
  { name: 'shape', unit: 'frames', meaning: 'rejected: JSON of another shape than the dialect has' },
  { name: 'missing-field', unit: 'frames', meaning: 'rejected: a field that must be there is not' },
  { name: 'type', unit: 'frames', meaning: 'rejected: a field of another type than the dialect has' },
  { name: 'range', unit: 'frames', meaning: 'rejected: a number that does not fit' },
  { name: 'precision', unit: 'frames', meaning: 'rejected: a number with more than 18 decimals' },
  { name: 'unknown-market', unit: 'frames', meaning: 'rejected: the market limit is reached' },
  { name: 'too-large', unit: 'frames', meaning: 'rejected: over the dialect cap' },
  { name: 'unauthorized', unit: 'connections', meaning: 'refused: no or a wrong token' },
  { name: 'internal', unit: 'frames', meaning: 'rejected by a fault of ours: always a bug' },
  { name: 'snapshot-unplaced', unit: 'frames', meaning: 'rejected: a snapshot whose market is not known' },
  { name: 'dropped', unit: 'frames', meaning: 'dropped at a full ring' },
  { name: 'duplicates', unit: 'frames', meaning: 'old or repeated by the counter of a venue connection, left out' },
  { name: 'connectionGaps', unit: 'breaks', meaning: 'breaks of a sequence of connection scope' },
  { name: 'connectionsOpened', unit: 'connections', meaning: 'producer sockets opened' },
  { name: 'connectionsClosed', unit: 'connections', meaning: 'producer sockets closed' },
  { name: 'blockedNs', unit: 'ns', meaning: 'time spent waiting for room in a ring' },
  { name: 'commits', unit: 'commits', meaning: 'commits that made records visible' },
  { name: 'repeats', unit: 'frames', meaning: 'messages of named producers that had been taken before, left out' },
  {
    name: 'producersCut',
    unit: 'connections',
    meaning: 'connections of named producers closed at a full ring, to be resumed behind the last message taken',
  },
  { name: 'producersReplaced', unit: 'connections', meaning: 'connections closed for another of the same producer' },
  { name: 'producersForgotten', unit: 'producers', meaning: 'named producers forgotten for want of room' },
  { name: 'forbidden', unit: 'connections', meaning: 'refused: a token without the role ingest' },
  { name: 'origin', unit: 'connections', meaning: 'refused: a page of another origin' },
  { name: 'host', unit: 'connections', meaning: 'refused: a Host header with a name that is not ours' },
  { name: 'connections-max', unit: 'connections', meaning: 'refused: the limit of connections is reached' },
  { name: 'connections-per-address', unit: 'connections', meaning: 'refused: the limit of one address is reached' },
  { name: 'sockets-max', unit: 'sockets', meaning: 'refused before any request: the limit of sockets is reached' },
  { name: 'rateClosed', unit: 'connections', meaning: 'closed: over the budget of frames or bytes' },
  { name: 'pingsClosed', unit: 'connections', meaning: 'closed: over the budget of pings' },
  { name: 'silentClosed', unit: 'connections', meaning: 'closed: no whole message and no pong for too long' },
] as const satisfies readonly Counter[];

export type IngressCounterName = (typeof INGRESS_COUNTERS)[number]['name'];
export const ingressCounter = Object.freeze(
  Object.fromEntries(INGRESS_COUNTERS.map((counter, index) => [counter.name, index])),
) as Readonly<Record<IngressCounterName, number>>;

/** Counters of one shard. */
export const SHARD_COUNTERS = [
  { name: 'records', unit: 'records', meaning: 'ring records dispatched' },
  { name: 'frames', unit: 'frames', meaning: 'frames applied, as their stamps say' },
  { name: 'batches', unit: 'batches', meaning: 'polls that found records' },
  { name: 'parks', unit: 'parks', meaning: 'times the shard went to sleep' },
  { name: 'outputRecords', unit: 'records', meaning: 'records written for the main thread' },
  { name: 'outputLost', unit: 'records', meaning: 'records left out at a full output ring' },
  { name: 'requests', unit: 'requests', meaning: 'requests answered' },
  { name: 'cutShort', unit: 'records', meaning: 'records of batches that a shard did not live to finish, left out' },
] as const satisfies readonly Counter[];

export type ShardCounterName = (typeof SHARD_COUNTERS)[number]['name'];
export const shardCounter = Object.freeze(
  Object.fromEntries(SHARD_COUNTERS.map((counter, index) => [counter.name, index])),
) as Readonly<Record<ShardCounterName, number>>;
