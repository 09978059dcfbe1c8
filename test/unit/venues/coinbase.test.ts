// Coinbase Advanced Trade frames, one by one: what each kind becomes, what is refused, and how the counter is followed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoinbaseDecoder } from '../../../engine/venues/coinbase/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const TIME = '2026-04-07T14:30:01.456789Z';
const TIME_US = Date.parse('2026-04-07T14:30:01.456Z') * 1000 + 789;

function make(limits: { recordsMax?: number; marketsMax?: number } = {}): {
  sink: MemorySink;
  decoder: CoinbaseDecoder;
} {
  const sink = new MemorySink(limits);
  return { sink, decoder: new CoinbaseDecoder(sink, 'coinbase') };
}

function once(frame: string): { result: number; records: MemoryRecord[] } {
  const { sink, decoder } = make();
  return decodeFrame(sink, decoder, frame);
}

function envelope(channel: string, sequence: number, events: Json): string {
  return JSON.stringify({ channel, client_id: '', timestamp: TIME, sequence_num: sequence, events });
}

function entry(side: string, price: string, quantity: string, time = TIME): Json {
  return { side, event_time: time, price_level: price, new_quantity: quantity };
}

function snapshot(sequence: number, product = 'BTC-USD'): string {
  const updates = [entry('bid', '21921.73', '0.06317902'), entry('offer', '21921.98', '0.02')];
  return envelope('l2_data', sequence, [{ type: 'snapshot', product_id: product, updates }]);
}

function update(sequence: number, product = 'BTC-USD'): string {
  const updates = [entry('bid', '68900.00', '2.00000000'), entry('offer', '68901.00', '0.00000000')];
  return envelope('l2_data', sequence, [{ type: 'update', product_id: product, updates }]);
}

function tradeEntry(id: string, product = 'BTC-USD', side = 'BUY'): Json {
  return { trade_id: id, product_id: product, price: '68900.50', size: '0.00150000', side, time: TIME };
}

const TRADES = envelope('market_trades', 5, [{ type: 'update', trades: [tradeEntry('995098700')] }]);
const CANDLES = envelope('candles', 0, [
  {
    type: 'snapshot',
    candles: [
      {
        start: '1688998200',
        high: '1867.72',
        low: '1865.63',
        open: '1867.38',
        close: '1866.81',
        volume: '0.20269406',
        product_id: 'ETH-USD',
      },
    ],
  },
]);
const TICKER_ENTRY = {
  type: 'ticker',
  product_id: 'BTC-USD',
  price: '65086.18',
  volume_24_h: '2867.54532609',
  best_bid: '65083.66',
  best_ask: '65083.67',
  best_bid_quantity: '0.20371215',
  best_ask_quantity: '0.24290402',
};
const TICKER = envelope('ticker', 0, [{ type: 'snapshot', tickers: [TICKER_ENTRY] }]);
const HEARTBEAT = envelope('heartbeats', 0, [
  { current_time: '2023-06-23 20:31:56.121961769 +0000 UTC m=+91717.525857105', heartbeat_counter: 3049 },
]);
const DATA_FRAMES = [snapshot(0), update(1), TRADES, CANDLES, TICKER];

function head(flags: number, sequence: number, time: number): MemoryRecord {
  return {
    type: 'bookChange',
    market: 'BTC-USD',
    flags: flags | ChangeFlag.hasSequence,
    count: 2,
    receiveTimeNs: 1,
    exchangeTimeUs: time,
    firstSequence: sequence,
    lastSequence: sequence,
    previousSequence: 0,
    checksum: 0,
    depth: 0,
  };
}

function level(flags: number, price: string, quantity: string, priceDecimals: number, quantityDecimals: number) {
  return { type: 'level', market: 'BTC-USD', flags, count: 0, price, quantity, priceDecimals, quantityDecimals };
}

test('a level2 snapshot is a change of its product with every level as sent', () => {
  assert.deepEqual(once(snapshot(13)), {
    result: FrameResult.applied,
    records: [
      head(ChangeFlag.snapshot, 13, TIME_US),
      level(0, '21921.73', '0.06317902', 2, 8),
      level(LevelFlag.ask, '21921.98', '0.02', 2, 2),
    ],
  });
});

test('a level2 update keeps trailing zeros and takes the latest event time', () => {
  const updates = [
    entry('bid', '68900.00', '2.00000000', '2026-04-07T14:30:00.000001Z'),
    entry('offer', '68901.00', '0.00000000', '2026-04-07T14:30:00.000009Z'),
    entry('bid', '1', '0', '2026-04-07T14:30:00.000002Z'),
  ];
  const { result, records } = once(
    envelope('l2_data', 1, [{ type: 'update', product_id: 'BTC-USD', updates: updates.slice(0, 2) }]),
  );
  assert.equal(result, FrameResult.applied);
  assert.deepEqual(records, [
    head(0, 1, Date.parse('2026-04-07T14:30:00Z') * 1000 + 9),
    level(0, '68900.00', '2.00000000', 2, 8),
    level(LevelFlag.ask, '68901.00', '0.00000000', 2, 8),
  ]);
  const longer = once(envelope('l2_data', 1, [{ type: 'update', product_id: 'BTC-USD', updates }]));
  assert.deepEqual(longer.records[3], level(0, '1', '0', 0, 0));
});

test('every event of a message is read', () => {
  const one = { type: 'update', product_id: 'BTC-USD', updates: [entry('bid', '1', '1')] };
  const two = { type: 'snapshot', product_id: 'ETH-USD', updates: [] };
  const { records } = once(envelope('l2_data', 1, [one, two, one]));
  assert.deepEqual(
    records.map((record) => `${record.type} ${record.market}`),
    ['bookChange BTC-USD', 'level BTC-USD', 'bookChange ETH-USD', 'bookChange BTC-USD', 'level BTC-USD'],
  );
});

test("a trade has the taker's side: the opposite of the one sent", () => {
  const expected = {
    type: 'trade',
    market: 'BTC-USD',
    flags: Side.sell,
    count: 1,
    receiveTimeNs: 1,
    exchangeTimeUs: TIME_US,
    price: '68900.5',
    quantity: '0.0015',
    id: 995098700,
  };
  assert.deepEqual(once(TRADES), { result: FrameResult.applied, records: [expected] });
  const sold = envelope('market_trades', 5, [{ type: 'snapshot', trades: [tradeEntry('7', 'BTC-USD', 'SELL')] }]);
  assert.deepEqual(once(sold).records, [{ ...expected, id: 7, flags: Side.buy | TradeFlag.history }]);
});

test('trades of all events come in ascending order of id, equal ids as they were sent', () => {
  const orders = [
    ['9', '8', '7'],
    ['1', '2', '3'],
    ['5', '9', '2', '7', '2', '1', '8', '3'],
    ['4', '4', '3', '3'],
  ];
  for (const ids of orders) {
    const trades = ids.map((id, i) => tradeEntry(id, `P-${i}`));
    const half = ids.length >> 1;
    const { records } = once(
      envelope('market_trades', 1, [
        { type: 'update', trades: trades.slice(0, half) },
        { type: 'update', trades: trades.slice(half) },
      ]),
    );
    const expected = ids.map((id, i) => ({ id: Number(id), market: `P-${i}` })).sort((a, b) => a.id - b.id);
    assert.deepEqual(
      records.map(({ market, ...rest }) => ({ id: (rest as Record<string, unknown>)['id'], market })),
      expected,
    );
  }
});

test('more trades than rows held at first are kept, sorted', () => {
  const trades = Array.from({ length: 1000 }, (_, i) => tradeEntry(String((i * 7919) % 1000)));
  const { result, records } = once(envelope('market_trades', 1, [{ type: 'update', trades }]));
  assert.equal(result, FrameResult.applied);
  assert.deepEqual(
    records.map((record) => record['id']),
    Array.from({ length: 1000 }, (_, i) => i),
  );
});

test('a ticker is a quote with the time of its message', () => {
  const market = 'BTC-USD';
  assert.deepEqual(once(TICKER), {
    result: FrameResult.applied,
    records: [
      {
        type: 'quote',
        market,
        flags: 0,
        count: 0,
        receiveTimeNs: 1,
        exchangeTimeUs: TIME_US,
        sequence: 0,
        bidPrice: '65083.66',
        bidQuantity: '0.20371215',
      },
      { type: 'quoteAsk', market, flags: 0, count: 0, askPrice: '65083.67', askQuantity: '0.24290402' },
    ],
  });
});

test('a ticker without best prices, or with empty ones, makes its market known and leaves no record', () => {
  for (const entry of [
    { product_id: 'BTC-USD', price: '1' },
    { ...TICKER_ENTRY, best_bid: '' },
  ]) {
    const { sink, decoder } = make();
    const { result, records } = decodeFrame(sink, decoder, envelope('ticker_batch', 0, [{ tickers: [entry] }]));
    assert.deepEqual({ result, records, symbols: sink.symbols }, { result: 1, records: [], symbols: ['BTC-USD'] });
  }
});

test('a candle is five minutes long and starts at its seconds', () => {
  const market = 'ETH-USD';
  assert.deepEqual(once(CANDLES).records, [
    {
      type: 'candle',
      market,
      flags: 0,
      count: 0,
      receiveTimeNs: 1,
      startTimeUs: 1688998200e6,
      intervalMs: 300000,
      closePrice: '1866.81',
      volume: '0.20269406',
    },
    {
      type: 'candlePrices',
      market,
      flags: 0,
      count: 0,
      openPrice: '1867.38',
      highPrice: '1867.72',
      lowPrice: '1865.63',
    },
  ]);
});

test('heartbeats, subscriptions, status and errors are control, other channels unknown', () => {
  const { control, unknown } = FrameResult;
  const table: [string, number][] = [
    [HEARTBEAT, control],
    [HEARTBEAT.replace('3049', '"3049"'), control],
    [envelope('subscriptions', 0, [{ subscriptions: { level2: ['BTC-USD'] } }]), control],
    [envelope('status', 0, [{ type: 'snapshot', products: [] }]), control],
    ['{"type":"error","message":"rate \\"limit\\""}', control],
    [envelope('user', 0, [{ type: 'snapshot', orders: [] }]), unknown],
    ['{"type":"subscribe"}', unknown],
    ['{}', unknown],
    ['[]', unknown],
  ];
  for (const [frame, result] of table) assert.deepEqual(once(frame), { result, records: [] }, frame);
});

test('frames are refused by their category, and nothing of them is kept', () => {
  const { missingField, range, precision, shape, syntax, type } = FrameResult;
  const table: [string, number][] = [
    ['', syntax],
    ['  ', syntax],
    ['3', shape],
    ['"a"', shape],
    [`${update(1)}x`, syntax],
    [update(1).replace('"sequence_num":1,', ''), missingField],
    [update(1).replace('"product_id":"BTC-USD",', ''), missingField],
    [update(1).replace('"type":"update",', ''), missingField],
    [update(1).replace('"side":"bid",', ''), missingField],
    [update(1).replace('"price_level":"68900.00",', ''), missingField],
    [envelope('l2_data', 1, [{ type: 'update', product_id: 'BTC-USD' }]), missingField],
    [`{"channel":"l2_data","sequence_num":1}`, missingField],
    [TRADES.replace('"trade_id":"995098700",', ''), missingField],
    [TICKER.replace('"product_id":"BTC-USD",', ''), missingField],
    [CANDLES.replace('"low":"1865.63",', ''), missingField],
    [update(1).replace('"68900.00"', '68900.00'), type],
    [update(1).replace('"68900.00"', '"68,900"'), type],
    [update(1).replace('"68900.00"', '"6.89e4"'), type],
    [update(1).replace('"68900.00"', '""'), type],
    [update(1).replace('"68900.00"', 'null'), type],
    [update(1).replace('"68900.00"', '"0.00"'), range],
    [update(1).replace('"68900.00"', '"-1"'), range],
    [update(1).replace('"68900.00"', '"9000000000001"'), range],
    [update(1).replace('"2.00000000"', '"0.0000000000000000001"'), precision],
    [update(1).replace('"bid"', '"ask"'), type],
    [update(1).replace('"bid"', '7'), type],
    [update(1).replace('"update"', '"delta"'), type],
    [update(1).replace('"BTC-USD"', '5'), type],
    [update(1).replace('"BTC-USD"', '""'), shape],
    [update(1).replace('"BTC-USD"', `"${'B'.repeat(81)}"`), shape],
    [update(1).replace('"l2_data"', '1'), type],
    [update(1).replace('"sequence_num":1', '"sequence_num":"1"'), type],
    [update(1).replace('"sequence_num":1', '"sequence_num":1.5'), type],
    [update(1).replace('"sequence_num":1', '"sequence_num":-1'), range],
    [update(1).replace('"sequence_num":1', '"sequence_num":99999999999999999'), range],
    [update(1).replace(TIME, 'yesterday'), type],
    [update(1).replace(/"events":.*/, '"events":{}}'), type],
    [update(1).replace(/"events":.*/, '"events":[7]}'), type],
    [TRADES.replace('"995098700"', '"abc"'), type],
    [TRADES.replace('"995098700"', '995098700'), type],
    [TRADES.replace('"BUY"', '"buy"'), type],
    [TRADES.replace('"0.00150000"', '"0"'), range],
    [CANDLES.replace('"1688998200"', '1688998200'), type],
    [CANDLES.replace('"1688998200"', '"9999999999"'), range],
    [HEARTBEAT.replace('3049', 'true'), type],
    [
      update(1)
        .replace('[{', `${'[{"deep":'.padEnd(9) + '['.repeat(40) + ']'.repeat(40)},`)
        .replace('  ', ''),
      shape,
    ],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    assert.deepEqual(
      { ...decodeFrame(sink, decoder, frame), symbols: sink.symbols },
      { result, records: [], symbols: [] },
      frame,
    );
  }
});

test('a known field twice is shape, an unknown one may come twice', () => {
  const known = ['channel', 'timestamp', 'sequence_num', 'type', 'product_id', 'side', 'event_time', 'price_level'];
  const others = ['new_quantity', 'trade_id', 'price', 'size', 'time', 'start', 'open', 'volume', 'best_bid'];
  for (const name of [...known, ...others, 'events', 'updates', 'trades', 'candles', 'tickers']) {
    const frames = DATA_FRAMES.filter((frame) => frame.includes(`"${name}":`));
    assert.ok(frames.length > 0, name);
    for (const frame of frames) {
      if (name === 'price' && frame === TICKER) continue;
      const twice = doubled(frame, name);
      assert.equal(once(twice).result, FrameResult.shape, twice);
    }
  }
  assert.equal(once(doubled(update(1), 'client_id')).result, FrameResult.applied);
});

/** The frame with the first field of that name written twice. */
function doubled(frame: string, name: string): string {
  const from = frame.indexOf(`"${name}":`);
  for (let to = from + name.length + 4; ; to++) {
    const member = frame.slice(from, to);
    try {
      JSON.parse(`{${member}}`);
      if (',}'.includes(frame[to])) return `${frame.slice(0, to)},${member}${frame.slice(to)}`;
    } catch {
      // Not a whole member yet.
    }
  }
}

test('fields may come in any order, with white space and unknown fields between them', () => {
  for (const frame of DATA_FRAMES) {
    const expected = once(frame);
    assert.equal(expected.result, FrameResult.applied);
    for (let seed = 1; seed <= 60; seed++) {
      const shuffled = shuffle(JSON.parse(frame), seed);
      assert.deepEqual(once(shuffled), expected, `seed ${seed}: ${shuffled}`);
    }
  }
});

/** JSON text with members in an order drawn from the seed, an unknown member in each object, and white space. */
function shuffle(value: Json, seed: number): string {
  let state = seed * 2654435761;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const gap = (): string => ['', '', ' ', '\n', '\t ', '\r\n'][draw(6)];
  const write = (item: Json): string => {
    if (Array.isArray(item)) return `[${gap()}${item.map(write).join(`${gap()},${gap()}`)}${gap()}]`;
    if (item === null || typeof item !== 'object') return JSON.stringify(item);
    const members = Object.entries(item).map(([key, member]) => `"${key}"${gap()}:${gap()}${write(member)}`);
    members.push('"x_new":{"events":[null,true,-1.5e9,{"a":"\u00e9"}]}');
    for (let i = members.length - 1; i > 0; i--) {
      const other = draw(i + 1);
      [members[i], members[other]] = [members[other], members[i]];
    }
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  };
  return `${gap()}${write(value)}${gap()}`;
}

test('escapes are left to the session, which decodes the plain copy, and count once', () => {
  for (const frame of DATA_FRAMES) {
    const expected = once(frame);
    const escaped = frame.replace(/"(\w)/g, (_, first: string) => `"\\u00${first.charCodeAt(0).toString(16)}`);
    const { sink, decoder } = make();
    assert.notEqual(decoder.decode(new Uint8Array(Buffer.from(escaped)), escaped.length), FrameResult.applied);
    assert.deepEqual(decodeFrame(sink, decoder, escaped), expected, escaped);
    const withNote = frame.replace('{', '{"note":"a\\/b",');
    const other = make();
    assert.deepEqual(decodeFrame(other.sink, other.decoder, withNote), expected);
    assert.equal(other.decoder.duplicates, 0);
    assert.equal(decodeFrame(other.sink, other.decoder, withNote).result, FrameResult.applied);
    assert.equal(other.decoder.duplicates, 1, 'the same message a second time is a repeat');
  }
});

test('a frame cut at any byte is refused and throws nothing', () => {
  for (const frame of [...DATA_FRAMES, HEARTBEAT]) {
    const bytes = new Uint8Array(Buffer.from(frame));
    const { sink, decoder } = make();
    for (let length = 0; length < bytes.length; length++) {
      const { result, records } = decodeFrame(sink, decoder, bytes.slice(0, length));
      assert.equal(result, FrameResult.syntax, frame.slice(0, length));
      assert.deepEqual(records, []);
    }
    assert.equal(decoder.gaps + decoder.duplicates, 0);
  }
});

test('whatever one byte is changed to, what is no JSON is refused', () => {
  for (const frame of [...DATA_FRAMES, HEARTBEAT]) {
    for (let at = 0; at < frame.length; at++) {
      for (const byte of ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', ' ', '\n', 'x']) {
        const changed = frame.slice(0, at) + byte + frame.slice(at + 1);
        const { result } = once(changed);
        if (result > 0) assert.doesNotThrow(() => JSON.parse(changed), changed);
      }
    }
  }
});

test('an old message is dropped whole and counted', () => {
  const { sink, decoder } = make();
  decodeFrame(sink, decoder, snapshot(7));
  for (const sequence of [7, 6, 2]) {
    const { result, records } = decodeFrame(sink, decoder, update(sequence));
    assert.deepEqual({ result, records }, { result: FrameResult.applied, records: [] });
  }
  assert.equal(
    decodeFrame(sink, decoder, HEARTBEAT.replace('"sequence_num":0', '"sequence_num":3')).result,
    FrameResult.applied,
  );
  assert.equal(decoder.duplicates, 4);
  assert.equal(decodeFrame(sink, decoder, update(8)).records.length, 3);
  assert.equal(decoder.gaps, 0);
});

test('the first number behind a higher one is another connection: its books are doubtful, and it goes on from there', () => {
  const { sink, decoder } = make();
  for (const sequence of [0, 1, 2, 3]) decodeFrame(sink, decoder, snapshot(sequence, 'BTC-USD'));
  const { records } = decodeFrame(sink, decoder, snapshot(0, 'BTC-USD'));
  assert.deepEqual(records[0], gapOf('BTC-USD', 0));
  assert.equal(records[1].type, 'bookChange');
  assert.equal(decodeFrame(sink, decoder, update(1)).records.length, 3);
  assert.deepEqual([decoder.gaps, decoder.duplicates], [1, 0]);
});

function gapOf(market: string, lost: number): MemoryRecord {
  return { type: 'gap', market, flags: StateReason.gap, count: 0, receiveTimeNs: 1, lost, sinceTimeUs: 0 };
}

test('a jump tells every market with a book of this connection, before the records of the message itself', () => {
  const { sink, decoder } = make();
  decodeFrame(sink, decoder, snapshot(0, 'BTC-USD'));
  decodeFrame(sink, decoder, snapshot(1, 'ETH-USD'));
  decodeFrame(sink, decoder, update(2, 'XRP-USD'));
  const { records } = decodeFrame(sink, decoder, snapshot(6, 'SOL-USD'));
  assert.deepEqual(records.slice(0, 2), [gapOf('BTC-USD', 3), gapOf('ETH-USD', 3)]);
  assert.deepEqual(
    records.slice(2).map(({ type }) => type),
    ['bookChange', 'level', 'level'],
  );
  assert.equal(decoder.gaps, 1);
  const next = decodeFrame(sink, decoder, TRADES.replace('"sequence_num":5', '"sequence_num":9'));
  assert.deepEqual(next.records.slice(0, 3), [gapOf('BTC-USD', 2), gapOf('ETH-USD', 2), gapOf('SOL-USD', 2)]);
});

test('a loss on a connection with trades alone is told without blaming the book', () => {
  const { sink, decoder } = make();
  const trades = (sequence: number, id: string): string =>
    envelope('market_trades', sequence, [{ type: 'update', trades: [tradeEntry(id)] }]);
  decodeFrame(sink, decoder, trades(0, '1'));
  const { records } = decodeFrame(sink, decoder, trades(4, '9'));
  assert.deepEqual(records[0], { ...gapOf('BTC-USD', 3), flags: StateReason.none });
  assert.equal(records.length, 2);
});

test('messages of every channel count, and the gap records of a control message stay', () => {
  const { sink, decoder } = make();
  decodeFrame(sink, decoder, snapshot(0));
  const beat = (sequence: number): string => HEARTBEAT.replace('"sequence_num":0', `"sequence_num":${sequence}`);
  assert.equal(decodeFrame(sink, decoder, beat(1)).result, FrameResult.control);
  assert.deepEqual(decodeFrame(sink, decoder, beat(3)), {
    result: FrameResult.control,
    records: [gapOf('BTC-USD', 1)],
  });
  assert.equal(decodeFrame(sink, decoder, envelope('unheard-of', 4, [])).result, FrameResult.unknown);
  assert.equal(decodeFrame(sink, decoder, update(5)).records.length, 3);
  const without = make();
  decodeFrame(without.sink, without.decoder, beat(0));
  assert.equal(decodeFrame(without.sink, without.decoder, beat(9)).result, FrameResult.control, 'no book, no record');
  assert.equal(without.decoder.gaps, 1);
});

test('a refused message does not move the counter, so it shows as a gap', () => {
  const { sink, decoder } = make();
  decodeFrame(sink, decoder, snapshot(0));
  assert.equal(decodeFrame(sink, decoder, update(1).replace('"bid"', '"ask"')).result, FrameResult.type);
  assert.equal(decodeFrame(sink, decoder, `${update(1)}]`).result, FrameResult.syntax);
  assert.deepEqual(decodeFrame(sink, decoder, update(2)).records[0], gapOf('BTC-USD', 1));
  const refused = snapshot(3, 'ETH-USD').replace('"offer"', '"ask"');
  assert.equal(decodeFrame(sink, decoder, refused).result, FrameResult.type);
  assert.deepEqual(sink.symbols, ['BTC-USD']);
  const { records } = decodeFrame(sink, decoder, update(4));
  assert.deepEqual(
    records.slice(0, 2).map(({ type, market }) => `${type} ${market}`),
    ['gap BTC-USD', 'bookChange BTC-USD'],
  );
});

test('a message refused in its plain copy does not count as accepted', () => {
  const { sink, decoder } = make();
  decodeFrame(sink, decoder, snapshot(0));
  // The first pass sees an unknown field; unescaped, it is the product a second time.
  const twice = update(1).replace('"updates":', '"product\\u005fid":"BTC-USD","updates":');
  assert.equal(decodeFrame(sink, decoder, twice).result, FrameResult.shape);
  assert.deepEqual(decodeFrame(sink, decoder, update(2)).records[0], gapOf('BTC-USD', 1));
});

test('limits of the session end the frame', () => {
  const { sink, decoder } = make({ recordsMax: 2 });
  assert.equal(decodeFrame(sink, decoder, snapshot(0)).result, FrameResult.tooLarge);
  const few = make({ marketsMax: 0 });
  assert.equal(decodeFrame(few.sink, few.decoder, snapshot(0)).result, FrameResult.unknownMarket);
  const gapped = make({ recordsMax: 3 });
  decodeFrame(gapped.sink, gapped.decoder, snapshot(0));
  assert.equal(decodeFrame(gapped.sink, gapped.decoder, update(2)).result, FrameResult.tooLarge);
  assert.equal(gapped.decoder.gaps, 0);
});
