// Owns the proof of 1m bars against Kraken's own: its recorded trades make its candles, empty minutes included.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { EmptyBars, Side } from '../../schemas/ids.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { recordingTest } from '../support/recordings.ts';
import { allBars, type BarText, makeCounters, planOf, Records, SLOT, unitsOf } from '../unit/workers/bars/records.ts';

const TRADES = 'candles/kraken-xbtusdt-trades-20251110a.csv.gz';
const CANDLES = 'candles/kraken-xbtusdt-ohlc1m-20251110a.csv.gz';
const MINUTE_US = 60_000_000;
const MINUTES = 204;
const EMPTY_MINUTES = 72;
/** Kraken's volume-weighted average price has one decimal here, and the rest is cut off. */
const VWAP_STEP = 10n ** 17n;

type Row = Readonly<Record<string, string>>;

function rowsOf(path: string): Row[] {
  const [head, ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((word, index) => [names[index], word])));
}

/** Seconds with a fraction; digits beyond the microsecond are cut. */
function microsecondsOf(seconds: string): number {
  const [whole, fraction = ''] = seconds.split('.');
  return Number(whole) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** Bars of the trades of a file, and a clock that has passed the end of the last minute. */
function barsOf(trades: readonly Row[], kinds: readonly string[], endUs: number): MarketBars {
  const bars = new MarketBars(planOf(kinds, { emptyBars: EmptyBars.flat, keepAll: true }), makeCounters());
  const records = new Records();
  for (const { time, price, volume, side } of trades) {
    records.writeTrade({
      timeUs: microsecondsOf(time),
      price: unitsOf(price),
      quantity: unitsOf(volume),
      side: side === 'b' ? Side.buy : Side.sell,
    });
    bars.trade(records.u8, records.u32, records.f64, SLOT, 0);
  }
  records.writeClock(endUs);
  bars.clock(records.f64, SLOT, 0);
  return bars;
}

function candleOf(bar: BarText) {
  const volume = unitsOf(bar.volume);
  const vwap = volume === 0n ? 0n : unitsOf36(bar.notional) / volume;
  return {
    time: String(bar.startUs / 1_000_000),
    open: unitsOf(bar.open),
    high: unitsOf(bar.high),
    low: unitsOf(bar.low),
    close: unitsOf(bar.close),
    vwap: vwap - (vwap % VWAP_STEP),
    volume,
    count: String(bar.trades),
  };
}

/** Units of 10^-36 of a decimal text. */
function unitsOf36(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(36, '0'));
}

recordingTest(
  '1m bars of Kraken’s trades are Kraken’s candles in every field',
  [TRADES, CANDLES],
  (_t, trades, candles) => {
    const expected = rowsOf(candles).map(({ time, open, high, low, close, vwap, volume, count }) => ({
      time,
      open: unitsOf(open),
      high: unitsOf(high),
      low: unitsOf(low),
      close: unitsOf(close),
      vwap: unitsOf(vwap),
      volume: unitsOf(volume),
      count,
    }));
    assert.equal(expected.length, MINUTES);
    assert.equal(expected.filter(({ count }) => count === '0').length, EMPTY_MINUTES);
    const endUs = Number(expected[MINUTES - 1].time) * 1_000_000 + MINUTE_US;
    for (const kinds of [['1m'], ['1s', '1m']]) {
      const bars = allBars(barsOf(rowsOf(trades), kinds, endUs), kinds.indexOf('1m'));
      assert.deepEqual(bars.map(candleOf), expected);
      assert.ok(bars.every(({ isFinal }) => isFinal));
    }
  },
);
