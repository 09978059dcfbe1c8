// Times and bounds of a feed, each with its reason; a venue's own figures are in its VenueLimits.

import { BREAKER, type BreakerSettings } from './breaker.ts';
import { PACE_MARGIN_MS } from './pace.ts';
import { REST, type RestSettings } from './rest-queue.ts';

export type FeedSettings = {
  readonly breaker: BreakerSettings;
  readonly rest: Omit<RestSettings, 'pace'>;
  /** Added to every window of the venue. */
  readonly paceMarginMs: number;
  /** Connections, acknowledgements, books and pings are looked at this often. */
  readonly checkMs: number;
  /** DNS, TCP, TLS and upgrade together. */
  readonly openTimeoutMs: number;
  /** A subscription not acknowledged after this is asked for again, and the connection given up after so many tries. */
  readonly ackTimeoutMs: number;
  readonly ackTriesMax: number;
  /** A socket that does not answer the goodbye is cut after this. */
  readonly closeTimeoutMs: number;
  /** Frames in a row that cannot be decoded before the connection counts as broken. */
  readonly rejectedInARowMax: number;
  /** A connection is replaced at a random point in this last share of its life, so that not all end together. */
  readonly lifeSpread: number;
  /** A successor takes over after this though data of some market is still missing on it. */
  readonly handoverTimeoutMs: number;
  /** Both run for this long once the successor has all: what the old one still carries must arrive. */
  readonly handoverOverlapMs: number;
  /** A successor's frames wait so long where both feed one book: longer than one connection is ever behind the other. */
  readonly handoverHoldMs: number;
  /** Tries to get the venue's list of markets before going on without it; null for as long as it takes. */
  readonly listingTriesMax: number | null;
  /** A book live for this long has recovered: its waits begin again. */
  readonly bookStableMs: number;
  /** Resubscriptions in vain of a silent market before its connection is replaced, and how often that may happen. */
  readonly silentTriesMax: number;
  readonly silentReplaceMs: number;
  /** Where the next request is further away than this by the venue's limit, a new connection is the quicker way. */
  readonly budgetWaitMs: number;
  /** Requests of one back-fill, more trades than these hold stay missing; and tries of a back-fill that fails. */
  readonly backfillPagesMax: number;
  readonly backfillTriesMax: number;
  /** A back-fill begins this long after the subscription, since REST may know a trade later than the stream does. */
  readonly backfillDelayMs: number;
  /** The clocks of engine and venue may differ by this: trades are asked for up to so much later than now. */
  readonly backfillSkewMs: number;
  /** Bytes of a REST answer: lists of markets are the largest. */
  readonly answerBytesMax: number;
  /** Connections with a report of their own; others share one. */
  readonly labelsMax: number;
  /** Wall clock, ms since 1970: venues' times are compared with it, waits never. */
  readonly wallMs: () => number;
  /** From 0 to 1, for jitter and spread. */
  readonly random: () => number;
};

export const FEED_SETTINGS: FeedSettings = {
  breaker: BREAKER,
  rest: REST,
  paceMarginMs: PACE_MARGIN_MS,
  checkMs: 100,
  openTimeoutMs: 10_000,
  ackTimeoutMs: 10_000,
  ackTriesMax: 3,
  closeTimeoutMs: 2_000,
  rejectedInARowMax: 100,
  lifeSpread: 0.1,
  handoverTimeoutMs: 60_000,
  handoverOverlapMs: 1_000,
  handoverHoldMs: 500,
  listingTriesMax: null,
  bookStableMs: 10_000,
  silentTriesMax: 3,
  silentReplaceMs: 600_000,
  budgetWaitMs: 10_000,
  backfillPagesMax: 50,
  backfillTriesMax: 10,
  backfillDelayMs: 1_000,
  backfillSkewMs: 5_000,
  answerBytesMax: 64 * 1024 * 1024,
  labelsMax: 200,
  wallMs: () => Date.now(),
  random: Math.random,
};
