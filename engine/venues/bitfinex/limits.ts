// What Bitfinex allows and how its public side is asked, for connector and simulator alike; each figure with its source.
//
// Sources, read in 2026: docs = docs.bitfinex.com, "Public Channels" (`ws-public`), "WS General", "Books", "Trades"
// (`rest-public-trades`), "Configs"; rec = the recording of 2021. `[?]` is our own choice where the venue says nothing.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** Requests weigh as much as there may be fewer of them than 90 a minute, the most of any address (docs). */
export const LISTING_WEIGHT = 1;
/** 15 a minute (docs, "Trades"). */
export const TRADES_WEIGHT = 6;

/** Levels a side of the books asked for: the venue has 1, 25, 100 and 250 (docs, "Books"). */
export const BOOK_LEVELS = 250;
export const BOOK_LEVELS_ALLOWED: readonly number[] = [1, 25, 100, 250];
/** Most trades in one answer (docs, "Trades"). */
export const PAST_TRADES_MAX = 10_000;
/** A channel without data has a heartbeat this often (docs, "WS General"; rec). */
export const HEARTBEAT_MS = 15_000;

export const STREAM_PATH = '/ws/2';
export const LISTING_PATH = '/v2/conf/pub:list:pair:exchange';

/** Codes of `info` events (docs, "WS General"). */
export const InfoCode = { restart: 20_051, maintenance: 20_060, maintenanceEnd: 20_061 } as const;
/** Codes of `error` events (docs, "WS General"; the venue's Go client lists more of them). */
export const ErrorCode = {
  unknownEvent: 10_000,
  unknownPair: 10_001,
  subscribeFailed: 10_300,
  alreadySubscribed: 10_301,
  unknownChannel: 10_302,
  channelLimit: 10_305,
  notSubscribed: 10_401,
} as const;

export const BITFINEX_LIMITS: VenueLimits = {
  // docs, "Public Channels": 25 channels (30 and 50 in former years).
  subscriptionsPerConnection: 25,
  booksPerConnection: 25,
  // [?] The venue tells no pace of messages; the recording sends 22 in 7 ms.
  messages: { count: 10, windowMs: SECOND_MS },
  requests: null,
  subscriptionsPerMessage: 1,
  // docs, "Public Channels": 20 connections a minute.
  connects: { count: 20, windowMs: MINUTE_MS },
  rest: { count: 90, windowMs: MINUTE_MS },
  // [?] A snapshot of 250 levels a side has 16 KiB.
  payloadBytesMax: PAYLOAD_BYTES_MAX['bitfinex'],
};
