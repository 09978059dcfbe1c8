// Exports without an engine: what a row becomes in each format, when files roll, and what a crash leaves.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { csvLine } from '../../../engine/export/csv-file.ts';
import { Exporter, type ExporterOptions } from '../../../engine/export/exporter.ts';
import { compressionOf, rollOf, tablesOf } from '../../../engine/export/options.ts';
import { decimalUnits, timeUs } from '../../../engine/export/values.ts';
import type { StreamMessage, TradeBar } from '../../../schemas/feed.ts';
import { barOf, queried, tradeOf } from '../../support/export-rows.ts';
import '../../support/seed.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-export-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function optionsOf(rest: Partial<ExporterOptions> = {}): ExporterOptions {
  return {
    ...{ folder: join(root, String(folders++)), format: 'parquet', compression: 'snappy', createdBy: 'test' },
    ...{ source: 'ws://engine', kept: {}, tables: tablesOf('trade,bar.1m'), rollMs: null, rollBytes: null },
    ...rest,
  };
}

function filesOf(folder: string, ending: string): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
}

const EXACT = [
  '0.000000000000000001',
  '-0.000000000000000001',
  '99999999999999999999.999999999999999999',
  '9007199254740993.1',
  '0',
];
const NAMES = ['BTC/USD', '日本-円', 'it\'s, "quoted"', '0xabc…', '../../etc'];

test('Parquet keeps every digit, null and name, as DuckDB and hyparquet read it', async () => {
  for (const compression of ['snappy', 'gzip', 'none'] as const) {
    const options = optionsOf({ compression });
    const exporter = await Exporter.open(options);
    const trades = EXACT.map((price, i) =>
      tradeOf(i + 1, {
        price,
        amount: price,
        symbol: NAMES[i],
        exchange: NAMES[i],
        id: i === 0 ? null : `t${i}`,
        timestamp: i === 1 ? null : tradeOf(i).timestamp,
      }),
    );
    for (const trade of trades) exporter.take(trade);
    await exporter.close();
    const select = `SELECT price::VARCHAR, symbol, exchange, id, (epoch_us("timestamp"))::VARCHAR FROM read_parquet('${options.folder}/trade/**/*.parquet', hive_partitioning = true) ORDER BY seq`;
    const padded = (text: string): string =>
      text.includes('.') ? text + '0'.repeat(18 - text.split('.')[1].length) : `${text}.${'0'.repeat(18)}`;
    const expected = trades.map(({ price, symbol, exchange, id, timestamp }) => [
      padded(price),
      symbol,
      exchange,
      id,
      timestamp === null ? null : String(timeUs(timestamp)),
    ]);
    assert.deepEqual(await queried(select), expected);
    for (const name of filesOf(options.folder, '.parquet')) {
      const rows = await parquetReadObjects({
        file: await asyncBufferFromFile(join(options.folder, name)),
        compressors: { GZIP: (bytes) => gunzipSync(bytes) },
      });
      assert.equal(rows.length, 1);
      assert.ok(NAMES.includes(String(rows[0]['symbol'])));
      assert.ok(name.startsWith('trade/venue='), name);
    }
  }
});

test('sums that 38 digits cannot hold stand in `overflow`, to the last digit', async () => {
  const options = optionsOf();
  const exporter = await Exporter.open(options);
  const volume = '123456789012345678901234567890.5';
  exporter.take(barOf(1, { volume, notional: '1.000000000000000000000000000000000001' }));
  exporter.take(barOf(2));
  await exporter.close();
  const rows = await queried(
    `SELECT volume, overflow, notional FROM '${options.folder}/bar.1m/**/*.parquet' ORDER BY start_timestamp`,
  );
  assert.deepEqual(rows, [
    [null, JSON.stringify({ volume }), '1.000000000000000000000000000000000001'],
    ['3.000000000000000000', null, '4.5'],
  ]);
});

test('a decimal text of up to 20 digits and 18 decimals is its integer, and any other is none', () => {
  const digits = (max: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((each) => each.join(''));
  fc.assert(
    fc.property(fc.boolean(), digits(24), digits(22), (isNegative, whole, fraction) => {
      const units = BigInt(whole) * 10n ** 18n + BigInt(fraction.padEnd(18, '0').slice(0, 18));
      const fits = fraction.length <= 18 && units < 10n ** 38n;
      const expected = isNegative ? -units : units;
      assert.equal(decimalUnits(`${isNegative ? '-' : ''}${whole}.${fraction}`), fits ? expected : null);
    }),
  );
});

/** RFC 4180 by its grammar, one character after another. */
function parsed(text: string): string[][] {
  const rows: string[][] = [[]];
  let [field, isQuoted, i] = ['', false, 0];
  const end = (): void => void rows[rows.length - 1].push(field);
  for (; i < text.length; i++) {
    const c = text[i];
    if (isQuoted && c === '"' && text[i + 1] === '"') field += text[i++];
    else if (c === '"') isQuoted = !isQuoted;
    else if (!isQuoted && c === ',') {
      end();
      field = '';
    } else if (!isQuoted && c === '\r' && text[i + 1] === '\n') {
      end();
      field = '';
      rows.push([]);
      i++;
    } else field += c;
  }
  return rows.slice(0, -1);
}

test('CSV fields of any text are read back as they were', () => {
  const text = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'a', '日', "'") });
  fc.assert(
    fc.property(fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (rows) => {
      assert.deepEqual(parsed(rows.map(csvLine).join('')), rows);
    }),
  );
  assert.equal(csvLine([null, '', true, 3]), ',"",true,3\r\n');
});

test('CSV, plain and gzip, is what DuckDB reads as the same rows', async () => {
  for (const compression of ['none', 'gzip'] as const) {
    const options = optionsOf({ format: 'csv', compression, tables: tablesOf('trade') });
    const exporter = await Exporter.open(options);
    for (const [i, symbol] of NAMES.entries()) exporter.take(tradeOf(i + 1, { symbol, price: EXACT[i] }));
    await exporter.close();
    const [name] = filesOf(options.folder, compression === 'gzip' ? '.csv.gz' : '.csv').filter(
      (each) => each !== 'gaps.csv',
    );
    const bytes = readFileSync(join(options.folder, name));
    const text = (compression === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    assert.match(text, /^exchange,symbol,id,price,amount,side,.*\r\n/);
    const rows = await queried(
      `SELECT symbol, price FROM read_csv('${join(options.folder, name)}', all_varchar = true) ORDER BY seq::INT`,
    );
    assert.deepEqual(
      rows,
      NAMES.map((symbol, i) => [symbol, EXACT[i]]),
    );
  }
});

test('files roll by receive time and by size', async () => {
  const byTime = optionsOf({ rollMs: 60_000, tables: tablesOf('trade') });
  const exporter = await Exporter.open(byTime);
  for (let minute = 0; minute < 3; minute++)
    for (let i = 0; i < 5; i++)
      exporter.take(tradeOf(minute * 10 + i, { localTimestamp: `2026-11-22T10:0${minute}:0${i}.000000Z` }));
  await exporter.close();
  assert.equal(filesOf(byTime.folder, '.parquet').length, 3);
  const bySize = optionsOf({ rollBytes: 10_000, tables: tablesOf('trade') });
  const sized = await Exporter.open(bySize);
  for (let i = 1; i <= 300; i++) sized.take(tradeOf(i));
  const { files, rows } = await sized.close();
  assert.ok(files >= 4 && files <= 12, String(files));
  assert.deepEqual(rows, { trade: 300 });
  assert.deepEqual(await queried(`SELECT count(DISTINCT seq) FROM '${bySize.folder}/trade/**/*.parquet'`), [['300']]);
});

test('forming bars are no rows; a revision is a row of its own, once', async () => {
  const options = optionsOf();
  const exporter = await Exporter.open(options);
  for (const bar of [barOf(1, { isFinal: false }), barOf(1), barOf(1), barOf(1, { revision: 1, close: '9' }), barOf(1)])
    exporter.take(bar);
  const { rows, repeated } = await exporter.close();
  assert.deepEqual([rows['bar.1m'], repeated], [2, 2]);
});

/** As a kill leaves it: nothing is finished, what was synced is there. */
async function killed(options: ExporterOptions, from: number, to: number): Promise<void> {
  const exporter = await Exporter.open(options);
  exporter.beginAgain();
  for (let i = from; i <= to; i++) exporter.take(tradeOf(i));
  exporter.tick(Number.POSITIVE_INFINITY);
}

test('what a killed export had spooled is finished by the next, and rows that come again are no second ones', async () => {
  const options = optionsOf({ tables: tablesOf('trade') });
  await killed(options, 1, 100);
  // The tail of a write that the end cut short.
  const [spool] = readdirSync(join(options.folder, '.millrace')).filter((name) => name.endsWith('.ndjson'));
  appendFileSync(join(options.folder, '.millrace', spool), '{"type":"trade","exch');
  writeFileSync(join(options.folder, '.millrace', 'left.tmp'), 'half a file');
  const second = await Exporter.open(options);
  for (let i = 50; i <= 150; i++) second.take(tradeOf(i));
  const { recovered, repeated } = await second.close();
  assert.deepEqual([recovered, repeated], [{ spools: 1, rows: 100, cutBytes: 21 }, 51]);
  await killed(options, 151, 170);
  const exporter = await Exporter.open(options);
  for (let i = 120; i <= 200; i++) exporter.take(tradeOf(i));
  const summary = await exporter.close();
  assert.deepEqual(summary.recovered, { spools: 1, rows: 20, cutBytes: 0 });
  assert.equal(summary.repeated, 51);
  const rows = await queried(
    `SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM '${options.folder}/trade/**/*.parquet'`,
  );
  assert.deepEqual(rows, [['200', '200', '1', '200']]);
  assert.deepEqual(readdirSync(join(options.folder, '.millrace')).sort(), ['state.json']);
});

test('a crash between a finished file and the note of it doubles nothing', async () => {
  const options = optionsOf({ tables: tablesOf('trade') });
  await killed(options, 1, 40);
  const own = join(options.folder, '.millrace');
  const [spool] = readdirSync(own).filter((name) => name.endsWith('.ndjson'));
  const [rows, state] = [readFileSync(join(own, spool)), readFileSync(join(own, 'state.json'))];
  await (await Exporter.open(options)).close();
  writeFileSync(join(own, spool), rows);
  writeFileSync(join(own, 'state.json'), state);
  await (await Exporter.open(options)).close();
  assert.deepEqual(await queried(`SELECT count(*) FROM '${options.folder}/trade/**/*.parquet'`), [['40']]);
});

test('two trades without an id that are the same in all else are two rows', async () => {
  const options = optionsOf({ tables: tablesOf('trade') });
  const twins = [tradeOf(1, { id: null }), { ...tradeOf(1, { id: null }), seq: 2 }];
  const first = await Exporter.open(options);
  for (const trade of twins) first.take(trade);
  await first.close();
  const second = await Exporter.open(options);
  for (const trade of [...twins, { ...twins[0], seq: 3 }]) second.take(trade);
  const { rows, repeated } = await second.close();
  assert.deepEqual([rows['trade'], repeated], [1, 2]);
});

const secondsBar = (second: number, rest: Partial<TradeBar> = {}): TradeBar => {
  const start = `2026-11-22T1${Math.floor(second / 3600)}:${String(Math.floor(second / 60) % 60).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.000000Z`;
  return barOf(0, { startTimestamp: start, localTimestamp: start, name: '1s', channel: 'bar.1s.venue:A', ...rest });
};

test('a recording that is read again has each of its bars once, however many they are', async () => {
  const options = optionsOf({ tables: tablesOf('bar.1s') });
  const bars = Array.from({ length: 1_000 }, (_, second) => secondsBar(second));
  const first = await Exporter.open(options);
  for (const bar of bars.slice(0, 900)) first.take(bar);
  first.tick(Number.POSITIVE_INFINITY);
  for (const [rows, repeated] of [
    [100, 900],
    [0, 1_000],
  ]) {
    const next = await Exporter.open(options);
    for (const bar of bars) next.take(bar);
    const summary = await next.close();
    assert.deepEqual([summary.rows['bar.1s'], summary.repeated], [rows, repeated]);
  }
  // A revision of a bar from long before, by a trade that came later than all of them.
  const later = await Exporter.open(options);
  later.take(secondsBar(3, { revision: 1, localTimestamp: '2026-11-22T11:00:00.000000Z' }));
  assert.equal((await later.close()).rows['bar.1s'], 1);
});

test('rows may be missing from the newest of each table on, and from its beginning where it has none', async () => {
  const beganMs = Date.now();
  const options = optionsOf();
  const first = await Exporter.open(options);
  assert.equal(first.complete, null, 'nothing came before');
  first.take(tradeOf(1, { localTimestamp: '2099-01-01T00:00:00.000000Z' }));
  await first.close();
  const second = await Exporter.open(options);
  const { complete, hasRows } = second;
  assert.equal(hasRows, false);
  assert.match(complete ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/);
  const sinceMs = timeUs(complete ?? '') / 1000;
  assert.ok(sinceMs >= beganMs && sinceMs <= Date.now(), `no bar came: ${complete}`);
  second.take(barOf(1));
  assert.equal(second.complete, barOf(1).localTimestamp);
  assert.equal(second.hasRows, true);
  await second.close();
});

test('a gap that a source tells again is one row', async () => {
  const options = optionsOf();
  const gap = (localTimestamp: string): StreamMessage =>
    ({ type: 'gap', channel: 'trade.venue:A', reason: 'journal-hole', lost: 0, localTimestamp }) as StreamMessage;
  const counts: number[] = [];
  for (let run = 0; run < 2; run++) {
    const exporter = await Exporter.open(options);
    exporter.take(gap('2026-11-22T10:00:00.000000Z'));
    exporter.take(gap('2026-11-22T10:00:01.000000Z'));
    counts.push((await exporter.close()).gaps);
  }
  assert.deepEqual(counts, [2, 0]);
  assert.equal(readFileSync(join(options.folder, 'gaps.csv'), 'utf8').split('\r\n').length, 4);
});

test('a folder of another source is refused', async () => {
  const options = optionsOf();
  await (await Exporter.open(options)).close();
  await assert.rejects(
    Exporter.open({ ...options, source: 'ws://other' }),
    /--out: expected a folder of ws:\/\/other.*holds ws:\/\/engine/,
  );
});

test('a folder with rows keeps to the options that its rows were made with; an empty one to none', async () => {
  const options = optionsOf({ kept: { format: 'parquet', roll: '1h' } });
  await (await Exporter.open(options)).close();
  const csv = { ...options, format: 'csv', compression: 'none', kept: { format: 'csv', roll: '1h' } } as const;
  const exporter = await Exporter.open(csv);
  exporter.take(tradeOf(1));
  // Also where the row is in a spool alone.
  exporter.tick(Number.POSITIVE_INFINITY);
  await assert.rejects(
    Exporter.open(options),
    /--format: expected csv, as the rows in --out have been made.* was parquet/,
  );
  await (await Exporter.open(csv)).close();
  await assert.rejects(Exporter.open(options), /--format: expected csv/);
  await assert.rejects(Exporter.open({ ...csv, kept: { format: 'csv' } }), /--roll: expected 1h, .* was none/);
  const more = { ...csv.kept, venue: 'kraken' };
  await assert.rejects(Exporter.open({ ...csv, kept: more }), /--venue: expected none, .* was kraken/);
  // Channels may be others: each has rows of its own.
  const bars = await Exporter.open({ ...csv, tables: tablesOf('bar.1m,trade') });
  bars.take(barOf(1));
  assert.deepEqual((await bars.close()).rows, { 'bar.1m': 1, trade: 0 });
});

test('each option that is wrong is told with its limit and what was found', () => {
  for (const text of ['1', '0s', '8d', '1kB', '20GB', 'x', '1h,'])
    assert.throws(() => rollOf(text), /--roll: expected 1s to 7d/);
  assert.deepEqual(rollOf('15m,1MB'), { rollMs: 900_000, rollBytes: 1_000_000 });
  assert.throws(() => tablesOf('book'), /--channels: expected trade or bar\.KIND.*"book"/);
  assert.throws(() => compressionOf('snappy', 'csv'), /--compression: expected gzip or none of csv/);
});
