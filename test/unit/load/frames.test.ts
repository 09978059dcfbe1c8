// Owns the tests of what a load run sends: frames of every dialect through the real decoder and book, each update with its tag.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UpdateDraws } from '../../../engine/load/draws.ts';
import { LoadMarket } from '../../../engine/load/load-market.ts';
import { loadSpecs } from '../../../engine/load/load-specs.ts';
import { NativeFrames } from '../../../engine/load/native-frames.ts';
import { type LoadPlan, TAG_CYCLE, tagOf } from '../../../engine/load/protocol.ts';
import { NATIVE_DIALECTS } from '../../../engine/load/venue-frames.ts';
import { BookState } from '../../../schemas/ids.ts';
import { isTradeRecord, LoadFramesReader, loadPlan } from '../../support/load-frames.ts';
import { canonicalLevels } from '../../support/venue-talk.ts';

const UPDATES = 600;
const START_US = 1_795_283_000_000_000;
/** Levels that venues show a client of; the book behind is deeper. */
const DEPTHS: Readonly<Record<string, number>> = { kraken: 10, hyperliquid: 20 };

const dueUs = (update: number): number => START_US + 2_000 + update * 137;

/** Canonical text of a quantity whose decimals are the tag. */
function tagText(tag: number): string {
  return `0.${String(tag).padStart(8, '0')}`.replace(/0+$/, '');
}

/** The books as the updates must leave them, made without text. */
function referenceMarkets(plan: LoadPlan, changesOneLevel: boolean, levels: number | undefined): LoadMarket[] {
  const markets = loadSpecs(plan).map((spec) => new LoadMarket(spec, levels));
  const draws = new UpdateDraws(plan);
  for (let n = 0; n < UPDATES; n++) {
    if (draws.isTrade(n)) continue;
    const bits = draws.bitsOf(n);
    const market = markets[draws.marketOf(n)];
    if (changesOneLevel) market.changeOne(tagOf(n), bits, (bits & 1) === 1);
    else market.change(tagOf(n), bits);
  }
  return markets;
}

function checkTrade(reader: LoadFramesReader, n: number, ids: Map<string, number>): void {
  const trades = reader.write(n, dueUs(n)).records.filter(isTradeRecord);
  assert.equal(trades.length, 1);
  const [trade] = trades;
  const name = reader.nameOf(trade);
  assert.equal(name, reader.source.markets[reader.draws.marketOf(n)]);
  assert.equal(trade['quantity'], tagText(tagOf(n)));
  const timeUs = Number(trade['exchangeTimeUs']);
  assert.ok(timeUs === dueUs(n) || timeUs === dueUs(n) - (dueUs(n) % 1000), `${timeUs} for ${dueUs(n)}`);
  const id = Number(trade['id']);
  assert.ok(id === 0 || id > (ids.get(name) ?? 0) || reader.source.markets[0].startsWith('hyperliquid'));
  ids.set(name, id);
}

function checkChange(reader: LoadFramesReader, n: number): void {
  const { records } = reader.write(n, dueUs(n));
  const [head, ...levels] = records;
  assert.equal(head.type, 'bookChange');
  assert.equal(reader.nameOf(head), reader.source.markets[reader.draws.marketOf(n)]);
  const quantities = levels.map(({ quantity }) => Math.round(Number(quantity) * 1e8));
  assert.ok(quantities.includes(tagOf(n)), `${quantities} without ${tagOf(n)}`);
  // What else a frame has are levels that are gone, or come into a window with what they had.
  assert.ok(quantities.every((quantity) => quantity <= tagOf(n) || quantity === TAG_CYCLE + 1));
}

/** All updates in order, then the books. */
function checkRun(plan: LoadPlan, changesOneLevel = false): LoadFramesReader {
  const reader = new LoadFramesReader(plan);
  reader.begin(START_US);
  const ids = new Map<string, number>();
  for (let n = 0; n < UPDATES; n++) {
    if (reader.draws.isTrade(n)) checkTrade(reader, n, ids);
    else checkChange(reader, n);
  }
  const depth = DEPTHS[plan.format === 'native' ? plan.dialect : ''];
  const held = Math.max(...[...reader.books.values()].map(({ bids }) => bids.length));
  const levels = depth === undefined ? held : undefined;
  assert.ok(held === (depth ?? 100) || held === 25, `${held} levels`);
  referenceMarkets(plan, changesOneLevel, levels).forEach((market, index) => {
    const book = reader.books.get(reader.source.markets[index]);
    assert.ok(book !== undefined);
    assert.equal(book.book.state, BookState.live);
    assert.deepEqual(book.bids, canonicalLevels(market.bids(depth)));
    assert.deepEqual(book.asks, canonicalLevels(market.asks(depth)));
    for (const name of ['gaps', 'crossed', 'locked', 'checksumsBad', 'outOfOrder', 'duplicates'] as const)
      assert.equal(book.counted(name), 0, `${name} of ${market.symbol}`);
  });
  return reader;
}

describe('native frames of a load run', () => {
  it('exist for every venue that can be simulated', () => {
    assert.equal(NATIVE_DIALECTS.length, 13);
  });

  for (const dialect of NATIVE_DIALECTS) {
    it(`bring every update of ${dialect} into books and trades, in order, with its tag`, () => {
      const reader = checkRun(loadPlan({ dialect }), dialect === 'bitfinex');
      if (dialect !== 'kraken') return;
      const checked = [...reader.books.values()].map((book) => book.counted('checksumsOk'));
      assert.ok(checked.every((count) => count > 0));
    });
  }

  for (const dialect of NATIVE_DIALECTS.filter((name) => name.startsWith('binance'))) {
    it(`are the same of ${dialect} from prepared bytes as from the venue's session`, () => {
      const plan = loadPlan({ dialect });
      const prepared = new LoadFramesReader(plan);
      const written = new LoadFramesReader(plan, (parts) => new NativeFrames(parts, false));
      for (const reader of [prepared, written]) reader.begin(START_US);
      for (let i = 0; i < UPDATES; i++) {
        // Over the end of a second, and of the tags' cycle.
        const n = TAG_CYCLE - UPDATES / 2 + i;
        const time = START_US - 100_000 + i * 1_137;
        assert.deepEqual(prepared.write(n, time).payloads.map(String), written.write(n, time).payloads.map(String));
      }
    });
  }
});

describe('normalised frames of a load run', () => {
  it('bring every update as JSON', () => {
    checkRun(loadPlan({ format: 'json' }));
  });

  it('bring every update as FlatBuffers', () => {
    const plan = loadPlan({ format: 'flatbuffers' });
    const reader = new LoadFramesReader(plan);
    reader.begin(START_US);
    const ids = new Map<string, number>();
    for (let n = 0; n < UPDATES; n++) {
      if (reader.draws.isTrade(n)) checkTrade(reader, n, ids);
      else checkChange(reader, n);
    }
    assert.ok([...reader.books.values()].every(({ book }) => book.state === BookState.live));
  });

  for (const format of ['json', 'flatbuffers'] as const) {
    it(`have a batch of updates in one frame of ${format}, each once`, () => {
      const batch = 48;
      const plan = loadPlan({ format, batch, connections: 3, markets: 20 });
      const reader = new LoadFramesReader(plan);
      reader.begin(START_US);
      // Round the period of the draws, so that prepared frames come again.
      for (const first of [0, 48, 96, 65_520, 65_568, 0].map((n) => n - (n % batch))) {
        const { payloads, records } = reader.write(first, START_US + 5_000_000);
        assert.equal(payloads.length, 1);
        const tags = records
          .filter(({ type, quantity }) => (type === 'trade' || type === 'level') && Number(quantity) !== 0)
          .map(({ quantity }) => Math.round(Number(quantity) * 1e8));
        const expected = Array.from({ length: batch }, (_, i) => tagOf(first + i));
        assert.deepEqual(
          [...new Set(tags)].sort((a, b) => a - b),
          expected,
        );
        const markets = new Set(records.map((record) => reader.source.markets.indexOf(reader.nameOf(record)) % 3));
        assert.equal(markets.size, 1);
      }
    });
  }

  it('leave out the markets of runs before', () => {
    const markets = (marketsBefore: number): readonly string[] =>
      new LoadFramesReader(loadPlan({ format: 'json', markets: 10, marketsBefore })).source.markets;
    assert.equal(new Set([...markets(0), ...markets(10)]).size, 20);
  });
});

describe('frames of a load run', () => {
  it('are the same for the same seed, and others for another', () => {
    const bytes = (seed: number): string => {
      const reader = new LoadFramesReader(loadPlan({ dialect: 'coinbase', seed }));
      reader.begin(START_US);
      return Array.from({ length: 50 }, (_, n) => reader.write(n, dueUs(n)).payloads.join()).join();
    };
    assert.equal(bytes(1), bytes(1));
    assert.notEqual(bytes(1), bytes(2));
  });

  it('keep books whole where updates are left out', () => {
    const reader = new LoadFramesReader(loadPlan({ dialect: 'binance-futures' }));
    reader.begin(START_US);
    for (let n = 0; n < UPDATES; n++) if (n % 3 !== 0) reader.write(n, dueUs(n));
    for (const book of reader.books.values()) {
      assert.deepEqual([book.book.state, book.counted('gaps')], [BookState.live, 0]);
    }
  });
});
