// Where the bytes of a FlatBuffers Batch lie: the structs of schemas/wire.fbs, and the parts every such buffer has.

import { defineBlock, f64, u32 } from '../../../schemas/layout.ts';

/** `struct Trade`. Offsets count in the field's own size. */
export const wireTrade = defineBlock('wireTrade', 64, {
  timeUs: f64('venue clock, since 1970'),
  priceMilli: f64('integer, 10^-3'),
  priceAtto: f64('integer, 10^-18'),
  quantityMilli: f64('integer, 10^-3'),
  quantityAtto: f64('integer, 10^-18'),
  id: f64('venue trade id below 2^53'),
  market: u32('index into markets'),
  side: u32('Side'),
  flags: u32('WireTradeFlag bits'),
  matches: u32('0 means one'),
});

/** `struct Level`. */
export const wireLevel = defineBlock('wireLevel', 56, {
  timeUs: f64('venue clock, since 1970; 0 where there is none'),
  priceMilli: f64('integer, 10^-3'),
  priceAtto: f64('integer, 10^-18'),
  quantityMilli: f64('integer, 10^-3'),
  quantityAtto: f64('integer, 10^-18'),
  market: u32('index into markets'),
  side: u32('0 bid, 1 ask'),
  flags: u32('WireLevelFlag bits'),
  reserved: u32('0'),
});

export const WireTradeFlag = { noId: 1, offMarket: 2, history: 4, all: 7 } as const;
export const WireLevelFlag = { snapshotStart: 1, endOfChange: 2, all: 3 } as const;

/** Bytes of the offset to the root table, then of the file identifier. */
export const IDENTIFIER_AT = 4;
export const HEADER_BYTES = 8;
export const FILE_IDENTIFIER = 'MRB1';

/** Bytes of a vtable before its first entry: its own size, and that of its table. */
export const VTABLE_HEADER_BYTES = 4;

/** Places of Batch's fields in its vtable, in bytes from the vtable's start. */
export const batchField = Object.freeze({ sequence: 4, markets: 6, trades: 8, levels: 10 });
