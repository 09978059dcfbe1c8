// Recordings and journals as lines: the same bytes however fast they are read, and what is missing told in its place.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type ReplayTexts, replayRequestOf } from '../../engine/publish/replay-request.ts';
import { type ReplayStreamed, streamReplay } from '../../engine/recordings/replay-stream.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { type Json, LiveEngine } from '../support/live-engine.ts';
import { journalIn } from '../support/recovery-runs.ts';

const plans = marketPlansOf({ usual: { bars: ['1s', '5t'], signals: ['imbalance'] } });
const EVERYTHING = 'trade,book,bbo,bar.1s,bar.5t,signal.imbalance,status';
const GOLDEN = 'test/golden/binance-1.ndjson';

const folder = mkdtempSync(join(tmpdir(), 'millrace-lines-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Streamed = ReplayStreamed & { readonly text: string; readonly messages: readonly Json[] };

async function streamed(
  file: string,
  venue: Dialect | null,
  texts: ReplayTexts,
  waitMs = 0,
  speed = 0,
): Promise<Streamed> {
  const named = { bars: ['1s', '5t'], signals: ['imbalance'] };
  const parts: string[] = [];
  const result = await streamReplay({
    ...{ files: [file], venue, plans, speed, request: replayRequestOf(texts, named) },
    write: async (lines) => {
      parts.push(lines);
      if (waitMs > 0) await sleep(waitMs);
    },
  });
  const text = parts.join('');
  const messages = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
  assert.equal(messages.length, result.lines);
  return { ...result, text, messages };
}

test('a recording gives the same bytes on every run, whoever reads fast or slowly', async () => {
  const [fast, slow] = [
    await streamed(GOLDEN, 'binance', { channels: EVERYTHING }),
    await streamed(GOLDEN, 'binance', { channels: EVERYTHING }, 20),
  ];
  assert.ok(fast.lines > 300);
  assert.equal(fast.text, slow.text);
});

test('what a span shows is what the whole shows of that time', async () => {
  const whole = await streamed(GOLDEN, 'binance', { channels: 'trade,bbo', markets: 'binance:BTCUSDT' });
  // A book that has seen nothing yet tells no time.
  const timed = whole.messages.filter(({ localTimestamp }) => localTimestamp !== null);
  const times = timed.map(({ localTimestamp }) => String(localTimestamp));
  const from = times[Math.floor(times.length / 2)];
  const cut = await streamed(GOLDEN, 'binance', { channels: 'trade,bbo', markets: 'binance:BTCUSDT', from });
  const bare = (messages: readonly Json[]): unknown[] => messages.map(({ seq, prevSeq, ...rest }) => rest);
  const [current, ...rest] = cut.messages;
  assert.equal(current['type'], 'book_ticker');
  assert.deepEqual(bare(rest), bare(timed.filter(({ localTimestamp: at }) => String(at) >= from)));
});

test('entries that are missing in a journal are a gap on each channel, and books begin anew behind it', async () => {
  const path = join(folder, 'journal');
  const engine = await LiveEngine.start({ plans, journal: journalIn(path) });
  const producer = await engine.producer('json');
  const common = { exchange: 'venue', symbol: 'A', timestamp: '2026-01-01T00:00:00Z' };
  const frame = (n: number): Json => {
    const levels = { bids: [{ price: '1', amount: String(n + 1) }], asks: [] };
    return { type: 'book_change', ...common, isSnapshot: n % 200 === 0, ...levels };
  };
  for (let n = 0; n < 1000; n++) {
    producer.send(frame(n));
    if (n % 100 === 0) await sleep(20);
  }
  await engine.taken(1000);
  await producer.close();
  await engine.stop();
  const whole = await streamed(path, null, { channels: 'trade,book' });
  assert.equal(whole.gaps, 0);
  // Entry by entry at a pace, and in one go: the same from a moment on, up to another.
  const at = (share: number): string => String(whole.messages[Math.floor(whole.lines * share)]['localTimestamp']);
  const span = { channels: 'trade,book,status', from: at(0.3), to: at(0.8) };
  const cut = await streamed(path, null, span);
  assert.ok(cut.lines > 100 && cut.lines < whole.lines);
  assert.equal((await streamed(path, null, span, 0, 1e6)).text, cut.text);
  const segment = join(
    path,
    readdirSync(path).filter((name) => name.includes('journal') || name.endsWith('.mrj'))[0] ?? '',
  );
  const bytes = readFileSync(segment);
  bytes[Math.floor(bytes.length / 2)] ^= 0xff;
  writeFileSync(segment, bytes);
  const { messages, gaps, journals } = await streamed(path, null, { channels: 'trade,book' });
  const holes = messages.filter(({ type }) => type === 'gap');
  assert.equal(gaps, holes.length);
  assert.deepEqual(
    holes.map(({ channel, reason }) => [channel, reason]),
    [
      ['trade.venue:A', 'journal-hole'],
      ['book.venue:A', 'journal-hole'],
    ],
  );
  const next = messages[messages.indexOf(holes[1]) + 1];
  assert.deepEqual([next['isSnapshot'], next['state'], next['reason']], [true, 'resyncing', 'journal-hole']);
  assert.equal(messages.at(-1)?.['state'], 'live');
  assert.ok(journals[0].missing > 0 && messages.length < whole.messages.length);
});

test('a recording without times cannot be cut by time', async () => {
  const file = join(folder, 'bare.ndjson');
  writeFileSync(
    file,
    '{"type":"trade","exchange":"v","symbol":"A","price":"1","amount":"1","timestamp":"2026-01-01T00:00:00Z"}\n',
  );
  await assert.rejects(
    streamed(file, 'json', { from: '2026-01-01' }),
    /--from, --to: expected a recording whose lines have times/,
  );
  assert.equal((await streamed(file, 'json', {})).lines, 1);
});

/** A shard applies some 100,000 trades in it. */
const SHARD_AHEAD_MS = 1_000;

test('a journal with always more to tell leaves turns to signals: one that comes at its first lines ends it', async () => {
  const path = join(folder, 'long-journal');
  const trades = 60_000;
  const engine = await LiveEngine.start({ plans, journal: journalIn(path) });
  const producer = await engine.producer('json');
  for (let id = 1; id <= trades; id++) {
    const of = { type: 'trade', exchange: 'venue', symbol: 'A', id: String(id), price: '10', amount: '1' };
    producer.send({ ...of, side: 'buy', timestamp: 1_767_225_600_000 + id });
  }
  await engine.taken(trades);
  await producer.close();
  await engine.stop();
  const stopping = new AbortController();
  let lines = 0;
  const read = streamReplay({
    ...{ files: [path], venue: null, plans, speed: 0, stopped: stopping.signal },
    request: replayRequestOf({ channels: 'trade' }, { bars: ['1s', '5t'], signals: ['imbalance'] }),
    write: (text) => {
      if (lines === 0) {
        setTimeout(() => stopping.abort(), 0);
        // Meanwhile the shard tells all the rest, so that there is always more.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SHARD_AHEAD_MS);
      }
      lines += text.split('\n').length - 1;
    },
  });
  await assert.rejects(read, { name: 'AbortError' });
  assert.ok(lines < trades, `${lines} lines`);
});
