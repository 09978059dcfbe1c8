// The accounting identity: every frame and every record that comes in is counted exactly once on its way out, on the
// recordings as they are and with frames lost, repeated, late and malformed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { INGRESS_COUNTERS, MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { ChangeFlag, type Dialect, FrameResult, REJECTION_NAMES, StateReason } from '../../schemas/ids.ts';
import { type Account, Accounts, type AlteredEntry, alterEntries } from '../support/accounting.ts';
import { BookFollower, countOf, type FollowedMarket } from '../support/book-follower.ts';
import { replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder } from '../support/frames-file.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { type Entry, readEntries } from '../support/mutations.ts';
import { GOLDEN_SESSIONS, numbersOf, recordingTest } from '../support/recordings.ts';
import { referenceReplay } from '../support/reference/replay.ts';
import { SEED } from '../support/seed.ts';
import { BookUnderTest } from '../unit/workers/book/book-records.ts';

const RECORDINGS: readonly (readonly [file: string, venue: Dialect])[] = [
  ['binance/spot-20210404-btc-eth-dot.ndjson.gz', 'binance'],
  ['binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz', 'binance'],
  ['binance/spot-20240808-btcusdt.ndjson.gz', 'binance'],
  ['binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz', 'binance-futures'],
  ['binance/usdm-20240808-btcusdt.ndjson.gz', 'binance-futures'],
  ['kraken/v1-20210417-10mkts.ndjson.gz', 'kraken'],
  ['kraken/v2-book-frames.jsonl', 'kraken'],
  ['coinbase/advanced-20260809-btc-eth-first500.ndjson.gz', 'coinbase'],
  ['okx/v5-20210722-10mkts.ndjson.gz', 'okx'],
  ['okx/v5-20220513-btc-uni.ndjson.gz', 'okx'],
  ['okx/v5-2026-update-frames.jsonl', 'okx'],
];

const ALTERED_EVERY = 10;

type Row = (name: keyof typeof marketCounter) => number;

/**
 * The identities of one market. Trades: decoded = accepted + repeats + of other channels. Book changes: decoded = applied
 * + repeats + discarded + still held.
 */
function assertBalanced(market: string, row: Row, accepted: number, account: Account): void {
  assert.deepEqual(
    [accepted, row('trades'), row('duplicateTrades'), row('otherTrades')],
    [account.trades, account.matches, account.repeats, account.others],
    `${market}: trades accepted, their matches, repeats and others`,
  );
  const applied = row('bookChanges');
  const repeats = row('duplicates') - row('duplicateTrades');
  const waiting = row('held') - row('released');
  const ways = `${applied} applied, ${repeats} repeats, ${row('discarded')} discarded, ${waiting} waiting`;
  assert.equal(applied + repeats + row('discarded') + waiting, account.changes, `${market}: ${ways}`);
  assert.ok(waiting >= 0 && repeats >= 0, `${market}: ${ways}`);
}

type Totals = { changes: number; trades: number; repeats: number; discarded: number; waiting: number; refused: number };

/** Feeds entries to decoders, books and trade filters, and closes the account of each market. */
function assertFollowed(venue: Dialect, entries: readonly AlteredEntry[]): Totals {
  const follower = new BookFollower(venue);
  const accounts = new Accounts(venue);
  const totals = { changes: 0, trades: 0, repeats: 0, discarded: 0, waiting: 0, refused: 0 };
  for (const entry of entries) {
    if (entry.isWhole) accounts.take(entry);
    if (entry.isOpen) follower.open(entry.connection);
    else {
      const result = follower.take(entry.text, entry.connection);
      assert.equal(result > 0, entry.isWhole, `${result}: ${entry.text.slice(0, 300)}`);
      if (result === FrameResult.syntax) totals.refused++;
    }
  }
  for (const [name, account] of accounts.markets) {
    const market: FollowedMarket = follower.market(name);
    assertBalanced(name, (column) => countOf(market, column), market.accepted.count, account);
    totals.changes += account.changes;
    totals.trades += account.trades + account.repeats + account.others;
    totals.repeats += countOf(market, 'duplicates');
    totals.discarded += countOf(market, 'discarded');
    totals.waiting += countOf(market, 'held') - countOf(market, 'released');
  }
  assert.deepEqual(
    [...follower.markets.keys()].filter((name) => !accounts.markets.has(name)),
    [],
  );
  return totals;
}

const describe = ({ changes, trades, repeats, discarded, waiting, refused }: Totals): string =>
  `${changes} changes, ${trades} trades: ${repeats} repeats, ${discarded} discarded, ${waiting} waiting, ${refused} refused`;

for (const [file, venue] of RECORDINGS) {
  recordingTest(`Every trade and book change of ${file} is accounted for`, [file], (t, path) => {
    const entries = readEntries(path, venue);
    const clean = assertFollowed(
      venue,
      entries.map((entry) => ({ ...entry, isWhole: true })),
    );
    assert.deepEqual([clean.waiting, clean.refused], [0, 0]);
    const altered = assertFollowed(venue, alterEntries(entries, ALTERED_EVERY, numbersOf(SEED)));
    t.diagnostic(`as recorded: ${describe(clean)}; altered: ${describe(altered)}`);
    if (entries.length > 100) assert.ok(altered.refused > 0 && altered.discarded + altered.waiting > 0);
  });
}

test('Changes held for a snapshot are accounted for when they join, when they lie inside it, and when a break ends them', () => {
  const { hasSequence, rest, snapshot } = ChangeFlag;
  const test = new BookUnderTest('binance');
  const counts = (): number[] =>
    (['held', 'released', 'discarded', 'bookChanges', 'duplicates'] as const).map((name) => test.counted(name));
  const change = (first: number, last: number): number => test.feed({ flags: hasSequence, first, last });
  const resync = (last: number): number => test.feed({ flags: snapshot | rest | hasSequence, last });
  for (const first of [10, 12, 14]) change(first, first + 1);
  change(14, 15);
  assert.deepEqual(counts(), [3, 0, 0, 0, 1]);
  resync(8); // too old for what is held
  assert.deepEqual(counts(), [3, 0, 1, 0, 1]);
  resync(12); // the first lies inside, two join
  assert.deepEqual(counts(), [3, 3, 2, 3, 1]);
  change(20, 21);
  change(22, 23);
  test.breakBook(StateReason.drop, 1);
  assert.deepEqual(counts(), [5, 5, 4, 3, 1]);
});

// ---- the whole engine

const folder = new FramesFolder();

/** A session file of the entries; REST snapshots are pushed, on a connection of their own. */
function writeEntries(entries: readonly Entry[]): string {
  return folder.write(
    entries.map(({ text, connection, isOpen }) =>
      isOpen ? { k: 'open', c: connection, u: '' } : { k: 'recv', c: connection, d: text },
    ),
  );
}

for (const { name, venue, path } of GOLDEN_SESSIONS.filter(({ venue }) => venue !== 'json')) {
  test(`${name}: frames are the sum of what became of them, as recorded and altered`, async () => {
    const entries = readEntries(path, venue);
    const altered = alterEntries(entries, ALTERED_EVERY, numbersOf(SEED));
    const file = writeEntries(altered);
    const result = await replayInProcess({ files: [file], venue });
    const { frames, applied, control, ignored, unknown, rejected } = result;
    const lines = altered.filter(({ isOpen }) => !isOpen);
    const broken = lines.filter(({ isWhole }) => !isWhole).length;
    const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    assert.ok(broken > 0);
    assert.deepEqual([frames, rejected], [lines.length, { syntax: broken }]);
    assert.equal(applied + control + ignored + unknown + refused, frames);
    const expected = referenceReplay([file], { venue });
    assert.deepEqual(
      [applied, control, ignored, unknown],
      [expected.applied, expected.control, expected.ignored, expected.unknown],
    );
    const accounts = new Accounts(venue);
    for (const entry of altered) if (entry.isWhole) accounts.take(entry);
    for (const [market, { matches }] of accounts.markets) {
      assert.equal(result.markets[`${venue}:${market}`].trades, matches, market);
    }
  });

  test(`${name}: pushed through sockets, every column of the counters adds up`, async (t) => {
    const engine = await LiveEngine.start();
    t.after(() => engine.stop());
    const entries = alterEntries(readEntries(path, venue), ALTERED_EVERY, numbersOf(SEED));
    const accounts = new Accounts(venue);
    const producer = await engine.producer(venue);
    const sent = entries.filter(({ isOpen }) => !isOpen);
    for (const entry of sent) {
      // One socket is one connection here.
      if (entry.isWhole) accounts.take({ ...entry, connection: '' });
      producer.send(entry.text);
    }
    await engine.taken(sent.length);
    const ways = ['applied', 'control', 'ignored', 'unknown', 'dropped'] as const;
    const refused = INGRESS_COUNTERS.filter(({ name: category }) => isRejection(category));
    const sum = [...ways, ...refused.map((counter) => counter.name)].reduce((all, way) => all + engine.ingress(way), 0);
    assert.equal(sum, sent.length);
    assert.equal(engine.ingress('syntax'), sent.filter(({ isWhole }) => !isWhole).length);
    const { memory } = engine.engine;
    const names = new MarketNames(memory);
    const counters = new Float64Array(memory.marketCounters);
    const rowOf = (market: string): Row => {
      const id = names.idOf(`${venue}:${market}`);
      return (column) => counters[id * MARKET_COUNTER_COLUMNS + marketCounter[column]];
    };
    await eventually('all records applied', () =>
      [...accounts.markets].every(([market, account]) => isSettled(rowOf(market), account)),
    );
    for (const [market, account] of accounts.markets) {
      const row = rowOf(market);
      assertBalanced(market, row, row('tradeRecords'), account);
      const { levels, quotes, candles, trades, repeats, others } = account;
      assert.deepEqual([row('quotes'), row('candles')], [quotes, candles], market);
      assert.equal(row('updates'), levels + quotes + candles + trades + repeats + others, market);
    }
  });
}

/** Trade records and book changes that a shard has done with, or holds. */
const leftOf = (row: Row): number =>
  row('tradeRecords') +
  row('otherTrades') +
  row('duplicates') +
  row('bookChanges') +
  row('discarded') +
  row('held') -
  row('released');

/** Whether a shard has done with all records of a market; each column moves by itself. */
function isSettled(row: Row, { changes, levels, quotes, candles, trades, repeats, others }: Account): boolean {
  return (
    leftOf(row) >= changes + trades + repeats + others &&
    row('quotes') + row('candles') >= quotes + candles &&
    row('updates') >= levels + quotes + candles + trades + repeats + others
  );
}

const isRejection = (name: string): boolean =>
  name !== '' && name !== 'dropped' && name !== 'unauthorized' && (REJECTION_NAMES as readonly string[]).includes(name);
