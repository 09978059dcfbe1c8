// Owns the check of the Binance decoder against recorded sessions: no frame unknown, every record as JSON.parse reads it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { BinanceDecoder } from '../../../engine/venues/binance/decode.ts';
import { FrameResult } from '../../../schemas/ids.ts';
import { DecoderUnderTest } from '../../support/collecting-sink.ts';

const environment: { MILLRACE_RECORDINGS?: string; CI?: string } = process.env;
const folder = join(environment.MILLRACE_RECORDINGS ?? '../shared/data', 'binance');
/** Frames of the long files compared in full; all are decoded. */
const COMPARE_EVERY = 11;
const LONG_FRAMES = 10_000;

type Line = { k: string; d: string };
type Candle = Readonly<Record<'i' | 'o' | 'h' | 'l' | 'c' | 'v', string>> & { t: number; n: number; x: boolean };
type Payload = { e?: string; E?: number; s: string; T: number; U: number; u: number; pu?: number; X?: string } & {
  p: string;
  q: string;
  t: number;
  m: boolean;
  f: number;
  l: number;
  B: string;
  A: string;
  k: Candle;
  /** An id, a price, or levels, as the event has it. */
  a: unknown;
  b: unknown;
};

const decimal = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a frame says, by JSON.parse alone, as rows of texts. */
function plainRows(text: string): string[] {
  const frame = JSON.parse(text) as { data?: Payload };
  const p = frame.data ?? (frame as Payload);
  switch (p.e) {
    case 'trade':
    case 'aggTrade': {
      const isAggregate = p.e === 'aggTrade';
      const offMarket = p.X !== undefined && p.X !== 'MARKET' ? 8 : 0;
      const flags = (p.m ? 2 : 1) | (isAggregate ? 4 : 0) | offMarket;
      const count = isAggregate ? p.l - p.f + 1 : 1;
      return [
        `trade ${p.s} ${flags} ${count} ${p.T * 1000} ${decimal(p.p)} ${decimal(p.q)} ${isAggregate ? p.a : p.t}`,
      ];
    }
    case 'depthUpdate': {
      const sides = [p.b, p.a] as string[][][];
      const rows = [
        `bookChange ${p.s} ${p.pu === undefined ? 8 : 24} ${sides[0].length + sides[1].length} ${(p.E ?? 0) * 1000} ${p.U} ${p.u} ${p.pu ?? 0}`,
      ];
      for (const [side, list] of sides.entries())
        for (const [price, quantity] of list)
          rows.push(
            `level ${p.s} ${side} ${decimal(price)} ${decimal(quantity)} ${decimals(price)} ${decimals(quantity)}`,
          );
      return rows;
    }
    case 'kline': {
      const interval = Number.parseInt(p.k.i, 10) * UNITS[p.k.i.slice(-1)];
      return [
        `candle ${p.s} ${p.k.x ? 1 : 0} ${p.k.n} ${p.k.t * 1000} ${interval} ${decimal(p.k.c)} ${decimal(p.k.v)}`,
        `candlePrices ${decimal(p.k.o)} ${decimal(p.k.h)} ${decimal(p.k.l)}`,
      ];
    }
    default:
      return [
        `quote ${p.s} ${(p.E ?? 0) * 1000} ${p.u} ${decimal(String(p.b))} ${decimal(p.B)}`,
        `quoteAsk ${decimal(String(p.a))} ${decimal(p.A)}`,
      ];
  }
}

/** The same rows from the decoder's records. */
function decodedRows(subject: DecoderUnderTest): string[] {
  return subject.sink.take().map((record) => {
    const symbol = record.market.slice(record.market.indexOf(':') + 1);
    const { type, flags, count, exchangeTimeUs, price, quantity } = record;
    switch (type) {
      case 'trade':
        return [type, symbol, flags, count, exchangeTimeUs, price, quantity, record.id].join(' ');
      case 'bookChange':
        return [
          type,
          symbol,
          flags,
          count,
          exchangeTimeUs,
          record.firstSequence,
          record.lastSequence,
          record.previousSequence,
        ].join(' ');
      case 'level':
        return [type, symbol, flags, price, quantity, record.priceDecimals, record.quantityDecimals].join(' ');
      case 'candle':
        return [
          type,
          symbol,
          flags,
          count,
          record.startTimeUs,
          record.intervalMs,
          record.closePrice,
          record.volume,
        ].join(' ');
      case 'candlePrices':
        return [type, record.openPrice, record.highPrice, record.lowPrice].join(' ');
      case 'quote':
        return [type, symbol, exchangeTimeUs, record.sequence, record.bidPrice, record.bidQuantity].join(' ');
      default:
        return [type, record.askPrice, record.askQuantity].join(' ');
    }
  });
}

function readLines(file: string): Line[] {
  const text = gunzipSync(readFileSync(join(folder, file))).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('recorded Binance sessions', () => {
  if (!existsSync(folder)) {
    it('are decoded', (t) => {
      assert.notEqual(environment.CI, 'true', `expected recordings in ${folder}, set MILLRACE_RECORDINGS`);
      t.skip(`no recordings in ${folder}; set MILLRACE_RECORDINGS to the folder that holds them`);
    });
    return;
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ndjson.gz'))) {
    it(`${file}: no frame unknown, all as JSON.parse reads them`, () => {
      const venue = file.startsWith('usdm') ? 'binance-futures' : 'binance';
      const subject = new DecoderUnderTest((sink, name) => new BinanceDecoder(sink, name), venue, 16_384);
      const lines = readLines(file);
      const frames = lines.filter(({ k }) => k === 'recv');
      const step = frames.length > LONG_FRAMES ? COMPARE_EVERY : 1;
      for (const [index, { d }] of frames.entries()) {
        const result = subject.result(d);
        assert.ok(result === FrameResult.applied || result === FrameResult.control, `${result}: ${d.slice(0, 200)}`);
        if (result === FrameResult.applied && index % step === 0) assert.deepEqual(decodedRows(subject), plainRows(d));
      }
      for (const { d } of lines.filter(({ k, d }) => k === 'http' && d.includes('"lastUpdateId"'))) {
        const response = JSON.parse(d) as { lastUpdateId: number; bids: string[][]; asks: string[][] };
        const got = subject.records(`{"snapshot":{"symbol":"XY",${d.trim().slice(1)}}`);
        assert.equal(got.length, 1 + response.bids.length + response.asks.length);
        assert.equal(got[0].lastSequence, response.lastUpdateId);
      }
    });
  }
});
