// A trade counts once however often it is sent, across reconnects too: over real sockets, a market whose second
// connection sends the last trades of the first again equals one that was never disturbed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Dialect } from '../../schemas/ids.ts';
import { eventually, hourAheadMs, type Json, LiveEngine } from '../support/live-engine.ts';
import { numbersOf } from '../support/recordings.ts';
import { SEED } from '../support/seed.ts';

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const START_MS = hourAheadMs();
const TRADES = 300;
const STEP_MS = 400;
/** The first connection ends behind this trade; the second begins with the last OVERLAP of them. */
const BROKEN_AT = 200;
const OVERLAP = 50;
/** Trades of one frame where the venue sends lists. */
const FRAME_TRADES = 5;

type Trade = {
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  readonly isSell: boolean;
  readonly timeMs: number;
};

function makeTrades(): Trade[] {
  const random = numbersOf(SEED);
  return Array.from({ length: TRADES }, (_, index) => ({
    id: 5_000_000 + index,
    price: `${100 + random(10)}.${10 + random(90)}`,
    quantity: `0.${100_000 + random(900_000)}`,
    isSell: random(2) === 0,
    timeMs: START_MS + index * STEP_MS,
  }));
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString().replace('Z', '000Z');

/** Frames of one connection for trades in order; the first `past` of them are those sent on subscribing. */
type Encoder = (symbol: string, trades: readonly Trade[], past: number) => string[];

const encodeBinance: Encoder = (symbol, trades) =>
  trades.map(({ id, price, quantity, isSell, timeMs }) => {
    const event = { e: 'trade', E: timeMs, s: symbol, t: id, p: price, q: quantity, T: timeMs, m: isSell, M: true };
    return JSON.stringify({ stream: `${symbol.toLowerCase()}@trade`, data: event });
  });

/** The past ones together, then FRAME_TRADES at a time. */
function inFrames(trades: readonly Trade[], past: number): { isPast: boolean; trades: Trade[] }[] {
  const frames = past === 0 ? [] : [{ isPast: true, trades: trades.slice(0, past) }];
  for (let at = past; at < trades.length; at += FRAME_TRADES) {
    frames.push({ isPast: false, trades: trades.slice(at, at + FRAME_TRADES) });
  }
  return frames;
}

/** The newest trade comes first in a frame; the maker's side is told; each connection counts its messages from 0. */
const encodeCoinbase: Encoder = (symbol, trades, past) =>
  inFrames(trades, past).map((frame, sequence) => {
    const list = frame.trades.toReversed().map(({ id, price, quantity, isSell, timeMs }) => ({
      trade_id: String(id),
      product_id: symbol,
      price,
      size: quantity,
      side: isSell ? 'BUY' : 'SELL',
      time: iso(timeMs),
    }));
    const events = [{ type: frame.isPast ? 'snapshot' : 'update', trades: list }];
    const timestamp = iso(frame.trades[0].timeMs);
    return JSON.stringify({ channel: 'market_trades', client_id: '', timestamp, sequence_num: sequence, events });
  });

/** Prices and quantities are JSON numbers. */
const encodeKraken: Encoder = (symbol, trades, past) =>
  inFrames(trades, past).map((frame) => {
    const list = frame.trades.map(({ id, price, quantity, isSell, timeMs }) => {
      const side = `"side":"${isSell ? 'sell' : 'buy'}","price":${price},"qty":${quantity},"ord_type":"limit"`;
      return `{"symbol":"${symbol}",${side},"trade_id":${id},"timestamp":"${iso(timeMs)}"}`;
    });
    return `{"channel":"trade","type":"${frame.isPast ? 'snapshot' : 'update'}","data":[${list.join(',')}]}`;
  });

/** What two markets with the same trades have in common: not their names, nor when a trade came in or what was missed. */
function comparable(bars: readonly Json[]): Json[] {
  return bars.map((bar) =>
    Object.fromEntries(
      Object.entries(bar).filter(([name]) => !['symbol', 'localTimestamp', 'completeness'].includes(name)),
    ),
  );
}

type Counts = { readonly trades: number; readonly duplicates: number; readonly late: number };

let engine: LiveEngine;
before(async () => {
  engine = await LiveEngine.start();
});
after(() => engine.stop());

async function countsOf(market: string): Promise<Counts | null> {
  const { markets } = await engine.get<{ markets: Record<string, Counts | undefined> }>('/v1/stats');
  return markets[market] ?? null;
}

async function settled(market: string, trades: number, duplicates: number): Promise<Counts> {
  await eventually(`${market} has done with ${trades + duplicates} trades`, async () => {
    const counts = await countsOf(market);
    return counts !== null && counts.trades + counts.duplicates >= trades + duplicates;
  });
  return (await countsOf(market)) as Counts;
}

async function send(venue: Dialect, frames: readonly string[]): Promise<void> {
  const taken = engine.ingress('frames');
  const producer = await engine.producer(venue);
  for (const frame of frames) producer.send(frame);
  await engine.taken(taken + frames.length);
  await producer.close();
}

const VENUES: readonly (readonly [Dialect, Encoder, whole: string, broken: string])[] = [
  ['binance', encodeBinance, 'AAAUSDT', 'BBBUSDT'],
  ['coinbase', encodeCoinbase, 'AAA-USD', 'BBB-USD'],
  ['kraken', encodeKraken, 'AAA/USD', 'BBB/USD'],
];

for (const [venue, encode, whole, broken] of VENUES) {
  test(`${venue}: trades sent again by the next connection are counted as repeats and change no bar`, async () => {
    const trades = makeTrades();
    await send(venue, encode(whole, trades, 0));
    await send(venue, encode(broken, trades.slice(0, BROKEN_AT), 0));
    await send(venue, encode(broken, trades.slice(BROKEN_AT - OVERLAP), OVERLAP));

    const [one, two] = [
      await settled(`${venue}:${whole}`, TRADES, 0),
      await settled(`${venue}:${broken}`, TRADES, OVERLAP),
    ];
    assert.deepEqual([one.trades, one.duplicates, one.late], [TRADES, 0, 0]);
    assert.deepEqual([two.trades, two.duplicates, two.late], [TRADES, OVERLAP, 0]);
    for (const kind of ['1s', '1m']) {
      const [expected, was] = await Promise.all(
        [whole, broken].map((symbol) =>
          engine.get<Json[]>(`/v1/bars/${encodeURIComponent(`${venue}:${symbol}`)}?kind=${kind}&limit=500`),
        ),
      );
      assert.ok(expected.length >= 2, kind);
      assert.deepEqual(comparable(was), comparable(expected), kind);
      const counted = was.reduce((sum, bar) => sum + Number(bar['trades']), 0);
      assert.equal(counted, TRADES, kind);
    }
  });

  test(`${venue}: two connections that both send all trades at once count each once`, async () => {
    const trades = makeTrades();
    const symbol = `${whole}2`;
    const frames = encode(symbol, trades, 0);
    const taken = engine.ingress('frames');
    const producers = [await engine.producer(venue), await engine.producer(venue)];
    for (const frame of frames) for (const producer of producers) producer.send(frame);
    await engine.taken(taken + 2 * frames.length);
    const counts = await settled(`${venue}:${symbol}`, TRADES, TRADES);
    assert.deepEqual([counts.trades, counts.duplicates, counts.late], [TRADES, TRADES, 0]);
    await Promise.all(producers.map((producer) => producer.close()));
  });
}
