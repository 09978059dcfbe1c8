// Broken input over real sockets: a category for each, an answer, a counter, and neighbours that notice nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { PAYLOAD_BYTES_HARD_MAX, PAYLOAD_BYTES_MAX } from '../../schemas/config.ts';
import { type Client, eventually, hourAheadMs, LiveEngine } from '../support/live-engine.ts';

type Case = {
  readonly name: string;
  readonly frame: string | Uint8Array;
  readonly category: string | readonly string[];
};

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const START_MS = hourAheadMs();
const trade = (fields: string): string =>
  `{"type":"trade","exchange":"test","symbol":"GOOD","timestamp":${START_MS},${fields}}`;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
const GOOD_AMOUNT = '"amount":"1"';

/** What `json` sockets refuse. */
const JSON_CASES: readonly Case[] = [
  { name: 'empty frame', frame: '', category: 'syntax' },
  { name: 'white space alone', frame: ' \n\t', category: 'syntax' },
  { name: 'byte order mark', frame: `\ufeff${trade(`"price":"1",${GOOD_AMOUNT}`)}`, category: 'syntax' },
  { name: 'NUL before', frame: `\0${trade(`"price":"1",${GOOD_AMOUNT}`)}`, category: 'syntax' },
  { name: 'NUL behind', frame: `${trade(`"price":"1",${GOOD_AMOUNT}`)}\0`, category: 'syntax' },
  { name: 'NUL inside a string', frame: trade(`"price":"1",${GOOD_AMOUNT},"id":"a\0b"`), category: 'syntax' },
  { name: 'two texts', frame: trade(`"price":"1",${GOOD_AMOUNT}`).repeat(2), category: 'syntax' },
  { name: 'truncated', frame: trade(`"price":"1",${GOOD_AMOUNT}`).slice(0, -1), category: 'syntax' },
  { name: 'truncated in a string', frame: '{"type":"tra', category: 'syntax' },
  { name: 'truncated in an escape', frame: '{"type":"tra\\u00', category: 'syntax' },
  { name: 'bad hex in an escape', frame: trade(`"price":"1",${GOOD_AMOUNT},"note":"\\u41zz"`), category: 'syntax' },
  { name: 'unknown escape', frame: trade(`"price":"1",${GOOD_AMOUNT},"note":"\\x41"`), category: 'syntax' },
  { name: 'half a list', frame: `[${trade(`"price":"1",${GOOD_AMOUNT}`)},`, category: 'syntax' },
  { name: 'binary noise', frame: bytes(0x00, 0xff, 0x80, 0xfe, 0x7b, 0x01, 0xc3, 0x28), category: 'syntax' },
  { name: 'comments', frame: `/* no */${trade(`"price":"1",${GOOD_AMOUNT}`)}`, category: 'syntax' },
  { name: 'single quotes', frame: "{'type':'trade'}", category: 'syntax' },
  { name: 'a bare number', frame: '12', category: 'shape' },
  { name: 'null', frame: 'null', category: 'shape' },
  { name: 'a list of numbers', frame: '[1,2]', category: 'shape' },
  { name: 'a nested list', frame: '[[]]', category: 'shape' },
  { name: 'no type', frame: '{}', category: 'missing-field' },
  { name: 'type a number', frame: '{"type":1}', category: 'type' },
  { name: 'no price', frame: trade(GOOD_AMOUNT), category: 'missing-field' },
  { name: 'price null', frame: trade(`"price":null,${GOOD_AMOUNT}`), category: 'type' },
  { name: 'price true', frame: trade(`"price":true,${GOOD_AMOUNT}`), category: 'type' },
  { name: 'price a list', frame: trade(`"price":[1],${GOOD_AMOUNT}`), category: 'type' },
  { name: 'price an object', frame: trade(`"price":{},${GOOD_AMOUNT}`), category: 'type' },
  { name: 'price empty', frame: trade(`"price":"",${GOOD_AMOUNT}`), category: ['type', 'shape', 'syntax'] },
  { name: 'price blank', frame: trade(`"price":" 1",${GOOD_AMOUNT}`), category: ['type', 'shape', 'syntax'] },
  { name: 'price NaN', frame: trade(`"price":NaN,${GOOD_AMOUNT}`), category: 'syntax' },
  { name: 'price "NaN"', frame: trade(`"price":"NaN",${GOOD_AMOUNT}`), category: ['type', 'shape'] },
  { name: 'price Infinity', frame: trade(`"price":Infinity,${GOOD_AMOUNT}`), category: 'syntax' },
  { name: 'price 0x10', frame: trade(`"price":0x10,${GOOD_AMOUNT}`), category: ['syntax', 'type'] },
  { name: 'price 1_000', frame: trade(`"price":"1_000",${GOOD_AMOUNT}`), category: ['type', 'shape'] },
  { name: 'price in Arabic digits', frame: trade(`"price":"\u0661",${GOOD_AMOUNT}`), category: ['type', 'shape'] },
  { name: 'price with a sign', frame: trade(`"price":"+1",${GOOD_AMOUNT}`), category: ['type', 'shape', 'syntax'] },
  { name: 'price below zero', frame: trade(`"price":-1,${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price zero', frame: trade(`"price":0,${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price 1e400', frame: trade(`"price":1e400,${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price 1e99999999999', frame: trade(`"price":1e99999999999,${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price 1e-320', frame: trade(`"price":1e-320,${GOOD_AMOUNT}`), category: 'precision' },
  { name: 'price of 400 digits', frame: trade(`"price":${'9'.repeat(400)},${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price 2^53+1', frame: trade(`"price":9007199254740993,${GOOD_AMOUNT}`), category: 'range' },
  { name: 'price one over the top', frame: trade(`"price":"9000000000001",${GOOD_AMOUNT}`), category: 'range' },
  {
    name: 'price of 19 decimals',
    frame: trade(`"price":"0.1234567890123456789",${GOOD_AMOUNT}`),
    category: 'precision',
  },
  { name: 'duplicate price', frame: trade(`"price":"1","price":"1",${GOOD_AMOUNT}`), category: 'shape' },
  {
    name: 'duplicate symbol',
    frame: trade(`"price":"1",${GOOD_AMOUNT},"symbol":"OTHER"`),
    category: 'shape',
  },
  { name: 'side unheard of', frame: trade(`"price":"1",${GOOD_AMOUNT},"side":"up"`), category: 'type' },
  { name: 'list bomb', frame: deep('[', ']', 100_000), category: ['shape', 'syntax', 'range', 'too-large'] },
  {
    name: 'object bomb in a field',
    frame: trade(`"price":"1",${GOOD_AMOUNT},"x":${deep('{"a":', '}', 50_000).replace('}', '1}')}`),
    category: ['shape', 'syntax', 'range', 'too-large'],
  },
  {
    name: 'good message before a bad one',
    frame: `[${trade('"price":"5","amount":"1"')},${trade('"price":"x","amount":"1"')}]`,
    category: ['type', 'shape'],
  },
  {
    name: 'wrapper with a bad message',
    frame: `{"seq":1,"messages":[${trade('"price":"5","amount":"1"')},7]}`,
    category: 'shape',
  },
  {
    name: 'lone surrogate as symbol',
    frame: '{"type":"trade","exchange":"test","symbol":"\\ud800","timestamp":1,"price":"1","amount":"1"}',
    category: 'shape',
  },
  {
    name: 'bad UTF-8 as symbol',
    frame: latin('{"type":"trade","exchange":"test","symbol":"\xff\xfe","timestamp":1,"price":"1","amount":"1"}'),
    category: ['shape', 'syntax'],
  },
  {
    name: 'surrogate in UTF-8 as symbol',
    frame: latin('{"type":"trade","exchange":"test","symbol":"\xed\xa0\x80","timestamp":1,"price":"1","amount":"1"}'),
    category: ['shape', 'syntax'],
  },
  {
    name: 'quote as symbol',
    frame: '{"type":"trade","exchange":"test","symbol":"a\\"b","timestamp":1,"price":"1","amount":"1"}',
    category: 'shape',
  },
  {
    name: 'symbol of 81 bytes',
    frame: `{"type":"trade","exchange":"test","symbol":"${'a'.repeat(81)}","timestamp":1,"price":"1","amount":"1"}`,
    category: 'shape',
  },
  {
    name: 'empty symbol',
    frame: '{"type":"trade","exchange":"test","symbol":"","timestamp":1,"price":"1","amount":"1"}',
    category: 'shape',
  },
  {
    name: 'a level that is no level',
    frame:
      '{"type":"book_change","exchange":"test","symbol":"GOOD","timestamp":1,"isSnapshot":true,"bids":[{"price":"1","amount":"1"},3],"asks":[]}',
    category: ['type', 'shape'],
  },
];

const snapshotText = (symbol: string): string =>
  `{"snapshot":{"symbol":"${symbol}","lastUpdateId":100,"bids":[["10.0","1"]],"asks":[["11.0","1"]]}}`;
const binanceTrade = (id: number, price = '"10.5"'): string =>
  `{"e":"trade","E":1767225600000,"s":"BTCUSDT","t":${id},"p":${price},"q":"1","T":1767225600000,"m":true,"M":true}`;

const DIALECT_CASES: Readonly<Record<string, readonly Case[]>> = {
  binance: [
    { name: 'truncated', frame: binanceTrade(1).slice(0, 60), category: 'syntax' },
    { name: 'price a number', frame: binanceTrade(1, '10.5'), category: 'type' },
    { name: 'price 1e400', frame: binanceTrade(1, '"1e400"'), category: ['range', 'type', 'shape'] },
    { name: 'price of 400 digits', frame: binanceTrade(1, `"${'9'.repeat(400)}"`), category: 'range' },
    { name: 'price of 19 decimals', frame: binanceTrade(1, '"0.1234567890123456789"'), category: 'precision' },
    { name: 'trade id over 2^53', frame: binanceTrade(1).replace('"t":1', '"t":9007199254740993'), category: 'range' },
    { name: 'no symbol', frame: binanceTrade(1).replace('"s":"BTCUSDT",', ''), category: 'missing-field' },
    { name: 'a bare number', frame: '[1', category: 'syntax' },
    { name: 'noise', frame: bytes(1, 2, 3), category: 'syntax' },
  ],
  kraken: [
    { name: 'truncated', frame: '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD"', category: 'syntax' },
    { name: 'data a number', frame: '{"channel":"book","type":"snapshot","data":1}', category: 'type' },
    {
      name: 'quantity text of letters',
      frame:
        '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1,"qty":"x","ord_type":"limit","trade_id":1,"timestamp":"2026-01-01T00:00:00Z"}]}',
      category: ['type', 'shape'],
    },
    { name: 'noise', frame: bytes(0xff), category: 'syntax' },
  ],
  coinbase: [
    { name: 'truncated', frame: '{"channel":"l2_data","sequence_num":0,"events":[{', category: 'syntax' },
    {
      name: 'events an object',
      frame: '{"channel":"l2_data","client_id":"","timestamp":"2026-01-01T00:00:00Z","sequence_num":0,"events":{}}',
      category: 'type',
    },
    { name: 'noise', frame: bytes(0xff), category: 'syntax' },
  ],
  flatbuffers: [
    { name: 'empty', frame: bytes(), category: 'syntax' },
    { name: 'text', frame: '{"type":"trade"}', category: ['syntax', 'shape'] },
    {
      name: 'another file identifier',
      frame: bytes(16, 0, 0, 0, 77, 82, 66, 50, 0, 0, 0, 0, 0, 0, 0, 0),
      category: 'syntax',
    },
    {
      name: 'a root that points outside',
      frame: bytes(255, 255, 255, 127, 77, 82, 66, 49, 0, 0, 0, 0, 0, 0, 0, 0),
      category: 'shape',
    },
  ],
};

const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
];

/** Own and inherited shape of what pollution would change. */
function prototypes(): string {
  const of = (value: object): string[] => Object.getOwnPropertyNames(value).sort();
  return JSON.stringify([of(Object.prototype), of(Array.prototype), of(Function.prototype), Object.keys({})]);
}

type Stats = { readonly total: { readonly rejected: Readonly<Record<string, number>> } };

/** Sends every case with a good frame before and behind it; fails with all cases that came to something else. */
async function sendCases(
  engine: LiveEngine,
  socket: Client,
  cases: readonly Case[],
  good: (n: number) => string | Uint8Array,
): Promise<void> {
  const faults: string[] = [];
  for (const [index, each] of cases.entries()) {
    const { rejected: before } = (await engine.get<Stats>('/v1/stats')).total;
    const frames = engine.ingress('frames');
    const applied = engine.ingress('applied');
    socket.send(good(2 * index));
    socket.send(each.frame);
    socket.send(good(2 * index + 1));
    await engine.taken(frames + 3);
    const { rejected } = (await engine.get<Stats>('/v1/stats')).total;
    const grown = Object.keys(rejected).filter((category) => rejected[category] !== (before[category] ?? 0));
    const expected = typeof each.category === 'string' ? [each.category] : each.category;
    const isRight = grown.length === 1 && expected.includes(grown[0]);
    const isOnce = isRight && rejected[grown[0]] === (before[grown[0]] ?? 0) + 1;
    if (!isOnce) faults.push(`${each.name}: expected one of ${expected}, was ${grown.join(' and ') || 'no rejection'}`);
    const neighbours = engine.ingress('applied') - applied;
    if (neighbours !== 2) faults.push(`${each.name}: expected both neighbours applied, was ${neighbours} frames`);
    assert.ok(socket.isOpen, `${each.name}: the connection stays`);
  }
  assert.deepEqual(faults, []);
}

describe('malformed input', () => {
  let engine: LiveEngine;
  before(async () => {
    engine = await LiveEngine.start();
  });
  after(() => engine.stop());

  test('gets a category each, and the frames around it are applied', async () => {
    const socket = await engine.producer('json');
    await sendCases(engine, socket, JSON_CASES, (n) => trade(`"price":"1","amount":"1","id":${n}`));
    const trades = 2 * JSON_CASES.length;
    await eventually('every good trade', async () => {
      const { markets } = await engine.get<{ markets: Record<string, { trades: number }> }>('/v1/stats');
      return markets['test:GOOD'].trades === trades;
    });
    const bars = await engine.get<{ high: string; trades: number }[]>('/v1/bars/test%3AGOOD?kind=1m');
    assert.deepEqual(
      bars.map(({ high, trades: count }) => [high, count]),
      [['1', trades]],
      'and none from a bad frame',
    );
    assert.equal(engine.ingress('internal'), 0);
    const names = (await engine.get<{ market: string }[]>('/v1/markets')).map(({ market }) => market);
    assert.deepEqual(names, ['test:GOOD'], 'no market began with a bad frame');
    await socket.close();
  });

  for (const [dialect, cases] of Object.entries(DIALECT_CASES)) {
    test(`gets a category each on a ${dialect} socket`, async () => {
      const socket = await engine.producer(dialect);
      const good: Readonly<Record<string, (n: number) => string>> = {
        binance: (n) => binanceTrade(1000 + n),
        kraken: (n) =>
          `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1,"qty":1,"ord_type":"limit","trade_id":${n + 1},"timestamp":"2026-01-01T00:00:00Z"}]}`,
        coinbase: (n) =>
          `{"channel":"market_trades","client_id":"","timestamp":"2026-01-01T00:00:00Z","sequence_num":${n},"events":[{"type":"update","trades":[{"trade_id":"${n + 1}","product_id":"BTC-USD","price":"1","size":"1","side":"BUY","time":"2026-01-01T00:00:00Z"}]}]}`,
      };
      const emptyBatch = bytes(12, 0, 0, 0, 77, 82, 66, 49, 4, 0, 4, 0, 4, 0, 0, 0);
      await sendCases(engine, socket, cases, good[dialect] ?? (() => emptyBatch));
      await socket.close();
    });
  }

  test('is answered at most once a second per category, and the counts add up', async () => {
    const socket = await engine.producer('json');
    const frames = engine.ingress('frames');
    const sentAtMs = performance.now();
    for (let i = 0; i < 50; i++) socket.send('{');
    for (let i = 0; i < 30; i++) socket.send('7');
    await engine.taken(frames + 80);
    const sum = (category: string): number =>
      socket.received
        .filter((each) => each['category'] === category)
        .reduce((total, each) => total + Number(each['count']), 0);
    await eventually('answers for all', () => sum('syntax') === 50 && sum('shape') === 30);
    for (const message of socket.received) {
      assert.deepEqual(Object.keys(message), ['op', 'category', 'message', 'count']);
      assert.equal(message['op'], 'error');
      assert.equal(typeof message['message'], 'string');
    }
    assert.deepEqual(
      socket.received.slice(0, 1).map((each) => each['count']),
      [1],
      'the first is answered at once',
    );
    const seconds = Math.ceil((performance.now() - sentAtMs) / 1000);
    assert.ok(socket.received.filter((each) => each['category'] === 'syntax').length <= seconds + 1);
    await socket.close();
  });

  test('with names of the prototype changes no object, as key, symbol or venue', async () => {
    const shapes = prototypes();
    const json = await engine.producer('json');
    const binance = await engine.producer('binance');
    const subscriber = await engine.subscriber();
    let frames = engine.ingress('frames');
    for (const name of PROTOTYPE_NAMES) {
      const venueAndSymbol = `"exchange":"${name}","symbol":"${name}","timestamp":1767225600000`;
      json.send(`{"type":"trade",${venueAndSymbol},"price":"1","amount":"1","${name}":{"polluted":1}}`);
      json.send(`{"type":"${name}",${venueAndSymbol}}`);
      json.send(
        `{"${name}":{"type":"trade"},"type":"book_change",${venueAndSymbol},"bids":[],"asks":[],"isSnapshot":true}`,
      );
      binance.send(snapshotText(name));
      binance.send(`{"stream":"${name}@trade","data":{"e":"${name}","s":"${name}"}}`);
      binance.send(`{"e":"trade","E":1,"s":"${name}","t":1,"p":"1","q":"1","T":1,"m":true,"${name}":1}`);
      subscriber.send({ op: 'subscribe', id: name, args: [`book.${name}:${name}`, name, `${name}.*`] });
      subscriber.send(`{"op":"${name}","args":["x"],"${name}":1}`);
      frames += 6;
    }
    await engine.taken(frames);
    await eventually('answers', () => subscriber.received.length >= 2 * PROTOTYPE_NAMES.length);
    for (const name of PROTOTYPE_NAMES) {
      const market = `${name}:${name}`;
      await eventually(`${market} as any other market`, async () => {
        const { markets } = await engine.get<{ markets: Record<string, { trades: number }> }>('/v1/stats');
        return Object.entries(markets).some(([key, row]) => key === market && row.trades === 1);
      });
      const book = await engine.get(`/v1/book/${encodeURIComponent(market)}`);
      assert.deepEqual([book['market'], book['state']], [market, 'live']);
    }
    for (const path of ['/metrics', '/v1/markets', '/v1/latency', '/openapi.json', '/health']) {
      assert.equal((await engine.text(path)).status, 200, path);
    }
    for (const name of PROTOTYPE_NAMES) assert.equal((await engine.text(`/v1/latency/${name}.hgrm`)).status, 404, name);
    assert.equal(prototypes(), shapes);
    assert.equal(engine.ingress('internal'), 0);
    for (const socket of [json, binance, subscriber]) await socket.close();
  });

  test('over the cap of the dialect is too large, over 64 MiB closes the connection', async () => {
    const cap = PAYLOAD_BYTES_MAX['kraken'];
    const socket = await engine.producer('kraken');
    const frames = engine.ingress('frames');
    socket.send(Buffer.alloc(cap + 1, 0x20));
    const answer = await socket.next('too-large', (message) => message['category'] === 'too-large');
    assert.equal(answer['count'], 1);
    socket.send('{"channel":"heartbeat"}');
    await engine.taken(frames + 2);
    assert.ok(socket.isOpen);
    socket.send(Buffer.alloc(PAYLOAD_BYTES_HARD_MAX + 1, 0x20));
    await socket.closed;
    assert.equal(engine.ingress('frames'), frames + 2, 'uWebSockets.js closes before any handler');
    const other = await engine.producer('json');
    other.send(trade('"price":"1","amount":"1","id":"after"'));
    await engine.taken(frames + 3);
    await other.close();
  });

  test('every beginning of a good frame is refused with a reason, alone and behind others', async () => {
    const goldens = {
      binance: 'binance-1',
      'binance-futures': 'binance-futures-2',
      coinbase: 'coinbase-4',
      kraken: 'kraken-3',
      json: 'json-5',
    };
    for (const [dialect, name] of Object.entries(goldens)) {
      const lines = readFileSync(new URL(`../golden/${name}.ndjson`, import.meta.url), 'utf8').split('\n');
      const texts = lines.flatMap((line) => {
        const { k, d } = JSON.parse(line === '' ? '{}' : line) as { k?: string; d?: string };
        return k === 'recv' && d !== undefined && d.length < 700 ? [Buffer.from(d)] : [];
      });
      const frames = [...texts.slice(0, 6), ...texts.slice(-6)].flatMap((text) =>
        Array.from({ length: text.length }, (_, length) => text.subarray(0, length)),
      );
      // One write: many frames lie in one receive buffer, the next one's bytes right behind the cut.
      const socket = await openFrameSocket(engine.engine.ingestPort, `/ingest/${dialect}`);
      const [before, syntax] = [engine.ingress('frames'), engine.ingress('syntax')];
      await write(socket, Buffer.concat(frames.map((frame) => wireFrame(frame))));
      await engine.taken(before + frames.length);
      assert.equal(engine.ingress('syntax') - syntax, frames.length, `${dialect}: a cut text is no JSON`);
      assert.equal(engine.ingress('internal'), 0, dialect);
      socket.destroy();
    }
  });

  test('fuzzed from good frames is never internal', async () => {
    const socket = await engine.producer('binance');
    const seed = Buffer.from(binanceTrade(5));
    const frames = engine.ingress('frames');
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state % below;
    };
    for (let i = 0; i < 3000; i++) {
      const frame = Buffer.from(seed);
      for (let change = random(4); change >= 0; change--) frame[random(frame.length)] = random(256);
      socket.send(frame.subarray(0, random(4) === 0 ? random(frame.length) : frame.length));
    }
    await engine.taken(frames + 3000);
    assert.equal(engine.ingress('internal'), 0);
    assert.ok(socket.isOpen);
    await socket.close();
  });
});

test('a market beyond the limit is unknown, and nothing of its frame stays', async (t) => {
  const engine = await LiveEngine.start({ marketsMax: 2 });
  t.after(() => engine.stop());
  const socket = await engine.producer('json');
  const of = (symbol: string): string =>
    `{"type":"trade","exchange":"test","symbol":"${symbol}","timestamp":1767225600000,"price":"1","amount":"1"}`;
  socket.send(of('A'));
  socket.send(`[${of('A')},${of('B')},${of('C')}]`);
  socket.send(of('B'));
  socket.send(of('C'));
  socket.send(of('A'));
  await engine.taken(5);
  const answer = await socket.next('unknown-market', (message) => message['category'] === 'unknown-market');
  assert.equal(answer['op'], 'error');
  assert.equal(engine.ingress('unknown-market'), 2);
  const stats = await eventually('both markets', async () => {
    const { markets } = await engine.get<{ markets: Record<string, { trades: number }> }>('/v1/stats');
    return markets['test:A']?.trades === 2 && markets['test:B']?.trades === 1 ? markets : null;
  });
  assert.deepEqual(Object.keys(stats).sort(), ['test:A', 'test:B']);
  await socket.close();
});

test('a million malformed frames cost no memory and none is internal', async (t) => {
  const engine = await LiveEngine.start();
  t.after(() => engine.stop());
  const bad: readonly (string | Uint8Array)[] = [
    ...JSON_CASES.filter(({ frame }) => frame.length < 500).map(({ frame }) => frame),
    trade('"price":"x","amount":"1"'),
  ];
  const burst = Buffer.concat(
    bad.map((frame) => (typeof frame === 'string' ? wireFrame(Buffer.from(frame)) : wireFrame(frame, true))),
  );
  const repeats = Math.ceil(4096 / bad.length);
  const block = Buffer.concat(Array.from({ length: repeats }, () => burst));
  const blockFrames = repeats * bad.length;
  const socket = await openFrameSocket(engine.engine.ingestPort, '/ingest/json');
  let sent = 0;
  const flood = async (frames: number): Promise<void> => {
    for (const end = sent + frames; sent < end; sent += blockFrames) await write(socket, block);
    await engine.taken(sent);
  };
  const settledRss = async (): Promise<number> => {
    // The least of several looks: what a collection or the kernel is about to give back does not count.
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 10; look++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 30));
      least = Math.min(least, process.memoryUsage.rss());
    }
    return least;
  };
  await flood(100_000);
  const warm = sent;
  let grownMb = Number.POSITIVE_INFINITY;
  // A leak grows with each million; what a thread holds for a while only with one of them.
  for (let round = 0; round < 4 && grownMb >= 20; round++) {
    const before = await settledRss();
    await flood(1_000_000);
    grownMb = ((await settledRss()) - before) / 1048576;
  }
  assert.ok(sent - warm >= 1_000_000);
  assert.ok(grownMb < 20, `expected growth under 20 MB, was ${grownMb.toFixed(1)} MB`);
  const { rejected } = (await engine.get<{ total: { rejected: Record<string, number> } }>('/v1/stats')).total;
  assert.equal(rejected['internal'], undefined);
  assert.equal(
    Object.values(rejected).reduce((sum, count) => sum + count, 0),
    sent,
    'every frame has its reason',
  );
  assert.deepEqual(await engine.get('/v1/markets'), []);
  socket.destroy();
});
