// Blocks of shared memory that are read without a ring: engine words, market names, interest, latest values.

import { defineBlock, f64, i32, u8 } from './layout.ts';

/** Words (Int32) all threads of one engine see. Single writer each, as said; read with Atomics. */
export const engineWords = defineBlock('engineWords', 128, {
  stop: i32('1 once the engine is stopping. Writer: main'),
  marketCount: i32('markets with a name in the table. Writer: ingress'),
  ingressReady: i32('1 once the ingest port is open. Writer: ingress'),
  ingressDone: i32('1 once the ingress thread has committed its last record. Writer: ingress'),
  ingressThread: i32('number the system gave the ingress thread, 0 where it is not known. Writer: ingress'),
});

/** Words (Int32) of one shard. */
export const shardWords = defineBlock('shardWords', 64, {
  claimedEpoch: i32('epoch of the task that runs the shard. Writer: the shard'),
  heartbeat: i32('counts duty cycles and park time-outs. Writer: the shard'),
  running: i32('1 from claim to return. Writer: the shard'),
  batchEnd: i32('ring position behind the batch that is being applied, or was last. Writer: the shard'),
  runningSignal: i32('number + 1 of the user signal that runs now, 0 for none. Writer: the shard'),
  waiting: i32('trades taken from the ring before the batch that wait to be applied. Writer: the shard'),
  recordAt: i32('ring position of the record that is being applied, a plain store. Writer: the shard'),
  rebuilding: i32('1 while the shard applies records that its forerunner has applied. Writer: the shard'),
  lostOutputs: i32(
    'markets whose output found no room and that were not told so at the last commit. Writer: the shard',
  ),
  settling: i32(
    'id + 1 of the market whose waiting trades are applied now, 0 for none, a plain store. Writer: the shard',
  ),
  thread: i32('number the system gave the thread, 0 where it is not known. Writer: the shard'),
});

/**
 * Where a shard stands (Float64), for the one that takes its place. Two marks take turns: the one whose output tail is the
 * output ring's own was the last committed, and where both are, the one with the later position. Written before the tail.
 */
export const shardMarks = defineBlock('shardMarks', 64, {
  releasedSequence: f64('journal entry of the stamp that the input ring is released behind. Writer: the shard'),
  firstOutputTail: f64('Int32 tail the output ring has after the commit. Writer: the shard'),
  firstPosition: f64('Int32 input position whose records that commit ends with. Writer: the shard'),
  secondOutputTail: f64('as firstOutputTail. Writer: the shard'),
  secondPosition: f64('as firstPosition. Writer: the shard'),
  waitingAfter: f64('journal entry of the last stamp behind which no trade waited. Writer: the shard'),
});

/** A market's name: `venue:symbol` in UTF-8, written once by ingress before marketCount covers it. */
export const marketRow = defineBlock('marketRow', 128, {
  nameBytes: u8('length of the name'),
  venueBytes: u8('length of the venue, which the colon follows'),
  name: u8('first of up to 126 bytes'),
});
export const MARKET_NAME_BYTES_MAX = 126;

/** Latest values of one market (a seqlock: odd version while the shard writes). Writer: the market's shard. */
export const latest = defineBlock('latest', 192, {
  version: i32('even when whole'),
  state: i32('BookState'),
  reason: i32('StateReason'),
  present: i32('bit 0: bid, bit 1: ask, bit 2: last trade'),
  receiveTimeNs: f64('receive time of the last record'),
  exchangeTimeUs: f64('venue time of the last record'),
  sinceNs: f64('receive time at which the state began'),
  bookSequence: f64('applied book changes'),
  bidPriceMilli: f64('integer, 10^-3'),
  bidPriceAtto: f64('integer, 10^-18'),
  bidQuantityMilli: f64('integer, 10^-3'),
  bidQuantityAtto: f64('integer, 10^-18'),
  askPriceMilli: f64('integer, 10^-3'),
  askPriceAtto: f64('integer, 10^-18'),
  askQuantityMilli: f64('integer, 10^-3'),
  askQuantityAtto: f64('integer, 10^-18'),
  lastPriceMilli: f64('price of the last trade'),
  lastPriceAtto: f64('price of the last trade'),
  activity: i32('Activity'),
  openLosses: i32('losses of trades since the last back-fill that spanned them all'),
  lossFromId: f64('id of the last trade before the first open loss; NaN where ids are text or there was none'),
  lossFromTimeUs: f64('venue time of that trade; 0 where there was none'),
  lastTradeId: f64('id of the last trade accepted; NaN where ids are text or there was none'),
  lastTradeTimeUs: f64('venue time of the last trade accepted; 0 where there was none'),
});

/** How a market's silence compares with its own rate (workers/quality). */
export const Activity = { active: 0, quiet: 1, dead: 2 } as const;
export type Activity = (typeof Activity)[keyof typeof Activity];
export const ACTIVITY_NAMES = ['active', 'quiet', 'dead'] as const;
