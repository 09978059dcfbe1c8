// The exchanges’ own proofs, which the referee meets, and a subject with faults does not.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import * as proofs from '../../support/reference/proofs.ts';

const projectRoot = resolve(import.meta.dirname, '../../..');
const recordings = resolve(projectRoot, process.env['MILLRACE_RECORDINGS'] ?? '../shared/data');
/** Absent recordings are said, and in CI they fail. */
const isNeeded = process.env['CI'] === 'true';
const skip = isNeeded || existsSync(join(recordings, 'binance')) ? false : `no recordings at ${recordings}`;

describe('the exchanges’ own proofs', { skip }, () => {
  const file = (name: string): string => join(recordings, name);
  const spot2021 = file('binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz');
  const usdm2021 = file('binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz');
  const spot2024 = file('binance/spot-20240808-btcusdt.ndjson.gz');
  const usdm2024 = file('binance/usdm-20240808-btcusdt.ndjson.gz');
  const coinbase = file('coinbase/advanced-20260809-btc-eth-first500.ndjson.gz');
  const equal = (proof: proofs.Proof, count: number): void => {
    assert.deepEqual(proof, { equal: count, compared: count, differences: [] });
  };

  for (const [name, venue, path, count] of [
    ['spot 2021', 'binance', spot2021, 96],
    ['spot 2024', 'binance', spot2024, 1072],
    ['USD-M 2021', 'binance-futures', usdm2021, 50],
    ['USD-M 2024', 'binance-futures', usdm2024, 629],
  ] as const) {
    it(`bookTicker, ${name}: ${count} places, no gap`, () => {
      const subject = proofs.referenceSubject(venue);
      equal(proofs.proveBookTickers(path, venue, subject), count);
      assert.deepEqual(
        subject.markets().filter((market) => subject.gaps(market) > 0),
        [],
      );
    });
  }

  it('klines: 51 spot, 15 USD-M, 5 published minutes', () => {
    const spot = file('binance/spot-20210404-btc-eth-dot.ndjson.gz');
    equal(proofs.proveKlines(spot, 'binance', proofs.referenceSubject('binance')), 51);
    equal(proofs.proveKlines(usdm2021, 'binance-futures', proofs.referenceSubject('binance-futures')), 15);
    const csv = file('candles/binance-usdm-btcusdt-1m-20240808.csv');
    const subject = proofs.referenceSubject('binance-futures');
    equal(proofs.proveKlineCsv(usdm2024, csv, 'binance-futures', 'BTCUSDT', subject), 5);
  });

  it('Kraken checksums: 4269 in v1, 3 in v2', () => {
    const v1 = file('kraken/v1-20210417-10mkts.ndjson.gz');
    assert.deepEqual(proofs.proveChecksums(v1, 'kraken', proofs.referenceSubject('kraken')), { ok: 4269, bad: 0 });
    const v2 = file('kraken/v2-book-frames.jsonl');
    assert.deepEqual(proofs.proveChecksums(v2, 'kraken', proofs.referenceSubject('kraken')), { ok: 3, bad: 0 });
  });

  it('OKX checksums: 1504 in 2021, 290 in 2022', () => {
    for (const [name, ok] of [
      ['okx/v5-20210722-10mkts.ndjson.gz', 1504],
      ['okx/v5-20220513-btc-uni.ndjson.gz', 290],
    ] as const) {
      assert.deepEqual(proofs.proveChecksums(file(name), 'okx', proofs.referenceSubject('okx')), { ok, bad: 0 });
    }
  });

  it('Coinbase: 73 of 75 tickers near the book, both running candles', () => {
    const tickers = proofs.proveCoinbaseTickers(coinbase, proofs.referenceSubject('coinbase'));
    assert.deepEqual([tickers.equal, tickers.compared, tickers.equalAtOnce], [73, 75, 57]);
    equal(proofs.proveCoinbaseCandles(coinbase, proofs.referenceSubject('coinbase', ['5m'])), 2);
  });

  it('fails for a subject that loses every tenth trade', () => {
    const honest = proofs.referenceSubject('binance-futures');
    let trades = 0;
    const lossy: proofs.Subject = {
      ...honest,
      frame(text, time, connection) {
        if (text.includes('"aggTrade"')) trades += 1;
        if (!text.includes('"aggTrade"') || trades % 10 !== 0) honest.frame(text, time, connection);
      },
    };
    const proof = proofs.proveKlines(usdm2021, 'binance-futures', lossy);
    assert.ok(proof.compared === 15 && proof.equal < 15, JSON.stringify(proof));
  });

  it('fails for a subject that forgets the changes of the asks', () => {
    const honest = proofs.referenceSubject('binance-futures');
    const forgetful: proofs.Subject = {
      ...honest,
      frame: (text, time, connection) => honest.frame(text.replace(/"a":\[\[.*\]\]\}/, '"a":[]}'), time, connection),
    };
    const proof = proofs.proveBookTickers(usdm2021, 'binance-futures', forgetful);
    assert.ok(proof.compared === 50 && proof.equal < 50, JSON.stringify(proof));
  });
});
