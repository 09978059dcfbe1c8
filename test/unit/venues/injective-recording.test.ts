// The Injective recordings: every frame understood, equal to what JSON.parse and BigInt make of it, and their order of numbers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InjectiveDecoder } from '../../../engine/venues/injective/decode.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, StateReason } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import { scaledDecimal } from '../../support/reference/injective.ts';
import { Referee } from '../../support/reference/referee.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

const BLOCKS = 'injective/chain-stream-blocks-1-50.jsonl.gz';
const INDEXER = 'injective/indexer-example-frames.jsonl';
const SPOT_MARKETS = 'injective/mainnet-spot-market-data.json.gz';
const DERIVATIVE_MARKETS = 'injective/mainnet-derivative-market-data.json.gz';

/** Markets of the examples that are not in the lists of mainnet: INJ/USDT of it, and those of the test network, in USDT. */
const OTHERS = JSON.stringify({
  markets: [
    ['0x0611780ba69656949525013d947713300f56c37b6175e02f26bffa495c3208fe', 18],
    ['0x7a57e705bb4e09c88aecfc295569481dbf2fe1d5efe364651fbe72385938e9b0', 18],
    ['0x56d0c0293c4415e2d48fc2c8503a56a0c7389247396a2ef9b0a48c01f0646705'],
    ['0x7cc8b10d7deb61e744ef83bdec2bbcf4a056867e89b062c6a453020ca82bd4e4'],
    ['0x17ef48032cb24375ba7c2e39f384e56433bcab20cbee9a7357e4cba2eb00abe6'],
    ['0x2e94326a421c3f66c15a3b663c7b1ab7fb6a5298b3a57759ecf07f0036793fc9'],
  ].map(([marketId, baseDecimals]) => ({ marketId, ...(baseDecimals && { baseDecimals }), quoteDecimals: 6 })),
});

function textOf(path: string): string {
  const raw = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
}

const linesOf = (path: string): string[] =>
  textOf(path)
    .split('\n')
    .filter((line) => line !== '');

class Pair {
  readonly sink = new MemorySink();
  readonly decoder = new InjectiveDecoder(this.sink, 'injective');
  readonly referee = new Referee('injective', ['1m']);
  readonly results: Record<number, number> = {};

  countOf(result: number): number {
    return this.results[result] ?? 0;
  }

  feed(frame: string): MemoryRecord[] {
    const { result, records } = decodeFrame(this.sink, this.decoder, frame);
    this.results[result] = (this.results[result] ?? 0) + 1;
    this.referee.frame(frame, null, '');
    return records;
  }
}

type Side = readonly { readonly p: string; readonly q: string }[];
type Update = {
  readonly seq: number;
  readonly orderbook: { readonly market_id: string; readonly buy_levels?: Side; readonly sell_levels?: Side };
};
type Block = { readonly spot_orderbook_updates?: Update[]; readonly derivative_orderbook_updates?: Update[] };

const symbolOf = ({ orderbook }: Update): string => `0x${Buffer.from(orderbook.market_id, 'base64').toString('hex')}`;
const updatesOf = (block: Block): Update[] => [
  ...(block.spot_orderbook_updates ?? []),
  ...(block.derivative_orderbook_updates ?? []),
];
const symbolsOf = (block: Block): string[] => updatesOf(block).map(symbolOf);

/** Records of a block as JSON.parse, Buffer and BigInt see them; `shifts` are those of a market in chain units. */
function mapped(block: Block, shifts: (symbol: string) => readonly [number, number]): unknown[] {
  return updatesOf(block).flatMap((update) => {
    const { seq, orderbook } = update;
    const symbol = symbolOf(update);
    const [price, quantity] = shifts(symbol);
    const side = (list: Side | undefined, flags: number): unknown[] =>
      (list ?? []).map(({ p, q }) => [symbol, flags, scaledDecimal(p, price), scaledDecimal(q, quantity)]);
    return [[symbol, seq], ...side(orderbook.buy_levels, 0), ...side(orderbook.sell_levels, LevelFlag.ask)];
  });
}

/** Buy levels come before sell levels in the frames, so the records are in the same order. */
function decoded(records: readonly MemoryRecord[]): unknown[] {
  return records.map(({ type, market, flags, ...rest }) =>
    type === 'bookChange'
      ? [market, rest['lastSequence']]
      : [market, flags, scaledDecimal(String(rest['price']), 0), scaledDecimal(String(rest['quantity']), 0)],
  );
}

/** Quantities of spot markets in chain units, which no human one reaches. */
const IN_CHAIN_UNITS = [35, 37, 43, 49];

recordingTest(
  'blocks of the chain stream are all understood; what is too large for human units is refused',
  [BLOCKS],
  (_, path) => {
    const pair = new Pair();
    const lines = linesOf(path);
    lines.forEach((line, index) => {
      const records = pair.feed(line);
      const isRefused = IN_CHAIN_UNITS.includes(index + 1);
      assert.deepEqual(
        decoded(records),
        isRefused ? [] : mapped(JSON.parse(line) as Block, () => [0, 0]),
        `block ${index + 1}`,
      );
    });
    assert.deepEqual(pair.results, { [FrameResult.applied]: 46, [FrameResult.range]: 4 });
    const { applied, unknown, rejected } = pair.referee.counts;
    assert.deepEqual([applied, unknown, rejected], [46, 0, { range: 4 }]);
  },
);

recordingTest(
  'with the decimals of mainnet and the scale declared, blocks of its markets come out in human units',
  [BLOCKS, SPOT_MARKETS, DERIVATIVE_MARKETS],
  (_, path, spot, derivative) => {
    const pair = new Pair();
    for (const list of [textOf(spot), textOf(derivative), '{"streamScale":"chain"}']) pair.feed(list);
    assert.deepEqual(pair.results, { [FrameResult.control]: 3 });
    type Market = { market_id: string; base_decimals: number; quote_decimals: number };
    const spots = (JSON.parse(textOf(spot)) as { markets: Market[] }).markets;
    const perps = (JSON.parse(textOf(derivative)) as { markets: { market: Market }[] }).markets;
    const shifts = new Map<string, readonly [number, number]>([
      ...spots.map(
        (market) => [market.market_id, [market.base_decimals - market.quote_decimals, -market.base_decimals]] as const,
      ),
      ...perps.map(({ market }) => [market.market_id, [-market.quote_decimals, 0]] as const),
    ]);
    let levels = 0;
    for (const line of linesOf(path)) {
      const block = JSON.parse(line) as Block;
      const isKnown = symbolsOf(block).every((symbol) => shifts.has(symbol));
      const records = pair.feed(line);
      levels += records.filter(({ type }) => type === 'level').length;
      assert.deepEqual(decoded(records), isKnown ? mapped(block, (symbol) => shifts.get(symbol) ?? [0, 0]) : []);
    }
    // BTC perpetual, INJ/USDT, LINK/USDT are of mainnet, too; the others' decimals nobody told.
    assert.deepEqual(pair.sink.symbols.length, 3);
    assert.equal(levels, 43);
    assert.equal(pair.countOf(FrameResult.unknown), 0);
    assert.deepEqual(pair.referee.counts.rejected, { 'missing-field': pair.countOf(FrameResult.missingField) });
  },
);

/** The records of one change as the tests of the book write it. */
function changeOf([head, ...levels]: readonly MemoryRecord[]): Change {
  const side = (flag: number): TextLevel[] =>
    levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
  return { flags: Number(head['flags']), last: Number(head['lastSequence']), bids: side(0), asks: side(LevelFlag.ask) };
}

recordingTest(
  'without a snapshot changes are held; one before them joins them all, and each one lost is a gap',
  [BLOCKS],
  (_, path) => {
    const pair = new Pair();
    const changes = new Map<string, Change[]>();
    for (const line of linesOf(path)) {
      const records = pair.feed(line);
      if (records.length > 0)
        changes.set(records[0].market, [...(changes.get(records[0].market) ?? []), changeOf(records)]);
    }
    let joined = 0;
    for (const list of changes.values()) {
      for (let lost = 0; lost < list.length; lost++) {
        const book = new BookUnderTest('injective');
        for (const change of list) book.feed(change);
        assert.deepEqual([book.book.state, book.book.reason], [BookState.syncing, StateReason.noSnapshot]);
        const flags = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
        book.feed({
          flags,
          last: (list[0].last ?? 0) - 1,
          bids: [['0.000000000000000001', '1']],
          asks: [['9000000000', '1']],
        });
        assert.deepEqual([book.counted('gaps'), book.book.venueSequence], [0, list.at(-1)?.last]);
        assert.notEqual(book.book.state, BookState.resyncing);
        joined++;
        const other = new BookUnderTest('injective');
        other.feed({
          flags,
          last: (list[0].last ?? 0) - 1,
          bids: [['0.000000000000000001', '1']],
          asks: [['9000000000', '1']],
        });
        for (const change of list) if (change !== list[lost]) other.feed(change);
        assert.equal(other.counted('gaps'), lost === list.length - 1 ? 0 : 1);
      }
    }
    assert.equal(joined, 19);
  },
);

recordingTest(
  'examples of the indexer are all understood; without decimals what needs them is refused, with them all is converted',
  [INDEXER, SPOT_MARKETS, DERIVATIVE_MARKETS],
  (_, path, spot, derivative) => {
    const frames = linesOf(path).map((line) => (JSON.parse(line) as { d: string }).d);
    const untold = new Pair();
    for (const frame of frames) untold.feed(frame);
    assert.deepEqual(untold.results, { [FrameResult.missingField]: 14, [FrameResult.ignored]: 5 });
    const told = new Pair();
    for (const list of [textOf(spot), textOf(derivative), OTHERS]) told.feed(list);
    const books = new Map<string, [string, string][][]>();
    for (const frame of frames) {
      const records = told.feed(frame);
      assert.ok(records.every(({ receiveTimeNs = 1 }) => receiveTimeNs === 1));
    }
    assert.deepEqual(told.results, { [FrameResult.control]: 3, [FrameResult.applied]: 14, [FrameResult.ignored]: 5 });
    assert.deepEqual(told.referee.counts.rejected, {});
    assert.deepEqual([told.referee.counts.applied, told.referee.counts.ignored], [14, 5]);
    for (const [name, market] of told.referee.markets.byName) {
      const side = (levels: readonly { price: bigint; quantity: bigint }[]): [string, string][] =>
        levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);
      books.set(name, [side(market.book.bids.levels), side(market.book.asks.levels)]);
    }
    // The page of venues says what this book is: INJ/USDT, best bid 73.489, best ask 85, sells sent highest first.
    const [bids, asks] =
      books.get('injective:0x0611780ba69656949525013d947713300f56c37b6175e02f26bffa495c3208fe') ?? [];
    assert.deepEqual(
      [bids[0], asks[0]],
      [
        ['73.489', '0.129'],
        ['85', '6681.507'],
      ],
    );
  },
);
