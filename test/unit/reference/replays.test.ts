// What the referee makes of frames, venue by venue: hand-made inputs with known answers.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { crc32 } from '../../support/reference/crc32.ts';
import { type ReplayOptions, type ReplayResult, referenceReplay } from '../../support/reference/replay.ts';
import { emaCross } from '../../support/reference/signals.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-reference-'));
after(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
function writeLines(lines: unknown[]): string {
  fileCount += 1;
  const file = join(folder, `${fileCount}.ndjson`);
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return file;
}

function replay(venue: string, lines: unknown[], options: Partial<ReplayOptions> = {}): ReplayResult {
  return referenceReplay([writeLines(lines)], { venue, ...options });
}

const recv = (t: number, frame: unknown): object => ({ k: 'recv', t, d: JSON.stringify(frame) });

const depth = (U: number, u: number, b: string[][] = [], a: string[][] = [], more: object = {}): object => ({
  e: 'depthUpdate',
  E: 1,
  s: 'X',
  U,
  u,
  b,
  a,
  ...more,
});
const snapshot = (id: number, bid = '10', ask = '11'): object => ({
  k: 'http',
  t: 1,
  u: 'https://x/depth?symbol=X&limit=1000',
  d: JSON.stringify({ lastUpdateId: id, bids: [[bid, '1']], asks: [[ask, '1']] }),
});

describe('Binance book rule', () => {
  const run = (lines: unknown[], venue = 'binance') => {
    const { state, reason, seq, venueSequence, gaps, resyncs } = replay(venue, lines).markets[`${venue}:X`];
    return [state, reason, seq, venueSequence, gaps, resyncs];
  };
  const cases: [string, unknown[], unknown[]][] = [
    ['waits for a snapshot', [depth(1, 2)], ['syncing', 'no-snapshot', 0, null, 0, 0]],
    ['joins inside an event', [depth(1, 2), depth(3, 6), snapshot(4)], ['live', null, 2, 6, 0, 0]],
    ['joins at the exact fit', [depth(1, 4), depth(5, 6), snapshot(4)], ['live', null, 2, 6, 0, 0]],
    ['refuses a snapshot that is too old', [depth(9, 9), snapshot(4)], ['syncing', 'no-snapshot', 0, null, 0, 0]],
    ['takes a newer one after that', [depth(9, 9), snapshot(4), snapshot(8)], ['live', null, 2, 9, 0, 0]],
    ['checks the first later event', [snapshot(4), depth(6, 7)], ['resyncing', 'gap', 1, 4, 1, 0]],
    ['leaves repeats out', [snapshot(4), depth(5, 6), depth(5, 6), depth(7, 7)], ['live', null, 3, 7, 0, 0]],
    [
      'resyncs after a gap, the breaking event kept',
      [snapshot(4), depth(5, 5), depth(8, 9), depth(10, 10), snapshot(7)],
      ['live', null, 5, 10, 1, 1],
    ],
    ['ignores an older snapshot while live', [snapshot(4), depth(5, 9), snapshot(8)], ['live', null, 2, 9, 0, 0]],
    ['marks a crossed book', [snapshot(4), depth(5, 5, [['12', '1']])], ['suspect', 'crossed', 2, 5, 0, 0]],
    [
      'keeps a crossed book suspect until a snapshot',
      [snapshot(4), depth(5, 5, [['12', '1']]), depth(6, 6, [['12', '0.000']])],
      ['suspect', 'crossed', 3, 6, 0, 0],
    ],
    [
      'counts a change without levels, and a locked book is live',
      [snapshot(4, '11'), depth(5, 5)],
      ['live', null, 2, 5, 0, 0],
    ],
  ];
  for (const [name, lines, expected] of cases) it(`spot: ${name}`, () => assert.deepEqual(run(lines), expected));

  const futures: [string, unknown[], unknown[]][] = [
    ['joins around the snapshot', [depth(1, 5, [], [], { pu: 0 }), snapshot(3)], ['live', null, 2, 5, 0, 0]],
    ['joins where only pu reaches back', [snapshot(5), depth(9, 12, [], [], { pu: 4 })], ['live', null, 2, 12, 0, 0]],
    [
      'follows pu, not U',
      [snapshot(5), depth(4, 6, [], [], { pu: 3 }), depth(20, 21, [], [], { pu: 6 })],
      ['live', null, 3, 21, 0, 0],
    ],
    [
      'breaks where pu does not match',
      [snapshot(5), depth(4, 6, [], [], { pu: 3 }), depth(7, 8, [], [], { pu: 7 })],
      ['resyncing', 'gap', 2, 6, 1, 0],
    ],
  ];
  for (const [name, lines, expected] of futures) {
    it(`USD-M: ${name}`, () => assert.deepEqual(run(lines, 'binance-futures'), expected));
  }
});

describe('counting frames', () => {
  it('puts every frame in one class', () => {
    const noSymbol = { ...snapshot(4), u: 'REST' };
    const other = { ...depth(1, 2), s: 'Y' };
    const lines = [
      { k: 'open', t: 1, u: 'wss://x' },
      { k: 'send', t: 1, d: '{}' },
      recv(1, depth(1, 2)),
      recv(1, other),
    ];
    const more = [
      noSymbol,
      { k: 'http', t: 1, u: 'x', d: '[]' },
      recv(1, { result: null, id: 1 }),
      recv(1, { e: 'new' }),
    ];
    const bad = ['{"e":', recv(1, { e: 'depthUpdate', s: 'X', U: 1 }), recv(1, depth(3, 3, [['1', '-1']])), '7'];
    const { hash: _, markets, ...counts } = replay('binance', [...lines, ...more, ...bad]);
    const rejected = { 'snapshot-unplaced': 1, syntax: 1, 'missing-field': 1, range: 1, shape: 1 };
    assert.deepEqual(counts, { frames: 10, applied: 2, control: 1, ignored: 1, unknown: 1, rejected });
    assert.deepEqual(Object.keys(markets), ['binance:X', 'binance:Y']);
  });

  it('places a snapshot without a symbol at the only market, and hashes every level whatever the depth', () => {
    const lines = [{ ...snapshot(4), u: 'REST' }, recv(1, depth(5, 5, [['9', '2']]))];
    const whole = replay('binance', lines);
    const cut = replay('binance', lines, { depth: 1 });
    assert.deepEqual(whole.markets['binance:X'].bids, [
      ['10', '1'],
      ['9', '2'],
    ]);
    assert.deepEqual(cut.markets['binance:X'].bids, [['10', '1']]);
    assert.equal(cut.hash, whole.hash);
    assert.equal(whole.hash, createHash('sha256').update(JSON.stringify(whole.markets)).digest('hex'));
  });

  it('merges files by time, and lets tests drop and rewrite frames', () => {
    const first = writeLines([recv(1, depth(5, 5)), recv(5, depth(7, 7))]);
    const second = writeLines([snapshot(4), recv(3, depth(6, 6))]);
    const seen: number[] = [];
    const result = referenceReplay([second, first], {
      venue: 'binance',
      keepFrame: (text) => !text.includes('"u":7'),
      mapFrame: (text, index) => {
        seen.push(index);
        return text;
      },
    });
    assert.equal(result.markets['binance:X'].venueSequence, 6);
    assert.deepEqual(seen, [0, 1]);
  });
});

describe('trades and bars', () => {
  const SECOND = 1_000_000;
  const trade = (t: number, T: number, p = '10', q = '1', more: object = {}): object => ({
    e: 'trade',
    s: 'X',
    t,
    p,
    q,
    T: T / 1000,
    m: false,
    ...more,
  });
  const at = (seconds: number): number => 1_700_000_000 * SECOND + seconds * SECOND;
  const bars = (lines: unknown[], kind = '1s') =>
    replay('binance', lines, { bars: [kind] }).markets['binance:X'].bars[kind].map((bar) => [
      bar.startTimestamp.slice(17, 19),
      bar.open,
      bar.close,
      bar.volume,
      bar.revision,
      bar.completeness,
      bar.isFinal,
    ]);
  const of = (receive: number, id: number, time: number, p?: string) => recv(at(receive), trade(id, at(time), p));

  it('forms a bar, leaves empty intervals out and keeps the last one open', () => {
    assert.deepEqual(bars([of(0.2, 1, 0.1, '10'), of(0.3, 2, 0.2, '12'), of(3.1, 3, 3)]), [
      ['20', '10', '12', '2', 0, 'partial', true],
      ['23', '10', '10', '1', 0, 'complete', false],
    ]);
  });

  it('is complete from the first bar where a trade stands exactly at its start', () => {
    assert.equal(bars([of(0.2, 1, 0)])[0][5], 'complete');
  });

  it('closes by the clock of another frame, without a trade', () => {
    assert.equal(bars([of(0.2, 1, 0.1), recv(at(0.999), { id: 1, result: null })])[0][6], false);
    assert.equal(bars([of(0.2, 1, 0.1), recv(at(1), { id: 1, result: null })])[0][6], true);
  });

  it('revises a closed bar within ten seconds, open and close by exchange time', () => {
    assert.deepEqual(bars([of(0.2, 1, 0.5, '10'), of(1.2, 2, 1.1), of(2, 3, 0.2, '7')])[0].slice(1, 5), [
      '7',
      '10',
      '2',
      1,
    ]);
  });

  it('creates a late bar in time order at revision 0', () => {
    assert.deepEqual(bars([of(0.2, 1, 0.5), of(3.2, 2, 3.1), of(3.3, 3, 1.1)]), [
      ['20', '10', '10', '1', 0, 'partial', true],
      ['21', '10', '10', '1', 0, 'complete', true],
      ['23', '10', '10', '1', 0, 'complete', false],
    ]);
  });

  it('takes a trade just ten seconds late, and counts a later one without a bar', () => {
    assert.equal(bars([of(0.2, 1, 0.5), of(11.099, 2, 0.6)])[0][4], 1);
    const lines = [of(0.2, 1, 0.5), of(11.1, 2, 0.6)];
    assert.equal(bars(lines)[0][4], 0);
    assert.equal(replay('binance', lines).markets['binance:X'].trades, 2);
  });

  it('follows exchange time alone where files have no receive time', () => {
    const lines = [trade(1, at(0.5)), trade(2, at(1.5)), trade(3, at(0.6)), trade(4, at(30)), trade(5, at(0.7))];
    assert.deepEqual(
      bars(lines).map((bar) => [bar[0], bar[3], bar[4]]),
      [
        ['20', '2', 1],
        ['21', '1', 0],
        ['50', '1', 0],
      ],
    );
    const [bar] = replay('binance', lines).markets['binance:X'].bars['1s'];
    assert.equal(bar.localTimestamp, '2023-11-14T22:13:20.600000Z');
  });

  it('leaves out repeats, other channels and trades that are none of the market', () => {
    const aggregate = { e: 'aggTrade', s: 'X', a: 9, f: 1, l: 3, p: '1', q: '1', T: at(0.1) / 1000, m: true };
    const insurance = trade(2, at(0.2), '99', '1', { X: 'INSURANCE_FUND' });
    const market = replay('binance', [trade(1, at(0)), trade(1, at(0)), aggregate, insurance]).markets['binance:X'];
    assert.deepEqual([market.trades, market.signals['cvd'].value], [1, 1]);
    const matches = replay('binance', [aggregate]).markets['binance:X'];
    assert.deepEqual([matches.trades, matches.signals['cvd'].value, matches.bars['1m'][0].trades], [3, -1, 3]);
  });

  it('sums exactly and writes the fields in the order of INTERFACES', () => {
    const lines = [
      recv(at(0.5), trade(1, at(0), '0.1', '0.2')),
      recv(at(0.6), trade(2, at(0.1), '0.2', '0.1', { m: true })),
    ];
    const [bar] = replay('binance', lines).markets['binance:X'].bars['1m'];
    assert.equal(
      Object.keys(bar).join(' '),
      'type exchange symbol name kind interval startTimestamp openTimestamp closeTimestamp timestamp localTimestamp open high low close volume buyVolume sellVolume trades vwap notional revision completeness isFinal delta spreadHigh spreadLow state',
    );
    assert.deepEqual(
      [bar.volume, bar.buyVolume, bar.sellVolume, bar.notional, bar.vwap, bar.localTimestamp, bar.interval],
      ['0.3', '0.2', '0.1', '0.04', '0.133333333333333333', '2023-11-14T22:13:20.600000Z', 60_000],
    );
  });
});

describe('signals', () => {
  it('needs a live book with both sides', () => {
    const live = replay('binance', [snapshot(4), depth(5, 5, [['10', '3']])]).markets['binance:X'].signals;
    assert.deepEqual(Object.keys(live), ['imbalance', 'microprice', 'cvd', 'ema-cross']);
    assert.deepEqual(live['imbalance'], { value: 0.5, isWarm: true });
    assert.deepEqual(live['microprice'], { value: 10.75, isWarm: true });
    const broken = replay('binance', [snapshot(4), depth(9, 9)]).markets['binance:X'].signals;
    assert.deepEqual(broken['imbalance'], { value: null, isWarm: false });
    assert.deepEqual(broken['microprice'], { value: null, isWarm: false });
  });

  it('is warm from 26 closes on, each average seeded with its own mean', () => {
    const closes = Array.from({ length: 26 }, (_, index) => index + 1);
    assert.deepEqual(emaCross(closes.slice(1)), { value: null, isWarm: false });
    // On a straight line an average over N lags by (N - 1) / 2: by 12.5 and by 5.5.
    assert.ok(Math.abs((emaCross(closes).value ?? 0) - 7) < 1e-9);
  });
});

describe('Coinbase', () => {
  const frame = (sequence_num: number, channel: string, ...events: object[]) => ({ channel, sequence_num, events });
  const book = (type: string, product_id: string, ...updates: string[][]) => ({
    type,
    product_id,
    updates: updates.map(([side, price_level, new_quantity]) => ({ side, price_level, new_quantity })),
  });
  const both = [
    book('snapshot', 'A', ['bid', '10', '1'], ['offer', '11', '1']),
    book('snapshot', 'B', ['bid', '5', '1']),
  ];

  it('breaks every book of the connection at a jump and heals with the next snapshot', () => {
    const lines = [frame(0, 'l2_data', ...both), frame(1, 'heartbeats'), frame(4, 'l2_data', both[1])];
    const { markets, control } = replay('coinbase', lines);
    const state = (name: string) => [
      markets[name].state,
      markets[name].reason,
      markets[name].gaps,
      markets[name].resyncs,
    ];
    assert.deepEqual(state('coinbase:A'), ['resyncing', 'gap', 1, 0]);
    assert.deepEqual(state('coinbase:B'), ['live', null, 1, 1]);
    assert.equal(control, 1);
    assert.deepEqual(markets['coinbase:A'].bids, [['10', '1']]);
  });

  it('leaves old frames out whole, and keeps connections apart', () => {
    const update = frame(0, 'l2_data', book('update', 'A', ['offer', '11', '0.000']));
    const lines = [frame(0, 'l2_data', ...both), update].map((d) => ({ src: 'one', d: JSON.stringify(d) }));
    const result = replay('coinbase', [...lines, { src: 'two', d: JSON.stringify(frame(9, 'heartbeats')) }]);
    assert.deepEqual([result.applied, result.markets['coinbase:A'].seq, result.markets['coinbase:A'].gaps], [2, 1, 0]);
  });

  it('puts the trades of a frame in order, inverts the maker side, marks the bar of a loss', () => {
    const trade = (trade_id: string, price: string, time: string) => ({
      product_id: 'A',
      trade_id,
      price,
      size: '1',
      side: 'BUY',
      time: `2026-08-09T21:00:${time}Z`,
    });
    const lines = [
      frame(0, 'market_trades', { type: 'snapshot', trades: [trade('2', '12', '00'), trade('1', '11', '00')] }),
      frame(1, 'market_trades', { type: 'update', trades: [trade('2', '12', '00')] }),
      frame(5, 'market_trades', { type: 'update', trades: [trade('9', '13', '01')] }),
    ];
    const market = replay('coinbase', lines, { bars: ['1s', '1m'] }).markets['coinbase:A'];
    const [minute] = market.bars['1m'];
    assert.deepEqual([minute.open, minute.close, minute.sellVolume, minute.completeness], ['11', '13', '3', 'gap']);
    assert.deepEqual([market.trades, market.signals['cvd'].value], [3, -3]);
    assert.deepEqual(
      market.bars['1s'].map((bar) => bar.completeness),
      ['gap', 'gap'],
    );
  });
});

describe('Kraken', () => {
  const sum = (asks: string, bids: string): string => String(crc32(asks + bids));

  it('v1: cuts to the depth, checks after the frame, stops at a mismatch until a snapshot', () => {
    const start = [1, { as: [['2.0', '1.0', '1']], bs: [['1.0', '1.0', '1']] }, 'book-1', 'XBT/USD'];
    const cut = [1, { a: [['1.9', '3.0', '1']], c: sum('1930', '1010') }, 'book-1', 'XBT/USD'];
    const two = [1, { a: [['1.9', '0.0', '1']] }, { b: [['1.5', '2.0', '1', 'r']], c: '1' }, 'book-1', 'XBT/USD'];
    const good = replay('kraken', [start, cut]).markets['kraken:XBT/USD'];
    assert.deepEqual([good.state, good.seq, good.checksums, good.asks], ['live', 2, { ok: 1, bad: 0 }, [['1.9', '3']]]);
    const bad = replay('kraken', [start, cut, two, cut]).markets['kraken:XBT/USD'];
    assert.deepEqual([bad.state, bad.reason, bad.seq, bad.checksums], ['resyncing', 'checksum', 3, { ok: 1, bad: 1 }]);
    const healed = replay('kraken', [start, cut, two, cut, start]).markets['kraken:XBT/USD'];
    assert.deepEqual([healed.state, healed.reason, healed.resyncs, healed.gaps], ['live', null, 1, 0]);
  });

  it('v2: reads digits as sent and the depth from the acknowledgement', () => {
    const ack = '{"method":"subscribe","result":{"channel":"book","depth":1,"symbol":"A/B"},"success":true}';
    const data = '"asks":[{"price":2.50,"qty":1.00},{"price":2.60,"qty":1.00}],"bids":[{"price":1e-08,"qty":5.0}]';
    const frame = `{"channel":"book","type":"snapshot","data":[{"symbol":"A/B",${data},"checksum":${sum('250100', '150')}}]}`;
    const market = replay('kraken', [ack, frame]).markets['kraken:A/B'];
    assert.deepEqual(
      [market.checksums.ok, market.levels, market.bids],
      [1, { bids: 1, asks: 1 }, [['0.00000001', '5']]],
    );
  });
});

describe('OKX', () => {
  const change = (action: string, previous: number, sequence: number, bids: string[][]): object => ({
    arg: { channel: 'books', instId: 'A-B' },
    action,
    data: [{ asks: [['9', '1', '0', '1']], bids, ts: '1000', checksum: 0, seqId: sequence, prevSeqId: previous }],
  });
  const snapshot = change('snapshot', -1, 10, [['8', '1', '0', '1']]);

  it('follows the official run of numbers, its keep-alive and its counter set back', () => {
    const run = [[10, 15] as const, [15, 15] as const, [15, 3] as const, [3, 5] as const];
    const changes = run.map(([previous, sequence]) => change('update', previous, sequence, []));
    const market = replay('okx', [snapshot, ...changes]).markets['okx:A-B'];
    assert.deepEqual([market.state, market.seq, market.venueSequence, market.gaps], ['live', 5, 5, 0]);
    const repeated = replay('okx', [snapshot, changes[0], changes[0], changes[1]]).markets['okx:A-B'];
    assert.deepEqual([repeated.state, repeated.seq, repeated.gaps], ['live', 3, 0]);
    const lost = replay('okx', [snapshot, changes[0], changes[3], changes[1]]).markets['okx:A-B'];
    assert.deepEqual([lost.state, lost.reason, lost.seq, lost.gaps], ['resyncing', 'gap', 2, 1]);
  });

  it('seals the books of old recordings with the signed checksum of their text', () => {
    const level = (text: string): string[] => [...text.split(':'), '0', '1'];
    const data = { asks: ['3366.8:9', '3368:8'].map(level), bids: ['3366.1:7', '3366:6'].map(level), ts: '1000' };
    const book = (checksum: number): object => ({
      arg: { channel: 'books', instId: 'A-B' },
      action: 'snapshot',
      data: [{ ...data, checksum }],
    });
    // venues.md §7.3.
    const good = replay('okx', [book(-1881014294)]).markets['okx:A-B'];
    assert.deepEqual([good.state, good.checksums], ['live', { ok: 1, bad: 0 }]);
    const bad = replay('okx', [book(-1881014293)]).markets['okx:A-B'];
    assert.deepEqual([bad.state, bad.checksums], ['resyncing', { ok: 0, bad: 1 }]);
  });

  it('counts the matches of a group, and takes the text pong', () => {
    const trade = { instId: 'A-B', tradeId: '7', px: '2', sz: '3', side: 'sell', ts: '1000', count: '4' };
    const grouped = { arg: { channel: 'trades', instId: 'A-B' }, data: [trade, trade] };
    const alone = { arg: { channel: 'trades-all', instId: 'A-B' }, data: [{ ...trade, tradeId: '6' }] };
    const result = replay('okx', [grouped, alone, 'pong']);
    assert.deepEqual([result.markets['okx:A-B'].trades, result.applied, result.control], [4, 2, 1]);
  });
});

describe('normalised messages', () => {
  it('reads books and trades alone, in arrays and numbered', () => {
    const book = {
      type: 'book_change',
      exchange: 'e',
      symbol: 's',
      isSnapshot: true,
      bids: [{ price: 1, amount: '2' }],
      asks: [],
    };
    const trade = {
      type: 'trade',
      exchange: 'e',
      symbol: 's',
      id: 'a',
      price: 1.5,
      amount: 2,
      side: 'sell',
      timestamp: '2026-01-01T00:00:00Z',
    };
    const result = replay('json', [
      book,
      [trade, trade],
      { seq: 1, messages: [{ ...trade, id: 'b' }] },
      { type: 'else' },
    ]);
    const market = result.markets['e:s'];
    assert.deepEqual([market.bids, market.trades, market.signals['cvd'].value], [[['1', '2']], 2, -4]);
    assert.deepEqual([result.applied, result.unknown], [3, 1]);
  });
});
