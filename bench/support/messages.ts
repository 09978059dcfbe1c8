// One message of each kind the stream carries, as main has them before they are text or bytes.

import { LEVEL_NUMBERS, type Levels, type StreamMessage } from '../../engine/publish/messages.ts';
import { Side } from '../../schemas/ids.ts';

const TIMES = { timestampUs: 1_767_225_600_123_456, localTimestampUs: 1_767_225_600_125_001 };
const TRUST = { state: 'live', reason: null };
const NO_HORIZON = { horizonBid: null, horizonAsk: null };
const BOOK = { bookSequence: 48_213_377, ...NO_HORIZON };

/** Levels a cent apart, away from the touch; quantities of five decimals. */
function levels(count: number, isAsk: boolean): Levels {
  const side = new Float64Array(count * LEVEL_NUMBERS);
  for (let i = 0; i < count; i++) {
    side[i * LEVEL_NUMBERS] = 61_837_630 + (isAsk ? 10 * (i + 1) : -10 * i);
    side[i * LEVEL_NUMBERS + 2] = (i * 713) % 5000;
    side[i * LEVEL_NUMBERS + 3] = (1 + ((i * 31) % 99)) * 1e13;
  }
  return side;
}

const change = (count: number, isSnapshot: boolean): StreamMessage => ({
  type: 'book_change',
  ...TIMES,
  ...TRUST,
  ...BOOK,
  isSnapshot,
  bids: levels(count, false),
  asks: levels(count, true),
  venueSequence: 50_093_241_252,
  levelsBid: 1000,
  levelsAsk: 1000,
  part: 1,
  parts: 1,
  checksum: 3_735_928_559,
  isResumeRefused: false,
});

/** By a name that says how big it is. */
export const MESSAGES: Readonly<Record<string, StreamMessage>> = {
  trade: {
    type: 'trade',
    ...TIMES,
    id: '3711234567',
    priceMilli: 61_837_630,
    priceAtto: 0,
    quantityMilli: 12,
    quantityAtto: 45e13,
    side: Side.buy,
    matches: 1,
    isOutlier: false,
  },
  'best bid and offer': { type: 'book_ticker', ...TIMES, ...TRUST, bid: levels(1, false), ask: levels(1, true) },
  'book change of 16 levels': change(8, false),
  'book of 1,000 levels': change(500, true),
  'depth of 20 levels a side': {
    type: 'book_snapshot',
    ...TIMES,
    ...TRUST,
    ...BOOK,
    name: 'depth.20.100ms',
    depth: 20,
    intervalMs: 100,
    bids: levels(20, false),
    asks: levels(20, true),
    spread: '0.01',
    mid: '61837.635',
    microprice: '61837.634991234567890123',
    imbalance: 0.1327,
    weightedMid: '61837.631',
    bidDepth: '41.20391',
    askDepth: '39.90012',
    pressure: 0.5081,
  },
  bar: {
    type: 'trade_bar',
    ...TIMES,
    kindNumber: 1,
    name: '1m',
    kind: 'time',
    interval: 60_000,
    startUs: 1_767_225_600_000_000,
    openUs: 1_767_225_600_012_000,
    closeUs: 1_767_225_659_871_000,
    prices: Float64Array.of(61_837_630, 0, 61_840_000, 0, 61_830_110, 0, 61_838_990, 0),
    volume: '12.50431',
    buyVolume: '7.00012',
    sellVolume: '5.50419',
    trades: 812,
    vwap: '61836.912345678901234567',
    notional: '773226.1234567890123',
    revision: 3,
    completeness: 'complete',
    isFinal: true,
    delta: '1.49593',
    spreadHigh: '0.12',
    spreadLow: '0.01',
    state: 'live',
  },
  signal: {
    type: 'signal',
    ...TIMES,
    signalId: 0,
    name: 'macd',
    value: 1.25,
    values: { macd: 1.25, signal: 1.1875, histogram: 0.0625 },
    event: null,
    isWarm: true,
    inputSeq: 48_213_377,
  },
  status: { type: 'status', ...TIMES, ...TRUST, sinceUs: 1_767_225_500_000_000, lost: 0 },
};
