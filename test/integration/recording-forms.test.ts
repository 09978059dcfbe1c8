// The forms a recording may have (INTERFACES, replay): what each line is, in which order, and what cannot be read.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../../engine/base/errors.ts';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type ReplayResult, replayFiles } from '../../engine/recordings/replay.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder } from '../support/frames-file.ts';
import { GOLDEN_SESSIONS } from '../support/recordings.ts';
import { assertSameResult } from '../support/recordings-equal.ts';
import { referenceReplay } from '../support/reference/replay.ts';

const folder = new FramesFolder();
const START_US = 1_700_000_000_000_000;
const ADDRESS = 'https://api.binance.com/api/v3/depth';

const depth = (first: number, last: number, price = '9', symbol = 'X'): object => ({
  e: 'depthUpdate',
  E: START_US / 1000,
  s: symbol,
  U: first,
  u: last,
  b: [[price, '1']],
  a: [],
});
const trade = (id: number, price: string, timeMs = 0): object => ({
  e: 'trade',
  E: 1,
  s: 'X',
  t: id,
  p: price,
  q: '1',
  T: START_US / 1000 + timeMs,
  m: false,
});
const recv = (timeUs: number, frame: object): object => ({ k: 'recv', t: START_US + timeUs, d: JSON.stringify(frame) });
const http = (timeUs: number, address: string, body: object | string): object => ({
  k: 'http',
  t: START_US + timeUs,
  u: address,
  d: typeof body === 'string' ? body : JSON.stringify(body),
});
const snapshot = (id: number): object => ({ lastUpdateId: id, bids: [['10', '1']], asks: [['11', '1']] });

/** Replays files as the engine does; the referee must agree in every field. */
async function replayed(files: readonly string[], venue: Dialect = 'binance'): Promise<ReplayResult> {
  const result = await replayInProcess({ files, venue, inputSlots: 16_384 });
  assertSameResult(result, referenceReplay([...files], { venue }));
  return result;
}

const SESSION = [
  { k: 'open', t: START_US, u: 'wss://stream.binance.com:9443/ws' },
  { k: 'send', t: START_US, d: '{"method":"SUBSCRIBE"}' },
  http(1, `${ADDRESS}?symbol=X&limit=1000`, snapshot(4)),
  recv(2, depth(5, 5)),
  recv(3, trade(1, '10.5')),
];

test('A session reads the same plain, as gzip, with CRLF and with empty lines', async () => {
  const plain = folder.write(SESSION);
  const text = readFileSync(plain, 'utf8');
  const result = await replayed([plain]);
  assert.deepEqual([result.frames, result.applied], [3, 3]);
  const forms = [gzipSync(text), text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\n\n'), text.trimEnd()];
  for (const form of forms) assert.deepEqual(await replayed([folder.writeBytes(form)]), result);
});

test('A gzip in several members, and a line longer than a read, are whole', async () => {
  const [head, tail] = [SESSION.slice(0, 3), SESSION.slice(3)].map((lines) => readFileSync(folder.write(lines)));
  const result = await replayed([folder.writeBytes(Buffer.concat([head, tail]))]);
  assert.deepEqual(await replayed([folder.writeBytes(Buffer.concat([gzipSync(head), gzipSync(tail)]))]), result);
  const long = JSON.stringify(snapshot(4)).replace('{', `{${' '.repeat(3 << 20)}`);
  const lines = SESSION.map((line) => ('k' in line && line.k === 'http' ? { ...line, d: long } : line));
  assert.deepEqual(await replayed([folder.write(lines)]), result);
});

test('Several files are merged by time, whatever their order', async () => {
  const books = folder.write([http(1, `${ADDRESS}?symbol=X`, snapshot(4)), recv(3, depth(6, 6)), recv(9, depth(8, 8))]);
  const others = folder.write([recv(2, depth(5, 5)), recv(3_000_000, trade(1, '10.5'))]);
  const middle = folder.write([recv(8, depth(7, 7))]);
  const result = await replayed([books, others, middle]);
  assert.deepEqual(await replayed([middle, others, books]), result);
  const { state, gaps, venueSequence } = result.markets['binance:X'];
  assert.deepEqual([state, gaps, venueSequence], ['live', 0, 8]);
});

test('Frames of one time come in the order of the arguments', async () => {
  const first = folder.write([http(0, `${ADDRESS}?symbol=X`, snapshot(4)), recv(5, depth(5, 5))]);
  const second = folder.write([recv(5, depth(6, 6))]);
  assert.equal((await replayed([first, second])).markets['binance:X'].state, 'live');
  const { state, reason } = (await replayed([second, first])).markets['binance:X'];
  assert.deepEqual([state, reason], ['resyncing', 'gap']);
});

test('Each src is a connection of its own, without times', async () => {
  const frame = (sequence: number): string =>
    JSON.stringify({ channel: 'heartbeats', sequence_num: sequence, events: [] });
  const updates = [{ side: 'bid', event_time: '2026-01-01T00:00:00Z', price_level: '10', new_quantity: '1' }];
  const event = { type: 'snapshot', product_id: 'A-B', updates };
  const timestamp = '2026-01-01T00:00:00Z';
  const book = JSON.stringify({ channel: 'l2_data', client_id: '', timestamp, sequence_num: 7, events: [event] });
  const apart = [
    { src: 'one', d: book },
    { src: 'two', d: frame(40) },
    { src: 'one', d: frame(8) },
    { src: 'two', d: frame(41) },
  ];
  const { markets } = await replayed([folder.write(apart)], 'coinbase');
  assert.deepEqual([markets['coinbase:A-B'].state, markets['coinbase:A-B'].gaps], ['live', 0]);
  const together = apart.map(({ d }) => ({ src: 'one', d }));
  assert.equal((await replayed([folder.write(together)], 'coinbase')).markets['coinbase:A-B'].gaps, 1);
});

test('Lines that are frames themselves, bare or beside session lines, are replayed', async () => {
  const bare = [depth(5, 5), trade(1, '10.5')];
  const result = await replayed([folder.write([http(1, `${ADDRESS}?symbol=X`, snapshot(4)), ...bare])]);
  assert.deepEqual([result.applied, result.markets['binance:X'].venueSequence], [3, 5]);
  const [message] = [{ type: 'trade', exchange: 'e', symbol: 's', id: '1', price: 1, amount: 2, side: 'buy' }];
  const array = JSON.stringify([{ ...message, timestamp: '2026-01-01T00:00:00Z' }]);
  assert.equal((await replayed([folder.write([array])], 'json')).markets['e:s'].trades, 1);
});

test('A snapshot is of the symbol in its address, or of the only market in its file', async () => {
  const frames = [recv(2, depth(5, 5)), recv(3, depth(6, 6))];
  const named = await replayed([folder.write([http(1, `${ADDRESS}?limit=5&symbol=X`, snapshot(4)), ...frames])]);
  const only = await replayed([folder.write([http(1, 'REST order book snapshot', snapshot(4)), ...frames])]);
  assert.deepEqual(only, named);
  assert.equal(only.markets['binance:X'].state, 'live');
});

test('A snapshot without a symbol beside two markets is counted as unplaced, other answers as ignored', async () => {
  const lines = [
    http(1, 'REST', snapshot(4)),
    recv(2, depth(5, 5)),
    recv(3, depth(5, 5, '9', 'Y')),
    http(4, 'https://api.binance.com/api/v3/exchangeInfo', { symbols: [] }),
    http(5, 'https://api.binance.com/api/v3/time', 'no JSON'),
    http(6, `${ADDRESS}?symbol=X`, []),
  ];
  const { frames, applied, ignored, rejected, markets } = await replayed([folder.write(lines)]);
  assert.deepEqual(
    { frames, applied, ignored, rejected },
    { frames: 6, applied: 2, ignored: 3, rejected: { 'snapshot-unplaced': 1 } },
  );
  assert.deepEqual([markets['binance:X'].state, markets['binance:Y'].state], ['syncing', 'syncing']);
});

test('Frames wait for a snapshot that stands later in the file and is older than some of them', async () => {
  const frames = [depth(3, 4, '7'), depth(5, 6, '8'), depth(7, 8, '9')].map((frame, index) => recv(index, frame));
  const lines = [...frames, http(9, `${ADDRESS}?symbol=X`, snapshot(5)), recv(10, depth(9, 9, '6'))];
  const { state, seq, bids } = (await replayed([folder.write(lines)])).markets['binance:X'];
  assert.deepEqual([state, seq, bids.map(([price]) => price)], ['live', 4, ['10', '9', '8', '6']]);
});

test('A file without times has no clock: the last bar stays open and venue time stands for receive time', async () => {
  const frames = [trade(1, '10', 100), trade(2, '11', 1_200), depth(5, 5)];
  const timeless = (await replayed([folder.write(frames)])).markets['binance:X'].bars['1s'];
  assert.deepEqual(
    timeless.map(({ isFinal, close }) => [isFinal, close]),
    [
      [true, '10'],
      [false, '11'],
    ],
  );
  const timed = [recv(100_000, frames[0]), recv(1_200_000, frames[1]), recv(60_000_000, frames[2])];
  const closed = (await replayed([folder.write(timed)])).markets['binance:X'].bars['1s'];
  assert.deepEqual(
    closed.map(({ isFinal }) => isFinal),
    [true, true],
  );
});

test('A line that is no JSON, or half of it, is a rejected frame, and its neighbours stay', async () => {
  const broken = ['{"k":"recv","t":1,"d":"{', 'hello', '\u0000\u0001', '{"e":"trade",'];
  const whole = SESSION.flatMap((line, index) => [line, broken[index]].filter((entry) => entry !== undefined));
  const { applied, rejected, markets } = await replayed([folder.write(whole)]);
  assert.deepEqual([applied, rejected], [3, { syntax: 4 }]);
  assert.deepEqual([markets['binance:X'].state, markets['binance:X'].trades], ['live', 1]);
});

test('An empty file gives no markets', async () => {
  const { frames, markets } = await replayed([folder.writeBytes('')]);
  assert.deepEqual([frames, markets], [0, {}]);
});

test('A file that is missing, a folder or a cut gzip is refused with a sentence that names it', async () => {
  const [golden] = GOLDEN_SESSIONS;
  const packed = gzipSync(readFileSync(golden.path));
  const [cut, missing] = [folder.writeBytes(packed.subarray(0, packed.length / 2)), `${golden.path}.missing`];
  const broken = folder.writeBytes(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from('no gzip at all')]));
  for (const file of [missing, import.meta.dirname, cut, broken]) {
    const replay = replayFiles({
      files: [golden.path, file],
      venue: golden.venue,
      speed: 0,
      workers: 1,
      marketsMax: 16,
      plans: marketPlansOf({ usual: { bars: ['1s'] } }),
      depth: 0,
    });
    await assert.rejects(replay, (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.ok(error.message.includes(file) && !error.message.includes('\n'), error.message);
      return true;
    });
  }
});

test('A hole in the counter of a Coinbase connection with trades alone marks the bars around it', async () => {
  const trades = (sequence: number, id: number, second: number): object => ({
    channel: 'market_trades',
    timestamp: '2026-08-09T21:00:00Z',
    sequence_num: sequence,
    events: [
      {
        type: 'update',
        trades: [
          {
            product_id: 'A',
            trade_id: String(id),
            price: '10',
            size: '1',
            side: 'BUY',
            time: `2026-08-09T21:00:0${second}Z`,
          },
        ],
      },
    ],
  });
  const lines = [trades(0, 1, 0), trades(1, 2, 1), trades(5, 9, 2), trades(6, 10, 3)];
  const { markets } = await replayed([folder.write(lines)], 'coinbase');
  const { bars, state, gaps } = markets['coinbase:A'];
  assert.deepEqual(
    bars['1s'].map((bar) => (bar as unknown as { completeness: string }).completeness),
    ['complete', 'gap', 'gap', 'complete'],
  );
  assert.deepEqual([state, gaps], ['syncing', 0]);
});
