// Names of the channels, what each carries, and the length of a candle by its name.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions" (2026-06); venues.md §4.1, §4.2.

import { keyBytes, matches } from '../../decode/scan.ts';

/** From `book` on, messages make records. */
export const Kind = {
  unknown: 0,
  control: 1,
  answer: 2,
  book: 3,
  trades: 4,
  bbo: 5,
  candle: 6,
  context: 7,
} as const;

const L2_BOOK = keyBytes('l2Book');
const TRADES = keyBytes('trades');
const BBO = keyBytes('bbo');
const CANDLE = keyBytes('candle');
const CONTEXT = keyBytes('activeAssetCtx');
const SPOT_CONTEXT = keyBytes('activeSpotAssetCtx');
const ANSWER = keyBytes('subscriptionResponse');
/** Channels without data of one market that any record could hold. */
const CONTROL = [keyBytes('pong'), keyBytes('error'), keyBytes('post'), keyBytes('notification'), keyBytes('allMids')];

/** The kind of the channel named by bytes[from..to). */
export function kindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, L2_BOOK)) return Kind.book;
  if (matches(bytes, from, to, TRADES)) return Kind.trades;
  if (matches(bytes, from, to, BBO)) return Kind.bbo;
  if (matches(bytes, from, to, CONTEXT) || matches(bytes, from, to, SPOT_CONTEXT)) return Kind.context;
  if (matches(bytes, from, to, CANDLE)) return Kind.candle;
  if (matches(bytes, from, to, ANSWER)) return Kind.answer;
  for (let i = 0; i < CONTROL.length; i++) if (matches(bytes, from, to, CONTROL[i])) return Kind.control;
  return Kind.unknown;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Length of the candle named by bytes[from..to), `15m`; 0 for months, which differ, and for names of another form. */
export function intervalMs(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to - 1; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9 || i - from > 2) return 0;
    count = count * 10 + digit;
  }
  switch (to > from ? bytes[to - 1] : 0) {
    case 0x6d: // m
      return count * MINUTE_MS;
    case 0x68: // h
      return count * HOUR_MS;
    case 0x64: // d
      return count * DAY_MS;
    case 0x77: // w
      return count * WEEK_MS;
    default:
      return 0;
  }
}
