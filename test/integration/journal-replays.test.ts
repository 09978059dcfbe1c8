// A journal of a live engine, replayed: as the engine stood at its end, and as its source recordings come to.

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { journalAt } from '../../engine/ingress/recorded-journal.ts';
import { UpdateDraws } from '../../engine/load/draws.ts';
import { frameSource } from '../../engine/load/generator.ts';
import { NATIVE_DIALECTS } from '../../engine/load/venue-frames.ts';
import { convertJournal, dialectsOf } from '../../engine/recordings/convert-journal.ts';
import { type ReplayResult, replayFiles } from '../../engine/recordings/replay.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { replayInProcess } from '../support/engine-subject.ts';
import { FramesFolder } from '../support/frames-file.ts';
import { type Book, Client, eventually, hourAheadMs, LiveEngine } from '../support/live-engine.ts';
import { loadPlan, payloadsOf } from '../support/load-frames.ts';
import { journalIn } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

const UPDATES = 80;
/** Of venue time that no clock closes while a test runs, and of counts. */
const BARS = ['1h', '5t'];
const plans = marketPlansOf({ usual: { bars: BARS } });

const folder = mkdtempSync(join(tmpdir(), 'millrace-journal-replays-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const lines = new FramesFolder();

type Session = { readonly dialect: Dialect; readonly frames: readonly (readonly Buffer[])[] };

/** Frames of two connections of one dialect; what they are follows from the seed. */
function sessionOf(dialect: Dialect, startMs: number): Session {
  const format = dialect === 'json' || dialect === 'flatbuffers' ? dialect : 'native';
  const plan = loadPlan({ format, dialect: format === 'native' ? dialect : `load-${dialect}`, markets: 3, seed: SEED });
  const draws = new UpdateDraws(plan);
  const source = frameSource({ plan, draws });
  const startUs = startMs * 1000;
  const frames = [0, 1].map((connection) => source.before(connection, startUs).flatMap(payloadsOf));
  const target = Buffer.alloc(2 * source.frameBytesMax);
  for (let n = 0; n < UPDATES; n++) {
    const end = source.write(n, startUs + 2_000 + n * 137_000, target, 0);
    for (const payload of payloadsOf(target.subarray(0, end))) frames[draws.connectionOf(n)].push(Buffer.from(payload));
  }
  return { dialect, frames };
}

async function push(engine: LiveEngine, { dialect, frames }: Session): Promise<number> {
  for (const own of frames) {
    const client = await engine.producer(dialect);
    for (const frame of own) client.send(dialect === 'flatbuffers' ? frame : frame.toString('utf8'));
    await eventually('sent', () => client.socket.bufferedAmount === 0);
    await client.close();
  }
  return frames.flat().length;
}

const replayOf = (files: readonly string[], workers: number): Promise<ReplayResult> =>
  replayFiles({ files, venue: null, speed: 0, workers, marketsMax: MARKETS_MAX, plans, depth: 0 });

/** What a live engine says of a market, in the form of a replay. */
async function liveMarket(engine: LiveEngine, market: string): Promise<unknown> {
  const name = encodeURIComponent(market);
  const { state, reason, seq, venueSequence, bids, asks } = await engine.get<Book>(`/v1/book/${name}?depth=0`);
  const pairs = (side: Book['bids']): string[][] => side.map(({ price, amount }) => [price, amount]);
  const bars: Record<string, unknown> = {};
  for (const kind of BARS) bars[kind] = await engine.get<unknown>(`/v1/bars/${name}?kind=${kind}&limit=500`);
  return { state, reason, seq, venueSequence, bids: pairs(bids), asks: pairs(asks), bars };
}

function replayedMarket(result: ReplayResult, market: string): unknown {
  const { state, reason, seq, venueSequence, bids, asks, bars } = result.markets[market];
  return { state, reason, seq, venueSequence, bids, asks, bars };
}

describe('the journal of pushed sessions of every dialect', () => {
  const path = join(folder, 'pushed');
  const sessions = [...NATIVE_DIALECTS, 'json', 'flatbuffers'] as const;
  let made: readonly Session[] = [];
  let live = new Map<string, unknown>();
  let frames = 0;
  let whole: ReplayResult;

  test('comes to what the live engine was at its end, for any workers and on every run', async () => {
    const startMs = hourAheadMs();
    made = sessions.map((dialect) => sessionOf(dialect, startMs));
    const engine = await LiveEngine.start({ workers: 2, plans, journal: journalIn(path) });
    try {
      for (const session of made) frames += await push(engine, session);
      await engine.taken(frames);
      const markets = (await engine.get<{ market: string }[]>('/v1/markets')).map(({ market }) => market);
      live = new Map(await Promise.all(markets.map(async (name) => [name, await liveMarket(engine, name)] as const)));
    } finally {
      await engine.stop();
    }
    whole = await replayOf([path], 2);
    assert.equal(whole.frames, frames);
    assert.deepEqual(whole.rejected, {});
    assert.deepEqual(Object.keys(whole.markets), [...live.keys()].sort());
    assert.ok(live.size >= 3 * sessions.length);
    for (const [name, state] of live) assert.deepEqual(replayedMarket(whole, name), state, name);
    assert.equal((await replayOf([path], 1)).hash, whole.hash, 'one worker');
    assert.equal((await replayInProcess({ files: [path], venue: 'json', kinds: BARS })).hash, whole.hash, 'again');
    const [{ damageCount, dropped, repeated, entries }] = whole.journals ?? [];
    assert.deepEqual([damageCount, dropped, repeated], [0, 0, 0]);
    assert.ok(entries > frames);
  });

  test('comes to the books and trades of the recordings it was made of', async () => {
    for (const { dialect, frames: own } of made) {
      if (dialect === 'flatbuffers') continue;
      const texts = own.flatMap((each, c) => each.map((frame) => ({ src: String(c), d: frame.toString('utf8') })));
      const { markets } = await replayInProcess({ files: [lines.rewrite(texts)], venue: dialect, kinds: BARS });
      assert.ok(Object.keys(markets).length >= 3, dialect);
      for (const [name, { state, reason, seq, venueSequence, bids, asks, trades, checksums }] of Object.entries(
        markets,
      )) {
        const { bars: _, signals: __, gaps: ___, resyncs: ____, levels: _____, ...found } = whole.markets[name];
        assert.deepEqual(found, { state, reason, seq, venueSequence, checksums, bids, asks, trades }, name);
      }
    }
  });

  test('comes to the same bytes as session lines, those of each dialect', async () => {
    const journal = journalAt(path);
    assert.ok(journal !== null);
    assert.deepEqual(dialectsOf(journal), sessions);
    for (const dialect of ['kraken', 'bitfinex', 'json'] as const) {
      const file = join(folder, `${dialect}.ndjson.gz`);
      const { frames: count, damages, notText } = await convertJournal(journal, dialect, file);
      assert.deepEqual(
        [count, damages, notText],
        [made.find((one) => one.dialect === dialect)?.frames.flat().length, [], 0],
      );
      const { markets } = await replayInProcess({ files: [file], venue: dialect, kinds: BARS });
      for (const [name, market] of Object.entries(markets)) assert.deepEqual(market, whole.markets[name], name);
    }
    await assert.rejects(convertJournal(journal, 'flatbuffers', join(folder, 'x')), /expected frames that are text/);
  });

  test('is read as one segment alone, by any name, and merged with another file by time', async () => {
    const alone = join(folder, 'monday with a name');
    copyFileSync(join(path, 'journal-00000001.mrj'), alone);
    assert.equal((await replayInProcess({ files: [alone], venue: 'json', kinds: BARS })).hash, whole.hash);
    const journal = journalAt(path);
    assert.ok(journal !== null);
    const okx = join(folder, 'okx.ndjson');
    await convertJournal(journal, 'okx', okx);
    const text = readFileSync(okx, 'utf8').replaceAll(/"instId\\":\\"/g, '$&OTHER-');
    writeFileSync(okx, text);
    const mixed = await replayInProcess({ files: [okx, path], venue: 'okx', kinds: BARS });
    for (const name of Object.keys(whole.markets)) assert.deepEqual(mixed.markets[name], whole.markets[name], name);
    assert.ok(Object.keys(mixed.markets).some((name) => name.startsWith('okx:OTHER-')));
  });

  test('says what is missing where a block is damaged, and calls no book live that it cannot vouch for', async () => {
    const damaged = join(folder, 'damaged.mrj');
    const bytes = readFileSync(join(path, 'journal-00000001.mrj'));
    bytes[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(damaged, bytes);
    const result = await replayOf([damaged], 1);
    const [{ damageCount, missing, damages, entries, lastSequence }] = result.journals ?? [];
    assert.equal(damageCount, 1);
    assert.equal(entries + missing, lastSequence);
    assert.match(damages[0], /^entries \d+ to \d+ are missing \(bad-checksum in journal-00000001\.mrj at \d+/);
    const states = Object.entries(result.markets).map(([name, { state, reason }]) => ({ name, state, reason }));
    assert.ok(states.some(({ state, reason }) => state === 'resyncing' && reason === 'journal-hole'));
    for (const { name, state } of states)
      if (state === 'live') {
        const { bids, asks } = whole.markets[name];
        assert.deepEqual([result.markets[name].bids, result.markets[name].asks], [bids, asks], name);
      }
  });
});

test('messages that a named producer sent again are in the journal, and once in its replay', async () => {
  const path = join(folder, 'named');
  const engine = await LiveEngine.start({ plans, journal: journalIn(path) });
  const message = (seq: number): string =>
    `{"seq":${seq},"messages":[{"type":"trade","exchange":"x","symbol":"A","timestamp":1767225600000,"id":"${seq}","price":${seq},"amount":1}]}`;
  const send = async (from: number, to: number): Promise<void> => {
    const client = await Client.open(`ws://127.0.0.1:${engine.engine.ingestPort}/ingest/json?producer=p`);
    for (let seq = from; seq <= to; seq++) client.send(message(seq));
    await client.next(`ack ${to}`, ({ op, seq }) => op === 'ack' && seq === to);
    await client.close();
  };
  await send(1, 5);
  await send(3, 8);
  await engine.taken(11);
  await engine.stop();
  const { markets, journals, ignored } = await replayOf([path], 1);
  assert.deepEqual([markets['x:A'].trades, journals?.[0].repeated, ignored], [8, 3, 3]);
});
