// Recorded exchange data through the whole engine: equal to the referee in every field, and to what the exchanges
// themselves left in it.

import assert from 'node:assert/strict';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { hashMarkets, replayFiles } from '../../engine/recordings/replay.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { engineSubject } from '../support/engine-subject.ts';
import { recordingTest } from '../support/recordings.ts';
import { assertSameResult } from '../support/recordings-equal.ts';
import * as proofs from '../support/reference/proofs.ts';
import { referenceReplay } from '../support/reference/replay.ts';

const SPOT_APRIL_2021 = 'binance/spot-20210404-btc-eth-dot.ndjson.gz';
const SPOT_2021 = 'binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz';
const SPOT_2024 = 'binance/spot-20240808-btcusdt.ndjson.gz';
const USDM_2021 = 'binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz';
const USDM_2024 = 'binance/usdm-20240808-btcusdt.ndjson.gz';
const USDM_2024_CSV = 'candles/binance-usdm-btcusdt-1m-20240808.csv';
const KRAKEN_V1 = 'kraken/v1-20210417-10mkts.ndjson.gz';
const KRAKEN_V2 = 'kraken/v2-book-frames.jsonl';
const OKX_2021 = 'okx/v5-20210722-10mkts.ndjson.gz';
const OKX_2022 = 'okx/v5-20220513-btc-uni.ndjson.gz';
const BYBIT = 'bybit/v5-20260809-6mkts-firsthalf.ndjson.gz';
const BYBIT_ARCHIVE = 'bybit/xrpusdt-ob500-20241201.jsonl.gz';
const BITFINEX = 'bitfinex/v2-20210417-7mkts.ndjson.gz';
const COINBASE = 'coinbase/advanced-20260809-btc-eth-first500.ndjson.gz';

const RECORDINGS: readonly (readonly [string, Dialect])[] = [
  [SPOT_APRIL_2021, 'binance'],
  [SPOT_2021, 'binance'],
  [SPOT_2024, 'binance'],
  [USDM_2021, 'binance-futures'],
  [USDM_2024, 'binance-futures'],
  [KRAKEN_V1, 'kraken'],
  [KRAKEN_V2, 'kraken'],
  [COINBASE, 'coinbase'],
  [BITFINEX, 'bitfinex'],
  [OKX_2021, 'okx'],
  [OKX_2022, 'okx'],
  [BYBIT, 'bybit'],
  [BYBIT_ARCHIVE, 'bybit'],
];

for (const [name, venue] of RECORDINGS) {
  recordingTest(
    `${name} gives what the referee makes of it, without a gap or a frame left over`,
    [name],
    async (_, file) => {
      const result = await replayFiles({
        files: [file],
        venue,
        speed: 0,
        workers: 1,
        marketsMax: MARKETS_MAX,
        plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
        depth: 0,
      });
      assertSameResult(result, referenceReplay([file], { venue }));
      assert.equal(result.hash, hashMarkets(result.markets));
      assert.deepEqual([result.unknown, result.rejected], [0, {}]);
      const states = Object.values(result.markets).map(({ state, gaps, checksums }) => [state, gaps, checksums.bad]);
      assert.deepEqual(states, Array(states.length).fill(['live', 0, 0]));
    },
  );
}

function assertProof(proof: proofs.Proof, count: number): void {
  assert.deepEqual(proof, { equal: count, compared: count, differences: [] });
}

for (const [name, venue, count] of [
  [SPOT_2021, 'binance', 96],
  [SPOT_2024, 'binance', 1072],
  [USDM_2021, 'binance-futures', 50],
  [USDM_2024, 'binance-futures', 629],
] as const) {
  recordingTest(`The best prices of ${name} equal bookTicker at ${count} update ids`, [name], (_, file) => {
    assertProof(proofs.proveBookTickers(file, venue, engineSubject(venue)), count);
  });
}

recordingTest('The running 1m bars equal 51 spot klines', [SPOT_APRIL_2021], (_, file) => {
  assertProof(proofs.proveKlines(file, 'binance', engineSubject('binance')), 51);
});

recordingTest('The running 1m bars equal 15 USD-M klines', [USDM_2021], (_, file) => {
  assertProof(proofs.proveKlines(file, 'binance-futures', engineSubject('binance-futures')), 15);
});

recordingTest('Five whole minutes equal the klines Binance published', [USDM_2024, USDM_2024_CSV], (_, file, csv) => {
  const subject = engineSubject('binance-futures');
  assertProof(proofs.proveKlineCsv(file, csv, 'binance-futures', 'BTCUSDT', subject), 5);
});

recordingTest('All 4269 checksums of Kraken v1 hold', [KRAKEN_V1], (_, file) => {
  assert.deepEqual(proofs.proveChecksums(file, 'kraken', engineSubject('kraken')), { ok: 4269, bad: 0 });
});

recordingTest('All 3 checksums of Kraken v2 hold', [KRAKEN_V2], (_, file) => {
  assert.deepEqual(proofs.proveChecksums(file, 'kraken', engineSubject('kraken')), { ok: 3, bad: 0 });
});

recordingTest('All 1504 and 290 checksums of OKX hold', [OKX_2021, OKX_2022], (_, first, second) => {
  assert.deepEqual(proofs.proveChecksums(first, 'okx', engineSubject('okx')), { ok: 1504, bad: 0 });
  assert.deepEqual(proofs.proveChecksums(second, 'okx', engineSubject('okx')), { ok: 290, bad: 0 });
});

recordingTest('73 of 75 Coinbase tickers stand beside an equal book, 57 at once', [COINBASE], (_, file) => {
  const tickers = proofs.proveCoinbaseTickers(file, engineSubject('coinbase'));
  assert.deepEqual([tickers.equal, tickers.compared, tickers.equalAtOnce], [73, 75, 57]);
});

recordingTest('Both running 5m candles of Coinbase equal the bar', [COINBASE], (_, file) => {
  assertProof(proofs.proveCoinbaseCandles(file, engineSubject('coinbase', ['5m'])), 2);
});
