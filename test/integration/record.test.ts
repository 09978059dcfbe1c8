// `millrace record` on a simulated venue, and the journals of engines whose venue cut and replaced their connections: replayed
// they come to the venue's books.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { replayFiles } from '../../engine/recordings/replay.ts';
import { startSimulator } from '../../engine/simulate/simulator.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { feedWhere } from '../support/feed-checks.ts';
import { type Book, eventually } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';
import { journalIn } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';
import { VenueRun } from '../support/venue-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-record-'));
before(ensureBuilt);
after(() => rmSync(folder, { recursive: true, force: true }));

type Summary = {
  readonly frames: number;
  readonly bytes: number;
  readonly connections: number;
  readonly damages: number;
  readonly missed: number;
  readonly files?: readonly { readonly file: string; readonly lines: number }[];
};

const summaryOf = ({ stdout }: Ended): Summary => {
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  return JSON.parse(stdout) as Summary;
};

const hashOf = ({ stdout }: Ended): string => /^hash (\w+)$/m.exec(stdout)?.[1] ?? '';

/** One clear sentence, exit 2, nothing on stdout. */
function assertUsage(ended: Ended, ...parts: readonly string[]): void {
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [2, null, ''], ended.stderr);
  assert.match(ended.stderr, /^millrace: [^\n]+\n$/);
  for (const part of parts) assert.ok(ended.stderr.includes(part), `expected ${part} in: ${ended.stderr}`);
}

test('record ends on a signal with what it wrote, and its journal and lines replay to the same bytes', async (t) => {
  const simulator = await startSimulator({ venue: 'kraken', markets: 2, rate: 100, levels: 60, seed: SEED });
  t.after(() => simulator.stop());
  const out = join(folder, 'kraken');
  const command = new RunningCommand('engine/cli.js', [
    ...['record', '--feed', `kraken:${simulator.symbols.join(',')}`, '--venue-url', `kraken=${simulator.url}`],
    ...['--out', out, '--format', 'ndjson', '--log-level', 'warn'],
  ]);
  t.after(() => command.kill());
  await eventually('frames', () => {
    if (command.hasEnded) throw new Error(`expected a running recorder, ended with: ${command.stderr}`);
    return simulator.stats().trades > 0 && simulator.stats().frames.data > 100;
  });
  command.child.kill('SIGINT');
  const ended = await command.ended;
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  const { frames, bytes, connections, damages, missed, files = [] } = summaryOf(ended);
  assert.ok(frames > 100 && bytes > frames && connections > 0);
  assert.deepEqual([damages, missed, files.map(({ file }) => file)], [0, 0, [join(out, 'kraken.ndjson.gz')]]);
  const json = join(folder, 'kraken.json');
  const whole = await millrace(['replay', out, '--json', json]);
  assert.deepEqual([whole.code, whole.stderr], [0, '']);
  assert.match(whole.stdout, new RegExp(`^journal ${out} {2}entries 1 to \\d+ {2}frames ${frames} `, 'm'));
  assert.match(whole.stdout, /damaged places 0 {2}entries missing 0$/m);
  for (const symbol of simulator.symbols) assert.match(whole.stdout, new RegExp(`^kraken:${symbol} {2}live `, 'm'));
  const converted = join(folder, 'kraken.ndjson');
  assert.equal((await millrace(['record', '--convert', out, '--out', converted])).code, 0);
  for (const file of [files[0].file, converted])
    assert.equal(hashOf(await millrace(['replay', '--venue', 'kraken', file])), hashOf(whole), file);
  assert.equal(hashOf(await millrace(['replay', out, '--workers', '3'])), hashOf(whole), 'three workers');
});

test('record of a venue that cannot be reached says that no frame came, and exits 1', async () => {
  const ended = await millrace([
    ...['record', '--feed', 'binance:BTCUSDT', '--venue-url', 'binance=ws://127.0.0.1:9', '--duration', '200ms'],
    ...['--out', join(folder, 'nothing'), '--log-level', 'silent'],
  ]);
  assert.equal(ended.code, 1, ended.stderr);
  assert.match(ended.stderr, /no frame came/);
  assert.equal(summaryOf(ended).frames, 0);
});

describe('a journal of a venue that cuts connections, and whose connections are replaced', () => {
  for (const venue of ['binance', 'kraken', 'okx'] as const) {
    test(`of ${venue} replays to the books that the engine had`, async () => {
      const path = join(folder, `cut-${venue}`);
      const run = await VenueRun.start(
        venue,
        { markets: 4, rate: 200, seed: SEED },
        { feed: () => ({ lifeMs: 1_000 }), engine: { journal: journalIn(path) } },
      );
      const books = new Map<string, Book>();
      try {
        await run.allLive();
        await feedWhere(run, 'a handover', ({ counts }) => counts.handovers > 0);
        await run.fault({ cut: 20 }, 2_500);
        await run.allLive();
        await run.settle();
        for (const symbol of run.simulator.symbols) books.set(run.market(symbol), await run.book(symbol));
      } finally {
        await run.stop();
      }
      const { markets, journals } = await replayFiles({
        ...{ files: [path], venue: null, speed: 0, workers: 2, marketsMax: MARKETS_MAX, depth: 0 },
        plans: marketPlansOf({ usual: { bars: ['1s'] } }),
      });
      assert.deepEqual([journals?.[0].damageCount, journals?.[0].unplaced], [0, 0]);
      for (const [name, { bids, asks, venueSequence }] of books) {
        const pairs = (side: Book['bids']): string[][] => side.map(({ price, amount }) => [price, amount]);
        const found = markets[name];
        assert.deepEqual(
          [found.state, found.venueSequence, found.bids, found.asks],
          ['live', venueSequence, pairs(bids), pairs(asks)],
          name,
        );
      }
    });
  }
});

describe('wrong usage is one sentence and exit 2:', { concurrency: true }, () => {
  const feed = ['--feed', 'binance:BTCUSDT'];
  const out = (name: string): string[] => ['--out', join(folder, name)];
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['a recording of nothing', out('a'), ['--feed', 'VENUE:SYMBOL']],
    ['a recording of the synthetic feed', [...out('b'), '--feed', 'synthetic'], ['--feed', 'VENUE:SYMBOL']],
    ['a recording to nowhere', feed, ['--out', 'missing']],
    ['a duration that is none', [...feed, ...out('c'), '--duration', 'soon'], ['--duration', 'soon', '60s']],
    ['a duration of nothing', [...feed, ...out('c'), '--duration', '0s'], ['--duration', '0s']],
    ['a form that is unknown', [...feed, ...out('d'), '--format', 'csv'], ['--format', 'csv', 'ndjson']],
    ['bounds too small for a journal', [...feed, ...out('e'), '--journal-bytes', '1MiB'], ['--journal-bytes', '1MiB']],
    ['an unknown venue', ['--feed', 'mtgox:A', ...out('f')], ['--feed', 'mtgox']],
    ['a folder that cannot be made', [...feed, '--out', '/proc/none'], ['/proc/none']],
    ['a conversion of what is no journal', ['--convert', 'package.json', ...out('g')], ['--convert', 'package.json']],
    ['a conversion of nothing', ['--convert', '/no/such.mrj', ...out('h')], ['/no/such.mrj']],
    ['a conversion to nowhere', ['--convert', 'x'], ['--out', 'missing']],
    ['a conversion beside a feed', ['--convert', 'x', ...feed, ...out('i')], ['--convert', '--feed']],
  ];
  for (const [name, parameters, parts] of cases)
    test(name, async () => assertUsage(await millrace(['record', ...parameters]), ...parts));

  test('none of them leaves a folder behind', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
      assert.equal(existsSync(join(folder, name)), false);
  });
});
