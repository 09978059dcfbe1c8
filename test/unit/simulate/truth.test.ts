// The truth log: which version of a book some levels are, the book at a sequence, trades, the file.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { SimulatedMarket, venueSpecs } from '../../../engine/simulate/market.ts';
import type { PriceLevel } from '../../../engine/simulate/protocol.ts';
import { TruthLog } from '../../../engine/simulate/truth.ts';
import { TruthFile } from '../../../engine/simulate/truth-file.ts';
import { PlainVenue } from '../../support/plain-venue.ts';

const START_MS = Date.UTC(2026, 2, 4);

type Version = { sequence: number; bids: PriceLevel[]; asks: PriceLevel[] };

function run(truthOf: (markets: SimulatedMarket[]) => TruthLog, steps: number) {
  const markets = venueSpecs(new PlainVenue(), 2).map((spec) => new SimulatedMarket(spec, 3, START_MS, 30));
  const truth = truthOf(markets);
  const [market] = markets;
  const versions: Version[] = [{ sequence: market.sequence, bids: market.bids(), asks: market.asks() }];
  const trades: number[] = [];
  for (let i = 0; i < steps; i++) {
    const event = market.step(START_MS + i);
    if (event.kind === 'trade') {
      truth.noteTrade(market.symbol, event.trade);
      trades.push(event.trade.id);
    } else {
      truth.noteChange(market.symbol, event.change);
      versions.push({ sequence: market.sequence, bids: market.bids(), asks: market.asks() });
    }
  }
  return { truth, market, versions, trades };
}

test('each version of a book is found again, whole and by its best levels', () => {
  const { truth, market, versions } = run((markets) => new TruthLog(markets), 400);
  for (const { sequence, bids, asks } of versions) {
    for (const depth of [0, 5]) {
      const found = truth.versionOf(market.symbol, bids.slice(0, depth || 99), asks.slice(0, depth || 99), depth);
      assert.ok(found !== null && found.sequence >= sequence, 'this version or a later one that looks the same');
      const same = versions.find((version) => version.sequence === found.sequence);
      assert.deepEqual(same?.bids.slice(0, depth || 99), bids.slice(0, depth || 99));
      assert.deepEqual(same?.asks.slice(0, depth || 99), asks.slice(0, depth || 99));
    }
  }
});

test('levels in another decimal writing, and more levels than the depth, are the same book', () => {
  const { truth, market } = run((markets) => new TruthLog(markets), 50);
  const canonical = (levels: readonly PriceLevel[]): PriceLevel[] =>
    levels.map(([price, quantity]) => [String(Number(price)), String(Number(quantity))]);
  const [bids, asks] = [canonical(market.bids()), canonical(market.asks())];
  assert.equal(truth.versionOf(market.symbol, bids, asks)?.sequence, market.sequence);
  assert.equal(truth.versionOf(market.symbol, bids, asks, 3)?.sequence, market.sequence);
});

test('a book that never was is no version: one digit, one level, one side, another market', () => {
  const { truth, market } = run((markets) => new TruthLog(markets), 200);
  const [bids, asks] = [market.bids(), market.asks()];
  const wrong: PriceLevel = [bids[0][0], `9${bids[0][1]}`];
  assert.equal(truth.versionOf(market.symbol, [wrong, ...bids.slice(1)], asks), null);
  assert.equal(truth.versionOf(market.symbol, bids.slice(0, -1), asks), null);
  assert.equal(truth.versionOf(market.symbol, asks, bids), null);
  assert.equal(truth.versionOf('ETH-USD', bids, asks), null);
  assert.equal(truth.versionOf('NONE', bids, asks), null);
  assert.equal(truth.versionOf(market.symbol, bids.slice(0, 4), asks.slice(0, 5), 5), null);
});

test('the book at a sequence is the one after the last change not later than it', () => {
  const { truth, market, versions } = run((markets) => new TruthLog(markets), 200);
  const { sequence, bids, asks } = versions[60];
  for (const asked of [sequence, versions[61].sequence - 1]) {
    const book = truth.bookAt(market.symbol, asked);
    assert.deepEqual([book?.sequence, book?.bids, book?.asks], [sequence, bids, asks]);
  }
  assert.equal(truth.bookAt(market.symbol, versions[0].sequence - 1), null);
  assert.equal(truth.book(market.symbol)?.sequence, market.sequence);
});

test('old versions are let go of, the kept ones are still found', () => {
  const { truth, market, versions } = run((markets) => new TruthLog(markets, null, 1), 3_000);
  const found = versions.map(({ bids, asks }) => truth.versionOf(market.symbol, bids, asks) !== null);
  const first = found.indexOf(true);
  assert.ok(first > 0, 'some are gone');
  assert.ok(found.slice(first).every(Boolean), 'those after are there');
  assert.ok(versions.length - first >= 200, 'at least as many as promised');
  const book = truth.bookAt(market.symbol, versions[first + 5].sequence);
  assert.deepEqual(book?.bids, versions[first + 5].bids);
  assert.equal(truth.bookAt(market.symbol, versions[0].sequence), null);
});

test('trades are given after an id, oldest first', () => {
  const { truth, market, trades } = run((markets) => new TruthLog(markets), 500);
  assert.deepEqual(
    truth.trades(market.symbol).map(({ id }) => id),
    trades,
  );
  assert.deepEqual(
    truth.trades(market.symbol, trades[3]).map(({ id }) => id),
    trades.slice(4),
  );
});

test('the file holds first books, changes with hashes, and trades in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'truth-'));
  try {
    const path = join(folder, 'truth.ndjson');
    const file = new TruthFile(path);
    const { versions, trades } = run((markets) => new TruthLog(markets, file), 100);
    file.fault({ kind: 'gap', timeMs: 1, symbol: 'BTC-USD', channel: 'book', frame: 2, detail: '' });
    await file.close();
    const lines = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { kind: string; lastSequence?: number; id?: number; hash?: string; fault?: string },
      );
    const of = (kind: string) => lines.filter((line) => line.kind === kind);
    assert.equal(of('book').length, 2);
    assert.deepEqual(
      of('change').map(({ lastSequence }) => lastSequence),
      versions.slice(1).map(({ sequence }) => sequence),
    );
    assert.ok(of('change').every(({ hash }) => /^[0-9a-f]{14}$/.test(hash ?? '')));
    assert.deepEqual(
      of('trade').map(({ id }) => id),
      trades,
    );
    assert.equal(of('fault')[0].fault, 'gap');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that cannot be written is wrong usage', () => {
  assert.throws(() => new TruthFile(join(tmpdir(), 'no', 'such', 'folder', 'truth.ndjson')), UsageError);
});
