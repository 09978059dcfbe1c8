// Options of `millrace load`: defaults, what belongs together, and one sentence for each wrong one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { commandText } from '../../../engine/load/facts.ts';
import { type LoadFlags, loadOptionsOf } from '../../../engine/load/options.ts';

const optionsOf = (flags: LoadFlags, environment: NodeJS.ProcessEnv = {}) => loadOptionsOf(flags, environment);

describe('options of a load test', () => {
  test('have the defaults that are documented', () => {
    assert.deepEqual(optionsOf({}), {
      ratePerS: 1000,
      markets: 50,
      connections: 4,
      generators: 1,
      durationS: 30,
      warmupS: 5,
      profile: 'steady',
      format: 'native',
      dialect: 'binance',
      updates: 'mixed',
      batch: 1,
      seed: 1,
      subscribers: 1,
      encoding: 'json',
      generator: 'thread',
      workers: null,
      searchP99Ns: null,
      target: null,
      token: null,
      reportDir: null,
    });
  });

  test('take no more connections than markets by themselves', () => {
    assert.equal(optionsOf({ markets: '2' }).connections, 2);
  });

  test('name a venue of no one in normalised frames', () => {
    assert.equal(optionsOf({ format: 'json' }).dialect, 'load');
    assert.equal(optionsOf({ format: 'flatbuffers', dialect: 'demo', batch: '256' }).dialect, 'demo');
  });

  test('read durations with their units', () => {
    assert.equal(optionsOf({ duration: '1500ms' }).durationS, 1.5);
    assert.equal(optionsOf({ duration: '10m' }).durationS, 600);
    assert.equal(optionsOf({ warmup: '0s' }).warmupS, 0);
    assert.equal(optionsOf({ max: true, maxP99: '500us' }).searchP99Ns, 500_000);
    assert.equal(optionsOf({ max: true }).searchP99Ns, 5_000_000);
  });

  test('find the ingest port one below, or where it is told', () => {
    const urls = { url: 'http://10.0.0.5:9002', ingestUrl: 'ws://10.0.0.5:9001' };
    for (const target of ['ws://10.0.0.5:9002', 'http://10.0.0.5:9002/', '10.0.0.5:9002', 'ws://10.0.0.5:9002/stream'])
      assert.deepEqual(optionsOf({ target }).target, urls);
    assert.deepEqual(optionsOf({ target: 'ws://data.example', ingestTarget: 'in.example:8443' }).target, {
      url: 'http://data.example:80',
      ingestUrl: 'ws://in.example:8443',
    });
    assert.deepEqual(optionsOf({ target: 'ws://[::1]:9002' }).target?.ingestUrl, 'ws://[::1]:9001');
  });

  test('take the token of the environment where none is given', () => {
    assert.equal(optionsOf({}, { MILLRACE_TOKEN: 'set' }).token, 'set');
    assert.equal(optionsOf({ token: 'own' }, { MILLRACE_TOKEN: 'set' }).token, 'own');
  });

  const wrong: readonly (readonly [LoadFlags, RegExp])[] = [
    [{ rate: '0' }, /^--rate: expected a whole number from 1 to 20000000, was "0"$/],
    [{ rate: '1e3' }, /^--rate: .* was "1e3"$/],
    [{ rate: '' }, /^--rate: .* was ""$/],
    [{ markets: '20000' }, /^--markets: expected a whole number from 1 to 16384, was "20000"$/],
    [{ markets: '3', connections: '4' }, /^--connections: expected at most as many as --markets \(3\), was "4"$/],
    [{ connections: '0' }, /^--connections: expected a whole number from 1 to 50, was "0"$/],
    [{ connections: '2', generators: '3' }, /^--generators: expected at most as many as --connections \(2\), was "3"$/],
    [{ duration: '30' }, /^--duration: expected a duration from 1s to \d+s, such as 30s or 2m, was "30"$/],
    [{ duration: '999ms' }, /^--duration: /],
    [{ warmup: '-1s' }, /^--warmup: /],
    [{ profile: 'wave' }, /^--profile: expected one of steady, burst, ramp, was "wave"$/],
    [{ format: 'xml' }, /^--format: expected one of native, json, flatbuffers, was "xml"$/],
    [{ dialect: 'json' }, /^--dialect: expected one of binance, .*, was "json"$/],
    [{ format: 'json', dialect: 'A:B' }, /^--dialect: expected a name of a venue, was "A:B"$/],
    [{ batch: '2' }, /^--batch: expected 1 for native frames, .*, was "2"$/],
    [
      { format: 'json', batch: '256', rate: '10', duration: '2s' },
      /^--batch: expected at most the 20 updates of --rate and --duration, was "256"$/,
    ],
    [{ format: 'json', batch: '5000' }, /^--batch: expected a whole number from 1 to 4096, was "5000"$/],
    [{ seed: '4294967296' }, /^--seed: expected a whole number from 0 to 4294967295, /],
    [{ updates: 'quotes' }, /^--updates: expected one of trades, books, mixed, was "quotes"$/],
    [{ subscribers: '-1' }, /^--subscribers: /],
    [{ encoding: 'protobuf' }, /^--encoding: expected one of json, flatbuffers, was "protobuf"$/],
    [{ generator: 'fibre' }, /^--generator: expected one of thread, process, was "fibre"$/],
    [{ workers: '0' }, /^--workers: expected a whole number from 1 to 64, was "0"$/],
    [{ workers: '2', target: 'ws://h:9002' }, /^--workers: expected no --target beside it/],
    [{ maxP99: '5ms' }, /^--max-p99: expected --max beside it, was "5ms"$/],
    [{ max: true, maxP99: '5' }, /^--max-p99: expected a duration /],
    [{ max: true, profile: 'ramp' }, /^--profile: expected steady or burst with --max/],
    [{ max: true, subscribers: '0' }, /^--subscribers: expected at least 1 with --max/],
    [
      { target: 'ftp://h' },
      /^--target: expected an address such as ws:\/\/127.0.0.1:9002 or wss:\/\/market.example:9002, was "ftp:\/\/h"$/,
    ],
    [{ target: 'ws://h:9002/v1' }, /^--target: expected an address without user, path and query/],
    [{ target: 'ws://user@h:9002' }, /^--target: expected an address without user/],
    [{ ingestTarget: 'ws://h:9001' }, /^--ingest-target: expected --target beside it/],
    [{ token: '' }, /^--token: expected a token, was empty$/],
    [{ token: 'sécret' }, /^--token: expected printable ASCII characters, was a value not shown$/],
  ];
  for (const [flags, sentence] of wrong) {
    test(`refuse ${JSON.stringify(flags)}`, () => {
      assert.throws(
        () => optionsOf(flags),
        (error) => error instanceof UsageError && sentence.test(error.message) && !error.message.includes('\n'),
      );
    });
  }

  test('are told in the report without the token', () => {
    assert.equal(
      commandText(['load', '--token', 'secret', '--rate', '10', '--threshold', 'end-to-end.p99<50ms']),
      "millrace load --token '(set)' --rate 10 --threshold 'end-to-end.p99<50ms'",
    );
    assert.equal(commandText(['load', '--token=secret']), "millrace load '--token=(set)'");
  });
});
