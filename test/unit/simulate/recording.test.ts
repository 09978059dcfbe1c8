// Recordings as venues: which frame is of which subscription, and what a client of a served recording gets.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { type RecordedText, Recording, subjectOf } from '../../../engine/simulate/recording.ts';
import { type Simulator, startSimulator } from '../../../engine/simulate/simulator.ts';
import { PlainClient, type PlainFrame, PlainVenue, until } from '../../support/plain-venue.ts';

const MANY = { count: 100_000, windowMs: 1_000 };
const running = new Set<Simulator>();
after(() => Promise.all([...running].map((simulator) => simulator.stop())));

test('frames of each venue are told apart by market and channel', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"BTCUSDT","b":[["1.0","2.0"]]}}',
      'BTCUSDT',
      'book',
    ],
    ['{"e":"aggTrade","s":"BTCUSDT","a":1}', 'BTCUSDT', 'trades'],
    ['{"stream":"btcusdt@depth20","data":{"lastUpdateId":1,"bids":[]}}', 'BTCUSDT', 'book'],
    ['{"channel":"l2_data","events":[{"type":"snapshot","product_id":"BTC-USD","updates":[]}]}', 'BTC-USD', 'book'],
    [
      '{"channel":"market_trades","events":[{"type":"update","trades":[{"product_id":"BTC-USD"}]}]}',
      'BTC-USD',
      'trades',
    ],
    ['{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[]}]}', 'BTC/USD', 'book'],
    ['{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD"}]}', 'BTC/USD', 'trades'],
    ['[560,{"b":[["1.0","2.0","3.0"]],"c":"1"},"book-1000","XBT/USD"]', 'XBT/USD', 'book'],
    ['[337,[["5541.2","0.1","153.5","s","l",""]],"trade","XBT/USD"]', 'XBT/USD', 'trades'],
    ['{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[]}', 'BTC-USDT', 'book'],
    ['{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[]}', 'BTC-USDT', 'trades'],
    ['{"topic":"orderbook.200.BTCUSDT","type":"delta","data":{"s":"BTCUSDT"}}', 'BTCUSDT', 'book'],
    ['{"topic":"publicTrade.BTCUSDT","type":"snapshot","data":[]}', 'BTCUSDT', 'trades'],
    ['{"channel":"l2Book","data":{"coin":"BTC","levels":[[],[]]}}', 'BTC', 'book'],
    ['{"channel":"trades","data":[{"coin":"BTC"}]}', 'BTC', 'trades'],
    ['{"type":"subscribed","channel":"v4_orderbook","id":"BTC-USD","contents":{}}', 'BTC-USD', 'book'],
    ['{"type":"channel_data","channel":"v4_trades","id":"BTC-USD","contents":{}}', 'BTC-USD', 'trades'],
  ];
  for (const [text, symbol, channel] of cases) assert.deepEqual(subjectOf(text), { symbols: [symbol], channel }, text);
});

test('what is of neither channel, of no market, or no JSON has no subject', () => {
  const others = [
    '{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT"}}',
    '{"channel":"tickers","arg":{"instId":"BTC-USDT","channel":"tickers"}}',
    '{"channel":"heartbeat"}',
    '{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"}}',
    '{"result":null,"id":1}',
    'pong',
  ];
  for (const text of others) assert.equal(subjectOf(text), null, text);
});

const frame = (symbol: string, seq: number, rest: object = {}): string =>
  JSON.stringify({ channel: 'book', symbol, seq, bids: [], asks: [], ...rest });
const line = (kind: RecordedText['kind'], atMs: number, text: string, address = ''): RecordedText => ({
  kind,
  timeUs: 1_700_000_000_000_000 + atMs * 1_000,
  address,
  text,
});

const LINES: readonly RecordedText[] = [
  line('open', 0, '', 'wss://plain.example/stream'),
  line('recv', 10, '{"op":"welcome"}'),
  line('http', 20, '{"recorded":"book of B"}', 'https://plain.example/v1/book?symbol=B&limit=10'),
  ...Array.from({ length: 40 }, (_, i) => line('recv', 30 + i * 10, frame(i % 2 === 0 ? 'A' : 'B', i))),
  line('recv', 450, JSON.stringify({ channel: 'trades', symbol: 'A', id: 7 })),
];

async function serve(speed = 1): Promise<Simulator> {
  const simulator = await startSimulator({
    venue: 'binance',
    simulated: new PlainVenue({ messages: MANY, connects: MANY, rest: MANY, requests: null }),
    recording: await Recording.read(LINES),
    speed,
  });
  running.add(simulator);
  return simulator;
}

const numbers = (client: PlainClient, symbol: string): number[] => client.data(symbol).map(({ seq }) => seq ?? -1);
const EVEN = Array.from({ length: 20 }, (_, i) => i * 2);

test('a client gets the recorded frames of what it asked for, in order, and no others', async () => {
  const simulator = await serve(4);
  assert.deepEqual(simulator.symbols, ['A', 'B']);
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', 'A'], ['trades', 'A']);
  await until(() => client.data('A').length === 20 && client.data('A', 'trades').length === 1);
  assert.deepEqual(numbers(client, 'A'), EVEN);
  assert.equal(client.data('A', 'trades')[0].id, 7);
  assert.deepEqual(client.data('B'), []);
  assert.ok(
    client.frames.some(({ op }) => op === 'subscribed'),
    'the acknowledgement is the simulator’s own',
  );
  await simulator.stop();
});

test('each subscription plays from the start, also when asked for again', async () => {
  const simulator = await serve(10);
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', 'A']);
  await until(() => client.data('A').length === 20);
  client.subscribe(['book', 'A'], ['book', 'B']);
  await until(() => client.data('A').length === 40 && client.data('B').length === 20);
  assert.deepEqual(numbers(client, 'A'), [...EVEN, ...EVEN]);
  await simulator.stop();
});

test('frames keep their pace: none comes before its time', async () => {
  const simulator = await serve(1);
  const client = await PlainClient.open(simulator.url);
  const startMs = performance.now();
  client.subscribe(['book', 'A']);
  await until(() => client.data('A').length === 20);
  assert.ok(performance.now() - startMs >= 30 + 38 * 10, 'the last frame is 410 ms after the start');
  await simulator.stop();
});

test('REST gives the recorded book of the market, and none that is not recorded', async () => {
  const simulator = await serve();
  const get = (path: string) => fetch(`http://127.0.0.1:${simulator.port}${path}`);
  assert.equal(await (await get('/book?symbol=B')).text(), '{"recorded":"book of B"}');
  assert.equal((await get('/book?symbol=A')).status, 404);
  assert.equal((await get('/trades?symbol=B')).status, 404);
  assert.deepEqual(await (await get('/markets')).json(), ['A', 'B']);
  await simulator.stop();
});

test('faults strike recorded frames too', async () => {
  const simulator = await serve(10);
  simulator.inject({ kind: 'gap', symbol: 'A' });
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', 'A']);
  await until(() => client.data('A').length === 19);
  assert.deepEqual(numbers(client, 'A'), EVEN.slice(1));
  await simulator.stop();
});

test('a recording without books and trades is wrong usage; one without times has a pace of its own', async () => {
  await assert.rejects(Recording.read([line('recv', 0, '{"op":"welcome"}')]), UsageError);
  const untimed = await Recording.read([1, 2].map((seq) => ({ ...line('recv', 0, frame('A', seq)), timeUs: null })));
  assert.deepEqual(
    untimed.frames('A', 'book').map(({ atMs }) => atMs),
    [10, 20],
  );
});

test("connections to another of the exchange's addresses are left out, where there is one to this", async () => {
  const of = (connection: string, path: string, symbol: string): RecordedText[] => [
    { ...line('open', 0, '', `wss://plain.example${path}`), connection },
    { ...line('recv', 1, frame(symbol, 1)), connection },
  ];
  const isStreamPath = (path: string): boolean => path === '/linear';
  const lines = [...of('1', '/linear', 'A'), ...of('2', '/spot', 'B')];
  assert.deepEqual((await Recording.read(lines, isStreamPath)).symbols, ['A']);
  assert.deepEqual((await Recording.read(of('2', '/spot', 'B'), isStreamPath)).symbols, ['B']);
});

test('a frame of several markets is sent once', async () => {
  const both = JSON.stringify({ channel: 'book', events: [{ symbol: 'A' }, { symbol: 'B' }], seq: 1 });
  const simulator = await startSimulator({
    venue: 'binance',
    simulated: new PlainVenue({ messages: MANY, connects: MANY, requests: null }),
    recording: await Recording.read([line('recv', 0, both), line('recv', 50, frame('A', 2))]),
  });
  running.add(simulator);
  const client = await PlainClient.open(simulator.url);
  client.subscribe(['book', 'A'], ['book', 'B']);
  const isBoth = (one: PlainFrame & { events?: unknown }): boolean => one.events !== undefined;
  await until(() => client.data('A').length === 1);
  assert.equal(client.frames.filter(isBoth).length, 1);
  await simulator.stop();
});
