// The same input gives the same bytes, whatever the threads and batches; another input is noticed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type ReplayResult, replayFiles } from '../../engine/recordings/replay.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder, readSession, type SessionLine } from '../support/frames-file.ts';
import { lastingLevels, type NumberPlace, numberPlaces, withDigitChanged } from '../support/frames-file-numbers.ts';
import { GOLDEN_SESSIONS, type GoldenSession, numbersOf, recordingTest, sampleOf } from '../support/recordings.ts';
import { assertSameResult } from '../support/recordings-equal.ts';
import { Referee } from '../support/reference/referee.ts';
import { referenceReplay } from '../support/reference/replay.ts';
import { SEED } from '../support/seed.ts';

const folder = new FramesFolder();

/** Holds what 64 frames of a golden session, or of a Kraken v1 recording, make. */
const SMALL_SLOTS = 16_384;

function replayThreads(file: string, venue: Dialect, workers: number, inputSlots?: number): Promise<ReplayResult> {
  const plans = marketPlansOf();
  const options = { files: [file], venue, speed: 0, workers, marketsMax: MARKETS_MAX, plans, depth: 0 };
  return replayFiles(inputSlots === undefined ? options : { ...options, inputSlots });
}

function replaySmall(file: string, venue: Dialect): Promise<ReplayResult> {
  return replayInProcess({ files: [file], venue, inputSlots: SMALL_SLOTS });
}

// ---- the same input

/** The smallest ring that holds the session's largest frame, a snapshot of some 90 levels or a full page of trades. */
const TINY_SLOTS = 128;

for (const { name, venue, path } of GOLDEN_SESSIONS) {
  // Threads take a second to start: what one worker gives is in golden.test.ts, two workers are tried on two.
  const isTriedWithTwo = venue === 'binance' || venue === 'coinbase';

  test(`${name} gives one hash for any workers, tiny rings, and batches that end anywhere`, async () => {
    const { hash } = await replayInProcess({ files: [path], venue });
    for (const batchRecords of [1, 3, 7, 64]) {
      assert.equal((await replayInProcess({ files: [path], venue, batchRecords })).hash, hash, `batch ${batchRecords}`);
    }
    assert.equal((await replayThreads(path, venue, 3, TINY_SLOTS)).hash, hash, 'three workers, tiny rings');
    if (isTriedWithTwo) assert.equal((await replayThreads(path, venue, 2)).hash, hash, 'two workers');
  });
}

/** Rings that just hold the largest snapshot: 1000 or 46,000 levels. */
for (const [file, venue, workers, slots] of [
  ['binance/spot-20210404-btc-eth-dot.ndjson.gz', 'binance', 2, 2048],
  ['kraken/v1-20210417-10mkts.ndjson.gz', 'kraken', 3, 2048],
  ['coinbase/advanced-20260809-btc-eth-first500.ndjson.gz', 'coinbase', 1, 65_536],
  ['okx/v5-20210722-10mkts.ndjson.gz', 'okx', 2, 2048],
  ['bitfinex/v2-20210417-7mkts.ndjson.gz', 'bitfinex', 2, 2048],
] as const) {
  recordingTest(
    `${file} gives one hash for ${workers} and no workers, small rings and odd batches`,
    [file],
    async (_, path) => {
      const { hash } = await replayInProcess({ files: [path], venue, batchRecords: 13 });
      assert.equal((await replayInProcess({ files: [path], venue })).hash, hash, 'whole batches');
      assert.equal((await replayThreads(path, venue, workers, slots)).hash, hash, `${workers} workers`);
    },
  );
}

// ---- quotes, tickers and candles

const KRAKEN_ASIDE = /^\[.*"(ticker|spread|ohlc-\d+)","[^"]+"\]$/;

/** A frame without what books and bars do not come from; null where nothing else is in it. */
function withoutQuotes(venue: Dialect, text: string): string | null {
  if (venue === 'kraken') return KRAKEN_ASIDE.test(text) ? null : text;
  if (venue === 'okx') return text.startsWith('{"arg":{"channel":"tickers"') ? null : text;
  const frame = JSON.parse(text) as { channel?: string; sequence_num?: number; data?: { e?: string }; e?: string };
  // Coinbase numbers the frames of all channels together: an empty heartbeat keeps the place.
  if (venue === 'coinbase') {
    if (frame.channel !== 'ticker' && frame.channel !== 'candles') return text;
    return JSON.stringify({ channel: 'heartbeats', sequence_num: frame.sequence_num, events: [] });
  }
  const event = frame.data ?? frame;
  return event.e === undefined || event.e === 'bookTicker' || event.e === 'kline' ? null : text;
}

for (const [file, venue] of [
  ['binance/spot-20210404-btc-eth-dot.ndjson.gz', 'binance'],
  ['binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz', 'binance'],
  ['binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz', 'binance-futures'],
  ['kraken/v1-20210417-10mkts.ndjson.gz', 'kraken'],
  ['coinbase/advanced-20260809-btc-eth-first500.ndjson.gz', 'coinbase'],
  ['okx/v5-20220513-btc-uni.ndjson.gz', 'okx'],
] as const) {
  recordingTest(`${file} gives the same bytes without its quotes, tickers and candles`, [file], async (_, path) => {
    let removed = 0;
    const kept = readSession(path).flatMap((line) => {
      const d = line.k === 'recv' ? withoutQuotes(venue, line.d ?? '') : (line.d ?? '');
      if (d !== line.d) removed++;
      return d === null ? [] : [{ ...line, d }];
    });
    assert.ok(removed > 0);
    const whole = await replayInProcess({ files: [path], venue });
    const bare = await replayInProcess({ files: [folder.write(kept)], venue });
    assert.equal(JSON.stringify(bare.markets), JSON.stringify(whole.markets));
  });
}

// ---- one digit

function checksumsOf(result: ReplayResult): { ok: number; bad: number } {
  const all = Object.values(result.markets).map(({ checksums }) => checksums);
  return { ok: all.reduce((sum, { ok }) => sum + ok, 0), bad: all.reduce((sum, { bad }) => sum + bad, 0) };
}

/** Places of level quantities that, once their frame is applied, stand among the ten best: a checksum covers those. */
function checkedPlaces(lines: readonly SessionLine[]): NumberPlace[] {
  const referee = new Referee('kraken', ['1m']);
  const byLine = new Map<number, NumberPlace[]>();
  for (const place of numberPlaces('kraken', lines)) {
    byLine.set(place.line, [...(byLine.get(place.line) ?? []), place]);
  }
  return lines.flatMap(({ k, t = null, c = '', d = '' }, line) => {
    if (k === 'recv') referee.frame(d, t, String(c));
    const isChecked = d.includes('"checksum":') || /"c":"\d+"\}/.test(d);
    const places = isChecked ? (byLine.get(line) ?? []) : [];
    return places.filter(({ kind, market, side, price, quantity }) => {
      const top = referee.markets.byName.get(`kraken:${market}`)?.book[side].levels.slice(0, 10) ?? [];
      const [priceText, quantityText] = [d.slice(...price), d.slice(...quantity)];
      const isLast = places.findLast((place) => place.side === side && d.slice(...place.price) === priceText);
      const stands = top.some((level) => level.priceText === priceText && level.quantityText === quantityText);
      return kind === 'level' && isLast?.quantity === quantity && stands;
    });
  });
}

async function assertOneBadChecksum(path: string, count: number): Promise<void> {
  const random = numbersOf(SEED);
  const lines = readSession(path);
  const before = checksumsOf(await replaySmall(path, 'kraken'));
  assert.equal(before.bad, 0);
  const places = checkedPlaces(lines);
  assert.ok(places.length >= count, `expected at least ${count} places, was ${places.length}`);
  for (const { line, market, quantity } of sampleOf(places, count, random)) {
    const altered = withDigitChanged(lines, line, quantity, random);
    const result = await replaySmall(folder.rewrite(altered), 'kraken');
    const where = `line ${line}: ${altered[line].d?.slice(0, 300)}`;
    assert.equal(checksumsOf(result).bad, 1, where);
    const { state, reason, checksums } = result.markets[`kraken:${market}`];
    assert.deepEqual([state, reason, checksums.bad], ['resyncing', 'checksum', 1], where);
    assert.ok(checksumsOf(result).ok < before.ok, where);
  }
}

recordingTest(
  'One digit changed in a top-ten level of Kraken v1 gives one bad checksum, and the book waits for a snapshot',
  ['kraken/v1-20210417-10mkts.ndjson.gz'],
  (_t, path) => assertOneBadChecksum(path, 12),
);

test('One digit changed in a top-ten level of Kraken v2 gives one bad checksum, and the book waits for a snapshot', () =>
  assertOneBadChecksum(GOLDEN_SESSIONS[2].path, 60));

/** Digits of all trades, and of all levels that stand at the end: one overwritten later leaves nothing to be hashed. */
const DIGITS_PER_KIND = 30;

for (const { name, venue, path } of GOLDEN_SESSIONS) {
  test(`${name}: one digit changed in a trade or a lasting level changes the hash`, async () => {
    const random = numbersOf(SEED);
    const lines = readSession(path);
    const { hash, markets } = await replaySmall(path, venue);
    const places = numberPlaces(venue, lines);
    const trades = places.filter(({ kind }) => kind === 'trade');
    const levels = lastingLevels(places, lines, markets);
    assert.ok(trades.length >= 15 && levels.length >= 100, `was ${trades.length} trades, ${levels.length} levels`);
    const picked = [trades, levels].flatMap((list) =>
      Array.from({ length: DIGITS_PER_KIND }, () => list[random(list.length)]),
    );
    for (const place of picked) {
      const { line, price, quantity } = place;
      // A price that was named before keeps its level when a later name of it is altered.
      const hasOwnPrice = !('isOnly' in place) || place.isOnly;
      const span = hasOwnPrice && random(2) === 0 ? price : quantity;
      const altered = withDigitChanged(lines, line, span, random);
      const result = await replaySmall(folder.rewrite(altered), venue);
      assert.notEqual(result.hash, hash, `line ${line}: ${altered[line].d?.slice(Math.max(0, span[0] - 60), span[1])}`);
    }
  });
}

// ---- frames repeated, swapped, lost

const BINANCE_SESSIONS: readonly GoldenSession[] = GOLDEN_SESSIONS.slice(0, 2);

const PLACES = 30;

type Event = { readonly e?: string; readonly s?: string; readonly u?: number };

function eventOf({ k, d = '' }: SessionLine): Event {
  if (k !== 'recv') return {};
  const frame = JSON.parse(d) as Event & { readonly data?: Event };
  return frame.data ?? frame;
}

const withoutCompleteness = (result: ReplayResult): ReplayResult =>
  JSON.parse(JSON.stringify(result).replaceAll(/"completeness":"\w+"/g, '"completeness":""')) as ReplayResult;

/** One Binance session and what can be done to it. Its books come from one REST snapshot each. */
class AlteredSession {
  readonly lines: readonly SessionLine[];
  readonly events: readonly Event[];
  readonly received: readonly number[];
  /** Depth frames that a built book depends on, with another of the same market behind them. */
  readonly needed: readonly number[];
  private readonly session: GoldenSession;

  constructor(session: GoldenSession) {
    this.session = session;
    this.lines = readSession(session.path);
    this.events = this.lines.map(eventOf);
    this.received = this.lines.flatMap(({ k }, at) => (k === 'recv' ? [at] : []));
    this.needed = this.received.filter((at) => {
      const { e, u = 0 } = this.events[at];
      return e === 'depthUpdate' && this.next(at) >= 0 && u > this.snapshot(at).id;
    });
  }

  /** Index of the next frame of the same event and market, or -1. */
  next(at: number): number {
    const { e, s } = this.events[at];
    return this.events.findIndex((event, i) => i > at && event.e === e && event.s === s);
  }

  /** Where the snapshot of the frame's market stands, and its id. */
  snapshot(at: number): { line: number; id: number } {
    const line = this.lines.findIndex(({ k, u = '' }) => k === 'http' && u.includes(`symbol=${this.events[at].s}&`));
    const { lastUpdateId } = JSON.parse(this.lines[line].d ?? '') as { lastUpdateId: number };
    return { line, id: lastUpdateId };
  }

  market(result: ReplayResult, at: number): ReplayResult['markets'][string] {
    return result.markets[`${this.session.venue}:${this.events[at].s}`];
  }

  whole(): Promise<ReplayResult> {
    return replaySmall(this.session.path, this.session.venue);
  }

  /**
   * Replays altered lines: as the referee does, but that the engine also marks bars where trade ids jump; and a book
   * that calls itself live is the unaltered one.
   */
  async replay(lines: readonly SessionLine[], whole: ReplayResult, where: string): Promise<ReplayResult> {
    const { venue } = this.session;
    const file = folder.rewrite(lines);
    const result = await replaySmall(file, venue);
    const expected = referenceReplay([file], { venue });
    assertSameResult(withoutCompleteness(result), withoutCompleteness(expected));
    for (const [market, { state, bids, asks }] of Object.entries(result.markets)) {
      const { bids: wholeBids, asks: wholeAsks } = whole.markets[market];
      if (state === 'live') assert.deepEqual([bids, asks], [wholeBids, wholeAsks], `${where}: ${market} is live`);
    }
    return result;
  }
}

for (const golden of BINANCE_SESSIONS) {
  const session = new AlteredSession(golden);
  const { lines, events, received, needed } = session;

  test(`${golden.name}: a frame received twice changes nothing`, async () => {
    const random = numbersOf(SEED);
    const whole = await session.whole();
    for (const at of sampleOf(received, PLACES, random)) {
      const result = await session.replay(lines.toSpliced(at, 0, lines[at]), whole, `line ${at} twice`);
      assert.equal(result.hash, whole.hash, `line ${at} twice: ${lines[at].d}`);
    }
  });

  test(`${golden.name}: a lost depth frame is noticed at the next one`, async () => {
    const random = numbersOf(SEED);
    const whole = await session.whole();
    for (const at of sampleOf(needed, PLACES, random)) {
      const where = `line ${at} lost: ${lines[at].d}`;
      // The first one after the snapshot is the loss's only witness where the others are too new to join it.
      const { state, reason, gaps } = session.market(await session.replay(lines.toSpliced(at, 1), whole, where), at);
      if (at < session.snapshot(at).line) assert.notEqual(state, 'live', where);
      else assert.deepEqual([state, reason, gaps], ['resyncing', 'gap', 1], where);
    }
  });

  test(`${golden.name}: two depth frames in the wrong order are noticed`, async () => {
    const random = numbersOf(SEED);
    const whole = await session.whole();
    for (const at of sampleOf(needed, PLACES, random)) {
      const next = session.next(at);
      const swapped = lines.with(at, { ...lines[at], d: lines[next].d ?? '' });
      swapped[next] = { ...lines[next], d: lines[at].d ?? '' };
      const where = `lines ${at} and ${next} swapped`;
      const { state, reason, gaps } = session.market(await session.replay(swapped, whole, where), at);
      if (at < session.snapshot(at).line) assert.notEqual(state, 'live', where);
      else assert.deepEqual([state, reason, gaps], ['resyncing', 'gap', 1], where);
    }
  });

  test(`${golden.name}: a lost trade marks a bar, and the books stay as they were`, async () => {
    const random = numbersOf(SEED);
    const whole = await session.whole();
    const trades = received.filter((at) => /rade$/.test(events[at].e ?? ''));
    // The first of a market has none before it and the last none behind it to show that it is missing.
    const inner = trades.filter((at) => session.next(at) >= 0 && trades.some((i) => session.next(i) === at));
    for (const at of sampleOf(inner, PLACES, random)) {
      const where = `line ${at} lost: ${lines[at].d}`;
      const result = await session.replay(lines.toSpliced(at, 1), whole, where);
      assert.ok(
        session.market(result, at).bars['1s'].some((bar) => JSON.stringify(bar).includes('"gap"')),
        where,
      );
      assert.deepEqual(session.market(result, at).bids, session.market(whole, at).bids, where);
    }
  });
}
