// Every frame of the recordings taken away, repeated and swapped with the next of its counter: what the sequence rules
// and checksums notice; and random faults, under which no live book may be another than the venue's.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Dialect } from '../../schemas/ids.ts';
import { VENUE_RULES } from '../../schemas/venue-rules.ts';
import {
  type Entry,
  type Evidence,
  evidenceOf,
  NumberedMutations,
  readEntries,
  type Score,
  type Tally,
} from '../support/mutations.ts';
import { type Outcome, RandomRun, TrueBooks } from '../support/mutations-random.ts';
import { SealedMutations } from '../support/mutations-sealed.ts';
import { GOLDEN_SESSIONS, numbersOf, recordingTest } from '../support/recordings.ts';
import { SEED } from '../support/seed.ts';

type Row = {
  readonly file: string;
  /** Of a session of our own, which lies elsewhere. */
  readonly path?: string;
  readonly venue: Dialect;
  readonly evidence: Evidence;
  /** Frames that move a counter, counted by hand from the files. */
  readonly frames: number;
  /** What comes ahead of the recording. */
  readonly prelude?: string;
};

const SPOT_APRIL_2021 = 'binance/spot-20210404-btc-eth-dot.ndjson.gz';
const SPOT_AUGUST_2021 = 'binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz';
const SPOT_2024 = 'binance/spot-20240808-btcusdt.ndjson.gz';
const USDM_2021 = 'binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz';
const USDM_2024 = 'binance/usdm-20240808-btcusdt.ndjson.gz';
const BITFINEX = 'bitfinex/v2-20210417-7mkts.ndjson.gz';
const COINBASE = 'coinbase/advanced-20260809-btc-eth-first500.ndjson.gz';
const KRAKEN_V1 = 'kraken/v1-20210417-10mkts.ndjson.gz';
const KRAKEN_V2 = 'kraken/v2-book-frames.jsonl';
const OKX_2021 = 'okx/v5-20210722-10mkts.ndjson.gz';
const OKX_2022 = 'okx/v5-20220513-btc-uni.ndjson.gz';
const OKX_2026 = 'okx/v5-2026-update-frames.jsonl';
/** Session of our own synthetic venue: the recording of v2 is too short to say much. */
const [, , KRAKEN_GOLDEN] = GOLDEN_SESSIONS;

/** The recording of 2026 lacks its snapshot: an empty one with the number that its first update follows. */
const OKX_SNAPSHOT =
  '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[],"bids":[],' +
  '"ts":"1787612486107","checksum":0,"seqId":80274874800,"prevSeqId":-1}]}';

/** `binance-us` and `binance-delivery` have no recording: those of their sisters speak for the rule they share. */
const ROWS: readonly Row[] = [
  { file: SPOT_APRIL_2021, venue: 'binance', evidence: 'number', frames: 2688 },
  { file: SPOT_AUGUST_2021, venue: 'binance', evidence: 'number', frames: 546 },
  { file: SPOT_2024, venue: 'binance', evidence: 'number', frames: 6495 },
  { file: SPOT_AUGUST_2021, venue: 'binance-us', evidence: 'number', frames: 546 },
  { file: USDM_2021, venue: 'binance-futures', evidence: 'number', frames: 764 },
  { file: USDM_2024, venue: 'binance-futures', evidence: 'number', frames: 6551 },
  { file: USDM_2021, venue: 'binance-delivery', evidence: 'number', frames: 764 },
  { file: COINBASE, venue: 'coinbase', evidence: 'connection', frames: 500 },
  { file: BITFINEX, venue: 'bitfinex', evidence: 'connection', frames: 1670 },
  { file: OKX_2026, venue: 'okx', evidence: 'number', frames: 5, prelude: OKX_SNAPSHOT },
  { file: KRAKEN_V1, venue: 'kraken', evidence: 'checksum', frames: 4279 },
  { file: KRAKEN_V2, venue: 'kraken', evidence: 'checksum', frames: 3 },
  { file: KRAKEN_GOLDEN.name, path: KRAKEN_GOLDEN.path, venue: 'kraken', evidence: 'checksum', frames: 130 },
  { file: OKX_2021, venue: 'okx', evidence: 'checksum', frames: 1504 },
  { file: OKX_2022, venue: 'okx', evidence: 'checksum', frames: 290 },
];

/**
 * Venues whose losses are tried in tests of their own: Bybit and dYdX with their simulators, where the requests are known
 * (dydx-sequence, bybit, test/venues), Injective in its recording's test. Hyperliquid's whole books lose nothing by a loss.
 */
const ELSEWHERE = ['bybit number', 'bybit-spot number', 'dydx connection', 'hyperliquid number', 'injective number'];

test('Every counter and checksum of the venue rules has a row, or a test of its own', () => {
  const declared = VENUE_RULES.flatMap(({ venue }) => evidenceOf(venue).map((evidence) => `${venue} ${evidence}`));
  const tried = new Set(ROWS.map(({ venue, evidence }) => `${venue} ${evidence}`));
  assert.deepEqual([...tried, ...ELSEWHERE].sort(), declared.sort());
});

/** In the file's own numbering of connections. */
function entriesOf(path: string, { venue, prelude }: Pick<Row, 'venue' | 'prelude'>): Entry[] {
  const entries = readEntries(path, venue);
  if (prelude === undefined) return entries;
  const first = entries.findIndex(({ counters }) => counters.length > 0);
  return entries.toSpliced(first, 0, { ...entries[first], text: prelude });
}

/** Frames that end inside their market's REST snapshot, with another of the market behind: no book needs them. */
function insideSnapshots(entries: readonly Entry[]): number {
  const ids = new Map<string, number>();
  for (const { snapshotOf, text } of entries) {
    if (snapshotOf === null) continue;
    const { snapshot } = JSON.parse(text) as { snapshot: { lastUpdateId: number } };
    ids.set(snapshotOf, snapshot.lastUpdateId);
  }
  return entries.filter(({ counters, text }) => {
    if (counters.length === 0) return false;
    const frame = JSON.parse(text) as { u: number; data?: { u: number } };
    return (frame.data ?? frame).u <= (ids.get(counters[0]) ?? -1);
  }).length;
}

const scoreText = ({ tried, noticed, harmless, unseen }: Score): string =>
  `${tried} tried, ${noticed} noticed, ${harmless} harmless, ${unseen} unseen`;

function describe(tally: Tally): string {
  const { frames, falseAlarms, removed, repeated, swapped } = tally;
  const scores = `removed ${scoreText(removed)}; repeated ${scoreText(repeated)}; swapped ${scoreText(swapped)}`;
  return `${frames} frames, ${falseAlarms} false alarms; ${scores}`;
}

for (const row of ROWS) {
  const { file, venue, evidence, frames } = row;
  const sentence =
    evidence === 'checksum'
      ? `${venue}: every frame of ${file} lost, repeated or swapped is noticed wherever the checksum covers it`
      : `${venue}: every frame of ${file} lost, repeated or swapped is noticed at the next of its counter`;

  const run = (t: TestContext, path: string): void => {
    const entries = entriesOf(path, row);
    const mutations =
      evidence === 'checksum' ? new SealedMutations(entries, venue) : new NumberedMutations(entries, venue, evidence);
    const tally = mutations.run();
    t.diagnostic(describe(tally));
    assert.deepEqual(tally.faults, []);
    assert.deepEqual([tally.frames, tally.falseAlarms, tally.repeated.tried], [frames, 0, frames]);
    if (evidence === 'checksum') return;
    const snapshots = row.prelude === undefined ? 0 : 1;
    assert.deepEqual([tally.removed.unseen, tally.swapped.unseen, tally.repeated.unseen], [0, 0, 0]);
    assert.deepEqual([tally.repeated.noticed, tally.repeated.harmless], [frames - snapshots, snapshots]);
    const harmless = evidence === 'number' && venue !== 'okx' ? insideSnapshots(entries) : 0;
    assert.deepEqual([tally.removed.harmless, tally.swapped.harmless], [harmless, harmless]);
  };
  const { path: golden } = row;
  if (golden === undefined) recordingTest(sentence, [file], run);
  else test(sentence, (t) => run(t, golden));
}

recordingTest('Books that look at no number or checksum are caught', [USDM_2021, OKX_2022], (_, usdm, okx) => {
  const numbered = new NumberedMutations(readEntries(usdm, 'binance-futures'), 'binance-futures', 'number', true).run();
  assert.equal(numbered.removed.noticed, 0);
  assert.ok(numbered.faults.length > numbered.removed.tried, `${numbered.faults.length} faults`);
  const sealed = new SealedMutations(readEntries(okx, 'okx'), 'okx', true).run();
  assert.ok(sealed.faults.length > sealed.removed.tried, `${sealed.faults.length} faults`);
});

// ---- no silent wrong book

type RandomRow = Pick<Row, 'file' | 'venue' | 'evidence'> & {
  readonly runs: number;
  /** One frame in so many is mutated. */
  readonly every: number;
  /** Entries taken of the recording, where the whole is too slow. */
  readonly entries?: number;
};

const RANDOM_ROWS: readonly RandomRow[] = [
  { file: SPOT_APRIL_2021, venue: 'binance', evidence: 'number', runs: 4, every: 30 },
  { file: SPOT_AUGUST_2021, venue: 'binance', evidence: 'number', runs: 4, every: 20 },
  { file: USDM_2021, venue: 'binance-futures', evidence: 'number', runs: 10, every: 20 },
  { file: KRAKEN_V1, venue: 'kraken', evidence: 'checksum', runs: 6, every: 30 },
  { file: OKX_2021, venue: 'okx', evidence: 'checksum', runs: 10, every: 60 },
  { file: COINBASE, venue: 'coinbase', evidence: 'connection', runs: 10, every: 80, entries: 160 },
];

const total = (outcomes: readonly Outcome[], name: 'mutations' | 'compared' | 'resyncs'): number =>
  outcomes.reduce((sum, outcome) => sum + outcome[name], 0);

for (const { file, venue, evidence, runs, every, entries: limit } of RANDOM_ROWS) {
  recordingTest(`${venue}: under random faults no live book of ${file} is a wrong one`, [file], (t, path) => {
    const entries = entriesOf(path, { venue }).slice(0, limit);
    const truth = new TrueBooks(entries, venue, evidence);
    const plan = { venue, every, altersDigits: evidence === 'checksum' };
    const random = numbersOf(SEED);
    const play = (isCareless: boolean): Outcome[] =>
      Array.from({ length: runs }, () => new RandomRun(entries, truth, { ...plan, isCareless }, random).run());
    const outcomes = play(false);
    const counts = `${total(outcomes, 'mutations')} mutations, ${total(outcomes, 'compared')} live books compared`;
    const careless = play(true);
    const wrong = careless.reduce((sum, outcome) => sum + outcome.wrong.length, 0);
    const control = `without rules ${wrong} of ${total(careless, 'compared')} are wrong`;
    t.diagnostic(`${counts}, ${total(outcomes, 'resyncs')} resyncs; ${control}`);
    assert.deepEqual(
      outcomes.flatMap(({ wrong }) => wrong),
      [],
    );
    assert.ok(total(outcomes, 'compared') > 100 && total(outcomes, 'mutations') > runs, counts);
    assert.ok(wrong > 0, 'expected books without rules to be caught');
  });
}
