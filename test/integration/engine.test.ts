// The whole way over real sockets: frames of every dialect in, books, bars, signals and the stream out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Builder } from 'flatbuffers';
import { Batch, Level as WireLevel, Trade as WireTrade } from '../../schemas/generated/wire.ts';
import { DEFAULT_SIGNALS } from '../../schemas/signals.ts';
import {
  type Book,
  BookCopy,
  type Client,
  eventually,
  freePorts,
  hourAheadMs,
  type Json,
  LiveEngine,
} from '../support/live-engine.ts';
import { crc32 } from '../support/reference/crc32.ts';

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const START_MS = hourAheadMs();
const START_TEXT = new Date(START_MS).toISOString();
const STAGES = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine'];

type Pair = readonly [string, string];
const pairsJson = (pairs: readonly Pair[]): string => JSON.stringify(pairs);

function binanceSnapshot(symbol: string, id: number, bids: readonly Pair[], asks: readonly Pair[]): string {
  return `{"snapshot":{"symbol":"${symbol}","lastUpdateId":${id},"bids":${pairsJson(bids)},"asks":${pairsJson(asks)}}}`;
}

function binanceDepth(
  symbol: string,
  first: number,
  last: number,
  bids: readonly Pair[],
  asks: readonly Pair[],
): string {
  const event = `"e":"depthUpdate","E":${START_MS},"s":"${symbol}","U":${first},"u":${last}`;
  return `{"stream":"${symbol.toLowerCase()}@depth@100ms","data":{${event},"b":${pairsJson(bids)},"a":${pairsJson(asks)}}}`;
}

function binanceTrade(
  symbol: string,
  id: number,
  price: string,
  quantity: string,
  ms: number,
  isSell: boolean,
): string {
  return `{"e":"trade","E":${ms},"s":"${symbol}","t":${id},"p":"${price}","q":"${quantity}","T":${ms},"m":${isSell},"M":true}`;
}

/** Kraken's checksum over the best ten levels: price and quantity as sent, without point and leading zeros. */
function krakenChecksum(bids: readonly Pair[], asks: readonly Pair[]): number {
  const plain = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const side = (levels: readonly Pair[]): string =>
    levels
      .slice(0, 10)
      .map(([p, q]) => plain(p) + plain(q))
      .join('');
  return crc32(side(asks) + side(bids));
}

function krakenBook(type: string, bids: readonly Pair[], asks: readonly Pair[], checksum: number): string {
  const list = (levels: readonly Pair[]): string =>
    `[${levels.map(([price, quantity]) => `{"price":${price},"qty":${quantity}}`).join(',')}]`;
  const entry = `"symbol":"BTC/USD","bids":${list(bids)},"asks":${list(asks)},"checksum":${checksum}`;
  return `{"channel":"book","type":"${type}","data":[{${entry},"timestamp":"2026-01-01T00:00:00.000000Z"}]}`;
}

function coinbaseBook(sequence: number, type: string, levels: readonly (readonly [string, string, string])[]): string {
  const updates = levels.map(([side, price, quantity]) => ({
    side,
    event_time: '2026-01-01T00:00:00.000000Z',
    price_level: price,
    new_quantity: quantity,
  }));
  const events = [{ type, product_id: 'BTC-USD', updates }];
  const head = { channel: 'l2_data', client_id: '', timestamp: '2026-01-01T00:00:00.000000Z', sequence_num: sequence };
  return JSON.stringify({ ...head, events });
}

function batch(market: string): Uint8Array {
  const builder = new Builder(1024);
  const names = Batch.createMarketsVector(builder, [builder.createString(market)]);
  Batch.startTradesVector(builder, 2);
  WireTrade.createTrade(builder, START_MS * 1000 + 5, 12_500, 0, 2000, 0, 2, 0, 2, 0, 1);
  WireTrade.createTrade(builder, START_MS * 1000, 12_000, 0, 1000, 500, 1, 0, 1, 0, 1);
  const trades = builder.endVector();
  Batch.startLevelsVector(builder, 2);
  WireLevel.createLevel(builder, START_MS * 1000, 12_500, 0, 4000, 0, 0, 1, 2, 0);
  WireLevel.createLevel(builder, START_MS * 1000, 12_000, 1, 3000, 0, 0, 0, 1, 0);
  const levels = builder.endVector();
  Batch.startBatch(builder);
  Batch.addMarkets(builder, names);
  Batch.addTrades(builder, trades);
  Batch.addLevels(builder, levels);
  builder.finish(Batch.endBatch(builder), 'MRB1');
  return builder.asUint8Array().slice();
}

const sides = ({ bids, asks }: Pick<Book, 'bids' | 'asks'>): unknown => ({ bids, asks });
const level = (price: string, amount: string): object => ({ price, amount });

/** Reads everything that the subscriber has got into its copy of the book, until it stands at `seq`. */
async function follow(client: Client, copy: BookCopy, seq: number): Promise<void> {
  while (copy.seq < seq || !copy.isWhole)
    copy.take(await client.next(`book seq ${seq}`, (each) => each['type'] === 'book_change'));
}

for (const workers of [1, 2]) {
  describe(`an engine of ${workers} worker${workers === 1 ? '' : 's'}`, { concurrency: false }, () => {
    test('makes books, bars, signals, statistics and a stream of Binance frames on two connections', async (t) => {
      const engine = await LiveEngine.start({ workers });
      t.after(() => engine.stop());
      assert.deepEqual(await engine.get('/health'), { status: 'ok', reasons: [] });
      assert.equal((await engine.text('/ready')).status, 200);
      const [one, two] = [await engine.producer('binance'), await engine.producer('binance')];
      one.send(
        binanceSnapshot(
          'BTCUSDT',
          100,
          [
            ['100.00', '1.0'],
            ['99.00', '2.0'],
          ],
          [['101.00', '3.0']],
        ),
      );
      two.send(binanceSnapshot('ETHUSDT', 500, [['10.0', '1']], [['11.0', '1']]));
      one.send(binanceDepth('BTCUSDT', 101, 102, [['100.00', '1.5']], []));
      await engine.book('binance:BTCUSDT', 2);
      await engine.book('binance:ETHUSDT', 1);

      const reader = await engine.subscriber();
      const channels = ['book', 'trade', 'bbo', 'bar.1m', 'signal.cvd', 'status'].map(
        (word) => `${word}.binance:BTCUSDT`,
      );
      assert.deepEqual((await reader.subscribe(...channels))['errors'], []);
      const copy = new BookCopy();
      await follow(reader, copy, 2);
      assert.equal(copy.state, 'live');
      for (let i = 0; i < 50; i++) {
        one.send(
          binanceDepth('BTCUSDT', 103 + i, 103 + i, [[`${99 - (i % 7)}.50`, `${i % 5}.25`]], [['101.00', `${i + 1}`]]),
        );
        one.send(binanceTrade('BTCUSDT', i + 1, `${100 + (i % 3)}.5`, '0.25', START_MS + i, i % 2 === 0));
        two.send(binanceDepth('ETHUSDT', 501 + i, 501 + i, [['10.0', `${i + 2}`]], []));
      }
      const book = await engine.book('binance:BTCUSDT', 52);
      await follow(reader, copy, 52);
      assert.deepEqual(copy.sides(), sides(book));
      assert.deepEqual([book.state, book.reason, book.seq, book.venueSequence], ['live', null, 52, 152]);
      assert.deepEqual(book.asks, [level('101', '50')]);
      assert.deepEqual(book.bids[0], level('100', '1.5'));
      assert.equal((await engine.book('binance:ETHUSDT', 51)).bids[0].amount, '51');

      const bars = await eventually('fifty trades', async () => {
        const found = await engine.get<Json[]>('/v1/bars/binance%3ABTCUSDT?kind=1m&limit=1');
        return found[0]?.['trades'] === 50 ? found : null;
      });
      const { open, high, low, close, volume, buyVolume, trades, isFinal, startTimestamp } = bars[0];
      assert.deepEqual(
        [open, high, low, close, volume, buyVolume],
        ['100.5', '102.5', '100.5', '101.5', '12.5', '6.25'],
      );
      assert.deepEqual([trades, isFinal, startTimestamp], [50, false, START_TEXT.replace('Z', '000Z')]);
      const listed = await engine.get<Json[]>('/v1/trades/binance%3ABTCUSDT?limit=2');
      assert.deepEqual(
        listed.map((each) => [each['id'], each['side']]),
        [
          ['49', 'sell'],
          ['50', 'buy'],
        ],
      );
      const signals = await engine.get<Record<string, Json>>('/v1/signals/binance%3ABTCUSDT');
      assert.deepEqual(Object.keys(signals), DEFAULT_SIGNALS);
      assert.deepEqual([signals['cvd']['value'], signals['ema-cross']['isWarm']], [0, false]);
      assert.ok(signals['imbalance']['isWarm']);
      assert.equal(signals['imbalance']['inputSeq'], (await engine.book('binance:BTCUSDT', 0)).seq);

      for (let id = 1; id <= 50; id++) {
        const trade = await reader.next(`trade ${id}`, (each) => each['type'] === 'trade');
        assert.deepEqual([trade['id'], trade['prevSeq']], [String(id), id === 1 ? null : Number(trade['seq']) - 1]);
      }
      await reader.next('a bar', (each) => each['type'] === 'trade_bar' && each['trades'] === 50);
      await reader.next('a ticker', (each) => each['type'] === 'book_ticker' && each['askAmount'] === '50');
      await reader.next('a signal', (each) => each['type'] === 'signal' && each['name'] === 'cvd');
      await reader.next('the status', (each) => each['type'] === 'status' && each['state'] === 'live');

      const stats = await engine.get<{
        total: Json;
        markets: Record<string, Json>;
        connections: Json[];
        rings: Json[];
      }>('/v1/stats');
      assert.deepEqual([stats.total['frames'], stats.total['trades'], stats.total['gaps']], [153, 50, 0]);
      assert.deepEqual(
        [stats.markets['binance:BTCUSDT']['frames'], stats.markets['binance:ETHUSDT']['frames']],
        [102, 51],
      );
      assert.equal(stats.rings.length, 3 * workers);
      const connections = await eventually('connections', async () => {
        const { connections: found } = await engine.get<{ connections: Json[] }>('/v1/stats');
        return found.reduce((sum, each) => sum + Number(each['frames']), 0) === 153 ? found : null;
      });
      assert.deepEqual(
        connections.map((each) => [each['dialect'], each['frames']]),
        [
          ['binance', 102],
          ['binance', 51],
        ],
      );
      const latency = await engine.get<Record<string, { unit: string; count: number }>>('/v1/latency');
      assert.deepEqual(Object.keys(latency), STAGES);
      for (const stage of STAGES) assert.ok(latency[stage].count > 0, `${stage} has counts`);
      assert.match((await engine.text('/v1/latency/engine.hgrm')).body, /Value +Percentile/);
      assert.match((await engine.text('/metrics')).body, /^# TYPE /m);
      const markets = await engine.get<Json[]>('/v1/markets');
      // Which of two sockets is read first is not told: markets are numbered in the order in which they come.
      assert.deepEqual(markets.map((each) => [each['market'], each['state']]).sort(), [
        ['binance:BTCUSDT', 'live'],
        ['binance:ETHUSDT', 'live'],
      ]);
      assert.deepEqual(markets.map((each) => Number(each['shard'])).sort(), [0, workers - 1]);
      for (const socket of [one, two, reader]) await socket.close();
    });

    test('takes Kraken, Coinbase, normalised JSON and FlatBuffers at once', async (t) => {
      const engine = await LiveEngine.start({ workers });
      t.after(() => engine.stop());
      const [kraken, coinbase, json, binary] = await Promise.all(
        ['kraken', 'coinbase', 'json', 'flatbuffers'].map((dialect) => engine.producer(dialect)),
      );
      const bids: Pair[] = [
        ['97011.30', '0.07819709'],
        ['97011.20', '0.10000000'],
      ];
      const asks: Pair[] = [
        ['97011.50', '0.00000001'],
        ['97012.00', '2.50000000'],
      ];
      kraken.send(krakenBook('snapshot', bids, asks, krakenChecksum(bids, asks)));
      const changed: Pair[] = [['97011.30', '0.50000000'], bids[1]];
      kraken.send(krakenBook('update', [changed[0]], [], krakenChecksum(changed, asks)));
      const inKraken = await engine.book('kraken:BTC/USD', 2);
      assert.deepEqual([inKraken.state, inKraken.bids[0]], ['live', level('97011.3', '0.5')]);
      kraken.send(krakenBook('update', [['97011.30', '0.60000000']], [], krakenChecksum(changed, asks)));
      const broken = await eventually('a bad checksum', async () => {
        const book = await engine.book('kraken:BTC/USD', 2);
        return book.state === 'resyncing' ? book : null;
      });
      assert.equal(broken.reason, 'checksum');

      coinbase.send(
        coinbaseBook(0, 'snapshot', [
          ['bid', '10.5', '1'],
          ['offer', '10.75', '2.5'],
        ]),
      );
      coinbase.send(
        coinbaseBook(1, 'update', [
          ['bid', '10.5', '0'],
          ['bid', '10.25', '7'],
        ]),
      );
      const inCoinbase = await engine.book('coinbase:BTC-USD', 2);
      assert.deepEqual(sides(inCoinbase), { bids: [level('10.25', '7')], asks: [level('10.75', '2.5')] });

      const head = `"exchange":"bybit","symbol":"X","timestamp":"${START_TEXT}"`;
      const trade = (id: number, price: string): string =>
        `{"type":"trade",${head},"id":"${id}","price":${price},"amount":0.5,"side":"buy"}`;
      json.send(trade(1, '7'));
      json.send(
        `[${trade(2, '"8"')},{"type":"book_change",${head},"isSnapshot":true,"bids":[{"price":7,"amount":1}],"asks":[]}]`,
      );
      json.send(`{"seq":1,"messages":[${trade(3, '9.50')},${trade(4, '1e1')}]}`);
      await engine.book('bybit:X', 1);
      const bars = await eventually('four trades', async () => {
        const found = await engine.get<Json[]>('/v1/bars/bybit%3AX?kind=1s');
        return found[0]?.['trades'] === 4 ? found : null;
      });
      assert.deepEqual([bars[0]['open'], bars[0]['high'], bars[0]['notional']], ['7', '10', '17.25']);

      binary.send(batch('deribit:BTC-PERPETUAL'));
      const inBinary = await engine.book('deribit:BTC-PERPETUAL', 1);
      assert.deepEqual(sides(inBinary), {
        bids: [level('12.000000000000000001', '3')],
        asks: [level('12.5', '4')],
      });
      const binaryTrades = await eventually('two trades', async () => {
        const found = await engine.get<Json[]>('/v1/trades/deribit%3ABTC-PERPETUAL');
        return found.length === 2 ? found : null;
      });
      assert.deepEqual(
        binaryTrades.map((each) => [each['id'], each['amount'], each['side']]),
        [
          ['1', '1.0000000000000005', 'buy'],
          ['2', '2', 'sell'],
        ],
      );
      assert.equal(engine.ingress('internal'), 0);
      for (const socket of [kraken, coinbase, json, binary]) await socket.close();
    });

    test('says resyncing after a gap, everywhere, and heals with a snapshot pushed later', async (t) => {
      const engine = await LiveEngine.start({ workers });
      t.after(() => engine.stop());
      const socket = await engine.producer('binance');
      const reader = await engine.subscriber();
      socket.send(binanceSnapshot('BTCUSDT', 100, [['10', '1']], [['11', '1']]));
      await engine.book('binance:BTCUSDT', 1);
      await reader.subscribe('status.binance:BTCUSDT', 'book.binance:BTCUSDT');
      const copy = new BookCopy();
      await follow(reader, copy, 1);
      socket.send(binanceDepth('BTCUSDT', 101, 101, [['10', '2']], []));
      socket.send(binanceDepth('BTCUSDT', 105, 105, [['10', '9']], []));
      const status = await reader.next(
        'resyncing',
        (each) => each['type'] === 'status' && each['state'] === 'resyncing',
      );
      assert.equal(status['reason'], 'gap');
      const stale = await eventually('resyncing in REST', async () => {
        const book = await engine.book('binance:BTCUSDT', 2);
        return book.state === 'resyncing' ? book : null;
      });
      assert.deepEqual([stale.reason, stale.bids[0].amount], ['gap', '2']);
      const listed = await engine.get<Json[]>('/v1/markets');
      assert.equal(listed[0]['state'], 'resyncing');
      socket.send(binanceSnapshot('BTCUSDT', 104, [['10', '5']], [['11', '6']]));
      await reader.next('live again', (each) => each['type'] === 'status' && each['state'] === 'live');
      const healed = await eventually('live in REST', async () => {
        const book = await engine.book('binance:BTCUSDT', 3);
        return book.state === 'live' ? book : null;
      });
      assert.deepEqual(sides(healed), { bids: [level('10', '9')], asks: [level('11', '6')] });
      await follow(reader, copy, healed.seq);
      assert.deepEqual([copy.sides(), copy.state], [sides(healed), 'live']);
      const { markets } = await engine.get<{ markets: Record<string, Json> }>('/v1/stats');
      assert.deepEqual([markets['binance:BTCUSDT']['gaps'], markets['binance:BTCUSDT']['resyncs']], [1, 1]);
      for (const each of [socket, reader]) await each.close();
    });

    test('never shows a change in part, however large, while it is read and followed', async (t) => {
      const engine = await LiveEngine.start({ workers });
      t.after(() => engine.stop());
      const socket = await engine.producer('json');
      // Worst levels first: in the middle of a change the best bid would be new and the best ask still old.
      const levels = 6_000;
      const list = (from: number, step: number, amount: number): string =>
        Array.from({ length: levels / 2 }, (_, i) => `{"price":${from + i * step},"amount":${amount}}`).join(',');
      const change = (amount: number, isSnapshot: boolean): string =>
        `{"type":"book_change","exchange":"test","symbol":"BIG","timestamp":${START_MS},"isSnapshot":${isSnapshot},"bids":[${list(1, 1, amount)}],"asks":[${list(2 * levels, -1, amount)}]}`;
      socket.send(change(1, true));
      await engine.book('test:BIG', 1, 1);
      const reader = await engine.subscriber();
      await reader.subscribe('book.test:BIG');
      const copy = new BookCopy();
      await follow(reader, copy, 1);
      const changes = 200;
      for (let amount = 2; amount <= changes; amount++) socket.send(change(amount, false));
      const poll = async (): Promise<void> => {
        for (let seq = 1; seq < changes; ) {
          const book = await engine.get<Book>('/v1/book/test%3ABIG?depth=1');
          const amounts = [book.bids[0].amount, book.asks[0].amount];
          assert.deepEqual(amounts, [String(book.seq), String(book.seq)], 'both sides are of one change');
          seq = book.seq;
        }
      };
      await Promise.all([poll(), poll(), poll(), poll()]);
      await follow(reader, copy, changes);
      assert.deepEqual(copy.sides(), sides(await engine.book('test:BIG', changes)));
      for (const each of [socket, reader]) await each.close();
    });
  });
}

test('an engine refuses the ports of a running one, and starts again on those it had', async (t) => {
  const ports = await freePorts();
  const first = await LiveEngine.start(ports);
  const { port, ingestPort } = first.engine;
  assert.deepEqual({ port, ingestPort }, ports);
  await assert.rejects(LiveEngine.start({ port }), /--port/);
  await assert.rejects(LiveEngine.start({ ingestPort }), /--ingest-port/);
  await assert.rejects(LiveEngine.start({ port: 45_001, ingestPort: 45_001 }), /expected another than the ingest port/);
  const [socket, reader] = [await first.producer('binance'), await first.subscriber()];
  socket.send(binanceSnapshot('BTCUSDT', 1, [['1', '1']], [['2', '1']]));
  await first.book('binance:BTCUSDT', 1);
  const summary = await first.stop();
  assert.deepEqual([summary.forced, summary.connections_closed], [false, 2]);
  assert.deepEqual([await socket.closed, await reader.closed], [1001, 1001]);
  const again = await LiveEngine.start(ports);
  t.after(() => again.stop());
  assert.equal((await again.text('/health')).status, 200);
  assert.deepEqual(await again.get('/v1/markets'), [], 'nothing of the first is left');
});
