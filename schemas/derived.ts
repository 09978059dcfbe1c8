// Output records: what a shard writes for the main thread, and the requests the main thread sends it.

import { RecordType } from './ids.ts';
import { defineRecord, f64, u8, u32 } from './layout.ts';

/** Head of a book change or whole book for subscribers; `count` level records follow. Flag 1: snapshot. */
export const bookUpdate = defineRecord('bookUpdate', RecordType.bookChange, {
  receiveTimeNs: f64('receive time of the frame that made it'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  bookSequence: f64('applied book changes of this market so far'),
  venueSequence: f64('last applied venue sequence; -1 where the venue has none'),
  levelsBid: f64('levels held on the bid side'),
  levelsAsk: f64('levels held on the ask side'),
  checksum: u32('CRC-32 of the ten best levels a side, as the book is after it (docs/stream.md, Checksum)'),
  state: u8('BookState'),
  reason: u8('StateReason'),
});

/** Best bid and offer after a change; the ask follows in a bboAsk record. Flag 1: bid present, flag 2: ask present. */
export const bbo = defineRecord('bbo', RecordType.bbo, {
  receiveTimeNs: f64('receive time of the frame that made it'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  bookSequence: f64('applied book changes of this market so far'),
  bidPriceMilli: f64('integer, 10^-3'),
  bidPriceAtto: f64('integer, 10^-18'),
  bidQuantityMilli: f64('integer, 10^-3'),
  bidQuantityAtto: f64('integer, 10^-18'),
});

export const bboAsk = defineRecord('bboAsk', RecordType.bboAsk, {
  askPriceMilli: f64('integer, 10^-3'),
  askPriceAtto: f64('integer, 10^-18'),
  askQuantityMilli: f64('integer, 10^-3'),
  askQuantityAtto: f64('integer, 10^-18'),
  state: u8('BookState'),
  reason: u8('StateReason'),
});

/**
 * One OHLCV bar in six slots: bar, barPrices, barVolumes, barSides, barNotional, barSpread. Flags: bit 0 final; bits 1-2
 * Completeness; bits 3-5 BookState at its last change; bit 6 without prices (an empty interval told as null).
 */
export const bar = defineRecord('bar', RecordType.bar, {
  receiveTimeNs: f64('receive time of the last trade that changed it'),
  kind: f64('number of the bar kind, in the order configured'),
  startTimeUs: f64('bucket start, since 1970; of kinds without buckets the first trade'),
  openTimeUs: f64('exchange time of the first trade'),
  closeTimeUs: f64('exchange time of the last trade'),
  revision: f64('0 until a late trade changes a closed bar'),
  trades: f64('matches'),
});

export const barPrices = defineRecord('barPrices', RecordType.barPrices, {
  openMilli: f64('integer, 10^-3'),
  openAtto: f64('integer, 10^-18'),
  highMilli: f64('integer, 10^-3'),
  highAtto: f64('integer, 10^-18'),
  lowMilli: f64('integer, 10^-3'),
  lowAtto: f64('integer, 10^-18'),
});

/** Sums hold more than one decimal can: tera counts 10^12, milli stays under 10^15. */
export const barVolumes = defineRecord('barVolumes', RecordType.barVolumes, {
  closeMilli: f64('integer, 10^-3'),
  closeAtto: f64('integer, 10^-18'),
  volumeTera: f64('integer, 10^12'),
  volumeMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  volumeAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
});

export const barSides = defineRecord('barSides', RecordType.barSides, {
  buyTera: f64('integer, 10^12'),
  buyMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  buyAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  sellTera: f64('integer, 10^12'),
  sellMilli: f64('integer, 10^-3, 0 to 10^15 - 1'),
  sellAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
});

/** Notional as six limbs of base 10^12, lowest first, counting 10^-36. */
export const barNotional = defineRecord('barNotional', RecordType.barNotional, {
  limb0: f64('10^-36'),
  limb1: f64('10^-24'),
  limb2: f64('10^-12'),
  limb3: f64('1'),
  limb4: f64('10^12'),
  limb5: f64('10^24'),
});

/** Extremes of best ask less best bid while the bar was open and the book live; a negative milli where there was none. */
export const barSpread = defineRecord('barSpread', RecordType.barSpread, {
  spreadHighMilli: f64('integer, 10^-3; -1 for none'),
  spreadHighAtto: f64('integer, 10^-18'),
  spreadLowMilli: f64('integer, 10^-3; -1 for none'),
  spreadLowAtto: f64('integer, 10^-18'),
});

/** Slots of one bar in the output ring. */
export const BAR_SLOTS = 6;

/** One value of one signal. `flags` is the signal's number in the order configured, `count` the SignalEvent. */
export const signal = defineRecord('signal', RecordType.signal, {
  receiveTimeNs: f64('receive time of the frame that made it'),
  exchangeTimeUs: f64('venue clock of its input'),
  value: f64('float; NaN where it has none'),
  inputSequence: f64('book sequence, count of trades or count of bars it was computed at'),
  second: f64('second output; NaN where it has none'),
  third: f64('third output; NaN where it has none'),
  isWarm: u8('1 when warm'),
});

/** A change of the trust state of one market's book. */
export const status = defineRecord('status', RecordType.status, {
  receiveTimeNs: f64('receive time of the frame that made it'),
  sinceNs: f64('when this state began, receive time'),
  lost: f64('updates known lost so far'),
  bookSequence: f64('applied book changes so far'),
  state: u8('BookState'),
  reason: u8('StateReason'),
});

/** Number of the trade that follows: goes ahead where it is not that of the trade told before it, and one more. */
export const tradeNumber = defineRecord('tradeNumber', RecordType.tradeNumber, {
  number: f64('trade records of this market accepted so far, that one included'),
});

/** Begins the answer to a request; `count` items follow: one bookUpdate with its levels, or bars, trades, signals. */
export const answer = defineRecord('answer', RecordType.answer, {
  requestId: f64('as in the request'),
  kind: f64('RequestKind'),
});

/** Asked of a shard through its command ring. Never changes state. */
export const request = defineRecord('request', RecordType.request, {
  requestId: f64('chosen by the main thread'),
  kind: f64('RequestKind'),
  limit: f64('levels a side for books (0 is all), items for the rest'),
  barKind: f64('number of the bar kind, for bars'),
});

/** Closes a batch of output; `count` is the records in it. */
export const outputStamp = defineRecord('outputStamp', RecordType.stamp, {
  receiveTimeNs: f64('receive time of the first input of the batch'),
  appliedTimeNs: f64('when the batch was applied'),
});

/**
 * Some output of this market found no room: subscribers need a fresh snapshot. `count` is the records left out. In a replay that
 * is read as a stream nothing is left out, and it tells that the journal does not say what came: `flags` is the StateReason.
 */
export const outputGap = defineRecord('outputGap', RecordType.gap, {
  receiveTimeNs: f64('receive time of the first input left out'),
  bookSequence: f64('applied book changes so far'),
});
