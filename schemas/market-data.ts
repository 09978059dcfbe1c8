// Input records: what the ingress thread writes into a shard's ring. A frame's records follow one another in one ring.

import { RecordType } from './ids.ts';
import { defineRecord, f64, u8 } from './layout.ts';

/** One match, or one aggregate of matches (`count` says how many). Flags: TradeFlag. Bytes: 64. */
export const trade = defineRecord('trade', RecordType.trade, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  exchangeTimeUs: f64('venue clock, since 1970'),
  priceMilli: f64('integer, 10^-3'),
  priceAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  quantityMilli: f64('integer, 10^-3'),
  quantityAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  id: f64('venue trade id up to 2^53; 0 with TradeFlag.noId or textId'),
});

/** The text of the trade id of the trade record before it, where the id is no number; `count` is its length in bytes. */
export const tradeId = defineRecord('tradeId', RecordType.tradeId, { text: u8('first of up to 56 bytes of UTF-8') });

/** Bytes a text trade id may have: the rest of its slot. */
export const TRADE_ID_BYTES_MAX = 56;

/** Head of a change of one market's book; `count` level records follow it. Flags: ChangeFlag. */
export const bookChange = defineRecord('bookChange', RecordType.bookChange, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  firstSequence: f64('first venue sequence folded in; equals lastSequence where the venue has one number'),
  lastSequence: f64('last venue sequence folded in'),
  previousSequence: f64('last venue sequence of the change before, with ChangeFlag.hasPrevious'),
  checksum: f64('venue checksum as an unsigned 32-bit number, with ChangeFlag.hasChecksum'),
  depth: f64('levels a side the venue keeps; 0 is all'),
});

/** One price level of the change before it: absolute quantity, zero removes. Flags: LevelFlag. */
export const level = defineRecord('level', RecordType.level, {
  priceMilli: f64('integer, 10^-3'),
  priceAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  quantityMilli: f64('integer, 10^-3'),
  quantityAtto: f64('integer, 10^-18, 0 to 10^15 - 1'),
  priceDecimals: u8('digits after the point as sent, for the venue checksum'),
  quantityDecimals: u8('digits after the point as sent, for the venue checksum'),
});

/** The venue's own best bid and offer; never feeds the book. The ask follows in a quoteAsk record. */
export const quote = defineRecord('quote', RecordType.quote, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  sequence: f64('book sequence the quote belongs to; 0 where the venue gives none'),
  bidPriceMilli: f64('integer, 10^-3'),
  bidPriceAtto: f64('integer, 10^-18'),
  bidQuantityMilli: f64('integer, 10^-3'),
  bidQuantityAtto: f64('integer, 10^-18'),
});

export const quoteAsk = defineRecord('quoteAsk', RecordType.quoteAsk, {
  askPriceMilli: f64('integer, 10^-3'),
  askPriceAtto: f64('integer, 10^-18'),
  askQuantityMilli: f64('integer, 10^-3'),
  askQuantityAtto: f64('integer, 10^-18'),
});

/** The venue's own running candle; never feeds bars. `count` is its trades, flag 1 says the venue closed it. */
export const candle = defineRecord('candle', RecordType.candle, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  startTimeUs: f64('bucket start, since 1970'),
  intervalMs: f64('milliseconds; 0 where the frame does not say'),
  closePriceMilli: f64('integer, 10^-3'),
  closePriceAtto: f64('integer, 10^-18'),
  volumeMilli: f64('integer, 10^-3'),
  volumeAtto: f64('integer, 10^-18'),
});

export const candlePrices = defineRecord('candlePrices', RecordType.candlePrices, {
  openPriceMilli: f64('integer, 10^-3'),
  openPriceAtto: f64('integer, 10^-18'),
  highPriceMilli: f64('integer, 10^-3'),
  highPriceAtto: f64('integer, 10^-18'),
  lowPriceMilli: f64('integer, 10^-3'),
  lowPriceAtto: f64('integer, 10^-18'),
});

/** Time for every market of the shard: the latest multiple of 100 ms of receive time (INTERFACES, replay). */
export const clock = defineRecord('clock', RecordType.clock, {
  timeUs: f64('receive time, since 1970, a multiple of 100,000'),
});

/** Updates of one market are known to be lost; `flags` is the StateReason, none where its book is not concerned. */
export const gap = defineRecord('gap', RecordType.gap, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  lost: f64('venue messages missing, 0 where unknown; with StateReason.drop: frames'),
  sinceTimeUs: f64('since 1970; what the venue made from here on may be missing; 0 where that is not known'),
});

/**
 * The records of this market that follow come from this connection. Written by connectors, whose connections overlap
 * where one replaces another: a delta belongs on the snapshot of its own connection.
 */
export const source = defineRecord('source', RecordType.source, {
  connection: f64('number of the connection, from 1 up'),
});

/** Mark or index price, funding rate or open interest of a contract; feeds nothing. Flags: DerivativeFlag. */
export const derivative = defineRecord('derivative', RecordType.derivative, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  valueMilli: f64('integer, 10^-3, without its sign'),
  valueAtto: f64('integer, 10^-18'),
  effectiveTimeUs: f64('when a funding is due, since 1970; 0 where the frame does not say'),
});

/** A position closed by the venue; feeds nothing. The two lowest bits of `flags` hold the Side of the order that closed it. */
export const liquidation = defineRecord('liquidation', RecordType.liquidation, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  exchangeTimeUs: f64('venue clock, since 1970; 0 where the venue gives none'),
  priceMilli: f64('integer, 10^-3'),
  priceAtto: f64('integer, 10^-18'),
  quantityMilli: f64('integer, 10^-3'),
  quantityAtto: f64('integer, 10^-18'),
});

/** Trades of a span that was lost have been asked for again; those that the venue gave stand before it. Flags: BackfillFlag. */
export const backfill = defineRecord('backfill', RecordType.backfill, {
  receiveTimeNs: f64('monotonic, since the engine clock anchor'),
  fromTimeUs: f64('venue clock, since 1970: the loss began here'),
  toTimeUs: f64('venue clock, since 1970: and ended here'),
  fromId: f64('id of the last trade before it, with BackfillFlag.begin; NaN where ids are text'),
});

/** Closes what one commit made visible and says when; `count` is the frames in it. Not part of any state. */
export const stamp = defineRecord('stamp', RecordType.stamp, {
  receiveTimeNs: f64('receive time of the first frame of the commit'),
  commitTimeNs: f64('when the records before it became visible'),
  sequence: f64('journal entry that the records before it end with; 0 without a journal'),
});

/** Between two frames: the shard begins to write down its markets as they are here. Goes to every shard. */
export const checkpoint = defineRecord('checkpoint', RecordType.checkpoint, {
  number: f64('of the checkpoint, rising over the whole life of the journal'),
  sequence: f64('journal entry it stands behind'),
});
