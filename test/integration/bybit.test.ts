// Bybit through the whole engine: the venue's own candles against the bars, and addresses that tell linear from spot.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Dialect } from '../../schemas/ids.ts';
import { engineSubject, replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder } from '../support/frames-file.ts';
import { recordingTest } from '../support/recordings.ts';
import { assertSameResult } from '../support/recordings-equal.ts';
import {
  asPlainList,
  canonical,
  play,
  referenceSubject,
  type Subject,
  Tally,
} from '../support/reference/proof-subject.ts';
import { referenceReplay } from '../support/reference/replay.ts';

const SESSION = 'bybit/v5-20260809-6mkts-firsthalf.ndjson.gz';
const folder = new FramesFolder();

/** Running candles against the bar as it was after some trade frame, which the volume tells, opened at the close before. */
function proveCandles(file: string, subject: Subject): Tally['proof'] {
  const bars = new Map<string, { high: string; low: string; close: string }>();
  const candles: [string, Record<string, unknown>][] = [];
  play(file, 'bybit', subject, (frame) => {
    const [channel, ...rest] = String(frame['topic'] ?? '').split('.');
    const market = `bybit:${rest.at(-1)}`;
    if (channel === 'kline') for (const candle of asPlainList(frame['data'])) candles.push([market, candle]);
    if (channel !== 'publicTrade') return;
    for (const { startTimestamp, volume, high, low, close } of subject.bars(market, '1m')) {
      bars.set(`${market} ${Date.parse(startTimestamp)} ${volume}`, {
        high: String(high),
        low: String(low),
        close: String(close),
      });
    }
  });
  const tally = new Tally();
  for (const [market, candle] of candles) {
    const where = `${market} ${candle['start']} ${canonical(candle['volume'])}`;
    // The recording begins inside a minute, which is not compared, as are those without a trade.
    if (candle['start'] === candles[0][1]['start'] || canonical(candle['volume']) === '0') continue;
    const bar = bars.get(where);
    const open = Number(candle['open']);
    const expected = bar && [Math.max(open, Number(bar.high)), Math.min(open, Number(bar.low)), Number(bar.close)];
    tally.compare(
      where,
      ['high', 'low', 'close'].map((name) => Number(candle[name])),
      expected,
    );
  }
  return tally.proof;
}

recordingTest('35 running candles of Bybit equal the bars, opened at the close before', [SESSION], (_, file) => {
  for (const subject of [engineSubject('bybit'), referenceSubject('bybit')]) {
    assert.deepEqual(proveCandles(file, subject), { equal: 35, compared: 35, differences: [] });
  }
});

type Line = { k: string; t?: number; c?: number; u?: string; d?: string };

recordingTest('each connection of a recording has the product of its address', [SESSION], async (_, file) => {
  const lines = gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .flatMap((line): Line[] => (line === '' ? [] : [JSON.parse(line) as Line]))
    .filter(({ k }) => k !== 'http')
    .slice(0, 400);
  const asSpot = lines.map(
    (line): Line => ({ ...line, c: 2, ...(line.u && { u: 'wss://stream.bybit.com/v5/public/spot' }) }),
  );
  const marketsOf = async (of: readonly Line[], venue: Dialect): Promise<Record<string, unknown>> => ({
    ...(await replayInProcess({ files: [folder.write(of)], venue, inputSlots: 16_384 })).markets,
  });
  const linear = await marketsOf(lines, 'bybit');
  assert.deepEqual(
    Object.keys(linear).sort(),
    ['BTC', 'DOGE', 'ETH', 'SOL'].map((base) => `bybit:${base}USDT`),
  );
  // The address decides, whatever the default; without one it is the default's.
  assert.deepEqual(await marketsOf(lines, 'bybit-spot'), linear);
  const unnamed = lines.filter(({ k }) => k !== 'open');
  assert.deepEqual(await marketsOf(unnamed, 'bybit'), linear);
  const spot = await marketsOf(unnamed, 'bybit-spot');
  assert.deepEqual(await marketsOf(asSpot, 'bybit'), spot);
  const both = await marketsOf(
    lines.flatMap((line, index) => [line, asSpot[index]]),
    'bybit',
  );
  assert.deepEqual(both, { ...linear, ...spot });
});

test('books of another depth on the same connection are ignored, counted, and leave the book alone', async () => {
  const frame = (depth: number, u: number, price: string): object => ({
    topic: `orderbook.${depth}.AUSDT`,
    type: u === 5 ? 'snapshot' : 'delta',
    ts: 1733011200691,
    data: { s: 'AUSDT', b: [[price, '2']], a: [['9', '1']], u, seq: 7 },
    cts: 1733011200690,
  });
  const frames = [frame(50, 5, '1'), frame(200, 5, '2'), frame(1, 9, '3'), frame(50, 6, '4'), frame(200, 6, '5')];
  const file = folder.write(frames);
  const result = await replayInProcess({ files: [file], venue: 'bybit', inputSlots: 16_384 });
  assertSameResult(result, referenceReplay([file], { venue: 'bybit' }));
  assert.deepEqual([result.applied, result.ignored, result.unknown], [3, 2, 0]);
  assert.deepEqual(result.markets['bybit:AUSDT'].bids, [
    ['4', '2'],
    ['1', '2'],
  ]);
});

test('a line of the archive is itself a frame', async () => {
  const frame = {
    topic: 'orderbook.500.AUSDT',
    type: 'snapshot',
    ts: 1733011200691,
    data: { s: 'AUSDT', b: [['1', '2']], a: [], u: 5 },
  };
  const result = await replayInProcess({ files: [folder.write([frame])], venue: 'bybit', inputSlots: 16_384 });
  assert.deepEqual([result.applied, Object.keys(result.markets)], [1, ['bybit:AUSDT']]);
});
