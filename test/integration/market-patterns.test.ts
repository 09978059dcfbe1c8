// Bars, signals and books by pattern of the market's name, in a running engine and in a replay: what a pattern leaves
// out is not there and says so, and a market that none matches is refused.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadSettings, plansOf } from '../../engine/config.ts';
import { type Client, eventually, hourAheadMs, type Json, LiveEngine } from '../support/live-engine.ts';

let folder: string;
let live: LiveEngine;
let producer: Client;
let subscriber: Client;

const CONFIG = {
  bars: ['1m'],
  markets: [
    { match: 'x:DEEP*', book: 2, bars: ['2v', '1s'], signals: ['imbalance(1)', 'sma(2)@2v>100'] },
    { match: 'x:QUIET', book: 'none', signals: [], emptyBars: 'flat' },
    { match: '*:USUAL' },
  ],
};

function changed(symbol: string, isSnapshot: boolean, bids: [string, string][], asks: [string, string][]): object {
  const levels = (side: [string, string][]): object[] => side.map(([price, amount]) => ({ price, amount }));
  const type = isSnapshot ? 'book_snapshot' : 'book_change';
  const timestamp = '2026-08-01T00:00:00.000Z';
  return { type, exchange: 'x', symbol, bids: levels(bids), asks: levels(asks), isSnapshot, timestamp };
}

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const aheadMs = hourAheadMs();
const at = (seconds: number): string => new Date(aheadMs + seconds * 1000).toISOString();

function trade(symbol: string, id: number, price: string, amount: string): object {
  const timestamp = at(id);
  return { type: 'trade', exchange: 'x', symbol, id: String(id), price, amount, side: 'buy', timestamp };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-patterns-'));
  const path = join(folder, 'millrace.json');
  writeFileSync(path, JSON.stringify(CONFIG));
  live = await LiveEngine.start({ plans: await plansOf(loadSettings({ config: path }, {})) });
  producer = await live.producer('json');
  subscriber = await live.subscriber();
  for (const symbol of ['DEEPER', 'QUIET', 'USUAL']) {
    producer.send(
      changed(
        symbol,
        true,
        [
          ['10', '1'],
          ['9', '1'],
          ['8', '1'],
        ],
        [['11', '3']],
      ),
    );
    producer.send(trade(symbol, 1, '100', '1'));
  }
  await live.taken(6);
});

after(async () => {
  await producer.close();
  await subscriber.close();
  await live.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a market that no pattern matches is unknown, and its neighbours in the frame go on', async () => {
  producer.send(trade('NOBODY', 1, '1', '1'));
  const answer = await producer.next('the refusal', (message) => message['op'] === 'error');
  assert.equal(answer['category'], 'unknown-market');
  const markets = await live.get<{ market: string }[]>('/v1/markets');
  assert.deepEqual(
    markets.map(({ market }) => market),
    ['x:DEEPER', 'x:QUIET', 'x:USUAL'],
  );
});

test('each market has the bar kinds of its pattern, and others are refused by name', async () => {
  const kinds = async (market: string, kind: string): Promise<number> => {
    const { status } = await live.text(`/v1/bars/${encodeURIComponent(market)}?kind=${kind}`);
    return status;
  };
  assert.deepEqual(
    [await kinds('x:DEEPER', '2v'), await kinds('x:DEEPER', '1s'), await kinds('x:DEEPER', '1m')],
    [200, 200, 400],
  );
  assert.deepEqual([await kinds('x:USUAL', '1m'), await kinds('x:USUAL', '2v')], [200, 400]);
  const answer = await subscriber.subscribe('bar.2v.x:DEEPER', 'bar.2v.x:USUAL', 'signal.ofi.x:DEEPER', 'bbo.x:QUIET');
  assert.deepEqual(answer['args'], ['bar.2v.x:DEEPER']);
  assert.deepEqual(
    (answer['errors'] as Json[]).map(({ arg, category }) => [arg, category]),
    [
      ['bar.2v.x:USUAL', 'range'],
      ['signal.ofi.x:DEEPER', 'range'],
      ['bbo.x:QUIET', 'range'],
    ],
  );
});

test('a trade that crosses a volume bar is split, and the threshold of a signal on those bars is told', async () => {
  await subscriber.subscribe('signal.sma(2)@2v>100.x:DEEPER');
  producer.send(trade('DEEPER', 2, '101', '4'));
  const isBar = (message: Json): boolean => message['type'] === 'trade_bar' && message['isFinal'] === true;
  const first = await subscriber.next('the first bar', isBar);
  const second = await subscriber.next('the second bar', isBar);
  const brief = ({ kind, interval, open, close, volume, trades, notional, delta }: Json): unknown[] => [
    ...[kind, interval, open, close, volume, trades, notional, delta],
  ];
  assert.deepEqual(brief(first), ['volume', 2, '100', '101', '2', 2, '201', '2']);
  assert.deepEqual(brief(second), ['volume', 2, '101', '101', '2', 0, '202', '2']);
  const told = await subscriber.next('the signal', ({ type, isWarm }) => type === 'signal' && isWarm === true);
  assert.deepEqual([told['name'], told['value']], ['sma(2)@2v>100', 101]);
});

test('a book kept to two levels says how deep it is known; one that is not kept is empty', async () => {
  type Book = {
    readonly bids: object[];
    readonly asks: object[];
    readonly horizon: Json | null;
    readonly state: string;
  };
  const deep = await live.get<Book>('/v1/book/x%3ADEEPER?depth=0');
  assert.deepEqual([deep.bids.length, deep.asks.length, deep.state], [2, 1, 'live']);
  assert.deepEqual(deep.horizon, { bid: '9', ask: null });
  producer.send(changed('DEEPER', false, [['10', '0']], []));
  producer.send(changed('DEEPER', false, [['8.5', '7']], []));
  const cut = await live.book('x:DEEPER', 3);
  assert.deepEqual(cut.bids, [{ price: '9', amount: '1' }]);
  const none = await live.get<Book>('/v1/book/x%3AQUIET');
  assert.deepEqual([none.bids, none.asks, none.state], [[], [], 'syncing']);
  assert.deepEqual(await live.get('/v1/signals/x%3AQUIET'), {});
});

test('empty intervals of a market told as flat are there, those of others are skipped', async () => {
  producer.send(trade('QUIET', 2, '100', '1'));
  const late = { ...trade('QUIET', 3, '103', '1'), timestamp: at(210) };
  producer.send(late);
  producer.send({ ...late, symbol: 'USUAL' });
  type Bar = { readonly open: string; readonly volume: string; readonly isFinal: boolean };
  const bars = await eventually('the bars', async () => {
    const found = await live.get<Bar[]>('/v1/bars/x%3AQUIET?kind=1m');
    return found.length >= 4 ? found : null;
  });
  assert.deepEqual(
    bars.slice(0, 4).map(({ open, volume }) => [open, volume]),
    [
      ['100', '2'],
      ['100', '0'],
      ['100', '0'],
      ['103', '1'],
    ],
  );
  const usual = await eventually('the bars of the other', async () => {
    const found = await live.get<Bar[]>('/v1/bars/x%3AUSUAL?kind=1m');
    return found.length >= 2 ? found : null;
  });
  assert.deepEqual(
    usual.map(({ volume }) => volume),
    ['1', '1'],
  );
});
